"""Escalation: which marks a step has, who is told, when and in what words; sweeps that run twice, late, at once, or are cut off."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.triage.samples import NOW, SECRET, prediction, shanghai
from triage.clocks import Limit, Pause, PauseKind
from triage.delivery import CUT_OFF, RETRIES, UNCLEAR, drops_doubles
from triage.errors import InvalidInput, NotFound, Problem
from triage.escalation import Directory, Mark, OpenStep, Unit, key_of, length, marks_of, quiet_until, recipients, rows_for, wording
from triage.mail import SmtpOutlet
from triage.people import User
from triage.rules import Escalation, OutletRow
from triage.sending import SendFailed
from triage.store import Store
from triage.store.sql import block
from triage.sweeping import sweep
from triage.terms import Role, Step

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEP = OpenStep(
    id=7,
    number="2026112300000001",
    step="resolve",
    department="repair",
    unit_code="330102",
    started_at=NOW,
    due_at=NOW + 4 * HOUR,
    yellow_at=NOW + 2 * HOUR,
    red_at=NOW + 4 * HOUR + MINUTE,
    warn_at=NOW + 2 * HOUR,
    limit_id=None,
    limit_text="4 小时",
    extra_seconds=0,
    level="ordinary",
    topic="outage.fault.single",
    is_watched=False,
    assignee="",
    crew="",
    paused_until_at=None,
)


def user(username, role, unit, department=""):
    return User(username, username.upper(), role, unit, department)


def organisation(*names, on_duty=None, stand_ins=None):
    """A province, a city, a county; of these people, those that are named."""
    users = (
        user("fitter", Role.HANDLER, "330102", "repair"),
        user("mate", Role.HANDLER, "330102", "repair"),
        user("clerk", Role.HANDLER, "330102", "billing"),
        user("foreman", Role.LEADER, "330102", "repair"),
        user("county", Role.LEADER, "330102"),
        user("billing-head", Role.LEADER, "330102", "billing"),
        user("city", Role.LEADER, "3301"),
        user("province", Role.LEADER, "33"),
        user("dispatcher", Role.DISPATCHER, "33", "command"),
        user("agent", Role.AGENT, "33", "hotline"),
        user("auditor", Role.AUDITOR, "33"),
        user("admin", Role.ADMIN, "33"),
    )
    units = {
        "33": Unit("省", "province"),
        "3301": Unit("市", "city", "33"),
        "330102": Unit("县", "county", "3301"),
        "33010299": Unit("旧所", "station", "330102", "330102"),
    }
    return Directory({one.username: one for one in users if one.username in names or not names}, units, on_duty or {}, stand_ins or {})


def told(kind, directory, **changes):
    return [one.username for one in recipients(kind, replace(STEP, **changes), directory)]


# --- who is told

ALL = organisation()
DUTY = {("330102", "repair"): [("night", "mate"), ("night", "gone"), ("day", "fitter")]}


@pytest.mark.parametrize(
    ("kind", "changes", "directory", "expected"),
    [
        pytest.param("assignee", {"assignee": "mate"}, ALL, ["mate"], id="the one it was given to"),
        pytest.param("assignee", {"assignee": "gone"}, ALL, ["fitter", "mate"], id="given to one who is not active: the team"),
        pytest.param("assignee", {}, organisation(on_duty=DUTY), ["mate", "fitter"], id="the crews on duty"),
        pytest.param("assignee", {"crew": "day"}, organisation(on_duty=DUTY), ["fitter"], id="the ticket's own crew on duty"),
        pytest.param("assignee", {}, ALL, ["fitter", "mate"], id="nobody on duty: all handlers of the team"),
        pytest.param("assignee", {"unit_code": "33010299"}, ALL, ["fitter", "mate"], id="a unit that was merged: its successor's"),
        pytest.param("assignee", {}, organisation("foreman", "admin"), ["foreman"], id="no handlers: their leader"),
        pytest.param("assignee", {"department": "command", "step": "dispatch"}, ALL, ["dispatcher"], id="the command centre's step"),
        pytest.param("assignee", {"department": "hotline", "step": "callback"}, ALL, ["agent"], id="the hotline's step"),
        pytest.param("assignee", {"department": "command", "unit_code": None}, ALL, ["dispatcher"], id="no unit known"),
        pytest.param("team_leader", {}, ALL, ["foreman"], id="the department's leader before the unit's"),
        pytest.param("team_leader", {"department": "metering"}, ALL, ["county"], id="a department without one: the unit's"),
        pytest.param("team_leader", {"department": "command"}, ALL, ["province"], id="of the command centre, where it is"),
        pytest.param("team_leader", {}, organisation("billing-head", "city"), ["city"], id="none at the unit: the one above"),
        pytest.param("parent_leader", {}, ALL, ["city"], id="the nearest leader above"),
        pytest.param("parent_leader", {}, organisation("county", "province"), ["province"], id="none there: further up"),
        pytest.param("city_leader", {}, ALL, ["city"], id="the city's leader"),
        pytest.param("city_leader", {}, organisation("county", "province"), ["province"], id="no city's leader: the province's"),
        pytest.param("city_leader", {}, organisation("county", "dispatcher"), ["dispatcher"], id="no leader above: the dispatchers"),
        pytest.param("dispatcher", {}, ALL, ["dispatcher"], id="the dispatchers"),
        pytest.param("auditor", {}, ALL, ["auditor"], id="the auditors"),
        pytest.param("auditor", {}, organisation("admin", "city"), ["admin"], id="no auditor: the administrators"),
        pytest.param("assignee", {}, organisation("admin"), ["admin"], id="nobody at all: the administrators"),
        pytest.param("team_leader", {}, organisation(stand_ins={"foreman": ["mate", "gone"]}), ["foreman", "mate"], id="and who stands in"),
    ],
)
def test_the_right_person_in_the_line_of_command_is_told(kind, changes, directory, expected):
    assert told(kind, directory, **changes) == expected


def test_nobody_at_all_is_an_error_and_not_silence():
    with pytest.raises(NotFound, match="没有可以通知的人"):
        recipients("assignee", STEP, organisation("clerk"))


# --- which marks


def row(code, mark="yellow", multiple=1.0, *, step="", level="", recipient="assignee", outlet="console"):
    return Escalation(code, step, level, mark, multiple, recipient, outlet)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([row("a"), row("b", step="accept"), row("c", level="special")], "a", id="only what speaks of the step"),
        pytest.param([row("a"), row("b", level="ordinary")], "b", id="a given level wins"),
        pytest.param([row("a", step="resolve"), row("b", level="ordinary")], "b", id="a given level wins over a given step"),
        pytest.param([row("a"), row("b", step="resolve")], "b", id="a given step wins"),
        pytest.param([row("a"), row("b", level="ordinary", recipient="auditor")], "ab", id="another recipient is told too"),
        pytest.param([row("a"), row("b", "red", level="ordinary")], "ab", id="another mark"),
        pytest.param([row("a", "multiple", 2.0), row("b", "multiple", 3.0, level="ordinary")], "ab", id="another multiple"),
        pytest.param([row("a"), row("b", outlet="webhook")], "ab", id="two outlets"),
    ],
)
def test_the_closest_row_governs_a_mark_and_a_recipient(rows, expected):
    assert "".join(one.code for one in rows_for(STEP, rows)) == expected


ROWS = (row("triple", "multiple", 3.0), row("double", "multiple", 2.0), row("red", "red"), row("yellow"))
LIMIT = Limit(5, "*", "", "", "", Step.RESOLVE, "received", 4, "hours", "natural", 0.5, "", is_pausable=True)
KINDS = {"wait": PauseKind("wait", "", frozenset({Step.RESOLVE}), 10 * DAY, "")}


def moments(rules, pauses=(), now=NOW, **changes):
    marks = marks_of(replace(STEP, **changes), rules, pauses, now)
    return {mark.row.code: (mark.at - NOW) / HOUR for mark in marks}


@pytest.fixture
def marked(rules):
    return replace(rules, escalations=ROWS, limits=(LIMIT,), pause_kinds=KINDS)


def test_marks_are_yellow_red_and_the_multiples_of_the_length_where_the_limit_is_gone(marked):
    assert moments(marked) == {"yellow": 2, "red": 4 + 1 / 60, "double": 8, "triple": 12}


def test_a_multiple_counts_the_limits_own_clock(marked):
    working = replace(LIMIT, clock="working", amount=1, unit="workdays")
    friday = shanghai("2026-11-20 10:00")
    step = replace(STEP, limit_id=5, started_at=friday)
    marks = {m.row.code: m.at for m in marks_of(step, replace(marked, limits=(working,)), (), NOW)}
    assert marks["double"] == shanghai("2026-11-24 10:00")
    assert marks["triple"] == shanghai("2026-11-25 10:00")


def test_a_multiple_counts_what_was_granted_on_top(marked):
    assert moments(marked, limit_id=5, extra_seconds=3600)["double"] == 10


def test_a_multiple_does_not_count_pauses_of_a_clock_that_can_be_paused(marked):
    pauses = (Pause("wait", NOW + HOUR, NOW + 4 * HOUR),)
    assert moments(marked, pauses, limit_id=5)["double"] == 11
    unpausable = replace(marked, limits=(replace(LIMIT, is_pausable=False),))
    assert moments(unpausable, pauses, limit_id=5)["double"] == 8


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        pytest.param(LIMIT, 30, id="a clock that stands still"),
        pytest.param(replace(LIMIT, is_pausable=False), 8, id="a clock that runs on"),
        pytest.param(replace(LIMIT, id=6), 30, id="the limit is gone"),
    ],
)
def test_no_multiple_comes_while_the_clock_stands_still(marked, limit, expected):
    rules = replace(marked, limits=(limit,))
    paused = moments(rules, now=NOW + 9 * HOUR, limit_id=5, paused_until_at=NOW + 30 * HOUR)
    assert (paused["red"], paused["double"]) == (4 + 1 / 60, expected)
    assert moments(rules, now=NOW + 30 * HOUR, limit_id=5, paused_until_at=NOW + 30 * HOUR)["double"] == 8


def test_a_multiple_is_never_before_red(marked):
    shorter = replace(marked, limits=(replace(LIMIT, amount=1),))
    assert moments(shorter, limit_id=5)["double"] == 4 + 1 / 60


# --- when and what

NIGHT, LATE = shanghai("2026-11-24 03:00"), shanghai("2026-11-23 21:00")
MORNING = shanghai("2026-11-24 08:00")


@pytest.mark.parametrize(
    ("now", "changes", "switches", "expected"),
    [
        pytest.param(NIGHT, {}, {}, MORNING, id="in the night it waits for the morning"),
        pytest.param(LATE, {}, {}, MORNING, id="late in the evening for the next one"),
        pytest.param(MORNING, {}, {}, MORNING, id="in the morning it goes"),
        pytest.param(LATE - MINUTE, {}, {}, LATE - MINUTE, id="in the evening it goes still"),
        pytest.param(NIGHT, {"level": "important"}, {}, NIGHT, id="what is graver goes at once"),
        pytest.param(NIGHT, {"is_watched": True}, {}, NIGHT, id="danger goes at once"),
        pytest.param(NIGHT, {}, {"quiet_warnings": "off"}, NIGHT, id="switched off"),
        pytest.param(NIGHT, {}, {"callback_quiet_from": "00:00", "callback_quiet_until": "02:00"}, NIGHT, id="other hours, on one day"),
    ],
)
def test_ordinary_warnings_are_quiet_at_night(rules, now, changes, switches, expected):
    assert quiet_until(replace(STEP, **changes), replace(rules, switches={**rules.switches, **switches}), now) == expected


@pytest.mark.parametrize(
    ("of", "hours", "title", "past"),
    [
        pytest.param(row("a"), 3, "【预警】工单 2026112300000001 的处理回复即将到期", "还剩 1 小时", id="yellow"),
        pytest.param(row("a", "red"), 5.5, "【超时】工单 2026112300000001 的处理回复已超时", "截至 11-23 15:30 已超时 1 小时 30 分钟", id="red"),
        pytest.param(row("a", "multiple", 2.0), 33, "【督办】工单 2026112300000001 的处理回复用时已达时限的 2 倍", "已超时 1 天 5 小时", id="twice"),
    ],
)
def test_a_warning_says_ticket_topic_step_team_deadline_and_how_long_past(rules, of, hours, title, past):
    subject, body = wording(Mark(NOW, of), STEP, ALL, rules, NOW + hours * HOUR)
    assert subject == title
    for part in (
        "2026112300000001（一般）",
        rules.topics["outage.fault.single"].name,
        "处理回复，时限 4 小时",
        "县 配电抢修班",
        "2026-11-23 14:00",
        past,
    ):
        assert part in body


def test_the_command_centre_is_named_without_a_unit(rules):
    _, body = wording(Mark(NOW, row("a")), replace(STEP, department="command", topic=None), ALL, rules, NOW)
    assert f"责任：{rules.departments['command']}\n" in body
    assert "主题：未定" in body


def test_lengths_of_time_are_said_in_whole_minutes():
    said = [length(span) for span in (timedelta(0), 59 * timedelta(seconds=1), MINUTE, DAY + 5 * MINUTE, -MINUTE)]
    assert said == ["不到 1 分钟", "不到 1 分钟", "1 分钟", "1 天 5 分钟", "不到 1 分钟"]


def test_a_key_names_a_message_for_good_and_fits_a_header():
    assert key_of(STEP, row("a"), user("mate", Role.HANDLER, "330102")) == "warning-7-a-20261123060000-mate"
    names = [user(name, Role.HANDLER, "330102") for name in ("张力", "李四", "m" * 64)]
    keys = {key_of(STEP, row("a" * 64), name) for name in names}
    assert len(keys) == 3
    assert all(len(key) <= 100 and key.isascii() for key in keys)


def test_only_a_webhook_drops_doubles():
    assert [drops_doubles(a) for a in ("https://host/x#k", "HTTP://host#k", "console:", "file:/x", "smtp://host")] == [True, True] + 3 * [False]


# --- the sweep


class Box:
    """An outlet that keeps what it is given, and fails first with what it is told."""

    def __init__(self, *failures):
        self.failures, self.sent = list(failures), []

    def __call__(self, address):
        return self

    def send(self, message):
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)


@pytest.fixture
def ordinary(take):
    """An ordinary fault of the team 330101/repair; its only open clocks are the repair team's."""
    (ticket,) = take("三楼没电", now=NOW)
    return ticket


