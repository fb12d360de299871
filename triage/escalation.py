"""Escalation (督办升级): which marks of a step have come, who in the line of command is told of them, and in which words."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import cached_property

from triage.clocks import Limit, Pause, deadline, stops_of
from triage.errors import NotFound
from triage.moments import in_shanghai
from triage.people import User
from triage.rules import Escalation, Rules
from triage.sending import KEY
from triage.terms import Level, Role, Step, UnitKind
from triage.tickets import COMMAND, HOTLINE
from triage.wording import say

# Who answers for the steps of the command centre and the hotline; a department's are its handlers'.
ROLES = {COMMAND: Role.DISPATCHER, HOTLINE: Role.AGENT}
# Who is told where nobody is found; inferred: the next one up the line, the command centre, and at last the administrators.
NEXT_UP = {
    "assignee": "team_leader",
    "team_leader": "parent_leader",
    "parent_leader": "city_leader",
    "city_leader": "dispatcher",
    "dispatcher": "admin",
    "auditor": "admin",
}
QUIET = (("callback_quiet_from", "21:00"), ("callback_quiet_until", "08:00"))


@dataclass(frozen=True)
class OpenStep:
    """A step whose clock runs, with what a warning of it depends on; `assignee` is empty for what the leading team does not do itself."""

    id: int
    number: str
    step: str
    department: str
    unit_code: str | None
    started_at: datetime
    due_at: datetime
    yellow_at: datetime
    red_at: datetime
    warn_at: datetime
    limit_id: int | None
    limit_text: str
    extra_seconds: int
    level: str
    topic: str | None
    is_watched: bool
    assignee: str
    crew: str
    paused_until_at: datetime | None


@dataclass(frozen=True)
class Unit:
    """A supply unit: its name and kind, the unit above it, and the one that it was merged into."""

    name: str
    kind: str
    parent: str | None = None
    merged_into: str | None = None


@dataclass(frozen=True)
class Directory:
    """Who is there: active users, units, crews on duty (code and member, by unit and department), stand-ins (委托) by whom they stand in for."""

    users: Mapping[str, User]
    units: Mapping[str, Unit] = field(default_factory=dict)
    on_duty: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = field(default_factory=dict)
    stand_ins: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def by_place(self) -> dict[tuple[Role, str], list[User]]:
        """The users of a role in a unit."""
        found: dict[tuple[Role, str], list[User]] = {}
        for user in self.users.values():
            found.setdefault((user.role, user.unit_code), []).append(user)
        return found

    def of_role(self, role: Role) -> list[User]:
        """All users of a role."""
        return [user for (of, _), users in self.by_place.items() if of is role for user in users]

    def line(self, unit_code: str | None) -> list[str]:
        """Give the unit (the one that it was merged into) and those above it, the nearest first."""
        line: list[str] = []
        while unit_code and unit_code in self.units and unit_code not in line:
            unit = self.units[unit_code]
            if not unit.merged_into:
                line.append(unit_code)
            unit_code = unit.merged_into or unit.parent
        return line


def recipients(kind: str, step: OpenStep, directory: Directory) -> list[User]:
    """Give who is told: those of the kind, else the next one up, finally the administrators; and whoever stands in for one of them.

    Raises:
        NotFound: there is not even an administrator.
    """
    wanted: str | None = kind
    while wanted:
        found = FINDERS[wanted](step, directory)
        if found:
            names = [name for user in found for name in (user.username, *directory.stand_ins.get(user.username, ()))]
            return [directory.users[name] for name in dict.fromkeys(names) if name in directory.users]
        wanted = NEXT_UP.get(wanted)
    raise NotFound(say("Ticket {number}: there is nobody to notify; create an administrator with flask users add", number=step.number))


def _team_line(step: OpenStep, directory: Directory) -> list[str]:
    """The units from the team's own upwards; the command centre and the hotline are where they have people."""
    line = directory.line(step.unit_code)
    role = ROLES.get(step.department)
    if role is None:
        return line
    line = line or [user.unit_code for user in directory.of_role(role)[:1]]
    there = next((n for n, unit in enumerate(line) if (role, unit) in directory.by_place), 0)
    return line[there:]


