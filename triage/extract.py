"""The audit extract (审计提取): one self-contained SQLite file whose views give the board's figures, readable with any SQLite tool.

Texts are masked as on the pages; of confidential tickets there is no text, and of no ticket is there a caller, a number or an address.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlite_utils

from triage import exports, metrics
from triage.errors import InvalidInput, Problem
from triage.extract_columns import RATE, TABLES, VIEWS
from triage.extract_views import OF_ONE_METRIC, VIEW_SQL
from triage.masking import mask_address, mask_name, mask_text
from triage.moments import in_shanghai, start_of
from triage.quality_events import Asked
from triage.rules import Rules
from triage.search import Cut, words_of
from triage.service_index import RULES, UNTRUE
from triage.store.facts import NAMES, TIMED
from triage.store.rollups import Wanted
from triage.terms import Step, Watch
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

BATCH = 500
# What each metric with one measure counts: its numerator is what met.
SIMPLE = {
    "dispatch_accuracy": "dispatch",
    "first_time_resolution": "closed",
    "satisfaction": "satisfaction",
    "upheld": "upheld",
    "repeat": "event",
    "chased": "received",
    "reopened": "resolved",
    "override": "override",
    "machine_errors": "checked",
    "callback_reach": "callback",
    "arrival": "due.customer.arrive",
}


@dataclass(frozen=True)
class Scope:
    """What is extracted: days (both included) and a unit with all below it (`''`: everything)."""

    first_on: date
    last_on: date
    unit_code: str = ""


@dataclass(frozen=True)
class Extracted:
    """How much an extract holds."""

    tickets: int
    steps: int
    facts: int


def extract(path: Path, scope: Scope, *, store: "Store", rules: Rules, cut: Cut, now: datetime, actor: str, replaces: bool = False) -> Extracted:
    """Write an extract; it appears whole or not at all, readable by its owner only, and not before the trail says who took it.

    Args:
        path: the file; `replaces` says whether one that is there may be replaced.
        cut: how the words of the full-text search are cut.
        actor: who takes it.

    Raises:
        InvalidInput: the file is there already, its folder is not, or there is no such unit.
    """
    check(path, scope, store, replaces)
    fresh = path.with_name(f".{path.name}.part")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    database = sqlite_utils.Database(fresh)
    try:
        with store.snapshot():
            counts = fill(database, scope, store=store, rules=rules, cut=cut, now=now)
        database.close()
        export = exports.Export(exports.EXTRACT, "sqlite", scope.unit_code, scope.first_on, scope.last_on, counts.tickets)
        exports.note(export, actor=actor, store=store, now=now)
        fresh.replace(path)
    finally:
        database.close()
        with suppress(FileNotFoundError):
            fresh.unlink()
    return counts


def check(path: Path, scope: Scope, store: "Store", replaces: bool) -> None:
    """Refuse what cannot be extracted.

    Raises:
        InvalidInput: see `extract`.
    """
    if path.exists() and not replaces:
        raise InvalidInput(Problem("FILE", say("File {path} already exists; add --force if you do mean to replace it", path=path)))
    if path.is_dir() or not path.parent.is_dir():
        raise InvalidInput(Problem("FILE", say("Cannot write to {path}; give a file name in an existing folder", path=path)))
    if scope.unit_code and scope.unit_code not in {row["code"] for row in store.units()}:
        raise InvalidInput(Problem("unit", say("There is no supply unit {unit_code}; check the code", unit_code=scope.unit_code)))


def fill(database: sqlite_utils.Database, scope: Scope, *, store: "Store", rules: Rules, cut: Cut, now: datetime) -> Extracted:
    """Fill an empty database with tables, views, full text and the documentation of all columns."""
    database.conn.execute("PRAGMA journal_mode = MEMORY")
    database.conn.execute("PRAGMA synchronous = OFF")  # the file gets its name only when it is whole
    for name, columns in TABLES.items():
        database.table(name).create({column: kind for column, (kind, _) in columns.items()}, pk="id" if "id" in columns else None)
    put_reference(database, scope, store, rules, now)
    facts = put(database, "facts", find_facts(scope, store, now))
    put(database, "index_cases", find_cases(scope, store))
    numbers = [row["ticket_number"] for row in database.query("SELECT DISTINCT ticket_number FROM facts ORDER BY ticket_number")]
    tickets = put(database, "tickets", (ticket for batch in batches(numbers) for ticket in read_tickets(batch, store, cut)))
    steps = put(database, "steps", (row for batch in batches(numbers) for row in store.extract_steps(batch)))
    index(database)
    make_views(database)
    describe(database)
    return Extracted(tickets, steps, facts)


def put(database: sqlite_utils.Database, table: str, rows: Iterable[Mapping[Any, Any]]) -> int:
    """Put rows into a table, its columns only, and give how many they were."""
    count = 0

    def plain_rows() -> Iterator[dict[str, Any]]:
        nonlocal count
        for row in rows:
            count += 1
            yield {column: plain(row.get(column)) for column in TABLES[table]}

    database.table(table).insert_all(plain_rows(), batch_size=BATCH)
    return count


def plain(value: Any) -> Any:
    """Give a value as any SQLite tool reads it: moments and days as texts of Shanghai's clock, truths as 0 and 1."""
    if isinstance(value, datetime):
        return in_shanghai(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def batches(numbers: Iterable[str]) -> Iterator[list[str]]:
    """Give numbers a batch at a time."""
    waiting = iter(numbers)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def find_facts(scope: Scope, store: "Store", now: datetime) -> Iterator[Mapping[Any, Any]]:
    """Give the facts of the period, and those before it that a metric judges only when they are old enough."""
    longest = max(store.maturity_days().values(), default=0)
    return store.facts(Wanted(every_measure(), scope.first_on - timedelta(days=longest), scope.last_on, (scope.unit_code,)), now)


def every_measure() -> tuple[str, ...]:
    """Name every measure that there is."""
    stepwise = tuple(f"{name}.{watch.value}.{step.value}" for name in TIMED for watch in Watch for step in Step)
    return (*stepwise, *(name for name in NAMES if name not in TIMED))


def read_tickets(numbers: list[str], store: "Store", cut: Cut) -> Iterator[dict[str, Any]]:
    """Give tickets with masked texts and the words of these."""
    for row in store.extract_tickets(numbers):
        text, reply = ("", "") if row["is_confidential"] else (masked(row["text"], row), masked(row["reply"], row))
        yield {**row, "text": text, "reply": reply, "words": " ".join(words_of(text, cut))}


def masked(text: str | None, row: Mapping[Any, Any]) -> str:
    """Mask a text as the pages do, and beyond that the caller's own name and address wherever they stand in it."""
    shown = text or ""
    for value, mask in ((row["address"], mask_address), (row["caller_name"], mask_name)):
        if value and len(value) > 1:
            shown = shown.replace(value, mask(value))
    return mask_text(shown)


def put_reference(database: sqlite_utils.Database, scope: Scope, store: "Store", rules: Rules, now: datetime) -> None:
    """Put in what the codes mean, and what was extracted when."""
    days = {"first_on": scope.first_on, "last_on": scope.last_on, "today_on": in_shanghai(now).date()}
    put(database, "period", [{**days, "unit_code": scope.unit_code, "made_at": now, "product": say("95598 complaint triage flask extract")}])
    put(database, "units", store.units())
    put(database, "topics", ({"code": code, "name": one.name, "lead_department": one.lead_department} for code, one in rules.topics.items()))
    put(database, "departments", ({"code": code, "name": name} for code, name in rules.departments.items()))
    put(database, "demand_types", ({"code": code, "name": name} for code, name in rules.demand_types.items()))
    rows = store.metric_rows()
    put(database, "metrics", ({**row, "definition": metrics.definition(code)} for code, row in rows.items()))
    put(database, "parts", parts())
    put(database, "classes", classes())
    put(database, "index_rules", ({**vars(rule), "line": line, "rule": rule.words} for line, rule in RULES.items()))


def parts() -> Iterator[dict[str, str]]:
    """Say which facts are the denominator and which the numerator of each share."""
    for watch in Watch:
        for step in Step:
            for metric, met in (("timeliness", "yes"), ("overdue", "no")):
                yield from _share(metric, f"due.{watch.value}.{step.value}", met, watch=watch.value, step=step.value)
    for metric, measure in SIMPLE.items():
        yield from _share(metric, measure, "yes")
    yield {"metric": "returned", "side": "n", "measure": "dispatch", "met": "", "watch": "", "step": ""}
    yield {"metric": "returned", "side": "k", "measure": "return", "met": "", "watch": "", "step": ""}


def classes() -> Iterator[dict[str, Any]]:
    """Give the classes of durations: their code, as it stands in a fact's trait, and between which bounds they lie."""
    low = 0.0
    for place, high in enumerate(metrics.bounds()):
        yield {"class": f"{place:02d}", "low_seconds": low, "high_seconds": high}
        low = high


def find_cases(scope: Scope, store: "Store") -> Iterator[dict[str, Any]]:
    """Give the cases that the service index deducts for, and the events that were revoked; what was written of them stays where it is."""
    asked = Asked("", scope.unit_code, scope.first_on, scope.last_on)
    for skip in range(0, store.count_quality_events(asked), BATCH):
        for one in store.quality_events(asked, BATCH, skip):
            yield {**vars(one), "line": one.kind.value, "day_on": one.happened_on, "is_revoked": one.revoked_at is not None}
    since, until = start_of(scope.first_on), start_of(scope.last_on + timedelta(days=1))
    for skip in range(0, store.count_untrue_records(scope.unit_code, since, until), BATCH):
        for row in store.untrue_records(scope.unit_code, since, until, most=BATCH, skip=skip):
            yield {**row, "line": UNTRUE, "day_on": in_shanghai(row["decided_at"]).date(), "is_revoked": False}


def _share(metric: str, measure: str, met: str, watch: str = "", step: str = "") -> Iterator[dict[str, str]]:
    for side, which in (("n", ""), ("k", met)):
        yield {"metric": metric, "side": side, "measure": measure, "met": which, "watch": watch, "step": step}


def index(database: sqlite_utils.Database) -> None:
    """Make what finds rows quickly, and the full-text search over the words of masked texts."""
    database.table("tickets").create_index(["number"], unique=True)
    database.table("steps").create_index(["ticket_number"])
    database.table("facts").create_index(["measure", "day_on"])
    database.table("facts").create_index(["ticket_number"])
    database.table("tickets").enable_fts(["words"], fts_version="FTS5")


def make_views(database: sqlite_utils.Database) -> None:
    """Make the views: all shares, one view for each metric, durations in both times, the service index, what stands in no rate."""
    for name, sql in VIEW_SQL.items():
        database.create_view(name, sql)
    for code in metrics.METRICS:
        database.create_view(code, OF_ONE_METRIC.replace("?", database.quote(code)))  # a view takes no parameter


def describe(database: sqlite_utils.Database) -> None:
    """Document every column of every table and view."""
    documented: dict[str, Mapping[str, str]] = {
        name: {column: meaning for column, (_, meaning) in columns.items()} for name, columns in TABLES.items()
    }
    documented |= {**VIEWS, **dict.fromkeys(metrics.METRICS, RATE)}
    rows = ((table, column, meaning) for table, columns in documented.items() for column, meaning in columns.items())
    put(database, "columns", ({"table_name": table, "column_name": column, "meaning": meaning} for table, column, meaning in rows))
