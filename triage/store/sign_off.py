"""Signed periods (签认) and the figures frozen with them: rows are added, never changed or taken away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import RowMapping
from sqlalchemy.exc import OperationalError

from triage.store.base import Part
from triage.store.engine import busy_is_said
from triage.store.folding import ONE_SNAPSHOT
from triage.store.rollups import Sum
from triage.store.sql import block

COLUMNS = "id, unit_code, first_on, last_on, signed_by, signed_at, note"
ADD = block("""
    INSERT INTO sign_offs (unit_code, first_on, last_on, signed_by, signed_at, note)
    VALUES (:unit_code, :first_on, :last_on, :signed_by, :signed_at, :note)
    ON CONFLICT (unit_code, first_on, last_on) DO NOTHING
    RETURNING id""")
FREEZE = block("""
    INSERT INTO frozen_figures (sign_off_id, measure, dimension, value, n, met, amount)
    VALUES (:sign_off_id, :measure, :dimension, :value, :n, :met, :amount)""")
BY_ID = block(f"""
    SELECT {COLUMNS}
    FROM sign_offs
    WHERE id = :id""")
OF_PERIOD = block(f"""
    SELECT {COLUMNS}
    FROM sign_offs
    WHERE unit_code = :unit_code AND first_on = :first_on AND last_on = :last_on""")
UNDER = """under(code) AS (
        SELECT code FROM units WHERE code = :unit_code
        UNION
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)"""
OF_UNITS = block(f"""
    WITH RECURSIVE {UNDER}
    SELECT {COLUMNS}
    FROM sign_offs
    WHERE :unit_code = '' OR unit_code IN (SELECT code FROM under)
    ORDER BY last_on DESC, first_on DESC, unit_code
    LIMIT :most OFFSET :skip""")
COUNT_OF_UNITS = block(f"""
    WITH RECURSIVE {UNDER}
    SELECT COUNT(*) AS n
    FROM sign_offs
    WHERE :unit_code = '' OR unit_code IN (SELECT code FROM under)""")
FROZEN = block("""
    SELECT measure, dimension, value, n, met, amount
    FROM frozen_figures
    WHERE sign_off_id = :id
    ORDER BY measure, dimension, value""")
SERIALIZATION = "could not serialize"  # how PostgreSQL says that a snapshot has been overtaken


class SignOffs(Part):
    """Keeps signed periods and their figures, and gives them back."""

    @contextmanager
    def writing_from_one_state(self) -> Iterator[None]:
        """Run a block as one transaction in which every read sees the same state; within another transaction it is that one."""
        is_outermost = not self.connection.info.get("is_writing")
        with self.writing():
            first = ONE_SNAPSHOT[self.connection.dialect.name] if is_outermost else None
            if first is not None:
                self.run(first)
            yield

    def add_sign_off(self, unit_code: str, first_on: date, last_on: date, *, signed_by: str, signed_at: datetime, note: str) -> int | None:
        """Keep that a period was signed and give its number; None: it was signed before, or is being signed by somebody else at this moment."""
        given = {"unit_code": unit_code, "first_on": first_on, "last_on": last_on}
        try:
            id = self.value(ADD, **given, signed_by=signed_by, signed_at=signed_at, note=note)
        except OperationalError as error:
            if SERIALIZATION not in str(error.orig):
                raise
            return None
        return None if id is None else int(id)

    def freeze(self, sign_off_id: int, figures: Sequence[tuple[str, Sum]]) -> None:
        """Keep figures of a signed period, each with the dimension that its value is of."""
        names = ("measure", "value", "n", "met", "amount")
        rows = [{"sign_off_id": sign_off_id, "dimension": kind} | {name: getattr(one, name) for name in names} for kind, one in figures]
        if rows:
            with self.writing(), busy_is_said():
                self.connection.execute(FREEZE, rows)

    def sign_off_row(self, id: int) -> RowMapping | None:
        """Give one signed period, if there is one of that number."""
        return self.row(BY_ID, id=id)

    def sign_off_of(self, unit_code: str, first_on: date, last_on: date) -> RowMapping | None:
        """Give the signature of exactly this period and unit, if there is one."""
        return self.row(OF_PERIOD, unit_code=unit_code, first_on=first_on, last_on=last_on)

    def sign_off_rows(self, unit_code: str, most: int, skip: int = 0) -> Sequence[RowMapping]:
        """Give the signed periods of a unit and those below it (`''`: of all units, and of everything), the latest period first."""
        return self.rows(OF_UNITS, unit_code=unit_code, most=most, skip=skip)

    def count_sign_offs(self, unit_code: str) -> int:
        """Count what `sign_off_rows` gives in all."""
        return int(self.value(COUNT_OF_UNITS, unit_code=unit_code))

    def frozen_figures(self, sign_off_id: int) -> list[tuple[str, Sum]]:
        """Give the figures as they were signed, each with its dimension."""
        return [
            (row["dimension"], Sum(int(row["n"]), int(row["met"]), float(row["amount"]), row["measure"], value=row["value"]))
            for row in self.rows(FROZEN, id=sign_off_id)
        ]
