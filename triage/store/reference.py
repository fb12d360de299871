"""Reference tables: read as `Rules`, loaded from files without overwriting what people edited, edited row by row with a trail."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Float, Integer, RowMapping, Table, insert, select, update

from triage.calendar import WorkingCalendar
from triage.clocks import Limit
from triage.errors import NotFound
from triage.rules import AttentionRule, Override, Rules, Topic, read_wordings
from triage.store import schema
from triage.store.base import Part, to_json
from triage.store.sql import block
from triage.terms import Level, Step

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        schema.departments,
        schema.demand_types,
        schema.topics,
        schema.routing,
        schema.time_limits,
        schema.attention,
        schema.attention_words,
        schema.attention_patterns,
        schema.metrics,
        schema.switches,
        schema.fixed_holidays,
    )
}
BOOKKEEPING = ("edited_by", "edited_at")
VERSION = block("""
    SELECT value
    FROM counters
    WHERE name = 'reference'""")
BUMP = block("""
    INSERT INTO counters (name, value)
    VALUES ('reference', 1)
    ON CONFLICT (name) DO UPDATE SET value = counters.value + 1""")
ADD_YEAR = block("""
    INSERT INTO calendar_years (year, basis, source, edited_by, edited_at)
    VALUES (:year, :basis, :source, :actor, :now)
    ON CONFLICT (year) DO UPDATE SET basis = :basis, source = :source, edited_by = :actor, edited_at = :now""")
CLEAR_YEAR = block("""
    DELETE FROM calendar_days
    WHERE year = :year""")
ADD_DAY = block("""
    INSERT INTO calendar_days (day_on, year, is_working, name, basis, source, edited_by, edited_at)
    VALUES (:day_on, :year, :is_working, :name, :basis, :source, :actor, :now)""")
YEARS = block("""
    SELECT year, basis, source, edited_by, edited_at
    FROM calendar_years
    ORDER BY year""")
DAYS = block("""
    SELECT day_on, year, is_working, name, basis, source
    FROM calendar_days
    ORDER BY day_on""")
TRAIL = block("""
    INSERT INTO reference_audit (happened_at, actor, table_name, row_key, before_json, after_json)
    VALUES (:now, :actor, :table_name, :row_key, :before_json, :after_json)""")
TRAIL_OF = block("""
    SELECT happened_at, actor, row_key, before_json, after_json
    FROM reference_audit
    WHERE table_name = :table_name
    ORDER BY id DESC
    LIMIT 50""")


def key_of(table: Table) -> tuple[str, ...]:
    """Name the columns that a row of a file is known by: the unique ones where the primary key is a number of ours, else the primary key."""
    if "id" not in table.primary_key.columns:
        return tuple(column.name for column in table.primary_key.columns)
    return {"routing": ("demand_type", "topic"), "attention_patterns": ("rule", "pattern")}.get(
        table.name, ("demand_type", "topic", "zone", "channel", "step", "from_event", "valid_from_on")
    )


class ReferenceData(Part):
    """Keeps the reference tables."""

    def reference_version(self) -> int:
        """Give the state of the reference tables as a number that grows with each change."""
        return int(self.value(VERSION) or 0)

    def bump_reference(self) -> None:
        """Tell every process that the rules it holds are out of date."""
        self.run(BUMP)

    def reference_rows(self, name: str) -> Sequence[RowMapping]:
        """Give all rows of a reference table in the order of its key.

        Raises:
            NotFound: there is no such table.
        """
        table = TABLES.get(name)
        if table is None:
            raise NotFound(f"没有基础资料表“{name}”")
        return self.rows(select(table).order_by(*table.primary_key.columns))

    def merge_reference(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Load a file's rows: new ones are added, bundled ones follow the file, those that a person edited stay; give how many changed."""
        table, changed = TABLES[name], 0
        keys = key_of(table)
        present = {tuple(row[key] for key in keys): row for row in self.rows(select(table))}
        for values in rows:
            old = present.get(tuple(values[key] for key in keys))
            if old is None:
                self.run(insert(table).values(**values))
                changed += 1
            elif not old["edited_by"] and any(old[name] != value for name, value in values.items()):
                same = [column == old[column.name] for column in table.primary_key.columns]
                changed += self.run(update(table).where(*same).values(**values))
        return changed

    def edit_reference(self, name: str, key: Mapping[str, Any], values: Mapping[str, Any], actor: str, now: datetime) -> None:
        """Change a row and keep who did it, when, and what stood there.

        Raises:
            NotFound: there is no such table or row.
        """
        table = TABLES.get(name)
        if table is None:
            raise NotFound(f"没有基础资料表“{name}”")
        where = [table.c[column] == value for column, value in key.items()]
        with self.writing():
            before = self.row(select(table).where(*where))
            if before is None:
                raise NotFound("没有这一行，请刷新后再试")
            self.run(update(table).where(*where).values(**values, edited_by=actor, edited_at=now))
            self.run(
                TRAIL,
                now=now,
                actor=actor,
                table_name=name,
                row_key="/".join(str(value) for value in key.values()),
                before_json=to_json({k: str(before[k]) for k in values}),
                after_json=to_json({k: str(v) for k, v in values.items()}),
            )
            self.bump_reference()

    def reference_trail(self, name: str) -> Sequence[RowMapping]:
        """Give the latest edits of a table."""
        return self.rows(TRAIL_OF, table_name=name)

    def announce_year(self, year: int, days: Mapping[date, tuple[bool, str]], basis: str, source: str, actor: str, now: datetime) -> None:
        """Put an announced year's holidays and make-up days in place of what is known of it."""
        common = {"basis": basis, "source": source, "actor": actor, "now": now, "year": year}
        with self.writing():
            self.run(ADD_YEAR, **common)
            self.run(CLEAR_YEAR, year=year)
            for day, (is_working, name) in sorted(days.items()):
                self.run(ADD_DAY, day_on=day, is_working=is_working, name=name, **common)
            self.bump_reference()

    def calendar_years(self) -> Sequence[RowMapping]:
        """Give the announced years with their source."""
        return self.rows(YEARS)

    def calendar_days(self) -> Sequence[RowMapping]:
        """Give the announced holidays and make-up days."""
        return self.rows(DAYS)

    def word_lists(self) -> dict[str, str]:
        """Give the word lists that the patterns of the attention rules refer to, each as alternatives of a regular expression."""
        return {row["name"]: row["words"] for row in self.reference_rows("attention_words")}

    def rules(self) -> Rules:
        """Read all rules as one value."""
        return Rules(
            version=self.reference_version(),
            topics={row["code"]: _topic(row) for row in self.reference_rows("topics")},
            demand_types={row["code"]: row["name"] for row in self.reference_rows("demand_types")},
            handling={row["code"]: row["handling"] for row in self.reference_rows("demand_types")},
            costs={row["code"]: row["cost_when_missed"] for table in ("demand_types", "topics") for row in self.reference_rows(table)},
            departments={row["code"]: row["name"] for row in self.reference_rows("departments")},
            overrides=tuple(_override(row) for row in self.reference_rows("routing")),
            limits=tuple(_limit(row) for row in self.reference_rows("time_limits")),
            attention={row["code"]: _attention(row) for row in self.reference_rows("attention")},
            wordings=read_wordings(
                ((row["rule"], row["pattern"], row["is_negation"]) for row in self.reference_rows("attention_patterns")), self.word_lists()
            ),
            switches={row["code"]: row["value"] for row in self.reference_rows("switches")},
            calendar=WorkingCalendar(
                days={row["day_on"]: row["is_working"] for row in self.calendar_days()},
                announced=frozenset(row["year"] for row in self.calendar_years()),
                fixed=frozenset((row["month"], row["day"]) for row in self.reference_rows("fixed_holidays")),
            ),
        )


