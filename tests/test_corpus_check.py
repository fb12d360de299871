"""The check of the corpus: what is bundled passes, and what has degenerated does not."""

import random
from dataclasses import replace

import pytest

from scripts.corpus_check import LEAST_IN_ALL, REGISTERS, Row, near_duplicates, problems, read_corpus, summary
from scripts.environment import ROOT

SYLLABLES = [chr(code) for code in range(0x4E00, 0x4E00 + 900)]
NAMES = {"a.one": "频繁停电", "a.two": "电费"}
TYPES = ("complaint", "enquiry", "opinion")


def invented(topic: str, number: int) -> Row:
    """A text of random characters, of its own length, as various as a corpus should be."""
    chance = random.Random(f"{topic}{number}")
    register = REGISTERS[number % len(REGISTERS)]
    length = chance.randint(8, 19) if register == "short" else chance.randint(40, 300)
    text = "".join(chance.choices(SYLLABLES, k=length))
    return Row(f"{topic}.csv:{number}", topic, text, TYPES[number % 3], register, number % 10 == 0)


@pytest.fixture(scope="module")
def healthy() -> list[Row]:
    return [invented(topic, number) for topic in NAMES for number in range(LEAST_IN_ALL // 2)]


def test_the_bundled_corpus_is_healthy():
    rows = read_corpus(ROOT / "data" / "corpus")
    assert summary(rows).startswith(f"corpus: {len(rows)} texts, 44 topics")


def test_a_various_corpus_has_no_problem(healthy: list[Row]):
    assert list(problems(healthy, NAMES)) == []


def with_topic_changed(rows: list[Row], **values: object) -> list[Row]:
    return [replace(row, **values) if row.topic == "a.one" else row for row in rows]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows[: LEAST_IN_ALL - 1], f"{LEAST_IN_ALL - 1} texts"),
        (lambda rows: rows + [replace(rows[0], topic="a.one")] * 1, "are alike by 1.00"),
        (lambda rows: [row for row in rows if row.topic != "a.two"], "a.two: 0 texts"),
        (lambda rows: with_topic_changed(rows, register="letter"), "a.one: 0 texts of register note"),
        (lambda rows: with_topic_changed(rows, demand_type="complaint"), "a.one: fewer than 3 demand types"),
        (lambda rows: with_topic_changed(rows, is_hard=False), "a.one: 0 hard texts"),
        (lambda rows: [replace(row, text=f"我要投诉{row.text}") if row.topic == "a.one" else row for row in rows], "begin with '我要投诉'"),
        (
            lambda rows: [replace(row, text=f"{row.text[:9]}频繁停电{row.text}") if row.topic == "a.one" else row for row in rows],
            "give the topic away",
        ),
        (lambda rows: [replace(row, text=row.text[:15]) if row.topic == "a.one" else row for row in rows], "texts are of one size"),
        (lambda rows: [*rows[:-1], replace(rows[-1], register="tweet")], "register 'tweet' is none of"),
        (lambda rows: [*rows[:-1], replace(rows[-1], register="short", text="长" * 20)], "a short text has 19 characters at most"),
        (lambda rows: [*rows[:-1], replace(rows[-1], text=" 停电了")], "white space around the text"),
    ],
    ids=["few", "twice", "no topic", "one register", "one type", "none hard", "one opening", "name", "one size", "register", "long short", "blanks"],
)
def test_what_has_degenerated_is_named(healthy: list[Row], spoil, said: str):
    assert any(said in problem for problem in problems(spoil(healthy), NAMES))


def test_a_template_with_other_names_filled_in_is_a_near_duplicate():
    pattern = "客户来电反映{}小区昨天晚上停电三个小时没有人通知，家里老人小孩都在，请尽快核实处理。"
    rows = [replace(invented("a.one", number), text=pattern.format(name)) for number, name in enumerate(("阳光花园", "金色家园", "翠湖"))]
    assert len(list(near_duplicates(rows))) == 3
