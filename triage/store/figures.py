"""Figures from the steps: counted from the rows that a list of the same name gives, so that every figure opens down to its tickets."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from triage.store.base import Part
from triage.store.sql import block

DUE = """
    FROM steps
    JOIN tickets ON tickets.number = steps.ticket_number
    WHERE steps.watch = :watch AND steps.due_at >= :since AND steps.due_at < :until AND steps.red_at <= :now
        AND steps.voided_at IS NULL AND NOT tickets.is_exempt AND tickets.state NOT IN ('merged', 'withdrawn')"""
MET = "steps.ended_at IS NOT NULL AND steps.ended_at < steps.red_at"
TIMELINESS = block(f"""
    SELECT steps.step, steps.department, steps.is_by_machine, COUNT(*) AS due,
        SUM(CASE WHEN {MET} THEN 1 ELSE 0 END) AS met,
        SUM(CASE WHEN steps.ended_at IS NULL THEN 1 ELSE 0 END) AS still_open {DUE}
    GROUP BY steps.step, steps.department, steps.is_by_machine
    ORDER BY steps.step, steps.department, steps.is_by_machine""")
NARROWED = f"""{DUE}
        AND (:step = '' OR steps.step = :step)
        AND (:department = '' OR steps.department = :department OR (:department = '-' AND steps.department IS NULL))
        AND (:machine = '' OR (:machine = 'yes' AND steps.is_by_machine) OR (:machine = 'no' AND NOT steps.is_by_machine))
        AND (:met = '' OR (:met = 'yes' AND {MET}) OR (:met = 'no' AND NOT ({MET})) OR (:met = 'open' AND steps.ended_at IS NULL))"""
TICKETS = block(f"""
    SELECT steps.ticket_number, steps.step, steps.department, steps.unit_code, steps.is_by_machine, steps.limit_text, steps.started_at,
        steps.due_at, steps.ended_at, steps.is_confirmed, tickets.state, tickets.topic, tickets.demand_type, tickets.level,
        CASE WHEN {MET} THEN TRUE ELSE FALSE END AS is_met {NARROWED}
    ORDER BY steps.due_at, steps.ticket_number, steps.id
    LIMIT :most OFFSET :skip""")
HOW_MANY = block(f"""
    SELECT COUNT(*) {NARROWED}""")


class Figures(Part):
    """Counts steps and lists them."""

    def timeliness_rows(self, watch: str, since: datetime, until: datetime, now: datetime) -> Sequence[RowMapping]:
        """Count, by step, department and human or machine, the steps that fell due in [since, until) and by now: all, met, still open."""
        return self.rows(TIMELINESS, watch=watch, since=since, until=until, now=now)

    def timeliness_tickets(
        self, watch: str, since: datetime, until: datetime, now: datetime, narrowed: Mapping[str, str], *, most: int, skip: int
    ) -> Sequence[RowMapping]:
        """List exactly the steps that a figure counts, a page at a time; `machine` and `met` are `yes`, `no` or
        empty for both, `met` also `open` for those that are not ended yet."""
        return self.rows(TICKETS, watch=watch, since=since, until=until, now=now, most=most, skip=skip, **narrowed)

    def count_timeliness_tickets(self, watch: str, since: datetime, until: datetime, now: datetime, narrowed: Mapping[str, str]) -> int:
        """Count the rows of that list over all its pages."""
        return int(self.value(HOW_MANY, watch=watch, since=since, until=until, now=now, **narrowed))
