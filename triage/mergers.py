"""Units merged (单位合并): what is alive of one unit goes to another in one transaction, what has ended keeps its history."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from triage.errors import InvalidInput, Problem
from triage.moments import in_shanghai
from triage.store.reference import Change
from triage.terms import UnitKind
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

OWN_CALENDAR = {"office_hours": "weekday", "unit_days": "day_on"}
Row = Mapping[Any, Any]


class _OnlyLooked(Exception):
    """Ends the transaction of a dry run."""


def merge_units(old: str, new: str, merged_on: date, *, store: "Store", now: datetime, actor: str, is_dry_run: bool = False) -> dict[str, int]:
    """Merge a unit into another one.

    Open tickets with their open steps and co-handlings, users, customers, areas, teams, crews, open outages, handovers that nobody took over, the
    units below, and the working days and office hours of its own go to the other unit; closed tickets stay. A team that the other unit has is not
    made twice, and where it has days or hours of its own, these hold. Quality events stay as they were entered and count for the other unit too,
    which now stands above the old one. Each ticket gets an audit entry, and its deadlines are computed again.

    Args:
        old: the code of the unit that ends.
        new: the code of the unit that goes on.
        merged_on: the day of the merger, today or before.
        store: where everything is kept.
        now: the moment.
        actor: who merges.
        is_dry_run: only find out what would move; nothing is kept.

    Returns:
        How many rows of each kind moved, or would move.

    Raises:
        InvalidInput: a unit is unknown, a province, merged already, the same, or stands below the other; or the day is to come.
    """
    moved: dict[str, int] = {}
    try:
        with store.writing():
            store.hold_units(old, new)
            _check(old, new, merged_on, {row["code"]: row for row in store.units()}, now)
            outages = _move_outages(old, new, store, actor, now)
            gone = store.move_unit(old, new, merged_on)
            moved = vars(gone) | {"tickets": len(gone.tickets), "outages": outages} | _move_calendar(old, new, store, actor, now)
            store.bump_reference()
            _keep_entries(gone.tickets, old, new, store, actor, now)
            if is_dry_run:
                raise _OnlyLooked
    except _OnlyLooked:
        return moved
    if any(moved[table] for table in OWN_CALENDAR):
        store.recompute_open(store.rules(), now)  # the other unit's own tickets have these days and hours now, too
    return moved


def _check(old: str, new: str, merged_on: date, units: Mapping[str, Row], now: datetime) -> None:
    problems = [
        Problem(field, say("There is no unit {code}; check the code", code=code)) for field, code in (("old", old), ("new", new)) if code not in units
    ]
    problems = problems or list(_wrong_pair(old, new, units))
    if merged_on > in_shanghai(now).date():
        problems.append(
            Problem(
                "on",
                say(
                    "The merger date {merged_on} is still to come; a merger takes effect at once, so do it on that day or later", merged_on=merged_on
                ),
            )
        )
    if problems:
        raise InvalidInput(*problems)


def _wrong_pair(old: str, new: str, units: Mapping[str, Row]) -> list[Problem]:
    if old == new:
        return [Problem("new", say("A unit cannot be merged into itself; enter another unit"))]
    problems = [
        Problem(
            field,
            say(
                "{name} was merged into {into} on {merged_on}; enter a unit in use",
                name=units[code]["name"],
                merged_on=units[code]["merged_on"],
                into=units[code]["merged_into_code"],
            ),
        )
        for field, code in (("old", old), ("new", new))
        if units[code]["merged_into_code"]
    ]
    if units[old]["kind"] == UnitKind.PROVINCE:
        problems.append(Problem("old", say("The provincial company cannot be merged into another unit")))
    if old in _above(new, units):
        problems.append(
            Problem("new", say("{new} is below {old}; a unit cannot be merged into one below it", new=units[new]["name"], old=units[old]["name"]))
        )
    return problems


def _above(code: str, units: Mapping[str, Row]) -> list[str]:
    line: list[str] = []
    step = units[code]["parent_code"]
    while step and step not in line:
        line.append(step)
        step = units[step]["parent_code"]
    return line


def _move_calendar(old: str, new: str, store: "Store", actor: str, now: datetime) -> dict[str, int]:
    """Give the other unit the days and hours of the old one where it has none; they are never mixed. The trail of the tables shows both."""
    moved = {}
    for table, key in OWN_CALENDAR.items():
        rows = store.reference_rows(table)
        own = [row for row in rows if row["unit_code"] == old]
        takes = bool(own) and not any(row["unit_code"] == new for row in rows)
        kept = [{name: value for name, value in row.items() if name not in ("edited_by", "edited_at")} for row in own]
        change = Change(
            table,
            adds=tuple({**row, "unit_code": new} for row in kept) if takes else (),
            removes=tuple({"unit_code": old, key: row[key]} for row in own),
        )
        if change:
            store.keep_change(change, actor, now)
        moved[table] = len(own) if takes else 0
    return moved


def _move_outages(old: str, new: str, store: "Store", actor: str, now: datetime) -> int:
    """Put the outages that are not over under the other unit, each with an entry of its trail."""
    numbers = store.open_outages_of_unit(old)
    for number in numbers:
        before = store.outage(number)
        store.change_outage(
            before, replace(before, unit_code=new), "correct", actor, now, why=say("Units merged: {old} into {new}", old=old, new=new)
        )
    return len(numbers)


def _keep_entries(numbers: tuple[str, ...], old: str, new: str, store: "Store", actor: str, now: datetime) -> None:
    """Note the merger in the trail of each ticket, and compute its deadlines again by the other unit's calendar."""
    rules = store.rules()
    for number in numbers:
        detail = {"from_unit": old, "to_unit": new, "version": store.ticket(number).version}
        store.append_audit(number, "unit_merged", actor, now, detail=detail)
        store.recompute(number, store.demand(number), rules, now)
