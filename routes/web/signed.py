"""Signed periods (签认): who signed which, signing the period that the board shows, and what differs today from what was signed."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.board import KINDS, READERS, asked, kind_name, own_unit
from routes.errors import status_of
from routes.request import now, require, store
from routes.web.blueprint import blueprint
from routes.web.board import link, shown
from routes.web.paging import ON_PAGE, skipped
from triage import sign_off
from triage.errors import Conflict, Forbidden, InvalidInput, TriageError
from triage.store.facts import CLASSES, TOOK
from triage.terms import Role
from triage.wording import say

MOST_SHOWN = 500


@blueprint.get("/board/signed")
def board_signed() -> ResponseReturnValue:
    """List the signed periods of the unit looked at and those below; an auditor signs here."""
    return signed_page()


@blueprint.post("/board/signed")
def sign_period() -> ResponseReturnValue:
    """Sign a period of a unit."""
    try:
        made = sign_off.sign(request.form, user=require(Role.AUDITOR), store=store(), now=now())
    except (InvalidInput, Conflict) as error:
        return signed_page(error), status_of(error)
    flash(say("Signed off: {first_on} to {last_on}", first_on=made.first_on, last_on=made.last_on))
    return redirect(url_for("pages.board_sign_off", id=made.id), 303)


def signed_page(error: TriageError | None = None) -> str:
    """Show the list, with what was typed into the form if that was refused."""
    view = asked()
    skip, kept = skipped(), store()
    made = sign_off.sign_offs(view.unit, kept, ON_PAGE, skip)
    paged = {"skipped": skip, "on_page": ON_PAGE, "total": kept.count_sign_offs(view.unit)}
    return shown("signed", view, made=made, **paged, error=error, typed=request.form)


@blueprint.get("/board/signed/<int:id>")
def board_sign_off(id: int) -> ResponseReturnValue:
    """Show what differs today from what was signed."""
    require(*READERS)
    made = sign_off.sign_off(id, store())
    if own_unit(made.unit_code) != made.unit_code:  # a leader's own unit stands in for everything
        raise Forbidden(say("Only sign-offs of your own unit and those below it can be seen"))
    found = sign_off.differences(made, store=store(), now=now())
    return render_template(
        "pages/board_sign_off.html",
        made=made,
        differences=found[:MOST_SHOWN],
        total=len(found),
        not_counted=sign_off.not_counted_then(made, store()),
        measure_name=sign_off.name_of,
        words=sign_off.WORDS,
        kinds=KINDS,
        kind=kind,
        link=link,
    )


def kind(measure: str, dimension: str, value: str) -> str:
    """Give the name of a kind; the trait of a duration is its class, that of a ticket received its hour."""
    if dimension != "trait":
        return kind_name(dimension, value)
    if measure.split(".")[0] in TOOK:
        place = int(value)
        return say("Up to {minutes} minutes", minutes=CLASSES[place]) if place < len(CLASSES) else say("Over {minutes} minutes", minutes=CLASSES[-1])
    return say("{hour} o'clock", hour=value) if measure == "received" else kind_name(dimension, value)
