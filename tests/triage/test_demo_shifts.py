"""The demo's shifts: somebody is on duty now and in the weeks ahead; a later run adds what is missing, and what a leader did stands."""

from datetime import timedelta

import pytest

from tests.triage.samples import NOW, shanghai, user
from triage.demo import rows
from triage.demo_shifts import make_rota
from triage.handovers import handovers_for, take_over
from triage.people import User
from triage.shifts import cancel, change_crew, plan
from triage.terms import Role

REPAIR, NIGHT = "330101-repair-1", "330101-repair-2"
WEEK = timedelta(days=7)
LEADER = user(Role.LEADER, "3301")


@pytest.fixture
def filled(store):
    """The demo organisation with the colleagues whom its past brings."""
    for row in rows("history_people"):
        store.add_user(User(row["username"], row["name"], Role(row["role"]), row["unit_code"], row["department_code"]), "!", NOW)
    return store


@pytest.mark.parametrize(
    ("at", "crew"),
    [
        ("2026-11-23 03:00", NIGHT),  # a Monday: the night shift of the Sunday
        ("2026-11-24 10:00", REPAIR),
        ("2026-11-24 20:00", NIGHT),
        ("2026-12-05 12:00", REPAIR),
        ("2026-12-20 23:59", NIGHT),
    ],
    ids=["early on Monday", "by day", "from eight", "Saturday next week", "weeks ahead"],
)
def test_a_repair_crew_is_on_duty_at_any_hour_of_this_week_and_the_next_ones(filled, at, crew):
    make_rota(filled, shanghai("2026-11-23 03:00"))
    assert filled.crew_on_duty("330101", "repair", shanghai(at)) == crew


@pytest.mark.parametrize(
    ("unit", "department"), [("33010201", "repair"), ("330102", "repair"), ("330201", "repair"), ("330202", "repair"), ("330101", "metering")]
)
def test_the_main_units_have_somebody_at_work_by_day(filled, unit, department):
    make_rota(filled, NOW)
    code = filled.crew_on_duty(unit, department, shanghai("2026-11-25 10:00"))
    assert filled.crew(code).members


def test_a_second_run_adds_nothing_and_a_later_one_the_days_that_have_come(filled):
    assert make_rota(filled, NOW) > 200
    assert make_rota(filled, NOW) == 0
    later = make_rota(filled, NOW + WEEK)
    assert 40 < later < 80
    assert filled.crew_on_duty("330101", "repair", NOW + 4 * WEEK) != ""


def test_what_a_leader_cancelled_and_planned_stands(filled):
    make_rota(filled, NOW)
    (shift,) = filled.shifts_of([REPAIR], shanghai("2026-11-26 08:00"), shanghai("2026-11-26 09:00"))
    cancel(shift.id, user=LEADER, store=filled, now=NOW)
    planned = {"crew": REPAIR, "kind": "day", "from_on": "2027-01-04", "until_on": "2027-01-04", "starts": "10:00", "ends": "12:00"}
    plan(planned, "1", user=LEADER, store=filled, now=NOW)
    assert make_rota(filled, NOW) == 0
    make_rota(filled, shanghai("2026-12-28 08:00"))
    assert filled.shifts_of([REPAIR], shift.starts_at, shift.ends_at) == []
    assert len(filled.shifts_of([REPAIR], shanghai("2027-01-04 00:00"), shanghai("2027-01-05 00:00"))) == 1


def test_a_crew_out_of_use_gets_no_shifts(filled):
    change_crew(NIGHT, {"name": "城区抢修二班", "is_active": "0"}, [], user=LEADER, store=filled)
    make_rota(filled, NOW)
    assert filled.shifts_of([NIGHT], NOW - WEEK, NOW + 4 * WEEK) == []


def test_without_the_colleagues_of_the_past_there_is_a_rota_of_those_who_are_there(store):
    make_rota(store, NOW)
    assert store.crew_on_duty("330101", "repair", shanghai("2026-11-25 10:00")) == REPAIR
    assert store.crew_on_duty("330201", "repair", shanghai("2026-11-25 10:00")) == ""


def test_two_shifts_wait_to_be_taken_over_and_are_written_once(filled):
    make_rota(filled, NOW)
    dispatcher, leader = filled.user("dispatcher"), filled.user("leader")
    (of_the_desk,) = handovers_for(dispatcher, filled)
    (of_the_crew,) = handovers_for(leader, filled)
    assert (of_the_desk.from_username, of_the_crew.from_username) == ("dispatcher-lin", "repair-night")
    assert take_over(of_the_desk.id, user=dispatcher, store=filled, now=NOW).to_username == "dispatcher"
    make_rota(filled, NOW + WEEK)
    assert [one.id for one in handovers_for(dispatcher, filled)] == [of_the_desk.id]
