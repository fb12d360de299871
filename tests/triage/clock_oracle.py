"""A second reckoning of deadlines that walks minute by minute: slow, plain, and sharing nothing with the product, so that both can be compared.

A moment is a whole number of seconds since 2000-01-01 00:00 Shanghai time (no zones, no holiday library); a day is a number too, 2000-01-01 being 0.
"""

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import ceil
from pathlib import Path

EPOCH = date(2000, 1, 1).toordinal()  # a Saturday
MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
DAY_MINUTES = 1440
SECONDS = {"minutes": MINUTE, "hours": HOUR, "days": DAY, "workdays": DAY}  # a workday is 24 hours of the limit's clock
ANY = ("", "*")
Span = tuple[int, int]


def day_of(text: str) -> int:
    """The number of a day written as 2026-02-14."""
    return date.fromisoformat(text).toordinal() - EPOCH


def at(text: str) -> int:
    """The moment written as "2026-02-14 15:00", with seconds if need be; 24:00 is the end of the day."""
    day, clock = text.split()
    hours, minutes, seconds = (*map(int, clock.split(":")), 0)[:3]
    return day_of(day) * DAY + hours * HOUR + minutes * MINUTE + seconds


def written(moment: int) -> str:
    """The moment as `at` reads it."""
    day, second = divmod(moment, DAY)
    return f"{date.fromordinal(EPOCH + day)} {second // HOUR:02}:{second % HOUR // MINUTE:02}:{second % MINUTE:02}"


@dataclass(frozen=True)
class Year:
    """A working calendar from day `first` until before day `last`; a walk that leaves it fails, so that nothing is guessed.

    `exceptions` and `unit` say of a day whether it is worked; the unit's own days win. `fixed` are (month, day) off in years not in `announced`.
    `spans` are the office hours in minutes from midnight; those of an ISO weekday replace them on that weekday.
    """

    first: int
    last: int
    exceptions: Mapping[int, bool] = field(default_factory=dict)
    unit: Mapping[int, bool] = field(default_factory=dict)
    announced: Collection[int] = ()
    fixed: Collection[tuple[int, int]] = ()
    spans: Sequence[Span] = ()
    weekday_spans: Mapping[int, Sequence[Span]] = field(default_factory=dict)

    def is_worked(self, day: int) -> bool:
        """Whether a day is worked: the unit's word, else the State Council's, else a fixed holiday, else the weekday."""
        for said in (self.unit, self.exceptions):
            if day in said:
                return said[day]
        on = date.fromordinal(EPOCH + day)
        if on.year not in self.announced and (on.month, on.day) in self.fixed:
            return False
        return weekday(day) <= 5

    def office_day(self, number: int) -> bytes:
        """The minutes of a worked day that are office hours, for an ISO weekday; a unit that narrowed nothing has all of them."""
        if not self.spans and not any(self.weekday_spans.values()):
            return b"\1" * DAY_MINUTES
        spans = self.weekday_spans.get(number, self.spans)
        return bytes(any(start <= minute < end for start, end in spans) for minute in range(DAY_MINUTES))

    @cached_property
    def minutes(self) -> dict[str, bytes]:
        """For each clock, one byte a minute from `first` on: whether the clock counts it."""
        office = {number: self.office_day(number) for number in range(1, 8)}
        closed, whole = b"\0" * DAY_MINUTES, b"\1" * DAY_MINUTES
        days = [(weekday(day), self.is_worked(day)) for day in range(self.first, self.last)]
        return {
            "natural": whole * len(days),
            "working": b"".join(whole if worked else closed for _, worked in days),
            "office": b"".join(office[number] if worked else closed for number, worked in days),
        }


def weekday(day: int) -> int:
    """The ISO weekday of a day, Monday 1 to Sunday 7."""
    return (day + 5) % 7 + 1


