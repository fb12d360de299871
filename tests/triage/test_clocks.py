"""Limits: which row governs a step; deadlines and their colours, to the minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.samples import NOW, shanghai
from triage.calendar import WorkingCalendar, parse_spans
from triage.clocks import Deadline, Limit, Pause, PauseKind, Stop, choose_limit, deadline, stops_of, zone
from triage.errors import InvalidInput
from triage.moments import SHANGHAI
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


OFFICE = parse_spans("08:30-12:00;14:00-17:30")


def at(text: str) -> datetime:
    """`23 10:00` in November 2026, or `10-01 10:00` in 2026."""
    return shanghai(f"2026-11-{text}" if text[2] == " " else f"2026-{text}")


def stops(*pairs: tuple[str, str]) -> tuple[Stop, ...]:
    """Stops from the moments as `at` reads them."""
    return tuple((at(start), at(end)) for start, end in pairs)


def hours(amount: float, clock: str = "natural", **values: Any) -> Limit:
    """A limit of so many hours that may be paused, and is yellow at its half."""
    return limit(**{"amount": amount, "unit": "hours", "clock": clock, "yellow_at": 0.5, "is_pausable": True, **values})


@pytest.mark.parametrize(
    ("pairs", "yellow", "due"),
    [
        pytest.param([], "23 12:00", "23 14:00", id="none"),
        pytest.param([("23 08:00", "23 09:00")], "23 12:00", "23 14:00", id="before the start"),
        pytest.param([("23 09:00", "23 10:00")], "23 12:00", "23 14:00", id="up to the start"),
        pytest.param([("23 09:00", "23 10:30")], "23 12:30", "23 14:30", id="across the start: what is after it"),
        pytest.param([("23 10:00", "23 11:00")], "23 13:00", "23 15:00", id="from the start on"),
        pytest.param([("23 11:00", "23 11:20")], "23 12:20", "23 14:20", id="before yellow"),
        pytest.param([("23 12:00", "23 13:00")], "23 12:00", "23 15:00", id="where yellow is reached: yellow stays"),
        pytest.param([("23 11:59", "23 12:59")], "23 13:00", "23 15:00", id="a minute before yellow"),
        pytest.param([("23 13:00", "23 13:30")], "23 12:00", "23 14:30", id="after yellow: due alone"),
        pytest.param([("23 13:59", "23 17:00")], "23 12:00", "23 17:01", id="a minute before the deadline, over it"),
        pytest.param([("23 14:00", "23 17:00")], "23 12:00", "23 14:00", id="where the deadline is: it is met or missed there"),
        pytest.param([("23 15:00", "23 17:00")], "23 12:00", "23 14:00", id="after the deadline"),
        pytest.param([("23 11:00", "23 11:00")], "23 12:00", "23 14:00", id="an empty one"),
        pytest.param([("23 13:00", "23 13:30"), ("23 11:00", "23 11:20")], "23 12:20", "23 14:50", id="two, the later first"),
        pytest.param([("23 11:00", "23 11:40"), ("23 11:20", "23 12:00")], "23 13:00", "23 15:00", id="two that overlap count once"),
        pytest.param([("23 11:00", "23 12:00"), ("23 11:20", "23 11:40")], "23 13:00", "23 15:00", id="one within the other"),
        pytest.param([("23 11:00", "23 11:30"), ("23 14:20", "23 15:20")], "23 12:30", "23 15:30", id="one brings the deadline into the next"),
        pytest.param([("23 11:00", "23 11:30"), ("23 14:30", "23 15:20")], "23 12:30", "23 14:30", id="one brings it just to the next"),
    ],
)
def test_stops_of_a_limit_of_four_hours_from_ten(pairs: list[tuple[str, str]], yellow: str, due: str):
    found = deadline(hours(4), at("23 10:00"), WorkingCalendar(), stops=stops(*pairs))
    assert (found.yellow_at, found.due_at) == (at(yellow), at(due))
    assert found.red_at == found.due_at + MINUTE


@pytest.mark.parametrize(
    ("clock", "start", "amount", "pair", "due"),
    [
        pytest.param(
            "working", "27 15:00", 12, ("28 09:00", "29 09:00"), "30 03:00", id="a weekend that is stopped takes nothing from a working clock"
        ),
        pytest.param("working", "27 15:00", 12, ("27 21:00", "30 06:00"), "30 12:00", id="of a stop over a weekend only Friday and Monday count"),
        pytest.param("working", "27 15:00", 9, ("28 00:00", "30 06:00"), "28 00:00", id="due at 24:00 of Friday, where the stop begins"),
        pytest.param("working", "27 15:00", 9, ("29 00:00", "30 06:00"), "28 00:00", id="due at 24:00 of Friday, before it begins"),
        pytest.param("office", "23 10:00", 3, ("23 12:00", "23 14:00"), "23 15:00", id="a stopped lunch takes nothing from an office"),
        pytest.param("office", "23 10:00", 3, ("23 11:00", "23 15:00"), "23 17:00", id="of a stop over lunch the two hours beside it count"),
        pytest.param("office", "23 10:00", 2, ("23 13:00", "23 18:00"), "23 12:00", id="due at noon, the stop is after it"),
        pytest.param("office", "09-30 16:30", 2, ("10-01 00:00", "10-08 09:30"), "10-08 10:30", id="over National Day"),
        pytest.param("working", "02-13 12:00", 48, ("02-14 06:00", "02-24 06:00"), "02-25 12:00", id="over Spring Festival and the worked Saturday"),
    ],
)
def test_of_a_stop_counts_what_the_clock_would_have_counted(rules: Rules, clock, start, amount, pair, due):
    calendar = rules.calendar.with_unit({}, OFFICE)
    assert deadline(hours(amount, clock), at(start), calendar, stops=stops(pair)).due_at == at(due)


def test_four_working_days_over_spring_festival_with_two_days_stopped(rules: Rules):
    # Counted by hand: Friday 13 Feb from 15:00 (9 h), Saturday 14 (worked, 24 h), 15 to 23 free, Tuesday 24 and Wednesday 25 stopped,
    # Thursday 26 (24 h), Friday 27 (24 h), Saturday 28 (worked) until 15:00 (15 h): 96 h.
    row = limit(amount=4.0, is_pausable=True)
    found = deadline(row, at("02-13 15:00"), rules.calendar, stops=stops(("02-24 00:00", "02-26 00:00")))
    assert (found.due_at, found.is_confirmed) == (at("02-28 15:00"), True)
    assert deadline(row, at("02-13 15:00"), rules.calendar).due_at == at("02-26 15:00")


def test_four_working_days_over_national_day_with_the_first_day_back_stopped(rules: Rules):
    # Counted by hand: Tuesday 29 Sep from 15:00 (9 h), Wednesday 30 (24 h), 1 to 7 Oct free, Thursday 8 stopped, Friday 9 (24 h),
    # Saturday 10 (worked, 24 h), Sunday 11 free, Monday 12 until 15:00 (15 h): 96 h.
    found = deadline(limit(amount=4.0, is_pausable=True), at("09-29 15:00"), rules.calendar, stops=stops(("10-08 00:00", "10-09 00:00")))
    assert found.due_at == at("10-12 15:00")


def test_a_limit_that_is_not_pausable_is_never_stopped():
    found = deadline(hours(4, is_pausable=False), at("23 10:00"), WorkingCalendar(), stops=stops(("23 11:00", "23 12:00")))
    assert (found.yellow_at, found.due_at) == (at("23 12:00"), at("23 14:00"))


def test_a_limit_is_not_pausable_unless_its_row_says_so():
    assert not limit().is_pausable


@pytest.mark.parametrize(
    ("row", "extra", "yellow", "due"),
    [
        pytest.param(hours(4), timedelta(hours=2), "23 13:00", "23 16:00", id="two hours more"),
        pytest.param(hours(4, is_pausable=False), timedelta(hours=2), "23 13:00", "23 16:00", id="of a limit that is not pausable"),
        pytest.param(hours(24, "working"), timedelta(days=4), "25 22:00", "30 10:00", id="four working days more, over a weekend"),
        pytest.param(hours(2, "office"), timedelta(hours=2), "23 12:00", "23 16:00", id="two hours of an office more, over lunch"),
    ],
)
def test_an_extension_adds_to_the_limit_on_its_own_clock_and_moves_yellow_too(row: Limit, extra: timedelta, yellow: str, due: str):
    found = deadline(row, at("23 10:00"), WorkingCalendar(announced=frozenset({2026}), hours=OFFICE), extra=extra)
    assert (found.yellow_at, found.due_at) == (at(yellow), at(due))


def test_an_extension_and_a_stop_add_up():
    found = deadline(hours(4), at("23 10:00"), WorkingCalendar(), stops=stops(("23 15:00", "23 15:30")), extra=timedelta(hours=2))
    assert (found.yellow_at, found.due_at) == (at("23 13:00"), at("23 16:30"))


def test_what_needs_no_time_is_due_at_its_start_also_on_a_sunday_and_in_a_stop():
    found = deadline(hours(0, "working"), at("22 10:00"), WorkingCalendar(), stops=stops(("22 09:00", "24 09:00")))
    assert (found.yellow_at, found.due_at) == (at("22 10:00"), at("22 10:00"))


def test_a_stop_that_brings_a_deadline_into_a_year_not_announced_makes_it_unconfirmed():
    calendar = WorkingCalendar(announced=frozenset({2026}))
    stopped = stops(("12-29 15:00", "12-30 15:00"))
    whole, late = (deadline(hours(24, "working"), at("12-29 15:00"), calendar, stops=given) for given in ((), stopped))
    assert (whole.is_confirmed, late.is_confirmed, late.due_at) == (True, True, at("12-31 15:00"))
    later = deadline(hours(48, "working"), at("12-29 15:00"), calendar, stops=stopped)
    assert (later.is_confirmed, later.due_at) == (False, shanghai("2027-01-01 15:00"))


@pytest.mark.parametrize("clock", ["natural", "working", "office"])
def test_a_start_without_a_zone_is_refused(clock: str):
    with pytest.raises(InvalidInput, match="没有时区"):
        deadline(hours(4, clock), datetime(2026, 11, 23, 10), WorkingCalendar())


def test_a_start_in_another_zone_is_the_same_moment():
    start = at("22 10:00")
    assert deadline(hours(4, "working"), start.astimezone(SHANGHAI), WorkingCalendar()) == deadline(hours(4, "working"), start, WorkingCalendar())


CUSTOMER = PauseKind("customer", "客户原因", frozenset({Step.RESOLVE, Step.CONTACT}), timedelta(hours=5), "")
WEATHER = PauseKind("weather", "恶劣天气", frozenset({Step.RESOLVE, Step.ARRIVE}), timedelta(hours=3), "")
KINDS = {"customer": CUSTOMER, "weather": WEATHER}


def pause(kind: str, start: str, end: str = "", until: str = "") -> Pause:
    """A pause from the moments as `at` reads them."""
    return Pause(kind, at(start), at(end) if end else None, at(until) if until else None)


@pytest.mark.parametrize(
    ("pauses", "found"),
    [
        pytest.param([], [], id="no pause"),
        pytest.param([pause("customer", "23 10:00", "23 11:00")], [("23 10:00", "23 11:00")], id="ended"),
        pytest.param([pause("customer", "23 10:00", until="23 12:00")], [("23 10:00", "23 12:00")], id="open: to the moment it was granted to"),
        pytest.param([pause("customer", "23 10:00", "23 11:00", "23 12:00")], [("23 10:00", "23 11:00")], id="ended before it had to be"),
        pytest.param(
            [pause("customer", "23 10:00", "23 13:00", "23 12:00")], [("23 10:00", "23 12:00")], id="ended too late: to where it was granted"
        ),
        pytest.param([pause("customer", "23 10:00")], [("23 10:00", "23 15:00")], id="open for ever: for its cap"),
        pytest.param([pause("customer", "23 10:00", "24 10:00")], [("23 10:00", "23 15:00")], id="longer than its cap"),
        pytest.param([pause("customer", "23 10:00", "23 15:00")], [("23 10:00", "23 15:00")], id="just its cap"),
        pytest.param([pause("customer", "23 10:00", "23 10:00")], [], id="ended where it began"),
        pytest.param([pause("customer", "23 10:00", "23 11:00", "23 09:00")], [], id="granted to a moment before it began"),
        pytest.param(
            [pause("customer", "24 10:00"), pause("customer", "23 10:00", "23 13:00")],
            [("23 10:00", "23 13:00"), ("24 10:00", "24 12:00")],
            id="the second has what the first left of the cap, whichever stands first",
        ),
        pytest.param(
            [pause("customer", "23 10:00", "23 15:00"), pause("customer", "24 10:00"), pause("customer", "25 10:00", "25 11:00")],
            [("23 10:00", "23 15:00")],
            id="nothing is left",
        ),
        pytest.param(
            [pause("customer", "23 10:00", "23 15:00"), pause("weather", "24 10:00", "24 11:00")],
            [("23 10:00", "23 15:00"), ("24 10:00", "24 11:00")],
            id="another kind has a cap of its own",
        ),
        pytest.param(
            [pause("customer", "23 10:00", "23 12:00"), pause("weather", "23 11:00", "23 13:00")],
            [("23 10:00", "23 13:00")],
            id="two kinds that overlap are one stop",
        ),
        pytest.param(
            [pause("customer", "23 10:00", "23 14:00"), pause("weather", "23 11:00", "23 12:00")],
            [("23 10:00", "23 14:00")],
            id="one kind within another",
        ),
        pytest.param(
            [pause("customer", "23 10:00", "23 12:00"), pause("weather", "23 12:00", "23 13:00")],
            [("23 10:00", "23 13:00")],
            id="two that touch are one stop",
        ),
    ],
)
def test_the_stops_that_pauses_make_of_the_reply(pauses: list[Pause], found: list[tuple[str, str]]):
    assert stops_of(pauses, KINDS, Step.RESOLVE) == stops(*found)


@pytest.mark.parametrize(
    ("step", "found"),
    [
        pytest.param(Step.CONTACT, [("23 10:00", "23 11:00")], id="contact: the customer's ground alone"),
        pytest.param(Step.ARRIVE, [("23 12:00", "23 13:00")], id="arrival: the weather alone"),
        pytest.param(Step.RESOLVE, [("23 10:00", "23 11:00"), ("23 12:00", "23 13:00")], id="reply: both"),
        pytest.param(Step.CALLBACK, [], id="return visit: neither"),
    ],
)
def test_a_kind_stops_the_clocks_of_its_own_steps_alone(step: Step, found: list[tuple[str, str]]):
    pauses = [pause("customer", "23 10:00", "23 11:00"), pause("weather", "23 12:00", "23 13:00")]
    assert stops_of(pauses, KINDS, step) == stops(*found)


def test_a_pause_before_a_clock_started_uses_up_the_cap_all_the_same():
    pauses = [pause("customer", "20 10:00", "20 14:00"), pause("customer", "23 11:00")]
    found = deadline(hours(4), at("23 10:00"), WorkingCalendar(), stops=stops_of(pauses, KINDS, Step.RESOLVE))
    assert found.due_at == at("23 15:00")


def by_hand(start: datetime, minutes: int, stopped: list[Stop]) -> datetime:
    """Count one minute after the other of an office on weekdays, but for those in a stop, and stop after the last."""
    moment = start
    while minutes:
        local = moment + timedelta(hours=8)
        minute = local.hour * 60 + local.minute
        is_open = local.isoweekday() <= 5 and any(first <= minute < last for first, last in OFFICE)
        minutes -= is_open and not any(first <= moment < last for first, last in stopped)
        moment += MINUTE
    return moment


MOMENTS = st.integers(0, 12 * 1440).map(lambda minutes: datetime(2026, 11, 20, tzinfo=UTC) + minutes * MINUTE)


@settings(max_examples=150, deadline=None)
@given(
    start=MOMENTS,
    minutes=st.integers(1, 900).map(lambda half: half * 2),
    stopped=st.lists(st.tuples(MOMENTS, st.integers(0, 3000)).map(lambda pair: (pair[0], pair[0] + pair[1] * MINUTE)), max_size=5),
)
def test_yellow_and_due_are_where_one_counts_to_by_hand(start: datetime, minutes: int, stopped: list[Stop]):
    row = limit(amount=float(minutes), unit="minutes", clock="office", yellow_at=0.5, is_pausable=True)
    due, yellow = by_hand(start, minutes, stopped), by_hand(start, minutes // 2, stopped)
    found = deadline(row, start, WorkingCalendar(announced=frozenset({2026}), hours=OFFICE), stops=stopped)
    assert found == Deadline(due, yellow, due + MINUTE, due <= shanghai("2027-01-01 00:00"))
