"""Audit tasks (质检整改): a finding that a unit's department has to answer by a working day; the auditor closes it or sends it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound, Problem
from triage.moments import in_shanghai
from triage.people import User
from triage.rules import Rules
from triage.samples import LARGEST_SEED, check_audits
from triage.terms import Role, TaskState
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

READERS = (Role.AUDITOR, Role.LEADER, Role.HANDLER)
LONGEST = 2000
MOST_DAYS = 60
FIELDS = {
    "ticket_number": say("Ticket"),
    "team": say("Responsible unit and department"),
    "text": say("Problem and what is required"),
    "days": say("Deadline (working days)"),
    "answer": say("What was rectified"),
    "reason": say("Reason for sending back"),
}


@dataclass(frozen=True)
class AuditTask:
    """What a department has to put right, by when, and what it said."""

    id: int
    ticket_number: str | None
    sample_id: int | None
    suspicion_id: int | None
    unit_code: str
    department: str
    text: str
    due_on: date
    state: TaskState
    version: int
    made_by: str
    made_at: datetime
    answer: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    closed_by: str = ""
    closed_at: datetime | None = None

    def is_overdue(self, day: date) -> bool:
        """Whether its answer is owed since before a day."""
        return self.state is TaskState.OPEN and self.due_on < day


@dataclass(frozen=True)
class TaskEntry:
    """What was done with a task (`answer`, `back`, `close`), by whom and when, and what was said with it."""

    task_id: int
    action: str
    actor: str
    happened_at: datetime
    text: str


def give_task(values: Mapping[str, str], *, user: User, store: "Store", rules: Rules, now: datetime) -> AuditTask:
    """Give a department a task: `team` (unit/department), `text`, `days` (working days of its calendar), and what it comes from, if anything:
    `ticket_number`, `sample_id`, `suspicion_id`. Its leaders are told.

    Raises:
        Forbidden: the user is no auditor.
        NotFound: the ticket, sample or suspicion that it names is not there.
        InvalidInput: a value is missing or wrong; all problems at once.
    """
    check_audits(user)
    texts = {name: clean(values.get(name) or "").strip() for name in (*FIELDS, "sample_id", "suspicion_id")}
    unit_code, _, department = texts["team"].partition("/")
    problems = _text_problems(texts["text"], "text")
    if (unit_code, department) not in store.teams_and_parents()[1]:
        problems.append(Problem("team", say("Responsible unit and department: choose from the list")))
    if not (texts["days"].isascii() and texts["days"].isdigit() and 1 <= int(texts["days"][:6]) <= MOST_DAYS):
        problems.append(Problem("days", say("Deadline: should be 1 to {most} working days", most=MOST_DAYS)))
    if problems:
        raise InvalidInput(*problems)
    ticket, sample, suspicion = _sources(texts, store)
    due_on = working_day(in_shanghai(now).date(), int(texts["days"]), unit_code, rules)
    task = AuditTask(0, ticket, sample, suspicion, unit_code, department, texts["text"], due_on, TaskState.OPEN, 1, user.username, now)
    with store.writing():
        task = store.keep_task(task)
        for leader in leaders_of(task, store):
            _tell(leader, say("Rectification task {id}: answer it by {due_on}", id=task.id, due_on=due_on), task, store, now)
    return task


def _sources(texts: Mapping[str, str], store: "Store") -> tuple[str | None, int | None, int | None]:
    """Give what a task comes from, each seen to be there."""
    sample = store.sample(_id(texts["sample_id"], say("There is no such sample"))).id if texts["sample_id"] else None
    suspicion = store.suspicion(_id(texts["suspicion_id"], say("There is no such suspicion"))) if texts["suspicion_id"] else None
    number = texts["ticket_number"] or (suspicion.ticket_number if suspicion else "")
    return store.ticket(number).number if number else None, sample, suspicion.id if suspicion else None


def _id(text: str, otherwise: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 11 and 0 < int(text) <= LARGEST_SEED:
        return int(text)
    raise NotFound(otherwise)


def working_day(start: date, days: int, unit_code: str, rules: Rules) -> date:
    """Give the working day of a unit's calendar that is so many working days after a day."""
    calendar = rules.calendar_of(unit_code)
    while days:
        start += timedelta(days=1)
        days -= calendar.is_working(start)
    return start


def may_read(user: User, task: AuditTask, store: "Store") -> bool:
    """Auditors see every task, leaders those of their unit and below, handlers those of their own team; who stands in, the other's too."""
    return any(hat.role is Role.AUDITOR or _is_leader(hat, task, store) or _is_of_team(hat, task) for hat in user.hats)


def _is_leader(user: User, task: AuditTask, store: "Store") -> bool:
    return user.role is Role.LEADER and user.department in ("", task.department) and store.is_under(task.unit_code, user.unit_code)


def _is_of_team(user: User, task: AuditTask) -> bool:
    return user.role is Role.HANDLER and (user.unit_code, user.department) == (task.unit_code, task.department)


