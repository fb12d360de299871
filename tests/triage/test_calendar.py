"""Working time: golden dates, a clock that counts every minute by hand, and a second library's calendar."""

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.samples import shanghai
from triage.calendar import WorkingCalendar
from triage.rules import Rules

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("2026-11-23 15:00", "2026-11-27 15:00", id="within a week"),
        pytest.param("2026-11-26 15:00", "2026-12-02 15:00", id="over a weekend"),
        pytest.param("2026-11-22 10:00", "2026-11-27 00:00", id="a Sunday: 24:00 of the fourth"),
        pytest.param("2026-11-21 23:59", "2026-11-27 00:00", id="a Saturday's last minute"),
        pytest.param("2026-11-23 00:00", "2026-11-27 00:00", id="a Monday's first minute"),
        pytest.param("2025-12-31 15:00", "2026-01-07 15:00", id="New Year, the Sunday after it worked"),
        pytest.param("2026-02-12 15:00", "2026-02-25 15:00", id="Spring Festival, the Saturday before it worked"),
        pytest.param("2026-02-18 09:00", "2026-02-28 00:00", id="from within Spring Festival"),
        pytest.param("2026-02-25 15:00", "2026-03-02 15:00", id="the Saturday after Spring Festival worked"),
        pytest.param("2026-04-02 15:00", "2026-04-09 15:00", id="Tomb-Sweeping Day"),
        pytest.param("2026-04-30 15:00", "2026-05-09 15:00", id="Labour Day, ending on a worked Saturday"),
        pytest.param("2026-06-18 15:00", "2026-06-25 15:00", id="Dragon Boat"),
        pytest.param("2026-09-16 15:00", "2026-09-21 15:00", id="the Sunday before National Day worked"),
        pytest.param("2026-09-20 15:00", "2026-09-24 15:00", id="from a worked Sunday"),
        pytest.param("2026-09-29 15:00", "2026-10-10 15:00", id="National Day, ending on a worked Saturday"),
    ],
)
def test_four_working_days(rules: Rules, start: str, end: str):
    assert rules.calendar.add(shanghai(start), 4 * DAY) == shanghai(end)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        pytest.param("2026-11-27 23:59", 1, "2026-11-28 00:00", id="to the last minute of Friday"),
        pytest.param("2026-11-27 23:59", 2, "2026-11-30 00:01", id="a minute more is Monday"),
        pytest.param("2026-11-28 12:00", 1, "2026-11-30 00:01", id="from a Saturday"),
    ],
)
def test_minutes_on_the_working_clock(rules: Rules, start: str, minutes: int, end: str):
    assert rules.calendar.add(shanghai(start), minutes * MINUTE) == shanghai(end)


def test_a_year_not_announced_knows_weekends_and_fixed_holidays_only(rules: Rules):
    end = rules.calendar.add(shanghai("2026-12-30 15:00"), 4 * DAY)
    assert end == shanghai("2027-01-06 15:00")
    assert not rules.calendar.is_working(date(2027, 10, 1))
    assert rules.calendar.is_working(date(2027, 10, 5))


@pytest.mark.parametrize(
    ("start", "end", "confirmed"),
    [
        pytest.param("2026-12-01 09:00", "2026-12-31 23:59", True, id="within an announced year"),
        pytest.param("2026-12-28 00:00", "2027-01-01 00:00", True, id="24:00 of the last day belongs to it"),
        pytest.param("2026-12-28 00:00", "2027-01-01 00:01", False, id="a minute into the next"),
        pytest.param("2027-01-04 09:00", "2027-01-05 09:00", False, id="wholly in the next"),
        pytest.param("2027-01-01 00:00", "2027-01-01 00:00", False, id="no time at all, in the next"),
        pytest.param("2023-12-29 09:00", "2024-01-03 09:00", False, id="from a year before the table"),
        pytest.param("2025-12-31 09:00", "2026-01-05 09:00", True, id="over two announced years"),
    ],
)
def test_an_end_is_confirmed_where_every_year_is_announced(rules: Rules, start: str, end: str, confirmed: bool):
    assert rules.calendar.is_confirmed(shanghai(start), shanghai(end)) is confirmed


def test_fixed_holidays_say_nothing_of_an_announced_year():
    calendar = WorkingCalendar(days={}, announced=frozenset({2026}), fixed=frozenset({(10, 1)}))
    assert calendar.is_working(date(2026, 10, 1))
    assert not calendar.is_working(date(2027, 10, 1))


def test_every_day_is_as_a_second_library_has_it(rules: Rules):
    second = holidays.country_holidays("CN", years=[2024, 2025, 2026])
    days = [date(2024, 1, 1) + n * DAY for n in range((date(2027, 1, 1) - date(2024, 1, 1)).days)]
    assert len(days) == 366 + 365 + 365
    assert [day for day in days if rules.calendar.is_working(day) != second.is_working_day(day)] == []


def by_hand(calendar: dict[date, bool], start: datetime, minutes: int) -> datetime:
    """Count one minute after the other on a clock eight hours before UTC, and stop after the last that is worked."""
    moment = start.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=8)
    while minutes:
        day = moment.date()
        minutes -= calendar.get(day, day.isoweekday() <= 5)
        moment += MINUTE
    return (moment - timedelta(hours=8)).replace(tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 20)),
    minutes=st.integers(min_value=1, max_value=6 * 1440),
    exceptions=st.dictionaries(st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 12, 31)), st.booleans(), max_size=60),
)
def test_the_working_clock_counts_as_one_counts_by_hand(start: datetime, minutes: int, exceptions: dict[date, bool]):
    moment = start.replace(second=0, microsecond=0, tzinfo=UTC)
    calendar = WorkingCalendar(exceptions, frozenset({2026, 2027}))
    assert calendar.add(moment, minutes * MINUTE) == by_hand(exceptions, moment, minutes)


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 20), timezones=st.just(UTC)),
    one=st.timedeltas(min_value=MINUTE, max_value=5 * DAY),
    two=st.timedeltas(min_value=MINUTE, max_value=5 * DAY),
)
def test_two_spans_one_after_the_other_are_their_sum(rules: Rules, start: datetime, one: timedelta, two: timedelta):
    assert rules.calendar.add(rules.calendar.add(start, one), two) == rules.calendar.add(start, one + two)