DELAY = block("""
    UPDATE steps
    SET started_at = :now, yellow_at = :yellow_at, due_at = :due_at, red_at = :red_at, warn_at = :yellow_at, limit_id = NULL
    WHERE ticket_number = :number AND step = 'accept' AND watch = 'department'""")
FORGET = block("""
    UPDATE steps
    SET warn_at = NULL
    WHERE NOT (ticket_number = :number AND step = 'accept' AND watch = 'department')""")
NEXT_MARK = block("""
    SELECT warn_at
    FROM steps
    WHERE ticket_number = :number AND step = 'accept' AND watch = 'department'""")
GET = block("""
    SELECT id, key, recipient, subject, outlet, made_at, claimed_at, sent_at, failed_at, retry_at, attempts, error
    FROM messages
    ORDER BY id""")


@pytest.fixture
def one_step(store, ordinary):
    """A ticket of which one clock is warned of: 60 minutes from NOW, yellow after 30."""
    number = ordinary.number
    if not store.run(DELAY, number=number, now=NOW, yellow_at=NOW + 30 * MINUTE, due_at=NOW + HOUR, red_at=NOW + 61 * MINUTE):
        clock = "UPDATE steps SET watch = 'department' WHERE ticket_number = :number AND step = 'accept'"
        assert store.run(block(clock), number=number)
        store.run(DELAY, number=number, now=NOW, yellow_at=NOW + 30 * MINUTE, due_at=NOW + HOUR, red_at=NOW + 61 * MINUTE)
    store.run(FORGET, number=number)
    return number


