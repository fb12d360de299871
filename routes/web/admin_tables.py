"""What the reference tables are called, how they are grouped, and the Chinese name of every code that stands in them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from triage.checks import CHOICES, LABELS, REPORT_FORMATS, choices_of, codes, labels
from triage.reference import shown_rows
from triage.store import Store
from triage.store.reference import BOOKKEEPING, TABLES, key_of, row_key
from triage.terms import Level, Step
from triage.wording import say

NAMES = {
    "topics": say("Topic table"),
    "demand_types": say("Demand type"),
    "departments": say("Department"),
    "routing": say("Dispatch exceptions"),
    "return_reasons": say("Return reason"),
    "time_limits": say("Limit"),
    "pause_kinds": say("Reasons for pausing the clock"),
    "extension_rules": say("Extension rules"),
    "exemption_reasons": say("Exemption reason"),
    "fixed_holidays": say("Fixed holidays"),
    "office_hours": say("Office hours of units"),
    "unit_days": say("Working days and days off set by units"),
    "attention": say("Attention rules"),
    "attention_words": say("Word lists of the attention rules"),
    "attention_patterns": say("Patterns of the attention rules"),
    "reply_templates": say("Reply templates"),
    "referral_advice": say("Referral advice"),
    "metrics": say("Metric"),
    "suspicion_rules": say("Suspicion rules"),
    "scorecard_items": say("Scorecard items"),
    "report_schedules": say("Scheduled reports"),
    "escalations": say("Escalation rules"),
    "outlets": say("Outgoing channel"),
    "switches": say("Switches and parameters"),
}
# What an administrator looks for; the Chinese names and what each table is for stand in pages/_tables.html.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "classification": ("topics", "demand_types"),
    "routing": ("departments", "routing", "return_reasons"),
    "limits": ("time_limits", "pause_kinds", "extension_rules", "exemption_reasons"),
    "calendar": ("fixed_holidays", "office_hours", "unit_days"),
    "attention": ("attention", "attention_words", "attention_patterns"),
    "wording": ("reply_templates", "referral_advice"),
    "audit": ("metrics", "suspicion_rules", "scorecard_items"),
    "messages": ("escalations", "outlets", "report_schedules"),
    "system": ("switches",),
}
OURS = ("id", *BOOKKEEPING)
LISTS = ("support_departments", "steps", "formats")  # columns that hold several codes, with `;` between them
NOWHERE = "", "*"
Names = Mapping[str, Mapping[str, str]]


def names_in(store: Store, table: str) -> Names:
    """Give for each column of a table that holds codes what each code is called."""
    handling = {"ordinary": Level.ORDINARY.label} | {code: name for code, name in codes(store, "demand_types").items() if code in ("fault", "report")}
    found: dict[str, Mapping[str, str]] = {
        column.name: several_of(store, column.name) or choices_of(store, table, column.name) for column in TABLES[table].columns
    }
    found |= {name: CHOICES[where, name] for where, name in CHOICES if where == table}
    return {name: names for name, names in {**found, "handling": handling}.items() if names}


def several_of(store: Store, name: str) -> dict[str, str]:
    """Give what a column may hold several of, code and name; nothing for any other column."""
    if name == "support_departments":
        return codes(store, "departments")
    return {"steps": labels(Step), "formats": {code: code.upper() for code in REPORT_FORMATS}}.get(name, {})


def written(value: Any) -> str:
    """Give a value as it stands in a field: a truth as 1 or 0, a whole number without a fraction."""
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    return "" if value is None else str(value)


def shown(name: str, value: Any, names: Names) -> str:
    """Give a value as a person reads it: Chinese names in place of codes; a code that has no name stays as it is."""
    if value is None or (name not in names and value in NOWHERE):
        return ""
    text = written(value)
    known = names.get(name, {})
    if name in LISTS:
        return say(", ").join(known.get(code, code) for code in text.split(";"))
    return known.get(text, "" if text in NOWHERE else text)


def title_of(table: str, row: Mapping[str, Any], names: Names) -> str:
    """Give what a row is called: its name, else what it is known by."""
    if row.get("name") and "code" in row:
        return str(row["name"])
    columns = dict.fromkeys((*key_of(TABLES[table]), *({"name"} & set(row))))
    parts = (shown(name, row[name], names) for name in columns if row[name] not in (None, *NOWHERE))
    return " · ".join(part for part in parts if part)


def rows_with(rows: Iterable[Mapping[str, Any]], names: Names, query: str) -> list[Mapping[str, Any]]:
    """Give the rows that hold what is looked for, in a code or in what a person reads; all of them where nothing is looked for."""
    wanted = query.strip().casefold()
    return [row for row in rows if not wanted or any(wanted in text.casefold() for text in _texts(row, names))]


def _texts(row: Mapping[str, Any], names: Names) -> Iterator[str]:
    for name, value in row.items():
        if name not in OURS and not isinstance(value, bool) and value is not None:
            yield str(value)
            yield shown(name, value, names)


@dataclass(frozen=True)
class Found:
    """What a search found in a table: whether its name is meant, the rows that hold the words, each with its title and key."""

    table: str
    is_named: bool
    rows: tuple[tuple[str, Mapping[str, Any]], ...]


def search(store: Store, query: str) -> list[Found]:
    """Look for a table by its name and for rows by what stands in them."""
    found = []
    for table, name in NAMES.items():
        names = names_in(store, table)
        rows = rows_with(shown_rows(store, table), names, query)
        is_named = query.strip().casefold() in name.casefold()
        if rows or is_named:
            found.append(Found(table, is_named, tuple((title_of(table, row, names), row) for row in rows)))
    return sorted(found, key=lambda one: not one.is_named)


@dataclass(frozen=True)
class Edit:
    """An edit as it is told: who changed what row when, and from what to what, column by column; `what` is add, remove or edit."""

    happened_at: datetime
    actor: str
    row: str
    what: str
    changes: tuple[tuple[str, str, str], ...]


def told_edits(trail: Iterable[Mapping[Any, Any]], table: str, names: Names, row: Mapping[str, Any] | None = None) -> list[Edit]:
    """Tell the latest edits of a table, or of one of its rows."""
    key = None if row is None else row_key(TABLES[table], row)
    return [_told(entry, table, names) for entry in trail if key in (None, entry["row_key"])]


def _told(entry: Mapping[Any, Any], table: str, names: Names) -> Edit:
    before, after = (json.loads(entry[side]) or {} for side in ("before_json", "after_json"))
    what = "edit" if before and after else "remove" if before else "add"
    columns = [name for name in {**before, **after} if name not in OURS and before.get(name, "") != after.get(name, "")]
    changes = tuple((LABELS.get(name, name), *(shown(name, _plain(side.get(name, "")), names) for side in (before, after))) for name in columns)
    keys = key_of(TABLES[table])
    parts = entry["row_key"].split("/")
    called = " · ".join(filter(None, (shown(name, part, names) for name, part in zip(keys, parts, strict=False))))
    return Edit(entry["happened_at"], entry["actor"], called if len(parts) == len(keys) else entry["row_key"], what, changes)


def _plain(value: str) -> str:
    """A truth as the trail writes it, as the columns' choices have it."""
    return {"True": "1", "False": "0"}.get(value, value)
