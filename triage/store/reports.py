"""Reports that were kept, which of them are due; and the rows of an audit extract (审计提取)."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from triage.store.base import Part, to_json
from triage.store.rollups import UNDER
from triage.store.search import number_on
from triage.store.sql import block

KEEP = block("""
    INSERT INTO report_files (kind, unit_code, first_on, last_on, format, name, digest, data, listed, made_by, made_at)
    VALUES (:kind, :unit_code, :first_on, :last_on, :format, :name, :digest, :data, :listed, :made_by, :made_at)
    ON CONFLICT (kind, unit_code, first_on, format) DO NOTHING""")
KEPT = block(
    f"""
    WITH RECURSIVE {UNDER}
    SELECT id, kind, unit_code, first_on, last_on, format, name, digest, made_by, made_at
    FROM report_files
    WHERE :is_everything OR unit_code IN (SELECT code FROM under)
    ORDER BY first_on DESC, id DESC
    LIMIT :most OFFSET :skip""",
    "units",
)
COUNT_KEPT = block(
    f"""
    WITH RECURSIVE {UNDER}
    SELECT COUNT(*) AS n
    FROM report_files
    WHERE :is_everything OR unit_code IN (SELECT code FROM under)""",
    "units",
)
DATA = block("""
    SELECT kind, unit_code, first_on, last_on, format, name, data, listed
    FROM report_files
    WHERE id = :id""")
NEWEST = block("""
    SELECT MAX(first_on) AS first_on
    FROM report_files
    WHERE kind = :kind AND unit_code = :unit_code AND format = :format""")
TOPMOST = block("""
    SELECT code
    FROM units
    WHERE parent_code IS NULL
    ORDER BY code""")
TICKETS = block(
    """
    SELECT tickets.number, tickets.received_at, tickets.closed_at, tickets.state, tickets.level, tickets.demand_type, tickets.topic,
        tickets.department, COALESCE(tickets.team_unit, tickets.unit_code) AS unit_code, tickets.channel, tickets.locality, tickets.is_confidential,
        tickets.is_exempt, tickets.is_malicious, tickets.returns, tickets.reopenings, tickets.chases, tickets.attempts, tickets.extensions,
        tickets.finding, tickets.satisfaction, tickets.text, tickets.reply, contacts.caller_name, contacts.address
    FROM tickets
    JOIN contacts ON contacts.id = tickets.contact_id
    WHERE tickets.number IN :numbers
    ORDER BY tickets.number""",
    "numbers",
)
STEPS = block(
    """
    SELECT ticket_number, step, watch, department, unit_code, is_by_machine, limit_text, started_at, due_at, ended_at, voided_at, is_confirmed,
        used_seconds
    FROM steps
    WHERE ticket_number IN :numbers
    ORDER BY ticket_number, id""",
    "numbers",
)
# A number begins with the day of receipt in Shanghai, so that a period is a span of numbers.
RECEIVED = block("""
    WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit_code
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)
    SELECT number
    FROM tickets
    WHERE number > :after AND number < :last AND (:unit_code = '' OR COALESCE(team_unit, unit_code) IN (SELECT code FROM under))
    ORDER BY number
    LIMIT :most""")
EXPORTED = block("""
    INSERT INTO reference_audit (happened_at, actor, table_name, row_key, before_json, after_json)
    VALUES (:now, :actor, 'exports', :row_key, 'null', :after_json)""")
EXPORTS = block("""
    SELECT happened_at, actor, after_json
    FROM reference_audit
    WHERE table_name = 'exports'
    ORDER BY id DESC
    LIMIT :most OFFSET :skip""")
COUNT_EXPORTS = block("""
    SELECT COUNT(*) AS n
    FROM reference_audit
    WHERE table_name = 'exports'""")
SNAPSHOT = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}


class Reports(Part):
    """Keeps reports once each, and reads what an extract is made of."""

    def keep_report(
        self, *, kind: str, unit_code: str, days: tuple[date, date], format: str, name: str, data: bytes, now: datetime, listed: int = 0
    ) -> bool:
        """Keep a report's file unless there is one of the same kind, unit, period and format; say whether it was kept.

        `listed` is how many of its rows name a ticket.
        """
        period = {"kind": kind, "unit_code": unit_code, "first_on": days[0], "last_on": days[1], "format": format}
        digest = hashlib.sha256(data).hexdigest()
        with self.writing():
            return self.run(KEEP, **period, name=name, digest=digest, data=data, listed=listed, made_by="schedule", made_at=now) == 1

    def kept_reports(self, unit_code: str, most: int = 100, skip: int = 0) -> Sequence[RowMapping]:
        """List the kept reports of a unit and those below it (`''`: all), the latest first, `most` of them after the first `skip`."""
        return self.rows(KEPT, units=(unit_code,), is_everything=not unit_code, most=most, skip=skip)

    def count_kept_reports(self, unit_code: str) -> int:
        """Count what `kept_reports` gives in all."""
        return int(self.value(COUNT_KEPT, units=(unit_code,), is_everything=not unit_code))

    def report_data(self, id: int) -> RowMapping | None:
        """Give a kept report: its kind, unit, days, format, name, content, and how many of its rows name a ticket."""
        return self.row(DATA, id=id)

    def newest_report(self, kind: str, unit_code: str, format: str) -> date | None:
        """Give the first day of the latest kept report, if there is any."""
        row = self.row(NEWEST, kind=kind, unit_code=unit_code, format=format)
        return row["first_on"] if row else None

    def keep_export(self, values: Mapping[str, Any], *, actor: str, now: datetime) -> None:
        """Keep in the system's trail who takes a file of what scope (see `triage/exports.py`)."""
        self.run(EXPORTED, actor=actor, row_key=f"{values['what']}.{values['format']}", after_json=to_json(dict(values)), now=now)

    def exports(self, most: int, skip: int = 0) -> list[tuple[dict[str, Any], str, datetime]]:
        """Give what was exported, by whom and when, the latest first."""
        return [(json.loads(row["after_json"]), row["actor"], row["happened_at"]) for row in self.rows(EXPORTS, most=most, skip=skip)]

    def count_exports(self) -> int:
        """Count all exports."""
        return int(self.value(COUNT_EXPORTS))

    def topmost_units(self) -> list[str]:
        """Give the units above which there is none."""
        return [row["code"] for row in self.rows(TOPMOST)]

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read everything inside as it stands at one moment; nobody who writes waits for it."""
        self.connection.exec_driver_sql(SNAPSHOT[self.connection.dialect.name])
        try:
            yield
        finally:
            self.connection.exec_driver_sql("ROLLBACK")

    def received_numbers(self, first: date, last: date, unit_code: str, *, after: str, most: int) -> list[str]:
        """Give the numbers of tickets received in a period (of a unit with all below it), the oldest first, `most` of them after a number."""
        since, until = number_on(first), number_on(last + timedelta(days=1))
        return [row["number"] for row in self.rows(RECEIVED, after=max(after, since), last=until, unit_code=unit_code, most=most)]

    def extract_tickets(self, numbers: Sequence[str]) -> Sequence[RowMapping]:
        """Give tickets with what their texts are masked by (the caller's name and address)."""
        return self.rows(TICKETS, numbers=tuple(numbers))

    def extract_steps(self, numbers: Sequence[str]) -> Sequence[RowMapping]:
        """Give the steps of tickets."""
        return self.rows(STEPS, numbers=tuple(numbers))
