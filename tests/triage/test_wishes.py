"""What users of other ticket systems complain of where clocks are concerned, each turned into a test of ours; the wording is our own."""

from datetime import date, datetime, timedelta

import pytest

from tests.triage.samples import NOW, prediction, shanghai, user
from triage.calendar import WorkingCalendar
from triage.clocks import Limit, deadline
from triage.moments import in_shanghai
from triage.reference import add_row, edit_row
from triage.rules import Rules
from triage.terms import Role, State, Step, Watch, Zone
from triage.timeliness import period_of, timeliness

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
BILL = prediction("business.tariff.bill", "complaint")
ENQUIRY = prediction("business.tariff.bill", "enquiry")


def clock(store, number: str, step: Step, watch: Watch = Watch.CUSTOMER):
    """The latest clock of a step that is not void."""
    return [s for s in store.steps_of(number) if s.step is step and s.watch is watch and s.voided_at is None][-1]


def change_limit(store, now: datetime = NOW, *, step: str, demand_type: str = "complaint", **values: str) -> int:
    """Change the general row of a step's limit from today on; give how many tickets' deadlines moved."""
    row = next(
        r
        for r in store.reference_rows("time_limits")
        if (r["demand_type"], r["step"], r["topic"], r["zone"], r["channel"]) == (demand_type, step, "", "", "")
    )
    return edit_row(store, "time_limits", {"id": str(row["id"])}, values, actor="admin", now=now)


@pytest.fixture
def complaint(take, move):
    """A complaint about a bill, accepted on a Monday at 10:01."""
    (ticket,) = take("电费多算了", said=BILL, phone="13800000001")
    return move(ticket, "accept", minutes=1)


# 1: a later clock must not push the first call out of sight


def test_the_next_deadline_is_the_first_of_all_clocks_and_what_comes_in_later_hides_none(store, complaint, move):
    first_call = clock(store, complaint.number, Step.CONTACT).due_at
    ticket = move(complaint, "supplement", minutes=30, supplement="上月也多算")
    assert (ticket.next_step, ticket.next_due_at) == (Step.CONTACT, first_call)
    ticket = move(ticket, "chase", minutes=60, reason="客户催问")
    assert (ticket.next_step, ticket.next_due_at) == (Step.CHASE, NOW + 3 * HOUR)
    ticket = move(ticket, "answer_chase", minutes=90, reply="今天回电")
    assert (ticket.next_step, ticket.next_due_at) == (Step.CONTACT, first_call)


# 2: a clock must not run on once the customer was called


def test_a_call_in_time_ends_the_clock_for_good_and_counts_as_met(store, complaint, move):
    ticket = move(complaint, "contact", minutes=20)
    called = clock(store, ticket.number, Step.CONTACT)
    assert (called.ended_at, called.is_open) == (NOW + 20 * MINUTE, False)
    a_week_on = NOW + 7 * DAY
    assert called.zone(a_week_on) is Zone.GREEN
    assert ticket.next_step is not Step.CONTACT
    figures = timeliness(store, period_of(NOW.date(), a_week_on.date()), Watch.CUSTOMER, a_week_on)
    assert [(f.due, f.met) for f in figures if f.step is Step.CONTACT] == [(1, 1)]


# 3: who takes a ticket over is not held to the deadlines of who had it before


def test_a_ticket_that_goes_to_another_department_leaves_the_first_ones_clocks_behind(store, take, move):
    (ticket,) = take("电费多算了", said=BILL)
    own = clock(store, ticket.number, Step.RESOLVE, Watch.DEPARTMENT)
    ticket = move(ticket, "reroute", minutes=120, topic="business.metering.device", demand_type="request", reason="表的问题")
    theirs = clock(store, ticket.number, Step.RESOLVE, Watch.DEPARTMENT)
    assert next(s for s in store.steps_of(ticket.number) if s.id == own.id).voided_at == NOW + 2 * HOUR
    assert (theirs.department, theirs.started_at) == ("metering", NOW + 2 * HOUR)
    assert theirs.due_at == clock(store, ticket.number, Step.RESOLVE).due_at + 2 * HOUR  # the customer's runs from receipt
    assert {s.department for s in store.steps_of(ticket.number) if s.is_open and s.step is not Step.DISPATCH} == {"metering"}


# 4: no deadline in the middle of the night of a day off


