"""The catalogue of messages: complete, with the same places, and nothing in it that nobody says."""

import pytest
from babel.messages.catalog import Message

from scripts.wording import Key, messages_of_code, mistakes, read_catalogue, terms_of_code, written
from triage.terms import Level
from triage.wording import CATALOGUE, context_of, name_of, say


@pytest.fixture(scope="module")
def kept():
    return read_catalogue()


def test_every_message_and_term_has_its_chinese_and_nothing_is_left_over(kept):
    wanted = {("", english) for english in messages_of_code()} | terms_of_code()
    assert len(wanted) > 1000
    assert list(mistakes(wanted, kept)) == []


def test_the_file_stands_as_the_script_writes_it(kept):
    assert CATALOGUE.read_bytes() == written({key: str(message.string) for key, message in kept.items()})


def test_a_message_says_its_values_in_chinese():
    assert say("{hours} hours {minutes} minutes", hours=2, minutes=5) == "2 小时 5 分钟"


def test_what_the_catalogue_does_not_know_stays_english():
    assert say("Nobody ever wrote {this}", this="down") == "Nobody ever wrote down"


def test_a_term_has_its_name_by_class_and_member():
    assert (Level.MAJOR.label, name_of(Level, "MAJOR"), context_of(Level)) == ("重大", "重大", "terms.Level")


WRONG: list[tuple[set[Key], dict[Key, str], str]] = [
    ({("", "New")}, {}, "not in the catalogue: 'New' "),
    (set(), {("", "Old"): "旧"}, "nobody says it: 'Old' "),
    ({("", "Empty")}, {("", "Empty"): ""}, "lacks its Chinese: 'Empty' "),
    ({("", "At most {most:g}")}, {("", "At most {most:g}"): "最多 {most}"}, "other places in the Chinese: 'At most {most:g}': '最多 {most}'"),
]


@pytest.mark.parametrize(("wanted", "chinese", "said"), WRONG, ids=["new", "left-over", "empty", "other-places"])
def test_a_mistake_is_named(wanted, chinese, said):
    assert list(mistakes(wanted, {key: Message(key[1], words) for key, words in chinese.items()})) == [said]
