"""What the dispatcher's desk reads and keeps: the waiting tickets by filter and page, recent reports with their places, a group's outage."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam

from triage.dispatching import Filter
from triage.moments import in_shanghai
from triage.store.audit import Audit
from triage.store.queries import COLUMNS, read_json, ticket_of
from triage.store.search import number_on
from triage.store.sql import block
from triage.storm import Report
from triage.tickets import Ticket

WAITS = """number IN (
            SELECT number FROM tickets WHERE state IN ('pending_review', 'returned')
            UNION
            SELECT number FROM tickets WHERE is_watched AND closed_at IS NULL)"""
UNDER = """WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)"""
CHOSEN = """(:level = '' OR level = :level) AND (:state = '' OR state = :state) AND received_at <= :until
        AND (:unit = '' OR unit_code IN (SELECT code FROM under) OR team_unit IN (SELECT code FROM under))"""
WAITING = block(f"""
    {UNDER}
    SELECT {COLUMNS}
    FROM tickets
    WHERE {WAITS}
        AND {CHOSEN}
    ORDER BY queue_rank, next_due_at NULLS LAST, number
    LIMIT :most
    OFFSET :skip""")
COUNTS = block(f"""
    {UNDER}
    SELECT level, state, COUNT(*) AS tickets
    FROM tickets
    WHERE {WAITS}
        AND {CHOSEN}
    GROUP BY level, state""")
WHY = block("""
    SELECT ticket_number, made_by, confidence, threshold, reasons_json
    FROM decisions
    WHERE ticket_number IN :numbers AND made_by <> 'taken_back'
    ORDER BY id""").bindparams(bindparam("numbers", expanding=True))
# A number begins with the day of receipt: the first of that day keeps the way from the newest back short.
REPORTS = block(f"""
    SELECT {COLUMNS},
        (SELECT customers.transformer_area
         FROM contacts
         JOIN customers ON customers.number = contacts.customer_number
         WHERE contacts.id = tickets.contact_id) AS transformer_area,
        (SELECT COALESCE(NULLIF(contacts.address, ''), customers.address, '')
         FROM contacts
         LEFT JOIN customers ON customers.number = contacts.customer_number
         WHERE contacts.id = tickets.contact_id) AS address
    FROM tickets
    WHERE number >= :first AND received_at >= :since AND state IN ('pending_review', 'returned', 'dispatched', 'accepted', 'contacted', 'arrived')
    ORDER BY number DESC
    LIMIT :most""")
HOLD = block("""
    UPDATE tickets
    SET version = version
    WHERE number = :number""")
ATTACH = block("""
    UPDATE tickets
    SET outage_number = :outage_number
    WHERE number = :number AND COALESCE(outage_number, '') <> :outage_number""")


class Dispatching(Audit):
    """Serves the dispatcher's desk."""

    def waiting(self, chosen: Filter, now: datetime, *, most: int = 200, skip: int = 0) -> list[Ticket]:
        """Give what waits for a dispatcher as the filter says, danger to life on top, then by the next deadline."""
        rows = self.rows(WAITING, **_asked(chosen, now), most=most, skip=skip)
        return [ticket_of(row) for row in rows]

    def waiting_counts(self, chosen: Filter, now: datetime) -> dict[tuple[str, str], int]:
        """Give how many wait by level and state, as the filter says."""
        return {(row["level"], row["state"]): row["tickets"] for row in self.rows(COUNTS, **_asked(chosen, now))}

    def why_waiting(self, numbers: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Give the latest decision about each ticket, one that was taken back left out."""
        rows = self.rows(WHY, numbers=list(numbers)) if numbers else ()
        return {row["ticket_number"]: read_json(row) for row in rows}

    def reports(self, since: datetime, most: int = 3000) -> list[Report]:
        """Give the tickets received since a moment that no team has finished with, the latest first, with their customers' places."""
        found = []
        for row in self.rows(REPORTS, first=number_on(in_shanghai(since).date()), since=since, most=most):
            values = dict(row)
            area, address = values.pop("transformer_area") or "", values.pop("address") or ""
            found.append(Report(ticket_of(values), area, address))
        return found

    def hold(self, numbers: Sequence[str]) -> None:
        """Keep others from changing these tickets until the transaction ends; in one order, so that two who do so never wait for each other."""
        for number in numbers:
            self.run(HOLD, number=number)

    def attach_outage(self, numbers: Sequence[str], outage_number: str, now: datetime, actor: str) -> None:
        """Write on tickets which known outage they belong to, and in their trails who said so."""
        for number in numbers:
            if self.run(ATTACH, number=number, outage_number=outage_number):
                self.append_audit(number, "attach", actor, now, detail={"outage": outage_number})


def _asked(chosen: Filter, now: datetime) -> dict[str, Any]:
    return {"level": chosen.level, "state": chosen.state, "unit": chosen.unit, "until": now - timedelta(minutes=chosen.age)}
