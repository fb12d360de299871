"""Marks change with their lists and only with them; messages are counted, read, and sent again only when nobody sends them."""

from datetime import timedelta

import pytest

from tests.triage.samples import NOW, prediction
from triage.errors import Conflict, NotFound

MINUTE = timedelta(minutes=1)


@pytest.fixture
def marks(store):
    """Give the marks of all lists at a moment."""

    def read(now=NOW):
        return {
            "waiting": store.waiting_mark(now),
            "callbacks": store.callback_mark(),
            "team": store.queue_mark("330101", "repair", is_below=False),
            "unit": store.queue_mark("3301", "", is_below=True),
            "department": store.queue_mark("3301", "billing", is_below=True),
            "requests": store.request_mark(),
            "messages": store.message_mark("repair"),
        }

    return read


def changed(before, after):
    return {name for name in before if before[name] != after[name]}


def test_marks_stay_while_nothing_happens(marks):
    assert marks() == marks()


def test_a_ticket_that_comes_changes_the_queues_of_its_team_and_of_the_units_above(marks, take):
    before = marks()
    take("停电了")
    assert changed(before, marks()) == {"team", "unit"}


def test_a_move_changes_them_again_and_a_request_the_list_of_requests(marks, take, move):
    (ticket,) = take("电费多了", said=prediction("business.tariff.bill", "complaint"))
    before = marks()
    move(ticket, "accept", minutes=1)
    assert changed(before, between := marks()) == {"department", "unit"}
    move(ticket, "ask_extension", minutes=2, amount="1", reason="等备件")
    assert changed(between, marks()) == {"department", "unit", "requests"}


def test_a_claim_changes_what_waits_and_its_end_does_too(store, marks, take):
    (ticket,) = take("停电了")
    before = marks()
    store.claim(ticket.number, "dispatcher", NOW, 5 * MINUTE)
    assert changed(before, marks()) == {"waiting"}
    assert marks(NOW + 6 * MINUTE) == before


def test_a_message_changes_the_mark_of_its_recipient(store, marks):
    before = marks()
    store.post("a", "warning", "billing", "题", "文", NOW)
    assert marks() == before
    store.post("b", "warning", "repair", "题", "文", NOW)
    assert changed(before, marks()) == {"messages"}


def test_unread_ones_are_counted_and_read_up_to_the_one_that_was_seen(store):
    for key in ("a", "b", "c"):
        store.post(key, "warning", "repair", key, "文", NOW)
    seen = sorted(row["id"] for row in store.messages_of("repair"))[1]
    assert store.count_unread("repair") == 3
    assert store.mark_read_until("repair", seen, NOW) == 2
    assert store.mark_read_until("billing", seen, NOW) == 0
    assert [row["subject"] for row in store.messages_of("repair", unread_only=True)] == ["c"]


def test_what_was_given_up_goes_out_again_once(store):
    store.post("a", "warning", "repair", "题", "文", NOW, outlet="console")
    (row,) = store.waiting_messages("console", NOW, 10)
    store.claim_message(row["id"], NOW)
    store.keep_failure(row["id"], NOW, "不收", NOW, retry_at=None)
    store.send_again(row["id"], "admin", NOW - MINUTE, NOW + MINUTE)
    assert [again["id"] for again in store.waiting_messages("console", NOW + MINUTE, 10)] == [row["id"]]
    with pytest.raises(Conflict):
        store.send_again(row["id"], "admin", NOW - MINUTE, NOW + MINUTE)


def test_what_is_on_its_way_or_was_sent_or_never_was_to_go_out_is_not_sent_again(store):
    store.post("listed only", "warning", "repair", "题", "文", NOW)
    store.post("under way", "warning", "repair", "题", "文", NOW, outlet="console")
    ids = sorted(row["id"] for row in store.messages_of("repair"))
    store.claim_message(ids[1], NOW)
    for id in ids:
        with pytest.raises(Conflict):
            store.send_again(id, "admin", NOW - MINUTE, NOW)
    store.send_again(ids[1], "admin", NOW, NOW + MINUTE)  # nothing was heard of it since
    with pytest.raises(NotFound):
        store.send_again(999, "admin", NOW, NOW)