@pytest.mark.parametrize(
    "start", ["2026-02-13 23:59", "2026-02-14 00:00", "2026-02-18 03:00", "2026-09-30 18:00", "2026-10-11 12:00", "2026-11-28 00:00"]
)
@pytest.mark.parametrize("hours", [1, 8, 24, 96])
def test_a_working_deadline_is_reached_while_people_work(rules: Rules, start: str, hours: int):
    calendar = rules.calendar.with_unit({}, ((510, 720), (840, 1050)))
    for kind in ("working", "office"):
        row = Limit(1, "*", "", "", "", Step.RESOLVE, "received", hours, "hours", kind, 0.7, "")
        end = deadline(row, shanghai(start), calendar)
        for moment in (end.due_at, end.yellow_at):
            last = in_shanghai(moment - MICROSECOND)
            assert calendar.is_working(last.date()), f"{kind}: {last}"
            minute = last.hour * 60 + last.minute
            assert kind == "working" or any(opens <= minute < closes for opens, closes in ((510, 720), (840, 1050))), last


# 5: days are working days


def test_four_working_days_from_a_friday_are_not_over_on_tuesday(store, take):
    (ticket,) = take("电费多算了", said=BILL, now=shanghai("2026-11-27 16:00"))
    assert clock(store, ticket.number, Step.RESOLVE).due_at == shanghai("2026-12-03 16:00")


# 6: an office that rests at noon


def test_hours_of_an_office_stand_still_over_noon_and_over_night(store, take):
    add_row(store, "office_hours", {"unit_code": "3301", "weekday": "0", "spans": "08:30-12:00;14:00-17:30"}, actor="admin", now=NOW)
    assert change_limit(store, step="contact", amount="5", unit="hours", clock="office") == 0
    (ticket,) = take("电费多算了", said=BILL, now=shanghai("2026-11-23 11:00"))
    # 11:00–12:00, 14:00–17:30, and half an hour from 8:30 on the next day
    assert clock(store, ticket.number, Step.CONTACT).due_at == shanghai("2026-11-24 09:00")


# 7: what is resolved is over


def test_after_the_reply_none_of_the_departments_clocks_runs(store, complaint, move):
    ticket = move(move(complaint, "contact", minutes=10), "resolve", minutes=20, reply="已退", finding="upheld")
    assert [s.step for s in store.steps_of(ticket.number) if s.is_open] == [Step.REVIEW]
    ticket = move(move(ticket, "review", minutes=30), "callback", minutes=40, satisfaction="1")
    ticket = move(ticket, "close", minutes=50)
    assert (ticket.state, ticket.next_due_at, ticket.next_step) == (State.CLOSED, None, None)
    assert ticket.zone(NOW + 365 * DAY) is Zone.GREEN
    assert clock(store, ticket.number, Step.RESOLVE).zone(NOW + 365 * DAY) is Zone.GREEN


# 8: a clock can be stopped, and says so


def test_a_stopped_clock_turns_neither_yellow_nor_red_and_goes_on_where_it_stood(store, complaint, move):
    before = clock(store, complaint.number, Step.CONTACT)
    ticket = move(complaint, "pause", minutes=60, pause_kind="appointed", until="2026-11-27T10:00", reason="客户约周五")
    stopped = clock(store, ticket.number, Step.CONTACT)
    assert before.zone(NOW + 2 * DAY) is Zone.RED
    assert stopped.zone(NOW + 2 * DAY) is Zone.GREEN
    ticket = move(ticket, "resume", minutes=60 + 48 * 60)
    assert clock(store, ticket.number, Step.CONTACT).due_at == before.due_at + 48 * HOUR
    assert clock(store, ticket.number, Step.CONTACT).yellow_at == before.yellow_at + 48 * HOUR


# 9: any week is a week


@pytest.mark.parametrize(
    ("open_on", "due"),
    [
        pytest.param({2}, "2026-12-01 11:00", id="Tuesdays alone"),
        pytest.param({2, 5}, "2026-11-27 11:00", id="Tuesdays and Fridays"),
        pytest.param({2, 3}, "2026-11-25 11:00", id="neither Monday nor Thursday"),
    ],
)
def test_a_week_in_which_few_days_are_open_is_counted_right(open_on: set[int], due: str):
    calendar = WorkingCalendar(weekday_hours=dict.fromkeys(open_on, ((540, 1020),)))
    row = Limit(1, "*", "", "", "", Step.RESOLVE, "received", 10, "hours", "office", 0.7, "")
    assert deadline(row, shanghai("2026-11-24 09:00"), calendar).due_at == shanghai(due)


# 10 and 18: limits change under a running ticket


def test_a_pause_is_kept_when_the_limit_changes(store, complaint, move):
    before = clock(store, complaint.number, Step.RESOLVE).due_at
    ticket = move(move(complaint, "pause", minutes=60, pause_kind="waiting_customer", reason="等资料"), "resume", minutes=180)
    assert clock(store, ticket.number, Step.RESOLVE).due_at == before + 2 * HOUR
    assert change_limit(store, step="resolve", amount="6") == 1
    assert clock(store, ticket.number, Step.RESOLVE).due_at == before + 2 * HOUR + 4 * DAY  # two working days over a weekend
    assert clock(store, ticket.number, Step.RESOLVE, Watch.DEPARTMENT).due_at == before + 2 * HOUR + 4 * DAY


