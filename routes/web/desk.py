"""The dispatcher's desk: one waiting ticket or reply at a time beside its queue, a keystroke each."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, parts, require, rules, store, version_seen
from routes.web.blueprint import blueprint
from routes.web.dispatch import asked_for
from routes.web.storm import group_of
from routes.web.undo import done_before, undo_code
from triage.claims import claim
from triage.dispatching import Filter, candidates
from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound, TriageError
from triage.initials import initials
from triage.lifecycle import act, legal_moves
from triage.moves import FIELDS
from triage.people import User
from triage.referral import advise
from triage.routing import EXTERNAL
from triage.rules import ReferralAdvice
from triage.storm import is_fault
from triage.terms import Role, Step
from triage.texts import clean
from triage.tickets import Ticket

BESIDE = 25  # how many tickets of the queue are listed beside the one at work
DESK = "<any(work, review):desk>"


@dataclass(frozen=True)
class Tried:
    """A move that was not made: of which ticket, what was sent, and what stood in the way."""

    number: str = ""
    move: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    error: TriageError | None = None


@blueprint.get(f"/dispatch/{DESK}")
def desk(desk: str) -> ResponseReturnValue:
    """Show one ticket beside the queue and take it: the one named (`number`), else the first free one from `from` on."""
    require(Role.DISPATCHER)
    return show_desk(desk)


@blueprint.get(f"/dispatch/{DESK}/<number>/peek")
def peek(desk: str, number: str) -> ResponseReturnValue:
    """Give the ticket that comes next, to be read before it is shown; nobody takes it by that."""
    require(Role.DISPATCHER)
    found = store().find_ticket(clean(number))
    return render_template("pages/_peek.html", **one(desk, found, Tried())) if found else ""


@blueprint.get("/dispatch/work/<number>/candidates")
def candidates_again(number: str) -> ResponseReturnValue:
    """Give the candidates for another demand type or unit."""
    require(Role.DISPATCHER)
    found = store().ticket(clean(number))
    return render_template("pages/_candidates.html", **one("work", found, Tried(values=request.args)))


@blueprint.post(f"/dispatch/{DESK}/<number>/skip")
def skip(desk: str, number: str) -> ResponseReturnValue:
    """Give a ticket back and go to the next."""
    who = require(Role.DISPATCHER)
    store().release(clean(number), who.username)
    return redirect(onward(desk), 303)


@blueprint.post(f"/dispatch/{DESK}/<number>/undo")
def undo(desk: str, number: str) -> ResponseReturnValue:
    """Take back a dispatch or a merge of a moment ago, and show the ticket again."""
    number = clean(number)
    answer = moved(desk, number, undo_code(store().find_ticket(number)))
    return answer or redirect(url_for("pages.desk", desk=desk, number=number, done=number, **asked_for().values), 303)


@blueprint.post(f"/dispatch/{DESK}/<number>/<any(dispatch, refer, merge, acknowledge, chase, review, send_back):move>")
def decide(desk: str, number: str, move: str) -> ResponseReturnValue:
    """Decide on the ticket and go to the next."""
    number = clean(number)
    return moved(desk, number, move) or redirect(onward(desk, done=number), 303)


def moved(desk: str, number: str, move: str) -> ResponseReturnValue | None:
    """Make a move; where it cannot be made, give the page that says why, with what was typed."""
    who = require(Role.DISPATCHER)
    try:
        version = version_seen(request.form.get("version"))
        act(number, move, request.form, user=who, version=version, store=store(), rules=rules(), now=now(), predict=parts().predict)
    except (InvalidInput, IllegalMove, Conflict, NotFound, Forbidden) as error:
        here = url_for("pages.desk", desk=desk, number=number, **asked_for().values)  # what the browser loads again, not the address of the move
        return show_desk(desk, Tried(number, move, request.form, error)), status_of(error), {"HX-Push-Url": here}
    return None


def onward(desk: str, done: str = "") -> str:
    """Give the address of the next ticket, which the page had named."""
    after = clean(request.form.get("next", ""))
    values: dict[str, Any] = {name: value for name, value in (("from", after), ("done", done)) if value}
    return url_for("pages.desk", desk=desk, **values, **asked_for().values)


def show_desk(desk: str, tried: Tried | None = None) -> str:
    """Show the queue and one ticket of it, taken by the user if nobody else has it."""
    who, kept, chosen = require(Role.DISPATCHER), store(), asked_for()
    tried, others = tried or Tried(), {number for number, username in kept.claims(now()).items() if username != who.username}
    named = tried.number or clean(request.args.get("number", ""))
    line = line_from(desk, named, len(others)) if named else []
    if not line or line[0].number != named:
        tried, named = Tried(error=tried.error), ""
        line = line_from(desk, clean(request.args.get("from", "") or request.form.get("next", "")), len(others))
    shown = take_one(line[:1] if named else [ticket for ticket in line if ticket.number not in others], who)
    after = next((ticket.number for ticket in line if ticket is not shown and ticket.number not in others), "")
    return render_template(
        "pages/dispatch_one.html",
        **one(desk, shown or (line[0] if named else None), tried),
        line=line[:BESIDE],
        waiting=sum(kept.waiting_counts(chosen, now()).values()) if desk == "work" else kept.count_replies(),
        danger=danger_beside(desk, shown, others),
        claims=kept.claims(now()),
        next=after,
        done=done_before(who),
    )


def line_from(desk: str, start: str, taken: int) -> list[Ticket]:
    """Give the queue from a ticket on: as much as is listed, and so much more that a free one is among it if there is any."""
    most = BESIDE + taken + 1
    return store().waiting_from(start, asked_for(), now(), most) if desk == "work" else store().replies_from(start, most)


def danger_beside(desk: str, shown: Ticket | None, others: Collection[str]) -> Ticket | None:
    """Give the ticket about danger to life that waits on top while the user works further down the queue."""
    first = next(iter(store().waiting(Filter(), now(), most=1)), None) if desk == "work" else None
    if first is None or not first.is_watched or first.number in others:
        return None
    return first if shown is None or first.number != shown.number else None


def take_one(line: Sequence[Ticket], who: User) -> Ticket | None:
    """Take the first of the tickets that nobody else works on."""
    for ticket in line:
        with suppress(Conflict):
            claim(ticket, user=who, store=store(), rules=rules(), now=now())
            return ticket
    return None


def one(desk: str, ticket: Ticket | None, tried: Tried) -> dict[str, Any]:
    """Give all that is shown of one ticket."""
    who, kept = require(Role.DISPATCHER), store()
    basis = {"desk": desk, "ticket": ticket, "tried": tried, "error": tried.error, "rules": rules(), "fields": FIELDS, "chosen": asked_for()}
    if ticket is None:
        return basis
    made = kept.prediction_of(ticket.number)
    kind = tried.values.get("demand_type") or ticket.demand_type or first_known(made["demand_types"] if made else [], rules().demand_types)
    unit = tried.values.get("unit_code") or ticket.unit_code or ""
    found = candidates(ticket, made["topics"] if made else [], kind, unit, rules(), *kept.teams_and_parents()) if desk == "work" else ()
    held = kept.claimed(ticket.number, now())
    return basis | {
        "moves": {move.code for move in legal_moves(ticket, who, kept.standing(ticket, who, now()), rules())},
        "prediction": made,
        "candidates": found,
        "kind": kind,
        "unit": unit,
        "decisions": [one for one in kept.decisions_of(ticket.number) if one["made_by"] != "taken_back"],
        "contact": kept.contact(ticket.contact_id),
        "links": kept.links_of(ticket.number),
        "steps": [step for step in kept.steps_of(ticket.number) if step.voided_at is None],
        "said": [(note, entry) for entry in kept.trail(ticket.number) for note in kept.notes(ticket.number).get(entry["seq"], []) if _is_told(note)],
        "held_by": held["username"] if held and held["username"] != who.username else "",
        "units": kept.units(current_only=True),
        "owners": owners_of(ticket),
        "initials": {code: initials(topic.name) for code, topic in rules().topics.items()},
        "alike": group_of(ticket) if is_fault(ticket, rules()) and desk == "work" else None,
        "Step": Step,
    }


def owners_of(ticket: Ticket) -> tuple[ReferralAdvice, ...]:
    """Give who may answer for a ticket that is not ours, by its words, the likeliest first."""
    outside = next((code for code, topic in rules().topics.items() if topic.lead_department == EXTERNAL), None)
    return advise(ticket.text, outside, (), rules())


def _is_told(note: Mapping[Any, Any]) -> bool:
    return note["kind"] in ("note", "supplement", "reason", "opinion")


def first_known(labels: Sequence[Sequence[Any]], known: Mapping[str, str]) -> str:
    """Give the likeliest label that there still is."""
    return next((str(label) for label, _ in labels if label in known), "")
