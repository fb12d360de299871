"""Exports (取数): each file that leaves the product leaves an entry in the trail of the system: who took it, when, of what scope, how many rows.

Nothing of a customer stands in it: codes, days and counts alone.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from triage.people import User
from triage.samples import check_audits

if TYPE_CHECKING:
    from triage.store import Store

EXTRACT, TICKETS, BACKUP = "extract", "tickets", "backup"  # `what` of an audit extract, an export, a backup; that of a report is its kind


@dataclass(frozen=True)
class Export:
    """A file: what it is, in which format, of which unit with all below it (`''`: everything) and which days (both included), and how many of its
    rows name a ticket (0: figures alone; None: made before this was counted).
    """

    what: str
    format: str
    unit_code: str
    first_on: date
    last_on: date
    rows: int | None


@dataclass(frozen=True)
class Entry:
    """An export with who took it and when."""

    export: Export
    actor: str
    happened_at: datetime


def note(export: Export, *, actor: str, store: "Store", now: datetime) -> None:
    """Keep that somebody takes a file, before it is handed out; the database refuses to change or delete it."""
    days = {"first_on": export.first_on.isoformat(), "last_on": export.last_on.isoformat()}
    with store.writing():
        store.keep_export({**asdict(export), **days}, actor=actor, now=now)


def entries(user: User, store: "Store", most: int = 100, skip: int = 0) -> list[Entry]:
    """Give the exports, the latest first, `most` of them after the first `skip`.

    Raises:
        Forbidden: the user is no auditor.
    """
    check_audits(user)
    return [_entry(values, actor, at) for values, actor, at in store.exports(most, skip)]


def _entry(values: Mapping[str, Any], actor: str, at: datetime) -> Entry:
    days = {name: date.fromisoformat(values[name]) for name in ("first_on", "last_on")}
    return Entry(Export(values["what"], values["format"], values["unit_code"], **days, rows=values["rows"]), actor, at)
