"""A team's work queue on both engines: whose it is, what narrows it, how it is counted and paged; filters that are kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.triage.samples import NOW, Says, contact, prediction
from triage.errors import InvalidInput, NotFound
from triage.filters import (
    MOST_SAVED,
    PAGE_SIZE,
    Place,
    QueueFilter,
    Share,
    read_filter,
    read_place,
    remove_filter,
    save_filter,
    saved_filter,
    worklist,
)
from triage.intake import receive
from triage.lifecycle import act
from triage.people import User
from triage.terms import Role

REPAIR = User("repair", "抢修", Role.HANDLER, "330101", "repair")
BILLING = User("billing", "电费", Role.HANDLER, "330101", "billing")
LEADER = User("leader", "张力", Role.LEADER, "3301", "")
DISPATCHER = User("dispatcher", "派单员", Role.DISPATCHER, "33", "command")


@pytest.fixture
def take(store):
    """Take a fault some minutes ago and give its number."""
    rules = store.rules()

    def one(minutes=0, text="家里停电", unit="330101", said=None):
        call = contact(text, unit_code=unit)
        then = NOW - timedelta(minutes=minutes)
        (ticket,) = receive(call, predict=Says(said or prediction()), rules=rules, store=store, now=then, actor="agent")
        return ticket.number

    return one


def move(store, number, code, user=REPAIR, **fields):
    return act(number, code, fields, user=user, version=store.ticket(number).version, store=store, rules=store.rules(), now=NOW)


def look(store, user=REPAIR, after=None, **chosen):
    return worklist(QueueFilter(**chosen), after or Place(), user=user, store=store, now=NOW)


def numbers(found):
    return [row.ticket.number for row in found.rows]


def test_special_ones_come_first_then_the_next_deadline(store, take):
    late, soon, danger = take(1), take(30), take(2, "电线掉下来有人触电了，快来人")
    assert numbers(look(store)) == [danger, soon, late]


def test_a_team_has_its_own_work_and_a_leader_that_of_the_unit_and_below(store, take):
    here, below = take(), take(unit="33010201")
    assert numbers(look(store)) == [here]
    assert sorted(numbers(look(store, LEADER))) == sorted([here, below])
    assert numbers(look(store, replace(LEADER, username="nobody"))) == []
    assert look(store, BILLING).total == 0


def test_who_stands_in_for_another_team_has_its_work_too_each_ticket_once(store, take):
    here, below = take(), take(unit="33010201")
    stand_in = replace(REPAIR, stands_in_for=(User("repair-liuhe", "", Role.HANDLER, "33010201", "repair"), LEADER))
    found = look(store, stand_in)
    assert sorted(numbers(found)) == sorted([here, below])
    assert (found.total, found.counts["state"]) == (2, {"dispatched": 2})


def test_what_the_team_helps_with_is_told_apart_from_what_it_leads(store, take):
    led, helped = take(), take(1)
    move(store, helped, "accept")
    move(store, helped, "co_handle", co_department="billing", task="请核对电费")
    (row,) = look(store, BILLING).rows
    assert (row.ticket.number, row.share) == (helped, Share.CO)
    assert look(store, BILLING).counts["share"] == {"co": 1}
    assert numbers(look(store, BILLING, share="lead")) == []
    move(store, helped, "co_reply", BILLING, reply="已核对")
    assert look(store, BILLING).total == 0
    assert sorted(numbers(look(store))) == sorted([led, helped])


def test_every_filter_shows_exactly_what_its_count_says(store, take):
    for minutes, text in enumerate(("家里停电", "整栋楼停电", "电线掉下来有人触电了，快来人", "停电", "又停电了")):
        take(minutes * 40, text)
    first, second, *_ = numbers(look(store))
    move(store, first, "accept")
    move(store, first, "assign", assignee="repair")
    move(store, second, "accept")
    move(store, second, "arrive")
    counts = look(store).counts
    assert counts["whose"] == {"mine": 1, "nobody": 4}
    assert len(counts["zone"]) > 1
    for name, values in counts.items():
        assert sum(values.values()) == 5, name
        for value, count in values.items():
            if value:
                found = look(store, **{name: value})
                assert (len(found.rows), found.found, found.total) == (count, count, 5), (name, value)


def test_counts_beside_a_filter_say_what_choosing_them_as_well_would_show(store, take):
    accepted, _ = take(), take(1)
    move(store, accepted, "accept")
    counts = look(store, state="accepted").counts
    assert counts["state"] == {"accepted": 1, "dispatched": 1}
    assert sum(counts["level"].values()) == 1


def test_a_crews_work_is_its_members(store, take):
    number = take()
    crew = store.add_crew("330101", "repair", "一班", ["repair"])
    move(store, number, "accept")
    move(store, number, "assign", crew=crew.code)
    assert numbers(look(store, whose="mine")) == [number]
    assert numbers(look(store, crew=crew.code)) == [number]
    assert numbers(look(store, replace(REPAIR, username="another"), whose="mine")) == []


def test_pages_follow_each_other_without_a_gap_even_where_deadlines_are_equal(store, take):
    taken = [take(minutes // 10) for minutes in range(PAGE_SIZE + 20)]
    first = look(store)
    second = look(store, after=read_place(first.next.code))
    assert (len(first.rows), len(second.rows)) == (PAGE_SIZE, 20)
    assert second.next is None
    assert sorted([*numbers(first), *numbers(second)]) == sorted(taken)
    ordered = [(row.rank, row.ticket.next_due_at, row.ticket.number) for row in (*first.rows, *second.rows)]
    assert ordered == sorted(ordered)


def test_one_without_a_deadline_stands_last_and_is_not_lost_between_pages(store, take):
    without, last = take(), take()
    store.connection.exec_driver_sql(f"UPDATE tickets SET next_due_at = NULL, next_step = NULL WHERE number IN ('{without}', '{last}')")
    others = [take(minutes) for minutes in range(PAGE_SIZE - 1)]
    first = look(store)
    assert numbers(first)[-1] == without
    assert numbers(look(store, after=read_place(first.next.code))) == [last]
    assert set(numbers(first)[:-1]) == set(others)


@pytest.mark.parametrize("values", [{"state": "nowhere"}, {"zone": "blue"}, {"whose": "13800001001"}, {"crew": "x" * 65}], ids=str)
def test_a_filter_that_is_none_is_said(values):
    with pytest.raises(InvalidInput, match="请从列表中选择"):
        read_filter(values)


@pytest.mark.parametrize("code", ["x", "1", "1.2", "-1.2.3", "1.2.3.4", "1.99999999999999999999.3", "²." * 3, "1.999999999999999999.1"])
def test_a_page_that_is_none_is_said(code):
    with pytest.raises(InvalidInput, match="回到第一页"):
        read_place(code)


def test_a_kept_filter_has_a_key_that_says_nothing_and_belongs_to_one_user(store):
    saved = save_filter(" 今天 要到场 ", QueueFilter(step="arrive"), user=REPAIR, store=store, now=NOW)
    assert saved.name == "今天 要到场"
    assert "arrive" not in saved.key
    assert saved_filter(saved.key, user=REPAIR, store=store) == saved
    with pytest.raises(NotFound):
        saved_filter(saved.key, user=BILLING, store=store)
    with pytest.raises(NotFound):
        remove_filter(saved.key, user=BILLING, store=store)
    again = save_filter("今天 要到场", QueueFilter(zone="red"), user=REPAIR, store=store, now=NOW)
    assert store.saved_filters("repair", "queue") == [again]
    remove_filter(again.key, user=REPAIR, store=store)
    assert store.saved_filters("repair", "queue") == []


@pytest.mark.parametrize(("name", "chosen"), [("", {"zone": "red"}), ("长" * 21, {"zone": "red"}), ("空", {})], ids=["no name", "long", "nothing"])
def test_what_cannot_be_kept_is_said(store, name, chosen):
    with pytest.raises(InvalidInput):
        save_filter(name, QueueFilter(**chosen), user=REPAIR, store=store, now=NOW)


def test_a_user_keeps_so_many_filters_and_no_more(store):
    for n in range(MOST_SAVED):
        save_filter(f"第{n}个", QueueFilter(zone="red"), user=REPAIR, store=store, now=NOW)
    with pytest.raises(InvalidInput, match="最多保存"):
        save_filter("再一个", QueueFilter(zone="red"), user=REPAIR, store=store, now=NOW)
    save_filter("第0个", QueueFilter(zone="yellow"), user=REPAIR, store=store, now=NOW)
