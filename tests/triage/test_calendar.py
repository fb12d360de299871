"""Working time: golden dates, a clock that counts every minute by hand, and a second library's calendar."""

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.samples import shanghai
from triage.calendar import WorkingCalendar, parse_spans
from triage.errors import InvalidInput
from triage.rules import Rules

DAY, MINUTE, INSTANT = timedelta(days=1), timedelta(minutes=1), timedelta(microseconds=1)
OFFICE = parse_spans("08:30-12:00;14:00-17:30")
YEAR_2026 = frozenset({2026})
WORKED = ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")


def after(calendar: WorkingCalendar, clock: str, start: datetime, minutes: int) -> datetime:
    """The moment at which a clock has counted so many minutes from a start."""
    return calendar.reach(clock, calendar.counted(clock, start) + minutes * MINUTE // INSTANT)


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


def by_hand(days: Mapping[date, bool], start: datetime, minutes: int, hours: Mapping[int, tuple[tuple[int, int], ...]] | None = None) -> datetime:
    """Count one minute after the other on a clock eight hours before UTC, and stop after the last that is counted."""
    moment = start.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=8)
    while minutes:
        day, minute = moment.date(), moment.hour * 60 + moment.minute
        spans = ((0, 1440),) if hours is None else hours[day.isoweekday()]
        minutes -= days.get(day, day.isoweekday() <= 5) and any(first <= minute < last for first, last in spans)
        moment += MINUTE
    return (moment - timedelta(hours=8)).replace(tzinfo=UTC)


EXCEPTIONS = st.dictionaries(st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 12, 31)), st.booleans(), max_size=60)
# An even number of different minutes, sorted, are spans that neither overlap nor touch.
SPANS = st.lists(st.integers(0, 1440), max_size=8, unique=True).map(
    lambda edges: tuple(zip(sorted(edges)[: len(edges) // 2 * 2 : 2], sorted(edges)[1::2], strict=True))
)


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 20)),
    minutes=st.integers(min_value=1, max_value=6 * 1440),
    exceptions=EXCEPTIONS,
)
def test_the_working_clock_counts_as_one_counts_by_hand(start: datetime, minutes: int, exceptions: dict[date, bool]):
    moment = start.replace(second=0, microsecond=0, tzinfo=UTC)
    calendar = WorkingCalendar(exceptions, frozenset({2026, 2027}))
    assert calendar.add(moment, minutes * MINUTE) == by_hand(exceptions, moment, minutes)


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 20)),
    minutes=st.integers(min_value=1, max_value=240),
    exceptions=EXCEPTIONS,
    default=SPANS.filter(lambda spans: sum(end - start for start, end in spans) >= 60),
    others=st.dictionaries(st.integers(1, 7), SPANS, max_size=4),
)
def test_the_offices_clock_counts_as_one_counts_by_hand(start, minutes, exceptions, default, others):
    calendar = WorkingCalendar(exceptions, YEAR_2026, hours=default, weekday_hours=others)
    moment = start.replace(second=0, microsecond=0, tzinfo=UTC)
    hours = {weekday: others.get(weekday, default) for weekday in range(1, 8)}
    assert after(calendar, "office", moment, minutes) == by_hand(exceptions, moment, minutes, hours)


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 20), timezones=st.just(UTC)),
    one=st.timedeltas(min_value=MINUTE, max_value=5 * DAY),
    two=st.timedeltas(min_value=MINUTE, max_value=5 * DAY),
)
def test_two_spans_one_after_the_other_are_their_sum(rules: Rules, start: datetime, one: timedelta, two: timedelta):
    assert rules.calendar.add(rules.calendar.add(start, one), two) == rules.calendar.add(start, one + two)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        pytest.param("2026-11-23 10:00", 60, "2026-11-23 11:00", id="within the morning"),
        pytest.param("2026-11-23 10:00", 120, "2026-11-23 12:00", id="to noon, and not to the end of lunch"),
        pytest.param("2026-11-23 10:00", 121, "2026-11-23 14:01", id="a minute more is after lunch"),
        pytest.param("2026-11-23 12:30", 1, "2026-11-23 14:01", id="from within lunch"),
        pytest.param("2026-11-23 07:00", 30, "2026-11-23 09:00", id="from before the office opens"),
        pytest.param("2026-11-23 08:30", 420, "2026-11-23 17:30", id="a whole day, to its last minute"),
        pytest.param("2026-11-23 08:30", 421, "2026-11-24 08:31", id="a minute more is the next day"),
        pytest.param("2026-11-23 18:00", 30, "2026-11-24 09:00", id="from the evening"),
        pytest.param("2026-11-27 17:00", 60, "2026-11-30 09:00", id="over a weekend"),
        pytest.param("2025-12-31 17:00", 60, "2026-01-04 09:00", id="New Year, to the worked Sunday"),
        pytest.param("2026-02-13 17:00", 60, "2026-02-14 09:00", id="to the worked Saturday before Spring Festival"),
        pytest.param("2026-02-14 17:00", 60, "2026-02-24 09:00", id="from it, over the nine days of Spring Festival"),
        pytest.param("2026-02-17 11:00", 30, "2026-02-24 09:00", id="from New Year's Day of the lunar year"),
        pytest.param("2026-02-27 17:00", 60, "2026-02-28 09:00", id="to the worked Saturday after Spring Festival"),
        pytest.param("2026-02-28 17:00", 60, "2026-03-02 09:00", id="from it, over the Sunday that is left"),
        pytest.param("2026-04-30 17:00", 60, "2026-05-06 09:00", id="Labour Day"),
        pytest.param("2026-05-08 17:00", 60, "2026-05-09 09:00", id="to the worked Saturday after Labour Day"),
        pytest.param("2026-09-19 10:00", 60, "2026-09-20 09:30", id="from a Saturday to the worked Sunday before National Day"),
        pytest.param("2026-09-24 17:00", 60, "2026-09-28 09:00", id="Mid-Autumn"),
        pytest.param("2026-09-30 17:00", 60, "2026-10-08 09:00", id="the seven days of National Day"),
        pytest.param("2026-09-30 17:00", 60 + 2 * 420, "2026-10-10 09:00", id="two whole days later is the worked Saturday"),
        pytest.param("2026-10-10 17:00", 60, "2026-10-12 09:00", id="from the worked Saturday to Monday"),
    ],
)
def test_minutes_on_the_clock_of_an_office_that_rests_at_noon(rules: Rules, start: str, minutes: int, end: str):
    assert after(rules.calendar.with_unit({}, OFFICE), "office", shanghai(start), minutes) == shanghai(end)


