"""Supply units, their teams, areas and customers."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import RowMapping, Table, insert, select

from triage.store import schema
from triage.store.base import Part
from triage.store.sql import block

UNITS = block("""
    SELECT code, name, kind, parent_code
    FROM units
    ORDER BY code""")
TABLES: Mapping[str, Table] = {table.name: table for table in (schema.units, schema.teams, schema.areas, schema.customers)}


class Organisation(Part):
    """Keeps the organisation."""

    def units(self) -> Sequence[RowMapping]:
        """Give all supply units, each after the one above it."""
        return self.rows(UNITS)

    def add_missing(self, name: str, rows: Iterable[Mapping[str, str]]) -> int:
        """Add the rows whose key is not there yet, and give how many were added."""
        table = TABLES[name]
        keys = [column.name for column in table.primary_key.columns]
        present = {tuple(row[key] for key in keys) for row in self.rows(select(*table.primary_key.columns))}
        fresh = [row for row in rows if tuple(row[key] for key in keys) not in present]
        for row in fresh:
            self.run(insert(table).values(**row))
        return len(fresh)
