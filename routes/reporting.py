"""A report as a file in one of its formats, for pages and commands alike; and the reports that the schedule asks for."""

from datetime import datetime
from pathlib import Path

from flask import current_app
from markupsafe import Markup

from triage.moments import in_shanghai
from triage.printing import to_pdf
from triage.report import Report, due_periods, make_report
from triage.rules import Rules
from triage.store import Store
from triage.terms import ReportKind
from triage.workbook import workbook

FORMATS = {"pdf": "PDF", "xlsx": "XLSX", "html": "HTML"}
MIMES = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "html": "text/html"}


def as_html(report: Report) -> str:
    """Give a report as an HTML text that stands alone: its style inside, nothing fetched, no script."""
    css = (Path(str(current_app.static_folder)) / "report.css").read_text(encoding="utf-8")
    made = in_shanghai(report.made_at).strftime("%Y-%m-%d %H:%M")
    template = current_app.jinja_env.get_template("pages/report_file.html")
    return template.render(report=report, css=Markup(css), made=made, link=None)  # our own style sheet


def as_file(report: Report, format: str, *, store: Store, rules: Rules, now: datetime) -> bytes:
    """Give a report as a file.

    Raises:
        PrinterMissing: a PDF, and the machine lacks what makes it.
    """
    if format == "xlsx":
        return workbook(report, store=store, rules=rules, now=now)
    html = as_html(report)
    return to_pdf(html) if format == "pdf" else html.encode()


def name_of(report: Report, format: str) -> str:
    """Give a file its name."""
    return f"{report.title} {report.period.first_on} 至 {report.period.last_on}.{format}"


def make_due(store: Store, rules: Rules, now: datetime) -> list[str]:
    """Make and keep what the schedules ask for and is not kept yet, and give the files' names; run twice, it makes nothing twice.

    Raises:
        PrinterMissing: a PDF is due and cannot be made; what was made before is kept.
    """
    made = []
    for row in store.reference_rows("report_schedules"):
        if not row["is_on"]:
            continue
        for unit in [row["unit_code"]] if row["unit_code"] else store.topmost_units():
            for format in row["formats"].split(";"):
                names = _make(ReportKind(row["kind"]), unit, format, store, rules, now)
                _tell(row["recipients"], names, store, now)
                made += names
    return made


def _tell(recipients: str, names: list[str], store: Store, now: datetime) -> None:
    with store.writing():
        for username in filter(None, recipients.split(";")):
            for name in names:
                store.post(f"report-{name}-{username}", "report", username, f"{name} 已生成，请到“报告”页下载", "", now)


def _make(kind: ReportKind, unit: str, format: str, store: Store, rules: Rules, now: datetime) -> list[str]:
    names = []
    for period in due_periods(kind, store.newest_report(kind.value, unit, format), now):
        report = make_report(period, unit, store=store, rules=rules, now=now)
        data, name = as_file(report, format, store=store, rules=rules, now=now), name_of(report, format)
        days = (period.first_on, period.last_on)
        if store.keep_report(kind=kind.value, unit_code=unit, days=days, format=format, name=name, data=data, now=now):
            names.append(name)
    return names
