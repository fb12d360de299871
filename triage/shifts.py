"""Crews (班组) and their rota: who is on duty by day and by night, planned by the team's leader, cancelled rather than deleted."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import Forbidden, IllegalMove, InvalidInput, Problem
from triage.moments import in_shanghai, read_day, start_of
from triage.people import User
from triage.terms import Role, Term, Weekday
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

FIELDS = {
    "crew": say("Crew"),
    "name": say("Name of the crew"),
    "team": say("Department of the crew"),
    "members": say("Members"),
    "kind": say("Shift"),
    "from_on": say("Start date"),
    "until_on": say("End date"),
    "weekdays": say("Weekday"),
    "starts": say("Start of work"),
    "ends": say("End of work"),
}
WEEKDAYS = {day.value: day.label for day in Weekday}
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
LONGEST_NAME = 40
LONGEST_ROTA = timedelta(days=92)
DAY = timedelta(days=1)


class ShiftKind(Term):
    """By day or by night."""

    DAY = "day"
    NIGHT = "night"


@dataclass(frozen=True)
class Member:
    """Somebody of a crew."""

    username: str
    name: str


@dataclass(frozen=True)
class Crew:
    """Those of a team who work together; a crew that is not active any more keeps its past shifts."""

    code: str
    name: str
    unit_code: str
    department: str
    is_active: bool = True
    members: tuple[Member, ...] = ()


@dataclass(frozen=True)
class Shift:
    """When a crew is on duty, from one moment until just before the other."""

    id: int
    crew: str
    kind: ShiftKind
    starts_at: datetime
    ends_at: datetime
    made_by: str
    cancelled_at: datetime | None = None

    def is_on(self, at: datetime) -> bool:
        """Whether the crew is on duty at a moment."""
        return self.cancelled_at is None and self.starts_at <= at < self.ends_at

    @property
    def words(self) -> str:
        """The shift as people name it: 11-24 08:00–20:00 白班."""
        return f"{in_shanghai(self.starts_at):%m-%d %H:%M}–{in_shanghai(self.ends_at):%H:%M} {self.kind.label}"


@dataclass(frozen=True)
class Rota:
    """What a leader plans at once: the spans of one kind of shift on some weekdays of some weeks."""

    kind: ShiftKind
    spans: tuple[tuple[datetime, datetime], ...]


def manages(user: User, unit_code: str, department: str, store: "Store") -> bool:
    """Say whether a user plans for a team: a leader of its unit or one above it, or who stands in for one."""
    leaders = (hat for hat in user.hats if hat.role is Role.LEADER)
    return any(hat.department in ("", department) and store.is_under(unit_code, hat.unit_code) for hat in leaders)


def _check_manages(user: User, unit_code: str, department: str, store: "Store") -> None:
    if not manages(user, unit_code, department, store):
        raise Forbidden(say("Crews and rotas are managed by the leaders of their department"))


def add_crew(values: Mapping[str, str], members: Iterable[str], *, user: User, store: "Store") -> Crew:
    """Make a crew of a team (`team`: unit and department, as `330101/repair`) with its members.

    Raises:
        Forbidden: the user does not lead the team.
        InvalidInput: a value is missing or wrong; all problems at once.
    """
    unit, _, department = clean(values.get("team", "")).partition("/")
    with store.writing():
        if (unit, department) not in store.teams_and_parents()[1]:
            raise InvalidInput(Problem("team", say("Department of the crew: choose a unit and a department from the list")))
        _check_manages(user, unit, department, store)
        store.hold_team(unit, department)  # whoever makes one at the same moment waits here: the code counts the team's crews
        name, chosen = _read_crew(values, members, unit, department, "", store)
        return store.add_crew(unit, department, name, chosen)


def change_crew(code: str, values: Mapping[str, str], members: Iterable[str], *, user: User, store: "Store") -> Crew:
    """Rename a crew, change who belongs to it, or take it out of use (`is_active` 0) and back.

    Raises:
        NotFound, Forbidden, InvalidInput: there is no such crew, it is not the user's, or a value is wrong.
    """
    with store.writing():
        crew = store.crew(code)
        _check_manages(user, crew.unit_code, crew.department, store)
        store.hold_team(crew.unit_code, crew.department)
        name, chosen = _read_crew(values, members, crew.unit_code, crew.department, crew.code, store)
        store.change_crew(code, name, values.get("is_active", "1") != "0", chosen)
    return store.crew(code)


def _read_crew(values: Mapping[str, str], members: Iterable[str], unit: str, department: str, code: str, store: "Store") -> tuple[str, list[str]]:
    name, chosen = clean(values.get("name", "")).strip(), list(dict.fromkeys(map(clean, members)))
    problems = []
    if not 1 <= len(name) <= LONGEST_NAME:
        problems.append(Problem("name", say("Name of the crew: required, at most {most} characters", most=LONGEST_NAME)))
    if any(one.name == name and one.code != code for one in store.crews_of_team(unit, department, is_active=None)):
        problems.append(Problem("name", say("Name of the crew: the department already has “{name}”; choose another", name=name)))
    strange = set(chosen) - {one.username for one in store.team_users(unit, department)}
    if strange:
        problems.append(Problem("members", say("Members: {names} are not active users of this department", names=say(", ").join(sorted(strange)))))
    if problems:
        raise InvalidInput(*problems)
    return name, chosen


def plan(values: Mapping[str, str], weekdays: Iterable[str], *, user: User, store: "Store", now: datetime) -> int:
    """Enter a crew's shifts on some weekdays from one date to another; give how many. All of them are kept, or none.

    Raises:
        Forbidden: the user does not lead the crew's team.
        InvalidInput: a value is missing or wrong, or a shift overlaps one that the crew has; all problems at once.
    """
    rota, problems = _read_rota(values, weekdays, now)
    with store.writing():
        crew = store.find_crew(clean(values.get("crew", "")))
        if crew is None or not crew.is_active:
            problems.insert(0, Problem("crew", say("Crew: choose an active crew from the list")))
            raise InvalidInput(*problems)
        _check_manages(user, crew.unit_code, crew.department, store)
        if rota is None:
            raise InvalidInput(*problems)
        store.hold_team(crew.unit_code, crew.department)
        _refuse_overlaps(crew, rota, store)
        for starts_at, ends_at in rota.spans:
            store.add_shift(crew.code, rota.kind, starts_at, ends_at, user.username)
    return len(rota.spans)


def _refuse_overlaps(crew: Crew, rota: Rota, store: "Store") -> None:
    there = store.shifts_of([crew.code], rota.spans[0][0], rota.spans[-1][1])
    clashes = [one for one in there if any(one.starts_at < ends and starts < one.ends_at for starts, ends in rota.spans)]
    if clashes:
        said = say(", ").join(one.words for one in clashes[:3]) + (
            say(" and others, {count} shifts in all", count=len(clashes)) if len(clashes) > 3 else ""
        )
        raise InvalidInput(
            Problem(
                "starts",
                say(
                    "Start of work: {crew} already has {shifts}, which overlaps; cancel those shifts first, or change the dates or the hours",
                    crew=crew.name,
                    shifts=said,
                ),
            )
        )


def _read_rota(values: Mapping[str, str], weekdays: Iterable[str], now: datetime) -> tuple[Rota | None, list[Problem]]:
    """Give the rota, or what is wrong with it."""
    problems: list[Problem] = []
    kind = values.get("kind", "")
    if kind not in list(ShiftKind):
        problems.append(Problem("kind", say("Shift: choose {kinds}", kinds=say(" or ").join(one.label for one in ShiftKind))))
    first, last = (_read_date(values, name, problems) for name in ("from_on", "until_on"))
    chosen = {day for day in weekdays if day in WEEKDAYS}
    if not chosen:
        problems.append(Problem("weekdays", say("Days of the week: choose at least one")))
    for name in ("starts", "ends"):
        if not TIME.fullmatch(values.get(name, "")):
            problems.append(Problem(name, say("{field}: give a time from 00:00 to 23:59, such as 08:00", field=FIELDS[name])))
    if first and last:
        problems += _range(first, last, in_shanghai(now).date())
    if problems or not (first and last):
        return None, problems
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    spans = tuple(span_of(day, values["starts"], values["ends"]) for day in days if str(day.isoweekday()) in chosen)
    if not spans:
        return None, [Problem("weekdays", say("Days of the week: none of those chosen lies between the dates; change the dates or the days"))]
    return Rota(ShiftKind(kind), spans), []


def _read_date(values: Mapping[str, str], name: str, problems: list[Problem]) -> date | None:
    if not values.get(name, "").strip():
        problems.append(Problem(name, say("{field}: required, please fill it in", field=FIELDS[name])))
        return None
    try:
        return read_day(clean(values[name]), name)
    except InvalidInput as error:
        problems.append(Problem(name, say("{field}: {problem}", field=FIELDS[name], problem=error.message)))
        return None


def _range(first: date, last: date, today: date) -> Iterable[Problem]:
    if first < today:
        yield Problem("from_on", say("Start date: must not be before today; shifts that have passed are not added"))
    if last < first:
        yield Problem("until_on", say("End date: must not be before the start date"))
    if last - first > LONGEST_ROTA or first > today + 4 * LONGEST_ROTA:
        yield Problem("until_on", say("End date: at most {days} days at a time, and at most a year ahead", days=LONGEST_ROTA.days))


def span_of(day: date, starts: str, ends: str) -> tuple[datetime, datetime]:
    """Give when a shift begins and ends; one that ends at or before the time it starts at ends on the next day."""
    begun, ended = (start_of(day) + timedelta(hours=int(time[:2]), minutes=int(time[3:])) for time in (starts, ends))
    return begun, ended if ended > begun else ended + DAY


def cancel(id: int, *, user: User, store: "Store", now: datetime) -> Shift:
    """Cancel a shift that is not over; it is kept as cancelled, and cancelling it again changes nothing.

    Raises:
        NotFound, Forbidden, IllegalMove: there is no such shift, it is not the user's, or it is over.
    """
    with store.writing():
        shift = store.shift(id)
        crew = store.crew(shift.crew)
        _check_manages(user, crew.unit_code, crew.department, store)
        if shift.cancelled_at is None and shift.ends_at <= now:
            raise IllegalMove(say("{shift} is over and cannot be cancelled", shift=shift.words))
        store.cancel_shift(id, now)
    return shift


def now_and_next(shifts: Sequence[Shift], crew: str, at: datetime) -> tuple[Shift | None, Shift | None]:
    """Give the shift that a crew is on, and the one that comes next, if there are."""
    own = sorted((one for one in shifts if one.crew == crew and one.cancelled_at is None), key=lambda one: one.starts_at)
    return next((one for one in own if one.is_on(at)), None), next((one for one in own if one.starts_at > at), None)


def monday(day: date) -> date:
    """The first day of a date's week."""
    return day - timedelta(days=day.isoweekday() - 1)
