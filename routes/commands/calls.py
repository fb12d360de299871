"""Import a file of call records: each row is kept, changes what it says, is known already, or stands among the refused with its reason."""

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, says_what_is_wrong
from routes.commands.imports import batches, write_rejects
from tables import Row, open_table
from triage.calls import FIELDS, NEEDED, Taken, read_call, take_call
from triage.errors import InvalidInput, Problem
from triage.staging import staging
from triage.store import Store


@click.group()
def calls() -> None:
    """Call records of the telephone system: import them (话务记录)."""


@calls.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help=f"Columns under other names than: {', '.join(FIELDS)}, or in Chinese.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Where refused rows go (default: FILE.rejected.csv).")
@with_appcontext
@says_what_is_wrong
def import_calls(file: Path, mapping: tuple[str, ...], rejects: Path | None) -> None:
    """Keep every row of a CSV, TSV, NDJSON or XLSX file; importing the same file again changes nothing.

    A row whose call is there with other values brings it up to date. The whole file is read before the first row is taken.
    """
    named, began = read_mapping(mapping), time.perf_counter()
    counts: Counter[Taken] = Counter()
    refused: list[tuple[Row, str]] = []
    with open_store() as store, open_table(file, need=list(named.values())) as table, staging(table.columns) as staged:
        columns = columns_of(table.columns, named)
        staged.fill((row.number, row.values) for row in table)
        for batch in batches(Row(number, values) for number, values in staged):
            counts += take_batch(batch, columns, store, refused)
        header = list(table.columns)
    place = write_rejects(rejects or file.with_name(f"{file.name}.rejected.csv"), header, refused)
    done = f"{counts[Taken.ADDED]} calls kept, {counts[Taken.CHANGED]} updated, {counts[Taken.SAME]} known already"
    click.echo(f"{done}, {len(refused)} rows refused, {time.perf_counter() - began:.1f} s")
    if place:
        click.echo(f"refused rows with reasons: {place}")


def read_mapping(mapping: tuple[str, ...]) -> dict[str, str]:
    """Read FIELD=COLUMN pairs.

    Raises:
        InvalidInput: a pair is malformed or names no field of a call.
    """
    pairs = [pair.partition("=") for pair in mapping]
    fields = ", ".join(FIELDS)
    wrong = [Problem("--map", f"{field}: use FIELD=COLUMN with a field of {fields}") for field, _, c in pairs if field not in FIELDS or not c]
    if wrong:
        raise InvalidInput(*wrong)
    return {field: column for field, _, column in pairs}


def columns_of(present: tuple[str, ...], named: Mapping[str, str]) -> dict[str, str]:
    """Say which column has which field: as mapped, else by the field's name, else by its Chinese name.

    Raises:
        InvalidInput: a column that every row needs is not there.
    """
    columns = {field: column for field, label in FIELDS.items() for column in (label, field) if column in present}
    columns |= named
    missing = [field for field in NEEDED if field not in columns]
    if missing:
        raise InvalidInput(*(Problem("file", f"no column {field} or {FIELDS[field]}; name it with --map {field}=COLUMN") for field in missing))
    return columns


def take_batch(batch: list[Row], columns: Mapping[str, str], store: Store, refused: list[tuple[Row, str]]) -> Counter[Taken]:
    """Take the rows in one transaction; what is wrong with a row refuses that row alone."""
    counts: Counter[Taken] = Counter()
    usernames, now = frozenset(row["username"] for row in store.users()), moment()
    with store.writing():
        for row in batch:
            try:
                call = read_call({field: row.values[column] for field, column in columns.items()}, usernames, now)
            except InvalidInput as error:
                refused.append((row, error.message))
                continue
            counts[take_call(call, store=store, now=now)] += 1
    return counts
