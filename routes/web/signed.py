"""Signed periods (签认): who signed which, signing the period that the board shows, and what differs today from what was signed."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, store
from routes.web.blueprint import blueprint
from routes.web.board import KINDS, READERS, asked, kind_name, link, own_unit, shown
from triage import board, sign_off
from triage.errors import Conflict, InvalidInput, TriageError
from triage.store.facts import CLASSES
from triage.store.rollups import EVERYTHING
from triage.terms import Role

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
    flash(f"已签认 {made.first_on} 至 {made.last_on}")
    return redirect(url_for("pages.board_sign_off", id=made.id), 303)


def signed_page(error: TriageError | None = None) -> str:
    """Show the list, with what was typed into the form if that was refused."""
    view = asked()
    units = {row["code"]: row["name"] for row in store().units()}
    tops = [(code, units[code]) for code in board.children(store(), EVERYTHING)]
    return shown("signed", view, made=sign_off.sign_offs(view.unit, store()), tops=tops, error=error, typed=request.form)


@blueprint.get("/board/signed/<int:id>")
def board_sign_off(id: int) -> ResponseReturnValue:
    """Show what differs today from what was signed."""
    require(*READERS)
    made = sign_off.sign_off(id, store())
    own_unit(made.unit_code)
    found = sign_off.differences(made, store=store(), now=now())
    return render_template(
        "pages/board_sign_off.html",
        made=made,
        differences=found[:MOST_SHOWN],
        total=len(found),
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
    if measure.startswith("duration"):
        place = int(value)
        return f"不超过 {CLASSES[place]} 分钟" if place < len(CLASSES) else f"超过 {CLASSES[-1]} 分钟"
    return f"{value} 时" if measure == "received" else kind_name(dimension, value)