@pytest.fixture
def told_by(rules):
    """The bundled rules, with other rows and switches: `told_by(ROWS)`."""
    return lambda rows=ROWS, **changes: replace(rules, escalations=tuple(rows), **changes)


def run(store, rules, minutes, box, **options):
    return sweep(store=store, rules=rules, now=NOW + minutes * MINUTE, outlets=box, **options)


def figures(swept):
    return (swept.warned, swept.sent, swept.failed, swept.waiting)


def test_each_mark_is_told_once_and_the_next_one_is_set(store, one_step, told_by):
    box, rules = Box(), told_by()
    assert figures(run(store, rules, 29, box)) == (0, 0, 0, 0)
    for minutes, title in ((30, "【预警】"), (61, "【超时】"), (120, "2 倍"), (180, "3 倍")):
        assert figures(run(store, rules, minutes, box)) == (1, 1, 0, 0)
        assert figures(run(store, rules, minutes, box)) == (0, 0, 0, 0)
        assert title in box.sent[-1].subject
    assert len(box.sent) == 4
    assert {message.recipient for message in box.sent} == {"repair"}
    assert store.value(NEXT_MARK, number=one_step) is None


def test_a_late_sweep_tells_of_the_gravest_mark_only_and_keeps_the_others(store, one_step, told_by):
    box = Box()
    assert figures(run(store, told_by(), 150, box)) == (3, 1, 0, 0)
    assert [row["escalation"] for row in store.warnings_of(one_step)] == ["yellow", "red", "double"]
    assert "2 倍" in box.sent[0].subject
    assert store.value(NEXT_MARK, number=one_step) == NOW + 180 * MINUTE


