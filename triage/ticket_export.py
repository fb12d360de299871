"""The export of tickets (工单导出): one row a ticket or a step, with names or codes, texts masked as in the audit extract; read a batch at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from triage.extract import BATCH, Scope, masked
from triage.moments import in_shanghai
from triage.rules import Rules
from triage.terms import Channel, Finding, Level, Locality, Satisfaction, State, Step, Term, Watch
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

# Excel and others run a cell that begins so as a formula (OWASP, CSV injection); an apostrophe before it makes it a text.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
TICKET = {
    "number": say("Ticket number"),
    "received_at": say("Received at"),
    "closed_at": say("Closed at"),
    "state": say("State"),
    "level": say("Level"),
    "demand_type": say("Demand type"),
    "topic": say("Topic"),
    "department": say("Department"),
    "unit_code": say("Supply unit"),
    "channel": say("Intake channel"),
    "locality": say("Locality"),
    "is_confidential": say("Confidential"),
    "is_exempt": say("Exempt"),
    "is_malicious": say("Malicious demand"),
    "returns": say("Times returned"),
    "reopenings": say("Times reopened"),
    "chases": say("Times chased"),
    "attempts": say("Callbacks not answered"),
    "extensions": say("Times extended"),
    "finding": say("Finding"),
    "satisfaction": say("Satisfaction at callback"),
    "text": say("Text (masked)"),
    "reply": say("Reply (masked)"),
}
STEP = {
    "step": say("Step"),
    "watch": say("Clock"),
    "step_department": say("Department of the step"),
    "step_unit": say("Unit of the step"),
    "is_by_machine": say("Done automatically"),
    "limit_text": say("Limit"),
    "started_at": say("Step begun at"),
    "due_at": say("Due at"),
    "ended_at": say("Step ended at"),
    "voided_at": say("Step voided at"),
    "used_seconds": say("Seconds used"),
}
TERMS: Mapping[str, type[Term]] = {
    **{"state": State, "level": Level, "channel": Channel, "locality": Locality, "finding": Finding, "satisfaction": Satisfaction},
    **{"step": Step, "watch": Watch},
}


@dataclass(frozen=True)
class Wanted:
    """What is exported: the tickets received in a period of a unit, with or without their steps, by names or by codes."""

    scope: Scope
    with_steps: bool = False
    as_codes: bool = False

    @property
    def columns(self) -> dict[str, str]:
        """The columns in order: code and head."""
        columns = {**TICKET, **STEP} if self.with_steps else TICKET
        return {code: code for code in columns} if self.as_codes else dict(columns)


def ticket_rows(wanted: Wanted, *, store: "Store", rules: Rules) -> Iterator[list[dict[str, str]]]:
    """Give the rows of each ticket by its columns' heads, the oldest first; to be called within `store.snapshot()`."""
    show = shown(wanted, store, rules)
    scope, after = wanted.scope, ""
    while numbers := store.received_numbers(scope.first_on, scope.last_on, scope.unit_code, after=after, most=BATCH):
        after = numbers[-1]
        steps = _steps(store, numbers) if wanted.with_steps else {}
        for row in store.extract_tickets(numbers):
            ticket = _ticket(row)
            yield [show({**ticket, **step}) for step in steps.get(row["number"], [{}])]


def _ticket(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Give a ticket with its texts masked; of a confidential one there is none."""
    text, reply = ("", "") if row["is_confidential"] else (masked(row["text"], row), masked(row["reply"], row))
    return {**row, "text": text, "reply": reply}


def _steps(store: "Store", numbers: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in store.extract_steps(numbers):
        own = {"step_department": row["department"], "step_unit": row["unit_code"]}
        step = {name: row[name] for name in STEP if name in row}
        found.setdefault(row["ticket_number"], []).append({**step, **own})
    return found


def shown(wanted: Wanted, store: "Store", rules: Rules) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    """Give what writes a row's values as texts under their heads: the names of codes unless codes are wanted."""
    units = {row["code"]: row["name"] for row in store.units()}
    topics = {code: one.name for code, one in rules.topics.items()}
    names: dict[str, Mapping[str, str]] = {code: {one.value: one.label for one in kind} for code, kind in TERMS.items()}
    names |= {"unit_code": units, "step_unit": units, "topic": topics, "demand_type": rules.demand_types}
    names |= {"department": rules.departments, "step_department": rules.departments}
    known = {} if wanted.as_codes else names
    columns = wanted.columns
    return lambda row: {head: _plain(row.get(code), known.get(code, {}), wanted.as_codes) for code, head in columns.items()}


def _plain(value: Any, names: Mapping[str, str], as_codes: bool) -> str:
    """Write a value as a text: moments on Shanghai's clock."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value)) if as_codes else (say("Yes") if value else say("No"))
    if isinstance(value, datetime):
        return in_shanghai(value).strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else names.get(str(value), str(value))


def harmless(row: Mapping[str, str]) -> dict[str, str]:
    """Write cells that a spreadsheet would run as formulas so that it shows them."""
    return {head: f"'{text}" if text.startswith(FORMULA) else text for head, text in row.items()}
