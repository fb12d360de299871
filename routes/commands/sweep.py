"""The command that warns and escalates (督办): run every minute by a timer, or kept running."""

import time

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, says_what_is_wrong
from triage.errors import TriageError
from triage.escalation import Swept
from triage.escalation import sweep as sweep_once
from triage.store import Store


@click.command()
@click.option("--until-done", is_flag=True, help="Sweep again until nothing is left that can be done now.")
@click.option("--every", type=click.IntRange(min=1), metavar="SECONDS", help="Keep running, and sweep every so many seconds.")
@with_appcontext
@says_what_is_wrong
def sweep(until_done: bool, every: int | None) -> None:
    """Warn of steps at yellow, at red and at multiples of their limits, send the messages that wait (督办升级), and fold the figures (统计)."""
    while True:
        try:
            while _round() and until_done:
                pass
        except TriageError as error:
            if not every:
                raise
            click.echo(f"{error.code}: {error.message}", err=True)  # a database that is away for a while does not end the service
        if not every:
            return
        time.sleep(every)


def _round() -> bool:
    """Sweep once, say what was done, and give whether anything was."""
    with open_store() as store:
        swept = sweep_once(store=store, rules=store.rules(), now=moment())
        _count(store)
    _say(swept)
    return bool(swept.warned or swept.sent)


def _count(store: Store) -> None:
    """Fold what moves appended into the figures; where units changed their place or the tables are new, count all anew."""
    if store.figures_are_stale():
        store.rebuild_figures()
        click.echo("figures counted anew: units have changed their place, or the tables are new")
    store.fold_figures()


def _say(swept: Swept) -> None:
    for problem in swept.problems:
        click.echo(problem, err=True)
    click.echo(f"{swept.warned} warnings, {swept.sent} sent, {swept.failed} failed, {swept.waiting} waiting")
