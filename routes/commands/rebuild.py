"""Commands that build anew what is derived from the tickets; safe to run while the system is in use, and again."""

import sys

import click
from flask.cli import with_appcontext

from routes.commands.common import open_store, says_what_is_wrong
from triage.store import Store

BATCH = 500
NEWEST = "9" * 16


@click.group()
def rebuild() -> None:
    """Build anew what is derived from the tickets."""


@rebuild.command("search")
@click.option("--check", is_flag=True, help="Build nothing: compare the counts and a sample; exit status 1 where they differ.")
@click.option("--batch", type=click.IntRange(1, 5000), default=BATCH, show_default=True, help="Tickets in one transaction.")
@with_appcontext
@says_what_is_wrong
def rebuild_search(check: bool, batch: int) -> None:
    """Build the index of the full-text search (全文检索) anew, from the newest ticket back."""
    with open_store() as store:
        if check:
            raise click.exceptions.Exit(0 if is_whole(store) else 1)
        click.echo(f"{build(store, batch)} tickets indexed")


@rebuild.command("figures")
@click.option("--check", is_flag=True, help="Build nothing: compare what is kept with a recount of everything; exit status 1 where it differs.")
@with_appcontext
@says_what_is_wrong
def rebuild_figures(check: bool) -> None:
    """Count the figures of the board (统计) anew from the tickets; what is entered meanwhile is added to them."""
    with open_store() as store:
        if not check:
            store.rebuild_figures()
            click.echo("figures counted anew")
            return
        wrong = store.check_figures()
        for one in wrong:
            click.echo(f"differs: {'/'.join(str(part) for part in one['figure'])}: kept {one['kept']}, counted {one['counted']}")
        click.echo("the figures are what a recount gives" if not wrong else "count them anew with: flask rebuild figures")
        raise click.exceptions.Exit(1 if wrong else 0)


def build(store: Store, batch: int) -> int:
    """Index all tickets in batches, and give how many they were."""
    done, last = 0, NEWEST
    with click.progressbar(length=store.count_tickets(), label="tickets", file=sys.stderr) as bar:
        while numbers := store.rebuild_words(last, batch):
            done, last = done + len(numbers), numbers[-1]
            bar.update(len(numbers))
    return done


def is_whole(store: Store) -> bool:
    """Say how the index stands, and whether nothing is amiss."""
    checked = store.check_words()
    click.echo(f"{checked.tickets} tickets, {checked.kept} indexed; of {checked.compared} compared {len(checked.differing)} differ")
    for number in checked.differing[:10]:
        click.echo(f"differs: {number}")
    return checked.is_whole
