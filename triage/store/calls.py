"""Call records: kept once, phones as contacts keep theirs (found by a keyed digest), and found for a ticket."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam

from triage.calls import AROUND_RECEIPT, Call, Direction
from triage.store.base import Part
from triage.store.sql import block

COLUMNS = "call_id, direction, phone, actor, recording, started_at, answered_at, ended_at"
CALL = block(f"""
    SELECT {COLUMNS}
    FROM calls
    WHERE call_id = :call_id""")
KEEP = block("""
    INSERT INTO calls (call_id, direction, phone, phone_digest, actor, recording, started_at, answered_at, ended_at, imported_at)
    VALUES (:call_id, :direction, :phone, :phone_digest, :actor, :recording, :started_at, :answered_at, :ended_at, :now)
    ON CONFLICT (call_id) DO UPDATE SET direction = :direction, phone = :phone, phone_digest = :phone_digest, actor = :actor,
        recording = :recording, started_at = :started_at, answered_at = :answered_at, ended_at = :ended_at, imported_at = :now""")
OF_TICKET = block(f"""
    SELECT {COLUMNS}
    FROM calls
    WHERE (call_id = :call_id AND :call_id <> '')
        OR (direction = 'in' AND phone_digest = :phone_digest AND started_at >= :since AND started_at <= :until)
        OR (direction = 'out' AND phone_digest IN :digests AND started_at >= :received_at)
    ORDER BY started_at, call_id""").bindparams(bindparam("digests", expanding=True))
CONTACT_OF = block("""
    SELECT contacts.id, contacts.call_id, contacts.callback_phone, COALESCE(NULLIF(contacts.phone, ''), customers.phone, '') AS phone,
        tickets.received_at, tickets.closed_at
    FROM tickets
    JOIN contacts ON contacts.id = tickets.contact_id
    LEFT JOIN customers ON customers.number = contacts.customer_number
    WHERE tickets.number = :number""")
NOBODY = "-"  # what no phone's digest is


class Calls(Part):
    """Keeps and finds call records."""

    def find_call(self, call_id: str) -> Call | None:
        """Give a call record, or None where there is none of that number."""
        row = self.row(CALL, call_id=call_id)
        return call_of(row) if row else None

    def keep_call(self, call: Call, now: datetime) -> None:
        """Keep a record in the place of what is known of the same call."""
        values: dict[str, Any] = {**vars(call), "direction": call.direction.value}
        self.run(KEEP, **values, phone_digest=self.digest(call.phone) if call.phone else "", now=now)

    def calls_of_ticket(self, number: str) -> list[Call]:
        """Give the calls that belong to a ticket, from the first.

        That is the contact's own call (by its number, else those from the contact's phone within a quarter of an hour around the receipt), and
        the calls made since then to the contact's phone or to the one that the customer wants to be called back on, until the ticket was closed.
        Phones are personal data: mask them before they are shown.
        """
        contact = self.row(CONTACT_OF, number=number)
        if contact is None:
            return []
        phones = [self.digest(phone) for phone in (contact["phone"], contact["callback_phone"]) if phone]
        rows = self.rows(
            OF_TICKET,
            call_id=contact["call_id"],
            phone_digest=self.digest(contact["phone"]) if contact["phone"] else NOBODY,
            digests=phones or [NOBODY],
            since=contact["received_at"] - AROUND_RECEIPT,
            until=contact["received_at"] + AROUND_RECEIPT,
            received_at=contact["received_at"],
        )
        return list(_until(contact["closed_at"], contact["call_id"], map(call_of, rows)))

    def has_call(self, number: str, since: datetime, until: datetime, direction: Direction) -> bool:
        """Say whether there was a call of a ticket between two moments: whether what is said to have been told by phone can have been."""
        return any(call.direction is direction and call.is_within(since, until) for call in self.calls_of_ticket(number))


def _until(closed_at: datetime | None, own: str, calls: Iterable[Call]) -> Iterable[Call]:
    return (one for one in calls if one.direction is Direction.IN or one.call_id == own or closed_at is None or one.started_at <= closed_at)


def call_of(row: RowMapping) -> Call:
    """Make the value from its row."""
    return Call(**{**row, "direction": Direction(row["direction"])})
