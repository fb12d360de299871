"""Shift handover (交接班): a note at the end of a shift, kept with the team's open tickets as they stood, taken over by a successor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from triage.errors import Conflict, Forbidden, InvalidInput, Problem
from triage.moments import in_shanghai
from triage.people import User
from triage.terms import Role, State, Step
from triage.texts import clean
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

ROLES = (Role.HANDLER, Role.LEADER, Role.DISPATCHER)
LONGEST_TEXT = 4000
EVERY = 20_000  # far more than a team has open at once


@dataclass(frozen=True)
class OpenTicket:
    """An open ticket as it stood when the shift was handed over."""

    number: str
    state: State
    next_step: Step | None
    next_due_at: datetime | None


@dataclass(frozen=True)
class Handover:
    """What one shift left to the next."""

    id: int
    unit_code: str
    department: str
    from_username: str
    from_name: str
    text: str
    tickets: tuple[OpenTicket, ...]
    made_at: datetime
    to_username: str | None = None
    to_name: str = ""
    taken_at: datetime | None = None


def check_hands_over(user: User) -> None:
    """See that the user works in shifts.

    Raises:
        Forbidden: the role has none.
    """
    if user.role not in ROLES:
        raise Forbidden(say("Handover is for {roles}; your role is {role}", roles=say(", ").join(role.label for role in ROLES), role=user.role.label))


def open_tickets_of(user: User, store: "Store") -> list[Ticket]:
    """Give what the user's team has to do: a dispatcher's waiting tickets and replies, else the team's queue."""
    if user.role is Role.DISPATCHER:
        waiting = {one.number: one for one in (*store.dispatcher_queue(EVERY), *store.review_queue(EVERY))}
        return list(waiting.values())
    queue = store.team_queue if user.role is Role.HANDLER else store.unit_queue
    return queue(user.unit_code, user.department, EVERY)


def hand_over(values: Mapping[str, str], *, user: User, store: "Store", now: datetime) -> Handover:
    """Write what the next shift has to know (`text`), and keep the team's open tickets as they stand with it.

    Raises:
        Forbidden: the role does not work in shifts.
        InvalidInput: nothing is written, or too much.
    """
    check_hands_over(user)
    text = clean(values.get("text", "")).strip()
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise InvalidInput(
            Problem("text", say("Handover note: required, at most {most} characters; if there is nothing to say, write “None”", most=LONGEST_TEXT))
        )
    with store.writing():
        tickets = [OpenTicket(one.number, one.state, one.next_step, one.next_due_at) for one in open_tickets_of(user, store)]
        id = store.add_handover(user, text, tickets, now)
    return store.handover(id)


def is_theirs(user: User, handover: Handover, store: "Store") -> bool:
    """Say whether a handover is of a team of the user's, or of those whom the user stands in for."""
    return any(_is_of_team(hat, handover, store) for hat in user.hats)


def _is_of_team(user: User, handover: Handover, store: "Store") -> bool:
    if user.role not in ROLES:
        return False
    if user.role is Role.LEADER:
        return user.department in ("", handover.department) and store.is_under(handover.unit_code, user.unit_code)
    return (user.unit_code, user.department) == (handover.unit_code, handover.department)


def handovers_for(user: User, store: "Store") -> Sequence[Handover]:
    """Give the latest handovers of the user's teams, those that nobody has taken over first."""
    found = {one.id: one for hat in user.hats for one in _of_hat(hat, store)}
    return sorted(found.values(), key=lambda one: (one.taken_at is not None, -one.made_at.timestamp(), -one.id))


def _of_hat(user: User, store: "Store") -> Sequence[Handover]:
    if user.role not in ROLES:
        return ()
    return store.handovers(user.unit_code, user.department, is_leader=user.role is Role.LEADER)


def take_over(id: int, *, user: User, store: "Store", now: datetime) -> Handover:
    """Take a shift over; doing it again changes nothing.

    Raises:
        NotFound, Forbidden: there is none of that number, or it is another team's, or the user's own.
        Conflict: somebody else has taken it over; says who and when.
    """
    with store.writing():
        found = store.handover(id)
        if not is_theirs(user, found, store):
            raise Forbidden(say("This handover does not belong to your crew"))
        if found.from_username == user.username:
            raise Forbidden(say("A handover must be taken over by someone else; you cannot take over your own shift"))
        if not store.take_handover(id, user.username, now) and found.to_username != user.username:
            assert found.taken_at is not None
            raise Conflict(say("{name} already took over at {taken_at:%m-%d %H:%M}", name=found.to_name, taken_at=in_shanghai(found.taken_at)))
    return store.handover(id)
