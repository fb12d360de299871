"""How much of its time a step has used, as its own clock counts: never more than has passed, and always in line with its deadline."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.samples import NOW, prediction, shanghai
from tests.triage.test_clocks import limit
from triage.calendar import WorkingCalendar, parse_spans
from triage.clocks import deadline, used
from triage.figures import Reading
from triage.metrics import durations
from triage.moments import in_shanghai
from triage.store.sql import block

HOUR = timedelta(hours=1)
CALENDAR = WorkingCalendar(hours=parse_spans("08:30-12:00;14:00-17:30"))
FRIDAY = shanghai("2026-11-20 15:00")
MONDAY = shanghai("2026-11-23 15:00")
KEPT = block("""
    SELECT step, started_at, ended_at, used_seconds
    FROM steps
    WHERE ticket_number = :number AND watch = 'customer' AND voided_at IS NULL
    ORDER BY id""")


@pytest.mark.parametrize(
    ("clock", "stops", "hours"),
    [
        pytest.param("natural", [], 72, id="natural: the weekend as well"),
        pytest.param("working", [], 24, id="working: Friday's nine hours and Monday's fifteen"),
        pytest.param("office", [], 7, id="office: 2.5 on Friday, 3.5 and 1 on Monday"),
        pytest.param("natural", [(FRIDAY + HOUR, FRIDAY + 3 * HOUR)], 70, id="a pause is taken out"),
        pytest.param("working", [(FRIDAY + 9 * HOUR, FRIDAY + 50 * HOUR)], 24, id="a pause over the weekend takes out nothing that counted"),
        pytest.param("office", [(FRIDAY - HOUR, FRIDAY + HOUR)], 6, id="of a pause that began before, what lies after the start"),
        pytest.param("natural", [(MONDAY - HOUR, MONDAY + HOUR)], 71, id="of a pause that goes on, what lies before the end"),
        pytest.param("natural", [(FRIDAY, MONDAY)], 0, id="paused all the time"),
        pytest.param("natural", [(FRIDAY, FRIDAY + 2 * HOUR), (FRIDAY + HOUR, FRIDAY + 3 * HOUR)], 69, id="nothing is taken out twice"),
    ],
)
def test_the_time_used_from_friday_to_monday_at_three(clock: str, stops: list[tuple[datetime, datetime]], hours: float):
    assert used(limit(clock=clock, is_pausable=True), FRIDAY, MONDAY, CALENDAR, stops=stops) == hours * HOUR


def test_a_limit_that_is_not_pausable_counts_through_pauses():
    assert used(limit(clock="natural"), FRIDAY, MONDAY, CALENDAR, stops=[(FRIDAY, MONDAY)]) == 72 * HOUR


moments = st.integers(0, 30 * 24 * 3600).map(lambda seconds: shanghai("2026-01-20 00:00") + timedelta(seconds=seconds))


@given(
    clock=st.sampled_from(("natural", "working", "office")),
    start=moments,
    took=st.integers(0, 20 * 24 * 3600),
    allowed=st.integers(1, 4 * 24 * 60),
    extra=st.integers(0, 24 * 60),
    pauses=st.lists(st.tuples(moments, st.integers(1, 5 * 24 * 60)), max_size=4),
)
def test_less_than_allowed_is_used_only_in_time_and_more_only_after_it(
    clock: str, start: datetime, took: int, allowed: int, extra: int, pauses: Sequence[tuple[datetime, int]]
):
    row = limit(clock=clock, amount=allowed, unit="minutes", is_pausable=True)
    end, stops = start + timedelta(seconds=took), [(at, at + timedelta(minutes=length)) for at, length in pauses]
    due = deadline(row, start, CALENDAR, stops=stops, extra=timedelta(minutes=extra))
    found, whole = used(row, start, end, CALENDAR, stops=stops), timedelta(minutes=allowed + extra)
    assert timedelta(0) <= found <= end - start
    assert found <= whole if end <= due.due_at else found >= whole
    if found != whole:  # where the clock stands still on the deadline, all is used before and after it
        assert (end < due.due_at) == (found < whole)


def test_a_step_keeps_what_it_used_when_it_ends_and_a_reopened_one_forgets_it(store, take, move):
    (ticket,) = take("电费多算了", said=prediction("business.tariff.bill", "complaint"))
    ticket = move(ticket, "accept", minutes=10)
    rows = {row["step"]: row for row in store.rows(KEPT, number=ticket.number)}
    assert rows["accept"]["used_seconds"] == 600
    assert rows["dispatch"]["used_seconds"] == 0
    assert rows["resolve"]["used_seconds"] is None
    ticket = move(ticket, "contact", minutes=20)
    ticket = move(ticket, "resolve", minutes=30, reply="好了", finding="upheld")
    move(ticket, "send_back", minutes=40, reason="没写清")
    (again,) = (row for row in store.rows(KEPT, number=ticket.number) if row["step"] == "resolve")
    assert (again["ended_at"], again["used_seconds"]) == (None, None)


def test_durations_are_shown_in_either_time_and_older_steps_only_by_the_wall_clock(store, take, move):
    (ticket, old) = take("停电了", "又停电了")
    for one in (ticket, old):
        move(one, "accept", minutes=10)
    with store.writing():
        store.touch(old.number)
        store.connection.exec_driver_sql(f"UPDATE steps SET used_seconds = NULL WHERE ticket_number = '{old.number}'")
    day = in_shanghai(NOW).date()
    reading = Reading(store, day, day + timedelta(days=9), NOW + timedelta(days=30))
    wall, counted = ({one.step: one for one in durations(reading, took=took)} for took in ("duration", "worked"))
    assert (wall["accept"].n, wall["accept"].mean) == (2, 600)
    assert (counted["accept"].n, counted["accept"].mean) == (1, 600)
    assert store.check_figures() == []
