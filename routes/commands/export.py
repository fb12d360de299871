"""The command that writes tickets to a table (工单导出), for whoever works on with a spreadsheet or a program."""

import os
from pathlib import Path

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, operator, says_what_is_wrong
from tables import check_target, open_writer
from triage import exports
from triage.board import default_period
from triage.extract import Scope, check
from triage.moments import read_day
from triage.ticket_export import Wanted, harmless, ticket_rows
from triage.timeliness import period_of


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", default="", help="First day of receipt, e.g. 2026-11-01 (default: the first of this month, or of the last on the first).")
@click.option("--until", default="", help="Last day, included (default: yesterday).")
@click.option("--unit", default="", help="The unit's code, with all below it (default: all units).")
@click.option("--steps", is_flag=True, help="One row a step instead of one a ticket.")
@click.option("--codes", is_flag=True, help="Codes instead of Chinese names, in the heads too.")
@click.option("--force", is_flag=True, help="Replace FILE where there is one.")
@with_appcontext
@says_what_is_wrong
def export(file: Path, since: str, until: str, unit: str, steps: bool, codes: bool, force: bool) -> None:
    """Write the tickets received in a period to FILE (.csv, .tsv, .ndjson, .xlsx); personal data are masked."""
    now = moment()
    first, last = default_period(now)
    period = period_of(read_day(since, "--since") if since else first, read_day(until, "--until") if until else last)
    wanted = Wanted(Scope(period.first, period.last, unit), steps, codes)
    kind = check_target(file)
    with open_store() as store:
        check(file, wanted.scope, store, force)
        tickets = rows = 0
        before = os.umask(0o077)  # the file is its owner's alone from its first byte
        try:
            with open_writer(file, list(wanted.columns.values())) as out:
                with store.snapshot():
                    for of_ticket in ticket_rows(wanted, store=store, rules=store.rules()):
                        tickets, rows = tickets + 1, rows + len(of_ticket)
                        for row in of_ticket:
                            out.write(harmless(row) if kind in ("csv", "tsv") else row)
                taken = exports.Export(exports.TICKETS, kind, unit, period.first, period.last, tickets)
                exports.note(taken, actor=operator(), store=store, now=now)
        finally:
            os.umask(before)
    click.echo(f"{file}: {tickets} tickets in {rows} rows, received {period.first} – {period.last}")
