"""Imported surveys of satisfaction, and the answers on return visits by whether the work had been in time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from triage.store.base import Part
from triage.store.facts import SOURCES, select
from triage.store.rollups import EVERYTHING, UNDER, Wanted
from triage.store.sql import block

COLUMNS = "unit_code, scope, method, question, first_on, last_on, answers, satisfied, source"
ONE = block(f"""
    SELECT {COLUMNS}
    FROM surveys
    WHERE unit_code = :unit_code AND scope = :scope AND method = :method AND question = :question AND first_on = :first_on AND last_on = :last_on""")
KEEP = block(f"""
    INSERT INTO surveys ({COLUMNS}, imported_by, imported_at)
    VALUES (:unit_code, :scope, :method, :question, :first_on, :last_on, :answers, :satisfied, :source, :actor, :now)
    ON CONFLICT (unit_code, scope, method, question, first_on, last_on) DO UPDATE SET answers = excluded.answers,
        satisfied = excluded.satisfied, source = excluded.source, imported_by = excluded.imported_by, imported_at = excluded.imported_at""")
OF_UNITS = block(
    f"""
    WITH RECURSIVE {UNDER}
    SELECT {COLUMNS}
    FROM surveys
    WHERE :is_everything OR unit_code IN (SELECT code FROM under)
    ORDER BY last_on DESC, first_on DESC, unit_code, question, scope, method""",
    "units",
)
COUNT_OF_UNITS = block(
    f"""
    WITH RECURSIVE {UNDER}
    SELECT COUNT(*) AS n
    FROM surveys
    WHERE :is_everything OR unit_code IN (SELECT code FROM under)""",
    "units",
)
ANSWERS = next(source for source in SOURCES if source.name == "satisfaction")
UNIT = ANSWERS.unit
NARROWED = f""" AND audit.happened_at >= :since AND audit.happened_at < :until
        AND (:is_everything OR {UNIT} IN (SELECT code FROM under))"""
# The last resolution before the answer: in time or not, by the customer's clock.
TIMELY = """COALESCE((
        SELECT CASE WHEN resolved.ended_at < resolved.red_at THEN 'yes' ELSE 'no' END
        FROM steps AS resolved
        WHERE resolved.ticket_number = tickets.number AND resolved.watch = 'customer' AND resolved.step = 'resolve'
            AND resolved.voided_at IS NULL AND resolved.ended_at <= audit.happened_at
        ORDER BY resolved.id DESC
        LIMIT 1), '')"""
SHOWN = {"happened_at": "audit.happened_at", "state": "tickets.state", "level": "tickets.level", "timely": TIMELY}
SQLITE = select(ANSWERS, "sqlite", NARROWED, columns=SHOWN)
POSTGRESQL = select(ANSWERS, "postgresql", NARROWED, columns=SHOWN)
COUNT = f"WITH RECURSIVE {UNDER} SELECT timely, SUM(met) AS met, SUM(n) AS n"
GROUPED = "GROUP BY timely"
LIST = f"WITH RECURSIVE {UNDER} SELECT facts.*"
NAMED = """WHERE timely = :timely AND (:met = '' OR met = 1)
    ORDER BY happened_at, ticket_number
    LIMIT :most OFFSET :skip"""
COUNTS = {
    "sqlite": block(f"{COUNT} FROM ({SQLITE}) AS facts {GROUPED}", "units"),
    "postgresql": block(f"{COUNT} FROM ({POSTGRESQL}) AS facts {GROUPED}", "units"),
}
LISTED = {
    "sqlite": block(f"{LIST} FROM ({SQLITE}) AS facts {NAMED}", "units"),
    "postgresql": block(f"{LIST} FROM ({POSTGRESQL}) AS facts {NAMED}", "units"),
}


class Surveys(Part):
    """Keeps surveys, and splits the answers on return visits."""

    def survey_row(self, key: Mapping[str, Any]) -> RowMapping | None:
        """Give the survey of exactly this unit, scope, method, question and period, if there is one."""
        return self.row(ONE, **key)

    def keep_survey(self, values: Mapping[str, Any], *, actor: str, now: datetime) -> None:
        """Keep a survey, in place of what was said of the same one before."""
        self.run(KEEP, **values, actor=actor, now=now)

    def survey_rows(self, unit_code: str) -> Sequence[RowMapping]:
        """Give the surveys of a unit and those below it (`''`: all), the latest first."""
        return self.rows(OF_UNITS, units=(unit_code,), is_everything=unit_code == EVERYTHING)

    def count_surveys(self, unit_code: str) -> int:
        """Count what `survey_rows` gives."""
        return int(self.value(COUNT_OF_UNITS, units=(unit_code,), is_everything=unit_code == EVERYTHING))

    def answers_by_timeliness(self, wanted: Wanted) -> dict[str, tuple[int, int]]:
        """Count the answers of a period (satisfied, all) by whether the last resolution before had been in time: `yes`, `no`, `''` (none)."""
        rows = self.rows(COUNTS[self.connection.dialect.name], **_given(wanted))
        return {row["timely"]: (int(row["met"]), int(row["n"])) for row in rows}

    def answer_list(self, wanted: Wanted, timely: str, met: str, *, most: int, skip: int) -> Sequence[RowMapping]:
        """List exactly the answers behind one of these counts; `met` is `yes` for the satisfied ones, empty for all."""
        return self.rows(LISTED[self.connection.dialect.name], **_given(wanted), timely=timely, met=met, most=most, skip=skip)


def _given(wanted: Wanted) -> dict[str, Any]:
    return {"since": wanted.since, "until": wanted.until, "units": wanted.units, "is_everything": EVERYTHING in wanted.units}