def _assignee(step: OpenStep, directory: Directory) -> list[User]:
    """Whom the ticket was given to, else the crew on duty (the ticket's own first), else all of the team."""
    if step.assignee in directory.users:
        return [directory.users[step.assignee]]
    place = next(iter(_team_line(step, directory)), "")
    crews = directory.on_duty.get((place, step.department), ())
    members = [name for crew, name in crews if crew == step.crew] or [name for _, name in crews]
    on_duty = [directory.users[name] for name in dict.fromkeys(members) if name in directory.users]
    if on_duty or step.department in ROLES:
        return on_duty or directory.of_role(ROLES[step.department])
    return [user for user in directory.by_place.get((Role.HANDLER, place), ()) if user.department == step.department]


def _leaders(step: OpenStep, directory: Directory, units: Iterable[str]) -> list[User]:
    """The leaders of the first of the units that has any: the department's own, else those of the whole unit."""
    for unit in units:
        leaders = directory.by_place.get((Role.LEADER, unit), [])
        for department in (step.department, ""):
            found = [user for user in leaders if user.department == department]
            if found:
                return found
    return []


def _city_leader(step: OpenStep, directory: Directory) -> list[User]:
    above = (UnitKind.CITY, UnitKind.PROVINCE)
    return _leaders(step, directory, [unit for unit in _team_line(step, directory) if directory.units[unit].kind in above])


FINDERS: Mapping[str, Callable[[OpenStep, Directory], list[User]]] = {
    "assignee": _assignee,
    "team_leader": lambda step, directory: _leaders(step, directory, _team_line(step, directory)[:1]),
    "parent_leader": lambda step, directory: _leaders(step, directory, _team_line(step, directory)[1:]),
    "city_leader": _city_leader,
    "dispatcher": lambda _, directory: directory.of_role(Role.DISPATCHER),
    "auditor": lambda _, directory: directory.of_role(Role.AUDITOR),
    "admin": lambda _, directory: directory.of_role(Role.ADMIN),
}


@dataclass(frozen=True)
class Mark:
    """A point of a step's clock that somebody is told of."""

    at: datetime
    row: Escalation

    @property
    def gravity(self) -> tuple[bool, bool, float]:
        """What is sorted by: yellow, red, then the multiples."""
        return (self.row.mark != "yellow", self.row.mark == "multiple", self.row.multiple if self.row.mark == "multiple" else 0)


def rows_for(step: OpenStep, rows: Iterable[Escalation]) -> list[Escalation]:
    """Give the rows that speak of a step; for one mark and recipient, those that name the level win, then those that name the step.

    Source: `data/escalations.csv`.
    """
    fitting = [row for row in rows if row.step in ("", step.step) and row.level in ("", step.level)]
    closest: dict[tuple[object, ...], tuple[bool, bool]] = {}
    for row in fitting:
        closest[_told(row)] = max(closest.get(_told(row), (False, False)), (bool(row.level), bool(row.step)))
    return [row for row in fitting if (bool(row.level), bool(row.step)) == closest[_told(row)]]


def _told(row: Escalation) -> tuple[object, ...]:
    return (row.mark, row.multiple if row.mark == "multiple" else 1, row.recipient)


def marks_of(step: OpenStep, rules: Rules, pauses: Sequence[Pause], now: datetime) -> list[Mark]:
    """Give a step's marks, the least grave first; while its clock stands still, no multiple comes."""
    limit = next((limit for limit in rules.limits if limit.id == step.limit_id), None)
    marks = []
    for row in rows_for(step, rules.escalations):
        at = {"yellow": step.yellow_at, "red": step.red_at}.get(row.mark)
        marks.append(Mark(at or _multiple_at(step, row.multiple, limit, rules, pauses, now), row))
    return sorted(marks, key=lambda mark: mark.gravity)


