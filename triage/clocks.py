"""Limits and clocks: which limit a step has, when it turns yellow and red."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from triage.calendar import WorkingCalendar
from triage.moments import MINUTE, floor_minute
from triage.terms import Step, Zone

UNITS = {
    "minutes": (timedelta(minutes=1), "分钟"),
    "hours": (timedelta(hours=1), "小时"),
    "days": (timedelta(days=1), "天"),
    "workdays": (timedelta(days=1), "个工作日"),
}
ANY = ("", "*")


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


def deadline(limit: Limit, start: datetime, calendar: WorkingCalendar) -> Deadline:
    """Compute a step's deadline from the moment at which its clock started (UTC).

    A deadline met to the minute is met: red begins with the minute after it.
    """
    if limit.clock == "natural":
        due, yellow = start + limit.length, start + limit.length * limit.yellow_at
        confirmed = True
    else:
        due = calendar.add(start, limit.length)
        yellow = calendar.add(start, limit.length * limit.yellow_at)
        confirmed = calendar.is_confirmed(start, due)
    return Deadline(due, yellow, floor_minute(due) + MINUTE, confirmed)


def zone(yellow_at: datetime | None, red_at: datetime | None, at: datetime) -> Zone:
    """Say how a clock stands at one moment; computed whenever it is asked, never stored."""
    if red_at is not None and at >= red_at:
        return Zone.RED
    if yellow_at is not None and at >= yellow_at:
        return Zone.YELLOW
    return Zone.GREEN