def test_a_deadline_that_moved_is_warned_of_anew(store, one_step, told_by):
    box, rules = Box(), told_by()
    run(store, rules, 31, box)
    store.run(DELAY, number=one_step, now=NOW, yellow_at=NOW + 60 * MINUTE, due_at=NOW + 2 * HOUR, red_at=NOW + 121 * MINUTE)
    assert figures(run(store, rules, 59, box)) == (0, 0, 0, 0)
    assert figures(run(store, rules, 60, box)) == (1, 1, 0, 0)
    assert len({message.key for message in box.sent}) == 2


def test_the_same_deadline_set_again_is_not(store, one_step, told_by):
    box, rules = Box(), told_by()
    run(store, rules, 31, box)
    store.run(DELAY, number=one_step, now=NOW, yellow_at=NOW + 30 * MINUTE, due_at=NOW + HOUR, red_at=NOW + 61 * MINUTE)
    assert figures(run(store, rules, 35, box)) == (0, 0, 0, 0)


def test_a_step_that_ended_is_not_warned_of(store, take, move, told_by):
    (ticket,) = take("三楼没电", now=NOW)
    move(ticket, "accept")
    box = Box()
    run(store, told_by(), 60 * 24 * 30, box)
    assert "接单" not in "".join(message.subject for message in box.sent)
    assert box.sent