def _multiple_at(step: OpenStep, multiple: float, limit: Limit | None, rules: Rules, pauses: Sequence[Pause], now: datetime) -> datetime:
    """The moment at which the counted time reaches a multiple of the limit; where its row is gone, by the length that it came to."""
    if limit is None:
        at = step.due_at + (multiple - 1) * (step.due_at - step.started_at)
    else:
        stops = stops_of(pauses, rules.pause_kinds, Step(step.step)) if limit.is_pausable else ()
        extra = multiple * timedelta(seconds=step.extra_seconds)
        longer = replace(limit, amount=multiple * limit.amount)
        at = deadline(longer, step.started_at, rules.calendar_of(step.unit_code), stops=stops, extra=extra).due_at
    if step.paused_until_at and now < step.paused_until_at and (limit is None or limit.is_pausable):
        at = max(at, step.paused_until_at)
    return max(at, step.red_at)


def quiet_until(step: OpenStep, rules: Rules, now: datetime) -> datetime:
    """Give when a warning may go out: at once, or in the morning where it is night and the ticket is an ordinary one without danger (夜间静默)."""
    if step.level != Level.ORDINARY or step.is_watched or rules.switches.get("quiet_warnings", "on") != "on":
        return now
    since, until = (time.fromisoformat(rules.switches.get(code) or usual) for code, usual in QUIET)
    local = in_shanghai(now)
    at = local.time()
    if not (since <= at or at < until if since > until else since <= at < until):
        return now
    morning = local.replace(hour=until.hour, minute=until.minute, second=0, microsecond=0)
    return (morning if at < until else morning + timedelta(days=1)).astimezone(UTC)


def key_of(step: OpenStep, row: Escalation, user: User) -> str:
    """Name a message for good; where a code or a username cannot stand in a header, by a digest."""
    key = f"warning-{step.id}-{row.code}-{step.due_at:%Y%m%d%H%M%S}-{user.username}"
    return key if KEY.fullmatch(key) else f"warning-{step.id}-{hashlib.sha256(key.encode()).hexdigest()}"


def wording(mark: Mark, step: OpenStep, directory: Directory, rules: Rules, now: datetime) -> tuple[str, str]:
    """Give subject and body of a warning; nothing personal stands there."""
    label, topic = Step(step.step).label, rules.topics.get(step.topic or "")
    past = (
        say("Overdue by {length} as of {now:%m-%d %H:%M}", now=in_shanghai(now), length=length(now - step.due_at))
        if now >= step.red_at
        else say("{length} left", length=length(step.due_at - now))
    )
    subject = {
        "yellow": say("[Warning] Ticket {number}: {step} is due soon", number=step.number, step=label),
        "red": say("[Overdue] Ticket {number}: {step} is overdue", number=step.number, step=label),
    }.get(
        mark.row.mark,
        say("[Escalated] Ticket {number}: {step} has taken {multiple:g} times its limit", number=step.number, step=label, multiple=mark.row.multiple),
    )
    lines = (
        say("Ticket: {number} ({level})", number=step.number, level=Level(step.level).label),
        say("Topic: {topic}", topic=topic.name if topic else say("Undecided")),
        say("Step: {step}, limit {limit}", step=label, limit=step.limit_text),
        say("Responsible: {team}", team=team_name(step, directory, rules)),
        say("Due: {due_at:%Y-%m-%d %H:%M}, {past}", due_at=in_shanghai(step.due_at), past=past),
    )
    return subject, "\n".join(lines)


def team_name(step: OpenStep, directory: Directory, rules: Rules) -> str:
    """Name the team that has to end a step; the command centre and the hotline are the same for all units."""
    line = [] if step.department in ROLES else directory.line(step.unit_code)
    return " ".join((*(directory.units[unit].name for unit in line[:1]), rules.departments.get(step.department, step.department)))


def length(span: timedelta) -> str:
    """Say a length of time in whole minutes: 1 天 2 小时 5 分钟."""
    minutes = max(0, round(span // timedelta(minutes=1)))
    parts = ((minutes // 1440, say("days")), (minutes // 60 % 24, say("hours")), (minutes % 60, say("minutes")))
    return " ".join(f"{count} {name}" for count, name in parts if count) or say("less than a minute")
