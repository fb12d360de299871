"""Weekly and monthly reports: the periods, a report as a page with numbers that open, as a file, and the files that the schedule made."""

from datetime import timedelta
from urllib.parse import quote

from flask import Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.board import READERS, own_unit
from routes.reporting import FORMATS, MIMES, as_file, name_of, note_file
from routes.request import now, require, rules, store, user
from routes.web.blueprint import blueprint
from routes.web.board import cases, link
from routes.web.paging import ON_PAGE, skipped
from triage import exports, report_jobs
from triage.errors import InvalidInput, NotFound, Problem
from triage.moments import in_shanghai, read_day
from triage.report import Period, Report, make_report, period_from, period_with, recent
from triage.store.rollups import EVERYTHING
from triage.terms import ReportKind, Role
from triage.texts import clean
from triage.wording import say

SLOW = timedelta(seconds=90)  # then it is said that nobody may be making it
ALONE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@blueprint.get("/reports")
def reports() -> ResponseReturnValue:
    """List the periods and the kept files of a unit."""
    require(*READERS)
    unit = own_unit(clean(request.args.get("unit", "")))
    units = visible_units()
    return render_template(
        "pages/reports.html",
        units=units,
        unit_code=unit,
        unit_name=dict(units)[unit],
        query=query(unit),
        lists={kind: recent(kind, now()) for kind in ReportKind},
        today=in_shanghai(now()).date(),
        failures=store().report_failures(unit),
        kept=store().kept_reports(unit, ON_PAGE, skipped()),
        skipped=skipped(),
        on_page=ON_PAGE,
        total=store().count_kept_reports(unit),
    )


def visible_units() -> list[tuple[str, str]]:
    """Give the units that the user may choose, code and name: a leader's own and those below, for others everything."""
    units = [(row["code"], row["name"]) for row in store().units()]
    if g.user.role is Role.LEADER:
        return [(code, name) for code, name in units if store().is_under(code, g.user.unit_code)]
    return [(EVERYTHING, say("All units")), *units]


def query(unit: str) -> dict[str, str]:
    """Give what an address says of the unit."""
    return {"unit": unit} if unit != EVERYTHING else {}


def asked(kind: str, first_on: str) -> Report:
    """Compute the report that an address asks for.

    Raises:
        NotFound: there is no such kind.
        InvalidInput: no period begins on that day, or there is no such unit.
        Forbidden: the unit is not below the leader's.
    """
    require(*READERS)
    period = period_asked(kind, first_on)
    return make_report(period, own_unit(clean(request.args.get("unit", ""))), store=store(), rules=rules(), now=now())


def period_asked(kind: str, first_on: str) -> Period:
    """Read the period of an address.

    Raises:
        NotFound: there is no such kind.
        InvalidInput: no period begins on that day.
    """
    if kind not in list(ReportKind):
        raise NotFound(say("There is no such kind of report; there are weekly (week) and monthly (month) ones"))
    return period_from(ReportKind(kind), read_day(clean(first_on), "first_on"), now())


@blueprint.get("/reports/<kind>/<first_on>")
def report(kind: str, first_on: str) -> ResponseReturnValue:
    """Show a report."""
    made = asked(kind, first_on)
    stale, of_unit = store().figures_are_stale(), query(made.unit_code)
    values = {"report": made, "link": link, "cases": cases, "query": of_unit, "formats": FORMATS, "is_stale": stale}
    return render_template("pages/report.html", **values)


@blueprint.get("/reports/<kind>/<first_on>/file")
def report_file(kind: str, first_on: str) -> ResponseReturnValue:
    """Give a report as a workbook or as HTML; a PDF is asked for (see `ask_for_file`)."""
    format = clean(request.args.get("format", ""))
    if format == "pdf":
        raise InvalidInput(Problem("format", say("A PDF is made on request: open the report's page and choose PDF there")))
    if format not in FORMATS:
        raise InvalidInput(
            Problem("format", say("There is no format “{format}”; choose from: {formats}", format=format, formats=say(", ").join(FORMATS)))
        )
    made = asked(kind, first_on)
    data = as_file(made, format, store=store(), rules=rules(), now=now())
    note_file(made, format, actor=user().username, store=store(), now=now())
    return sent(name_of(made, format), format, data)


@blueprint.post("/reports/<kind>/<first_on>/file")
def ask_for_file(kind: str, first_on: str) -> ResponseReturnValue:
    """Ask for a report as a PDF, which takes seconds: it is made beside by `flask sweep`, and the page that waits for it is shown at once."""
    require(*READERS)
    period, unit = period_asked(kind, first_on), own_unit(clean(request.args.get("unit", "")))
    job = report_jobs.ask(period, unit, "pdf", user=user(), store=store(), now=now())
    return redirect(url_for("pages.report_job", id=job.id), 303)


@blueprint.get("/report-jobs/<int:id>")
def report_job(id: int) -> ResponseReturnValue:
    """Show how a report stands that was asked for; until it is there the page looks again by itself."""
    require(*READERS)
    job = report_jobs.job_of(id, user=user(), store=store())
    period = period_with(ReportKind(job.kind), job.first_on)
    is_slow = job.state in report_jobs.UNDER_WAY and now() - job.asked_at > SLOW
    return render_template("pages/report_job.html", job=job, period=period, is_slow=is_slow, query=query(job.unit_code))


@blueprint.get("/report-jobs/<int:id>/file")
def report_job_file(id: int) -> ResponseReturnValue:
    """Give the file that was asked for."""
    require(*READERS)
    job = report_jobs.job_of(id, user=user(), store=store())
    own_unit(job.unit_code)
    data = store().report_job_data(job.id)
    if data is None:
        raise NotFound(say("This file is not made yet; wait on its page"))
    last_on = period_with(ReportKind(job.kind), job.first_on).last_on
    taken = exports.Export(job.kind, job.format, job.unit_code, job.first_on, last_on, 0)
    exports.note(taken, actor=user().username, store=store(), now=now())
    return sent(job.name, job.format, data)


@blueprint.get("/report-files/<int:id>")
def kept_report(id: int) -> ResponseReturnValue:
    """Give a file that the schedule made."""
    require(*READERS)
    kept = store().report_data(id) if id < 2**31 else None
    if kept is None:
        raise NotFound(say("There is no such report; open one from the list of reports"))
    own_unit(kept["unit_code"])
    taken = exports.Export(kept["kind"], kept["format"], kept["unit_code"], kept["first_on"], kept["last_on"], kept["listed"])
    exports.note(taken, actor=user().username, store=store(), now=now())
    return sent(kept["name"], kept["format"], bytes(kept["data"]))


def sent(name: str, format: str, data: bytes) -> Response:
    """Answer with a file to be downloaded."""
    answer = make_response(data)
    answer.mimetype = MIMES[format]
    answer.headers["Content-Disposition"] = f"attachment; filename=report.{format}; filename*=UTF-8''{quote(name, safe='')}"
    answer.headers["Content-Security-Policy"] = ALONE
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
