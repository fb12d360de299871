"""Claiming a ticket for a few minutes (认领), so that two dispatchers do not work on the same one."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import Conflict
from triage.moments import in_shanghai
from triage.moves import WITH_DISPATCHER
from triage.people import User
from triage.rules import Rules
from triage.terms import Role, State
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

CLAIMED_IN = (*WITH_DISPATCHER, State.RESOLVED)


def lease(rules: Rules) -> timedelta:
    """Give how long a claim holds; a ticket that nobody works on is free again by itself."""
    return timedelta(minutes=rules.number("claim_minutes", 5))


def claim(ticket: Ticket, *, user: User, store: "Store", rules: Rules, now: datetime) -> None:
    """Take a ticket that waits for a dispatcher, or take it for longer.

    Raises:
        Conflict: somebody else has it; says who, and until when.
    """
    holder = store.claim(ticket.number, user.username, now, lease(rules))
    if holder and holder["username"] != user.username:
        until = in_shanghai(holder["until_at"])
        raise Conflict(
            say(
                "{username} is working on ticket {number} until {until:%H:%M}; take another ticket, or try again later",
                username=holder["username"],
                number=ticket.number,
                until=until,
            )
        )


def is_claimable(ticket: Ticket, user: User) -> bool:
    """Whether opening the ticket means to work on it: a dispatcher, and a ticket that waits for one."""
    return user.role is Role.DISPATCHER and ticket.state in CLAIMED_IN


def next_unclaimed(*, user: User, store: "Store", rules: Rules, now: datetime) -> Ticket | None:
    """Take the first ticket of the dispatcher's queue that nobody else works on, or None where there is none."""
    taken = store.claims(now)
    for ticket in store.dispatcher_queue():
        if ticket.state in WITH_DISPATCHER and taken.get(ticket.number, user.username) == user.username:
            try:
                claim(ticket, user=user, store=store, rules=rules, now=now)
            except Conflict:
                continue
            return ticket
    return None
