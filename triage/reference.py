"""Reference data from `data/`, the calendar year by year, and edits of an administrator: checked whole before anything is changed."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chinese_calendar
from chinese_calendar import constants

from triage.clocks import UNITS
from triage.errors import InvalidInput, NotFound, Problem, ReferenceProblem
from triage.rules import LIST, Wording, expand, read_wordings
from triage.settings import ROOT
from triage.store.reference import BOOKKEEPING, TABLES, typed
from triage.terms import Channel, Level, Locality, Step
from triage.texts import clean

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
}
RENAMED = {
    "limit": "amount",
    "yellow_at": "yellow_fraction",
    "pausable": "is_pausable",
    "confidential": "is_confidential",
}
ANY = {"", "*"}
MUST = {("topics", "lead_department"), ("routing", "lead_department"), ("routing", "demand_type"), ("attention_patterns", "rule")}
CHOICES: Mapping[tuple[str, str], set[str]] = {
    ("time_limits", "step"): {step.value for step in Step},
    ("time_limits", "unit"): set(UNITS),
    ("time_limits", "clock"): {"natural", "working"},
    ("time_limits", "zone"): {locality.value for locality in Locality} | ANY,
    ("time_limits", "channel"): {channel.value for channel in Channel} | ANY,
    ("attention", "level"): {level.value for level in Level} | {""},
}
REFERS = {
    "lead_department": "departments",
    "co_department": "departments",
    "demand_type": "demand_types",
    "topic": "topics",
    "rule": "attention",
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
            rows = {f"{name}.csv:{line}": row for line, row in enumerate(read_file(data / f"{name}.csv"), 2)}
            changed += store.merge_reference(table, [_typed_row(table, row, place) for place, row in rows.items()])
            if table == "attention_patterns":
                _check_lists(rows, store.word_lists())
        changed += load_known_years(store, now)
        if changed:
            store.bump_reference()
    if changed:
        store.recompute_open(store.rules(), now)
    return changed


def _typed_row(table: str, row: Mapping[str, str], place: str) -> dict[str, Any]:
    columns = TABLES[table].c
    values = {}
    for name, value in row.items():
        if name not in columns:
            raise ReferenceProblem(f"{place}：没有列 {name}")
        try:
            values[name] = typed(TABLES[table], name, value)
            _check(table, name, value.strip())
        except ValueError as error:
            raise ReferenceProblem(f"{place}：{name} “{value}”：{error}") from None
    if table == "time_limits":
        values |= {"valid_from_on": None, "valid_until_on": None} if "valid_from_on" not in values else {}
    return values


def _check_lists(rows: Mapping[str, Mapping[str, str]], words: Mapping[str, str]) -> None:
    for place, row in rows.items():
        try:
            expand(row["pattern"], words)
        except ValueError as error:
            raise ReferenceProblem(f"{place}：pattern “{row['pattern']}”：{error}") from None


def _check(table: str, name: str, value: str) -> None:
    allowed = CHOICES.get((table, name))
    if allowed is not None and value not in allowed:
        raise ValueError(f"可选：{'、'.join(sorted(filter(None, allowed)))}")
    if name in ("pattern", "words"):
        if name == "words" and LIST.search(value):
            raise ValueError("词表里不能再引用词表")
        expand(LIST.sub("词", value), {})
    if table == "time_limits" and name == "amount" and not 0 < float(value) < 10000:
        raise ValueError("应为大于 0 的数")
    if table == "time_limits" and name == "yellow_fraction" and not 0 < float(value) <= 1:
        raise ValueError("应在 0 与 1 之间")


def load_known_years(store: "Store", now: datetime) -> int:
    """Put the years that the maintained library `chinesecalendar` knows into the table, if they are not there, from 2024 on; give how many."""
    present = {row["year"] for row in store.calendar_years()}
    known = {day.year for day in constants.holidays} - present
    for year in sorted(year for year in known if year >= 2024):
        days = {day: (False, str(name)) for day, name in constants.holidays.items() if day.year == year}
        days |= {day: (True, f"{name}（调休上班）") for day, name in constants.workdays.items() if day.year == year}
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
        raise InvalidInput(Problem("file", f"第 1 行应为列名 {','.join(YEAR_COLUMNS)}"))
    days: dict[date, tuple[bool, str]] = {}
    problems = []
    for line, row in enumerate(rows, 2):
        try:
            day = date.fromisoformat((row["date"] or "").strip())
            if day.year != year:
                raise ValueError(f"{day} 不在 {year} 年")
            if day in days:
                raise ValueError(f"{day} 重复")
            if (row["is_working"] or "").strip() not in ("0", "1"):
                raise ValueError("is_working 应为 0（放假）或 1（调休上班）")
            days[day] = ((row["is_working"] or "").strip() == "1", (row["name"] or "").strip())
        except ValueError as error:
            problems.append(Problem(f"line {line}", f"第 {line} 行：{error}"))
    if not days and not problems:
        problems.append(Problem("file", "文件里没有日期"))
    if problems:
        raise InvalidInput(*problems)
    return days


def load_calendar(store: "Store", text: str, *, year: int, source: str, actor: str, now: datetime) -> int:
    """Load an announced year and compute the open tickets again; give how many tickets' deadlines changed.

    Raises:
        InvalidInput: see `read_year`, or the source (文号) is not named.
    """
    if not source.strip():
        raise InvalidInput(Problem("source", "来源：必填，请写明国务院办公厅通知的文号"))
    days = read_year(text, year)
    store.announce_year(year, days, "corroborated", source.strip(), actor, now)
    return store.recompute_open(store.rules(), now)


def key_columns(table: str) -> list[str]:
    """Name the columns of a table's primary key.

    Raises:
        NotFound: there is no such table.
    """
    if table not in TABLES:
        raise NotFound(f"没有基础资料表“{table}”")
    return [column.name for column in TABLES[table].primary_key.columns]


def edit_row(store: "Store", table: str, key: Mapping[str, str], values: Mapping[str, str], *, actor: str, now: datetime) -> int:
    """Change one row of a reference table, keep the trail, and compute the open tickets again where it governs deadlines.

    Args:
        key: the values of the primary key, as text.
        values: the columns to change, as text.

    Returns:
        How many open tickets' deadlines changed.

    Raises:
        NotFound: there is no such table or row.
        InvalidInput: a value is not of its column's type, or names something that does not exist.
    """
    if table not in TABLES:
        raise NotFound(f"没有基础资料表“{table}”")
    columns = TABLES[table]
    typed_key = _read(table, key)
    if set(typed_key) != set(columns.primary_key.columns.keys()):  # an incomplete key would change more rows than one
        raise NotFound("没有这一行，请刷新后再试")
    changes = _read(table, {n: v for n, v in values.items() if n not in columns.primary_key.columns and n not in BOOKKEEPING})
    _check_references(store, table, changes)
    if table in ("attention_patterns", "attention_words"):
        _check_wording(store, table, typed_key, changes)
    if table == "switches":
        _check_switch(key.get("code", ""), str(changes.get("value", "")).strip())
    store.edit_reference(table, typed_key, changes, actor, now)
    return store.recompute_open(store.rules(), now) if table in ("time_limits", "fixed_holidays") else 0


def _read(table: str, values: Mapping[str, str]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    problems = []
    for name, value in values.items():
        if name not in TABLES[table].c:
            problems.append(Problem(name, f"没有列 {name}"))
            continue
        try:
            read[name] = typed(TABLES[table], name, clean(value))
            _check(table, name, value.strip())
        except ValueError as error:
            problems.append(Problem(name, f"{name}：“{value}”不对，{error}"))
    if problems:
        raise InvalidInput(*problems)
    return read


SWITCHES: Mapping[str, tuple[str, str]] = {
    "automatic_dispatch": (r"on|off", "请填 on 或 off"),
    "gate_threshold": (r"(0(\.\d{1,6})?|1(\.0{1,6})?)?", "请填 0–1 的小数，或留空用模型实测的门槛"),
    "repeat_window_days": (r"[1-9]\d{0,2}", "请填 1–999 的天数"),
}


def _check_switch(code: str, value: str) -> None:
    pattern, help_text = SWITCHES.get(code, (r".*", ""))
    if not re.fullmatch(pattern, value):
        raise InvalidInput(Problem("value", f"“{value}”不对：{help_text}"))


def _check_wording(store: "Store", table: str, key: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Refuse a pattern that names no list, and words that one of the patterns that name them cannot take."""
    words, column = store.word_lists(), "pattern"
    patterns = [changes.get("pattern", "")]
    if table == "attention_words":
        words, column = words | {key["name"]: changes.get("words", words.get(key["name"], ""))}, "words"
        patterns = [row["pattern"] for row in store.reference_rows("attention_patterns") if f"{{{key['name']}}}" in row["pattern"]]
    for pattern in patterns:
        try:
            expand(pattern, words)
        except ValueError as error:
            raise InvalidInput(Problem(column, f"{column}：词式“{pattern}”：{error}")) from None


def _check_references(store: "Store", table: str, changes: Mapping[str, Any]) -> None:
    for name, target in REFERS.items():
        value = changes.get(name)
        if value == "" and (table, name) in MUST:
            raise InvalidInput(Problem(name, f"{name}：必填"))
        if value and value not in ANY and value not in {row["code"] for row in store.reference_rows(target)}:
            raise InvalidInput(Problem(name, f"{name}：没有“{value}”，请从 {target} 中选择"))