@pytest.mark.parametrize("day", WORKED)
def test_a_make_up_day_of_2026_is_worked_and_counts_whole(rules: Rules, day: str):
    start = shanghai(f"{day} 00:00")
    assert date.fromisoformat(day).isoweekday() > 5
    assert rules.calendar.is_working(date.fromisoformat(day))
    assert rules.calendar.counted("working", start + DAY) - rules.calendar.counted("working", start) == DAY // INSTANT


def test_no_other_weekend_of_2026_is_worked(rules: Rules):
    days = [date(2026, 1, 1) + n * DAY for n in range(365)]
    assert [str(day) for day in days if day.isoweekday() > 5 and rules.calendar.is_working(day)] == list(WORKED)


@pytest.mark.parametrize(
    ("weekday_hours", "minutes", "end"),
    [
        pytest.param({}, 121, "2026-10-10 10:31", id="a make-up Saturday has the hours of any day"),
        pytest.param({6: ((540, 660),)}, 120, "2026-10-10 11:00", id="unless Saturday has its own"),
        pytest.param({6: ((540, 660),)}, 121, "2026-10-12 08:31", id="which are over at eleven"),
        pytest.param({6: ()}, 1, "2026-10-12 08:31", id="or none at all"),
    ],
)
def test_the_hours_of_a_make_up_day(rules: Rules, weekday_hours, minutes: int, end: str):
    calendar = rules.calendar.with_unit({}, OFFICE, weekday_hours)
    assert after(calendar, "office", shanghai("2026-10-09 17:30"), minutes) == shanghai(end)


def test_a_holiday_of_the_units_own_stops_its_clocks_and_nobody_elses(rules: Rules):
    own = rules.calendar.with_unit({date(2026, 11, 24): False})
    start = shanghai("2026-11-23 15:00")
    assert (own.add(start, DAY), rules.calendar.add(start, DAY)) == (shanghai("2026-11-25 15:00"), shanghai("2026-11-24 15:00"))
    assert after(own, "natural", start, 1440) == shanghai("2026-11-24 15:00")


def test_a_unit_may_work_on_a_holiday_of_all_and_in_a_year_not_announced(rules: Rules):
    own = rules.calendar.with_unit({date(2026, 10, 1): True, date(2027, 10, 1): True})
    assert own.is_working(date(2026, 10, 1))
    assert own.is_working(date(2027, 10, 1))
    assert not own.is_working(date(2026, 10, 2))
    assert own.add(shanghai("2026-09-30 15:00"), DAY) == shanghai("2026-10-01 15:00")
    assert own.is_confirmed(shanghai("2026-10-01 15:00"), shanghai("2026-10-09 15:00"))


