"""The customers as an agent looks them up, what they called for, who looked; what waits beside the callbacks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from triage.customers import CustomerRecord
from triage.store.base import Part, to_json
from triage.store.queries import COLUMNS as TICKET_COLUMNS
from triage.store.queries import ticket_of
from triage.store.sql import block
from triage.terms import Locality
from triage.tickets import Ticket

COLUMNS = "number, name, phone, address, unit_code, locality, transformer_area, key_kind"
BY_NUMBER = block(f"""
    SELECT {COLUMNS}
    FROM customers
    WHERE number = :number""")
# A phone leads to the records that hold it, and to those whose number was given in calls from it; confidential calls lead nowhere.
BY_DIGITS = block(f"""
    SELECT {COLUMNS}
    FROM customers
    WHERE number IN (
        SELECT number FROM customers WHERE number = :digits
        UNION
        SELECT number FROM customers WHERE phone = :digits
        UNION
        SELECT customer_number FROM contacts WHERE phone_digest = :phone_digest AND customer_number <> '' AND NOT is_confidential)
    ORDER BY number
    LIMIT :most""")
BY_NAME = block(f"""
    SELECT {COLUMNS}
    FROM customers
    WHERE name LIKE :pattern ESCAPE '!'
    ORDER BY name, number
    LIMIT :most""")
OF_CUSTOMER = block(f"""
    SELECT {TICKET_COLUMNS}
    FROM tickets
    WHERE contact_id IN (
            SELECT id FROM contacts WHERE customer_number = :number
            UNION
            SELECT id FROM contacts WHERE :phone_digest <> '' AND phone_digest = :phone_digest AND customer_number = '')
        AND (received_at >= :since OR state NOT IN ('closed', 'answered', 'referred', 'merged', 'withdrawn'))
    ORDER BY received_at DESC, number DESC
    LIMIT :most""")
# By the index of the team's queue: only what is open at one team is read, whatever the whole country keeps.
OF_TEAM = block(f"""
    SELECT {TICKET_COLUMNS}
    FROM tickets
    WHERE department = :department AND team_unit = :team_unit AND state IN ('pending_review', 'dispatched', 'accepted', 'contacted', 'arrived')
        AND unit_code = :unit_code AND topic = :topic AND received_at >= :since AND NOT is_confidential
    ORDER BY received_at DESC, number DESC
    LIMIT :most""")
LOOKED = block("""
    INSERT INTO reference_audit (happened_at, actor, table_name, row_key, before_json, after_json)
    VALUES (:now, :actor, 'customers', :row_key, 'null', :after_json)""")
LOOK_UPS = block("""
    SELECT happened_at, actor, row_key, after_json
    FROM reference_audit
    WHERE table_name = 'customers'
    ORDER BY id DESC
    LIMIT :most""")
# The callbacks' queue beside its tickets: where to call, and what was tried.
CALLBACK_PHONES = block("""
    SELECT tickets.number, contacts.caller_name, contacts.callback_phone, contacts.relation,
        COALESCE(NULLIF(contacts.phone, ''), customers.phone, '') AS phone
    FROM tickets
    JOIN contacts ON contacts.id = tickets.contact_id
    LEFT JOIN customers ON customers.number = contacts.customer_number
    WHERE tickets.state IN ('reviewed', 'called_back')""")
CALLBACK_ATTEMPTS = block("""
    SELECT callback_attempts.ticket_number, callback_attempts.result, callback_attempts.tried_at
    FROM tickets
    JOIN callback_attempts ON callback_attempts.ticket_number = tickets.number
    WHERE tickets.state = 'reviewed'
    ORDER BY callback_attempts.tried_at, callback_attempts.id""")


class Customers(Part):
    """Finds customers and what belongs to them, and keeps who looked."""

    def find_customer(self, number: str) -> CustomerRecord | None:
        """Give a customer's record, if there is one of that number."""
        row = self.row(BY_NUMBER, number=number)
        return _record(row) if row else None

    def customers_by_digits(self, digits: str, most: int) -> list[CustomerRecord]:
        """Give the customers of a customer number or a phone, the phone of earlier calls included."""
        return [_record(row) for row in self.rows(BY_DIGITS, digits=digits, phone_digest=self.digest(digits), most=most)]

    def customers_by_name(self, name: str, most: int) -> list[CustomerRecord]:
        """Give the customers whose name begins so."""
        pattern = "".join(f"!{character}" if character in "!%_" else character for character in name)
        return [_record(row) for row in self.rows(BY_NAME, pattern=f"{pattern}%", most=most)]

    def tickets_of_customer(self, customer: CustomerRecord, since: datetime, most: int = 50) -> list[Ticket]:
        """Give a customer's tickets that are open or were received since a moment, the latest first.

        Calls from the record's phone in which no customer number was given count too.
        """
        digest = self.digest(customer.phone) if customer.phone else ""
        return [ticket_of(row) for row in self.rows(OF_CUSTOMER, number=customer.number, phone_digest=digest, since=since, most=most)]

    def open_tickets_like(self, department: str, team_unit: str, unit_code: str, topic: str, since: datetime, most: int = 50) -> list[Ticket]:
        """Give the open tickets of one unit and topic at its team, received since a moment, the latest first; no confidential one."""
        found = self.rows(OF_TEAM, department=department, team_unit=team_unit, unit_code=unit_code, topic=topic, since=since, most=most)
        return [ticket_of(row) for row in found]

    def keep_look_up(self, actor: str, values: Sequence[str], by: str, found: int, now: datetime) -> None:
        """Keep that somebody looked somebody up: for each value (a number, a phone, a name) its keyed digest, never the value."""
        with self.writing():
            for value in dict.fromkeys(values):
                self.run(LOOKED, actor=actor, row_key=self.digest(value), after_json=to_json({"by": by, "found": found}), now=now)

    def look_ups(self, most: int = 200) -> Sequence[RowMapping]:
        """Give who looked customers up, the latest first."""
        return self.rows(LOOK_UPS, most=most)

    def callback_phones(self) -> dict[str, RowMapping]:
        """Give for each ticket to be called back or closed where to call; it is full personal data: mask it before it is shown."""
        return {row["number"]: row for row in self.rows(CALLBACK_PHONES)}

    def callback_attempts(self) -> dict[str, list[RowMapping]]:
        """Give for each ticket to be called back the calls that did not reach the customer, from the first."""
        tried: dict[str, list[RowMapping]] = {}
        for row in self.rows(CALLBACK_ATTEMPTS):
            tried.setdefault(row["ticket_number"], []).append(row)
        return tried


def _record(row: RowMapping) -> CustomerRecord:
    return CustomerRecord(**{**row, "locality": Locality(row["locality"]) if row["locality"] else None})
