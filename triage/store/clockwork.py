"""The clocks of a ticket in the store: started, ended, voided, computed again; the next deadline is their minimum."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from triage.rules import Rules
from triage.store.base import Part
from triage.store.sql import block
from triage.terms import Channel, Locality, Step, Watch
from triage.tickets import UNKNOWN_TYPE, Demand, Start, TimedStep, answerable, department_starts, starts

START = block("""
    INSERT INTO steps (ticket_number, step, watch, department, unit_code, is_by_machine, from_event, started_at, due_at, yellow_at, red_at,
        is_confirmed, limit_id, limit_text)
    VALUES (:number, :step, :watch, :department, :unit_code, FALSE, :from_event, :started_at, :due_at, :yellow_at, :red_at,
        :is_confirmed, :limit_id, :limit_text)""")
MOVE_DUE = block("""
    UPDATE steps
    SET due_at = :due_at, yellow_at = :yellow_at, red_at = :red_at, is_confirmed = :is_confirmed, limit_id = :limit_id, limit_text = :limit_text
    WHERE id = :id""")
END = block("""
    UPDATE steps
    SET ended_at = :now, is_by_machine = :is_by_machine
    WHERE ticket_number = :number AND step = :step AND ended_at IS NULL AND voided_at IS NULL""")
VOID = block("""
    UPDATE steps
    SET voided_at = :now
    WHERE ticket_number = :number AND step = :step AND ended_at IS NULL AND voided_at IS NULL""")
VOID_ONE = block("""
    UPDATE steps
    SET voided_at = :now
    WHERE id = :id""")
VOID_DEPARTMENT = block("""
    UPDATE steps
    SET voided_at = :now
    WHERE ticket_number = :number AND watch = 'department' AND ended_at IS NULL AND voided_at IS NULL""")
REOPEN = block("""
    UPDATE steps
    SET ended_at = NULL
    WHERE ticket_number = :number AND step = :step AND voided_at IS NULL AND ended_at IS NOT NULL""")
GIVE = block("""
    UPDATE steps
    SET department = :department, unit_code = :unit_code
    WHERE ticket_number = :number AND watch = 'customer' AND ended_at IS NULL AND voided_at IS NULL
        AND step IN ('accept', 'contact', 'arrive', 'resolve')""")
STEPS = block("""
    SELECT id, step, watch, department, unit_code, is_by_machine, from_event, started_at, due_at, yellow_at, red_at, is_confirmed,
        limit_id, limit_text, ended_at, voided_at
    FROM steps
    WHERE ticket_number = :number
    ORDER BY started_at, id""")
NEXT = block("""
    UPDATE tickets
    SET next_step = (SELECT step FROM steps
            WHERE ticket_number = :number AND ended_at IS NULL AND voided_at IS NULL ORDER BY due_at, id LIMIT 1),
        next_due_at = (SELECT MIN(due_at) FROM steps WHERE ticket_number = :number AND ended_at IS NULL AND voided_at IS NULL),
        yellow_at = (SELECT MIN(yellow_at) FROM steps WHERE ticket_number = :number AND ended_at IS NULL AND voided_at IS NULL),
        red_at = (SELECT MIN(red_at) FROM steps WHERE ticket_number = :number AND ended_at IS NULL AND voided_at IS NULL),
        is_confirmed = NOT EXISTS (SELECT 1 FROM steps
            WHERE ticket_number = :number AND ended_at IS NULL AND voided_at IS NULL AND NOT is_confirmed)
    WHERE number = :number""")
OPEN_TICKETS = block("""
    SELECT number, demand_type, topic, locality, channel
    FROM tickets
    WHERE next_due_at IS NOT NULL
    ORDER BY number""")


def demand_of(row: RowMapping | Any) -> Demand:
    """Give what the limits depend on; while nobody has said the demand type, the limits of a complaint are run."""
    locality = row["locality"]
    return Demand(
        row["demand_type"] or UNKNOWN_TYPE,
        row["topic"],
        Locality(locality) if locality else None,
        Channel(row["channel"]),
    )


class Clockwork(Part):
    """Starts, ends and recomputes clocks."""

    def start_clocks(self, number: str, begun: Iterable[Start], department: str | None, unit_code: str | None) -> None:
        """Keep clocks that start now, each with whoever has to end it."""
        for start in begun:
            self.run(
                START,
                number=number,
                step=start.step.value,
                watch=start.watch.value,
                department=answerable(start.step, department),
                unit_code=unit_code,
                from_event=start.event,
                started_at=start.started_at,
                **self._due(start),
            )

    def _due(self, start: Start) -> dict[str, Any]:
        due = start.deadline
        return {
            "due_at": due.due_at,
            "yellow_at": due.yellow_at,
            "red_at": due.red_at,
            "is_confirmed": due.is_confirmed,
            "limit_id": start.limit.id,
            "limit_text": start.limit.text,
        }

    def end_steps(self, number: str, steps: Iterable[Step], now: datetime, *, by_machine: bool = False) -> None:
        """End the open clocks of these steps."""
        for step in steps:
            self.run(END, number=number, step=step.value, now=now, is_by_machine=by_machine)

    def void_steps(self, number: str, steps: Iterable[Step], now: datetime) -> None:
        """Stop the open clocks of steps that are not owed any more; they count in no figure."""
        for step in steps:
            self.run(VOID, number=number, step=step.value, now=now)

    def void_department_clocks(self, number: str, now: datetime) -> None:
        """Stop a department's own clocks when the ticket leaves it."""
        self.run(VOID_DEPARTMENT, number=number, now=now)

    def reopen_steps(self, number: str, steps: Iterable[Step]) -> None:
        """Let ended clocks run on: what was handed in was not accepted."""
        for step in steps:
            self.run(REOPEN, number=number, step=step.value)

    def give_steps(self, number: str, department: str | None, unit_code: str | None) -> None:
        """Make a department answerable for the steps that the customer still waits for."""
        self.run(GIVE, number=number, department=department, unit_code=unit_code)

    def set_next_deadline(self, number: str) -> None:
        """Write the minimum of the open clocks on the ticket, for the queues."""
        self.run(NEXT, number=number)

    def steps_of(self, number: str) -> list[TimedStep]:
        """Give all clocks of a ticket in the order of their starts."""
        return [timed_step(row) for row in self.rows(STEPS, number=number)]

    def recompute(self, number: str, demand: Demand, rules: Rules, now: datetime) -> int:
        """Compute the open clocks of a ticket again after its demand, a limit or the calendar changed; ended ones keep their figures.

        Returns how many clocks were started, moved or voided.
        """
        rows = self.rows(STEPS, number=number)
        changed = 0
        for event, at in dict.fromkeys((row["from_event"], row["started_at"]) for row in rows):
            mine = [r for r in rows if (r["from_event"], r["started_at"]) == (event, at)]
            of_customer = [r for r in mine if r["watch"] == Watch.CUSTOMER]
            of_department = [r for r in mine if r["watch"] == Watch.DEPARTMENT]
            wanted = {start.step: start for start in starts(event, demand, rules, at)}
            missing = [start for step, start in wanted.items() if step not in {r["step"] for r in of_customer}]
            self.start_clocks(number, missing, None, None)
            own = {start.step: start for start in department_starts([Step(r["step"]) for r in of_department], demand, rules, at)}
            changed += len(missing) + self._move(of_customer, wanted, now) + self._move(of_department, own, now)
        self.set_next_deadline(number)
        return changed

    def _move(self, rows: list[RowMapping], wanted: dict[Step, Start], now: datetime) -> int:
        """Bring open clocks in line with the limits in force; void those that are not owed any more."""
        changed = 0
        for row in (r for r in rows if not r["ended_at"] and not r["voided_at"]):
            start = wanted.get(Step(row["step"]))
            if start is None:
                changed += self.run(VOID_ONE, id=row["id"], now=now)
            elif (start.deadline.due_at, start.limit.id, start.deadline.is_confirmed) != (
                row["due_at"],
                row["limit_id"],
                row["is_confirmed"],
            ):
                changed += self.run(MOVE_DUE, id=row["id"], **self._due(start))
        return changed

    def recompute_open(self, rules: Rules, now: datetime) -> int:
        """Compute all open tickets again, one transaction each, and give how many tickets changed."""
        changed = 0
        for row in self.rows(OPEN_TICKETS):
            with self.writing():
                changed += bool(self.recompute(row["number"], demand_of(row), rules, now))
        return changed


def timed_step(row: RowMapping) -> TimedStep:
    """Make the value from its row."""
    return TimedStep(
        id=row["id"],
        step=Step(row["step"]),
        watch=Watch(row["watch"]),
        department=row["department"],
        unit_code=row["unit_code"],
        by_machine=row["is_by_machine"],
        from_event=row["from_event"],
        started_at=row["started_at"],
        due_at=row["due_at"],
        yellow_at=row["yellow_at"],
        red_at=row["red_at"],
        is_confirmed=row["is_confirmed"],
        limit_text=row["limit_text"],
        ended_at=row["ended_at"],
        voided_at=row["voided_at"],
    )