@pytest.mark.parametrize(
    ("hours", "weekday_hours", "thursday", "friday"),
    [
        pytest.param((), None, OFFICE, ((540, 720),), id="nothing of its own"),
        pytest.param(((600, 900),), None, ((600, 900),), ((600, 900),), id="hours of its own for any working date"),
        pytest.param((), {4: ((600, 900),)}, ((600, 900),), ((540, 720),), id="a Thursday of its own"),
        pytest.param(((600, 900),), {5: ()}, ((600, 900),), (), id="hours of its own and no Friday"),
    ],
)
def test_a_unit_inherits_the_hours_that_it_does_not_say(hours, weekday_hours, thursday, friday):
    own = WorkingCalendar(hours=OFFICE, weekday_hours={5: ((540, 720),)}).with_unit({}, hours, weekday_hours)
    assert (own.spans("office", 4), own.spans("office", 5)) == (thursday, friday)


@pytest.mark.parametrize("weekday_hours", [{}, {5: ()}], ids=["none", "an empty list"])
def test_without_office_hours_the_offices_clock_is_the_working_one(rules: Rules, weekday_hours):
    calendar = rules.calendar.with_unit({}, (), weekday_hours)
    for start in (shanghai("2026-02-13 17:00"), shanghai("2026-10-03 09:00")):
        assert after(calendar, "office", start, 3000) == calendar.add(start, 3000 * MINUTE)


CLOCKS = st.sampled_from(("natural", "working", "office"))
MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2999, 12, 31), timezones=st.just(UTC))


@settings(max_examples=200, deadline=None)
@given(clock=CLOCKS, moment=MOMENTS, later=st.timedeltas(min_value=timedelta(0), max_value=40 * DAY))
def test_a_count_is_reached_first_where_it_becomes_that_much(rules: Rules, clock: str, moment: datetime, later: timedelta):
    calendar = rules.calendar.with_unit({}, OFFICE)
    count = calendar.counted(clock, moment)
    first = calendar.reach(clock, count)
    assert count <= calendar.counted(clock, moment + later) <= count + later // INSTANT
    assert first <= moment
    assert calendar.counted(clock, first) == count
    assert calendar.counted(clock, first - INSTANT) == count - 1


def test_an_office_counts_nothing_up_to_the_very_moment_at_which_it_opens():
    calendar, opens = WorkingCalendar(hours=OFFICE), shanghai("2026-11-23 14:00")
    counts = [calendar.counted("office", moment) for moment in (opens - 2 * INSTANT, opens - INSTANT, opens, opens + INSTANT)]
    assert [count - counts[0] for count in counts] == [0, 0, 0, 1]


class Asked(dict[date, bool]):
    """Announced days that count how often they are looked at."""

    looks = 0

    def __contains__(self, day: object) -> bool:
        self.looks += 1
        return super().__contains__(day)


def test_a_thousand_years_on_only_the_days_that_are_asked_for_are_looked_at():
    days = Asked({date(2026, 10, 10): True, date(2999, 12, 23): False})
    calendar = WorkingCalendar(days, YEAR_2026 | {2999})
    assert calendar.add(shanghai("2999-12-20 15:00"), 4 * DAY) == shanghai("2999-12-27 15:00")
    assert days.looks < 1000


def test_a_thousand_years_are_as_long_as_their_days(rules: Rules):
    fixed = frozenset({(1, 1), (2, 29), (2, 30), (5, 1), (10, 1)})
    days = {**rules.calendar.days, date(2500, 2, 28): False, date(2501, 5, 1): True, date(2502, 10, 1): False}
    calendar = WorkingCalendar(days, rules.calendar.announced, fixed, hours=OFFICE, weekday_hours={5: ((540, 720),), 6: ((600, 660),)})
    worked = [day for n in range((date(3000, 1, 1) - date(2000, 1, 1)).days) if calendar.is_working(day := date(2000, 1, 1) + n * DAY)]
    minutes = [{5: 180, 6: 60}.get(day.isoweekday(), 420) for day in worked]
    first, last = shanghai("2000-01-01 00:00"), shanghai("3000-01-01 00:00")
    assert (calendar.counted("working", last) - calendar.counted("working", first)) * INSTANT == len(worked) * DAY
    assert (calendar.counted("office", last) - calendar.counted("office", first)) * INSTANT == sum(minutes) * MINUTE


