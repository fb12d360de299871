"""For quality staff: the table of timeliness that `flask report` prints, and the check of the audit trail."""

import json

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, says_what_is_wrong
from triage.moments import in_shanghai, read_day
from triage.terms import Watch
from triage.timeliness import Figure, period_of, timeliness


def print_timeliness(since: str, until: str, watch: str, as_json: bool) -> None:
    """Print timeliness (处理及时率) per step and department over the steps that fell due in the period."""
    now = moment()
    today = in_shanghai(now).date()
    period = period_of(read_day(since, "since") if since else today.replace(day=1), read_day(until, "until") if until else today)
    with open_store() as store:
        figures = timeliness(store, period, Watch(watch), now)
        names = store.rules().departments
    if as_json:
        click.echo(
            json.dumps(
                {
                    "since": str(period.first),
                    "until": str(period.last),
                    "watch": watch,
                    "figures": [_row(f) for f in figures],
                },
                ensure_ascii=False,
            )
        )
        return
    click.echo(f"{period.first} – {period.last}  {Watch(watch).label}")
    for figure in figures:
        name = names.get(figure.department, figure.department or "-")
        how = " (auto)" if figure.is_by_machine else ""
        click.echo(f"{figure.step.label}\t{name}{how}\t{figure.met}/{figure.due}\t{figure.rate:.1%}\topen {figure.still_open}")
    if not figures:
        click.echo("no step fell due in this period")


def _row(figure: Figure) -> dict[str, object]:
    return {
        "step": figure.step.value,
        "department": figure.department,
        "by_machine": figure.is_by_machine,
        "due": figure.due,
        "met": figure.met,
        "missed": figure.missed,
        "still_open": figure.still_open,
        "rate": round(figure.rate, 6),
    }


@click.command("verify-audit")
@with_appcontext
@says_what_is_wrong
def verify_audit() -> None:
    """Check the hash chain of every ticket's audit trail; exit status 1 where one does not hold."""
    with open_store() as store, store.snapshot():
        broken = list(store.breaks())
    for link in broken:
        click.echo(f"{link.ticket_number} entry {link.seq}: {link.why}")
    click.echo("every chain holds" if not broken else f"{len(broken)} places do not hold")
    raise click.exceptions.Exit(1 if broken else 0)
