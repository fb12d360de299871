"""The agent's workplace: one screen for the call, from who is calling to the registered ticket."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, parts, require, rules, store
from routes.web.blueprint import blueprint
from routes.web.call_form import LINKS, MOST, check_handlings, empty, fillings, is_begun, read_form, read_link, sent, words_of
from routes.web.undo import seconds_left
from triage.complaint import Contact, read_contact
from triage.customers import Found, look_alikes, look_up, pick
from triage.drafts import draft_of, drafts_of, drop_draft, save_draft, take_back, throw_away, thrown_away
from triage.entities import find_entities
from triage.errors import InvalidInput, NotFound, Problem, TriageError
from triage.initials import initials
from triage.intake import consider, receive
from triage.lifecycle import act
from triage.moves import BY_CODE
from triage.people import User
from triage.referral import advise
from triage.routing import DANGER
from triage.scripts import script_of
from triage.terms import Channel, Locality, Relation, Role
from triage.texts import clean
from triage.tickets import UNKNOWN_TYPE, Demand, Opening, Ticket, starts
from triage.wording import say


@blueprint.get("/complaints/new")
def new_complaint() -> ResponseReturnValue:
    """Show an empty form, or the draft that the user goes on with (its key is random and says nothing)."""
    agent = require(Role.AGENT)
    draft = draft_of(agent.username, request.args.get("draft", ""), store=store(), now=now())
    if draft:
        return page({**empty(), **draft.values, "submission_key": draft.key}, found=caller_of(draft.values, agent))
    return page(empty())


def caller_of(values: Mapping[str, Any], agent: User) -> Found | None:
    """Look up whom a draft is about by its customer number or phone, so that the record stands there again; None where neither leads to anybody."""
    query = values.get("customer_number") or values.get("phone") or ""
    try:
        return look_up(query, user=agent, store=store(), now=now()) if query else None
    except (InvalidInput, NotFound):
        return None


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
            return page(values, openings=considered(contact), outages=outages_of(contact))
        check_handlings(values["complaints"])
        tickets = receive(contact, predict=parts().predict, rules=rules(), store=store(), now=now(), actor=agent.username)
    except InvalidInput as error:
        return page(values, error=error), status_of(error)
    drop_draft(agent.username, values["submission_key"], store=store())
    return redirect(url_for("pages.new_complaint", done=tickets[0].number), 303)


@blueprint.post("/complaints/hint")
def hint() -> ResponseReturnValue:
    """Give the preview alone, for the page while the agent types; what is not readable yet is left out."""
    require(Role.AGENT)
    values = read_form(request.form)
    # What is empty is left out of the contact, but keeps its place on the page.
    places = [index for index, complaint in enumerate(values["complaints"]) if complaint.get("text", "").strip()]
    if not places:
        return ""
    values["complaints"] = [values["complaints"][index] for index in places]
    try:
        contact = read_contact(sent(values))
    except InvalidInput:
        try:
            contact = read_contact({"complaints": [{"text": c["text"]} for c in values["complaints"]]})
        except InvalidInput:
            return ""
    openings = considered(contact, places)
    return render_template("pages/_preview.html", openings=openings, outages=outages_of(contact), with_script=True)


@blueprint.post("/complaints/customer")
def find_customer() -> ResponseReturnValue:
    """Look the caller up, or take the one picked from a list; by a script the answer is shown beside the form, else with the form filled in."""
    agent = require(Role.AGENT)
    values, by_script = read_form(request.form), "HX-Request" in request.headers
    query = next((value for name in ("lookup", "customer_number", "phone") if (value := request.form.get(name, "").strip())), "")
    try:
        if number := request.form.get("pick", ""):
            found = pick(number, user=agent, store=store(), now=now())
        else:
            found = look_up(query, user=agent, store=store(), now=now())
    except (InvalidInput, NotFound) as error:
        if by_script:
            return render_template("pages/_customer.html", error=error)
        return page(values, error=error, lookup=query), status_of(error)
    fills = fillings(found.dossier.customer, query) if found.dossier else {}
    if by_script:
        return render_template("pages/_customer.html", found=found, fills=fills)
    return page({**values, **{name: value for name, value in fills.items() if not values[name]}}, found=found, lookup=query)


@blueprint.post("/complaints/link")
def link() -> ResponseReturnValue:
    """Chase or supplement a ticket that is there already, in the place of opening another with this complaint."""
    agent = require(Role.AGENT)
    values = read_form(request.form)
    try:
        move, index, number, version = read_link(request.form.get("link", ""))
        if index >= len(values["complaints"]):
            raise InvalidInput(Problem("link", say("This demand is not in the form; refresh the page and try again")))
        field, text = LINKS[move], words_of(values, index, move)
        ticket = act(number, move, {field: text}, user=agent, version=version, store=store(), rules=rules(), now=now())
    except TriageError as error:
        return page(values, error=error), status_of(error)
    flash(say("“{move}” done on ticket {number}; no new ticket was opened", move=BY_CODE[move].label, number=ticket.number))
    rest = [complaint for at, complaint in enumerate(values["complaints"]) if at != index and complaint["text"].strip()]
    if rest:
        return page({**values, "complaints": rest})
    drop_draft(agent.username, values["submission_key"], store=store())
    return redirect(url_for("pages.ticket", number=ticket.number), 303)


@blueprint.post("/complaints/draft")
def keep_draft() -> ResponseReturnValue:
    """Keep what was typed so far, and say when; an empty form has no draft."""
    agent = require(Role.AGENT)
    values = read_form(request.form)
    key = values["submission_key"]
    if not is_begun(values):
        drop_draft(agent.username, key, store=store())
        return ""
    save_draft(key, values, username=agent.username, store=store(), now=now())
    return render_template("pages/_draft.html")


@blueprint.post("/complaints/draft/drop")
def forget_draft() -> ResponseReturnValue:
    """Throw away a draft that is not wanted; the next page offers it back for a minute."""
    agent, key = require(Role.AGENT), clean(request.form.get("key", ""))
    throw_away(agent.username, key, store=store(), rules=rules(), now=now())
    return redirect(url_for("pages.new_complaint", dropped=key), 303)


@blueprint.post("/complaints/draft/restore")
def restore_draft() -> ResponseReturnValue:
    """Take back a draft that was thrown away a moment ago, and go on with it."""
    agent, key = require(Role.AGENT), clean(request.form.get("key", ""))
    try:
        take_back(agent.username, key, store=store(), rules=rules(), now=now())
    except NotFound as error:
        return page(empty(), error=error), status_of(error)
    return redirect(url_for("pages.new_complaint", draft=key), 303)


def registered(recent: Sequence[Ticket]) -> list[Ticket]:
    """Give the tickets of the contact that the address says was just registered, in their order; `recent` are the user's own, the latest first."""
    number = clean(request.args.get("done", ""))
    contact = next((ticket.contact_id for ticket in recent if ticket.number == number), None)
    return [ticket for ticket in reversed(recent) if ticket.contact_id == contact]