def test_threads_that_build_the_same_calendar_at_once_all_count_right():
    starts = [shanghai(f"{year}-03-01 15:00") for year in (2999, 2026, 2500, 2001, 2750, 2100, 2027, 2900)]
    alone = WorkingCalendar(hours=OFFICE)
    expected = [after(alone, "office", start, 10_000) for start in starts]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(starts)) as pool:
            for _ in range(10):
                calendar, barrier = WorkingCalendar(hours=OFFICE), Barrier(len(starts))
                found = pool.map(lambda start, c=calendar, b=barrier: (b.wait(), after(c, "office", start, 10_000))[1], starts)
                assert list(found) == expected
    finally:
        sys.setswitchinterval(before)


def test_what_was_counted_already_makes_no_difference_between_calendars():
    used, fresh = WorkingCalendar(announced=YEAR_2026), WorkingCalendar(announced=YEAR_2026)
    used.add(shanghai("2026-11-23 10:00"), DAY)
    assert used == fresh
    assert repr(used) == repr(fresh)


@pytest.mark.parametrize(
    ("calendar", "start", "minutes", "words"),
    [
        pytest.param(WorkingCalendar(weekday_hours={7: OFFICE}), "2026-11-23 10:00", 1, "办公时间", id="an office that opens on Sundays alone"),
        pytest.param(WorkingCalendar(), "2026-11-23 10:00", 10**9, "检查时限", id="a limit of two thousand years"),
        pytest.param(WorkingCalendar(), "1990-06-01 10:00", 1, "早于 1992 年", id="from before the clock of today"),
        pytest.param(WorkingCalendar(), "4000-06-01 10:00", 1, "晚于 3000 年", id="from after the last year"),
    ],
)
def test_what_cannot_be_counted_is_refused_and_not_guessed(calendar: WorkingCalendar, start: str, minutes: int, words: str):
    with pytest.raises(InvalidInput, match=words):
        after(calendar, "office", shanghai(start), minutes)


def test_a_natural_limit_of_two_thousand_years_is_refused_too():
    with pytest.raises(InvalidInput, match="检查时限"):
        after(WorkingCalendar(), "natural", shanghai("2026-11-23 10:00"), 10**9)


@pytest.mark.parametrize("clock", ["natural", "working", "office"])
def test_a_moment_without_a_zone_is_not_counted(clock: str):
    with pytest.raises(InvalidInput, match="没有时区"):
        WorkingCalendar().counted(clock, datetime(2026, 11, 23, 10))


def test_no_time_at_all_has_passed_where_it_starts_on_a_sunday_too():
    assert WorkingCalendar().add(shanghai("2026-11-22 10:00"), timedelta(0)) == shanghai("2026-11-22 10:00")


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        pytest.param("08:30-12:00;14:00-17:30", ((510, 720), (840, 1050)), id="morning and afternoon"),
        pytest.param(" 8:30 - 12:00 ; ", ((510, 720),), id="blanks, one digit, a last semicolon"),
        pytest.param("０８：３０－１２：００；１４：００～１７：３０", ((510, 720), (840, 1050)), id="full width"),
        pytest.param("8:30至12:00；14:00到17:30", ((510, 720), (840, 1050)), id="in Chinese"),
        pytest.param("14:00-17:30;08:30-12:00", ((510, 720), (840, 1050)), id="the afternoon first"),
        pytest.param("08:00-12:00;12:00-18:00", ((480, 720), (720, 1080)), id="touching"),
        pytest.param("00:00-24:00", ((0, 1440),), id="round the clock"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_office_hours_are_read_as_people_write_them(text: str, spans):
    assert parse_spans(text) == spans


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("早上八点到十二点", "“早上八点到十二点”不是时段，请写成如 08:30-12:00", id="no digits"),
        pytest.param("08:30-12:00,14:00-17:30", "几个时段用分号隔开", id="a comma"),
        pytest.param("08:30", "不是时段", id="no end"),
        pytest.param("08:60-12:00", "不存在的时刻", id="a sixtieth minute"),
        pytest.param("08:30-24:01", "不存在的时刻", id="after midnight"),
        pytest.param("12:00-08:30", "结束不晚于开始", id="backwards"),
        pytest.param("08:30-08:30", "结束不晚于开始", id="empty"),
        pytest.param("22:00-06:00", "跨过零点的请分成两段", id="through the night"),
        pytest.param("08:30-12:00;11:59-17:30", "在 11:59 重叠", id="overlapping"),
        pytest.param("08:30-18:00;12:00-13:00", "在 12:00 重叠", id="one within the other"),
    ],
)
def test_hours_that_make_no_sense_are_refused_and_say_which(text: str, words: str):
    with pytest.raises(ValueError, match=words):
        parse_spans(text)