def test_one_person_is_told_once_of_a_mark_though_two_rows_name_the_person(store, one_step, told_by):
    rows = [row("a", recipient="auditor"), row("b", recipient="auditor", step="accept"), row("c", recipient="dispatcher"), row("d")]
    box = Box()
    assert run(store, told_by(rows), 30, box).warned == 3
    assert sorted(message.recipient for message in box.sent) == ["auditor", "auditor2", "dispatcher", "repair"]


def test_one_person_at_two_places_in_the_line_is_told_once(store, one_step, told_by):
    same = [row("x", "red", recipient="city_leader"), row("y", "red", recipient="parent_leader")]
    assert figures(run(store, told_by(same), 61, Box())) == (2, 1, 0, 0)


def test_rows_that_changed_are_heeded_once_every_open_step_is_looked_at_again(store, one_step, told_by):
    box = Box()
    assert figures(run(store, told_by([row("yellow")]), 61, box)) == (1, 1, 0, 0)
    changed = told_by([row("yellow"), row("red", "red")])
    assert figures(run(store, changed, 62, box)) == (0, 0, 0, 0)
    assert store.look_again() >= 1
    run(store, changed, 62, box)
    assert [message.subject[:4] for message in box.sent if "接单" in message.subject] == ["【预警】", "【超时】"]


