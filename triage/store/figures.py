"""Figures from the steps: counted from the rows that a list of the same name gives, so that every figure opens down to its tickets."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import RowMapping

from triage.store.base import Part
from triage.store.facts import SAID, open_ages
from triage.store.rollups import UNDER as UNDER_UNITS
from triage.store.sql import block

DUE = """
    FROM steps
    JOIN tickets ON tickets.number = steps.ticket_number
    WHERE steps.watch = :watch AND steps.due_at >= :since AND steps.due_at < :until AND steps.red_at <= :now
        AND steps.voided_at IS NULL AND NOT tickets.is_exempt AND tickets.state NOT IN ('merged', 'withdrawn')"""
MET = "steps.ended_at IS NOT NULL AND steps.ended_at < steps.red_at"
NARROWED = f"""{DUE}
        AND (:step = '' OR steps.step = :step)
        AND (:department = '' OR steps.department = :department OR (:department = '-' AND steps.department IS NULL))
        AND (:machine = '' OR (:machine = 'yes' AND steps.is_by_machine) OR (:machine = 'no' AND NOT steps.is_by_machine))
        AND (:met = '' OR (:met = 'yes' AND {MET}) OR (:met = 'no' AND NOT ({MET})) OR (:met = 'open' AND steps.ended_at IS NULL))"""
LISTED = f"""SELECT steps.ticket_number, steps.step, steps.department, steps.unit_code, steps.is_by_machine, steps.limit_text, steps.started_at,
        steps.due_at, steps.ended_at, steps.is_confirmed, tickets.state, tickets.topic, tickets.demand_type, tickets.level,
        CASE WHEN {MET} THEN TRUE ELSE FALSE END AS is_met {NARROWED}"""
PAGE = """
    ORDER BY steps.due_at, steps.ticket_number, steps.id
    LIMIT :most OFFSET :skip"""

METRICS = block("""
    SELECT code, name, maturity_days, basis, source
    FROM metrics""")
UNDER = """WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE (:unit_code = '' AND parent_code IS NULL) OR code = :unit_code
        UNION
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)"""
OF_UNIT = """
        AND (steps.unit_code IN (SELECT code FROM under)
            OR steps.unit_code IS NULL AND COALESCE(tickets.team_unit, tickets.unit_code, '') IN (SELECT code FROM under))"""
TICKETS = block(f"""
    {LISTED}{PAGE}""")
TICKETS_OF_UNIT = block(f"""
    {UNDER}
    {LISTED}{OF_UNIT}{PAGE}""")
HOW_MANY = block(f"""
    SELECT COUNT(*) {NARROWED}""")
HOW_MANY_OF_UNIT = block(f"""
    {UNDER}
    SELECT COUNT(*) {NARROWED}{OF_UNIT}""")
# A unit's own count; where nobody gave one, the sum of those right below it that have one.
SERVED = block("""
    SELECT SUM(customers) AS customers, MAX(as_of_on) AS as_of_on
    FROM unit_customers
    WHERE as_of_on <= :last_on AND (unit_code = :unit_code OR (:is_below AND unit_code IN (
            SELECT code FROM units WHERE parent_code = :unit_code OR (:unit_code = '' AND parent_code IS NULL))))
        AND NOT EXISTS (
            SELECT 1
            FROM unit_customers AS later
            WHERE later.unit_code = unit_customers.unit_code AND later.as_of_on > unit_customers.as_of_on AND later.as_of_on <= :last_on)
    HAVING COUNT(*) > 0""")

OPEN = "tickets.state NOT IN ('closed', 'answered', 'referred', 'merged', 'withdrawn') AND tickets.next_due_at IS NOT NULL"
COUNT_OPEN = block(
    f"""
    WITH RECURSIVE {UNDER_UNITS}
    SELECT SUM(CASE WHEN red_at <= :now THEN 1 ELSE 0 END) AS red, SUM(CASE WHEN red_at > :now AND yellow_at <= :now THEN 1 ELSE 0 END) AS yellow,
        SUM(CASE WHEN red_at > :now AND yellow_at > :now THEN 1 ELSE 0 END) AS green,
        SUM(CASE WHEN red_at > :now AND red_at < :until THEN 1 ELSE 0 END) AS red_today
    FROM tickets
    WHERE {OPEN} AND (:is_everything OR COALESCE(tickets.team_unit, tickets.unit_code, '') IN (SELECT code FROM under))""",
    "units",
)
LIST_OPEN = block(
    f"""
    WITH RECURSIVE {UNDER_UNITS}
    SELECT number, received_at, state, level, topic, demand_type, department, COALESCE(team_unit, unit_code) AS unit_code, next_step, next_due_at,
        yellow_at, red_at
    FROM tickets
    WHERE {OPEN} AND (:is_everything OR COALESCE(tickets.team_unit, tickets.unit_code, '') IN (SELECT code FROM under))
        AND (:zone IN ('', 'red') AND red_at <= :now
            OR :zone IN ('', 'yellow') AND red_at > :now AND yellow_at <= :now
            OR :zone IN ('', 'green') AND red_at > :now AND yellow_at > :now
            OR :zone = 'red_today' AND red_at > :now AND red_at < :until)
    ORDER BY red_at, number
    LIMIT :most OFFSET :skip""",
    "units",
)
OPEN_AGES = {engine: block(open_ages(engine), "units") for engine in SAID}


class Figures(Part):
    """Counts steps and lists them; and what figures are set against."""

    def maturity_days(self) -> dict[str, int]:
        """Give how many days an event must be old before each metric judges it."""
        return {code: int(row["maturity_days"]) for code, row in self.metric_rows().items()}

    def metric_rows(self) -> dict[str, RowMapping]:
        """Give the metrics by code: name, how old an event must be, what that rests on."""
        return {row["code"]: row for row in self.rows(METRICS)}

    def customers_served(self, unit_code: str, last_on: date) -> tuple[int, date] | None:
        """Give how many customers a unit serves (`''`: all units) by the latest count up to a day, and of which day that is; None: nobody gave it."""
        for is_below in (False, True):
            row = self.row(SERVED, unit_code=unit_code, last_on=last_on, is_below=is_below)
            if row is not None:
                return int(row["customers"]), row["as_of_on"]
        return None

    def count_open(self, units: Sequence[str], now: datetime, until: datetime) -> RowMapping:
        """Count the open tickets of units and those below by zone, and those that turn red before a moment (`''`: all units)."""
        row = self.row(COUNT_OPEN, units=tuple(units), now=now, until=until, is_everything="" in units)
        assert row is not None
        return row

    def list_open(self, units: Sequence[str], zone: str, now: datetime, until: datetime, *, most: int, skip: int) -> Sequence[RowMapping]:
        """List exactly the tickets that a number of `count_open` counts: of a zone, `red_today`, or empty for the three zones together."""
        given = {"units": tuple(units), "is_everything": "" in units, "zone": zone, "now": now, "until": until}
        return self.rows(LIST_OPEN, **given, most=most, skip=skip)

    def open_ages(self, watch: str, step: str, units: Sequence[str], since: datetime, until: datetime, now: datetime) -> list[tuple[float, int]]:
        """Give how long the steps have run that fell due in [since, until) and by now and are still open: seconds, and how many have run so long."""
        given = {"watch": watch, "step": step, "units": tuple(units), "is_everything": "" in units}
        found = self.rows(OPEN_AGES[self.connection.dialect.name], **given, since=since, until=until, now=now)
        return [(float(row["age"]), int(row["many"])) for row in found]

    def timeliness_tickets(
        self, watch: str, since: datetime, until: datetime, now: datetime, narrowed: Mapping[str, str], *, unit_code: str, most: int, skip: int
    ) -> Sequence[RowMapping]:
        """List exactly the steps of a unit and all below it (`''`: all units, and none) that a figure counts, a page at a time.

        `machine` and `met` are `yes`, `no` or empty for both, `met` also `open` for those that are not ended yet.
        """
        given = {"watch": watch, "since": since, "until": until, "now": now, "most": most, "skip": skip, **narrowed}
        return self.rows(TICKETS_OF_UNIT, unit_code=unit_code, **given) if unit_code else self.rows(TICKETS, **given)

    def count_timeliness_tickets(
        self, watch: str, since: datetime, until: datetime, now: datetime, narrowed: Mapping[str, str], *, unit_code: str
    ) -> int:
        """Count the rows of that list over all its pages."""
        given = {"watch": watch, "since": since, "until": until, "now": now, **narrowed}
        return int(self.value(HOW_MANY_OF_UNIT, unit_code=unit_code, **given) if unit_code else self.value(HOW_MANY, **given))