def leaders_of(task: AuditTask, store: "Store") -> list[str]:
    """Name the leaders who may answer a task."""
    return [user.username for user in store.active_users() if _is_leader(user, task, store)]


def tasks_for(user: User, store: "Store", state: str = "") -> list[AuditTask]:
    """Give the tasks that a user may read, the most urgent first; of one state if named."""
    return [one for one in store.tasks(state) if may_read(user, one, store)]


def task_of(id: int, user: User, store: "Store") -> AuditTask:
    """Give a task.

    Raises:
        NotFound: there is none of that number.
        Forbidden: it is another team's.
    """
    task = store.task(_id(str(id), say("There is no such rectification task")))
    if not may_read(user, task, store):
        raise Forbidden(say("This rectification task does not belong to your unit or department"))
    return task


def answer_task(id: int, values: Mapping[str, str], *, version: int, user: User, store: "Store", now: datetime) -> AuditTask:
    """Answer a task (`answer`), as a leader of its department; who gave it is told.

    Raises:
        NotFound, Forbidden: see `task_of`; or the user is no leader of it.
        IllegalMove: it does not wait for an answer.
        InvalidInput: nothing is said, or too much.
        Conflict: somebody else was faster.
    """
    task = task_of(id, user, store)
    if not any(_is_leader(hat, task, store) for hat in user.hats):
        raise Forbidden(say("A rectification task is answered by a leader of the responsible department"))
    text = _checked(values, "answer")
    _check(task, version, TaskState.OPEN)
    with store.writing():
        done = store.answer_task(task.id, version, text, user.username, now)
        _tell(task.made_by, say("Rectification task {id} has been answered; check the answer", id=task.id), done, store, now)
    return done


def close_task(id: int, *, version: int, user: User, store: "Store", now: datetime) -> AuditTask:
    """Close an answered task.

    Raises:
        Forbidden: the user is no auditor.
        NotFound, IllegalMove, Conflict: as with `answer_task`.
    """
    check_audits(user)
    task = task_of(id, user, store)
    _check(task, version, TaskState.ANSWERED)
    with store.writing():
        return store.close_task(task.id, version, user.username, now)


def send_back(id: int, values: Mapping[str, str], *, version: int, user: User, store: "Store", rules: Rules, now: datetime) -> AuditTask:
    """Send an answered task back with a `reason`, which stands in its history behind the answer, and `days` anew; its leaders are told.

    Raises:
        Forbidden: the user is no auditor.
        NotFound, IllegalMove, InvalidInput, Conflict: as with `answer_task`.
    """
    check_audits(user)
    task = task_of(id, user, store)
    reason, days = _checked(values, "reason"), clean(values.get("days") or "").strip()
    if not (days.isascii() and days.isdigit() and 1 <= int(days[:6]) <= MOST_DAYS):
        raise InvalidInput(Problem("days", say("Deadline: should be 1 to {most} working days", most=MOST_DAYS)))
    _check(task, version, TaskState.ANSWERED)
    today = in_shanghai(now).date()
    due_on = working_day(today, int(days), task.unit_code, rules)
    with store.writing():
        back = store.send_task_back(task.id, version, due_on, reason=reason, actor=user.username, now=now)
        for leader in leaders_of(back, store):
            _tell(leader, say("Rectification task {id} was sent back: answer it again by {due_on}", id=back.id, due_on=due_on), back, store, now)
    return back


def remind(*, store: "Store", now: datetime) -> int:
    """Tell the leaders of every task whose answer is overdue, once a deadline; give how many messages are new."""
    today = in_shanghai(now).date()
    late = [one for one in store.tasks(TaskState.OPEN.value) if one.is_overdue(today)]
    with store.writing():
        return sum(
            store.post(f"audit-task-{one.id}-late-{one.due_on}-{name}", "audit_task", name, _late(one), "", now, ticket_number=one.ticket_number)
            for one in late
            for name in leaders_of(one, store)
        )


def _late(task: AuditTask) -> str:
    return say("Rectification task {id} is overdue: it was to be answered by {due_on}", id=task.id, due_on=task.due_on)


def _tell(username: str, subject: str, task: AuditTask, store: "Store", now: datetime) -> None:
    key = f"audit-task-{task.id}-{task.version}-{username}"
    store.post(key, "audit_task", username, subject, "", now, ticket_number=task.ticket_number)


def _check(task: AuditTask, version: int, state: TaskState) -> None:
    if task.version != version:
        raise Conflict(say("Somebody else has just updated the rectification task; refresh and try again"))
    if task.state is not state:
        raise IllegalMove(say("The rectification task is now “{state}”, which does not allow this", state=task.state.label))


def _checked(values: Mapping[str, str], field: str) -> str:
    text: str = clean(values.get(field) or "").strip()
    problems = _text_problems(text, field)
    if problems:
        raise InvalidInput(*problems)
    return text


def _text_problems(text: str, field: str) -> list[Problem]:
    return (
        [] if 1 <= len(text) <= LONGEST else [Problem(field, say("{field}: required, at most {most} characters", field=FIELDS[field], most=LONGEST))]
    )