def test_special_tickets_reach_the_dispatcher_at_yellow_by_the_bundled_rows(store, take, rules):
    (ticket,) = take("高压线断落在地上", now=NOW)
    assert ticket.level == "special"
    box = Box()
    first = min(step.yellow_at for step in store.steps_of(ticket.number) if step.is_open)
    sweep(store=store, rules=rules, now=first, outlets=box)
    assert {"repair", "leader", "dispatcher"} <= {message.recipient for message in box.sent}


def test_messages_stand_in_the_list_though_the_outlet_is_off(store, one_step, told_by):
    box = Box()
    off = {"console": OutletRow("控制台", "console:", False)}
    assert figures(run(store, told_by(outlets=off), 30, box)) == (1, 0, 0, 0)
    assert box.sent == []
    assert len(store.messages_of("repair", unread_only=True)) == 1


def test_at_night_it_is_listed_at_once_and_sent_in_the_morning(store, take, told_by):
    (ticket,) = take("电表问题", said=prediction("business.metering.device", "complaint"), now=NOW)
    night = shanghai("2026-11-23 23:00")
    store.run(FORGET, number=ticket.number)
    step = (
        "UPDATE steps SET yellow_at = :now, warn_at = :now WHERE id = (SELECT MIN(id) FROM steps WHERE ticket_number = :number AND ended_at IS NULL)"
    )
    store.run(block(step), number=ticket.number, now=night)
    box, rules = Box(), told_by([row("a", recipient="auditor")])
    assert figures(sweep(store=store, rules=rules, now=night, outlets=box)) == (1, 0, 0, 2)
    assert len(store.messages_of("auditor")) == 1
    assert figures(sweep(store=store, rules=rules, now=shanghai("2026-11-24 07:59"), outlets=box)) == (0, 0, 0, 2)
    assert figures(sweep(store=store, rules=rules, now=shanghai("2026-11-24 08:00"), outlets=box)) == (0, 2, 0, 0)


def test_nothing_personal_leaves_the_house(store, take, told_by):
    said = "我叫张三丰，电话 13812345678，住柳荫路12号，三楼没电"
    take(said, phone="13812345678", caller_name="张三丰", address="临江市城区柳荫路12号", customer_number="3301000001", now=NOW)
    box = Box()
    run(store, told_by(), 60 * 24 * 30, box)
    text = "".join(message.subject + message.body for message in box.sent)
    assert text
    assert [part for part in ("张三丰", "13812345678", "柳荫路", "3301000001") if part in text] == []