def test_a_pause_is_kept_when_the_type_is_said(store, take, move):
    open_type = prediction("business.tariff.bill", "complaint")
    open_type = type(open_type)(open_type.topics, (("complaint", 0.5), ("enquiry", 0.5)), open_type.words, "fake-1", 0.8)
    (ticket,) = take("电费怎么算的", said=open_type)
    ticket = move(move(ticket, "accept", minutes=1), "pause", minutes=60, pause_kind="waiting_customer", reason="等资料")
    ticket = move(move(ticket, "resume", minutes=180), "set_type", minutes=190, demand_type="enquiry", reason="只是问")
    assert clock(store, ticket.number, Step.RESOLVE).due_at == shanghai("2026-11-30 12:00")  # five working days and two hours


def test_a_changed_limit_holds_for_open_tickets_and_leaves_closed_ones_alone(store, complaint, take, move):
    done = move(move(complaint, "contact", minutes=10), "resolve", minutes=20, reply="已退", finding="upheld")
    (running,) = take("电费又多算了", said=BILL, phone="13800000002")
    figures = clock(store, done.number, Step.RESOLVE)
    was = clock(store, running.number, Step.RESOLVE).due_at
    assert change_limit(store, step="resolve", amount="2") == 1
    assert clock(store, running.number, Step.RESOLVE).due_at == was - 2 * DAY
    assert store.ticket(running.number).version == running.version
    assert clock(store, done.number, Step.RESOLVE) == figures


# 11: a call on a Sunday


def test_a_ticket_of_a_sunday_begins_to_count_on_monday_and_is_not_late_before(store, take):
    sunday = shanghai("2026-11-29 11:00")
    (ticket,) = take("电费怎么算的", said=ENQUIRY, now=sunday)
    first_call = clock(store, ticket.number, Step.CONTACT)
    assert first_call.started_at == sunday
    assert first_call.due_at == shanghai("2026-12-01 00:00")  # one working day: the end of Monday
    assert first_call.zone(shanghai("2026-11-30 09:00")) is Zone.GREEN
    assert (first_call.due_at, first_call.red_at) == (shanghai("2026-12-01 00:00"), shanghai("2026-12-01 00:01"))


# 12: a holiday within a pause is no time twice


@pytest.mark.parametrize(
    ("since", "until", "due"),
    [
        pytest.param("2026-11-27 10:00", "2026-11-30 10:00", "2026-12-01 10:00", id="Friday to Monday: one working day"),
        pytest.param("2026-11-28 01:00", "2026-11-29 23:00", "2026-11-30 10:00", id="within the weekend: nothing"),
        pytest.param("2026-11-27 18:00", "2026-11-28 18:00", "2026-11-30 16:00", id="into the weekend: the evening of Friday"),
    ],
)
def test_days_off_within_a_pause_are_not_taken_out_twice(store, take, move, since: str, until: str, due: str):
    (ticket,) = take("电费多算了", said=BILL, now=shanghai("2026-11-24 10:00"))
    ticket = move(ticket, "accept", minutes=1441)
    assert clock(store, ticket.number, Step.RESOLVE).due_at == shanghai("2026-11-30 10:00")
    begin, end = ((shanghai(moment) - NOW) / MINUTE for moment in (since, until))
    ticket = move(ticket, "pause", minutes=begin, pause_kind="waiting_customer", reason="等资料")
    ticket = move(ticket, "resume", minutes=end, by=user(Role.HANDLER, ticket.team_unit, ticket.department))
    assert clock(store, ticket.number, Step.RESOLVE).due_at == shanghai(due)


def test_a_holiday_that_is_announced_while_a_clock_stands_is_not_added_to_the_pause(rules: Rules):
    row = Limit(1, "*", "", "", "", Step.RESOLVE, "received", 4, "workdays", "working", 0.7, "", is_pausable=True)
    stop = (shanghai("2026-12-23 10:00"), shanghai("2026-12-25 10:00"))
    start = shanghai("2026-12-22 10:00")
    with_holiday = rules.calendar.with_unit({date(2026, 12, 24): False})
    assert deadline(row, start, rules.calendar, stops=[stop]).due_at == shanghai("2026-12-30 10:00")
    assert deadline(row, start, with_holiday, stops=[stop]).due_at == shanghai("2026-12-30 10:00")
