"""Import a file of outages: each row is registered, changes what it says, is known already, or stands among the refused with its reason."""

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, says_what_is_wrong
from routes.commands.imports import batches, write_rejects
from tables import Row, open_table
from triage.errors import IllegalMove, InvalidInput, Problem
from triage.outage_changes import take
from triage.outage_drafts import read_draft
from triage.outages import FIELDS, Taken
from triage.staging import staging
from triage.store import Store

ACTOR = "import"


@click.group()
def outages() -> None:
    """Known outages: import them from another system."""


@outages.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help=f"Columns under other names than: {', '.join(FIELDS)}, or in Chinese.")
@click.option("--unit", default="", help="Code of the supply unit of rows without one.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Where refused rows go (default: FILE.rejected.csv).")
@with_appcontext
@says_what_is_wrong
def import_outages(file: Path, mapping: tuple[str, ...], unit: str, rejects: Path | None) -> None:
    """Register every row of a CSV, TSV, NDJSON or XLSX file; importing the same file again changes nothing.

    A row whose number is there with other values changes it, and the command says so. The whole file is read before the first row is taken.
    """
    named, began = read_mapping(mapping), time.perf_counter()
    counts: Counter[Taken] = Counter()
    refused: list[tuple[Row, str]] = []
    with open_store() as store, open_table(file, need=list(named.values())) as table, staging(table.columns) as staged:
        columns = columns_of(table.columns, named)
        staged.fill((row.number, row.values) for row in table)
        for batch in batches(Row(number, values) for number, values in staged):
            counts += take_batch(batch, columns, unit, store, refused)
        header = list(table.columns)
    place = write_rejects(rejects or file.with_name(f"{file.name}.rejected.csv"), header, refused)
    done = f"{counts[Taken.ADDED]} outages registered, {counts[Taken.CHANGED]} updated, {counts[Taken.SAME]} known already"
    click.echo(f"{done}, {len(refused)} rows refused, {time.perf_counter() - began:.1f} s")
    if place:
        click.echo(f"refused rows with reasons: {place}")


def read_mapping(mapping: tuple[str, ...]) -> dict[str, str]:
    """Read FIELD=COLUMN pairs.

    Raises:
        InvalidInput: a pair is malformed or names no field of an outage.
    """
    pairs = [pair.partition("=") for pair in mapping]
    wrong = [
        Problem("--map", f"{field}: use FIELD=COLUMN with a field of {', '.join(FIELDS)}") for field, _, c in pairs if field not in FIELDS or not c
    ]
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
    missing = [field for field in ("number", "kind", "starts_at", "ends_at") if field not in columns]
    if not {"transformer_areas", "keywords"} & columns.keys():
        missing.append("transformer_areas")
    if missing:
        raise InvalidInput(*(Problem("file", f"no column {field} or {FIELDS[field]}; name it with --map {field}=COLUMN") for field in missing))
    return columns


def take_batch(batch: list[Row], columns: Mapping[str, str], unit: str, store: Store, refused: list[tuple[Row, str]]) -> Counter[Taken]:
    """Take the rows in one transaction; what is wrong with a row refuses that row alone, and a change of a known outage is told."""
    counts: Counter[Taken] = Counter()
    units, customers, now = {row["code"]: row["name"] for row in store.units()}, store.key_customers(), moment()
    with store.writing():
        for row in batch:
            values = {field: row.values[column] for field, column in columns.items()}
            values["unit_code"] = values.get("unit_code") or unit
            try:
                taken, outage, changes = take(read_draft(values, units, now), actor=ACTOR, store=store, now=now, customers=customers)
            except (InvalidInput, IllegalMove) as error:
                refused.append((row, error.message))
                continue
            counts[taken] += 1
            if taken is Taken.CHANGED:
                click.echo(f"row {row.number}: outage {outage.number} updated: {', '.join(FIELDS[name] for name in changes)}")
    return counts
