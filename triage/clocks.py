"""Limits and clocks: which limit a step has, what stops its clock, when it turns yellow and red."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter

from triage.calendar import MICROSECOND, WorkingCalendar
from triage.moments import MINUTE, floor_minute, in_utc
from triage.terms import Step, Zone
from triage.wording import say

UNITS = {
    "minutes": (timedelta(minutes=1), say("minutes")),
    "hours": (timedelta(hours=1), say("hours")),
    "days": (timedelta(days=1), say("days")),
    "workdays": (timedelta(days=1), say("workdays")),
}
ANY = ("", "*")
NOTHING = timedelta(0)
Stop = tuple[datetime, datetime]


@dataclass(frozen=True)
class Limit:
    """One row of the limits: how long a step may take, counted from an event; empty or `*` = any."""

    id: int
    demand_type: str
    topic: str
    zone: str
    channel: str
    step: Step
    from_event: str
    amount: float
    unit: str
    clock: str
    yellow_at: float
    basis: str
    valid_from_on: date | None = None
    valid_until_on: date | None = None
    is_pausable: bool = False

    @property
    def length(self) -> timedelta:
        """The limit as a length of time on its clock."""
        return self.amount * UNITS[self.unit][0]

    @property
    def text(self) -> str:
        """The limit as people say it: 4 个工作日."""
        return f"{self.amount:g} {UNITS[self.unit][1]}"

    def covers(self, demand_type: str, topic: str | None, zone: str | None, channel: str, day: date) -> bool:
        """Say whether the row speaks of such a ticket on that day."""
        return (
            self.demand_type in (demand_type, *ANY)
            and self.topic in (topic, *ANY)
            and self.zone in (zone, *ANY)
            and self.channel in (channel, *ANY)
            and (self.valid_from_on is None or self.valid_from_on <= day)
            and (self.valid_until_on is None or day < self.valid_until_on)
        )

    @property
    def precision(self) -> tuple[int, bool, bool, bool, bool]:
        """What wins: the most of topic, channel, zone given, ties by that order; then a row of the type itself over one of any type."""
        given = (self.topic not in ANY, self.channel not in ANY, self.zone not in ANY)
        return (sum(given), *given, self.demand_type not in ANY)


@dataclass(frozen=True)
class Deadline:
    """When a step is due, when it turns yellow and red, and whether the calendar of all those days is announced."""

    due_at: datetime
    yellow_at: datetime
    red_at: datetime
    is_confirmed: bool


def choose_limit(
    limits: Iterable[Limit],
    *,
    step: Step,
    demand_type: str,
    topic: str | None,
    zone: str | None,
    channel: str,
    day: date,
) -> Limit | None:
    """Give the row that governs a step, or None where the step has no limit.

    Source of the precedence: the design's "Steps and clocks".
    """
    rows = [row for row in limits if row.step == step and row.covers(demand_type, topic, zone, channel, day)]
    return max(rows, key=lambda row: (row.precision, row.valid_from_on or date.min), default=None)


@dataclass(frozen=True)
class PauseKind:
    """A ground on which clocks may stand still: of which steps, and for how long altogether on one ticket."""

    code: str
    name: str
    steps: frozenset[Step]
    cap: timedelta
    basis: str


@dataclass(frozen=True)
class Pause:
    """A pause of a ticket's clocks as it was kept; `until_at` is the moment to which it was granted."""

    kind: str
    started_at: datetime
    ended_at: datetime | None = None
    until_at: datetime | None = None

    def stop(self, left: timedelta) -> Stop:
        """Give the time that it takes out, at most what is left of its kind's cap: it ends by itself where it was granted to."""
        end = min(self.ended_at, self.until_at) if self.ended_at and self.until_at else self.ended_at or self.until_at
        length = left if end is None else min(left, max(NOTHING, end - self.started_at))
        return self.started_at, self.started_at + length


