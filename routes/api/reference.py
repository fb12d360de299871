"""Reference data, the switch of automatic dispatch, who asks, and whether the product is well."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import one_of, read_texts
from routes.request import now, parts, require, rules, store, user
from triage.errors import InvalidInput, Problem
from triage.reference import edit_row, load_calendar
from triage.terms import Role

PROBE = "停电"
SWITCH = "automatic_dispatch"


@blueprint.get("/reference/<table>")
def reference(table: str) -> ResponseReturnValue:
    """Give a reference table's rows with basis and source; also `units`, `calendar_years` and `calendar_days`."""
    others = {"units": store().units, "calendar_years": store().calendar_years, "calendar_days": store().calendar_days}
    rows = others[table]() if table in others else store().reference_rows(table)
    return {"table": table, "rows": [plain(row) for row in rows]}


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
        raise InvalidInput(Problem("value", "必填：on 或 off"))
    edit_row(store(), "switches", {"code": SWITCH}, {"value": value}, actor=who.username, now=now())
    return {SWITCH: value}


@blueprint.post("/calendar/<int(fixed_digits=4):year>")
def calendar(year: int) -> ResponseReturnValue:
    """Load an announced year (`text`: CSV of date,is_working,name); say how many open tickets' deadlines changed."""
    who = require(Role.ADMIN)
    body = read_texts("text", "source")
    changed = load_calendar(store(), body.get("text", ""), year=year, source=body.get("source", ""), actor=who.username, now=now())
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
