"""Demands on the grid by transformer area (台区): counted by topic, hour and month, and listed; no customer leaves the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from triage.store.base import Part
from triage.store.facts import SOURCES, select
from triage.store.rollups import EVERYTHING, UNDER, Wanted
from triage.store.sql import block

RECEIVED = next(source for source in SOURCES if source.name == "received")
UNIT = RECEIVED.unit
NARROWED = f""" AND tickets.received_at >= :since AND tickets.received_at < :until AND tickets.topic IN :topics
        AND (:is_everything OR {UNIT} IN (SELECT code FROM under))"""
OF_CUSTOMER = """COALESCE((
        SELECT customers.{}
        FROM contacts
        JOIN customers ON customers.number = contacts.customer_number
        WHERE contacts.id = tickets.contact_id), '')"""
COLUMNS = {
    "happened_at": "tickets.received_at",
    "state": "tickets.state",
    "level": "tickets.level",
    "area": OF_CUSTOMER.format("transformer_area"),
    "area_unit": OF_CUSTOMER.format("unit_code"),
}
SQLITE = select(RECEIVED, "sqlite", NARROWED, columns=COLUMNS)
POSTGRESQL = select(RECEIVED, "postgresql", NARROWED, columns=COLUMNS)
MONTH = "substr(CAST(day_on AS VARCHAR(10)), 6, 2)"
LISTS = ("units", "topics", "hours", "months")
COUNT = f"WITH RECURSIVE {UNDER} SELECT area, area_unit, topic, trait AS hour, {MONTH} AS month, SUM(n) AS n"
GROUPED = f"GROUP BY area, area_unit, topic, trait, {MONTH}"
LIST = f"WITH RECURSIVE {UNDER} SELECT facts.*"
NAMED = f"""WHERE area = :area AND area_unit = :area_unit AND trait IN :hours AND {MONTH} IN :months
    ORDER BY happened_at, ticket_number"""
COUNTS = {
    "sqlite": block(f"{COUNT} FROM ({SQLITE}) AS facts {GROUPED}", *LISTS),
    "postgresql": block(f"{COUNT} FROM ({POSTGRESQL}) AS facts {GROUPED}", *LISTS),
}
LISTED = {
    "sqlite": block(f"{LIST} FROM ({SQLITE}) AS facts {NAMED}", *LISTS),
    "postgresql": block(f"{LIST} FROM ({POSTGRESQL}) AS facts {NAMED}", *LISTS),
}


class Demand(Part):
    """Counts and lists the tickets of some topics by the transformer area of their customer."""

    def demand_rows(self, wanted: Wanted, topics: Sequence[str]) -> Sequence[RowMapping]:
        """Count the tickets of topics by area and its unit (empty where nobody knows them), topic, hour and month (two digits, Shanghai)."""
        return self.rows(COUNTS[self.connection.dialect.name], **_given(wanted, topics))

    def demand_list(
        self, wanted: Wanted, topics: Sequence[str], place: tuple[str, str], hours: Sequence[str], months: Sequence[str]
    ) -> Sequence[RowMapping]:
        """List exactly the tickets behind such counts of one area and its unit, from the earliest."""
        given = {"area": place[0], "area_unit": place[1], "hours": tuple(hours), "months": tuple(months)}
        return self.rows(LISTED[self.connection.dialect.name], **_given(wanted, topics), **given)


def _given(wanted: Wanted, topics: Sequence[str]) -> dict[str, Any]:
    is_everything = EVERYTHING in wanted.units
    return {"since": wanted.since, "until": wanted.until, "topics": tuple(topics), "units": wanted.units, "is_everything": is_everything}
