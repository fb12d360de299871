"""Audit tasks: kept with a version, so that a write names what it has read."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping

from triage.audit_tasks import AuditTask, TaskEntry
from triage.errors import Conflict, NotFound
from triage.store.base import Part
from triage.store.sql import block
from triage.terms import TaskState
from triage.wording import say

COLUMNS = """id, ticket_number, sample_id, suspicion_id, unit_code, department, text, due_on, state, version, made_by, made_at, answer,
        answered_by, answered_at, closed_by, closed_at"""
ADD = block("""
    INSERT INTO audit_tasks (ticket_number, sample_id, suspicion_id, unit_code, department, text, due_on, state, version, made_by, made_at)
    VALUES (:ticket_number, :sample_id, :suspicion_id, :unit_code, :department, :text, :due_on, :state, :version, :made_by, :made_at)
    RETURNING id""")
ONE = block(f"""
    SELECT {COLUMNS}
    FROM audit_tasks
    WHERE id = :id""")
ALL = block(f"""
    SELECT {COLUMNS}
    FROM audit_tasks
    WHERE :state = '' OR state = :state
    ORDER BY CASE state WHEN 'closed' THEN 1 ELSE 0 END, due_on, id""")
ANSWER = block("""
    UPDATE audit_tasks
    SET answer = :answer, answered_by = :actor, answered_at = :now, state = 'answered', version = version + 1
    WHERE id = :id AND version = :version""")
CLOSE = block("""
    UPDATE audit_tasks
    SET closed_by = :actor, closed_at = :now, state = 'closed', version = version + 1
    WHERE id = :id AND version = :version""")
BACK = block("""
    UPDATE audit_tasks
    SET due_on = :due_on, state = 'open', answer = '', answered_by = '', answered_at = NULL, version = version + 1
    WHERE id = :id AND version = :version""")


ADD_ENTRY = block("""
    INSERT INTO audit_task_entries (task_id, action, actor, happened_at, text)
    VALUES (:id, :action, :actor, :now, :text)""")
ENTRIES = block(
    """
    SELECT task_id, action, actor, happened_at, text
    FROM audit_task_entries
    WHERE task_id IN :ids
    ORDER BY task_id, id""",
    "ids",
)


class AuditTasks(Part):
    """Keeps audit tasks."""

    def keep_task(self, task: AuditTask) -> AuditTask:
        """Keep a new task and give it with its number."""
        names = ("ticket_number", "sample_id", "suspicion_id", "unit_code", "department", "text", "due_on", "version", "made_by", "made_at")
        return self.task(self.value(ADD, **{name: getattr(task, name) for name in names}, state=task.state.value))

    def task(self, id: int) -> AuditTask:
        """Give a task.

        Raises:
            NotFound: there is none of that number.
        """
        row = self.row(ONE, id=id)
        if row is None:
            raise NotFound(say("There is no such rectification task"))
        return task_of(row)

    def tasks(self, state: str = "") -> list[AuditTask]:
        """Give the tasks of a state (empty: all), the most urgent first."""
        return [task_of(row) for row in self.rows(ALL, state=state)]

    def answer_task(self, id: int, version: int, answer: str, actor: str, now: datetime) -> AuditTask:
        """Keep a department's answer, like `_changed`."""
        done = self._changed(ANSWER, id, version=version, answer=answer, actor=actor, now=now)
        self.run(ADD_ENTRY, id=id, action="answer", actor=actor, now=now, text=answer)
        return done

    def close_task(self, id: int, version: int, actor: str, now: datetime) -> AuditTask:
        """Keep that a task is done with, like `_changed`."""
        done = self._changed(CLOSE, id, version=version, actor=actor, now=now)
        self.run(ADD_ENTRY, id=id, action="close", actor=actor, now=now, text="")
        return done

    def send_task_back(self, id: int, version: int, due_on: date, *, reason: str, actor: str, now: datetime) -> AuditTask:
        """Let a task wait for an answer again, like `_changed`; the answer that was not enough stays in the history."""
        done = self._changed(BACK, id, version=version, due_on=due_on)
        self.run(ADD_ENTRY, id=id, action="back", actor=actor, now=now, text=reason)
        return done

    def task_entries(self, ids: Sequence[int]) -> dict[int, list[TaskEntry]]:
        """Give the history of tasks by their numbers, the first entry first."""
        found: dict[int, list[TaskEntry]] = {id: [] for id in ids}
        for row in self.rows(ENTRIES, ids=list(ids)) if ids else ():
            found[row["task_id"]].append(TaskEntry(**row))
        return found

    def _changed(self, sql: Any, id: int, **values: Any) -> AuditTask:
        """Change a task and give it as it stands.

        Raises:
            Conflict: its version is not the one that was read.
        """
        if self.run(sql, id=id, **values) != 1:
            raise Conflict(say("Somebody else has just updated the rectification task; refresh and try again"))
        return self.task(id)


def task_of(row: RowMapping) -> AuditTask:
    """Make the value from its row."""
    return AuditTask(**{**row, "state": TaskState(row["state"])})
