"""Known outages (已知停电): what is registered, where and when it holds, who is told beforehand, and who may register it."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from triage.errors import Forbidden
from triage.people import User
from triage.terms import Role, Term
from triage.wording import say

NUMBER_DIGITS = 12
LONGEST = timedelta(days=366)
MOST_AREAS = 500
SHORTEST_KEYWORD, LONGEST_KEYWORD = 2, 30
FIELDS = {
    "number": say("Outage number"),
    "kind": say("Outage type"),
    "unit_code": say("Supply unit"),
    "starts_at": say("Outage start"),
    "ends_at": say("Expected restoration"),
    "transformer_areas": say("Transformer areas without power"),
    "keywords": say("Address keywords"),
    "reason": say("Outage reason"),
    "notice": say("Notice text"),
    "restored_at": say("Actual restoration"),
}
LONGEST_TEXT = {"reason": 500, "notice": 4000}
REGISTERING = ("grid_control", "repair", "operations")


class OutageKind(Term):
    """Why the supply is off."""

    PLANNED = "planned"
    TEMPORARY = "temporary"
    FAULT = "fault"


class OutageState(Term):
    """How an outage stands. Only what people did is kept; that one is going on follows from the moment (`Outage.state_at`)."""

    REGISTERED = "registered"
    ANNOUNCED = "announced"
    ACTIVE = "active"
    RESTORED = "restored"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        """Whether nothing is left to do."""
        return self in (OutageState.RESTORED, OutageState.CANCELLED)


class AreaKind(Term):
    """What an outage's area is named by."""

    TRANSFORMER_AREA = "transformer_area"
    KEYWORD = "keyword"


class Taken(Term):
    """What became of a row that was sent: sending it twice changes nothing."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"


NOTICE_AHEAD = {OutageKind.PLANNED: timedelta(days=7), OutageKind.TEMPORARY: timedelta(hours=24)}


@dataclass(frozen=True, order=True)
class Area:
    """A transformer area, or words that stand in the addresses of those who are without supply; its value is `normal`."""

    kind: AreaKind
    value: str


@dataclass(frozen=True)
class Draft:
    """An outage as somebody sends it; `restored_at` where it is over already."""

    number: str
    kind: OutageKind
    unit_code: str
    reason: str
    notice: str
    starts_at: datetime
    ends_at: datetime
    areas: tuple[Area, ...]
    restored_at: datetime | None = None


@dataclass(frozen=True)
class Outage:
    """An outage as it is kept."""

    number: str
    kind: OutageKind
    state: OutageState
    unit_code: str
    reason: str
    notice: str
    starts_at: datetime
    ends_at: datetime
    areas: tuple[Area, ...]
    made_by: str
    made_at: datetime
    version: int
    announced_at: datetime | None = None
    restored_at: datetime | None = None
    cancelled_at: datetime | None = None

    def state_at(self, now: datetime) -> OutageState:
        """Say how it stands at a moment: one that has begun and is not over is going on."""
        return OutageState.ACTIVE if not self.state.is_end and self.starts_at <= now else self.state

    def is_overdue(self, now: datetime) -> bool:
        """Whether the supply should be back and nobody said that it is."""
        return not self.state.is_end and self.ends_at < now

    def values_of(self, kind: AreaKind) -> tuple[str, ...]:
        """Give the transformer areas, or the keywords."""
        return tuple(area.value for area in self.areas if area.kind is kind)


@dataclass(frozen=True)
class KnownOutage:
    """An outage that explains a call: its facts, and by what the caller's place matched (`matched`, e.g. 台区 滨河03台区)."""

    number: str
    kind: OutageKind
    state: OutageState
    reason: str
    notice: str
    starts_at: datetime
    ends_at: datetime
    matched: Area


@dataclass(frozen=True)
class OutageContext:
    """What is known at intake: the outages that hold there now, and how many the transformer area had of late (频繁停电)."""

    known: tuple[KnownOutage, ...]
    recent_count: int
    transformer_area: str


@dataclass(frozen=True)
class OutageRules:
    """The scalars that outages are judged by; source: `data/switches.csv`. Three in two months is a frequent outage (频繁停电)."""

    grace: timedelta = timedelta(minutes=120)
    frequent_count: int = 3
    frequent_days: int = 60
    repeat_days: int = 60


@dataclass(frozen=True)
class KeyCustomer:
    """A customer that is told beforehand (重要及敏感客户), as far as its place needs it; area and address are `normal`."""

    number: str
    unit_code: str
    transformer_area: str
    address: str


@dataclass(frozen=True)
class NoticeCounts:
    """How many key customers were told, how many not, and how many of those should have been by now."""

    notified: int
    open: int
    overdue: int