def test_what_is_wrong_with_one_step_does_not_stop_the_others(store, take, told_by):
    first, second = (take(text, now=NOW)[0] for text in ("一楼没电", "二楼没电"))
    pause = "INSERT INTO pauses (ticket_number, kind, actor, started_at) VALUES (:number, 'unknown', 'a', :now)"
    store.run(block(pause), number=first.number, now=NOW)
    store.run(block("UPDATE steps SET warn_at = :now WHERE ended_at IS NULL"), now=NOW)
    pausable = [replace(limit, is_pausable=True) for limit in told_by().limits]
    box = Box()
    swept = run(store, told_by(limits=tuple(pausable)), 60 * 24 * 30, box, batch=1)
    assert store.warnings_of(first.number) == []
    assert store.warnings_of(second.number)
    assert swept.failed == len(swept.problems) > 0
    assert all(first.number in problem and "KeyError" in problem for problem in swept.problems)
    assert {message.subject.split()[1] for message in box.sent} == {second.number}


# --- sending


@pytest.fixture
def waiting(store, one_step, told_by):
    """The rules of a store in which one message waits, and no other mark will come."""
    rules = told_by([row("yellow")])
    run(store, rules, 31, Box(SendFailed("对方拒绝连接")))
    store.run(block("UPDATE messages SET attempts = 0, retry_at = made_at"))
    return rules


def message(store):
    (found,) = store.rows(GET)
    return found


def test_a_failure_is_tried_again_after_growing_waits_and_then_given_up(store, waiting):
    minutes, waits = 31, []
    for _ in RETRIES:
        swept = run(store, waiting, minutes, Box(SendFailed("对方没有应答，电话 13812345678")))
        assert figures(swept) == (0, 0, 1, 1)
        left = message(store)["retry_at"] - (NOW + minutes * MINUTE)
        waits.append(round(left / MINUTE))
        assert run(store, waiting, minutes + left / MINUTE - 1, box := Box()).sent == 0
        assert box.sent == []
        minutes += left / MINUTE
    assert [timedelta(minutes=wait) for wait in waits] == list(RETRIES)
    assert figures(run(store, waiting, minutes, Box(SendFailed("还是没有")))) == (0, 0, 1, 0)
    (given_up,) = store.failed_messages()
    assert (given_up["error"], given_up["attempts"]) == ("还是没有", len(RETRIES) + 1)


def test_the_reason_of_a_failure_is_kept_masked(store, waiting):
    run(store, waiting, 31, Box(SendFailed("不认识 13812345678")))
    assert message(store)["error"] == "不认识 138****5678"


def test_a_final_failure_is_not_tried_again(store, waiting):
    swept = run(store, waiting, 31, Box(SendFailed("收件人不是邮箱地址", is_final=True)))
    assert figures(swept) == (0, 0, 1, 0)
    assert "收件人不是邮箱地址" in swept.problems[0]
    assert run(store, waiting, 60 * 24, Box()).sent == 0


@pytest.mark.parametrize(
    ("outlets", "reason", "is_final"),
    [
        pytest.param({}, "没有外发渠道", True, id="gone"),
        pytest.param({"console": OutletRow("控制台", "console:", False)}, "已停用", False, id="off"),
    ],
)
def test_a_message_whose_outlet_is_not_there_says_so(store, waiting, outlets, reason, is_final):
    swept = run(store, replace(waiting, outlets=outlets), 31, Box())
    assert reason in swept.problems[0]
    assert (message(store)["failed_at"] is not None) is is_final


def test_an_outlet_whose_address_is_wrong_says_so_and_waits(store, waiting):
    def wrong(address):
        raise InvalidInput(Problem("address", "缺少主机名"))

    assert "缺少主机名" in run(store, waiting, 31, wrong).problems[0]
    assert message(store)["retry_at"] > NOW + 31 * MINUTE


def cut_off(store, rules, minutes=31):
    with pytest.raises(SystemExit):
        run(store, rules, minutes, Box(SystemExit()))


