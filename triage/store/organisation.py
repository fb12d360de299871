"""Supply units, their teams, areas and customers; and a unit that goes into another one, with all that belongs to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import RowMapping, Table, insert, select

from triage.store import schema
from triage.store.base import Part
from triage.store.sql import block

UNITS = block("""
    SELECT code, name, kind, parent_code, merged_into_code, merged_on
    FROM units
    ORDER BY code""")
CURRENT_UNITS = block("""
    SELECT code, name, kind, parent_code, merged_into_code, merged_on
    FROM units
    WHERE merged_into_code IS NULL
    ORDER BY code""")
HISTORY = block("""
    WITH RECURSIVE merged(code) AS (
        SELECT code FROM units WHERE merged_into_code = :code
        UNION
        SELECT units.code FROM units JOIN merged ON units.merged_into_code = merged.code)
    SELECT code
    FROM merged
    ORDER BY code""")
STANDS_FOR = block("""
    WITH RECURSIVE into_unit(code, next_code) AS (
        SELECT code, merged_into_code FROM units WHERE code = :code
        UNION
        SELECT units.code, units.merged_into_code FROM units JOIN into_unit ON units.code = into_unit.next_code)
    SELECT code
    FROM into_unit
    WHERE next_code IS NULL""")
HOLD_UNITS = block("""
    UPDATE units
    SET name = name
    WHERE code IN (:old, :new)""")
MERGE = block("""
    UPDATE units
    SET merged_into_code = :new, merged_on = :merged_on, parent_code = :new
    WHERE code = :old""")
CHILDREN = block("""
    UPDATE units
    SET parent_code = :new
    WHERE parent_code = :old AND merged_into_code IS NULL""")
OPEN = "state NOT IN ('closed', 'answered', 'referred', 'merged', 'withdrawn')"
TOUCHED = block(f"""
    SELECT number
    FROM tickets
    WHERE {OPEN} AND (unit_code = :old OR team_unit = :old
        OR number IN (SELECT ticket_number FROM co_handlings WHERE team_unit = :old AND replied_at IS NULL AND cancelled_at IS NULL)
        OR number IN (SELECT ticket_number FROM steps WHERE unit_code = :old AND ended_at IS NULL AND voided_at IS NULL))
    ORDER BY number""")
TICKET = block("""
    UPDATE tickets
    SET unit_code = CASE WHEN unit_code = :old THEN :new ELSE unit_code END,
        team_unit = CASE WHEN team_unit = :old THEN :new ELSE team_unit END,
        version = version + 1
    WHERE number = :number""")
STEPS = block("""
    UPDATE steps
    SET unit_code = :new
    WHERE ticket_number = :number AND unit_code = :old AND ended_at IS NULL AND voided_at IS NULL""")
CO_HANDLINGS = block("""
    UPDATE co_handlings
    SET team_unit = :new
    WHERE ticket_number = :number AND team_unit = :old AND replied_at IS NULL AND cancelled_at IS NULL""")
USERS = block("""
    UPDATE users
    SET unit_code = :new
    WHERE unit_code = :old""")
CUSTOMERS = block("""
    UPDATE customers
    SET unit_code = :new
    WHERE unit_code = :old""")
AREAS = block("""
    UPDATE areas
    SET unit_code = :new
    WHERE unit_code = :old""")
TEAMS = block("""
    UPDATE teams
    SET unit_code = :new
    WHERE unit_code = :old AND department_code NOT IN (SELECT department_code FROM teams WHERE unit_code = :new)""")
DROP_TEAMS = block("""
    DELETE FROM teams
    WHERE unit_code = :old""")
CREWS = block("""
    UPDATE crews
    SET unit_code = :new
    WHERE unit_code = :old""")
OUTAGES = block("""
    SELECT number
    FROM outages
    WHERE unit_code = :old AND state NOT IN ('restored', 'cancelled')
    ORDER BY number""")
HANDOVERS = block("""
    UPDATE handovers
    SET unit_code = :new
    WHERE unit_code = :old AND taken_at IS NULL""")
# The units above the old one have changed: what was added up for them is counted anew by `flask sweep`, or by `flask rebuild figures`.
FIGURES_STALE = block("""
    INSERT INTO counters (name, value)
    VALUES ('figures-stale', 1)
    ON CONFLICT (name) DO UPDATE SET value = 1""")
TABLES: Mapping[str, Table] = {
    table.name: table for table in (schema.units, schema.teams, schema.areas, schema.customers, schema.crews, schema.crew_members)
}


@dataclass(frozen=True)
class Moved:
    """How many rows went from one unit to another; `tickets` are the numbers of the open tickets that the old unit had to do with."""

    tickets: tuple[str, ...] = ()
    steps: int = 0
    co_handlings: int = 0
    users: int = 0
    customers: int = 0
    areas: int = 0
    teams: int = 0
    crews: int = 0
    children: int = 0
    handovers: int = 0


class Organisation(Part):
    """Keeps the organisation."""

    def units(self, *, current_only: bool = False) -> Sequence[RowMapping]:
        """Give all supply units by code, or those that were not merged into another one: only these may be chosen."""
        return self.rows(CURRENT_UNITS if current_only else UNITS)

    def unit_history(self, code: str) -> tuple[str, ...]:
        """Give the codes of the units that were merged into one, at once or by way of others."""
        return tuple(row["code"] for row in self.rows(HISTORY, code=code))

    def unit_now(self, code: str) -> str:
        """Give the unit that stands for one today: what it was merged into, else itself."""
        return str(self.value(STANDS_FOR, code=code) or code)

    def add_missing(self, name: str, rows: Iterable[Mapping[str, object]]) -> int:
        """Add the rows whose key is not there yet, and give how many were added."""
        table = TABLES[name]
        keys = [column.name for column in table.primary_key.columns]
        present = {tuple(row[key] for key in keys) for row in self.rows(select(*table.primary_key.columns))}
        fresh = [row for row in rows if tuple(row[key] for key in keys) not in present]
        for row in fresh:
            self.run(insert(table).values(**row))
        return len(fresh)

    def hold_units(self, old: str, new: str) -> None:
        """Let others who merge one of these units wait until this transaction ends."""
        self.run(HOLD_UNITS, old=old, new=new)

    def open_outages_of_unit(self, code: str) -> tuple[str, ...]:
        """Give the numbers of a unit's outages that are neither over nor cancelled."""
        return tuple(row["number"] for row in self.rows(OUTAGES, old=code))

    def move_unit(self, old: str, new: str, merged_on: date) -> Moved:
        """Put all that is alive of one unit under another one, and give how much there was; what has ended stays as it was.

        The old unit keeps its row below the new one, so that whoever names it is led to the new one, and its history is found there.
        """
        pair = {"old": old, "new": new}
        tickets, steps, co_handlings = self._move_tickets(old, new)
        moved = Moved(
            tickets=tickets,
            steps=steps,
            co_handlings=co_handlings,
            users=self.run(USERS, **pair),
            customers=self.run(CUSTOMERS, **pair),
            areas=self.run(AREAS, **pair),
            teams=self.run(TEAMS, **pair),
            crews=self.run(CREWS, **pair),
            children=self.run(CHILDREN, **pair),
            handovers=self.run(HANDOVERS, **pair),
        )
        self.run(DROP_TEAMS, old=old)
        self.run(MERGE, **pair, merged_on=merged_on)
        self.run(FIGURES_STALE)
        self.__dict__.pop("_units_read", None)
        return moved

    def _move_tickets(self, old: str, new: str) -> tuple[tuple[str, ...], int, int]:
        numbers, steps, co_handlings = tuple(row["number"] for row in self.rows(TOUCHED, old=old)), 0, 0
        for number in numbers:
            self.run(TICKET, number=number, old=old, new=new)
            steps += self.run(STEPS, number=number, old=old, new=new)
            co_handlings += self.run(CO_HANDLINGS, number=number, old=old, new=new)
        return numbers, steps, co_handlings