def moments(year: Year, clock: str, start: int, needs: Sequence[Fraction], stops: Sequence[Span] = ()) -> list[Fraction]:
    """The first moments from `start` at which each of `needs` (seconds, ascending) has been counted outside the stops.

    It walks whole minutes; a minute that holds the start, the edge of a stop or the end of a need is walked second by second.
    Raises IndexError where the calendar does not reach so far.
    """
    edges = {moment // MINUTE for stop in stops for moment in stop} | {start // MINUTE}
    left = [need for need in needs if need > 0]
    found, have, whole = [Fraction(start)] * (len(needs) - len(left)), 0, last_whole_minute(left)
    for minute, is_counted in enumerate(running(year, clock, start // MINUTE, stops), start // MINUTE):
        if not is_counted:
            continue
        if have < whole and minute not in edges:
            have += MINUTE
            continue
        for second in range(max(start, minute * MINUTE), (minute + 1) * MINUTE):
            if any(begin <= second < end for begin, end in stops):
                continue
            while left and left[0] <= have + 1:
                found.append(second + left.pop(0) - have)
            have += 1
        whole = last_whole_minute(left)
        if not left:
            return found
    raise IndexError(f"{clock} from {written(start)}: the calendar ends before")


def last_whole_minute(left: Sequence[Fraction]) -> int:
    """The count from which a whole minute more could reach the next need."""
    return ceil(left[0]) - MINUTE if left else 0


def running(year: Year, clock: str, minute: int, stops: Sequence[Span]) -> bytearray:
    """From a minute on, one byte a minute: whether the clock runs; a minute that a stop cuts is left to the seconds."""
    first = year.first * DAY_MINUTES
    if minute < first:
        raise IndexError("before the calendar")
    line = bytearray(memoryview(year.minutes[clock])[minute - first :])
    for begin, end in stops:
        first, last = max(ceil(begin / MINUTE) - minute, 0), min(end // MINUTE - minute, len(line))
        if first < last:
            line[first:last] = bytes(last - first)
    return line


@dataclass(frozen=True)
class Due:
    """What is compared; `yellow` may lie between two seconds."""

    due: int
    yellow: Fraction
    red: int
    is_confirmed: bool


def due(
    year: Year, start: int, length: int, *, clock: str, fraction: Fraction, stops: Sequence[Span] = (), extra: int = 0, is_pausable: bool = True
) -> Due:
    """The deadline of a step: `length` and `extra` in seconds of the clock; a limit that cannot be paused is not stopped."""
    stops = [stop for stop in stops if stop[0] < stop[1]] if is_pausable else []
    whole = Fraction(length + extra)
    yellow, last = moments(year, clock, start, (whole * fraction, whole), stops)
    end = int(last)
    return Due(end, yellow, end - end % MINUTE + MINUTE, clock == "natural" or is_confirmed(year, start, end))


def is_confirmed(year: Year, start: int, end: int) -> bool:
    """Whether every day that the time from start to end touches is in an announced year; 24:00 belongs to the day before."""
    days = range(start // DAY, max(start, end - 1) // DAY + 1)
    return all(date.fromordinal(EPOCH + day).year in year.announced for day in days)


@dataclass(frozen=True)
class Rest:
    """A pause of a ticket: from `started` to `ended`, or to `until` where nobody ended it or too late; without both it is open."""

    kind: str
    started: int
    ended: int | None = None
    until: int | None = None

    @property
    def end(self) -> int | None:
        """Where the pause itself ends, before any cap; None where it does not."""
        given = [moment for moment in (self.ended, self.until) if moment is not None]
        return min(given) if given else None


@dataclass(frozen=True)
class Kind:
    """A kind of pause: the steps whose clocks it stops, and the most seconds that all pauses of the kind take on a ticket."""

    steps: Collection[str]
    cap: int


def stops_of(rests: Iterable[Rest], kinds: Mapping[str, Kind], step: str) -> list[Span]:
    """The stops of a step's clock, kind by kind, each kind cut at its cap in the order of the starts; they may overlap."""
    stops = []
    for code, kind in kinds.items():
        left = kind.cap if step in kind.steps else 0
        for rest in sorted((rest for rest in rests if rest.kind == code), key=lambda rest: rest.started):
            end = rest.started + left if rest.end is None else min(rest.end, rest.started + left)
            left -= end - rest.started
            stops.append((rest.started, end))
    return [(begin, end) for begin, end in stops if begin < end]


@dataclass(frozen=True)
class Row:
    """A row of the limits as the file gives it; an empty text or a star means any, a day that is not given is open."""

    demand_type: str
    topic: str
    zone: str
    channel: str
    step: str
    from_event: str
    limit: Fraction
    unit: str
    clock: str
    yellow: Fraction
    is_pausable: bool
    valid_from: int | None = None
    valid_until: int | None = None

    @property
    def length(self) -> int:
        """The limit in seconds; ValueError where it is not a whole number of them."""
        length = self.limit * SECONDS[self.unit]
        if length.denominator != 1:
            raise ValueError(f"not a whole number of seconds: {self}")
        return int(length)

    def fits(self, wanted: Mapping[str, str], day: int) -> bool:
        """Whether the row speaks of this demand on this day: from its first day on, and no more on the day that ends it (失效日)."""
        if any(getattr(self, name) not in (*ANY, wanted[name]) for name in ("step", "demand_type", "topic", "channel", "zone")):
            return False
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or day < self.valid_until)

    def rank(self) -> tuple[int, bool, bool, bool, bool, int]:
        """How strongly it governs: most given, then topic, channel, zone, then a named demand type, then the later first day."""
        given = (self.topic not in ANY, self.channel not in ANY, self.zone not in ANY)
        return (sum(given), *given, self.demand_type not in ANY, -EPOCH if self.valid_from is None else self.valid_from)


def read_rows(path: Path) -> list[Row]:
    """The rows of data/time_limits.csv."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row_of(line) for line in csv.DictReader(file)]


def row_of(line: Mapping[str, str]) -> Row:
    """One line of the file; the days of validity may be missing."""
    first, last = (day_of(line[name]) if line.get(name) else None for name in ("valid_from_on", "valid_until_on"))
    is_pausable, yellow = line["pausable"] == "1", Fraction(line["yellow_at"])
    demand = (line["demand_type"], line["topic"], line["zone"], line["channel"])
    return Row(*demand, line["step"], line["from_event"], Fraction(line["limit"]), line["unit"], line["clock"], yellow, is_pausable, first, last)


def governing(rows: Iterable[Row], wanted: Mapping[str, str], start: int) -> Row | None:
    """The row that governs a step which starts at a moment: the strongest of those in force on its day; None where there is no limit.

    `wanted` gives step, demand_type, topic, channel, zone; an empty text is a thing not known.
    """
    return max((row for row in rows if row.fits(wanted, start // DAY)), key=Row.rank, default=None)