def read_outage_rules(switches: Mapping[str, str]) -> OutageRules:
    """Read the scalars from the switches; one that is missing or no number keeps its default."""
    usual = OutageRules()

    def number(code: str, default: int) -> int:
        value = switches.get(code, "").strip()
        return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else default

    return OutageRules(
        grace=timedelta(minutes=number("outage_grace_minutes", int(usual.grace.total_seconds() // 60))),
        frequent_count=number("frequent_outage_count", usual.frequent_count),
        frequent_days=number("frequent_outage_days", usual.frequent_days),
        repeat_days=number("planned_repeat_days", usual.repeat_days),
    )


def normal(text: str) -> str:
    """Give a text as it is compared: full width as half width, without blanks, in small letters."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def parts_of(address: str) -> list[str]:
    """Give every stretch of a normal address that a keyword could be, so that keywords are found by index and not by trying each."""
    ends = range(SHORTEST_KEYWORD, LONGEST_KEYWORD + 1)
    return sorted({address[start : start + size] for start in range(len(address)) for size in ends if start + size <= len(address)})


def is_related(unit: str, other: str, parents: Mapping[str, str | None]) -> bool:
    """Say whether one unit is the other or stands above or below it; an unknown one (empty) excludes nothing.

    The names of transformer areas and streets repeat from county to county.
    """
    return not unit or not other or unit in _upward(other, parents) or other in _upward(unit, parents)


def _upward(unit: str, parents: Mapping[str, str | None]) -> list[str]:
    line: list[str] = []
    step: str | None = unit
    while step and step not in line:
        line.append(step)
        step = parents.get(step)
    return line


def frequent(outages: Iterable[Outage], rules: OutageRules, now: datetime) -> bool:
    """Say whether a transformer area's outages are frequent (频繁停电): by default three or more of any kind that began in the last 60 days."""
    since = now - timedelta(days=rules.frequent_days)
    numbers = {one.number for one in outages if one.state is not OutageState.CANCELLED and since <= one.starts_at <= now}
    return len(numbers) >= rules.frequent_count


def notice_due(outage: Outage, now: datetime) -> datetime | None:
    """Give the moment by which key customers are told: planned 7 days ahead, temporary 24 hours, never before now; None where nobody is.

    Source: the trade's facts (`docs/design.md`): planned outages are announced 7 days ahead, temporary ones 24 hours ahead to key customers.
    """
    ahead = NOTICE_AHEAD.get(outage.kind)
    return None if ahead is None or outage.state.is_end else max(outage.starts_at - ahead, now)


def told(outage: Outage, customers: Iterable[KeyCustomer], parents: Mapping[str, str | None]) -> list[str]:
    """Give the numbers of the key customers in an outage's area, by transformer area or by a keyword in the address."""
    areas, keywords = outage.values_of(AreaKind.TRANSFORMER_AREA), outage.values_of(AreaKind.KEYWORD)
    return [
        one.number
        for one in customers
        if (one.transformer_area in areas or any(word in one.address for word in keywords)) and is_related(one.unit_code, outage.unit_code, parents)
    ]


def count_notices(notices: Iterable[Mapping[str, Any]], now: datetime) -> NoticeCounts:
    """Count who was told, who not, and who should have been by now."""
    every = list(notices)
    waiting = [one for one in every if one["notified_at"] is None]
    return NoticeCounts(len(every) - len(waiting), len(waiting), sum(one["due_at"] < now for one in waiting))


def may_register(user: User) -> bool:
    """Dispatchers, and those of grid control (调度), repair and operations register outages and change them; so does a leader of all departments."""
    return any(
        hat.role is Role.DISPATCHER
        or (hat.role in (Role.HANDLER, Role.LEADER) and hat.department in REGISTERING)
        or (hat.role is Role.LEADER and not hat.department)
        for hat in user.hats
    )


def may_read(user: User) -> bool:
    """Whoever registers them, and agents, leaders and quality staff, read outages."""
    return may_register(user) or user.role in (Role.AGENT, Role.LEADER, Role.AUDITOR)


def check_reader(user: User) -> None:
    """Let only those who read outages pass.

    Raises:
        Forbidden: the role does not.
    """
    if not may_read(user):
        raise Forbidden(say("Outages are for agents, dispatchers, crew leaders, auditors and the staff of grid control, repair and operations"))


def differences(before: Outage, after: Outage) -> dict[str, tuple[object, object]]:
    """Give what differs, by the names of the fields; areas as `transformer_areas` and `keywords`."""
    found = {
        field.name: (getattr(before, field.name), getattr(after, field.name))
        for field in fields(Outage)
        if field.name not in ("areas", "version") and getattr(before, field.name) != getattr(after, field.name)
    }
    for name, kind in (("transformer_areas", AreaKind.TRANSFORMER_AREA), ("keywords", AreaKind.KEYWORD)):
        if before.values_of(kind) != after.values_of(kind):
            found[name] = (before.values_of(kind), after.values_of(kind))
    return found