def test_a_message_cut_off_on_its_way_is_not_sent_again_but_listed(store, waiting):
    cut_off(store, waiting)
    box, soon = Box(), 31 + CUT_OFF / MINUTE - 1
    assert figures(run(store, waiting, soon, box)) == (0, 0, 0, 1)
    assert figures(run(store, waiting, soon + 2, box)) == (0, 0, 1, 0)
    assert box.sent == []
    (given_up,) = store.failed_messages()
    assert given_up["error"] == UNCLEAR
    assert figures(run(store, waiting, soon + 60, box)) == (0, 0, 0, 0)


def test_a_webhook_drops_doubles_and_is_sent_again_under_the_same_key(store, waiting):
    rules = replace(waiting, outlets={"console": OutletRow("即时通信", "https://host/hook#secret", True)})
    cut_off(store, rules)
    key, box = message(store)["key"], Box()
    assert figures(run(store, rules, 31 + CUT_OFF / MINUTE + 1, box)) == (0, 1, 0, 0)
    assert [sent.key for sent in box.sent] == [key]


def test_a_message_that_no_channel_could_carry_is_given_up(store, told_by):
    store.post("编号", "warning", "repair", "题", "文", NOW, outlet="console")
    assert figures(run(store, told_by(), 0, Box())) == (0, 0, 1, 0)
    assert "消息编号" in store.failed_messages()[0]["error"]


def test_an_error_that_nobody_foresaw_counts_as_cut_off(store, waiting):
    swept = run(store, waiting, 31, Box(ZeroDivisionError()))
    assert (figures(swept), swept.problems[0].endswith("ZeroDivisionError")) == ((0, 0, 1, 1), True)
    assert run(store, waiting, 32, Box()).sent == 0
    run(store, waiting, 31 + CUT_OFF / MINUTE + 1, Box())
    assert len(store.failed_messages()) == 1


def test_a_sweep_that_was_only_slow_has_the_last_word(store, waiting):
    class Slow:
        def send(self, sent):
            run(store, waiting, 60, Box())  # another sweep gives it up meanwhile

    assert run(store, waiting, 31, lambda address: Slow()).sent == 1
    assert (message(store)["failed_at"], message(store)["sent_at"] is not None) == (None, True)


def test_an_outlet_that_fails_three_times_in_a_row_rests_and_does_not_hold_up_another(store, told_by):
    outlets = {code: OutletRow(code, f"{code}:", True) for code in ("console", "file")}
    for n in range(10):
        store.post(f"c-{n}", "warning", "repair", "s", "b", NOW, outlet="console")
    store.post("f", "warning", "repair", "s", "b", NOW, outlet="file")
    dead, alive = Box(*[SendFailed("没有应答")] * 99), Box()
    swept = run(store, told_by(outlets=outlets), 0, lambda address: alive if address == "file:" else dead)
    assert (figures(swept), len(dead.failures)) == ((0, 1, 3, 10), 96)


def test_mail_to_a_username_that_is_no_mailbox_goes_to_the_senders_own(store, waiting):
    taken = []

    class Mail(SmtpOutlet):
        def send(self, sent):
            taken.append(sent)

    run(store, waiting, 31, lambda address: Mail("host", 25, "duty@example.com", tls="none"))
    assert taken[0].recipient == "duty@example.com"
    assert taken[0].body.startswith("收件人：配电抢修班处理人（repair）\n")


def test_two_sweeps_at_once_send_each_message_once(database, store, take, told_by):
    for n in range(12):
        take(f"{n} 楼没电", now=NOW)
    rules, box, swept = told_by(), Box(), []
    gate = threading.Barrier(2)

    def work():
        with database.connect() as connection:
            gate.wait(timeout=10)
            swept.append(run(Store(connection, SECRET), rules, 60 * 24 * 30, box, batch=3))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    run(store, rules, 60 * 24 * 30, box)  # what one had claimed while the other looked
    made = [row["key"] for row in store.rows(GET)]
    assert made
    assert sorted(sent.key for sent in box.sent) == sorted(made)
    assert [one.problems for one in swept] == [(), ()]
    assert all(row["sent_at"] for row in store.rows(GET))
