"""Limits: which row governs a step; deadlines and their colours, to the minute."""

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from tests.triage.samples import NOW, shanghai
from triage.calendar import WorkingCalendar
from triage.clocks import Limit, choose_limit, deadline, zone
from triage.rules import Rules
from triage.terms import Channel, Locality, Step, Zone

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
DAY = date(2026, 11, 23)


def limit(name: int = 1, **values: Any) -> Limit:
    """A row that speaks of everything, but for what is given."""
    common = {"demand_type": "*", "topic": "", "zone": "", "channel": "", "step": Step.RESOLVE, "from_event": "received", "amount": 4.0}
    return Limit(**{"id": name, **common, "unit": "workdays", "clock": "working", "yellow_at": 0.7, "basis": "", **values})


def chosen(*rows: Limit, **demand: Any) -> int | None:
    """The id of the row that governs the reply to a request about a meter, in a town, by way of 12345."""
    asked = {"demand_type": "request", "topic": "meter", "zone": "urban", "channel": "12345", "day": DAY}
    row = choose_limit(rows, step=Step.RESOLVE, **{**asked, **demand})
    return row.id if row else None


TYPE, TOPIC, CHANNEL, ZONE = {"demand_type": "request"}, {"topic": "meter"}, {"channel": "12345"}, {"zone": "urban"}


@pytest.mark.parametrize(
    ("wins", "loses"),
    [
        pytest.param(TYPE, {}, id="a type over any type"),
        pytest.param(TOPIC, TYPE, id="a topic over a type"),
        pytest.param(TOPIC, CHANNEL, id="a topic over a channel"),
        pytest.param(CHANNEL, ZONE, id="a channel over a zone"),
        pytest.param(ZONE, TYPE, id="a zone over a type"),
        pytest.param(CHANNEL | ZONE, TOPIC, id="two over one, though the one is a topic"),
        pytest.param(TOPIC | ZONE, CHANNEL | ZONE, id="two and two: the topic"),
        pytest.param(TOPIC | CHANNEL, TOPIC | ZONE, id="two and two with the topic: the channel"),
        pytest.param(TOPIC | CHANNEL | ZONE, TOPIC | CHANNEL | TYPE, id="three over two and a type"),
        pytest.param(TOPIC | TYPE, TOPIC, id="the same given: the type's own"),
        pytest.param({"valid_from_on": date(2026, 7, 1)}, {"valid_from_on": date(2025, 7, 1)}, id="the same: the later in force"),
        pytest.param({"valid_from_on": date(2026, 7, 1)}, {}, id="the same: one with a date over one without"),
        pytest.param(TYPE, {"valid_from_on": date(2026, 7, 1)}, id="precision before date"),
    ],
)
def test_the_more_precise_row_governs(wins: dict[str, Any], loses: dict[str, Any]):
    assert chosen(limit(1, **wins), limit(2, **loses)) == 1
    assert chosen(limit(2, **loses), limit(1, **wins)) == 1


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"demand_type": "report"}, id="another type"),
        pytest.param({"topic": "bill"}, id="another topic"),
        pytest.param({"channel": "12398"}, id="another channel"),
        pytest.param({"zone": "rural"}, id="another zone"),
        pytest.param({"step": Step.CONTACT}, id="another step"),
        pytest.param({"valid_from_on": date(2026, 11, 24)}, id="in force from tomorrow"),
        pytest.param({"valid_until_on": date(2026, 11, 23)}, id="in force until today"),
    ],
)
def test_a_row_that_speaks_of_something_else_never_governs(values: dict[str, Any]):
    assert chosen(limit(1, **values)) is None


def test_a_row_is_in_force_from_its_first_day_to_the_day_before_its_last():
    row = limit(valid_from_on=date(2026, 11, 23), valid_until_on=date(2026, 11, 24))
    assert [chosen(row, day=date(2026, 11, day)) for day in (22, 23, 24)] == [None, 1, None]


def test_a_star_is_any_as_an_empty_cell_is():
    assert chosen(limit(topic="*", zone="*", channel="*"), topic=None, zone=None) == 1


def test_every_bundled_row_governs_some_demand(rules: Rules):
    asked = product(rules.demand_types, [*rules.topics, None], [*Locality, None], Channel, Step)
    found = {
        row.id
        for kind, topic, place, channel, step in asked
        if (row := choose_limit(rules.limits, step=step, demand_type=kind, topic=topic, zone=place, channel=channel, day=DAY))
    }
    assert [row for row in rules.limits if row.id not in found] == []


