"""The customers as an agent looks them up, what they called for, who looked; what waits beside the callbacks."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import RowMapping

from triage.customers import CustomerRecord
from triage.store.base import Part, to_json
from triage.store.engine import busy_is_said
from triage.store.queries import COLUMNS as TICKET_COLUMNS
from triage.store.queries import ticket_of
from triage.store.sql import block
from triage.terms import Locality, Supply
from triage.tickets import Ticket

COLUMNS = "number, name, phone, address, unit_code, locality, transformer_area, key_kind, supply, supply_since_on, imported_at"
KEPT = ("number", "name", "phone", "address", "unit_code", "transformer_area", "key_kind", "supply_since_on")
BY_NUMBER = block(f"""
    SELECT {COLUMNS}
    FROM customers
    WHERE number = :number""")
BY_NUMBERS = block(
    f"""
    SELECT {COLUMNS}
    FROM customers
    WHERE number IN :numbers""",
    "numbers",
)
KEEP = block("""
    INSERT INTO customers (number, name, phone, address, unit_code, locality, transformer_area, key_kind, supply, supply_since_on, imported_at)
    VALUES (:number, :name, :phone, :address, :unit_code, :locality, :transformer_area, :key_kind, :supply, :supply_since_on, :now)
    ON CONFLICT (number) DO UPDATE SET name = excluded.name, phone = excluded.phone, address = excluded.address, unit_code = excluded.unit_code,
        locality = excluded.locality, transformer_area = excluded.transformer_area, key_kind = excluded.key_kind, supply = excluded.supply,
        supply_since_on = excluded.supply_since_on, imported_at = excluded.imported_at""")
UNIT_COUNT = block("""
    SELECT customers, source
    FROM unit_customers
    WHERE unit_code = :unit_code AND as_of_on = :as_of_on""")
KEEP_UNIT_COUNT = block("""
    INSERT INTO unit_customers (unit_code, as_of_on, customers, source, imported_at)
    VALUES (:unit_code, :as_of_on, :customers, :source, :now)
    ON CONFLICT (unit_code, as_of_on) DO UPDATE SET customers = excluded.customers, source = excluded.source, imported_at = excluded.imported_at""")
IMPORTED = block("""
    INSERT INTO reference_audit (happened_at, actor, table_name, row_key, before_json, after_json)
    VALUES (:now, :actor, :table_name, :row_key, 'null', :after_json)""")
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

    def customers_of(self, numbers: Sequence[str]) -> dict[str, CustomerRecord]:
        """Give the records of those customer numbers that have one."""
        return {row["number"]: _record(row) for row in self.rows(BY_NUMBERS, numbers=list(numbers))} if numbers else {}

    def keep_customers(self, customers: Sequence[CustomerRecord], now: datetime) -> None:
        """Keep records as a file says they are, new ones and others; `now` becomes the moment at which a file said so."""
        rows = [
            {name: getattr(one, name) for name in KEPT} | {"locality": one.locality or "", "supply": one.supply.value, "now": now}
            for one in customers
        ]
        if rows:
            with self.writing(), busy_is_said():
                self.connection.execute(KEEP, rows)

    def unit_count(self, unit_code: str, as_of_on: date) -> tuple[int, str] | None:
        """Give how many customers a unit had on a day, and who says so, if a file said it for that very day."""
        row = self.row(UNIT_COUNT, unit_code=unit_code, as_of_on=as_of_on)
        return (row["customers"], row["source"]) if row else None

    def keep_unit_count(self, unit_code: str, as_of_on: date, customers: int, source: str, now: datetime) -> None:
        """Keep how many customers a unit had on a day, in place of what was said for that day before."""
        self.run(KEEP_UNIT_COUNT, unit_code=unit_code, as_of_on=as_of_on, customers=customers, source=source, now=now)

    def keep_import(self, table: str, file_name: str, counts: Mapping[str, int], *, actor: str, now: datetime) -> None:
        """Keep who brought rows of a file in and how many; of its name, which may hold a person's, a keyed digest."""
        self.run(IMPORTED, actor=actor, table_name=f"{table}_file", row_key=self.digest(file_name), after_json=to_json(dict(counts)), now=now)

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
    return CustomerRecord(**{**row, "locality": Locality(row["locality"]) if row["locality"] else None, "supply": Supply(row["supply"])})
