"""What stands behind the deductions of the service index: quality events (质量事件) with their form, and untrue records (不实记录)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.board import own_unit
from routes.errors import status_of
from routes.quality import asked_events, days_of
from routes.request import now, require, store
from routes.web.blueprint import blueprint
from routes.web.paging import ON_PAGE, skipped
from triage import quality_events
from triage.errors import Conflict, InvalidInput, TriageError
from triage.moments import in_shanghai, start_of
from triage.terms import Role
from triage.texts import clean
from triage.wording import say


@blueprint.get("/audit/events")
def audit_events() -> ResponseReturnValue:
    """List the quality events that the user may read, beside the form of an auditor."""
    try:
        return events_page()
    except InvalidInput as error:
        return events_page(error, is_filter=True), status_of(error)


@blueprint.post("/audit/events")
def enter_quality_event() -> ResponseReturnValue:
    """Enter a quality event; the same pressed twice is one."""
    try:
        event, is_new = quality_events.enter(request.form, user=require(Role.AUDITOR), store=store(), now=now())
    except InvalidInput as error:
        return events_page(error), status_of(error)
    flash(say("Quality event {id} entered", id=event.id) if is_new else say("The same quality event stands already as {id}", id=event.id))
    return redirect(url_for("pages.audit_events"), 303)


@blueprint.post("/audit/events/<int:id>/revoke")
def revoke_quality_event(id: int) -> ResponseReturnValue:
    """Revoke a quality event with a reason."""
    try:
        quality_events.revoke(id, request.form, user=require(Role.AUDITOR), store=store(), now=now())
    except (InvalidInput, Conflict) as error:
        return events_page(error, tried=id), status_of(error)
    flash(say("Quality event {id} revoked; it counts no more", id=id))
    return redirect(url_for("pages.audit_events"), 303)


def events_page(error: TriageError | None = None, *, tried: int = 0, is_filter: bool = False) -> str:
    """Show events, filter and form, with what was typed into what was wrong."""
    require(*quality_events.READERS)
    kept, skip, today = store(), skipped(), in_shanghai(now()).date()
    asked = quality_events.Asked(unit_code=own_unit("")) if is_filter else asked_events(request.args)
    return render_template(
        "pages/audit_events.html",
        found=kept.quality_events(asked, ON_PAGE, skip),
        total=kept.count_quality_events(asked),
        skipped=skip,
        on_page=ON_PAGE,
        asked={name: clean(request.args.get(name, "")) for name in ("kind", "unit", "since", "until", "valid")},
        units=kept.units(current_only=True),
        seen=seen_units(),
        error=error,
        tried=tried,
        is_filter=is_filter,
        typed=request.form if error else {"happened_on": today.isoformat()},
    )


@blueprint.get("/audit/untrue")
def audit_untrue() -> ResponseReturnValue:
    """List the records that auditors found untrue in a period, each with its ticket."""
    require(*quality_events.READERS)
    skip, unit = skipped(), own_unit(str(clean(request.args.get("unit", ""))))
    first, last = days_of(request.args)
    given = (unit, start_of(first), start_of(last + timedelta(days=1)))
    found, total = store().untrue_records(*given, most=ON_PAGE, skip=skip), store().count_untrue_records(*given)
    asked = {name: clean(request.args.get(name, "")) for name in ("unit", "since", "until")}
    paged = {"skipped": skip, "on_page": ON_PAGE, "total": total}
    return render_template("pages/audit_untrue.html", found=found, **paged, asked=asked, seen=seen_units())


def seen_units() -> list[Mapping[Any, Any]]:
    """Give the units that the user may choose: a leader's own and those below it, for the others all."""
    top = own_unit("")
    below = {top, *store().units_below(top)} if top else None
    return [row for row in store().units() if below is None or row["code"] in below]
