"""Reading tickets: one, a contact's, the queues, with what their pages show beside them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from triage.errors import NotFound
from triage.store.base import Part
from triage.store.sql import block
from triage.terms import Channel, Level, Locality, State, Step
from triage.tickets import Ticket
from triage.wording import say

COLUMNS = """number, contact_id, text, state, level, demand_type, topic, department, unit_code, team_unit, locality, channel, received_at, version,
        is_confidential, is_watched, next_step, next_due_at, yellow_at, red_at, is_confirmed, reply, finding, owner, satisfaction, closed_at,
        parent_number, outage_number, responsible_unit, assignee, crew, returns, reopenings, chases, attempts, extensions, is_exempt, is_malicious,
        paused_until_at"""
AT_WORK = "state IN ('dispatched', 'accepted', 'contacted', 'arrived')"
TICKET = block(f"""
    SELECT {COLUMNS}
    FROM tickets
    WHERE number = :number""")
OF_CONTACT = block(f"""
    SELECT {COLUMNS}
    FROM tickets
    WHERE contact_id = :contact_id
    ORDER BY number""")
CHILDREN = block(f"""
    SELECT {COLUMNS}
    FROM tickets
    WHERE parent_number = :number
    ORDER BY number""")
CONTACT = block("""
    SELECT contacts.id, contacts.channel, contacts.customer_number, contacts.actor, contacts.is_confidential, contacts.received_at,
        contacts.relation, contacts.callback_phone, contacts.call_id, contacts.recording,
        COALESCE(NULLIF(contacts.caller_name, ''), customers.name, '') AS caller_name,
        COALESCE(NULLIF(contacts.phone, ''), customers.phone, '') AS phone,
        COALESCE(NULLIF(contacts.address, ''), customers.address, '') AS address
    FROM contacts
    LEFT JOIN customers ON customers.number = contacts.customer_number
    WHERE contacts.id = :contact_id""")
DISPATCHER_QUEUE = block(f"""
    SELECT {COLUMNS}
    FROM tickets
    WHERE state IN ('pending_review', 'returned') OR is_watched
    ORDER BY queue_rank, next_due_at NULLS LAST, number
    LIMIT :most""")
REVIEW_QUEUE = block(f"""
    SELECT {COLUMNS}
    FROM tickets
    WHERE state = 'resolved'
    ORDER BY queue_rank, next_due_at NULLS LAST, number
    LIMIT :most""")
CALLBACK_QUEUE = block(f"""
    SELECT {COLUMNS}
    FROM tickets
    WHERE state IN ('reviewed', 'called_back')
    ORDER BY queue_rank, next_due_at NULLS LAST, number
    LIMIT :most""")
TEAM_QUEUE = block(f"""
    SELECT {COLUMNS}
    FROM tickets
    WHERE number IN (
        SELECT number FROM tickets WHERE department = :department AND team_unit = :unit_code AND {AT_WORK}
        UNION
        SELECT ticket_number FROM co_handlings
        WHERE department = :department AND team_unit = :unit_code AND replied_at IS NULL AND cancelled_at IS NULL)
    ORDER BY queue_rank, next_due_at NULLS LAST, number
    LIMIT :most""")
UNIT_QUEUE = block(f"""
    WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit_code
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)
    SELECT {COLUMNS}
    FROM tickets
    WHERE number IN (
        SELECT number FROM tickets
        WHERE team_unit IN (SELECT code FROM under) AND (:department = '' OR department = :department) AND {AT_WORK}
        UNION
        SELECT ticket_number FROM co_handlings
        WHERE team_unit IN (SELECT code FROM under) AND (:department = '' OR department = :department)
            AND replied_at IS NULL AND cancelled_at IS NULL)
    ORDER BY queue_rank, next_due_at NULLS LAST, number
    LIMIT :most""")
IS_UNDER = block("""
    WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit_code
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)
    SELECT 1
    FROM under
    WHERE code = :team_unit""")
TAKEN_BY = block(f"""
    SELECT {COLUMNS}
    FROM tickets
    WHERE contact_id IN (SELECT id FROM contacts WHERE actor = :actor)
    ORDER BY received_at DESC, number DESC
    LIMIT :most""")
PREDICTION = block("""
    SELECT model_version, topics_json, demand_types_json, words_json, threshold, made_at
    FROM predictions
    WHERE ticket_number = :number
    ORDER BY id DESC
    LIMIT 1""")
DECISIONS = block("""
    SELECT made_by, actor, demand_type, topic, department, unit_code, team_unit, level, outcome, reasons_json, attention_json, co_departments_json,
        earlier_json, model_version, confidence, threshold, made_at
    FROM decisions
    WHERE ticket_number = :number
    ORDER BY id""")
WAITING_DECISIONS = block("""
    SELECT ticket_number, confidence, reasons_json
    FROM decisions
    WHERE id IN (
        SELECT MAX(decisions.id)
        FROM decisions
        JOIN tickets ON tickets.number = decisions.ticket_number
        WHERE tickets.state IN ('pending_review', 'returned') OR tickets.is_watched
        GROUP BY decisions.ticket_number)""")
SENT_BY_MACHINE = block("""
    SELECT decisions.ticket_number, decisions.made_by, decisions.topic, decisions.department, decisions.team_unit, decisions.reasons_json,
        decisions.model_version, decisions.confidence, decisions.threshold, decisions.made_at, tickets.text, tickets.state
    FROM decisions
    JOIN tickets ON tickets.number = decisions.ticket_number
    WHERE decisions.made_at >= :since AND decisions.made_by IN ('model', 'rule') AND decisions.outcome = 'dispatched'
    ORDER BY decisions.made_at DESC, decisions.id DESC
    LIMIT :most""")
JSONS = ("topics", "demand_types", "words", "reasons", "attention", "co_departments", "earlier")


class Queries(Part):
    """Reads tickets."""

    def ticket(self, number: str) -> Ticket:
        """Give a ticket.

        Raises:
            NotFound: there is none of that number.
        """
        row = self.row(TICKET, number=number)
        if row is None:
            raise NotFound(say("There is no ticket {number}; check the 16-digit ticket number", number=number))
        return ticket_of(row)

    def find_ticket(self, number: str) -> Ticket | None:
        """Give a ticket, or None where there is none of that number."""
        row = self.row(TICKET, number=number)
        return ticket_of(row) if row else None

    def children_of(self, number: str) -> list[Ticket]:
        """Give the tickets that were merged into one."""
        return self._tickets(CHILDREN, number=number)

    def tickets_of_contact(self, contact_id: int) -> tuple[Ticket, ...]:
        """Give the tickets of a contact in the order of their complaints."""
        return tuple(ticket_of(row) for row in self.rows(OF_CONTACT, contact_id=contact_id))

    def contact(self, contact_id: int) -> RowMapping:
        """Give a contact, what was not said in the call from the customer's record; it is full personal data: mask it before it is shown."""
        row = self.row(CONTACT, contact_id=contact_id)
        if row is None:
            raise NotFound(say("There is no such record of a call"))
        return row

    def dispatcher_queue(self, most: int = 200) -> list[Ticket]:
        """Give what waits for a dispatcher: doubtful, returned, and danger to life on top."""
        return self._tickets(DISPATCHER_QUEUE, most=most)

    def waiting_decisions(self) -> dict[str, Mapping[str, Any]]:
        """Give the latest decision of each ticket that waits for a dispatcher, by number: why it waits."""
        return {row["ticket_number"]: read_json(row) for row in self.rows(WAITING_DECISIONS)}

    def sent_by_machine(self, since: datetime, most: int = 500) -> list[Mapping[str, Any]]:
        """Give what went out without a person since a moment, the latest first, with the reasons."""
        return [read_json(row) for row in self.rows(SENT_BY_MACHINE, since=since, most=most)]

    def review_queue(self, most: int = 200) -> list[Ticket]:
        """Give the replies that wait to be checked."""
        return self._tickets(REVIEW_QUEUE, most=most)

    def callback_queue(self, most: int = 200) -> list[Ticket]:
        """Give the customers to be called back and the tickets to be closed."""
        return self._tickets(CALLBACK_QUEUE, most=most)

    def team_queue(self, unit_code: str, department: str, most: int = 200) -> list[Ticket]:
        """Give what a unit's team has to do, special first, then by the next deadline."""
        return self._tickets(TEAM_QUEUE, unit_code=unit_code, department=department, most=most)

    def unit_queue(self, unit_code: str, department: str, most: int = 200) -> list[Ticket]:
        """Give what the teams of a unit and of those below it have to do; an empty department means all."""
        return self._tickets(UNIT_QUEUE, unit_code=unit_code, department=department, most=most)

    def is_under(self, team_unit: str | None, unit_code: str) -> bool:
        """Say whether a unit is another one or stands below it."""
        return bool(team_unit) and self.value(IS_UNDER, team_unit=team_unit, unit_code=unit_code) is not None

    def taken_by(self, actor: str, most: int = 50) -> list[Ticket]:
        """Give the tickets of the contacts that a user took, the latest first."""
        return self._tickets(TAKEN_BY, actor=actor, most=most)

    def _tickets(self, sql: Any, **parameters: Any) -> list[Ticket]:
        return [ticket_of(row) for row in self.rows(sql, **parameters)]

    def prediction_of(self, number: str) -> Mapping[str, Any] | None:
        """Give what the model said of a ticket, its JSON read."""
        row = self.row(PREDICTION, number=number)
        return read_json(row) if row else None

    def decisions_of(self, number: str) -> list[Mapping[str, Any]]:
        """Give all decisions about a ticket from the first, their JSON read."""
        return [read_json(row) for row in self.rows(DECISIONS, number=number)]


def read_json(row: RowMapping) -> dict[str, Any]:
    """Give a row with its JSON columns read, under their names without `_json`."""
    values = dict(row)
    for name in JSONS:
        if f"{name}_json" in values:
            values[name] = json.loads(values.pop(f"{name}_json"))
    return values


def ticket_of(row: Mapping[Any, Any]) -> Ticket:
    """Make the value from its row."""
    values: dict[str, Any] = dict(row)
    closed: datetime | None = values.pop("closed_at")
    return Ticket(
        **{
            **values,
            "state": State(values["state"]),
            "level": Level(values["level"]),
            "channel": Channel(values["channel"]),
            "locality": Locality(values["locality"]) if values["locality"] else None,
            "next_step": Step(values["next_step"]) if values["next_step"] else None,
        },
        closed_at=closed,
    )