@pytest.mark.parametrize(
    ("demand_type", "topic", "place", "channel", "step", "text"),
    [
        pytest.param("complaint", "business.tariff.bill", "urban", "phone", "resolve", "4 个工作日", id="a complaint"),
        pytest.param("report", "other.theft", "urban", "phone", "resolve", "9 个工作日", id="a report"),
        pytest.param("complaint", "business.tariff.bill", "urban", "12345", "resolve", "7 天", id="a complaint by way of 12345"),
        pytest.param("enquiry", None, None, "12398", "resolve", "10 个工作日", id="an enquiry by way of 12398"),
        pytest.param("request", "business.metering.test", None, "phone", "resolve", "5 个工作日", id="a meter test"),
        pytest.param("request", "business.reading.arrears", None, "phone", "resolve", "24 小时", id="power back after payment"),
        pytest.param("fault", "outage.fault.single", "rural", "phone", "arrive", "90 分钟", id="a fault in a village"),
        pytest.param("fault", "outage.fault.single", None, "phone", "arrive", "45 分钟", id="a fault who knows where"),
        pytest.param("fault", "outage.fault.single", "urban", "phone", "contact", None, id="a fault: nobody need call first"),
        pytest.param("complaint", None, None, "phone", "redispatch", "20 分钟", id="a returned ticket of any type"),
    ],
)
def test_the_bundled_limits_say(rules: Rules, demand_type, topic, place, channel, step, text):
    row = choose_limit(rules.limits, step=Step(step), demand_type=demand_type, topic=topic, zone=place, channel=channel, day=DAY)
    assert (row.text if row else None) == text


def test_a_natural_clock_runs_through_the_night_and_needs_no_calendar():
    due = deadline(limit(amount=24.0, unit="hours", clock="natural"), shanghai("2026-11-27 15:00"), WorkingCalendar())
    assert (due.due_at, due.red_at) == (shanghai("2026-11-28 15:00"), shanghai("2026-11-28 15:01"))
    assert due.yellow_at == shanghai("2026-11-28 07:48")
    assert due.is_confirmed


def test_a_working_clock_turns_yellow_on_the_working_clock_too():
    due = deadline(limit(amount=2.0, yellow_at=0.5), shanghai("2026-11-27 15:00"), WorkingCalendar(announced=frozenset({2026})))
    assert (due.yellow_at, due.due_at) == (shanghai("2026-11-30 15:00"), shanghai("2026-12-01 15:00"))
    assert due.is_confirmed


def test_a_working_deadline_in_a_year_not_announced_is_not_confirmed():
    assert not deadline(limit(), shanghai("2026-12-30 15:00"), WorkingCalendar(announced=frozenset({2026}))).is_confirmed


def test_red_begins_with_the_minute_after_the_one_that_it_is_due_in():
    due = deadline(limit(amount=20.0, unit="minutes", clock="natural"), shanghai("2026-11-23 10:00:42"), WorkingCalendar())
    assert due.due_at == shanghai("2026-11-23 10:20:42")
    assert due.red_at == shanghai("2026-11-23 10:21")


@pytest.mark.parametrize(
    ("after", "colour"),
    [
        pytest.param(timedelta(0), Zone.GREEN, id="at the start"),
        pytest.param(14 * MINUTE - SECOND, Zone.GREEN, id="a second before yellow"),
        pytest.param(14 * MINUTE, Zone.YELLOW, id="at yellow"),
        pytest.param(20 * MINUTE, Zone.YELLOW, id="at the deadline"),
        pytest.param(21 * MINUTE - SECOND, Zone.YELLOW, id="in the minute of the deadline"),
        pytest.param(21 * MINUTE, Zone.RED, id="a minute later"),
        pytest.param(timedelta(days=400), Zone.RED, id="long after"),
    ],
)
def test_the_colour_at_a_moment(after: timedelta, colour: Zone):
    due = deadline(limit(amount=20.0, unit="minutes", clock="natural"), NOW, WorkingCalendar())
    assert zone(due.yellow_at, due.red_at, NOW + after) is colour


def test_what_has_no_clock_is_green():
    assert zone(None, None, NOW) is Zone.GREEN
