"""Known outages: the list, one outage with whom to tell and what is linked to it, registering and each change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, store, user, version_seen
from routes.web.blueprint import blueprint
from triage.errors import Conflict, IllegalMove, InvalidInput, TriageError
from triage.moments import in_shanghai
from triage.outage_changes import MOVE_FIELDS, MOVES, change, check_registrar, correct, frequent_areas, legal_changes, register, warnings_of
from triage.outage_drafts import read_draft
from triage.outages import FIELDS, AreaKind, Draft, Outage, OutageKind, OutageState, Taken, check_reader, count_notices, may_register
from triage.people import may_see
from triage.texts import clean
from triage.wording import say

ACTIONS = {"register": say("Register"), "import": say("Import"), "correct": say("Correction"), "notify": say("Notify customers")} | {
    move.code: move.label for move in MOVES
}
CHANGED = FIELDS | {"state": say("State"), "announced_at": say("Time of announcement"), "cancelled_at": say("Time of cancellation")}
TERMS = {"state": OutageState, "kind": OutageKind}


@blueprint.get("/outages")
def outages() -> ResponseReturnValue:
    """List the outages, the latest first, all or those that stand so now."""
    check_reader(user())
    return listing()


@blueprint.post("/outages")
def register_outage() -> ResponseReturnValue:
    """Register an outage, and show it."""
    try:
        taken, outage = register(draft_sent(), user=user(), store=store(), now=now())
    except (InvalidInput, Conflict) as error:
        return listing(error), status_of(error)
    flash(
        say(
            "Outage {number}: {result}",
            number=outage.number,
            result=say("Registered") if taken is Taken.ADDED else say("Registered before, with the same content"),
        )
    )
    return redirect(url_for("pages.outage", number=outage.number), 303)


@blueprint.get("/outages/<number>")
def outage(number: str) -> ResponseReturnValue:
    """Show an outage."""
    check_reader(user())
    return page(store().outage(clean(number)))


@blueprint.post("/outages/<number>/correct")
def correct_outage(number: str) -> ResponseReturnValue:
    """Put other values in the place of what is registered."""
    number = clean(number)
    check_registrar(user(), store().outage(number).unit_code, store())
    try:
        version = version_seen(request.form.get("version"))
        correct(number, draft_sent(), version=version, user=user(), store=store(), now=now())
    except (InvalidInput, IllegalMove, Conflict) as error:
        return page(store().outage(number), error=error, tried="correct"), status_of(error)
    flash(say("Outage {number} corrected", number=number))
    return redirect(url_for("pages.outage", number=number), 303)


@blueprint.post("/outages/<number>/moves/<code>")
def change_outage(number: str, code: str) -> ResponseReturnValue:
    """Announce it, move its expected end, restore or cancel it."""
    number = clean(number)
    try:
        version = version_seen(request.form.get("version"))
        changed = change(number, code, request.form, version=version, user=user(), store=store(), now=now())
    except (InvalidInput, IllegalMove, Conflict) as error:
        return page(store().outage(number), error=error, tried=code), status_of(error)
    flash(say("Outage {number} is now “{state}”", number=number, state=changed.state_at(now()).label))
    return redirect(url_for("pages.outage", number=number), 303)


@blueprint.post("/outages/<number>/notices")
def notify_customer(number: str) -> ResponseReturnValue:
    """Keep that a key customer was told."""
    found = store().outage(clean(number))
    check_registrar(user(), found.unit_code, store())
    is_new = store().mark_notified(found.number, clean(request.form.get("notice", "")), user().username, now())
    flash(say("Recorded as notified") if is_new else say("Already recorded as notified"))
    return redirect(url_for("pages.outage", number=found.number), 303)


def draft_sent() -> Draft:
    """Read the form's draft."""
    return read_draft({name: request.form.get(name, "") for name in FIELDS}, names_of_units(), now())


def names_of_units() -> dict[str, str]:
    """Give the supply units' names by code."""
    return {row["code"]: row["name"] for row in store().units()}


def listing(error: TriageError | None = None) -> str:
    """Show the list, with what was typed into the form."""
    asked = request.args.get("state", "")
    state = asked if asked in list(OutageState) else ""
    return render_template(
        "pages/outages.html",
        outages=store().outages(now(), state),
        state=state,
        states=list(OutageState),
        may_register=may_register(user()),
        error=error,
        typed=request.form if error else {"unit_code": user().unit_code},
        **words(),
    )


def page(found: Outage, *, error: TriageError | None = None, tried: str = "") -> str:
    """Show an outage with all that belongs to it, and what went wrong."""
    check_reader(user())
    who, kept = user(), store()
    notices = kept.notices(found.number)
    return render_template(
        "pages/outage.html",
        outage=found,
        warnings=warnings_of(found, kept, now()),
        frequent=frequent_areas(found, kept, now()),
        notices=notices,
        counts=count_notices(notices, now()),
        tickets=[one for one in kept.tickets_of_outage(found.number) if may_see(who, one, kept)],
        trail=[told(entry) for entry in reversed(kept.outage_trail(found.number))],
        moves=legal_changes(found, now()) if is_theirs(found) else (),
        move_fields=MOVE_FIELDS,
        may_change=is_theirs(found),
        error=error,
        tried=tried,
        typed=request.form if error else {},
        values=request.form if tried == "correct" else as_typed(found),
        **words(),
    )


def is_theirs(found: Outage) -> bool:
    """Say whether the user may change an outage."""
    try:
        check_registrar(user(), found.unit_code, store())
    except TriageError:
        return False
    return True


def as_typed(found: Outage) -> dict[str, str]:
    """Give an outage as the form shows it."""
    texts = {name: getattr(found, name) for name in ("number", "unit_code", "reason", "notice")}
    times = {name: f"{in_shanghai(getattr(found, name)):%Y-%m-%dT%H:%M}" for name in ("starts_at", "ends_at")}
    areas = {"transformer_areas": AreaKind.TRANSFORMER_AREA, "keywords": AreaKind.KEYWORD}
    return texts | times | {"kind": found.kind.value} | {name: "\n".join(found.values_of(kind)) for name, kind in areas.items()}


def told(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Give an entry of the trail in words."""
    changes = [(CHANGED.get(name, name), in_words(name, before), in_words(name, after)) for name, before, after in entry["changes"]]
    return {**entry, "action": ACTIONS.get(entry["action"], entry["action"]), "changes": changes}


def in_words(name: str, value: Any) -> str:
    """Give a value of the trail as people read it."""
    if isinstance(value, datetime):
        return f"{in_shanghai(value):%Y-%m-%d %H:%M}"
    return TERMS[name](value).label if value and name in TERMS else str(value or say("None"))


def words() -> dict[str, Any]:
    """What both pages name things by."""
    return {"kinds": list(OutageKind), "units": store().units(current_only=True), "AreaKind": AreaKind, "fields": FIELDS}
