"""Audit tasks: given, answered by the department's leader, closed or sent back; deadlines on working days; who sees what."""

from datetime import date, timedelta

import pytest

from tests.triage.samples import NOW, user
from triage.audit_tasks import answer_task, close_task, give_task, remind, send_back, task_of, tasks_for
from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound
from triage.people import User
from triage.terms import Role, TaskState

AUDITOR = User("auditor", "陈静", Role.AUDITOR, "33", "")
LEADER = User("leader", "张力", Role.LEADER, "3301", "")
TASK = {"team": "330101/repair", "text": "未按时联系客户，请说明并整改", "days": "3"}
LATER = NOW + timedelta(days=1)


@pytest.fixture
def task(store):
    return give_task(TASK, user=AUDITOR, store=store, rules=store.rules(), now=NOW)


@pytest.fixture
def answered(store, task):
    return answer_task(task.id, {"answer": "已培训"}, version=1, user=LEADER, store=store, now=LATER)


def back(store, task, **values):
    return send_back(task.id, values, version=task.version, user=AUDITOR, store=store, rules=store.rules(), now=LATER)


def test_a_task_is_due_on_a_working_day_and_its_leader_is_told(store, task):
    assert (task.state, task.version, task.due_on) == (TaskState.OPEN, 1, date(2026, 11, 26))  # Monday and three working days
    over = give_task({**TASK, "days": "5"}, user=AUDITOR, store=store, rules=store.rules(), now=NOW)
    assert over.due_on == date(2026, 11, 30)  # the weekend does not count
    assert store.count_unread("leader") == 2
    assert store.count_unread("repair") == 0


def test_the_leader_answers_and_the_auditor_closes(store, answered):
    assert (answered.state, answered.answer, answered.answered_by, answered.version) == (TaskState.ANSWERED, "已培训", "leader", 2)
    assert store.count_unread("auditor") == 1
    closed = close_task(answered.id, version=2, user=AUDITOR, store=store, now=LATER)
    assert (closed.state, closed.closed_by, closed.closed_at) == (TaskState.CLOSED, "auditor", LATER)


def test_an_answer_that_is_sent_back_stays_readable_and_may_be_given_anew(store, answered):
    again = back(store, answered, reason="没有写明日期", days="2")
    assert (again.state, again.answer, again.due_on) == (TaskState.OPEN, "", date(2026, 11, 26))
    assert again.text == TASK["text"]
    assert store.count_unread("leader") == 2
    later = LATER + timedelta(hours=1)
    assert answer_task(again.id, {"answer": "11-25 已培训"}, version=3, user=LEADER, store=store, now=later).version == 4
    close_task(again.id, version=4, user=AUDITOR, store=store, now=later)
    told = [(one.action, one.actor, one.happened_at, one.text) for one in store.task_entries([again.id])[again.id]]
    assert told == [
        ("answer", "leader", LATER, "已培训"),
        ("back", "auditor", LATER, "没有写明日期"),
        ("answer", "leader", later, "11-25 已培训"),
        ("close", "auditor", later, ""),
    ]


def test_what_was_refused_stands_in_no_history(store, answered):
    with pytest.raises(Conflict):
        answer_task(answered.id, {"answer": "x"}, version=1, user=LEADER, store=store, now=LATER)
    with pytest.raises(InvalidInput):
        back(store, answered, reason="", days="2")
    assert [one.action for one in store.task_entries([answered.id])[answered.id]] == ["answer"]


def test_who_comes_second_is_refused(store, answered):
    with pytest.raises(Conflict):
        answer_task(answered.id, {"answer": "x"}, version=1, user=LEADER, store=store, now=LATER)
    with pytest.raises(IllegalMove, match="待复核"):
        answer_task(answered.id, {"answer": "x"}, version=2, user=LEADER, store=store, now=LATER)
    close_task(answered.id, version=2, user=AUDITOR, store=store, now=LATER)
    with pytest.raises(IllegalMove, match="已销号"):
        close_task(answered.id, version=3, user=AUDITOR, store=store, now=LATER)


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        pytest.param(AUDITOR, True, id="an auditor"),
        pytest.param(LEADER, True, id="the leader of the unit above"),
        pytest.param(user(Role.LEADER, "330101", "repair"), True, id="the team's leader"),
        pytest.param(user(Role.LEADER, "330101", "metering"), False, id="another department's leader"),
        pytest.param(user(Role.LEADER, "3302"), False, id="another city's leader"),
        pytest.param(user(Role.HANDLER, "330101", "repair"), True, id="a handler of the team"),
        pytest.param(user(Role.HANDLER, "33010201", "repair"), False, id="a handler of another team"),
        pytest.param(user(Role.AGENT), False, id="an agent"),
        pytest.param(User("b", "乙", Role.HANDLER, "3302", "ev", (LEADER,)), True, id="who stands in for the leader"),
    ],
)
def test_who_sees_a_task(store, task, who, sees):
    assert tasks_for(who, store) == ([task] if sees else [])
    if not sees:
        with pytest.raises(Forbidden):
            task_of(task.id, who, store)


def test_a_handler_reads_but_does_not_answer_and_a_leader_does_not_close(store, task, answered):
    with pytest.raises(Forbidden, match="负责人答复"):
        answer_task(task.id, {"answer": "x"}, version=2, user=user(Role.HANDLER, "330101", "repair"), store=store, now=LATER)
    with pytest.raises(Forbidden):
        close_task(task.id, version=2, user=LEADER, store=store, now=LATER)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"text": " "}, "text"), ({"days": "0"}, "days"), ({"days": "x"}, "days"), ({"team": "330101/nobody"}, "team")],
)
def test_a_wrong_task_is_refused_at_its_field(store, values, field):
    with pytest.raises(InvalidInput) as error:
        give_task({**TASK, **values}, user=AUDITOR, store=store, rules=store.rules(), now=NOW)
    assert [problem.field for problem in error.value.problems] == [field]
    assert store.tasks() == []


def test_what_a_task_comes_from_must_be_there(store, take):
    (ticket,) = take("停电")
    store.keep_suspicion("burst", ticket.number, "x", NOW)
    (found,) = store.suspicions("burst", [""])
    made = give_task({**TASK, "suspicion_id": str(found.id)}, user=AUDITOR, store=store, rules=store.rules(), now=NOW)
    assert (made.suspicion_id, made.ticket_number) == (found.id, ticket.number)
    for values in ({"suspicion_id": "99"}, {"sample_id": "x"}, {"ticket_number": "2026112300009999"}):
        with pytest.raises(NotFound):
            give_task({**TASK, **values}, user=AUDITOR, store=store, rules=store.rules(), now=NOW)


def test_an_overdue_task_reminds_its_leaders_once_a_deadline(store, task):
    assert remind(store=store, now=NOW + timedelta(days=3)) == 0  # on the day itself it is not late
    assert [remind(store=store, now=NOW + timedelta(days=4)) for _ in range(2)] == [1, 0]
