"""A report as a file in one of its formats, for pages and commands alike; and the reports that the schedule asks for."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from markupsafe import Markup

from triage import exports, report_jobs
from triage.errors import TriageError
from triage.moments import in_shanghai
from triage.printing import to_pdf
from triage.report import Period, Report, due_periods, make_report, missed, period_with
from triage.rules import Rules
from triage.store import Store
from triage.terms import ReportKind
from triage.wording import say
from triage.workbook import workbook

FORMATS = {"pdf": "PDF", "xlsx": "XLSX", "html": "HTML"}
MIMES = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "html": "text/html"}


def as_html(report: Report) -> str:
    """Give a report as an HTML text that stands alone: its style inside, nothing fetched, no script."""
    css = (Path(str(current_app.static_folder)) / "report.css").read_text(encoding="utf-8")
    made = in_shanghai(report.made_at).strftime("%Y-%m-%d %H:%M")
    template = current_app.jinja_env.get_template("pages/report_file.html")
    return template.render(report=report, css=Markup(css), made=made, link=None, cases=None)  # our own style sheet


def as_file(report: Report, format: str, *, store: Store, rules: Rules, now: datetime) -> bytes:
    """Give a report as a file.

    Raises:
        PrinterMissing: a PDF, and the machine lacks what makes it.
    """
    if format == "xlsx":
        return workbook(report, store=store, rules=rules, now=now)
    html = as_html(report)
    return to_pdf(html) if format == "pdf" else html.encode()


def note_file(report: Report, format: str, *, actor: str, store: Store, now: datetime) -> None:
    """Keep in the trail that somebody takes a report as a file; call it before the file is handed out."""
    period, rows = report.period, listed_in(report, format, store, now)
    taken = exports.Export(period.kind.value, format, report.unit_code, period.first_on, period.last_on, rows)
    exports.note(taken, actor=actor, store=store, now=now)


def listed_in(report: Report, format: str, store: Store, now: datetime) -> int:
    """Count the rows of a report's file that name a ticket: the list of missed steps in a workbook; the other formats hold figures alone."""
    return len(missed(report, store, now)) if format == "xlsx" else 0


def name_of(report: Report, format: str) -> str:
    """Give a file its name."""
    return say(
        "{title} {first_on} to {last_on}.{format}", title=report.title, first_on=report.period.first_on, last_on=report.period.last_on, format=format
    )


@dataclass(frozen=True)
class Due:
    """What a run of the schedules made, and what it could not make, each with the reason."""

    made: tuple[str, ...]
    failed: tuple[str, ...]


def make_due(store: Store, rules: Rules, now: datetime, *, is_patient: bool = False) -> Due:
    """Make and keep what the schedules ask for and is not kept yet; run twice, it makes nothing twice.

    One that fails does not hold up the others: its reason is kept for the page of reports, and given. Who `is_patient` leaves one that has failed
    within the last hour alone.
    """
    made: list[str] = []
    wrong: list[str] = []
    for row in store.reference_rows("report_schedules"):
        if not row["is_on"]:
            continue
        for unit in [row["unit_code"]] if row["unit_code"] else store.topmost_units():
            for format in row["formats"].split(";"):
                names = _make(ReportKind(row["kind"]), unit, format, store, rules, now, wrong, is_patient)
                _tell(row["recipients"], names, store, now)
                made += names
    return Due(tuple(made), tuple(wrong))


def make_asked(store: Store, rules: Rules, now: datetime) -> int:
    """Make what people have asked for, one after the other, and give how many were; why one could not be made is kept for who asked."""
    made = 0
    while job := report_jobs.take(store, now):
        try:
            report = make_report(period_with(ReportKind(job.kind), job.first_on), job.unit_code, store=store, rules=rules, now=now)
            data = as_file(report, job.format, store=store, rules=rules, now=now)
        except Exception as error:  # whatever is wrong with one report, the others are made
            store.fail_report_job(job.id, _said(error), now)
            continue
        store.finish_report_job(job.id, name_of(report, job.format), data, now)
        made += 1
    store.purge_report_jobs(now - report_jobs.KEPT, now - report_jobs.KEPT_FAILURES)
    return made


def _said(error: Exception) -> str:
    """Give an error in words that may be shown: the product's own, else its kind alone, since its text may hold names."""
    return error.message if isinstance(error, TriageError) else type(error).__name__


def _tell(recipients: str, names: list[str], store: Store, now: datetime) -> None:
    with store.writing():
        for username in filter(None, recipients.split(";")):
            for name in names:
                store.post(
                    f"report-{name}-{username}", "report", username, say("{name} is ready; download it from the “Reports” page", name=name), "", now
                )


def _make(kind: ReportKind, unit: str, format: str, store: Store, rules: Rules, now: datetime, wrong: list[str], is_patient: bool) -> list[str]:
    names = []
    for period in due_periods(kind, store.newest_report(kind.value, unit, format), now):
        if is_patient and not report_jobs.may_try(period, unit, format, store=store, now=now):
            break
        try:
            name = _make_one(period, unit, format, store, rules, now)
        except Exception as error:  # whatever is wrong with one report, the others are made
            report_jobs.failed(period, unit, format, _said(error), store=store, now=now)
            wrong.append(f"{kind.label} {period.name} {unit} {FORMATS.get(format, format)}: {_said(error)}")
            break  # later periods wait for it: what is newest says where to go on
        report_jobs.done(period, unit, format, store=store)
        names += [name] if name else []
    return names


def _make_one(period: Period, unit: str, format: str, store: Store, rules: Rules, now: datetime) -> str:
    """Make and keep one file and give its name; empty: somebody else has made it meanwhile."""
    report = make_report(period, unit, store=store, rules=rules, now=now)
    data, name = as_file(report, format, store=store, rules=rules, now=now), name_of(report, format)
    days, listed = (period.first_on, period.last_on), listed_in(report, format, store, now)
    is_new = store.keep_report(kind=period.kind.value, unit_code=unit, days=days, format=format, name=name, data=data, listed=listed, now=now)
    return name if is_new else ""
