"""Samples for audit: the frame that they are drawn from, and what was drawn."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import RowMapping

from triage.errors import NotFound
from triage.samples import Candidate, Drawn, Sample, plan_of, plan_text
from triage.store.base import Part, to_json
from triage.store.sql import block
from triage.terms import Risk
from triage.wording import say

OVERDUE = """SELECT 1 FROM steps WHERE steps.ticket_number = tickets.number AND steps.watch = 'customer' AND steps.voided_at IS NULL
            AND steps.ended_at >= steps.red_at"""
ATTENDED = "SELECT 1 FROM decisions WHERE decisions.ticket_number = tickets.number AND decisions.attention_json <> '[]'"
FRAME = block(f"""
    WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit_code
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)
    SELECT number, unit_code, level, satisfaction, returns, reopenings, chases,
        CASE WHEN EXISTS ({OVERDUE}) THEN TRUE ELSE FALSE END AS is_overdue,
        CASE WHEN EXISTS ({ATTENDED}) THEN TRUE ELSE FALSE END AS has_attention
    FROM tickets
    WHERE closed_at >= :since AND closed_at < :until AND state IN ('closed', 'answered', 'referred')
        AND (unit_code IN (SELECT code FROM under)
            OR (unit_code IS NULL AND EXISTS (SELECT 1 FROM units WHERE code = :unit_code AND parent_code IS NULL)))
    ORDER BY number""")
BELOW = block("""
    WITH RECURSIVE under(code, top) AS (
        SELECT code, code FROM units WHERE parent_code = :unit_code
        UNION ALL
        SELECT units.code, under.top FROM units JOIN under ON units.parent_code = under.code)
    SELECT code, top
    FROM under""")
ADD = block("""
    INSERT INTO samples (name, seed, unit_code, first_on, last_on, size, plan_json, made_by, made_at)
    VALUES (:name, :seed, :unit_code, :first_on, :last_on, :size, :plan_json, :made_by, :made_at)
    RETURNING id""")
ADD_TICKET = block("""
    INSERT INTO sample_tickets (sample_id, ticket_number, unit_code, risk, weight)
    VALUES (:sample_id, :ticket_number, :unit_code, :risk, :weight)""")
COLUMNS = "id, name, seed, unit_code, first_on, last_on, size, plan_json, made_by, made_at"
ONE = block(f"""
    SELECT {COLUMNS}
    FROM samples
    WHERE id = :id""")
LATEST = block(f"""
    SELECT {COLUMNS}
    FROM samples
    ORDER BY id DESC
    LIMIT :most OFFSET :skip""")
COUNT = block("""
    SELECT COUNT(*) AS n
    FROM samples""")
TICKETS = block("""
    SELECT ticket_number, unit_code, risk, weight
    FROM sample_tickets
    WHERE sample_id = :sample_id AND (:ticket_number = '' OR ticket_number = :ticket_number)
    ORDER BY ticket_number""")


class Samples(Part):
    """Keeps samples."""

    def sample_frame(self, unit_code: str, since: datetime, until: datetime) -> list[Candidate]:
        """Give the tickets that ended in [since, until) in a unit or below it; those of no unit belong to the unit that has none above it."""
        rows = self.rows(FRAME, unit_code=unit_code, since=since, until=until)
        return [Candidate(**{**row, "has_attention": bool(row["has_attention"])}) for row in rows]

    def units_below(self, unit_code: str) -> dict[str, str]:
        """Give for each unit below a unit the one directly below it that it belongs to."""
        return {row["code"]: row["top"] for row in self.rows(BELOW, unit_code=unit_code)}

    def keep_sample(self, sample: Sample, drawn: Iterable[Drawn]) -> int:
        """Keep a sample with its tickets and give its number."""
        values = {name: value for name, value in vars(sample).items() if name not in ("id", "plan")}
        with self.writing():
            id = int(self.value(ADD, **values, plan_json=to_json(plan_text(sample.plan))))
            for one in drawn:
                self.run(ADD_TICKET, sample_id=id, **{**vars(one), "risk": one.risk.value})
        return id

    def sample(self, id: int) -> Sample:
        """Give a sample.

        Raises:
            NotFound: there is none of that number.
        """
        row = self.row(ONE, id=id)
        if row is None:
            raise NotFound(say("There is no such sample"))
        return sample_of(row)

    def latest_samples(self, most: int = 100, skip: int = 0) -> list[Sample]:
        """Give the samples, the latest first, `most` of them after the first `skip`."""
        return [sample_of(row) for row in self.rows(LATEST, most=most, skip=skip)]

    def count_samples(self) -> int:
        """Count all samples."""
        return int(self.value(COUNT))

    def sample_tickets(self, sample_id: int) -> list[Drawn]:
        """Give the tickets of a sample in the order of their numbers."""
        return [Drawn(**{**row, "risk": Risk(row["risk"])}) for row in self.rows(TICKETS, sample_id=sample_id, ticket_number="")]

    def sample_ticket(self, sample_id: int, ticket_number: str) -> Drawn:
        """Give one ticket of a sample.

        Raises:
            NotFound: the sample has no such ticket.
        """
        row = self.row(TICKETS, sample_id=sample_id, ticket_number=ticket_number or "-")
        if row is None:
            raise NotFound(say("This ticket is not in the sample"))
        return Drawn(**{**row, "risk": Risk(row["risk"])})


def sample_of(row: RowMapping) -> Sample:
    """Make the value from its row."""
    return Sample(**{name: value for name, value in row.items() if name != "plan_json"}, plan=plan_of(row["plan_json"]))
