"""A change of the limits from a date on, and what it would do to the open tickets before it is kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from triage.clocks import Deadline, Limit, Pause, choose_limit, zone
from triage.errors import InvalidInput, Problem
from triage.moments import in_shanghai
from triage.rules import Rules
from triage.store.reference import BOOKKEEPING, Change
from triage.terms import Channel, Locality, Step, Watch, Zone
from triage.tickets import UNKNOWN_TYPE, Demand, counts_from, due
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

Row = Mapping[Any, Any]
TABLE = "time_limits"
VERSIONED = ("amount", "unit", "clock", "yellow_fraction", "is_pausable")
SCOPE = ("demand_type", "topic", "zone", "channel", "step", "from_event")
ANY = ("", "*")


def revise(rows: Sequence[Row], row: Row, changes: Mapping[str, Any], from_on: date) -> Change:
    """Give the change that lets a limit be another one from a date on: the row ends there, and a new one begins.

    A step's limit is chosen by the day on which its clock started, so that clocks of before that date keep the old row.
    Where the row itself begins on that date, it is changed in place; so are its basis, its source and its last day.

    Raises:
        InvalidInput: the date is outside of the row's own time, what the row is for would change, or two rows would hold at once.
    """
    problems = [
        Problem(name, say("The scope cannot be changed; add a new row, and give this row an expiry date")) for name in SCOPE if name in changes
    ]
    key, begins, ends = {"id": row["id"]}, row["valid_from_on"], row["valid_until_on"]
    if not any(name in changes for name in VERSIONED):
        change = Change(TABLE, updates=((key, changes),) if changes else ())
    elif begins == from_on:
        change = Change(TABLE, updates=((key, changes),))
    else:
        if begins and from_on < begins:
            problems.append(
                Problem("valid_from_on", say("This row takes effect only from {begins}; for earlier days edit the row before it", begins=begins))
            )
        if ends and from_on >= ends:
            problems.append(Problem("valid_from_on", say("This row ends at {ends}; for later days edit the row after it", ends=ends)))
        kept = {name: value for name, value in row.items() if name not in ("id", *BOOKKEEPING)}
        change = Change(TABLE, updates=((key, {"valid_until_on": from_on}),), adds=({**kept, **changes, "valid_from_on": from_on},))
    problems = problems or list(overlaps(change.applied(rows)))
    if problems:
        raise InvalidInput(*problems)
    return change


def overlaps(rows: Iterable[Row]) -> Iterator[Problem]:
    """Say where two rows for the same step of the same tickets hold on the same day: nobody could tell which one governs."""
    scopes: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        scopes.setdefault(_scope(row), []).append(row)
    for versions in scopes.values():
        for one, later in pairwise(sorted(versions, key=_begins)):
            if one["valid_until_on"] is None or one["valid_until_on"] > _begins(later):
                since = say("from {date}", date=later["valid_from_on"]) if later["valid_from_on"] else ""
                yield Problem(
                    "valid_from_on",
                    say(
                        "Another row already sets a limit {since} for the same scope and step; edit that row, or give it an expiry date first",
                        since=since,
                    ),
                )


def _scope(row: Row) -> tuple[str, ...]:
    names = ("demand_type", "topic", "zone", "channel", "step")
    return tuple("" if row[name] in ANY else row[name] for name in names)


def _begins(row: Row) -> date:
    return row["valid_from_on"] or date.min


def withdraw(rows: Sequence[Row], row: Row) -> Change:
    """Give the change that takes a limit out: the row that ended where this one began runs on in its place."""
    key, begins = {"id": row["id"]}, row["valid_from_on"]
    before = [one for one in rows if begins and one["valid_until_on"] == begins and _scope(one) == _scope(row)]
    updates = tuple(({"id": one["id"]}, {"valid_until_on": row["valid_until_on"]}) for one in before)
    return Change(TABLE, updates=updates, removes=(key,))


@dataclass(frozen=True)
class Turn:
    """A clock of an open ticket that would stand worse: when it is due now (None: it would only start) and when it would be due."""

    number: str
    step: Step
    watch: Watch
    was_due_at: datetime | None
    due_at: datetime


@dataclass(frozen=True)
class Preview:
    """What a change would do at this moment: the clocks that would turn red or yellow, the first due first, and how many tickets would move."""

    turning_red: tuple[Turn, ...]
    turning_yellow: tuple[Turn, ...]
    moved: int


def preview(store: "Store", rules: Rules, now: datetime) -> Preview:
    """Compute the clocks of all open tickets under rules that are not kept yet (`store.rules(instead)`), without changing anything."""
    reckoning = _Reckoning(rules)
    pauses: dict[str, list[Pause]] = {}
    for row in store.open_pauses():
        pauses.setdefault(row["ticket_number"], []).append(Pause(row["kind"], row["started_at"], row["ended_at"], row["until_at"]))
    moved, turns = 0, list[tuple[Zone, Turn]]()
    for number, group in groupby(store.open_clocks(), key=lambda row: str(row["ticket_number"])):
        shifts = list(reckoning.shifts(list(group), tuple(pauses.get(number, ()))))
        moved += bool(shifts)
        turns += [(zone_after, turn) for shift in shifts if (turn := shift.turn(number)) and (zone_after := shift.worse(now))]
    worse = sorted(turns, key=lambda one: (one[1].due_at, one[1].number))
    red, yellow = (tuple(turn for zone_after, turn in worse if zone_after is wanted) for wanted in (Zone.RED, Zone.YELLOW))
    return Preview(red, yellow, moved)


@dataclass(frozen=True)
class _Shift:
    """A clock that would change: its row (none: it would start) and its new deadline (none: it would not be owed any more)."""

    step: Step
    watch: Watch
    was: Row | None
    deadline: Deadline | None

    def turn(self, number: str) -> Turn | None:
        """The clock as a page lists it."""
        was = self.was["due_at"] if self.was else None
        return Turn(number, self.step, self.watch, was, self.deadline.due_at) if self.deadline else None

    def worse(self, now: datetime) -> Zone | None:
        """The zone that it would turn to, if that is a worse one."""
        if self.deadline is None:
            return None
        after = zone(self.deadline.yellow_at, self.deadline.red_at, now)
        before = zone(self.was["yellow_at"], self.was["red_at"], now) if self.was else Zone.GREEN
        order = list(Zone)
        return after if order.index(after) > order.index(before) else None


class _Reckoning:
    """Deadlines under some rules; a limit that was looked up once is kept, because few kinds of tickets make up all of them."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._by_step = {step: tuple(limit for limit in rules.limits if limit.step is step) for step in Step}
        self._known: dict[tuple[Any, ...], Limit | None] = {}

    def shifts(self, rows: Sequence[Row], pauses: tuple[Pause, ...]) -> Iterator[_Shift]:
        """Give the clocks of a ticket that would change: the same as `Clockwork.recompute` would move, void and start."""
        demand = _demand(rows[0], pauses)
        for row in rows:
            if row["ended_at"] is None and row["voided_at"] is None:
                after = self._deadline(row, demand)
                if after is None or (after.due_at, after.yellow_at, after.is_confirmed) != (row["due_at"], row["yellow_at"], row["is_confirmed"]):
                    yield _Shift(Step(row["step"]), Watch(row["watch"]), row, after)
        yield from self._missing(rows, demand)

    def _deadline(self, row: Row, demand: Demand) -> Deadline | None:
        limit = self._limit(Step(row["step"]), demand, row["started_at"])
        if limit is None or (row["watch"] == Watch.CUSTOMER and not counts_from(limit, row["from_event"])):
            return None
        return self._due(limit, row["started_at"], demand, row["step_unit"] or demand.unit_code, timedelta(seconds=row["extra_seconds"]))

    def _missing(self, rows: Sequence[Row], demand: Demand) -> Iterator[_Shift]:
        """Give the customer's clocks that the limits would ask for since an event, and that were not started then."""
        of_customer = [row for row in rows if row["watch"] == Watch.CUSTOMER]
        for event, at in dict.fromkeys((row["from_event"], row["started_at"]) for row in of_customer):
            there = {row["step"] for row in of_customer if (row["from_event"], row["started_at"]) == (event, at)}
            for step in Step:
                limit = None if step in there or step is Step.CO_HANDLE else self._limit(step, demand, at)
                if limit and counts_from(limit, event):
                    yield _Shift(step, Watch.CUSTOMER, None, self._due(limit, at, demand, demand.unit_code, timedelta(0)))

    def _limit(self, step: Step, demand: Demand, at: datetime) -> Limit | None:
        day = in_shanghai(at).date()
        key = (step, demand.demand_type, demand.topic, demand.locality, demand.channel, day)
        if key not in self._known:
            kind, topic, locality, channel = demand.demand_type, demand.topic, demand.locality, demand.channel
            self._known[key] = choose_limit(self._by_step[step], step=step, demand_type=kind, topic=topic, zone=locality, channel=channel, day=day)
        return self._known[key]

    def _due(self, limit: Limit, at: datetime, demand: Demand, unit: str | None, extra: timedelta) -> Deadline:
        at_unit = Demand(demand.demand_type, demand.topic, demand.locality, demand.channel, unit, demand.pauses)
        return due(limit, at, at_unit, self._rules, extra)


def _demand(row: Row, pauses: tuple[Pause, ...]) -> Demand:
    return Demand(
        row["demand_type"] or UNKNOWN_TYPE,
        row["topic"],
        Locality(row["locality"]) if row["locality"] else None,
        Channel(row["channel"]),
        row["team_unit"] or row["unit_code"],
        pauses,
    )
