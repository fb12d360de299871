"""Keeping figures ready: folding what moves appended, counting all anew, and checking against a recount (see `triage/store/rollups.py`)."""

from functools import lru_cache
from typing import Any

from sqlalchemy import TextualSelect
from sqlalchemy.sql.elements import TextClause

from triage.store.base import Part
from triage.store.facts import DIMENSIONS, SOURCES, TOOK, Source, select
from triage.store.rollups import ALL_KINDS
from triage.store.sql import block

AREAS = """above(unit_code, code) AS (
        SELECT code, code FROM units
        UNION ALL
        SELECT above.unit_code, units.parent_code FROM above JOIN units ON units.code = above.code WHERE units.parent_code IS NOT NULL),
    areas_of(unit_code, area) AS (
        SELECT above.unit_code, COALESCE(
            MIN(CASE WHEN units.kind = 'city' THEN units.code END), MIN(CASE WHEN units.kind = 'province' THEN units.code END), above.unit_code)
        FROM above
        JOIN units ON units.code = above.code
        GROUP BY above.unit_code
        UNION ALL
        SELECT '', '')"""
OF_AREA = "FROM {0} JOIN areas_of ON areas_of.unit_code = {0}.unit_code"
# What nobody asks for is not kept: durations but by their class, steps by who took the call.
OTHERWISE = " AND ".join(f"{{0}}.measure NOT LIKE '{name}.%'" for name in TOOK)
KEPT = {"trait": "{0}.trait <> ''", "agent": f"{{0}}.measure NOT LIKE 'due.%' AND {OTHERWISE}"}
KINDS = (
    f"SELECT measure, '' AS dimension, unit_code, day_on, '' AS value, n, met, amount FROM {{0}} WHERE {OTHERWISE}"
    f" UNION ALL SELECT measure, '{ALL_KINDS}', area, day_on, '', n, met, amount {OF_AREA} WHERE {OTHERWISE}"
    + "".join(
        f" UNION ALL SELECT measure, '{kind}', area, day_on, {kind}, n, met, amount {OF_AREA} WHERE {kind} <> '' AND {KEPT.get(kind, OTHERWISE)}"
        for kind in DIMENSIONS
    )
)
INTO = """INSERT INTO figures (measure, dimension, unit_code, day_on, value, n, met, amount)
    SELECT measure, dimension, unit_code, day_on, value, SUM(n), SUM(met), SUM(amount)
    FROM kinds
    WHERE TRUE
    GROUP BY measure, dimension, unit_code, day_on, value
    ORDER BY measure, dimension, unit_code, day_on, value
    ON CONFLICT (measure, dimension, unit_code, day_on, value)
    DO UPDATE SET n = figures.n + excluded.n, met = figures.met + excluded.met, amount = figures.amount + excluded.amount"""
# On SQLite a fold has the file to itself; on PostgreSQL it takes just the rows that it deletes, whoever appends meanwhile.
GONE = {
    "sqlite": "gone AS MATERIALIZED (SELECT * FROM figure_deltas)",
    "postgresql": "gone AS (DELETE FROM figure_deltas RETURNING *)",
}
FOLD = {
    engine: block(f"""
    WITH RECURSIVE {AREAS}, {gone}, kinds AS ({KINDS.format("gone")})
    {INTO}""")
    for engine, gone in GONE.items()
}
EMPTY_DELTAS = block("""
    DELETE FROM figure_deltas""")
EMPTY_FIGURES = block("""
    DELETE FROM figures""")
HOW_MANY_DELTAS = block("""
    SELECT COUNT(*) AS count
    FROM figure_deltas""")
ONE_SNAPSHOT = {"sqlite": None, "postgresql": block("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")}
FRESH = block("""
    DELETE FROM counters
    WHERE name = 'figures-stale'""")
IS_STALE = block("""
    SELECT value
    FROM counters
    WHERE name = 'figures-stale'""")


class Folding(Part):
    """Folds, rebuilds and checks the figures."""

    def unfolded(self) -> int:
        """Count the deltas that wait to be folded."""
        return int(self.value(HOW_MANY_DELTAS))

    def fold_figures(self) -> int:
        """Add what moves appended to the figures, and give how many deltas that were; may run twice, late, or on two machines at once."""
        engine = self.connection.dialect.name
        with self.writing():
            count = self.unfolded()
            if count:
                self.run(FOLD[engine])
            if engine == "sqlite":
                self.run(EMPTY_DELTAS)
        return count

    def rebuild_figures(self) -> None:
        """Count all facts anew, in one transaction: what moves append meanwhile is added to it."""
        engine = self.connection.dialect.name
        with self.writing():
            first = ONE_SNAPSHOT[engine]
            if first is not None:
                self.run(first)
            self.run(EMPTY_DELTAS)
            self.run(EMPTY_FIGURES)
            for source in SOURCES:
                self.run(recounting(source, engine, "figures"))
            self.run(FRESH)

    def check_figures(self, most: int = 20) -> list[dict[str, Any]]:
        """Recount all facts, and give the figures that differ from it (none is the answer that one hopes for): what is kept, what was counted."""
        engine = self.connection.dialect.name
        kept = self._as_kept()
        counted: dict[tuple[Any, ...], tuple[int, int, float]] = {}
        for source in SOURCES:
            for row in self.rows(recounting(source, engine)):
                key = tuple(row[name] for name in ("measure", "dimension", "unit_code", "day_on", "value"))
                n, met, amount = counted.get(key, (0, 0, 0.0))
                counted[key] = (n + int(row["n"]), met + int(row["met"]), amount + float(row["amount"]))
        wrong = sorted((key for key in kept.keys() | counted.keys() if kept.get(key) != counted.get(key)), key=str)
        return [{"figure": key, "kept": kept.get(key), "counted": counted.get(key)} for key in wrong[:most]]

    def _as_kept(self) -> dict[tuple[Any, ...], tuple[int, int, float]]:
        rows = self.rows(AS_KEPT)
        keys = ("measure", "dimension", "unit_code", "day_on", "value")
        read = {tuple(row[name] for name in keys): (int(row["n"]), int(row["met"]), float(row["amount"])) for row in rows}
        return {key: sums for key, sums in read.items() if sums != (0, 0, 0.0)}

    def figures_are_stale(self) -> bool:
        """Say whether units changed their place since the figures were built, so that they must be rebuilt."""
        return bool(self.value(IS_STALE))


AS_KEPT = block(f"""
    WITH RECURSIVE {AREAS}, kinds AS (
        SELECT measure, dimension, unit_code, day_on, value, n, met, amount FROM figures
        UNION ALL
        {KINDS.format("figure_deltas")})
    SELECT measure, dimension, unit_code, day_on, value, SUM(n) AS n, SUM(met) AS met, SUM(amount) AS amount
    FROM kinds
    GROUP BY measure, dimension, unit_code, day_on, value""")


@lru_cache
def recounting(source: Source, engine: str, into: str = "") -> TextClause | TextualSelect:
    """Give the block that counts all facts of a source anew, by unit and kind: as rows, or added to the figures."""
    tail = (
        INTO
        if into
        else """SELECT measure, dimension, unit_code, day_on, value, SUM(n) AS n, SUM(met) AS met, SUM(amount) AS amount
    FROM kinds
    GROUP BY measure, dimension, unit_code, day_on, value"""
    )
    return block(f"WITH RECURSIVE {AREAS}, gone AS MATERIALIZED ({select(source, engine)}), kinds AS ({KINDS.format('gone')}) {tail}")
