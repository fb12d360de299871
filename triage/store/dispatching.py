"""What the dispatcher's desk reads and keeps: the waiting tickets by filter and page, recent reports with their places, a group's outage."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam

from triage.dispatching import Filter
from triage.moments import in_shanghai
from triage.store.audit import Audit
from triage.store.queries import COLUMNS, Queries, read_json, ticket_of
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
# From one ticket on, in the order in which the queues stand (a ticket without a deadline comes last).
HERE = """here AS (
        SELECT queue_rank AS here_rank, next_due_at AS here_at, number AS here_number
        FROM tickets
        WHERE number = :start)"""
ONWARD = """(queue_rank > here_rank OR queue_rank = here_rank AND (
            next_due_at > here_at OR next_due_at IS NULL AND here_at IS NOT NULL
            OR (next_due_at = here_at OR next_due_at IS NULL AND here_at IS NULL) AND number >= here_number))"""
WAITING_FROM = block(f"""
    {UNDER},
    {HERE}
    SELECT {COLUMNS}
    FROM tickets
    CROSS JOIN here
    WHERE {WAITS}
        AND {CHOSEN}
        AND {ONWARD}
    ORDER BY queue_rank, next_due_at NULLS LAST, number
    LIMIT :most""")
REPLIES_FROM = block(f"""
    WITH {HERE}
    SELECT {COLUMNS}
    FROM tickets
    CROSS JOIN here
    WHERE state = 'resolved'
        AND {ONWARD}
    ORDER BY queue_rank, next_due_at NULLS LAST, number
    LIMIT :most""")
REPLIES = block("""
    SELECT COUNT(*) AS tickets
    FROM tickets
    WHERE state = 'resolved'""")
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
OUTAGE_OF = block("""
    SELECT outage_number
    FROM tickets
    WHERE number = :number""")
DETACH = block("""
    UPDATE tickets
    SET outage_number = :was
    WHERE number = :number AND outage_number = :outage_number""")
ATTACHED = block("""
    SELECT detail_json
    FROM audit
    WHERE ticket_number = :number AND action = 'attach' AND actor = :actor AND happened_at = :since
    ORDER BY seq DESC
    LIMIT 1""")
LAST_MERGE = block("""
    SELECT happened_at
    FROM audit
    WHERE ticket_number = :number AND action = 'absorb' AND actor = :actor
    ORDER BY seq DESC
    LIMIT 1""")
MERGED_AT = block("""
    SELECT action, happened_at, detail_json
    FROM audit
    WHERE ticket_number = :number AND actor = :actor
        AND (action = 'absorb' AND happened_at = :since OR action = 'give_back' AND happened_at >= :since)
    ORDER BY seq""")


class Dispatching(Queries, Audit):
    """Serves the dispatcher's desk."""

    def waiting(self, chosen: Filter, now: datetime, *, most: int = 200, skip: int = 0) -> list[Ticket]:
        """Give what waits for a dispatcher as the filter says, danger to life on top, then by the next deadline."""
        rows = self.rows(WAITING, **_asked(chosen, now), most=most, skip=skip)
        return [ticket_of(row) for row in rows]

    def waiting_counts(self, chosen: Filter, now: datetime) -> dict[tuple[str, str], int]:
        """Give how many wait by level and state, as the filter says."""
        return {(row["level"], row["state"]): row["tickets"] for row in self.rows(COUNTS, **_asked(chosen, now))}

    def waiting_from(self, start: str, chosen: Filter, now: datetime, most: int) -> list[Ticket]:
        """Give what waits from one ticket on, and then what stands before it; from the top where that one does not wait (any more)."""
        ahead = self.rows(WAITING_FROM, **_asked(chosen, now), start=start, most=most) if start else ()
        return _around(start, [ticket_of(row) for row in ahead], self.waiting(chosen, now, most=most), most)

    def replies_from(self, start: str, most: int) -> list[Ticket]:
        """Give the replies to be checked from one ticket on, and then those before it; from the top where that one is not among them."""
        ahead = self.rows(REPLIES_FROM, start=start, most=most) if start else ()
        return _around(start, [ticket_of(row) for row in ahead], self.review_queue(most), most)

    def count_replies(self) -> int:
        """Give how many replies wait to be checked."""
        return int(self.value(REPLIES) or 0)

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
            was = self.value(OUTAGE_OF, number=number)
            if self.run(ATTACH, number=number, outage_number=outage_number):
                self.append_audit(number, "attach", actor, now, detail={"outage": outage_number, "was": was or ""})

    def detach_outage(self, number: str, at: datetime, now: datetime, actor: str) -> None:
        """Take back that the user wrote an outage on a ticket at a moment, unless another one stands there since."""
        row = self.row(ATTACHED, number=number, actor=actor, since=at)
        detail = json.loads(row["detail_json"]) if row else {}
        if "was" in detail and self.run(DETACH, number=number, outage_number=detail["outage"], was=detail["was"] or None):
            self.append_audit(number, "detach", actor, now, detail={"outage": detail["outage"]})

    def last_merge(self, parent: str, actor: str) -> datetime | None:
        """Give when a user last merged tickets into one; None where that never was."""
        row = self.row(LAST_MERGE, number=parent, actor=actor)
        return row["happened_at"] if row else None

    def merged_at(self, parent: str, actor: str, at: datetime) -> dict[str, bool]:
        """Give what a user merged into a ticket at a moment, in its order, and whether it is so still: it may have been taken back."""
        found: dict[str, bool] = {}
        for row in self.rows(MERGED_AT, number=parent, actor=actor, since=at):
            detail = json.loads(row["detail_json"])
            if row["action"] == "absorb":
                found[detail["child"]] = True
            elif detail["child"] in found and datetime.fromisoformat(detail["merged_at"]) == at:
                found[detail["child"]] = False
        return found


def _around(start: str, ahead: Sequence[Ticket], top: Sequence[Ticket], most: int) -> list[Ticket]:
    """Join what stands from a ticket on with what stands at the top, each once."""
    line = list(ahead) if ahead and ahead[0].number == start else []
    there = {ticket.number for ticket in line}
    return [*line, *(ticket for ticket in top if ticket.number not in there)][:most]


def _asked(chosen: Filter, now: datetime) -> dict[str, Any]:
    return {"level": chosen.level, "state": chosen.state, "unit": chosen.unit, "until": now - timedelta(minutes=chosen.age)}
