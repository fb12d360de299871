"""Reference tables: read as `Rules`, loaded from files without overwriting what people edited, edited row by row with a trail."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Date, Float, Integer, RowMapping, String, Table, delete, func, insert, select, update

from triage.errors import InvalidInput, NotFound, Problem
from triage.outlets import describe
from triage.rules import Rules
from triage.store import schema
from triage.store.base import Part, to_json
from triage.store.rulebook import make_rules
from triage.store.sql import block
from triage.wording import say

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
        schema.pause_kinds,
        schema.extension_rules,
        schema.return_reasons,
        schema.exemption_reasons,
        schema.outlets,
        schema.escalations,
        schema.reply_templates,
        schema.referral_advice,
        schema.suspicion_rules,
        schema.scorecard_items,
        schema.report_schedules,
        schema.office_hours,
        schema.unit_days,
    )
}
LONGEST = 20_000
MOST_COUNTED = 1_000
LARGEST = 1_000_000_000  # what a whole number may be on both engines
TRUTHS = {**dict.fromkeys(("1", "true", "yes", "on", say("Yes")), True), **dict.fromkeys(("", "0", "false", "no", "off", say("No")), False)}
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
PARENTS = block("""
    SELECT code, parent_code
    FROM units
    ORDER BY code""")
TRAIL = block("""
    INSERT INTO reference_audit (happened_at, actor, table_name, row_key, before_json, after_json)
    VALUES (:now, :actor, :table_name, :row_key, :before_json, :after_json)""")
REMOVED = block("""
    SELECT DISTINCT row_key
    FROM reference_audit
    WHERE table_name = :table_name AND after_json = 'null'""")
OPEN_CLOCKS = block("""
    SELECT steps.ticket_number, steps.step, steps.watch, steps.unit_code AS step_unit, steps.from_event, steps.started_at, steps.due_at,
        steps.yellow_at, steps.red_at, steps.is_confirmed, steps.ended_at, steps.voided_at, steps.extra_seconds,
        tickets.demand_type, tickets.topic, tickets.locality, tickets.channel, tickets.unit_code, tickets.team_unit
    FROM steps
    JOIN tickets ON tickets.number = steps.ticket_number
    WHERE tickets.next_due_at IS NOT NULL
    ORDER BY steps.ticket_number, steps.id""")
OPEN_PAUSES = block("""
    SELECT pauses.ticket_number, pauses.kind, pauses.started_at, pauses.until_at, pauses.ended_at
    FROM pauses
    JOIN tickets ON tickets.number = pauses.ticket_number
    WHERE tickets.next_due_at IS NOT NULL
    ORDER BY pauses.ticket_number, pauses.started_at, pauses.id""")
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


# What else may hold a row's key: the column, which of the row's columns it holds, what to call it, and what else must be so.
USES: Mapping[str, tuple[tuple[Column[Any], str, str, ColumnElement[bool] | None], ...]] = {
    "return_reasons": (
        (schema.requests.c.value, "code", say("Return requests"), schema.requests.c.kind == "return"),
        (schema.audit.c.detail_json, "return_reason", say("Return records"), schema.audit.c.action.in_(("return", "ask_return"))),
    ),
    "exemption_reasons": ((schema.requests.c.value, "code", say("Exemption requests"), schema.requests.c.kind == "exemption"),),
    "pause_kinds": ((schema.pauses.c.kind, "code", say("Pause records"), None),),
    "escalations": ((schema.warnings.c.escalation, "code", say("Warnings sent"), None),),
    "outlets": (
        (schema.escalations.c.outlet, "code", say("Escalation rules"), None),
        (schema.messages.c.outlet, "code", say("Outgoing messages"), None),
    ),
    "time_limits": ((schema.steps.c.limit_id, "id", say("Steps of tickets"), None),),
}


@dataclass(frozen=True)
class Use:
    """What holds on to a row: what to call it, how many there are (`MOST_COUNTED` for that many or more), and of how many open tickets."""

    what: str
    count: int
    open_tickets: int


@dataclass(frozen=True)
class Change:
    """What one act does to a table: columns set by key, whole rows added, rows taken out by key."""

    table: str
    updates: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...] = ()
    adds: tuple[Mapping[str, Any], ...] = ()
    removes: tuple[Mapping[str, Any], ...] = ()

    def applied(self, rows: Iterable[Mapping[Any, Any]]) -> list[dict[str, Any]]:
        """Give the table's rows as they would stand."""
        after = [dict(row) for row in rows if not any(_has(row, key) for key in self.removes)]
        for row in after:
            for key, values in self.updates:
                row.update(values if _has(row, key) else {})
        return [*after, *(self.whole(row) for row in self.adds)]

    def whole(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Give a row to be added with all its columns, empty where nothing is said."""
        columns = TABLES[self.table].c
        empty = {column.name: "" if isinstance(column.type, String) else False if isinstance(column.type, Boolean) else None for column in columns}
        return {name: value for name, value in {**empty, **row}.items() if name not in ("id", *BOOKKEEPING)}

    def __bool__(self) -> bool:
        """Whether it does anything."""
        return bool(self.updates or self.adds or self.removes)


def _has(row: Mapping[Any, Any], key: Mapping[str, Any]) -> bool:
    return all(row[name] == value for name, value in key.items())


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
            raise NotFound(say("There is no reference table “{table}”", table=name))
        return self.rows(select(table).order_by(*table.primary_key.columns))

    def merge_reference(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Load a file's rows and give how many changed: new ones are added, bundled ones follow; what a person edited or took out stays so."""
        table, changed = TABLES[name], 0
        keys = key_of(table)
        present = {tuple(row[key] for key in keys): row for row in self.rows(select(table))}
        removed = {row["row_key"] for row in self.rows(REMOVED, table_name=name)}
        for values in rows:
            old = present.get(tuple(values[key] for key in keys))
            if old is None and row_key(table, values) not in removed:
                self.run(insert(table).values(**values))
                changed += 1
            elif old is not None and not old["edited_by"] and any(old[name] != value for name, value in values.items()):
                same = [column == old[column.name] for column in table.primary_key.columns]
                changed += self.run(update(table).where(*same).values(**values))
        return changed

    def keep_change(self, change: Change, actor: str, now: datetime) -> None:
        """Keep what an act does to a table, with the trail of who did it, when, and what stood there; all of it or nothing.

        Raises:
            NotFound: a row that it changes or takes out is not there any more.
            InvalidInput: a row that it adds is there already.
        """
        table = TABLES[change.table]
        with self.writing():
            self.bump_reference()  # first: whoever changes the tables at the same moment waits here
            for key, values in change.updates:
                before = self._standing(table, key)
                self.run(update(table).where(*_where(table, key)).values(**values, edited_by=actor, edited_at=now))
                self._keep_trail(table, before, {name: before[name] for name in values}, values, actor, now)
            for key in change.removes:
                before = self._standing(table, key)
                self.run(delete(table).where(*_where(table, key)))
                self._keep_trail(table, before, before, None, actor, now)
            for row in map(change.whole, change.adds):
                self._refuse_twin(table, row)
                self.run(insert(table).values(**row, edited_by=actor, edited_at=now))
                self._keep_trail(table, row, None, row, actor, now)

    def _standing(self, table: Table, key: Mapping[str, Any]) -> RowMapping:
        row = self.row(select(table).where(*_where(table, key)))
        if row is None:
            raise NotFound(say("There is no such row; refresh and try again"))
        return row

    def _refuse_twin(self, table: Table, row: Mapping[str, Any]) -> None:
        keys = key_of(table)
        if self.row(select(table).where(*_where(table, {name: row[name] for name in keys}))) is not None:
            raise InvalidInput(Problem(keys[0], say("There is already such a row ({row}); change that one", row=row_key(table, row))))

    def _keep_trail(self, table: Table, row: Mapping[Any, Any], before: Any, after: Any, actor: str, now: datetime) -> None:
        written = [to_json(one and {name: told(name, value) for name, value in one.items() if name not in BOOKKEEPING}) for one in (before, after)]
        key = row_key(table, row)
        self.run(TRAIL, now=now, actor=actor, table_name=table.name, row_key=key, before_json=written[0], after_json=written[1])

    def uses_of(self, name: str, row: Mapping[Any, Any]) -> list[str]:
        """Name what holds on to a row, so that it cannot be taken out."""
        return [what for column, what, holds in _held(name, row) if self.row(select(column).where(*holds).limit(1)) is not None]

    def use_counts(self, name: str, row: Mapping[Any, Any]) -> list[Use]:
        """Count what holds on to a row, each kind up to `MOST_COUNTED`, and the open tickets among it; kinds that do not are left out."""
        counts = []
        for column, what, holds in _held(name, row):
            count = self.value(select(func.count()).select_from(select(column).where(*holds).limit(MOST_COUNTED).subquery()))
            if count:
                counts.append(Use(what, count, self._open_among(column, holds)))
        return counts

    def _open_among(self, column: Column[Any], holds: list[ColumnElement[bool]]) -> int:
        if "ticket_number" not in column.table.c:
            return 0
        of_ticket = column.table.c.ticket_number == schema.tickets.c.number, schema.tickets.c.next_due_at.is_not(None)
        return int(self.value(select(func.count(schema.tickets.c.number.distinct())).where(*of_ticket, *holds)))

    def open_clocks(self) -> Sequence[RowMapping]:
        """Give all clocks of the open tickets, ended ones too, with what their limits depend on, ticket by ticket."""
        return self.rows(OPEN_CLOCKS)

    def open_pauses(self) -> Sequence[RowMapping]:
        """Give the pauses of the open tickets, ticket by ticket."""
        return self.rows(OPEN_PAUSES)

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

    def rules(self, instead: Mapping[str, Sequence[Mapping[Any, Any]]] | None = None) -> Rules:
        """Read all rules as one value; of the tables in `instead`, from those rows: how the rules would be, before anything is kept."""
        version, known = self.reference_version(), dict(instead or {})

        def rows(name: str) -> Sequence[Mapping[Any, Any]]:
            if name not in known:
                known[name] = self.rule_rows(name)
            return known[name]

        return make_rules(version, rows)

    def rule_rows(self, name: str) -> Sequence[RowMapping]:
        """Give the rows of a reference table, of the national calendar or of the units.

        Raises:
            NotFound: there is no such table.
        """
        others = {"calendar_years": YEARS, "calendar_days": DAYS, "units": PARENTS}
        return self.rows(others[name]) if name in others else self.reference_rows(name)


def _held(name: str, row: Mapping[Any, Any]) -> Iterator[tuple[Column[Any], str, list[ColumnElement[bool]]]]:
    """Give where else a row's key may stand: the column, what to call it, and when it does."""
    for column, key, what, also in USES.get(name, ()):
        is_in_json = column.name.endswith("_json")
        same = column.contains(f'"{key}":"{row["code"]}"', autoescape=True) if is_in_json else column == row[key]
        yield column, what, [same, *([] if also is None else [also])]


def _where(table: Table, key: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in key.items()]


def row_key(table: Table, row: Mapping[Any, Any]) -> str:
    """Name a row in the trail, the same for ever: by the columns that it is known by, not by a number of ours."""
    return "/".join("" if row[name] is None else str(row[name]) for name in key_of(table))


def told(name: str, value: Any) -> str:
    """Give a value as the trail and the pages may tell it: the address of an outlet without its secret."""
    return describe(value) if name == "address" else "" if value is None else str(value)


def typed(table: Table, name: str, value: str) -> Any:
    """Read a file's or a form's text as a column's type.

    Raises:
        ValueError: it is not of that type; says in Chinese what it should be.
    """
    kind, value = table.c[name].type, value.strip()
    if isinstance(kind, Boolean):
        return _truth(value.lower())
    if isinstance(kind, Date):
        return _day(value) if value else None
    if isinstance(kind, (Float, Integer)):
        return _number(value, float if isinstance(kind, Float) else int)
    longest = kind.length if isinstance(kind, String) and kind.length else LONGEST
    if len(value) > longest:
        raise ValueError(say("Too long, at most {longest} characters", longest=longest))
    return value


def _truth(value: str) -> bool:
    if value not in TRUTHS:
        raise ValueError(say("Must be 1 (yes) or 0 (no)"))
    return TRUTHS[value]


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(say("Not a date; write it as 2026-11-23")) from None


def _number(value: str, kind: type[int] | type[float]) -> int | float:
    try:
        number = kind(value)
    except ValueError:
        raise ValueError(say("Must be a whole number") if kind is int else say("Must be a number")) from None
    if not math.isfinite(number) or abs(number) > LARGEST:
        raise ValueError(say("The number is too large"))
    return number
