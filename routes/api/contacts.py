"""What comes in: contacts with their complaints, and what the model would say of a text."""

from flask import request
from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import read_body, read_texts
from routes.request import now, parts, require, rules, store, user
from triage.complaint import Contact, read_contact
from triage.entities import find_entities
from triage.errors import InvalidInput, Problem
from triage.intake import receive
from triage.referral import advise
from triage.routing import decide
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

INSIDE = "complaints.0."


@blueprint.post("/contacts")
def add_contact() -> ResponseReturnValue:
    """Take a contact: 201 with its tickets, or 200 with those of the first time where its key was sent before."""
    who = require(Role.AGENT, Role.DISPATCHER)
    body = read_body()
    if "Idempotency-Key" in request.headers:
        body.setdefault("submission_key", clean(request.headers["Idempotency-Key"]))
    contact = read_contact(body)
    tickets = receive(contact, predict=parts().predict, rules=rules(), store=store(), now=now(), actor=who.username)
    is_new = tickets[0].received_at == now()
    return {"contact_id": tickets[0].contact_id, "tickets": show.tickets(tickets)}, 201 if is_new else 200


@blueprint.post("/predictions")
def predict() -> ResponseReturnValue:
    """Say what the model makes of a text and where it would go; nothing is kept."""
    contact = _alone(read_texts("text"))
    complaint = contact.complaints[0]
    made = parts().predict(complaint.text)
    found = {"entities": show.entities(find_entities(complaint.text, now=now()))}
    if made is None:
        return {"prediction": None, "trouble": _trouble(), **found}
    decided = decide(complaint, contact, made, store().context(contact, rules(), now()), rules())
    said = show.prediction(made.topics, made.demand_types, made.words, made.model_version)
    where = show.about(decided.topic, decided.demand_type, decided.department)
    gate = {"gate_score": decided.confidence, "threshold": decided.threshold, **show.term("level", decided.level)}
    advice = [
        {"owner": row.owner, "name": row.name, "advice": row.advice} for row in advise(complaint.text, decided.topic, decided.attention, rules())
    ]
    return {"prediction": {**said, **where, **gate, "attention": show.attention(decided.attention), "advice": advice}, "trouble": None, **found}


def _trouble() -> str:
    """Why no model answers; the details name files of the server, so that only those who can act on them read them."""
    details = parts().model_trouble() if user().role in (Role.DISPATCHER, Role.ADMIN) else None
    return details or say("No classification model is available")


def _alone(body: dict[str, str]) -> Contact:
    """A contact of this one text; problems name the field as the caller wrote it."""
    try:
        return read_contact({"complaints": [body]})
    except InvalidInput as error:
        raise InvalidInput(*(Problem(p.field.removeprefix(INSIDE), p.message) for p in error.problems)) from None
