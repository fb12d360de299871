"""China's working dates, make-up days (调休) included, the hours of an office, and time counted on them."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from triage.errors import InvalidInput, Problem
from triage.moments import in_utc
from triage.wording import say

Spans = tuple[tuple[int, int], ...]

CLOCKS = {"natural": say("Calendar time"), "working": say("Working days"), "office": say("Office time")}
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
MINUTE = 60_000_000  # microseconds, in which everything is counted
SATURDAY = 5
MINUTES_A_DAY = 1440
WHOLE_DAY: Spans = ((0, MINUTES_A_DAY),)
# Since 1992 Shanghai's clock is UTC+8 without summer time, so that a day is 24 hours; the first Monday of that time.
SHANGHAI = timedelta(hours=8)
FIRST = date(1991, 12, 30)
ORIGIN = datetime(1991, 12, 30, tzinfo=UTC) - SHANGHAI
BLOCK = 364  # days, 52 whole weeks: every weekday as often as the next
BLOCKS = 1_030  # to the year 3018
END = BLOCKS * BLOCK * DAY // MICROSECOND
SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*[-~–—至到]\s*([0-9]{1,2}):([0-9]{2})")


@dataclass(frozen=True)
class WorkingCalendar:
    """Which dates are worked, and at which hours.

    `days` holds the announced exceptions (holidays and make-up days) of the `announced` years; `fixed` holds (month, day) of
    the holidays that fall on the same date every year, which is all that is known of a year before the State Council announces it.
    `hours` are the office's spans of any working date in minutes from midnight, sorted and apart; `weekday_hours` replace them on
    an ISO weekday (1–7).
    """

    days: Mapping[date, bool] = field(default_factory=dict)
    announced: frozenset[int] = frozenset()
    fixed: frozenset[tuple[int, int]] = frozenset()
    hours: Spans = ()
    weekday_hours: Mapping[int, Spans] = field(default_factory=dict)
    _tallies: "dict[str, _Tally]" = field(default_factory=dict, init=False, repr=False, compare=False)

    def with_unit(self, days: Mapping[date, bool], hours: Spans = (), weekday_hours: Mapping[int, Spans] | None = None) -> "WorkingCalendar":
        """Give a unit's own calendar: its days win over all others, and what it does not say is as here.

        Hours of its own for any working date replace all hours; without them, lists for weekdays replace those weekdays alone.
        """
        own = dict(weekday_hours or {})
        inherited = {} if hours else self.weekday_hours
        return replace(self, days={**self.days, **days}, hours=hours or self.hours, weekday_hours={**inherited, **own})

    def is_working(self, day: date) -> bool:
        """Say whether a date is worked; in a year not yet announced by weekday and fixed holidays."""
        if day in self.days:
            return self.days[day]
        if day.year not in self.announced and (day.month, day.day) in self.fixed:
            return False
        return day.weekday() < SATURDAY

    def is_confirmed(self, start: datetime, end: datetime) -> bool:
        """Say whether every date from start to the end (a span's very end, 24:00, belongs to the day before) is of an announced year."""
        first = in_utc(start) + SHANGHAI
        last = max(first, in_utc(end) + SHANGHAI - MICROSECOND)
        return self.announced.issuperset(range(first.year, last.year + 1))

    def spans(self, clock: str, weekday: int) -> Spans:
        """Give the minutes at which a clock runs on a working date of an ISO weekday; without office hours the office's clock is the working one."""
        if clock == "office" and (self.hours or any(self.weekday_hours.values())):
            return self.weekday_hours.get(weekday, self.hours)
        return WHOLE_DAY

    def add(self, start: datetime, working: timedelta) -> datetime:
        """Give the moment at which `working` time has passed since `start`.

        The clock runs through all 24 hours of working dates and stands still on others:
        4 days from 15:00 on a working date end at 15:00 on the fourth working date after it; from a Sunday, at 24:00 of the fourth working date
        (`domain/README.md` of the trade's tables: how a working clock counts).
        """
        return max(in_utc(start), self.reach("working", self.counted("working", start) + working // MICROSECOND))

    def counted(self, clock: str, moment: datetime) -> int:
        """Give the microseconds that a clock has counted from a fixed origin to a moment.

        Raises:
            InvalidInput: the moment has no zone; or it is before 1992 or after 3000, where only the natural clock counts.
        """
        passed = (moment if moment.tzinfo else in_utc(moment)) - ORIGIN
        if clock == "natural":
            return passed // MICROSECOND
        return self._tally(clock).counted(passed.days, passed.seconds * 1_000_000 + passed.microseconds)

    def reach(self, clock: str, count: int) -> datetime:
        """Give the first moment (UTC) at which a clock has counted so many microseconds from the same origin.

        Raises:
            InvalidInput: it has not counted so many before the year 3000: the limit is too long, or the office is never open.
        """
        if count > END:
            raise _never()
        return ORIGIN + MICROSECOND * (count if clock == "natural" else self._tally(clock).reach(count))

    def _tally(self, clock: str) -> "_Tally":
        return self._tallies.get(clock) or self._tallies.setdefault(clock, _Tally(self, clock))


class _Tally:
    """What one clock of a calendar has counted since the origin: added up block by block, within the blocks that are asked for day by day.

    Lists are put in the place of shorter ones, never changed: threads that build the same at once do each other no harm.
    """

    def __init__(self, calendar: WorkingCalendar, clock: str) -> None:
        own = [calendar.spans(clock, n + 1) for n in range(7)]
        self._calendar = calendar
        self._spans: list[Spans] = [tuple((start * MINUTE, end * MINUTE) for start, end in spans) for spans in own]
        self._worth = [sum(end - start for start, end in spans) for spans in self._spans]
        self._listed = sorted(calendar.days)
        self._bases = [0]
        self._blocks: dict[int, tuple[list[int], list[Spans]]] = {}

    def counted(self, day: int, offset: int) -> int:
        """Count to so many microseconds after the start of a day."""
        block, n = divmod(day, BLOCK)
        starts, spans = self._blocks.get(block) or self._build(block)
        count = starts[n]
        for start, end in spans[n]:
            if offset <= start:
                break
            count += min(offset, end) - start
        return count

    def reach(self, count: int) -> int:
        """Give the microseconds since the origin after which so many are counted."""
        if count <= 0:
            return 0
        bases = self._bases
        if bases[-1] < count:
            bases = self._grow(0, count)
        block = bisect_left(bases, count) - 1
        starts, spans = self._blocks.get(block) or self._build(block)
        n = bisect_left(starts, count) - 1
        left = count - starts[n]
        for start, end in spans[n]:
            if left <= end - start:
                break
            left -= end - start
        return (block * BLOCK + n) * MINUTES_A_DAY * MINUTE + start + left

    def _build(self, block: int) -> tuple[list[int], list[Spans]]:
        """Count the days of a block: what is counted before each, and its spans in microseconds."""
        if not 0 <= block < BLOCKS:
            raise InvalidInput(Problem("moment", say("The time is before 1992 or after 3000, so working time cannot be computed; check the date")))
        starts, spans = [self._grow(block, 0)[block]], []
        for n in range(BLOCK):
            is_working = self._calendar.is_working(FIRST + (block * BLOCK + n) * DAY)
            spans.append(self._spans[n % 7] if is_working else ())
            starts.append(starts[-1] + self._worth[n % 7] * is_working)
        return self._blocks.setdefault(block, (starts, spans))

    def _grow(self, block: int, count: int) -> list[int]:
        """Give what is counted before each block, as far as this block and this count."""
        bases = list(self._bases)
        while len(bases) <= block or bases[-1] < count:
            if len(bases) > BLOCKS:
                raise _never()
            bases.append(bases[-1] + self._total(len(bases) - 1))
        self._bases = bases
        return bases

    def _total(self, block: int) -> int:
        """Count a block without walking its days: 52 common weeks, and the days that are worked or free against their weekday."""
        days = set(self._uncommon(FIRST + block * BLOCK * DAY))
        changes = ((self._calendar.is_working(day) - (day.weekday() < SATURDAY)) * self._worth[day.weekday()] for day in days)
        return BLOCK // 7 * sum(self._worth[:SATURDAY]) + sum(changes)

    def _uncommon(self, first: date) -> Iterator[date]:
        last = first + (BLOCK - 1) * DAY
        yield from self._listed[bisect_left(self._listed, first) : bisect_right(self._listed, last)]
        for year in range(first.year, last.year + 1):
            for month, number in self._calendar.fixed:
                with suppress(ValueError):  # 29 February is not in every year
                    if first <= (day := date(year, month, number)) <= last:
                        yield day


def _never() -> InvalidInput:
    return InvalidInput(
        Problem(
            "limit",
            say("The limit would not fall due before the year 3000; check its amount, and whether the unit's office hours are open on working days"),
        )
    )


def parse_spans(text: str) -> Spans:
    """Read office hours as people write them, `08:30-12:00;14:00-17:30`, into sorted minutes from midnight; nothing is no hours.

    Raises:
        ValueError: a part is no span, ends before it starts, or overlaps another; says in Chinese which and how to mend it.
    """
    parts = [part.strip() for part in unicodedata.normalize("NFKC", text).split(";")]
    spans = sorted(_span(part) for part in parts if part)
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise ValueError(say("Two spans overlap at {hour:02}:{minute:02}; change them so that none overlap", hour=start // 60, minute=start % 60))
    return tuple(spans)


def _span(part: str) -> tuple[int, int]:
    found = SPAN.fullmatch(part)
    if not found:
        raise ValueError(say("“{part}” is not a span of time; write it like 08:30-12:00, several separated by semicolons", part=part))
    start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if max(start_minute, end_minute) > 59 or max(start, end) > MINUTES_A_DAY:
        raise ValueError(say("“{part}” has a time of day that does not exist; write times from 00:00 to 24:00", part=part))
    if start >= end:
        raise ValueError(say("“{part}” does not end after it starts; split a span over midnight in two, like 22:00-24:00;00:00-06:00", part=part))
    return start, end
