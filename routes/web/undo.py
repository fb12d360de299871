"""What the user did a moment ago, said on the next page, with the seconds in which it can be taken back (撤销)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import request

from routes.request import now, rules, store
from triage.lifecycle import legal_moves
from triage.moves import BY_CODE, UNDO_OF
from triage.people import User
from triage.texts import clean
from triage.tickets import Ticket

REMEMBERED = timedelta(minutes=10)  # how long the page says what was done last


def done_before(who: User) -> Mapping[str, Any] | None:
    """Give what the user did last, if the address names its ticket (`done`), and the move that takes it back while there is one."""
    ticket = store().find_ticket(clean(request.args.get("done", "")))
    trail = store().trail(ticket.number) if ticket else ()
    last = next((entry for entry in reversed(trail) if entry["action"] in BY_CODE), None)
    if ticket is None or last is None or last["actor"] != who.username or now() - last["happened_at"] > REMEMBERED:
        return None
    legal = {move.code for move in legal_moves(ticket, who, store().standing(ticket, who, now()), rules())}
    undo = UNDO_OF.get(last["action"])
    undo = undo if undo and undo.code in legal else None
    return {"ticket": ticket, "move": BY_CODE[last["action"]], "undo": undo, "seconds": seconds_left(last["happened_at"])}


def seconds_left(at: datetime) -> int:
    """Give how many seconds what was done at a moment can still be taken back."""
    return int((at + timedelta(seconds=rules().number("undo_seconds", 60)) - now()).total_seconds())


def undo_code(ticket: Ticket | None) -> str:
    """Give the move that would take back what brought a ticket where it is; that of a dispatch where no other does."""
    found = (move.code for move in UNDO_OF.values() if ticket and ticket.state in move.sources)
    return next(found, "undo_dispatch")
