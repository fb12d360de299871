"""Drafts: kept per user, in the place of their last version, gone once they are sent, dropped or old."""

from datetime import timedelta

import pytest

from tests.triage.samples import NOW, contact
from triage.drafts import LIFE, MOST_BYTES, draft_of, drafts_of, drop_draft, forget_old, save_draft, take_back, throw_away, thrown_away
from triage.errors import InvalidInput, NotFound
from triage.store.sql import block

KEY = "0123456789abcdef"


@pytest.fixture
def save(store):
    """Save a draft: `save("停电", minutes=3)`."""

    def saved(text, *, key=KEY, username="agent", minutes=0.0):
        save_draft(key, {"complaints": [{"text": text}]}, username=username, store=store, now=NOW + timedelta(minutes=minutes))

    return saved


def texts(store, username="agent", at=NOW):
    return [draft.values["complaints"][0]["text"] for draft in drafts_of(username, store=store, now=at)]


def test_a_draft_is_kept_in_the_place_of_its_last_version(store, save):
    save("停")
    save("停电两小时", minutes=1)
    assert texts(store) == ["停电两小时"]
    found = draft_of("agent", KEY, store=store, now=NOW)
    assert found
    assert found.updated_at == NOW + timedelta(minutes=1)


def test_several_forms_have_drafts_of_their_own_the_latest_first(store, save):
    save("先")
    save("后", key="fedcba9876543210", minutes=2)
    assert texts(store) == ["后", "先"]


def test_nobody_reads_or_drops_another_users_draft(store, save):
    save("我的")
    assert texts(store, "dispatcher") == []
    assert draft_of("dispatcher", KEY, store=store, now=NOW) is None
    drop_draft("dispatcher", KEY, store=store)
    assert texts(store) == ["我的"]


def test_two_users_with_one_key_have_a_draft_each(store, save):
    save("我的")
    save("她的", username="dispatcher")
    assert (texts(store), texts(store, "dispatcher")) == (["我的"], ["她的"])


def test_a_dropped_draft_is_gone(store, save):
    save("不要了")
    drop_draft("agent", KEY, store=store)
    drop_draft("agent", KEY, store=store)
    assert texts(store) == []


ALL = block("SELECT username, key FROM drafts")


def test_a_draft_that_was_thrown_away_is_taken_back_within_a_minute_once(store, rules, save):
    save("不要了")
    throw_away("agent", KEY, store=store, rules=rules, now=NOW)
    assert texts(store) == []
    later = NOW + timedelta(seconds=60)
    assert thrown_away("agent", KEY, store=store, rules=rules, now=later) == NOW
    take_back("agent", KEY, store=store, rules=rules, now=later)
    assert texts(store) == ["不要了"]
    with pytest.raises(NotFound, match="没有可恢复的草稿"):
        take_back("agent", KEY, store=store, rules=rules, now=later)


@pytest.mark.parametrize(("username", "seconds"), [pytest.param("agent", 61, id="too late"), pytest.param("dispatcher", 1, id="by somebody else")])
def test_a_draft_that_was_thrown_away_is_nobody_elses_and_gone_after_a_minute(store, rules, save, username, seconds):
    save("不要了")
    throw_away("agent", KEY, store=store, rules=rules, now=NOW)
    at = NOW + timedelta(seconds=seconds)
    assert thrown_away(username, KEY, store=store, rules=rules, now=at) is None
    with pytest.raises(NotFound, match="没有可恢复的草稿"):
        take_back(username, KEY, store=store, rules=rules, now=at)
    assert texts(store) == []


def test_what_was_thrown_away_is_deleted_when_it_cannot_be_taken_back_any_more(store, rules, save):
    save("不要了")
    throw_away("agent", KEY, store=store, rules=rules, now=NOW)
    throw_away("dispatcher", "fedcba9876543210", store=store, rules=rules, now=NOW + timedelta(seconds=60))
    assert [row["key"] for row in store.rows(ALL)] == [KEY]
    throw_away("dispatcher", "fedcba9876543210", store=store, rules=rules, now=NOW + timedelta(seconds=61))
    assert store.rows(ALL) == []


def test_a_sweep_forgets_what_nobody_can_go_on_with(store, rules, save):
    save("不要了")
    save("上周的", username="dispatcher", minutes=-LIFE / timedelta(minutes=1))
    save("还在写", username="auditor")
    throw_away("agent", KEY, store=store, rules=rules, now=NOW)
    forget_old(store=store, rules=rules, now=NOW + timedelta(seconds=60))
    assert {row["username"] for row in store.rows(ALL)} == {"agent", "auditor"}
    forget_old(store=store, rules=rules, now=NOW + timedelta(seconds=61))
    assert {row["username"] for row in store.rows(ALL)} == {"auditor"}


def test_who_goes_on_with_a_draft_that_was_thrown_away_has_it_again(store, rules, save):
    save("停")
    throw_away("agent", KEY, store=store, rules=rules, now=NOW)
    save("停电", minutes=0.1)
    assert texts(store) == ["停电"]


def test_what_was_sent_is_no_draft_even_if_a_save_comes_late(store, save, take):
    save("停电")
    take(contact("停电", submission_key=KEY, unit_code="330101"))
    assert texts(store) == []
    save("停电", minutes=1)
    assert texts(store) == []


def test_an_old_draft_is_neither_shown_nor_kept(store, save):
    save("上周的")
    later = NOW + LIFE + timedelta(minutes=1)
    assert texts(store, at=later) == []
    save("现在的", key="fedcba9876543210", minutes=LIFE / timedelta(minutes=1) + 1)
    assert texts(store) == ["现在的"]


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "a key with blanks", "../../etc/passwd"])
def test_a_key_that_is_not_ours_is_refused(store, save, key):
    with pytest.raises(InvalidInput, match="草稿编号"):
        save("停电", key=key)
    assert texts(store) == []


def test_a_form_larger_than_any_that_could_be_sent_is_refused(store, save):
    with pytest.raises(InvalidInput, match="草稿太大"):
        save("长" * (MOST_BYTES // 3 + 1))


def test_what_no_database_can_hold_is_taken_out(store, save):
    save("停\x00电\ud800")
    assert texts(store) == ["停电"]
