"""Edits of an administrator, planned and checked whole before anything is changed: a row changed, added, or taken out."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from triage import limits
from triage.checks import FIXED, GROWING, check_row, read_values
from triage.errors import InvalidInput, NotFound, Problem
from triage.moments import in_shanghai
from triage.store.reference import BOOKKEEPING, TABLES, Change, key_of, row_key, typed
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

OURS = ("id", *BOOKKEEPING)


def key_columns(table: str) -> list[str]:
    """Name the columns of a table's primary key.

    Raises:
        NotFound: there is no such table.
    """
    if table not in TABLES:
        raise NotFound(say("There is no reference table “{table}”", table=table))
    return [column.name for column in TABLES[table].primary_key.columns]


def open_columns(table: str) -> list[str]:
    """Name the columns that a person may fill in."""
    return [column.name for column in TABLES[table].columns if column.name not in OURS]


def find(store: "Store", table: str, key: Mapping[str, str]) -> tuple[Mapping[Any, Any], dict[str, Any]]:
    """Give the row of a key that is written as text, and the key itself.

    Raises:
        NotFound: there is no such table or row; an incomplete key would name more rows than one.
    """
    keys = key_columns(table)
    if set(key) == set(keys):
        with suppress(ValueError):
            wanted = {name: typed(TABLES[table], name, clean(value)) for name, value in key.items()}
            for row in store.reference_rows(table):
                if all(row[name] == value for name, value in wanted.items()):
                    return row, wanted
    raise NotFound(say("There is no such row; refresh and try again"))


def plan_edit(store: "Store", table: str, key: Mapping[str, str], values: Mapping[str, str], now: datetime) -> Change:
    """Plan the change of one row; what does not differ from the row is no change.

    Args:
        key: the values of the primary key, as text.
        values: the columns to change, as text; of a limit, `valid_from_on` is the date from which the change holds, today where it is empty.

    Raises:
        NotFound: there is no such table or row.
        InvalidInput: a value is not of its column's type, names something that does not exist, or does not go with the others.
    """
    row, typed_key = find(store, table, key)
    read = read_values(table, {name: value for name, value in values.items() if name not in (*typed_key, *OURS) and not _untouched(name, value)})
    from_on = read.pop("valid_from_on", None) or first_day(row, now)
    changes = {name: value for name, value in read.items() if value != row[name]}
    check_row(store, table, {**row, **changes}, changes)
    if table == limits.TABLE:
        return limits.revise(store.reference_rows(table), row, changes, from_on)
    change = Change(table, updates=((typed_key, changes),) if changes else ())
    if set(key_of(TABLES[table])) & set(changes):
        _refuse_twin(store, table, {**row, **changes})
    _check_hours(store, change)
    return change


def first_day(row: Mapping[Any, Any], now: datetime) -> date:
    """Give the date from which a change of a row holds unless somebody says another: today in Shanghai, or the row's own first day if later."""
    return max(in_shanghai(now).date(), row.get("valid_from_on") or date.min)


def _untouched(name: str, value: str) -> bool:
    """Whether a field was left as it is: an address is not shown, for it holds a secret, so that an empty one is the old one."""
    return name == "address" and not value.strip()


def plan_add(store: "Store", table: str, values: Mapping[str, str]) -> Change:
    """Plan a new row; a column of which nothing is said is empty, its basis is `inferred`.

    Raises:
        NotFound: there is no such table, or it does not grow.
        InvalidInput: see `plan_edit`; or there is such a row already.
    """
    _check_grows(table)
    given = {**dict.fromkeys(open_columns(table), ""), **{name: value for name, value in values.items() if name not in OURS}}
    row = read_values(table, given | {"basis": given["basis"].strip() or "inferred"})
    check_row(store, table, row, row)
    _refuse_twin(store, table, row)
    change = Change(table, adds=(row,))
    if table == limits.TABLE and (problems := list(limits.overlaps(change.applied(store.reference_rows(table))))):
        raise InvalidInput(*problems)
    _check_hours(store, change)
    return change


def plan_remove(store: "Store", table: str, key: Mapping[str, str]) -> Change:
    """Plan that a row is taken out, which only one to which nothing refers may be.

    Raises:
        NotFound: there is no such table or row, or the table does not grow.
        InvalidInput: something refers to the row, or the product cannot do without it; says what to do instead.
    """
    _check_grows(table)
    row, typed_key = find(store, table, key)
    if (table, str(next(iter(typed_key.values())))) in FIXED:
        raise InvalidInput(Problem("", say("The system works by this code, so it cannot be deleted; you can change its name and content")))
    uses = store.uses_of(table, row)
    if uses:
        instead = (
            say("give it an expiry date instead")
            if table == limits.TABLE
            else say("you can note in its name that it is out of use")
            if "is_on" not in row
            else say("you can disable it instead")
        )
        raise InvalidInput(
            Problem("", say("This row is in use by {uses} and cannot be deleted; {instead}", uses=say(", ").join(uses), instead=instead))
        )
    if table == limits.TABLE:
        return limits.withdraw(store.reference_rows(table), row)
    change = Change(table, removes=(typed_key,))
    _check_hours(store, change)
    return change


def _check_grows(table: str) -> None:
    key_columns(table)
    if table not in GROWING:
        raise NotFound(say("Rows of the reference table “{table}” cannot be added or deleted, only edited", table=table))


def _refuse_twin(store: "Store", table: str, row: Mapping[str, Any]) -> None:
    """Refuse a row that is known by the same columns as another one."""
    keys = key_of(TABLES[table])
    for one in store.reference_rows(table):
        if one.get("id") != row.get("id", 0) and all(one[name] == row[name] for name in keys):
            raise InvalidInput(Problem(keys[0], say("There is already such a row ({row}); change that one", row=row_key(TABLES[table], row))))


def _check_hours(store: "Store", change: Change) -> None:
    """Refuse office hours on which no clock would ever end, because no day from Monday to Friday has any."""
    if change.table == "office_hours":
        after = store.rules({change.table: change.applied(store.reference_rows(change.table))})
        for unit, calendar in after.calendars.items():
            if not any(calendar.spans("office", weekday) for weekday in range(1, 6)):
                raise InvalidInput(
                    Problem(
                        "spans",
                        say(
                            "Unit {unit} has no office hours from Monday to Friday, so its limits would never fall due; first "
                            "fill in the hours of “Any working day” (weekday 0)",
                            unit=unit,
                        ),
                    )
                )
