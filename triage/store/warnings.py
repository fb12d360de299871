"""Warnings (督办): the open steps whose next mark has come, who is there to be told, and what was warned of already."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import RowMapping

from triage.escalation import Directory, OpenStep, Unit
from triage.store.base import Part
from triage.store.engine import ALONE
from triage.store.people import user_of
from triage.store.sql import block
from triage.tickets import COMMAND

# The comparison with `warn_at` implies that it is not null, which lets both engines use the partial index.
DUE = """
    SELECT steps.id, steps.ticket_number, steps.step, steps.department, steps.unit_code, steps.started_at, steps.due_at, steps.yellow_at,
        steps.red_at, steps.warn_at, steps.limit_id, steps.limit_text, steps.extra_seconds, steps.co_handling_id,
        tickets.level, tickets.topic, tickets.is_watched, tickets.department AS lead, tickets.team_unit, tickets.unit_code AS ticket_unit,
        tickets.assignee, tickets.crew, tickets.paused_until_at
    FROM steps
    JOIN tickets ON tickets.number = steps.ticket_number
    WHERE steps.warn_at <= :now AND (steps.warn_at, steps.id) > (:after_at, :after_id) AND steps.ended_at IS NULL AND steps.voided_at IS NULL
    ORDER BY steps.warn_at, steps.id
    LIMIT :most"""
SQLITE_ALONE = ALONE["sqlite"]
POSTGRESQL_ALONE = ALONE["postgresql"].replace("UPDATE", "UPDATE OF steps")
TAKE_DUE = {"sqlite": block(f"{DUE} {SQLITE_ALONE}"), "postgresql": block(f"{DUE} {POSTGRESQL_ALONE}")}
KEEP = block("""
    INSERT INTO warnings (ticket_number, step_id, escalation, due_at, made_at)
    VALUES (:number, :step_id, :escalation, :due_at, :now)
    ON CONFLICT (step_id, escalation, due_at) DO NOTHING""")
SET_NEXT = block("""
    UPDATE steps
    SET warn_at = :warn_at
    WHERE id = :id""")
LOOK_AGAIN = block("""
    UPDATE steps
    SET warn_at = yellow_at
    WHERE ended_at IS NULL AND voided_at IS NULL""")
WARNED = block("""
    SELECT step_id, escalation, due_at, made_at
    FROM warnings
    WHERE ticket_number = :number
    ORDER BY id""")
PEOPLE = block("""
    SELECT username, name, role, unit_code, department_code, is_temporary
    FROM users
    WHERE is_active
    ORDER BY username""")
UNITS = block("""
    SELECT code, name, kind, parent_code, merged_into_code
    FROM units""")
ON_DUTY = block("""
    SELECT DISTINCT crews.unit_code, crews.department, crews.code, crew_members.username
    FROM shifts
    JOIN crews ON crews.code = shifts.crew
    JOIN crew_members ON crew_members.crew = crews.code
    WHERE shifts.starts_at <= :now AND shifts.ends_at > :now AND shifts.cancelled_at IS NULL AND crews.is_active
    ORDER BY crews.code, crew_members.username""")
STAND_INS = block("""
    SELECT DISTINCT from_username, to_username
    FROM delegations
    WHERE starts_at <= :now AND ends_at > :now AND revoked_at IS NULL
    ORDER BY from_username, to_username""")
START = datetime(1970, 1, 1, tzinfo=UTC)


class Warnings(Part):
    """Finds what is due, and keeps what was warned of."""

    def due_steps(self, now: datetime, most: int, after: OpenStep | None = None) -> list[OpenStep]:
        """Give open steps whose mark has come, in the order of their marks, for this transaction alone; those after the last one seen."""
        after_at, after_id = (after.warn_at, after.id) if after else (START, 0)
        take = TAKE_DUE[self.connection.dialect.name]
        return [_open_step(row) for row in self.rows(take, now=now, after_at=after_at, after_id=after_id, most=most)]

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Run a block of a transaction whose failure takes back only what the block did."""
        self.connection.exec_driver_sql("SAVEPOINT apart")
        try:
            yield
        except Exception:
            self.connection.exec_driver_sql("ROLLBACK TO SAVEPOINT apart")
            self.connection.exec_driver_sql("RELEASE SAVEPOINT apart")
            raise
        self.connection.exec_driver_sql("RELEASE SAVEPOINT apart")

    def keep_warning(self, step: OpenStep, escalation: str, now: datetime) -> bool:
        """Keep that a step's mark was seen; False: it was before, for the same deadline."""
        return self.run(KEEP, number=step.number, step_id=step.id, escalation=escalation, due_at=step.due_at, now=now) == 1

    def set_next_warning(self, step: OpenStep, warn_at: datetime | None) -> None:
        """Keep when a step's next mark comes; None: there is none."""
        self.run(SET_NEXT, id=step.id, warn_at=warn_at)

    def look_again(self) -> int:
        """Let the next sweep look at every open step, after the rows that say who is told of what have changed; give how many there are."""
        with self.writing():
            return self.run(LOOK_AGAIN)

    def warnings_of(self, number: str) -> list[RowMapping]:
        """Give the warnings of a ticket from the first."""
        return list(self.rows(WARNED, number=number))

    def directory(self, now: datetime) -> Directory:
        """Give who is there at a moment: active users, units, crews on duty, and who stands in for whom."""
        on_duty: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        stand_ins: dict[str, list[str]] = defaultdict(list)
        for row in self.rows(ON_DUTY, now=now):
            on_duty[row["unit_code"], row["department"]].append((row["code"], row["username"]))
        for row in self.rows(STAND_INS, now=now):
            stand_ins[row["from_username"]].append(row["to_username"])
        return Directory(
            users={user.username: user for user in map(user_of, self.rows(PEOPLE)) if user},
            units={row["code"]: Unit(*(row[name] for name in ("name", "kind", "parent_code", "merged_into_code"))) for row in self.rows(UNITS)},
            on_duty=on_duty,
            stand_ins=stand_ins,
        )


def _open_step(row: RowMapping) -> OpenStep:
    same = ("id", "step", "started_at", "due_at", "yellow_at", "red_at", "warn_at", "limit_id", "limit_text", "extra_seconds")
    of_ticket = ("level", "topic", "is_watched", "crew", "paused_until_at")
    is_leads = row["co_handling_id"] is None and row["department"] == row["lead"]
    return OpenStep(
        number=row["ticket_number"],
        department=row["department"] or COMMAND,  # what nobody was given yet is the command centre's
        unit_code=row["unit_code"] or row["team_unit"] or row["ticket_unit"],
        assignee=row["assignee"] if is_leads else "",
        **{name: row[name] for name in (*same, *of_ticket)},
    )
