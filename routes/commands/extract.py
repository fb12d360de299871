"""The command that writes an audit extract (审计提取): one SQLite file for quality staff and auditors."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, operator, says_what_is_wrong
from routes.request import parts
from triage.board import default_period
from triage.extract import Scope
from triage.extract import extract as write
from triage.moments import read_day
from triage.timeliness import period_of


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", default="", help="First day, e.g. 2026-11-01 (default: the first of this month, or of the last on the first).")
@click.option("--until", default="", help="Last day, included (default: yesterday).")
@click.option("--unit", default="", help="The unit's code, with all below it (default: all units).")
@click.option("--force", is_flag=True, help="Replace FILE where there is one.")
@with_appcontext
@says_what_is_wrong
def extract(file: Path, since: str, until: str, unit: str, force: bool) -> None:
    """Write tickets (masked), steps and facts of a period to a SQLite FILE whose views give the board's figures."""
    now = moment()
    first, last = default_period(now)
    period = period_of(read_day(since, "--since") if since else first, read_day(until, "--until") if until else last)
    scope = Scope(period.first, period.last, unit)
    with open_store() as store:
        made = write(file, scope, store=store, rules=store.rules(), cut=parts().cut, now=now, actor=operator(), replaces=force)
    click.echo(f"{file}: {made.tickets} tickets, {made.steps} steps, {made.facts} facts of {period.first} – {period.last}")
