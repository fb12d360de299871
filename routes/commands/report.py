"""The command of the reports: a week or month as PDF, XLSX or HTML, what the schedule asks for, or timeliness as a table."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, operator, says_what_is_wrong
from routes.commands.reports import print_timeliness
from routes.reporting import FORMATS, as_file, make_due, note_file
from triage.errors import InvalidInput, Problem
from triage.moments import read_day
from triage.report import latest_complete, make_report, period_with
from triage.terms import ReportKind, Watch
from triage.wording import say


@click.command()
@click.argument("kind", required=False, type=click.Choice([kind.value for kind in ReportKind]))
@click.option("--date", "day", default="", help="A day of the week or month (default: the last one that is over).")
@click.option("--unit", default="", help="The unit's code, with all below it (default: all units).")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="pdf", show_default=True, help="Of KIND's file.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write KIND's file.")
@click.option("--due", is_flag=True, help="Make and keep what the schedules (report_schedules) ask for; may run twice, and late.")
@click.option("--since", default="", help="Without KIND: first day, e.g. 2026-11-01 (default: the first of this month).")
@click.option("--until", default="", help="Without KIND: last day, included (default: today).")
@click.option("--watch", type=click.Choice([w.value for w in Watch]), default=Watch.CUSTOMER.value, help="Without KIND: whose clock.")
@click.option("--json", "as_json", is_flag=True, help="Without KIND: one JSON object instead of a table.")
@with_appcontext
@says_what_is_wrong
def report(
    kind: str | None, day: str, unit: str, format_: str, out: Path | None, due: bool, since: str, until: str, watch: str, as_json: bool
) -> None:
    """Write the weekly or monthly report (周报、月报) of KIND as a file; without KIND print timeliness per step and department."""
    if due:
        print_due()
    elif kind:
        write(ReportKind(kind), day, unit, format_, out)
    else:
        print_timeliness(since, until, watch, as_json)


def print_due() -> None:
    """Make what is due, and name it; what could not be made is said on stderr, and then the command ends with status 2."""
    with open_store() as store:
        due = make_due(store, store.rules(), moment())
    for name in due.made:
        click.echo(name)
    for wrong in due.failed:
        click.echo(wrong, err=True)
    click.echo(f"{len(due.made)} reports made")
    if due.failed:
        raise click.exceptions.Exit(2)


def write(kind: ReportKind, day: str, unit: str, format: str, out: Path | None) -> None:
    """Write one report; an existing file is replaced whole or not at all.

    Raises:
        InvalidInput: the day is none or lies ahead, there is no such unit, or no place to write to was given.
        PrinterMissing: the machine cannot make a PDF.
    """
    if out is None or not out.parent.is_dir():
        raise InvalidInput(Problem("--out", say("Give the file to write with --out, in a folder that exists")))
    now = moment()
    period = period_with(kind, read_day(day, "--date")) if day else latest_complete(kind, now)
    with open_store() as store:
        rules = store.rules()
        made = make_report(period, unit, store=store, rules=rules, now=now)
        data = as_file(made, format, store=store, rules=rules, now=now)
        note_file(made, format, actor=operator(), store=store, now=now)
    fresh = out.with_name(f".{out.name}.part")
    fresh.write_bytes(data)
    fresh.replace(out)
    click.echo(f"{out}: {made.title} {made.period.name}, {len(data)} bytes")
