"""Import files of customers, and of how many customers each unit has: a wrong row is refused alone with its reason, and can be mended."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, says_what_is_wrong
from routes.commands.imports import ACTOR, batches, write_rejects
from tables import Row, open_table
from triage.calls import Taken
from triage.customer_files import (
    COUNT_FIELDS,
    COUNT_NEEDED,
    CUSTOMER_FIELDS,
    CUSTOMER_NEEDED,
    read_count,
    read_customer,
    take_counts,
    take_customers,
    units_by_word,
)
from triage.errors import InvalidInput, Problem
from triage.staging import staging
from triage.wording import say

BATCH = 2000
MOST_SHOWN = 10
V = TypeVar("V")
Reads = Callable[[Row], V]
Takes = Callable[[Sequence[V]], Counter[Taken]]


@click.command("customers")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Where refused rows go (default: FILE.rejected.csv).")
@with_appcontext
@says_what_is_wrong
def import_customers(file: Path, rejects: Path | None) -> None:
    """Keep every row of a CSV, TSV, NDJSON or XLSX file as a customer's record (客户档案): new ones are added, known ones follow the file.

    Columns are called number (户号), name (户名), phone (电话), address (地址), unit_code (供电单位), locality (城乡类别), transformer_area (台区),
    key_kind (重要客户类别), supply (供电状态), supply_since_on (状态起始日期). What a file has no column for stays as it was; nobody is taken out.
    """
    with open_store() as store:
        units, now, seen = units_by_word(store), moment(), dict[str, int]()

        def read(row: Row) -> dict[str, Any]:
            customer = read_customer(row.values, units, now)
            first = seen.setdefault(customer["number"], row.number)
            if first != row.number:
                raise InvalidInput(
                    Problem(
                        "number", say("Customer number: the same as in row {first}, and only that row was taken; delete one of the two", first=first)
                    )
                )
            return customer

        fields = CUSTOMER_FIELDS, CUSTOMER_NEEDED
        bring_in(file, rejects, fields, read, lambda rows: take_customers(rows, file.name, store=store, actor=ACTOR, now=now))


@click.command("unit-customers")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Where refused rows go (default: FILE.rejected.csv).")
@with_appcontext
@says_what_is_wrong
def import_unit_customers(file: Path, rejects: Path | None) -> None:
    """Keep how many customers each unit has on a day (客户数), which complaints per 10,000 customers (万户诉求量) are counted by.

    Columns are called unit_code (供电单位), as_of_on (统计日期), customers (客户数), source (来源).
    """
    with open_store() as store:
        units, now, seen = units_by_word(store), moment(), dict[tuple[str, object], int]()

        def read(row: Row) -> Any:
            count = read_count(row.values, units, now)
            first = seen.setdefault((count.unit_code, count.as_of_on), row.number)
            if first != row.number:
                raise InvalidInput(
                    Problem(
                        "unit_code",
                        say("Supply unit: the same unit and day as in row {first}, and only that row was taken; delete one of the two", first=first),
                    )
                )
            return count

        fields = COUNT_FIELDS, COUNT_NEEDED
        bring_in(file, rejects, fields, read, lambda rows: take_counts(rows, file.name, store=store, actor=ACTOR, now=now))


def bring_in(file: Path, rejects: Path | None, fields: tuple[Mapping[str, str], Sequence[str]], read: Reads[V], take: Takes[V]) -> None:
    """Read a file to its end, then take its rows, a transaction a batch; say what became of them, and which columns nobody read.

    Raises:
        InvalidInput, TableError: a needed column is missing, or the file cannot be read; nothing is taken.
    """
    began, counts = time.perf_counter(), Counter[Taken]()
    refused: list[tuple[Row, str]] = []
    with open_table(file) as table, staging(table.columns) as staged:
        columns = columns_of(table.columns, *fields)
        staged.fill((row.number, row.values) for row in table)
        named = (Row(number, values) for number, values in staged)
        for batch in batches(named, BATCH):
            counts += take(readable(batch, columns, read, refused))
        header = list(table.columns)
    place = write_rejects(rejects or file.with_name(f"{file.name}.rejected.csv"), header, refused)
    tell(file, counts, refused, place, [column for column in header if column not in columns.values()], time.perf_counter() - began)


def columns_of(present: Sequence[str], fields: Mapping[str, str], needed: Sequence[str]) -> dict[str, str]:
    """Say which column has which field, by the field's name or its Chinese one.

    Raises:
        InvalidInput: a needed column is not there, or one is there under both names.
    """
    found = {name: [column for column in present if column.strip() in (name, label)] for name, label in fields.items()}
    problems = [
        Problem("file", say("The column “{label}” ({field}) is missing; add it to the header row", label=fields[name], field=name))
        for name in needed
        if not found[name]
    ]
    problems += [
        Problem("file", say("The columns “{columns}” are the same field; delete one of them", columns=say("” and “").join(columns)))
        for columns in found.values()
        if len(columns) > 1
    ]
    if problems:
        raise InvalidInput(*problems)
    return {name: columns[0] for name, columns in found.items() if columns}


def readable(batch: Sequence[Row], columns: Mapping[str, str], read: Reads[V], refused: list[tuple[Row, str]]) -> list[V]:
    """Read the rows of a batch; one that is wrong goes among the refused with its reasons."""
    values = []
    for row in batch:
        try:
            values.append(read(Row(row.number, {name: row.values[column] for name, column in columns.items()})))
        except InvalidInput as error:
            refused.append((row, error.message))
    return values


def tell(file: Path, counts: Counter[Taken], refused: list[tuple[Row, str]], place: Path | None, unread: list[str], seconds: float) -> None:
    """Say what became of the rows; the first refused ones with their reasons, all of them in the file of rejects."""
    done = f"{counts[Taken.ADDED]} added, {counts[Taken.CHANGED]} updated, {counts[Taken.SAME]} known already"
    click.echo(f"{done}, {len(refused)} rows refused, {seconds:.1f} s")
    if unread:
        click.echo(say("Columns that were not read: {columns}", columns=", ".join(unread)))
    for row, reason in refused[:MOST_SHOWN]:
        click.echo(say("{file}, row {row}: {reason}", file=file.name, row=row.number, reason=reason), err=True)
    if place:
        click.echo(f"refused rows with reasons: {place}")
