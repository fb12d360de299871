"""A ticket's page: facts, reasons, clocks, timeline, and the moves that are legal now."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, rules, store, user, version_seen
from routes.web.blueprint import blueprint
from triage.errors import Conflict, IllegalMove, InvalidInput, Problem, TriageError
from triage.lifecycle import BY_CODE, CHOICES, FIELDS, TEXTS, act, legal_moves
from triage.people import may_reveal, may_see
from triage.reveal import reveal, see
from triage.texts import clean
from triage.tickets import Ticket


@blueprint.get("/tickets/<number>")
def ticket(number: str) -> ResponseReturnValue:
    """Show a ticket."""
    return page(visible(number))


@blueprint.post("/tickets/<number>/moves/<move>")
def move(number: str, move: str) -> ResponseReturnValue:
    """Carry out a move."""
    who, number = user(), clean(number)
    try:
        moved = act(number, move, request.form, user=who, version=version_seen(request.form.get("version")), store=store(), rules=rules(), now=now())
    except (InvalidInput, IllegalMove, Conflict) as error:
        return page(visible(number), error=error, tried=move, typed=request.form), status_of(error)
    flash(f"{number} 已{BY_CODE[move].label}，现为“{moved.state.label}”")
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
    """Show a ticket with all that belongs to it."""
    who, kept = user(), store()
    decisions: list[Mapping[str, Any]] = kept.decisions_of(found.number)
    return render_template(
        "pages/ticket.html",
        ticket=found,
        contact=kept.contact(found.contact_id),
        siblings=[t for t in kept.tickets_of_contact(found.contact_id) if t.number != found.number],
        decisions=list(reversed(decisions)),
        prediction=kept.prediction_of(found.number),
        steps=kept.steps_of(found.number),
        trail=kept.trail(found.number),
        notes=kept.notes(found.number),
        moves=legal_moves(found, who, kept.open_steps(found.number)),
        may_reveal=may_reveal(who, found),
        revealed=revealed,
        error=error,
        tried=tried,
        typed=typed or {},
        fields=FIELDS,
        choices=CHOICES,
        texts=TEXTS,
        rules=rules(),
        units=kept.units(),
    )
