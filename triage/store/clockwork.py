"""The clocks of a ticket in the store: started, ended, voided, computed again; the next deadline is their minimum."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, bindparam

from triage.clocks import Deadline, Limit, Pause
from triage.rules import Rules
from triage.store.base import Part
from triage.store.sql import block
from triage.terms import Channel, Locality, Step, Watch
from triage.tickets import OF_DEPARTMENT, UNKNOWN_TYPE, Demand, Start, TimedStep, answerable, counts_from, due, limit_of, starts, used

SECOND = timedelta(seconds=1)
START = block("""
    INSERT INTO steps (ticket_number, step, watch, department, unit_code, is_by_machine, from_event, started_at, due_at, yellow_at, red_at,
        is_confirmed, limit_id, limit_text, co_handling_id, warn_at)
    VALUES (:number, :step, :watch, :department, :unit_code, FALSE, :from_event, :started_at, :due_at, :yellow_at, :red_at,
        :is_confirmed, :limit_id, :limit_text, :co_handling_id, :warn_at)""")
MOVE_DUE = block("""
    UPDATE steps
    SET due_at = :due_at, yellow_at = :yellow_at, red_at = :red_at, is_confirmed = :is_confirmed, limit_id = :limit_id, limit_text = :limit_text,
        warn_at = :warn_at
    WHERE id = :id""")
END = block("""
    UPDATE steps
    SET ended_at = :now, used_seconds = :used_seconds, is_by_machine = :is_by_machine, warn_at = NULL
    WHERE id = :id AND ticket_number = :number""")
VOID = block("""
    UPDATE steps
    SET voided_at = :now, warn_at = NULL
    WHERE ticket_number = :number AND step = :step AND ended_at IS NULL AND voided_at IS NULL""")
VOID_ONE = block("""
    UPDATE steps
    SET voided_at = :now, warn_at = NULL
    WHERE id = :id""")
VOID_DEPARTMENT = block("""
    UPDATE steps
    SET voided_at = :now, warn_at = NULL
    WHERE ticket_number = :number AND watch = 'department' AND co_handling_id IS NULL AND ended_at IS NULL AND voided_at IS NULL""")
REOPEN = block("""
    UPDATE steps
    SET ended_at = NULL, used_seconds = NULL, warn_at = yellow_at
    WHERE ticket_number = :number AND step IN :steps AND voided_at IS NULL AND ended_at = (
        SELECT MAX(ended_at)
        FROM steps
        WHERE ticket_number = :number AND step IN :steps AND voided_at IS NULL)""").bindparams(bindparam("steps", expanding=True))
GIVE = block("""
    UPDATE steps
    SET department = :department, unit_code = :unit_code
    WHERE ticket_number = :number AND watch = 'customer' AND ended_at IS NULL AND voided_at IS NULL
        AND step IN ('accept', 'contact', 'arrive', 'resolve')""")
STEPS = block("""
    SELECT id, step, watch, department, unit_code, is_by_machine, from_event, started_at, due_at, yellow_at, red_at, is_confirmed,
        limit_id, limit_text, ended_at, voided_at, extra_seconds, co_handling_id
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
    SELECT number
    FROM tickets
    WHERE next_due_at IS NOT NULL
    ORDER BY number""")
DEMAND = block("""
    SELECT demand_type, topic, locality, channel, unit_code, team_unit
    FROM tickets
    WHERE number = :number""")
PAUSES = block("""
    SELECT kind, started_at, until_at, ended_at
    FROM pauses
    WHERE ticket_number = :number
    ORDER BY started_at, id""")
VOID_CO = block("""
    UPDATE steps
    SET voided_at = :now, warn_at = NULL
    WHERE co_handling_id = :id AND ended_at IS NULL AND voided_at IS NULL""")
EXTEND = block("""
    UPDATE steps
    SET extra_seconds = extra_seconds + :seconds
    WHERE ticket_number = :number AND step = 'resolve' AND ended_at IS NULL AND voided_at IS NULL""")


class Clockwork(Part):
    """Starts, ends and recomputes clocks."""

    def pauses_of(self, number: str) -> tuple[Pause, ...]:
        """Give the pauses of a ticket's clocks from the first."""
        return tuple(Pause(row["kind"], row["started_at"], row["ended_at"], row["until_at"]) for row in self.rows(PAUSES, number=number))

    def demand(self, number: str) -> Demand:
        """Give what a ticket's limits and deadlines depend on; while nobody has said the demand type, the limits of a complaint are run."""
        row = self.row(DEMAND, number=number)
        assert row is not None
        return Demand(
            row["demand_type"] or UNKNOWN_TYPE,
            row["topic"],
            Locality(row["locality"]) if row["locality"] else None,
            Channel(row["channel"]),
            row["team_unit"] or row["unit_code"],
            self.pauses_of(number),
        )

    def start_clocks(
        self, number: str, begun: Iterable[Start], department: str | None, unit_code: str | None, co_handling_id: int | None = None
    ) -> None:
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
                co_handling_id=co_handling_id,
                **self._due(start.limit, start.deadline),
            )

    def _due(self, limit: Limit, due: Deadline) -> dict[str, Any]:
        return {
            "due_at": due.due_at,
            "yellow_at": due.yellow_at,
            "red_at": due.red_at,
            "is_confirmed": due.is_confirmed,
            "limit_id": limit.id,
            "limit_text": limit.text,
            "warn_at": due.yellow_at,
        }

    def end_steps(self, number: str, steps: Iterable[Step], rules: Rules, now: datetime, *, by_machine: bool = False) -> None:
        """End the open clocks of these steps, and keep with each how much of its time it has used."""
        if wanted := {step.value for step in steps}:
            self._end(number, [row for row in self.rows(STEPS, number=number) if row["step"] in wanted], rules, now, by_machine)

    def _end(self, number: str, rows: Sequence[RowMapping], rules: Rules, now: datetime, by_machine: bool = False) -> None:
        demand, limits = self.demand(number), {limit.id: limit for limit in rules.limits}
        for row in (row for row in rows if row["ended_at"] is None and row["voided_at"] is None):
            at_unit = replace(demand, unit_code=row["unit_code"] or demand.unit_code)
            limit = limits.get(row["limit_id"])
            seconds = used(limit, row["started_at"], now, at_unit, rules) // SECOND if limit else None
            self.run(END, number=number, id=row["id"], now=now, is_by_machine=by_machine, used_seconds=seconds)

    def void_steps(self, number: str, steps: Iterable[Step], now: datetime) -> None:
        """Stop the open clocks of steps that are not owed any more; they count in no figure."""
        for step in steps:
            self.run(VOID, number=number, step=step.value, now=now)

    def void_department_clocks(self, number: str, now: datetime) -> None:
        """Stop a department's own clocks when the ticket leaves it."""
        self.run(VOID_DEPARTMENT, number=number, now=now)

    def reopen_steps(self, number: str, steps: Iterable[Step]) -> None:
        """Let the clocks of these steps that ended last run on: what was done is taken back, or what was handed in was not accepted.

        Those that ended before, in an earlier round of a ticket that was returned or reopened, stay ended.
        """
        if wanted := [step.value for step in steps]:
            self.run(REOPEN, number=number, steps=wanted)

    def give_steps(self, number: str, department: str | None, unit_code: str | None) -> None:
        """Make a department answerable for the steps that the customer still waits for."""
        self.run(GIVE, number=number, department=department, unit_code=unit_code)

    def set_next_deadline(self, number: str) -> None:
        """Write the minimum of the open clocks on the ticket, for the queues."""
        self.run(NEXT, number=number)

    def steps_of(self, number: str) -> list[TimedStep]:
        """Give all clocks of a ticket in the order of their starts."""
        return [timed_step(row) for row in self.rows(STEPS, number=number)]

    def end_co_clock(self, number: str, id: int, rules: Rules, now: datetime) -> None:
        """End the clock of a ticket's co-handling that is answered."""
        self._end(number, [row for row in self.rows(STEPS, number=number) if row["co_handling_id"] == id], rules, now)

    def void_co_clock(self, id: int, now: datetime) -> None:
        """Stop the clock of a co-handling that is not asked for any more."""
        self.run(VOID_CO, id=id, now=now)

    def extend(self, number: str, extra: timedelta) -> None:
        """Let the open clocks of the reply run longer by what was granted (延期), in the time of their own clock."""
        self.run(EXTEND, number=number, seconds=round(extra.total_seconds()))

    def recompute(self, number: str, demand: Demand, rules: Rules, now: datetime) -> int:
        """Compute the open clocks of a ticket again after its demand, a pause, a limit or the calendar changed; ended ones keep their figures.

        Returns how many clocks were started, moved or voided.
        """
        self.touch(number)
        rows = self.rows(STEPS, number=number)
        changed = self._start_missing(number, rows, demand, rules)
        for row in (row for row in rows if row["ended_at"] is None and row["voided_at"] is None):
            changed += self._move(row, demand, rules, now)
        self.set_next_deadline(number)
        return changed

    def _start_missing(self, number: str, rows: Sequence[RowMapping], demand: Demand, rules: Rules) -> int:
        """Start the customer's clocks that the limits in force ask for since an event, and that were not started then."""
        of_customer = [row for row in rows if row["watch"] == Watch.CUSTOMER]
        # What was voided because another demand did not owe it (投诉 → 报修) is owed again when the demand changes back.
        owed = [row for row in of_customer if row["voided_at"] is None or row["step"] not in OF_DEPARTMENT]
        missing = 0
        events = dict.fromkeys((row["from_event"], row["started_at"]) for row in of_customer)
        reopened = max((at for event, at in events if event == "reopened"), default=None)
        for event, at in events:
            if reopened and at < reopened:
                continue  # what was owed before is settled
            there = {row["step"] for row in owed if (row["from_event"], row["started_at"]) == (event, at)}
            wanted = [start for start in starts(event, demand, rules, at) if start.step not in there]
            self.start_clocks(number, wanted, None, demand.unit_code)
            missing += len(wanted)
        return missing

    def _move(self, row: RowMapping, demand: Demand, rules: Rules, now: datetime) -> int:
        """Bring an open clock in line with the limit in force; void it if it is not owed any more."""
        limit = limit_of(Step(row["step"]), demand, rules, row["started_at"])
        if limit is None or (row["watch"] == Watch.CUSTOMER and not counts_from(limit, row["from_event"])):
            return self.run(VOID_ONE, id=row["id"], now=now)
        at_unit = replace(demand, unit_code=row["unit_code"] or demand.unit_code)
        new = due(limit, row["started_at"], at_unit, rules, timedelta(seconds=row["extra_seconds"]))
        if (new.due_at, new.yellow_at, limit.id, new.is_confirmed) == (row["due_at"], row["yellow_at"], row["limit_id"], row["is_confirmed"]):
            return 0
        return self.run(MOVE_DUE, id=row["id"], **self._due(limit, new))

    def recompute_open(self, rules: Rules, now: datetime) -> int:
        """Compute all open tickets again, one transaction each, and give how many tickets changed."""
        changed = 0
        for row in self.rows(OPEN_TICKETS):
            with self.writing():
                changed += bool(self.recompute(row["number"], self.demand(row["number"]), rules, now))
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
        extra_seconds=row["extra_seconds"],
        co_handling_id=row["co_handling_id"],
    )