def stops_of(pauses: Iterable[Pause], kinds: Mapping[str, PauseKind], step: Step) -> tuple[Stop, ...]:
    """Give the stops [from, to) of a step's clock, sorted and joined where they touch.

    The cap of a kind is used up by all its pauses on the ticket in the order of their starts; pauses of one kind do not overlap.

    Raises:
        KeyError: a pause is of no known kind.
    """
    left = {code: kind.cap for code, kind in kinds.items()}
    joined: list[Stop] = []
    for pause in sorted(pauses, key=attrgetter("started_at")):
        start, end = pause.stop(left[pause.kind])
        left[pause.kind] -= end - start
        if start == end or step not in kinds[pause.kind].steps:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def deadline(limit: Limit, start: datetime, calendar: WorkingCalendar, *, stops: Sequence[Stop] = (), extra: timedelta = NOTHING) -> Deadline:
    """Compute a step's deadline from the moment at which its clock started (UTC).

    What lies in a stop does not count, if the limit is pausable; `extra` is what an extension (延期) added to the limit, on the
    same clock, and moves yellow too. A deadline met to the minute is met: red begins with the minute after it.

    Raises:
        InvalidInput: a moment has no zone, or the clock cannot tell; see `WorkingCalendar.counted` and `reach`.
    """
    length = limit.length + extra
    begun = calendar.counted(limit.clock, start)
    counts = begun + length // MICROSECOND, begun + length * limit.yellow_at // MICROSECOND
    due, yellow = _put_off(limit.clock, calendar, begun, counts, stops if limit.is_pausable else ())
    first = in_utc(start)  # what needs no time at all is due at once, though the clock reached this count before
    due_at, yellow_at = max(first, calendar.reach(limit.clock, due)), max(first, calendar.reach(limit.clock, yellow))
    is_confirmed = limit.clock == "natural" or calendar.is_confirmed(first, due_at)
    return Deadline(due_at, yellow_at, floor_minute(due_at) + MINUTE, is_confirmed)


def _put_off(clock: str, calendar: WorkingCalendar, begun: int, counts: tuple[int, int], stops: Sequence[Stop]) -> tuple[int, int]:
    """Move due and yellow, as counts of the clock, by what the clock would have counted in the stops that begin before they are reached."""
    due, yellow = counts
    seen = begun  # stops may overlap each other or lie before the start: no time is taken out twice
    for stopped_at, resumed_at in sorted(stops):
        stopped = max(seen, calendar.counted(clock, stopped_at))
        if stopped >= due:
            break
        seen = max(stopped, calendar.counted(clock, resumed_at))
        due += seen - stopped
        if stopped < yellow:
            yellow += seen - stopped
    return due, yellow


def used(limit: Limit, start: datetime, end: datetime, calendar: WorkingCalendar, *, stops: Sequence[Stop] = ()) -> timedelta:
    """Give how much of its time a step has used: what its clock counted from start to end, without what lies in a stop, if the limit is pausable.

    It is the same counting as that of `deadline`: less than the time allowed is used exactly before the deadline, more only after it. Where the clock
    stands still on the deadline (24:00 before a holiday), all of the time is used, and no more, until it goes on.

    Raises:
        InvalidInput: a moment has no zone, or the clock cannot tell; see `WorkingCalendar.counted`.
    """
    begun, ended = calendar.counted(limit.clock, start), calendar.counted(limit.clock, end)
    seen, stood = begun, 0
    for stopped_at, resumed_at in sorted(stops) if limit.is_pausable else ():
        stopped = min(ended, max(seen, calendar.counted(limit.clock, stopped_at)))
        seen = min(ended, max(stopped, calendar.counted(limit.clock, resumed_at)))
        stood += seen - stopped
    return max(NOTHING, (ended - begun - stood) * MICROSECOND)


def zone(yellow_at: datetime | None, red_at: datetime | None, at: datetime) -> Zone:
    """Say how a clock stands at one moment; computed whenever it is asked, never stored."""
    if red_at is not None and at >= red_at:
        return Zone.RED
    if yellow_at is not None and at >= yellow_at:
        return Zone.YELLOW
    return Zone.GREEN
