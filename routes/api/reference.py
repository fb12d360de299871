"""Reference data, the switch of automatic dispatch, who asks, and whether the product is well."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import one_of, read_body, read_query, read_texts
from routes.request import now, parts, require, rules, store, user
from triage.changes import key_columns, plan_add, plan_edit, plan_remove
from triage.errors import InvalidInput, Problem
from triage.limits import Preview, Turn
from triage.reference import add_row, edit_row, load_calendar, preview_calendar, preview_change, remove_row, shown_rows
from triage.terms import Role
from triage.wording import say

PROBE = "停电"
SWITCH = "automatic_dispatch"
PREVIEW = "preview"


@blueprint.get("/reference/<table>")
def reference(table: str) -> ResponseReturnValue:
    """Give a reference table's rows with basis and source; also `units`, `calendar_years` and `calendar_days`."""
    others = {"units": store().units, "calendar_years": store().calendar_years, "calendar_days": store().calendar_days}
    rows = others[table]() if table in others else shown_rows(store(), table)
    return {"table": table, "rows": [plain(row) for row in rows]}


@blueprint.post("/reference/<table>")
def add_reference(table: str) -> ResponseReturnValue:
    """Add a row to a table that grows; `?preview=1` only says what that would do to the open tickets."""
    who, values = require(Role.ADMIN), read_row()
    if is_preview():
        return told(preview_change(store(), plan_add(store(), table, values), now()))
    return {"table": table, "changed": add_row(store(), table, values, actor=who.username, now=now())}, 201


@blueprint.patch("/reference/<table>")
def edit_reference(table: str) -> ResponseReturnValue:
    """Change columns of the row whose key stands in the query; of a limit, `valid_from_on` is the date from which the change holds."""
    who, key, values = require(Role.ADMIN), read_key(table), read_row()
    if is_preview():
        return told(preview_change(store(), plan_edit(store(), table, key, values, now()), now()))
    return {"table": table, "changed": edit_row(store(), table, key, values, actor=who.username, now=now())}


@blueprint.delete("/reference/<table>")
def remove_reference(table: str) -> ResponseReturnValue:
    """Take out the row whose key stands in the query, if nothing refers to it."""
    who, key = require(Role.ADMIN), read_key(table)
    if is_preview():
        return told(preview_change(store(), plan_remove(store(), table, key), now()))
    return {"table": table, "changed": remove_row(store(), table, key, actor=who.username, now=now())}


def is_preview() -> bool:
    """Whether only the effect of a change is asked for."""
    return one_of("preview", request.args.get("preview", ""), ("0", "1")) == "1"


def read_key(table: str) -> dict[str, str]:
    """Give the key of a row from the query."""
    keys = key_columns(table)
    query = read_query(*keys, PREVIEW)
    return {name: query[name] for name in keys if name in request.args}


def read_row() -> dict[str, str]:
    """Give the columns of a row that a program sends as text, whatever plain JSON value each is.

    Raises:
        InvalidInput: a value is a list or an object.
    """
    body = read_body()
    wrong = [name for name, value in body.items() if isinstance(value, (dict, list))]
    if wrong:
        raise InvalidInput(*(Problem(name, say("Should be text, a number, true or false")) for name in wrong))
    return {name: "" if value is None else str(value) for name, value in body.items()}


def told(seen: Preview) -> dict[str, Any]:
    """What a change would do: how many open tickets would move, and which of their clocks would turn red or yellow."""
    return {"moved": seen.moved, "turning_red": [turn(one) for one in seen.turning_red], "turning_yellow": [turn(one) for one in seen.turning_yellow]}


def turn(one: Turn) -> dict[str, Any]:
    """A clock that would stand worse."""
    places = show.term("step", one.step) | show.term("watch", one.watch)
    return {"number": one.number, **places, "was_due_at": show.moment(one.was_due_at), "due_at": show.moment(one.due_at)}


def plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row with its moments and dates as text."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return show.moment(value)
    return value.isoformat() if isinstance(value, date) else value


@blueprint.post("/dispatch/switch")
def switch() -> ResponseReturnValue:
    """Turn automatic dispatch on or off."""
    who = require(Role.DISPATCHER, Role.ADMIN)
    value = one_of("value", read_texts("value").get("value", ""), ("on", "off"))
    if not value:
        raise InvalidInput(Problem("value", say("Required: on or off")))
    edit_row(store(), "switches", {"code": SWITCH}, {"value": value}, actor=who.username, now=now())
    return {SWITCH: value}


@blueprint.post("/calendar/<int(fixed_digits=4):year>")
def calendar(year: int) -> ResponseReturnValue:
    """Load an announced year (`text`: CSV of date,is_working,name); say how many open tickets' deadlines changed, or would with `?preview=1`."""
    who = require(Role.ADMIN)
    body = read_texts("text", "source")
    text, source = body.get("text", ""), body.get("source", "")
    if is_preview():
        return told(preview_calendar(store(), text, year=year, source=source, now=now()))
    changed = load_calendar(store(), text, year=year, source=source, actor=who.username, now=now())
    return {"year": year, "changed": changed}


@blueprint.get("/me")
def me() -> ResponseReturnValue:
    """Say who asks."""
    who = user()
    units = show.unit_names()
    place = show.row("unit_code", who.unit_code, units) | show.row("department", who.department, rules().departments)
    return {"username": who.username, "name": who.name, **show.term("role", who.role), **place}


@blueprint.get("/health")
def health() -> ResponseReturnValue:
    """Say whether the database answers and which model does; needs no token and tells nothing else."""
    store().reference_version()
    made = parts().predict(PROBE)
    return {"status": "ok", "model": made.model_version if made else None, "database": "ok"}
