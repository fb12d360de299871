"""The agent's page: write down what is said, see what it is about and who would act by when, and register it."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from routes.errors import status_of
from routes.request import now, parts, require, rules, store
from routes.web.blueprint import blueprint
from triage.complaint import Contact, read_contact
from triage.entities import find_entities
from triage.errors import InvalidInput, Problem
from triage.intake import consider, receive
from triage.terms import Channel, Locality, Role
from triage.tickets import UNKNOWN_TYPE, Demand, Opening, starts

HANDLINGS = {"answer": ("当即答复", "答复内容"), "owner": ("转告", "责任主体")}
CALLER = ("channel", "caller_name", "phone", "customer_number", "address", "unit_code", "locality", "submission_key")
MOST = 10


@blueprint.get("/complaints/new")
def new_complaint() -> ResponseReturnValue:
    """Show an empty form."""
    require(Role.AGENT)
    return page({"submission_key": uuid4().hex, "complaints": [{}]})


@blueprint.post("/complaints/new")
def register_complaint() -> ResponseReturnValue:
    """Add a complaint to the form, preview what would be decided, or register the contact."""
    agent = require(Role.AGENT)
    values = read_form(request.form)
    action = request.form.get("action", "submit")
    if action == "add":
        values["complaints"] = [*values["complaints"], {}][:MOST]
        return page(values)
    values["complaints"] = [c for c in values["complaints"] if any(v.strip() for v in c.values())] or values["complaints"][:1]
    try:
        contact = read_contact(sent(values))
        if action == "preview":
            return page(values, openings=considered(contact))
        check_handlings(values["complaints"])
        tickets = receive(contact, predict=parts().predict, rules=rules(), store=store(), now=now(), actor=agent.username)
    except InvalidInput as error:
        return page(values, error=error), status_of(error)
    return redirect(url_for("pages.ticket", number=tickets[0].number), 303)


@blueprint.post("/complaints/hint")
def hint() -> ResponseReturnValue:
    """Give the preview alone, for the page while the agent types; what is not readable yet is left out."""
    require(Role.AGENT)
    values = read_form(request.form)
    values["complaints"] = [c for c in values["complaints"] if c.get("text", "").strip()]
    if not values["complaints"]:
        return ""
    try:
        contact = read_contact(sent(values))
    except InvalidInput:
        try:
            contact = read_contact({"complaints": [{"text": c["text"]} for c in values["complaints"]]})
        except InvalidInput:
            return ""
    return render_template("pages/_preview.html", openings=considered(contact), values=values)


@blueprint.get("/callbacks")
def callbacks() -> ResponseReturnValue:
    """List the customers to be called back and the tickets to be closed."""
    require(Role.AGENT)
    return render_template("pages/callbacks.html", tickets=store().callback_queue())


def read_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """Give the form's values as typed: the caller's, and one mapping a complaint."""
    count = min(max(len([name for name in form if name.startswith("text-")]), 1), MOST)
    names = ("text", "topic", "demand_type", "mode", "answer", "owner")
    complaints = [{name: form.get(f"{name}-{index}", "") for name in names} for index in range(count)]
    return {**{name: form.get(name, "") for name in CALLER}, "is_confidential": bool(form.get("is_confidential")), "complaints": complaints}


def sent(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the contact that a form says: only what the chosen way of handling needs is sent."""
    complaints = []
    for item in values["complaints"]:
        complaint = {name: item.get(name, "") for name in ("text", "topic", "demand_type")}
        mode = item.get("mode")
        if mode in ("answer", "owner"):
            complaint[mode] = item.get(mode, "")
        complaints.append(complaint)
    return {**{name: values[name] for name in CALLER if values.get(name)}, "is_confidential": values["is_confidential"], "complaints": complaints}


def check_handlings(complaints: list[dict[str, str]]) -> None:
    """See that what is written fits the chosen way of handling, so that no answer is lost and none is missing.

    Raises:
        InvalidInput: an answer or a responsible party is missing, or written although the complaint would go out.
    """
    problems = []
    for index, item in enumerate(complaints):
        for mode, (handling, name) in HANDLINGS.items():
            written = bool(item.get(mode, "").strip())
            if item.get("mode") == mode and not written:
                problems.append(Problem(f"complaints.{index}.{mode}", f"{name}：必填，请补上"))
            elif written and item.get("mode") != mode:
                problems.append(Problem(f"complaints.{index}.{mode}", f"已写{name}，请把处理改为“{handling}”，或清空{name}"))
    if problems:
        raise InvalidInput(*problems)


def considered(contact: Contact) -> list[dict[str, Any]]:
    """Give, for each complaint, what would be decided, with the deadlines that the customer can be told."""
    openings = consider(contact, predict=parts().predict, rules=rules(), store=store(), now=now())
    return [
        {"opening": opening, "deadlines": deadlines(opening, contact), "entities": find_entities(opening.complaint.text, now=now())}
        for opening in openings
    ]


def deadlines(opening: Opening, contact: Contact) -> list[Any]:
    """Give the clocks that would start now."""
    made = opening.decision
    if made.topic is None:
        return []
    return list(starts("received", Demand(made.demand_type or UNKNOWN_TYPE, made.topic, made.locality, contact.channel), rules(), now()))


def page(values: Mapping[str, Any], openings: list[dict[str, Any]] | None = None, error: InvalidInput | None = None) -> str:
    """Show the form with what was typed."""
    agent = require(Role.AGENT)
    return render_template(
        "pages/agent.html",
        values=values,
        openings=openings,
        error=error,
        rules=rules(),
        units=store().units(),
        channels=list(Channel),
        localities=list(Locality),
        recent=store().taken_by(agent.username, 12),
    )
