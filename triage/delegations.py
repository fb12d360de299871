"""Delegation (委托): whoever is away hands the own work to a colleague for a while; what is done stands in the trail as the real user's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import Forbidden, IllegalMove, InvalidInput, Problem
from triage.moments import in_shanghai, read_moment
from triage.people import User
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

ROLES = (Role.HANDLER, Role.LEADER, Role.DISPATCHER)
LONGEST = timedelta(days=92)
FIELDS = {"from_username": say("Delegator"), "to_username": say("Delegate"), "starts_at": say("Start time"), "ends_at": say("End time")}
Parents = Mapping[str, str | None]


@dataclass(frozen=True)
class Delegation:
    """Whose work is whose from one moment until just before the other, unless it is revoked before."""

    id: int
    from_username: str
    from_name: str
    to_username: str
    to_name: str
    starts_at: datetime
    ends_at: datetime
    made_by: str
    made_at: datetime
    revoked_at: datetime | None = None

    def is_on(self, at: datetime) -> bool:
        """Whether it is in force at a moment."""
        return self.revoked_at is None and self.starts_at <= at < self.ends_at

    @property
    def words(self) -> str:
        """When it holds, as people read it."""
        return say("{starts_at:%m-%d %H:%M} to {ends_at:%m-%d %H:%M}", starts_at=in_shanghai(self.starts_at), ends_at=in_shanghai(self.ends_at))


def is_below(unit: str, above: str, parents: Parents) -> bool:
    """Say whether a unit is another one or stands below it."""
    step: str | None = unit
    while step and step != above:
        step = parents.get(step)
    return bool(step)


def may_stand_in(other: User, away: User, parents: Parents) -> bool:
    """Say whether one may do the work of another.

    A dispatcher a dispatcher's; a handler that of one of the same department; a leader that of a leader above or below, and a handler of a
    team that of its leader: nobody gets to see another department's tickets by it that the one who is away did not.
    """
    if other.username == away.username or away.role not in ROLES:
        return False
    if away.role is Role.LEADER and other.role is Role.HANDLER:
        return away.department in ("", other.department) and is_below(other.unit_code, away.unit_code, parents)
    if other.role is not away.role:
        return False
    if away.role is Role.LEADER:
        return is_below(other.unit_code, away.unit_code, parents) or is_below(away.unit_code, other.unit_code, parents)
    return away.role is Role.DISPATCHER or other.department == away.department


def colleagues(away: User, store: "Store") -> tuple[User, ...]:
    """Give those who may stand in for a user."""
    parents = store.teams_and_parents()[0]
    return tuple(one for one in store.active_users() if may_stand_in(one, away, parents))


def subordinates(user: User, store: "Store") -> tuple[User, ...]:
    """Give those for whom a leader may delegate when they cannot: the handlers of the own teams."""
    parents = store.teams_and_parents()[0]
    led = [hat for hat in user.hats if hat.role is Role.LEADER]

    def is_led(one: User) -> bool:
        return any(hat.department in ("", one.department) and is_below(one.unit_code, hat.unit_code, parents) for hat in led)

    return tuple(one for one in store.active_users() if one.role is Role.HANDLER and one.username != user.username and is_led(one))


def delegate(values: Mapping[str, str], *, user: User, store: "Store", now: datetime) -> Delegation:
    """Hand the own work (or, as a leader, that of a handler of the team) to a colleague from now or `starts_at` until `ends_at`.

    Raises:
        Forbidden: the user's role has no work that could be handed on.
        InvalidInput: a value is missing or wrong, or one of the two is away already in that time; all problems at once.
    """
    if user.role not in ROLES:
        raise Forbidden(
            say("Delegation is for {roles}; your role is {role}", roles=say(", ").join(role.label for role in ROLES), role=user.role.label)
        )
    problems: list[Problem] = []
    away = _away(clean(values.get("from_username", "")), user, store, problems)
    other = store.user(clean(values.get("to_username", "")))
    if other is None or (away and not may_stand_in(other, away, store.teams_and_parents()[0])):
        problems.append(Problem("to_username", say("Delegate: choose a colleague of the same role from the list")))
    starts_at, ends_at = _read_times(values, now, problems)
    if problems or not (away and other):
        raise InvalidInput(*problems)
    with store.writing():
        store.hold_users(sorted((away.username, other.username)))  # two that are made at the same moment see each other
        _refuse_twice_away(away, other, starts_at, ends_at, store)
        id = store.add_delegation(away.username, other.username, starts_at, ends_at, user.username, now)
    return store.delegation(id)


def _away(username: str, user: User, store: "Store", problems: list[Problem]) -> User | None:
    if username in ("", user.username):
        return user
    found = next((one for one in subordinates(user, store) if one.username == username), None)
    if found is None:
        problems.append(
            Problem("from_username", say("Delegator: you can delegate only your own work; a crew leader may do so for members of the crew"))
        )
    return found


def _read_times(values: Mapping[str, str], now: datetime, problems: list[Problem]) -> tuple[datetime, datetime]:
    read: dict[str, datetime] = {"starts_at": now, "ends_at": now}
    for name in read:
        text = clean(values.get(name, "")).strip()
        if not text and name == "ends_at":
            problems.append(Problem(name, say("End time: required; say until when the delegation lasts")))
        elif text:
            try:
                read[name] = read_moment(text, name)
            except InvalidInput as error:
                problems.append(Problem(name, say("{field}: {problem}", field=FIELDS[name], problem=error.message)))
    starts_at, ends_at = max(read["starts_at"], now), read["ends_at"]
    if not problems and ends_at <= starts_at:
        problems.append(Problem("ends_at", say("End time: must be later than the start time and than now")))
    if not problems and (ends_at - starts_at > LONGEST or starts_at > now + LONGEST):
        problems.append(
            Problem("ends_at", say("End time: delegate for at most {most} days at a time; you can renew it when it ends", most=LONGEST.days))
        )
    return starts_at, ends_at


def _refuse_twice_away(away: User, other: User, starts_at: datetime, ends_at: datetime, store: "Store") -> None:
    """Nobody's work goes to two, nor to somebody who is away, nor does anybody leave whom others rely on."""
    problems = []
    for one in _between(store.delegations_of(away.username), starts_at, ends_at):
        if one.from_username == away.username:
            problems.append(
                Problem(
                    "starts_at",
                    say(
                        "Start time: {name} has already delegated to {to_name} from {period}; revoke that first, or change the time",
                        name=away.name,
                        period=one.words,
                        to_name=one.to_name,
                    ),
                )
            )
        else:
            said = say("stands in for {from_name} from {period}", period=one.words, from_name=one.from_name)
            problems.append(
                Problem("starts_at", say("Start time: {name} {said}; hand that delegation back first, or change the time", name=away.name, said=said))
            )
    for one in _between(store.delegations_of(other.username), starts_at, ends_at):
        if one.from_username == other.username:
            problems.append(
                Problem(
                    "to_username",
                    say(
                        "Delegate: {name} is also away from {period} (has delegated to {to_name}); choose someone else",
                        name=other.name,
                        period=one.words,
                        to_name=one.to_name,
                    ),
                )
            )
    if problems:
        raise InvalidInput(*problems)


def _between(some: Iterable[Delegation], starts_at: datetime, ends_at: datetime) -> list[Delegation]:
    return [one for one in some if one.revoked_at is None and one.starts_at < ends_at and starts_at < one.ends_at]


def revoke(id: int, *, user: User, store: "Store", now: datetime) -> Delegation:
    """Take a delegation back, or give it back: either of the two may, and who made it; doing it again changes nothing.

    Raises:
        NotFound, Forbidden, IllegalMove: there is none of that number, it is others', or it is over.
    """
    with store.writing():
        found = store.delegation(id)
        if user.username not in (found.from_username, found.to_username, found.made_by):
            raise Forbidden(say("Only the delegator, the delegate and the person who entered a delegation can revoke it"))
        if found.revoked_at is None and found.ends_at <= now:
            raise IllegalMove(say("This delegation ({period}) has already ended", period=found.words))
        store.revoke_delegation(id, now)
    return store.delegation(id)
