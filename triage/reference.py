"""Reference data from `data/`, the calendar year by year, and edits of an administrator: checked whole before anything is changed."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chinese_calendar
from chinese_calendar import constants

from triage.changes import plan_add, plan_edit, plan_remove
from triage.checks import GOVERNS, check_value
from triage.errors import InvalidInput, Problem, ReferenceProblem
from triage.limits import Preview, preview
from triage.outlets import describe
from triage.rules import Wording, expand, read_wordings
from triage.settings import ROOT
from triage.store.reference import TABLES, Change, typed
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

DATA = ROOT / "data"
FILES = {
    "departments": "departments",
    "demand_types": "demand_types",
    "topics": "taxonomy",
    "routing": "routing",
    "time_limits": "time_limits",
    "attention": "attention",
    "attention_words": "attention_words",
    "attention_patterns": "attention_patterns",
    "metrics": "metrics",
    "switches": "switches",
    "fixed_holidays": "fixed_holidays",
    "pause_kinds": "pause_kinds",
    "extension_rules": "extension_rules",
    "return_reasons": "return_reasons",
    "exemption_reasons": "exemption_reasons",
    "outlets": "outlets",
    "escalations": "escalations",
    "reply_templates": "reply_templates",
    "referral_advice": "referral_advice",
    "suspicion_rules": "suspicion_rules",
    "scorecard_items": "scorecard_items",
    "report_schedules": "report_schedules",
}
RENAMED = {
    "limit": "amount",
    "yellow_at": "yellow_fraction",
    "pausable": "is_pausable",
    "confidential": "is_confidential",
}
YEAR_COLUMNS = ("date", "is_working", "name")


def read_file(path: Path) -> Iterator[dict[str, str]]:
    """Give a file's rows under the names of the store's columns."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {RENAMED.get(name, name): value or "" for name, value in row.items()}


def bundled_wordings(data: Path = DATA) -> tuple[Wording, ...]:
    """Give what the attention rules listen for as the files say it, without a store."""
    words = {row["name"]: row["words"] for row in read_file(data / "attention_words.csv")}
    return read_wordings(((row["rule"], row["pattern"], row["is_negation"] == "1") for row in read_file(data / "attention_patterns.csv")), words)


def load_reference(store: "Store", now: datetime, data: Path = DATA) -> int:
    """Load `data/` and the calendar years that the library knows; rows that a person edited stay. Give how many rows changed;
    where any did, the open tickets are computed again.

    Raises:
        ReferenceProblem: a row is wrong; says file, row and column, and nothing is loaded.
    """
    changed = 0
    with store.writing():
        for table, name in FILES.items():
            changed += load_file(store, table, data / f"{name}.csv")
        changed += load_known_years(store, now)
        if changed:
            store.bump_reference()
    if changed:
        store.recompute_open(store.rules(), now)
    return changed


def load_file(store: "Store", table: str, path: Path) -> int:
    """Load one file's rows into a table, like `load_reference`; give how many changed.

    Raises:
        ReferenceProblem: a row is wrong; says file, row and column.
    """
    rows = {f"{path.name}:{line}": row for line, row in enumerate(read_file(path), 2)}
    with store.writing():
        changed = store.merge_reference(table, [_typed_row(table, row, place) for place, row in rows.items()])
        if table == "attention_patterns":
            _check_lists(rows, store.word_lists())
    return changed


def _typed_row(table: str, row: Mapping[str, str], place: str) -> dict[str, Any]:
    columns = TABLES[table].c
    values = {}
    for name, value in row.items():
        if name not in columns:
            raise ReferenceProblem(say("{place}: there is no column {column}", place=place, column=name))
        try:
            values[name] = typed(TABLES[table], name, value)
            check_value(table, name, value.strip())
        except ValueError as error:
            raise ReferenceProblem(say("{place}: {column} “{value}”: {error}", place=place, column=name, value=value, error=error)) from None
    if table == "time_limits":
        values |= {"valid_from_on": None, "valid_until_on": None} if "valid_from_on" not in values else {}
    return values


def _check_lists(rows: Mapping[str, Mapping[str, str]], words: Mapping[str, str]) -> None:
    for place, row in rows.items():
        try:
            expand(row["pattern"], words)
        except ValueError as error:
            raise ReferenceProblem(say("{place}: pattern “{pattern}”: {error}", place=place, pattern=row["pattern"], error=error)) from None


def load_known_years(store: "Store", now: datetime) -> int:
    """Put the years that the maintained library `chinesecalendar` knows into the table, if they are not there, from 2024 on; give how many."""
    present = {row["year"] for row in store.calendar_years()}
    known = {day.year for day in constants.holidays} - present
    for year in sorted(year for year in known if year >= 2024):
        days = {day: (False, str(name)) for day, name in constants.holidays.items() if day.year == year}
        days |= {day: (True, say("{name} (make-up workday)", name=name)) for day, name in constants.workdays.items() if day.year == year}
        chinese = {day: (works, _chinese(name)) for day, (works, name) in days.items()}
        source = f"chinesecalendar {chinese_calendar.__version__ if hasattr(chinese_calendar, '__version__') else '1.11.0'}"
        store.announce_year(year, chinese, "corroborated", source, "", now)
    return len([year for year in known if year >= 2024])


