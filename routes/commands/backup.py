"""The commands that keep an instance alive elsewhere: backup (备份), restore (恢复), move to another engine (换库)."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, operator, says_what_is_wrong
from routes.request import parts
from triage.archive import verify
from triage.backup import back_up
from triage.moving import Settled
from triage.moving import move as move_database
from triage.restoring import lines_of
from triage.restoring import restore as bring_back
from triage.settings import read_settings
from triage.store import Store


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--verify", "is_check", is_flag=True, help="Write nothing: check all sums of the FILE that is there.")
@click.option("--force", is_flag=True, help="Replace FILE where there is one.")
@with_appcontext
@says_what_is_wrong
def backup(file: Path, is_check: bool, force: bool) -> None:
    """Write database, models and secret to one FILE (.tar, .tar.gz), as they stand at one moment, while the server runs.

    FILE holds personal data and the instance's secret: only its owner may read it; keep it as safe as the database.
    """
    if is_check:
        manifest = verify(file)
    else:
        with open_store() as store:
            instance = read_settings(os.environ).instance
            manifest = back_up(file, store=store, instance=instance, now=moment(), actor=operator(), replaces=force, tell=click.echo)
    for line in lines_of(manifest):
        click.echo(line)
    click.echo(f"{file}: {len(manifest.parts)} parts, {'every sum holds' if is_check else f'{file.stat().st_size:,} bytes'}")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--figures", is_flag=True, help="Also recount all figures at the end, as flask rebuild figures --check does.")
@with_appcontext
@says_what_is_wrong
def restore(file: Path, figures: bool) -> None:
    """Bring a backup FILE to life in an empty database and instance folder, on either engine; the server must not run."""
    url, instance = parts().database.url, read_settings(os.environ).instance
    manifest, settled = bring_back(file, url=url, instance=instance, open_as=partial(Store, secret=parts().secret), counts=figures, tell=click.echo)
    for line in lines_of(manifest):
        click.echo(line)
    before = {one.shape.name: one.rows for one in manifest.tables}
    show_settled(settled, before)


@click.command()
@click.argument("url")
@click.option("--figures", is_flag=True, help="Also recount all figures at the end, as flask rebuild figures --check does.")
@with_appcontext
@says_what_is_wrong
def move(url: str, figures: bool) -> None:
    """Copy the database to URL, an empty one of either engine (SQLite, PostgreSQL); nothing in this one changes. Stop the server first."""
    with open_store() as store:
        shown, settled = move_database(url, store=store, open_as=partial(Store, secret=parts().secret), counts=figures, tell=click.echo)
    show_settled(settled, settled.rows)
    click.echo(f"now set TRIAGE_DATABASE_URL to {shown}, then start the server; the old database is as it was")


def show_settled(settled: Settled, before: Mapping[str, int]) -> None:
    """Print rows by table before and after, and what the checks found; exit status 1 where a chain does not hold or figures differ."""
    for name, rows in settled.rows.items():
        if rows or before.get(name):
            click.echo(f"{name:<24} {before.get(name, 0):>12,} -> {rows:>12,}")
    for one in settled.broken:
        click.echo(f"{one.ticket_number} entry {one.seq}: {one.why}")
    click.echo(
        "every chain holds" if not settled.broken_count else f"{settled.broken_count} places do not hold; nor did they before: the rows are the same"
    )
    if settled.wrong_figures:
        click.echo("figures differ from a recount; count them anew with: flask rebuild figures")
    if settled.broken_count or settled.wrong_figures:
        raise click.exceptions.Exit(1)
