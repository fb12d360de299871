"""Figures as sums kept ready, read together with what is not folded yet (`triage/store/folding.py`); and the lists behind them.

`figures` holds sums a day. By unit (dimension `''`): of each unit itself, without those below it, which serves counties and stations. By area,
the city that a unit belongs to (else its province, else itself): all kinds together (`+`), and by department, topic, demand type, channel, agent
and trait. A province is the sum of its areas. Kinds of counties and stations, whose tickets are few, are counted from the facts.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Any

from sqlalchemy import RowMapping, TextualSelect
from sqlalchemy.sql.elements import TextClause

from triage.moments import in_shanghai, start_of
from triage.store.base import Part
from triage.store.facts import SAID, SOURCES, TIMED, TOOK, Source, select
from triage.store.sql import block

KEPT_READY, COUNTED_NOW = "kept", "counted"
BATCH = 1000  # facts read at a time
ALL_KINDS = "+"  # the dimension of an area's sums over all kinds
EVERYTHING = ""  # the scope of all units, of tickets whose unit nobody knows as well
UNDER = """under(code) AS (
        SELECT code FROM units WHERE code IN :units
        UNION
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)"""
TREE = block("""
    SELECT code, kind, parent_code
    FROM units""")
NAME = re.compile(r"[a-z_]+(\.[a-z_]+)*")


@dataclass(frozen=True)
class Wanted:
    """What is asked of the figures: measures, the units (each with all below it), days in Shanghai (both included), and by which kind (or none)."""

    measures: tuple[str, ...]
    first_on: date
    last_on: date
    units: tuple[str, ...] = (EVERYTHING,)
    dimension: str = ""
    by: tuple[str, ...] = ("measure", "value")
    only: Mapping[str, str] = field(default_factory=dict)
    weekday: int | None = None  # 0 for Monday; for lists

    @property
    def since(self) -> datetime:
        """The first moment."""
        return start_of(self.first_on)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return start_of(self.last_on + timedelta(days=1))


@dataclass(frozen=True)
class Sum:
    """A sum over facts: how many, how many of them met, what was summed beside; `measure`, `unit_code`, `value`, `day_on` where grouped by them."""

    n: int
    met: int
    amount: float
    measure: str = ""
    unit_code: str = ""
    value: str = ""
    day_on: date | None = None


class Rollups(Part):
    """Reads figures, and lists the tickets behind them."""

    def figure_sums(self, wanted: Wanted, now: datetime) -> list[Sum]:
        """Give sums over the facts of a period, grouped by what `wanted.by` names.

        What falls due later than `now` is not due yet (`due.*`, `callback`): of the day of `now` and of later ones the facts themselves are counted.
        """
        sums: list[Sum] = []
        for unit in wanted.units if "unit_code" in wanted.by else (None,):
            for how, of in self._parts(wanted if unit is None else replace(wanted, units=(unit,)), now):
                found = self._summed(of) if how == KEPT_READY else self._counted(of, now)
                sums += found if unit is None else [replace(one, unit_code=unit) for one in found]
        return together(sums)

    def _parts(self, wanted: Wanted, now: datetime) -> Iterator[tuple[str, Wanted]]:
        """Divide a question into what is kept ready and what is counted from the facts: kinds that are not kept, and what falls due from today on."""
        today = in_shanghai(now).date()
        ready = [one for one in wanted.measures if not wanted.only and self._is_ready(one, wanted)]
        if others := [one for one in wanted.measures if one not in ready]:
            yield COUNTED_NOW, replace(wanted, measures=tuple(others))
        late = [one for one in ready if falls_due(one) and wanted.last_on >= today]
        if past := [one for one in ready if one not in late]:
            yield KEPT_READY, replace(wanted, measures=tuple(past))
        if late:
            if wanted.first_on < today:
                yield KEPT_READY, replace(wanted, measures=tuple(late), last_on=today - timedelta(days=1))
            yield COUNTED_NOW, replace(wanted, measures=tuple(late), first_on=max(wanted.first_on, today))

    def _is_ready(self, measure: str, wanted: Wanted) -> bool:
        """Say whether these sums are kept (see above)."""
        head = measure.split(".")[0]
        if (head, wanted.dimension) == ("due", "agent") or (head in TOOK and wanted.dimension != "trait"):
            return False
        return not wanted.dimension or all(self._is_wide(unit) for unit in wanted.units)

    def _is_wide(self, unit: str) -> bool:
        return unit == EVERYTHING or self._tree().get(unit, ("", None))[0] in ("province", "city")

    def _tree(self) -> dict[str, tuple[str, str | None]]:
        """Give each unit's kind and the one above it, read once for a store."""
        if not hasattr(self, "_units_read"):
            self._units_read = {row["code"]: (row["kind"], row["parent_code"]) for row in self.rows(TREE)}
        return self._units_read

    def _under(self, unit: str) -> list[str]:
        """Give a unit and all below it; everything is all units, and none."""
        tree = self._tree()
        if unit == EVERYTHING:
            return [EVERYTHING, *tree]
        below: dict[str | None, list[str]] = {}
        for code, (_, parent) in tree.items():
            below.setdefault(parent, []).append(code)
        found = [unit]
        for code in found:
            found += below.get(code, [])
        return found

    def _summed(self, wanted: Wanted) -> list[Sum]:
        is_wide = all(self._is_wide(unit) for unit in wanted.units)
        under = list(dict.fromkeys(code for unit in wanted.units for code in self._under(unit)))
        rows = [code for code in under if self._is_wide(code) or EVERYTHING in wanted.units] if is_wide else under
        given = {
            "measures": wanted.measures,
            "dimension": wanted.dimension or (ALL_KINDS if is_wide else ""),
            "rows": self._areas_among(rows) if is_wide else rows,
            "units": wanted.units,
            "is_everything": EVERYTHING in wanted.units,
            "first_on": wanted.first_on,
            "last_on": wanted.last_on,
        }
        by = tuple(name for name in wanted.by if name != "unit_code")
        return [_sum(row) for row in self.rows(summing(wanted.dimension, by), **given)]

    def _areas_among(self, codes: Sequence[str]) -> list[str]:
        """Give those units that are areas: cities, provinces, and what belongs to neither."""
        tree = self._tree()

        def has_area_above(code: str) -> bool:
            above = tree[code][1]
            while above:
                if tree[above][0] in ("city", "province"):
                    return True
                above = tree[above][1]
            return False

        return [code for code in codes if self._is_wide(code) or not has_area_above(code)]

    def _counted(self, wanted: Wanted, now: datetime) -> list[Sum]:
        """Count from the facts themselves."""
        sums: list[Sum] = []
        value = wanted.dimension or "''"
        groups = ", ".join(name for name in wanted.by if name != "unit_code")
        for sql, given in self._facts(wanted, now):
            columns = f"{groups}, " if groups else ""
            tail = f"GROUP BY {groups}" if groups else "HAVING COUNT(*) > 0"
            facts = f"SELECT facts.*, {value} AS value FROM ({sql}) AS facts"
            query = f"""WITH RECURSIVE {UNDER}
                SELECT {columns}SUM(n) AS n, SUM(met) AS met, SUM(amount) AS amount FROM ({facts}) AS valued {tail}"""
            sums += [_sum(row) for row in self.rows(expanding(query), **given)]
        return together(sums)

    def figure_list(self, wanted: Wanted, now: datetime, *, met: str = "", most: int = 100, skip: int = 0) -> Sequence[RowMapping]:
        """List exactly the facts that a figure counts, from the earliest; `met` is `yes`, `no`, `open` or empty for all."""
        facts = [(_filtered(sql, met), given) for sql, given in self._facts(wanted, now, listed=True)]
        if not facts:
            return []
        query = " UNION ALL ".join(f"SELECT * FROM ({sql}) AS part_{place}" for place, (sql, _) in enumerate(facts))
        given = {name: value for _, more in facts for name, value in more.items()}
        ordered = f"WITH RECURSIVE {UNDER} SELECT * FROM ({query}) AS facts ORDER BY happened_at, ticket_number, measure LIMIT :most OFFSET :skip"
        return self.rows(expanding(ordered), most=most, skip=skip, **given)

    def count_figure_list(self, wanted: Wanted, now: datetime, *, met: str = "") -> int:
        """Count the rows of that list over all its pages."""
        total = 0
        for sql, given in self._facts(wanted, now):
            query = f"WITH RECURSIVE {UNDER} SELECT COUNT(*) AS count FROM ({_filtered(sql, met)}) AS facts"
            total += int(self.value(expanding(query), **given))
        return total

    def _facts(self, wanted: Wanted, now: datetime, *, listed: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give, for each source of the measures asked for, the SELECT of its facts in scope and what to give with it."""
        engine = self.connection.dialect.name
        shown = {"happened_at": "{at}", "state": "tickets.state", "level": "tickets.level"} if listed else {}
        for source in SOURCES:
            parts = [measure.split(".")[1:] for measure in wanted.measures if measure.split(".")[0] == source.name]
            if not parts:
                continue
            given: dict[str, Any] = {"since": wanted.since, "until": wanted.until, "units": wanted.units, **wanted.only}
            narrowed = f" AND {source.at} >= :since AND {source.at} < :until"
            for place, column in enumerate(source.parts):
                narrowed += f" AND {column} IN ({_literals(part[place] for part in parts)})"
            if falls_due(source.name):
                narrowed += " AND (steps.due_at < :today_at OR steps.red_at <= :now)"
                given |= {"now": now, "today_at": start_of(in_shanghai(now).date())}
            outer, names = [f"{name} = :{name}" for name in wanted.only], _literals(wanted.measures)
            if not _are_all(source, parts):
                outer.append(f"measure IN ({names})")
            if wanted.weekday is not None:
                outer.append(f"{SAID[engine]['weekday'].format('day_on')} = :weekday")
                given["weekday"] = wanted.weekday
            if wanted.dimension and (wanted.dimension != "trait" or source.name not in TOOK):  # a class is never empty, but dear to compute
                outer.append(f"{wanted.dimension} <> ''")
            where_outer = f" WHERE {' AND '.join(outer)}" if outer else ""
            columns = {name: expression.format(at=source.at) for name, expression in shown.items()}
            for where in [""] if EVERYTHING in wanted.units else source.places:
                facts = select(source, engine, narrowed + where, columns=columns)
                yield f"SELECT * FROM ({facts}) AS of_source{where_outer}", given

    def facts(self, wanted: Wanted, now: datetime) -> Iterator[RowMapping]:
        """Give every fact that figures of these measures, days and units count, a batch at a time."""
        for sql, given in self._facts(wanted, now):
            found = self.connection.execute(expanding(f"WITH RECURSIVE {UNDER} SELECT facts.* FROM ({sql}) AS facts"), given).mappings()
            while rows := found.fetchmany(BATCH):
                yield from rows


@lru_cache
def summing(dimension: str, by: tuple[str, ...]) -> TextClause | TextualSelect:
    """Give the block that sums what is kept and what is not folded yet, in one statement, so that a fold in between changes nothing."""
    value = dimension or "''"
    columns = ", ".join([*by, "SUM(n) AS n", "SUM(met) AS met", "SUM(amount) AS amount"])
    some = f" AND {dimension} <> ''" if dimension else ""
    groups = f"GROUP BY {', '.join(by)}" if by else ""
    return expanding(f"""
    WITH RECURSIVE {UNDER}
    SELECT {columns}
    FROM (
        SELECT measure, day_on, value, n, met, amount
        FROM figures
        WHERE measure IN :measures AND dimension = :dimension AND unit_code IN :rows AND day_on BETWEEN :first_on AND :last_on
        UNION ALL
        SELECT measure, day_on, {value}, n, met, amount
        FROM figure_deltas
        WHERE measure IN :measures AND day_on BETWEEN :first_on AND :last_on AND (:is_everything OR unit_code IN (SELECT code FROM under)){some}
    ) AS parts
    {groups}
    HAVING SUM(n) <> 0 OR SUM(met) <> 0 OR SUM(amount) <> 0""")


def expanding(statement: str) -> TextClause | TextualSelect:
    """Make a block in which lists of values may be given for units and measures."""
    return block(statement, "units", "measures", "rows")


def _literals(names: Iterable[str]) -> str:
    """Give measures' names, or parts of them, as SQL texts; they come from code, and are looked at all the same."""
    given = sorted(set(names))
    if not all(NAME.fullmatch(name) for name in given):
        raise ValueError(f"not names of measures: {given}")
    return ", ".join(f"'{name}'" for name in given)


def _are_all(source: Source, parts: Sequence[Sequence[str]]) -> bool:
    """Say whether measures are all that have these parts, so that narrowing each part is enough, and no name need be put together."""
    each = (sorted({part[place] for part in parts}) for place in range(len(source.parts)))
    return {tuple(part) for part in parts} == set(product(*each))


def falls_due(measure: str) -> bool:
    """Say whether a measure counts what falls due at a moment that may lie ahead."""
    return measure.split(".")[0] in (*TIMED, "callback")


def together(sums: Sequence[Sum]) -> list[Sum]:
    """Add up sums of the same group."""
    added: dict[tuple[Any, ...], Sum] = {}
    for one in sums:
        key = (one.measure, one.unit_code, one.value, one.day_on)
        if other := added.get(key):
            one = replace(one, n=one.n + other.n, met=one.met + other.met, amount=one.amount + other.amount)
        added[key] = one
    return list(added.values())


def _sum(row: RowMapping) -> Sum:
    values = dict(row)
    return Sum(**{**values, "n": int(values["n"]), "met": int(values["met"]), "amount": float(values["amount"])})


def _filtered(sql: str, met: str) -> str:
    conditions = {"yes": "met = 1", "no": "met = 0", "open": "amount = 1", "ended": "amount = 0"}
    return f"SELECT * FROM ({sql}) AS filtered WHERE {conditions[met]}" if met else sql
