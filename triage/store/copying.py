"""Whole tables as lines that both engines give and take: read at one moment, written in blocks, counted and summed up row by row.

A line is a JSON array of a row's values in the order of its table's columns: a moment as the text of its UTC, a day as its ISO text, a truth as
true or false, bytes as Base64. What a column holds is told by its name and by the database itself, so that an older schema is copied too.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from typing import Any

import psycopg
from alembic.runtime.migration import MigrationContext
from psycopg import sql as postgres_sql
from sqlalchemy import Boolean, Column, ColumnClause, Date, Float, Integer, LargeBinary, RowMapping, column, func, insert, inspect, select, table
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.functions import Function
from sqlalchemy.types import TypeEngine

from triage.errors import InvalidInput, Problem
from triage.store.audit import ALL, BrokenChain, breaks
from triage.store.base import Part
from triage.store.engine import busy_is_said
from triage.store.schema import Moment, metadata
from triage.store.search import INDEX
from triage.store.sql import block, type_of
from triage.wording import say

BLOCK = 1000
KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (Moment, "moment"),
    (Date, "day"),
    (Boolean, "truth"),
    (LargeBinary, "bytes"),
    (Integer, "integer"),
    (Float, "number"),
)
STREAMED = {"stream_results": True, "yield_per": BLOCK}
LAST_ENTRY = block("""
    SELECT ticket_number, seq, hash, happened_at
    FROM audit
    ORDER BY happened_at DESC, ticket_number DESC, seq DESC
    LIMIT 1""")


@dataclass(frozen=True)
class Shape:
    """A table as it is copied: its name, and its columns in order, each with the kind of its values."""

    name: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Contents:
    """What a table holds: its shape, how many rows, and the sum of their digests."""

    shape: Shape
    rows: int
    digest: str


class Tally:
    """How many lines went by, and the sum of their digests (SHA-256), which is the same in whatever order they come."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rows = 0
        self._sum = 0

    def add(self, line: str) -> None:
        """Count a line."""
        self.rows += 1
        self._sum += int.from_bytes(hashlib.sha256(line.encode()).digest(), "big")

    def contents(self, shape: Shape) -> Contents:
        """Say what went by, the sum as 64 hexadecimal digits."""
        return Contents(shape, self.rows, f"{self._sum % (1 << 256):064x}")

    def counted(self, lines: Iterable[str]) -> Iterator[str]:
        """Count lines as they go by."""
        for line in lines:
            self.add(line)
            yield line