def _topic(row: RowMapping) -> Topic:
    names = ("code", "level1", "level2_code", "level2", "level3", "lead_department", "definition", "not_this", "basis")
    return Topic(
        **{name: row[name] for name in names},
        support_departments=tuple(filter(None, row["support_departments"].split(";"))),
    )


def _override(row: RowMapping) -> Override:
    return Override(row["demand_type"], row["topic"], row["lead_department"], row["is_confidential"], row["note"])


def _limit(row: RowMapping) -> Limit:
    same = (
        "id",
        "demand_type",
        "topic",
        "zone",
        "channel",
        "from_event",
        "amount",
        "unit",
        "clock",
        "basis",
        "valid_from_on",
        "valid_until_on",
    )
    return Limit(step=Step(row["step"]), yellow_at=row["yellow_fraction"], **{name: row[name] for name in same})


def _attention(row: RowMapping) -> AttentionRule:
    level = Level(row["level"]) if row["level"] else None
    return AttentionRule(
        row["code"],
        row["name"],
        row["when"],
        level,
        row["lead_department"],
        row["co_department"],
        row["is_confidential"],
    )


def typed(table: Table, name: str, value: str) -> Any:
    """Read a file's or a form's text as a column's type.

    Raises:
        ValueError: it is not of that type.
    """
    kind, value = table.c[name].type, value.strip()
    if isinstance(kind, Boolean):
        return value.lower() in ("1", "true", "yes", "on", "是")
    if isinstance(kind, Date):
        return date.fromisoformat(value) if value else None
    if isinstance(kind, (Float, Integer)):
        return float(value) if isinstance(kind, Float) else int(value)
    return value
