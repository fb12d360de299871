"""The command that warns and escalates (督办), and makes the reports that are due or asked for: run every minute by a timer, or kept running."""

import os
import time

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, says_what_is_wrong
from routes.reporting import make_asked, make_due
from triage.drafts import forget_old
from triage.errors import TriageError
from triage.report_jobs import CUT_OFF
from triage.store import Store
from triage.sweeping import Swept
from triage.sweeping import sweep as sweep_once

LOOK_FOR_REPORTS = 2.0  # seconds


@click.command()
@click.option("--until-done", is_flag=True, help="Sweep again until nothing is left that can be done now.")
@click.option("--every", type=click.IntRange(min=1), metavar="SECONDS", help="Keep running, and sweep every so many seconds.")
@click.option("--parent", type=int, metavar="PID", help="With --every: end when this process, which started the sweep, has ended.")
@with_appcontext
@says_what_is_wrong
def sweep(until_done: bool, every: int | None, parent: int | None) -> None:
    """Warn of steps at yellow, at red and at multiples of their limits (督办升级), send what waits, fold the figures (统计), make due reports."""
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
        _wait(every, parent)
        if parent not in (None, os.getppid()):
            return


def _round() -> bool:
    """Sweep once, say what was done, and give whether anything was."""
    with open_store() as store:
        swept = sweep_once(store=store, rules=store.rules(), now=moment())
        _count(store)
        forget_old(store=store, rules=store.rules(), now=moment())
    _say(swept)
    _make_reports()
    return bool(swept.warned or swept.sent)


def _make_reports() -> None:
    """Make the reports that the schedules ask for and those that people ask for; why one failed stands on the page of reports."""
    with open_store() as store:
        due = make_due(store, store.rules(), moment(), is_patient=True)
        asked = make_asked(store, store.rules(), moment())
    for problem in due.failed:
        click.echo(problem, err=True)
    if due.made or asked:
        click.echo(f"{len(due.made)} scheduled reports made, {asked} asked for")


def _wait(seconds: int, parent: int | None) -> None:
    """Wait for the next round, and meanwhile make what people ask for on the page of reports, who look at it as it is made."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and parent in (None, os.getppid()):
        time.sleep(min(left, LOOK_FOR_REPORTS))
        try:
            with open_store() as store:
                if store.waiting_report_jobs(moment() - CUT_OFF):
                    make_asked(store, store.rules(), moment())
        except TriageError as error:
            click.echo(f"{error.code}: {error.message}", err=True)


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
