"""A ticket's page: facts, reasons, clocks, timeline, and the moves that are legal now."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, parts, rules, store, user, version_seen
from routes.web.blueprint import blueprint
from routes.web.keys import letters_of
from triage.attachments import MAX_COUNT, may_attach, may_open, may_remove
from triage.claims import claim, is_claimable
from triage.clocks import UNITS
from triage.errors import Conflict, IllegalMove, InvalidInput, Problem, TriageError
from triage.fields import choices_of
from triage.lifecycle import act, legal_moves
from triage.moments import in_shanghai
from triage.moves import BY_CODE, FIELDS, HANDLERS, Move
from triage.people import may_reveal, may_see
from triage.reveal import reveal, see
from triage.standing import extension_rule
from triage.templates import templates_for
from triage.texts import clean
from triage.tickets import Ticket
from triage.wording import say
from triage.workplace import likely_move, stand_still


@blueprint.get("/tickets/<number>")
def ticket(number: str) -> ResponseReturnValue:
    """Show a ticket; a dispatcher who opens one that waits takes it for a few minutes."""
    found = visible(number)
    if is_claimable(found, user()):
        with suppress(Conflict):  # the page says who has it
            claim(found, user=user(), store=store(), rules=rules(), now=now())
    return page(found)


@blueprint.post("/tickets/<number>/moves/<move>")
def move(number: str, move: str) -> ResponseReturnValue:
    """Carry out a move."""
    who, number = user(), clean(number)
    try:
        version = version_seen(request.form.get("version"))
        moved = act(number, move, request.form, user=who, version=version, store=store(), rules=rules(), now=now(), predict=parts().predict)
    except (InvalidInput, IllegalMove, Conflict) as error:
        return page(visible(number), error=error, tried=move, typed=request.form), status_of(error)
    flash(say("{number}: “{move}” done, now “{state}”", number=number, move=BY_CODE[move].label, state=moved.state.label))
    if not may_see(who, moved, store()):
        return redirect(url_for("pages.home"), 303)
    return redirect(url_for("pages.ticket", number=number), 303)


@blueprint.post("/tickets/<number>/reveal")
def reveal_caller(number: str) -> ResponseReturnValue:
    """Show the caller's full data in this answer only, after the trail says who saw it and why."""
    found = visible(number)
    try:
        reveal(found, request.form.get("reason", ""), user=user(), store=store(), now=now())
    except InvalidInput as error:
        beside = InvalidInput(*(Problem("reveal_reason", problem.message) for problem in error.problems))
        return page(found, error=beside), status_of(error)
    return page(found, revealed=True)


def visible(number: str) -> Ticket:
    """Give a ticket that the user may see."""
    return see(number, user=user(), store=store())


def page(
    found: Ticket,
    *,
    error: TriageError | None = None,
    tried: str = "",
    typed: Mapping[str, str] | None = None,
    revealed: bool = False,
) -> str:
    """Show a ticket with all that belongs to it; what was typed into a form that failed is kept."""
    who, kept = user(), store()
    moves = legal_moves(found, who, kept.standing(found, who, now()), rules())
    opened = tried or request.args.get("do", "")
    likely = likely_move(moves, found)
    return render_template(
        "pages/ticket.html",
        **about(found),
        **beside(found),
        main_moves=[move for move in moves if move.is_main],
        more_moves=[move for move in moves if not move.is_main],
        opened=opened if opened in {move.code for move in moves} else likely.code if likely and not tried else "",
        letters=letters_of(sorted(moves, key=lambda move: not move.is_main)),
        **inputs(found, moves),
        claimed=kept.claimed(found.number, now()),
        may_reveal=may_reveal(who, found),
        revealed=revealed,
        error=error,
        tried=tried,
        typed=typed or {},
        done_since=done_since(found, error, typed or {}),
        may_attach=may_attach(who, found, kept),
        removable={one.id for one in kept.attachments_of(found.number) if may_remove(who, found, one, kept)},
        max_files=MAX_COUNT,
        is_handler=who.role in HANDLERS,
    )


def about(found: Ticket) -> dict[str, Any]:
    """What both the page and the printed sheet show of a ticket: the call, the clocks, what happened."""
    kept = store()
    steps = kept.steps_of(found.number)
    return {
        "ticket": found,
        "contact": kept.contact(found.contact_id),
        "steps": steps,
        "still": stand_still(found, steps, kept.demand(found.number), rules(), now()),
        "trail": kept.trail(found.number),
        "notes": kept.notes(found.number),
        "co_handlings": kept.co_handlings_of(found.number),
        "attachments": kept.attachments_of(found.number) if may_open(user(), found, kept) else None,
        "outage": kept.find_outage(found.outage_number) if found.outage_number else None,
        "crews": {crew.code: crew.name for crew in kept.crews_of_team(found.team_unit or "", found.department or "", is_active=None)},
        "fields": FIELDS,
        "rules": rules(),
    }


def beside(found: Ticket) -> dict[str, Any]:
    """What stands beside the way of a ticket: decisions, requests, pauses, calls, other tickets."""
    kept = store()
    return {
        "siblings": [one for one in kept.tickets_of_contact(found.contact_id) if one.number != found.number],
        "children": kept.children_of(found.number),
        "decisions": list(reversed(kept.decisions_of(found.number))),
        "prediction": kept.prediction_of(found.number),
        "requests": kept.requests_of(found.number),
        "pauses": kept.pauses_of(found.number),
        "attempts": kept.attempts_of(found.number),
        "links": kept.links_of(found.number),
        "calls": kept.calls_of_ticket(found.number),
    }


def inputs(found: Ticket, moves: Iterable[Move]) -> dict[str, Any]:
    """What the forms of the moves offer: choices, the team's people and crews, how far an extension may go, reply templates."""
    rule, kept = extension_rule(found, rules()), store()
    local = in_shanghai(now())
    names = {row["code"]: row["name"] for row in kept.units()}
    unit = str(names.get(found.team_unit, ""))
    return {
        "choices": {name: options for name in FIELDS if (options := choices_of(name, rules())) is not None},
        "people": kept.team_users(found.team_unit or "", found.department or ""),
        "extension": rule,
        "extension_unit": UNITS[rule.unit][1] if rule else "",
        "templates": {move.code: rows for move in moves if (rows := templates_for(move.code, found, rules(), unit=unit))},
        "soonest": local.strftime("%Y-%m-%dT%H:%M"),
        "clock": local.strftime("%H:%M"),
        "units": kept.units(current_only=True),
    }


def done_since(found: Ticket, error: TriageError | None, typed: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """Give what others did to a ticket after the user read it, if that is what stands in the way."""
    version = typed.get("version", "")
    if not isinstance(error, Conflict) or not version.isdigit():
        return []
    return [dict(row) for row in store().moves_since(found.number, int(version))]


@blueprint.get("/tickets/<number>/print")
def print_ticket(number: str) -> ResponseReturnValue:
    """Show a ticket as a plain sheet to be printed: masked, with who printed it and when."""
    return render_template("pages/ticket_print.html", full=lambda at: in_shanghai(at).strftime("%Y-%m-%d %H:%M"), **about(visible(number)))