def _chinese(name: str) -> str:
    for holiday in constants.Holiday:
        name = name.replace(str(holiday.value), str(holiday.chinese))
    return name


def read_year(text: str, year: int) -> dict[date, tuple[bool, str]]:
    """Read a year's holidays and make-up days from CSV (`date,is_working,name`).

    Raises:
        InvalidInput: the file does not hold one whole year's exceptions; says which line and why.
    """
    rows = csv.DictReader(io.StringIO(clean(text).lstrip("\ufeff"), newline=None))
    if not set(YEAR_COLUMNS) <= set(rows.fieldnames or ()):
        raise InvalidInput(Problem("file", say("Line 1 must be the column names {columns}", columns=",".join(YEAR_COLUMNS))))
    days: dict[date, tuple[bool, str]] = {}
    problems = []
    for line, row in enumerate(rows, 2):
        try:
            day = date.fromisoformat((row["date"] or "").strip())
            if day.year != year:
                raise ValueError(say("{day} is not in {year}", day=day, year=year))
            if day in days:
                raise ValueError(say("{day} is there twice", day=day))
            if (row["is_working"] or "").strip() not in ("0", "1"):
                raise ValueError(say("is_working must be 0 (holiday) or 1 (make-up workday)"))
            days[day] = ((row["is_working"] or "").strip() == "1", (row["name"] or "").strip())
        except ValueError as error:
            problems.append(Problem(f"line {line}", say("Line {line}: {error}", line=line, error=error)))
    if not days and not problems:
        problems.append(Problem("file", say("The file holds no dates")))
    if problems:
        raise InvalidInput(*problems)
    return days


def load_calendar(store: "Store", text: str, *, year: int, source: str, actor: str, now: datetime) -> int:
    """Load an announced year and compute the open tickets again; give how many tickets' deadlines changed.

    Raises:
        InvalidInput: see `read_year`, or the source (文号) is not named.
    """
    days = _read_announced(text, year, source)
    store.announce_year(year, days, "corroborated", source.strip(), actor, now)
    return store.recompute_open(store.rules(), now)


def preview_calendar(store: "Store", text: str, *, year: int, source: str, now: datetime) -> Preview:
    """Say what an announced year would do to the open tickets, before it is kept.

    Raises:
        InvalidInput: see `load_calendar`.
    """
    fresh: list[Mapping[Any, Any]] = [
        {"day_on": day, "is_working": is_working} for day, (is_working, _) in _read_announced(text, year, source).items()
    ]
    days: list[Mapping[Any, Any]] = [*(row for row in store.calendar_days() if row["year"] != year), *fresh]
    years: list[Mapping[Any, Any]] = [*store.calendar_years(), {"year": year}]
    return preview(store, store.rules({"calendar_days": days, "calendar_years": years}), now)


def _read_announced(text: str, year: int, source: str) -> dict[date, tuple[bool, str]]:
    if not source.strip():
        raise InvalidInput(Problem("source", say("Source: required, give the number of the notice of the General Office of the State Council")))
    return read_year(text, year)


def edit_row(store: "Store", table: str, key: Mapping[str, str], values: Mapping[str, str], *, actor: str, now: datetime) -> int:
    """Change one row of a reference table, keep the trail, and compute the open tickets again where it governs deadlines.

    Returns how many open tickets' deadlines changed.

    Raises:
        NotFound, InvalidInput: see `plan_edit`.
    """
    return _keep(store, table, lambda: plan_edit(store, table, key, values, now), actor, now)


def add_row(store: "Store", table: str, values: Mapping[str, str], *, actor: str, now: datetime) -> int:
    """Add a row; otherwise like `edit_row`.

    Raises:
        NotFound, InvalidInput: see `plan_add`.
    """
    return _keep(store, table, lambda: plan_add(store, table, values), actor, now)


def remove_row(store: "Store", table: str, key: Mapping[str, str], *, actor: str, now: datetime) -> int:
    """Take a row out to which nothing refers; loading `data/` again does not bring it back. Otherwise like `edit_row`.

    Raises:
        NotFound, InvalidInput: see `plan_remove`.
    """
    return _keep(store, table, lambda: plan_remove(store, table, key), actor, now)


def _keep(store: "Store", table: str, plan: Callable[[], Change], actor: str, now: datetime) -> int:
    with store.writing():
        store.bump_reference()  # whoever edits at the same moment waits here, and plans on what this one leaves
        change = plan()
        if change:
            store.keep_change(change, actor, now)
    return store.recompute_open(store.rules(), now) if change and table in GOVERNS else 0


def preview_change(store: "Store", change: Change, now: datetime) -> Preview:
    """Say what a planned change would do to the open tickets, before it is kept; nothing where it governs no deadlines."""
    if not change or change.table not in GOVERNS:
        return Preview((), (), 0)
    return preview(store, store.rules({change.table: change.applied(store.reference_rows(change.table))}), now)


def shown_rows(store: "Store", table: str) -> list[dict[str, Any]]:
    """Give the rows of a table as anybody may see them: the address of an outlet without its secret.

    Raises:
        NotFound: there is no such table.
    """
    return [{name: describe(value) if name == "address" else value for name, value in row.items()} for row in store.reference_rows(table)]
