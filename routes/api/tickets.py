"""One ticket: read, timeline, steps, moves, and the caller's full data for a reason that is kept."""

from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from routes.api import history, show
from routes.api.blueprint import blueprint
from routes.api.read import read_texts, read_version
from routes.request import now, parts, require, rules, store, user
from triage.claims import claim
from triage.lifecycle import act, legal_moves
from triage.moves import BY_CODE, FIELDS
from triage.reveal import reveal, see
from triage.terms import Role
from triage.texts import clean
from triage.tickets import Ticket


def seen(number: str) -> Ticket:
    """Give a ticket that the user may see."""
    return see(number, user=user(), store=store())


def whole(ticket: Ticket) -> dict[str, Any]:
    """Give a ticket with all that its page shows."""
    units = show.unit_names()
    made = store().prediction_of(ticket.number)
    said = show.prediction(made["topics"], made["demand_types"], made["words"], made["model_version"]) if made else None
    moves = legal_moves(ticket, user(), store().standing(ticket, user(), now()), rules())
    siblings = [one.number for one in store().tickets_of_contact(ticket.contact_id) if one.number != ticket.number]
    return {
        **show.ticket(ticket, units),
        "caller": show.caller(store().contact(ticket.contact_id)),
        "decisions": [history.decision(decision, units) for decision in store().decisions_of(ticket.number)],
        "prediction": said,
        "siblings": siblings,
        **history.beside(ticket, units),
        "moves": [{"code": m.code, "label": m.label, "needs": m.needs, "takes": m.takes} for m in moves],
    }


@blueprint.get("/tickets/<number>")
def ticket(number: str) -> Response:
    """Give a ticket, the moves that the user may make of it, and its version as `ETag`."""
    one = seen(number)
    return show.with_tag(whole(one), one.version)


@blueprint.get("/tickets/<number>/timeline")
def timeline(number: str) -> ResponseReturnValue:
    """Give a ticket's audit trail from the first entry."""
    one = seen(number)
    notes = store().notes(one.number)
    entries = [history.entry(entry, notes.get(entry["seq"], [])) for entry in store().trail(one.number)]
    return {"number": one.number, "entries": entries}


@blueprint.get("/tickets/<number>/steps")
def steps(number: str) -> ResponseReturnValue:
    """Give a ticket's clocks, the customer's and the departments'."""
    one, units = seen(number), show.unit_names()
    return {"number": one.number, "steps": [history.step(step, units) for step in store().steps_of(one.number)]}


@blueprint.post("/tickets/<number>/moves/<code>")
def move(number: str, code: str) -> Response:
    """Make a move of the ticket's version in `If-Match`."""
    one, known = seen(number), BY_CODE.get(code)
    values = read_texts(*((*known.needs, *known.takes) if known else FIELDS))
    version = read_version()
    moved = act(one.number, clean(code), values, user=user(), version=version, store=store(), rules=rules(), now=now(), predict=parts().predict)
    return show.with_tag(whole(moved), moved.version)


@blueprint.post("/tickets/<number>/claim")
def claim_ticket(number: str) -> ResponseReturnValue:
    """Take a ticket that waits for a dispatcher for a few minutes; 412 where somebody else has it."""
    who, one = require(Role.DISPATCHER), seen(number)
    claim(one, user=who, store=store(), rules=rules(), now=now())
    held = store().claimed(one.number, now())
    return {"number": one.number, "username": who.username, "until_at": show.moment(held["until_at"] if held else None)}


@blueprint.delete("/tickets/<number>/claim")
def release_ticket(number: str) -> ResponseReturnValue:
    """Give a ticket back."""
    who, one = require(Role.DISPATCHER), seen(number)
    store().release(one.number, who.username)
    return {"number": one.number}


@blueprint.post("/tickets/<number>/reveal")
def reveal_caller(number: str) -> Response:
    """Show the caller's full data; who looked, and why, is kept before it is shown."""
    one = seen(number)
    contact = reveal(one, read_texts("reason").get("reason", ""), user=user(), store=store(), now=now())
    full = show.caller(contact, is_masked=False)
    return show.with_tag({"number": one.number, **full, "text": one.text, "reply": one.reply}, one.version)
