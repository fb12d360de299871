"""Tests that were written because a mutant of the clocks or of the life cycle had outlived all others (scripts/mutate.py, tests/mutations.md)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scripts.lifecycle_docs import LIFECYCLE, page
from tests.triage.samples import NOW, shanghai, user
from triage.calendar import BLOCK, BLOCKS, ORIGIN, WorkingCalendar
from triage.errors import InvalidInput
from triage.fields import choices_of, read_fields
from triage.moves import BY_CODE, DECIDERS, MOVES, TEXTS, decided_by
from triage.rules import Rules
from triage.standing import Standing, hindrance
from triage.terms import Asked, Channel, Level, Role, Satisfaction, State, Step
from triage.tickets import Request, Ticket, answerable

MICROSECOND, DAY = timedelta(microseconds=1), timedelta(days=1)
NIGHT = {"callback_quiet_from": "12:00", "callback_quiet_until": "13:30"}


def ticket(state: State, **values: object) -> Ticket:
    """A fault of repair in a state."""
    common = {
        "number": "2026112300000001",
        "contact_id": 1,
        "text": "没电",
        "level": Level.ORDINARY,
        "demand_type": "fault",
        "topic": "outage.fault.single",
    }
    where = {"department": "repair", "unit_code": "330101", "team_unit": "330101", "locality": None, "channel": Channel.PHONE, "received_at": NOW}
    return Ticket(**{**common, **where, "state": state, "version": 1, "is_confidential": False, "is_watched": False, **values})


def said(rules: Rules, move: str, what: Ticket, role: Role, standing: Standing) -> str:
    """What stands in the way of a move."""
    return hindrance(BY_CODE[move], what, user(role), standing, rules)


# Calendar


def test_the_first_microsecond_that_a_calendar_counts_is_reached_where_it_ends():
    calendar = WorkingCalendar()
    assert calendar.reach("working", 1) == ORIGIN + MICROSECOND
    assert calendar.reach("working", 0) == ORIGIN


def test_a_calendar_counts_from_its_very_first_day_and_not_before():
    calendar = WorkingCalendar()
    assert calendar.counted("working", ORIGIN) == 0
    assert calendar.counted("working", ORIGIN + DAY) == DAY // MICROSECOND
    with pytest.raises(InvalidInput, match="时间早于 1992 年"):
        calendar.counted("working", ORIGIN - MICROSECOND)


def test_a_calendar_counts_to_its_very_last_day_and_not_beyond():
    calendar, end = WorkingCalendar(), ORIGIN + BLOCKS * BLOCK * DAY
    assert calendar.counted("working", end - MICROSECOND) > 0
    with pytest.raises(InvalidInput, match="晚于 3000 年"):
        calendar.counted("working", end)


# The table of moves


def test_the_page_of_moves_is_as_the_table_is():
    assert LIFECYCLE.read_text(encoding="utf-8") == page(), "run python -m scripts.lifecycle_docs"


def test_those_who_decide_are_the_roles_that_settle_something():
    assert set(DECIDERS) == {role for role in Role if decided_by(role)} == {move_role for one in MOVES if one.settles for move_role in one.roles}
    assert len(DECIDERS) == len(set(DECIDERS))


# What stands in the way


@pytest.mark.parametrize(
    ("state", "role", "may"),
    [
        pytest.param(State.RETURNED, Role.DISPATCHER, True, id="a returned ticket: the dispatcher"),
        pytest.param(State.RETURNED, Role.HANDLER, False, id="a returned ticket: no department"),
        pytest.param(State.PENDING_REVIEW, Role.LEADER, False, id="one that waits: no leader"),
        pytest.param(State.ACCEPTED, Role.HANDLER, True, id="an accepted ticket: the department"),
        pytest.param(State.ACCEPTED, Role.DISPATCHER, False, id="an accepted ticket: not the dispatcher"),
        pytest.param(State.REVIEWED, Role.LEADER, True, id="a checked ticket: the department's leader"),
    ],
)
def test_a_chaser_is_answered_by_whoever_has_the_ticket(rules: Rules, state: State, role: Role, may: bool):
    asked = Standing(NOW, dues={Step.CHASE: NOW})
    assert (said(rules, "answer_chase", ticket(state), role, asked) == "") is may


@pytest.mark.parametrize("satisfaction", Satisfaction)
def test_only_a_customer_who_is_not_content_has_the_ticket_opened_again(rules: Rules, satisfaction: Satisfaction):
    answered = ticket(State.CALLED_BACK, satisfaction=satisfaction.value)
    assert (said(rules, "reopen", answered, Role.AGENT, Standing(NOW)) == "") is (satisfaction.value in "456789")


@pytest.mark.parametrize(("at", "may"), [("11:59", True), ("12:00", False), ("13:29", False), ("13:30", True)])
def test_quiet_hours_may_lie_within_a_day(rules: Rules, at: str, may: bool):
    noon = replace(rules, switches={**rules.switches, **NIGHT})
    assert (said(noon, "callback", ticket(State.REVIEWED), Role.AGENT, Standing(shanghai(f"2026-11-23 {at}"))) == "") is may


@pytest.mark.parametrize(("minutes", "may"), [(0, False), (119, False), (120, True), (121, True)])
def test_two_hours_lie_between_two_calls(rules: Rules, minutes: int, may: bool):
    tried = Standing(NOW + timedelta(minutes=minutes), tried_at=NOW)
    assert (said(rules, "attempt", ticket(State.REVIEWED, attempts=1), Role.AGENT, tried) == "") is may


@pytest.mark.parametrize(
    ("move", "role", "what", "how", "may"),
    [
        pytest.param("attempt", Role.AGENT, {"attempts": 2}, {}, True, id="a third call"),
        pytest.param("attempt", Role.AGENT, {"attempts": 3}, {}, False, id="a fourth call"),
        pytest.param("attempt", Role.AGENT, {"attempts": 1}, {"tried_at": NOW - timedelta(minutes=119)}, False, id="a call within two hours"),
        pytest.param("attempt", Role.AGENT, {"attempts": 1}, {"tried_at": NOW - timedelta(minutes=120)}, True, id="a call after two hours"),
        pytest.param("callback", Role.AGENT, {}, {"now": shanghai("2026-11-23 20:59")}, True, id="in the evening"),
        pytest.param("callback", Role.AGENT, {}, {"now": shanghai("2026-11-23 21:00")}, False, id="at night"),
        pytest.param("callback", Role.AGENT, {}, {"now": shanghai("2026-11-23 08:00")}, True, id="in the morning"),
        pytest.param("close", Role.AGENT, {"attempts": 2}, {"dues": {Step.CALLBACK: NOW}}, False, id="closed after two calls"),
        pytest.param("close", Role.AGENT, {"attempts": 3}, {"dues": {Step.CALLBACK: NOW}}, True, id="closed after three"),
        pytest.param("appeal", Role.LEADER, {"finding": "upheld"}, {"resolved_at": NOW - 5 * DAY}, True, id="an appeal on the fifth day"),
        pytest.param("appeal", Role.LEADER, {"finding": "partly"}, {"resolved_at": NOW - 5 * DAY - MICROSECOND}, False, id="an appeal after it"),
    ],
)
def test_what_the_switches_leave_unsaid_is_as_it_is_bundled(rules: Rules, move: str, role: Role, what: dict, how: dict, may: bool):
    for asked in (rules, replace(rules, switches={})):
        assert (said(asked, move, ticket(State.REVIEWED, **what), role, Standing(**{"now": NOW, **how})) == "") is may


@pytest.mark.parametrize(("late", "may"), [(0, True), (1, False)])
def test_an_extension_may_be_asked_for_until_the_deadline_itself(rules: Rules, late: int, may: bool):
    standing = Standing(NOW + late * MICROSECOND, dues={Step.RESOLVE: NOW})
    assert (said(rules, "ask_extension", ticket(State.ACCEPTED), Role.HANDLER, standing) == "") is may


@pytest.mark.parametrize(("demand_type", "role"), [("fault", Role.LEADER), ("complaint", Role.DISPATCHER), (None, Role.DISPATCHER)])
@pytest.mark.parametrize("move", ["grant_extension", "refuse_extension"])
def test_an_extension_is_decided_by_whom_its_rule_names(rules: Rules, move: str, demand_type: str | None, role: Role):
    asked = Standing(NOW, asked={Asked.EXTENSION: Request(1, Asked.EXTENSION, "somebody", NOW, amount=1.0)})
    what = ticket(State.ACCEPTED, demand_type=demand_type)
    assert [one for one in (Role.LEADER, Role.DISPATCHER) if said(rules, move, what, one, asked) == ""] == [role]


def test_a_praise_is_never_extended_and_nothing_is_extended_twice(rules: Rules):
    owed = Standing(NOW, dues={Step.RESOLVE: NOW})
    assert "不能延期" in said(rules, "ask_extension", ticket(State.ACCEPTED, demand_type="praise"), Role.HANDLER, owed)
    assert "最多 1 次" in said(rules, "ask_extension", ticket(State.ACCEPTED, extensions=1), Role.HANDLER, owed)


@pytest.mark.parametrize("kind", ["exemption", "malicious"])
def test_what_was_granted_already_is_not_asked_for_again(rules: Rules, kind: str):
    marked = ticket(State.CLOSED, is_exempt=kind == "exemption", is_malicious=kind == "malicious")
    assert said(rules, f"ask_{kind}", marked, Role.DISPATCHER, Standing(NOW)) != ""
    assert said(rules, f"ask_{kind}", ticket(State.CLOSED), Role.DISPATCHER, Standing(NOW)) == ""


# What is sent with a move


@pytest.mark.parametrize(
    ("move", "name", "longest"),
    [pytest.param("chase", "reason", 4000, id="a text"), pytest.param("resolve", "responsible_unit", 200, id="a name")],
)
def test_what_is_written_may_be_so_long_and_no_longer(rules: Rules, move: str, name: str, longest: int):
    right = {"reason": "催", "reply": "已办", "finding": "upheld"}
    assert len(read_fields(BY_CODE[move], ticket(State.ACCEPTED), {**right, name: "长" * longest}, rules, NOW)[name]) == longest
    with pytest.raises(InvalidInput, match=f"最多 {longest} 个字"):
        read_fields(BY_CODE[move], ticket(State.ACCEPTED), {**right, name: "长" * (longest + 1)}, rules, NOW)


@pytest.mark.parametrize(("ahead", "may"), [(timedelta(0), False), (MICROSECOND, True), (366 * DAY, True), (366 * DAY + MICROSECOND, False)])
def test_an_appointment_lies_ahead_and_within_a_year(rules: Rules, ahead: timedelta, may: bool):
    sent = {"pause_kind": "appointed", "reason": "约时", "until": (NOW + ahead).isoformat()}
    if may:
        assert read_fields(BY_CODE["pause"], ticket(State.ACCEPTED), sent, rules, NOW)["until"] == (NOW + ahead).isoformat()
        return
    with pytest.raises(InvalidInput, match="应在现在之后"):
        read_fields(BY_CODE["pause"], ticket(State.ACCEPTED), sent, rules, NOW)


@pytest.mark.parametrize(("amount", "may"), [("0", False), ("1", True), ("24", True), ("25", False), ("-1", False), ("1.5", False), ("１", False)])
def test_an_extension_is_a_whole_number_up_to_its_most(rules: Rules, amount: str, may: bool):
    sent = {"amount": amount, "reason": "要时间"}
    if may:
        assert read_fields(BY_CODE["ask_extension"], ticket(State.ACCEPTED), sent, rules, NOW)["amount"] == amount
        return
    with pytest.raises(InvalidInput, match="申请延长"):
        read_fields(BY_CODE["ask_extension"], ticket(State.ACCEPTED), sent, rules, NOW)


def test_nobody_chooses_the_pause_of_callbacks_or_a_department_outside(rules: Rules):
    kinds, helpers = choices_of("pause_kind", rules), choices_of("co_department", rules)
    assert kinds == {code: kind.name for code, kind in rules.pause_kinds.items() if code != "callback_appointed"}
    assert helpers == {code: name for code, name in rules.departments.items() if code != "external"}
    assert choices_of("note", rules) is None


# Tickets and their steps


@pytest.mark.parametrize(
    ("step", "by"),
    [
        *((step, "command") for step in (Step.DISPATCH, Step.REDISPATCH, Step.REVIEW, Step.EXTENSION)),
        *((step, "hotline") for step in (Step.CALLBACK, Step.APPEAL)),
        *((step, "repair") for step in (Step.ACCEPT, Step.CONTACT, Step.ARRIVE, Step.RESOLVE, Step.CHASE, Step.CO_HANDLE)),
    ],
)
def test_every_step_has_somebody_who_has_to_end_it(step: Step, by: str):
    assert answerable(step, "repair") == by


def test_a_pause_is_over_at_the_very_moment_to_which_it_was_granted():
    paused = ticket(State.ACCEPTED, paused_until_at=NOW)
    assert (paused.is_paused(NOW - MICROSECOND), paused.is_paused(NOW), ticket(State.ACCEPTED).is_paused(NOW)) == (True, False, False)


@pytest.mark.parametrize("name", ["reason", "note", "reply", "owner", "task", "supplement"])
def test_what_people_write_freely_stands_beside_the_trail(name: str):
    assert name in TEXTS


def test_which_moves_stand_behind_more():
    """What leads the ticket on, or answers what somebody waits for, is offered at once; these are not (更多操作)."""
    assert {move.code for move in MOVES if not move.is_main} == {
        *("reroute", "assign", "ask_return", "pause", "ask_extension", "co_handle", "co_cancel", "postpone", "chase", "supplement"),
        *("answer", "refer", "merge", "withdraw", "appeal", "ask_exemption", "ask_malicious"),
    }


def test_which_moves_reckon_deadlines_anew():
    assert {move.code for move in MOVES if move.moves_deadlines} == {
        *("dispatch", "reroute", "set_type", "pause", "grant_extension", "refuse_extension", "send_back", "postpone"),
        *("undo_dispatch", "undo_callback", "undo_close", "undo_merge"),
    }


def test_nothing_has_been_counted_of_a_new_ticket():
    new = ticket(State.DISPATCHED)
    assert (new.returns, new.reopenings, new.chases, new.attempts, new.extensions) == (0, 0, 0, 0, 0)