class Copying(Part):
    """Gives tables as lines, and takes them."""

    def revision(self) -> str | None:
        """Give the schema's revision; None where there is none yet."""
        return MigrationContext.configure(self.connection).get_current_revision()

    def shapes(self) -> list[Shape]:
        """Give the tables that are there, each after those that its rows name; the search's index, which is built anew, is not among them."""
        inspector = inspect(self.connection)
        names = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name and name != "alembic_version"]
        ours = [name for name in names if name != INDEX and not name.startswith(f"{INDEX}_")]
        return [Shape(name, tuple((one["name"], kind_of(one["name"], one["type"])) for one in inspector.get_columns(name))) for name in ours]

    def lines(self, shape: Shape) -> Iterator[str]:
        """Give a table's rows as lines, a block in memory at a time; to be called within a transaction."""
        give = [(place, GIVES[self.connection.dialect.name][kind]) for place, (_, kind) in enumerate(shape.columns) if kind in GIVES["postgresql"]]
        columns: list[ColumnClause[Any]] = [column(name) for name, _ in shape.columns]
        with busy_is_said(), self.connection.execute(select(*columns).select_from(table(shape.name)), execution_options=STREAMED) as rows:
            for row in rows:
                values = list(row)
                for place, convert in give:
                    if values[place] is not None:
                        values[place] = convert(values[place])
                yield json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    def contents(self, shape: Shape) -> Contents:
        """Read a whole table and sum it up."""
        tally = Tally()
        for line in self.lines(shape):
            tally.add(line)
        return tally.contents(shape)

    def count_rows(self, shape: Shape) -> int:
        """Count a table."""
        return int(self.value(select(func.count()).select_from(table(shape.name))))

    def fill(self, shape: Shape, lines: Iterable[str]) -> None:
        """Write lines into an empty table.

        Raises:
            InvalidInput: the engine does not take a row; says which.
        """
        raw = [place for place, (_, kind) in enumerate(shape.columns) if kind == "bytes"]
        WRITES[self.connection.dialect.name](self, shape, (_values(line, raw) for line in lines))

    def continue_numbers(self, shapes: Iterable[Shape]) -> None:
        """Let numbers that the database gives go on after the greatest that is there; SQLite does so by itself."""
        if self.connection.dialect.name == "sqlite":
            return
        for shape in shapes:
            keys = [one.name for one in _keys(shape) if isinstance(one.type, Integer)]
            for name in keys:
                greatest: Function[Any] = func.max(column(name))
                sequence = func.pg_get_serial_sequence(shape.name, name)
                self.connection.execute(
                    select(func.setval(sequence, func.coalesce(greatest, 1), greatest.is_not(None))).select_from(table(shape.name))
                )

    def get_to_know(self) -> None:
        """Let PostgreSQL look at tables that were just filled, so that it plans well from the start; SQLite plans by its indexes."""
        if self.connection.dialect.name == "postgresql":
            self.connection.exec_driver_sql("ANALYZE")

    def breaks(self) -> Iterator[BrokenChain]:
        """Go through the audit's chains, a block in memory at a time, and give each place that does not hold; to be called within a transaction."""
        return breaks(self.connection.execute(ALL, execution_options=STREAMED).mappings())

    def last_entry(self) -> RowMapping | None:
        """Give the latest entry of the audit trail: ticket, place in its chain, hash, moment."""
        return self.row(LAST_ENTRY)


def kind_of(name: str, kept: TypeEngine[Any]) -> str:
    """Tell what a column holds, from its name or else from the type that the database gives it."""
    kind = type_of(name) or kept
    return next((word for one, word in KINDS if isinstance(kind, one)), "text")


def _keys(shape: Shape) -> list[Column[Any]]:
    return list(metadata.tables[shape.name].primary_key.columns) if shape.name in metadata.tables else []


def _moment(value: Any) -> str:
    return str(value.astimezone(UTC).isoformat(timespec="microseconds")).replace("+00:00", "Z")


def _base64(value: Any) -> str:
    return b64encode(bytes(value)).decode()


def _values(line: str, raw: list[int]) -> list[Any]:
    values: list[Any] = json.loads(line)
    for place in raw:
        if values[place] is not None:
            values[place] = b64decode(values[place])
    return values


def _write_sqlite(part: Copying, shape: Shape, rows: Iterator[list[Any]]) -> None:
    names = [name for name, _ in shape.columns]
    statement = str(insert(table(shape.name, *map(column, names))).compile(dialect=sqlite.dialect()))
    while some := [tuple(row) for row in islice(rows, BLOCK)]:
        part.connection.exec_driver_sql(statement, some)


def _write_postgresql(part: Copying, shape: Shape, rows: Iterator[list[Any]]) -> None:
    names = postgres_sql.SQL(", ").join(postgres_sql.Identifier(name) for name, _ in shape.columns)
    statement = postgres_sql.SQL("COPY {} ({}) FROM STDIN").format(postgres_sql.Identifier(shape.name), names)
    raw: Any = part.connection.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # The value itself may be somebody's name: table, line and column are enough to find it.
        where = (error.diag.context or "").partition(":")[0] or shape.name
        why = error.diag.message_primary or str(error)
        raise InvalidInput(Problem(shape.name, say("PostgreSQL does not take a row ({where}): {why}", where=where, why=why))) from None


Convert = Callable[[Any], Any]
GIVES: dict[str, dict[str, Convert]] = {
    "sqlite": {"moment": str, "day": str, "truth": bool, "bytes": _base64},
    "postgresql": {"moment": _moment, "day": lambda value: value.isoformat(), "truth": bool, "bytes": _base64},
}
WRITES: dict[str, Callable[[Copying, Shape, Iterator[list[Any]]], None]] = {"sqlite": _write_sqlite, "postgresql": _write_postgresql}
