"""Taking back a dispatch (撤销派单): the last one of a ticket, and putting clocks, help and decision back as they stood before it."""

import json
from datetime import datetime

from triage.standing import Dispatched
from triage.store.base import Part
from triage.store.sql import block
from triage.terms import State

LAST_ENTRY = block("""
    SELECT action, actor, happened_at, from_state, detail_json
    FROM audit
    WHERE ticket_number = :number
    ORDER BY seq DESC
    LIMIT 1""")
SET_BACK = block("""
    UPDATE tickets
    SET topic = :topic, demand_type = :demand_type, department = :department, unit_code = :unit_code, team_unit = :team_unit,
        is_confidential = :is_confidential, is_watched = :is_watched
    WHERE number = :number""")
OWE_AGAIN = block("""
    UPDATE steps
    SET voided_at = NULL, warn_at = yellow_at
    WHERE ticket_number = :number AND watch = 'customer' AND voided_at = :since AND step <> 'accept'""")
VOID_BEGUN = block("""
    UPDATE steps
    SET voided_at = :now, warn_at = NULL
    WHERE ticket_number = :number AND from_event = 'dispatched' AND started_at = :since AND ended_at IS NULL AND voided_at IS NULL""")
TAKE_BACK = block("""
    UPDATE decisions
    SET made_by = 'taken_back'
    WHERE ticket_number = :number AND made_by = 'dispatcher' AND made_at = :since""")
ASK_HELP_AGAIN = block("""
    UPDATE co_handlings
    SET cancelled_at = NULL
    WHERE id = :id AND cancelled_at = :since""")
OWE_HELP_AGAIN = block("""
    UPDATE steps
    SET voided_at = NULL, warn_at = yellow_at
    WHERE co_handling_id = :id AND voided_at = :since""")
PLACE = ("topic", "demand_type", "department", "unit_code", "team_unit", "is_confidential", "is_watched")


class Undoing(Part):
    """Finds the last dispatch of a ticket and takes it back."""

    def last_dispatch(self, number: str, version: int) -> Dispatched | None:
        """Give the dispatch that made this version of the ticket, or None where something else was the last."""
        row = self.row(LAST_ENTRY, number=number)
        detail = json.loads(row["detail_json"]) if row and row["action"] == "dispatch" else {}
        if row is None or detail.get("version") != version or "before" not in detail:
            return None
        return Dispatched(row["actor"], row["happened_at"], State(row["from_state"]), detail["before"], tuple(detail.get("spared", ())))

    def set_back(self, number: str, done: Dispatched) -> None:
        """Write on the ticket what it was about and where it stood before the dispatch."""
        self.run(SET_BACK, number=number, **{name: done.before[name] for name in PLACE})

    def clocks_back(self, number: str, done: Dispatched, now: datetime) -> None:
        """Void the clocks that the dispatch began, and owe again what it made void."""
        self.run(VOID_BEGUN, number=number, since=done.at, now=now)
        self.run(OWE_AGAIN, number=number, since=done.at)

    def ask_help_again(self, id: int, at: datetime) -> None:
        """Ask a department again for the help that the dispatch of that moment had spared it, its clock running on."""
        self.run(ASK_HELP_AGAIN, id=id, since=at)
        self.run(OWE_HELP_AGAIN, id=id, since=at)

    def take_back_decision(self, number: str, at: datetime) -> None:
        """Mark the decision of a dispatch as taken back: it is kept, and nothing is learnt from it."""
        self.run(TAKE_BACK, number=number, since=at)
