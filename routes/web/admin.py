"""Administration: what there is to administer, searched; the working calendar; what a change of the reference data would do, to be confirmed."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, rules, store
from routes.web.admin_tables import GROUPS, NAMES, search
from routes.web.blueprint import blueprint
from triage.changes import key_columns
from triage.errors import InvalidInput, Problem
from triage.limits import Preview
from triage.reference import load_calendar, preview_calendar
from triage.terms import Role
from triage.wording import say

SHOWN = 50  # clocks of a preview, at most


@blueprint.get("/admin")
def admin() -> ResponseReturnValue:
    """Show what can be administered."""
    require(Role.ADMIN)
    return overview()


@blueprint.post("/admin/calendar")
def calendar() -> ResponseReturnValue:
    """Load an announced year, once what that does to the open tickets has been seen; they are computed again."""
    who = require(Role.ADMIN)
    days, year, source = (request.form.get(name, "") for name in ("days", "year", "source"))
    try:
        if not (year.isascii() and year.isdigit() and len(year) == 4 and 2000 <= int(year) <= 2100):
            raise InvalidInput(Problem("year", say("The year “{year}” is not valid; write four digits", year=year)))
        seen = preview_calendar(store(), days, year=int(year), source=source, now=now())
        if seen.moved and not is_confirmed():
            return confirmation(say("Calendar of {year}", year=year), seen, url_for("pages.calendar"), url_for("pages.admin"))
        changed = load_calendar(store(), days, year=int(year), source=source, actor=who.username, now=now())
    except InvalidInput as error:
        return overview(error), status_of(error)
    flash(say("The calendar of {year} has been loaded, and the limits of {changed} open tickets were worked out again", year=year, changed=changed))
    return redirect(url_for("pages.admin"), 303)


def is_confirmed() -> bool:
    """Whether the user has seen what a change does, and nobody has changed the tables since."""
    return request.form.get("confirmed") == str(store().reference_version())


def confirmation(what: str, seen: Preview, action: str, back: str) -> str:
    """Show what a change would do to the open tickets, with what was sent, to be sent again as confirmed."""
    sent = {name: ";".join(values) for name, values in request.form.lists() if name not in ("csrf_token", "confirmed")}
    version = store().reference_version()
    return render_template(
        "pages/reference_row.html",
        name=what,
        seen=seen,
        most=SHOWN,
        action=action,
        back=back,
        values=sent,
        version=version,
        again="confirmed" in request.form,
    )


def overview(error: InvalidInput | None = None) -> str:
    """Show the tables by group, or what a search found, and the calendar with what was typed."""
    query = request.args.get("query", "").strip()
    return render_template(
        "pages/admin.html",
        names=NAMES,
        groups=GROUPS,
        counts={table: len(store().reference_rows(table)) for table in NAMES},
        query=query,
        found=search(store(), query) if query else None,
        keys=key_columns,
        years=store().calendar_years(),
        automatic=rules().is_automatic_dispatch_on,
        error=error,
        typed=request.form,
    )
