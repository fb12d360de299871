"""Outages of the demo's past: registered, announced and restored by those who do that; one of them is going on now."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from triage.demo_acting import Steps
from triage.demo_calls import rows, storm_began
from triage.demo_office import Office
from triage.moments import SHANGHAI, in_shanghai
from triage.outage_changes import change, register
from triage.outage_drafts import read_draft
from triage.outages import OutageKind
from triage.people import User
from triage.terms import Role

HOUR = timedelta(hours=1)
STORM_HOURS = 6


def outages(office: Office) -> list[Steps]:
    """Give the outages of `history_outages.csv`, those of the storms, and the one that is going on (`history_outage_now.csv`), each as its steps."""
    found = []
    for row in rows("outages"):
        day = in_shanghai(office.now) - timedelta(days=int(row["days_ago"]))
        began = day.replace(hour=int(row["hour"]), minute=0, second=0, microsecond=0)
        found.append(_outage(office, row, began - int(row["registered_hours"]) * HOUR, began, began + int(row["hours"]) * HOUR))
    for row in rows("storm"):
        began = storm_began(row, office.now)
        values = {**row, "kind": OutageKind.FAULT.value, "transformer_areas": "", "keywords": row["place"], "notice": ""}
        found.append(_outage(office, values, began + HOUR / 2, began, began + STORM_HOURS * HOUR))
    for row in rows("outage_now"):
        began = office.now - timedelta(minutes=int(row["minutes_ago"]))
        found.append(_outage(office, row, began + HOUR / 6, began, office.now + timedelta(minutes=int(row["minutes_left"]))))
    return found


def _outage(office: Office, row: Mapping[str, str], registered: datetime, began: datetime, ends: datetime) -> Steps:
    at = yield registered
    user = _registrar(office)
    fields = ("kind", "unit_code", "transformer_areas", "keywords", "reason", "notice")
    number = f"{in_shanghai(began):%Y%m%d%H%M}"
    times = {"number": number, "starts_at": _minute(began), "ends_at": _minute(ends)}
    units = {unit["code"]: unit["name"] for unit in office.store.units()}
    register(read_draft({**times, **{name: row[name] for name in fields}}, units, at), user=user, store=office.store, now=at)
    if row["notice"]:
        at = yield at + HOUR / 2
        change(number, "announce", {"why": row["reason"]}, version=office.store.outage(number).version, user=user, store=office.store, now=at)
    at = yield max(at, ends - HOUR / 3)
    change(number, "restore", {}, version=office.store.outage(number).version, user=user, store=office.store, now=at)


def _registrar(office: Office) -> User:
    return next(user for user in office.people if user.role is Role.DISPATCHER)


def _minute(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
