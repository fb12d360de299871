"""Weekly and monthly reports: the periods, a report as a page with numbers that open, as a file, and the files that the schedule made."""

from urllib.parse import quote

from flask import Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from routes.reporting import FORMATS, MIMES, as_file, name_of
from routes.request import now, require, rules, store
from routes.web.blueprint import blueprint
from routes.web.board import READERS, link, own_unit
from triage.errors import InvalidInput, NotFound, Problem
from triage.moments import in_shanghai, read_day
from triage.report import Report, make_report, period_from, recent
from triage.store.rollups import EVERYTHING
from triage.terms import ReportKind, Role
from triage.texts import clean

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
        kept=store().kept_reports(unit),
    )


def visible_units() -> list[tuple[str, str]]:
    """Give the units that the user may choose, code and name: a leader's own and those below, for others everything."""
    units = [(row["code"], row["name"]) for row in store().units()]
    if g.user.role is Role.LEADER:
        return [(code, name) for code, name in units if store().is_under(code, g.user.unit_code)]
    return [(EVERYTHING, "全部单位"), *units]


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
    if kind not in list(ReportKind):
        raise NotFound("没有这种报告，可看周报（week）和月报（month）")
    period = period_from(ReportKind(kind), read_day(clean(first_on), "first_on"), now())
    return make_report(period, own_unit(clean(request.args.get("unit", ""))), store=store(), rules=rules(), now=now())


@blueprint.get("/reports/<kind>/<first_on>")
def report(kind: str, first_on: str) -> ResponseReturnValue:
    """Show a report."""
    made = asked(kind, first_on)
    values = {"report": made, "link": link, "query": query(made.unit_code), "formats": FORMATS, "is_stale": store().figures_are_stale()}
    return render_template("pages/report.html", **values)


@blueprint.get("/reports/<kind>/<first_on>/file")
def report_file(kind: str, first_on: str) -> ResponseReturnValue:
    """Give a report as a file."""
    format = clean(request.args.get("format", ""))
    if format not in FORMATS:
        raise InvalidInput(Problem("format", f"没有格式“{format}”，可选：{'、'.join(FORMATS)}"))
    made = asked(kind, first_on)
    return sent(name_of(made, format), format, as_file(made, format, store=store(), rules=rules(), now=now()))


@blueprint.get("/report-files/<int:id>")
def kept_report(id: int) -> ResponseReturnValue:
    """Give a file that the schedule made."""
    require(*READERS)
    kept = store().report_data(id) if id < 2**31 else None
    if kept is None:
        raise NotFound("没有这份报告，请从报告列表打开")
    own_unit(kept["unit_code"])
    return sent(kept["name"], kept["format"], bytes(kept["data"]))


def sent(name: str, format: str, data: bytes) -> Response:
    """Answer with a file to be downloaded."""
    answer = make_response(data)
    answer.mimetype = MIMES[format]
    answer.headers["Content-Disposition"] = f"attachment; filename=report.{format}; filename*=UTF-8''{quote(name, safe='')}"
    answer.headers["Content-Security-Policy"] = ALONE
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