def dropped() -> Mapping[str, Any] | None:
    """Give the draft that the address says was thrown away, while it can be taken back."""
    key = clean(request.args.get("dropped", ""))
    at = thrown_away(require(Role.AGENT).username, key, store=store(), rules=rules(), now=now()) if key else None
    return {"key": key, "seconds": seconds_left(at)} if at else None


def considered(contact: Contact, places: list[int] | None = None) -> list[dict[str, Any]]:
    """Give, for each complaint, what would be decided, with all that helps in the call; `places` are their numbers on the page."""
    openings = consider(contact, predict=parts().predict, rules=rules(), store=store(), now=now())
    return [
        {
            "index": index,
            "opening": opening,
            "deadlines": deadlines(opening, contact),
            "entities": find_entities(opening.complaint.text, now=now()),
            "advice": advise(opening.complaint.text, opening.decision.topic, opening.decision.attention, rules()),
            "is_danger": is_danger(opening),
            "script": script_of(
                opening.decision.topic, rules(), is_danger=is_danger(opening), heard=[one.rule for one in opening.decision.attention]
            ),
            "alikes": look_alikes(opening.complaint.text, opening.decision, store(), now()),
        }
        for index, opening in zip(places or range(len(openings)), openings, strict=True)
    ]


def is_danger(opening: Opening) -> bool:
    """Whether somebody is in danger, whatever is decided of the ticket."""
    return any(attention.rule == DANGER for attention in opening.decision.attention)


def outages_of(contact: Contact) -> Any:
    """Give the outages that are known where the caller lives, if it is said where."""
    if not (contact.customer_number or contact.address):
        return None
    return store().outage_context(contact.customer_number, contact.address, now(), contact.unit_code)


def deadlines(opening: Opening, contact: Contact) -> list[Any]:
    """Give the clocks that would start now."""
    made = opening.decision
    if made.topic is None:
        return []
    where = made.team_unit or made.unit_code
    return list(starts("received", Demand(made.demand_type or UNKNOWN_TYPE, made.topic, made.locality, contact.channel, where), rules(), now()))


def page(
    values: Mapping[str, Any],
    *,
    openings: list[dict[str, Any]] | None = None,
    outages: Any = None,
    error: TriageError | None = None,
    found: Found | None = None,
    lookup: str = "",
) -> str:
    """Show the form with what was typed."""
    agent = require(Role.AGENT)
    drafts = drafts_of(agent.username, store=store(), now=now())
    recent = store().taken_by(agent.username, 12)
    return render_template(
        "pages/agent.html",
        values=values,
        openings=openings,
        outages=outages,
        error=error,
        found=found,
        fills={},
        lookup=lookup,
        dropped=dropped(),
        registered=registered(recent),
        drafts=[draft for draft in drafts if draft.key != values["submission_key"]],
        rules=rules(),
        initials={code: initials(topic.name) for code, topic in rules().topics.items()},
        units=store().units(current_only=True),
        channels=list(Channel),
        localities=list(Locality),
        relations=list(Relation),
        recent=recent,
    )
