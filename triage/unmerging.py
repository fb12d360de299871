"""Taking a merge of many tickets back as a whole (整组撤销): what nobody has worked on since stands by itself again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import IllegalMove
from triage.lifecycle import act
from triage.moves import BY_CODE
from triage.people import User
from triage.rules import Rules
from triage.standing import hindrance
from triage.storm import LeftOut
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store


@dataclass(frozen=True)
class Parted:
    """What became of a merge that was taken back: the ticket that the others had been merged into, those that stand by themselves again, and
    those that stay merged with the reason."""

    parent: Ticket
    parted: tuple[str, ...]
    stay: tuple[LeftOut, ...]


def undo_group(parent: str, *, user: User, store: "Store", rules: Rules, now: datetime, merged_at: datetime | None = None) -> Parted:
    """Take back a merge of a moment ago as a whole (整组撤销), in one transaction: what nobody has worked on since stands by itself again.

    Args:
        parent: the number of the ticket that the others were merged into.
        user: who merged, and takes it back.
        store: where everything is kept.
        rules: the reference data in force; `undo_seconds` says how long one may.
        now: the moment.
        merged_at: when it was merged, which tells two merges apart; None: the user's last one.

    Raises:
        IllegalMove: the user merged nothing into it, that is too long ago, or it was taken back already.
        NotFound: there is no ticket of the parent's number.
    """
    with store.writing():
        store.ticket(parent)
        at = merged_at or store.last_merge(parent, user.username)
        merged = store.merged_at(parent, user.username, at) if at else {}
        _check_undo(parent, at, merged, rules, now)
        numbers = [number for number, is_merged in merged.items() if is_merged]
        store.hold(sorted({parent, *numbers}))
        hindrances = {number: _hindrance_of_undo(number, user, store, rules, now) for number in numbers}
        parted = [number for number in reversed(numbers) if not hindrances[number]]
        for number in parted:  # the last first, so that the parent's level goes back step by step
            act(number, "undo_merge", {}, user=user, version=store.ticket(number).version, store=store, rules=rules, now=now)
        if at and len(parted) == len(merged):
            store.detach_outage(parent, at, now, user.username)
    stay = tuple(LeftOut(number, why) for number, why in hindrances.items() if why)
    return Parted(store.ticket(parent), tuple(reversed(parted)), stay)


def last_merge(parent: str, *, user: User, store: "Store", rules: Rules, now: datetime) -> datetime | None:
    """Give when the user merged into a ticket, if that can still be taken back as a whole."""
    at = store.last_merge(parent, user.username)
    if at is None or now - at > timedelta(seconds=rules.number("undo_seconds", 60)):
        return None
    return at if any(store.merged_at(parent, user.username, at).values()) else None


def _check_undo(parent: str, at: datetime | None, merged: Mapping[str, bool], rules: Rules, now: datetime) -> None:
    seconds = rules.number("undo_seconds", 60)
    if at is None or not merged:
        raise IllegalMove(say("You have merged nothing into {number} that could be taken back; open the ticket to see what was done", number=parent))
    if not any(merged.values()):
        raise IllegalMove(say("This merge was taken back already; there is nothing left to undo"))
    if now - at > timedelta(seconds=seconds):
        raise IllegalMove(say("The merge was more than {seconds} seconds ago; the tickets stay merged", seconds=seconds))


def _hindrance_of_undo(number: str, user: User, store: "Store", rules: Rules, now: datetime) -> str:
    """Say why a ticket stays merged, or nothing."""
    ticket, move = store.ticket(number), BY_CODE["undo_merge"]
    if ticket.state not in move.sources:
        return say("the ticket is now “{state}”", state=ticket.state.label)
    return hindrance(move, ticket, user, store.standing(ticket, user, now), rules)
