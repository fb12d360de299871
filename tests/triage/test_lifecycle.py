"""The table of moves: every state, move and role; what an error says; the fields of a move."""

from datetime import timedelta
from itertools import product

import pytest

from tests.triage.samples import NOW, user
from triage.errors import Forbidden, IllegalMove, InvalidInput
from triage.fields import read_fields
from triage.lifecycle import check, legal_moves
from triage.moves import BY_CODE, MOVES
from triage.rules import Rules
from triage.standing import Standing
from triage.terms import Channel, Level, Role, State, Step
from triage.tickets import Ticket

# Written from the trade's procedure and not from the code: which role may make which move from which state, where nothing is owed, asked or paused.
ANY = {"supplement": "agent dispatcher", "chase": "agent dispatcher"}
JUDGED = {"ask_exemption": "leader dispatcher", "ask_malicious": "agent dispatcher leader"}
DESK = {"answer": "agent", "refer": "agent dispatcher", "merge": "dispatcher", "withdraw": "agent dispatcher", "dispatch": "dispatcher"}
TEAM = {"assign": "handler leader", "co_handle": "handler leader dispatcher", "withdraw": "agent dispatcher"}
WORK = {**TEAM, "pause": "handler leader", "resolve": "handler leader"}
LEGAL = {
    State.PENDING_REVIEW: {**ANY, **JUDGED, **DESK},
    State.RETURNED: {**ANY, **JUDGED, **DESK},
    State.DISPATCHED: {
        **ANY,
        **JUDGED,
        **TEAM,
        "reroute": "dispatcher",
        "accept": "handler leader",
        "return": "handler leader",
        "merge": "dispatcher",
    },
    State.ACCEPTED: {**ANY, **JUDGED, **WORK, "return": "handler leader", "contact": "handler leader", "merge": "dispatcher"},
    State.CONTACTED: {**ANY, **JUDGED, **WORK},
    State.ARRIVED: {**ANY, **JUDGED, **WORK},
    State.RESOLVED: {**ANY, **JUDGED, "review": "dispatcher", "send_back": "dispatcher"},
    State.REVIEWED: {
        **ANY,
        **JUDGED,
        "callback": "agent",
        "attempt": "agent",
        "postpone": "agent",
        "close": "agent dispatcher",
    },
    State.CALLED_BACK: {**ANY, **JUDGED, "close": "agent dispatcher", "reopen": "agent dispatcher"},
    State.CLOSED: {**JUDGED, "reopen": "dispatcher"},
    State.ANSWERED: JUDGED,
    State.REFERRED: JUDGED,
    State.MERGED: JUDGED,
    State.WITHDRAWN: JUDGED,
}
NONE = Standing(NOW)


def owing(*steps: Step) -> Standing:
    """The customer waits for these steps for another hour."""
    return Standing(NOW, dues={step: NOW + timedelta(hours=1) for step in steps})


def ticket(state: State, *, is_watched: bool = False) -> Ticket:
    """A ticket in a state."""
    return Ticket(
        number="2026112300000001",
        contact_id=1,
        text="没电",
        state=state,
        level=Level.ORDINARY,
        demand_type="fault",
        topic="outage.fault.single",
        department="repair",
        unit_code="330101",
        team_unit="330101",
        locality=None,
        channel=Channel.PHONE,
        received_at=NOW,
        version=1,
        is_confidential=False,
        is_watched=is_watched,
    )


@pytest.mark.parametrize(
    ("state", "move", "role"),
    [pytest.param(*case, id=" ".join(map(str, case))) for case in product(State, BY_CODE, Role)],
)
def test_a_move_is_legal_exactly_where_the_table_says(rules: Rules, state: State, move: str, role: Role):
    allowed = role.value in LEGAL[state].get(move, "").split()
    who, what = user(role), ticket(state)
    assert (move in {m.code for m in legal_moves(what, who, NONE, rules)}) is allowed
    if allowed:
        assert check(move, what, who, NONE, rules).code == move
        return
    with pytest.raises((Forbidden, IllegalMove)) as error:
        check(move, what, who, NONE, rules)
    if isinstance(error.value, Forbidden):
        assert role not in BY_CODE[move].roles
    else:
        assert error.value.legal == tuple(m.code for m in legal_moves(what, who, NONE, rules))


def test_every_state_is_reached_and_left():
    targets = {move.target for move in MOVES if move.target}
    assert targets | {State.PENDING_REVIEW} == set(State)
    left = {state for move in MOVES if move.target and not move.undoes for state in move.sources}
    assert left == {state for state in State if not state.is_end} | {State.CLOSED}


def test_an_illegal_move_says_what_is_legal_now(rules: Rules):
    with pytest.raises(IllegalMove) as error:
        check("resolve", ticket(State.DISPATCHED), user(Role.HANDLER), NONE, rules)
    assert error.value.message == "不能“办结回单”：工单现为“待接单”。现在可以：接单、指派、退单、请求协办"
    assert error.value.legal == ("accept", "assign", "return", "co_handle")


def test_where_nothing_is_legal_it_says_so(rules: Rules):
    with pytest.raises(IllegalMove) as error:
        check("resolve", ticket(State.CLOSED), user(Role.HANDLER), NONE, rules)
    assert error.value.message == "不能“办结回单”：工单现为“已归档”。您现在没有可做的操作"
    assert error.value.legal == ()


def test_a_role_that_never_makes_a_move_is_told_who_does(rules: Rules):
    with pytest.raises(Forbidden) as error:
        check("accept", ticket(State.DISPATCHED), user(Role.AGENT), NONE, rules)
    assert error.value.message == "“接单”由责任部门、班长/负责人操作，您的角色是坐席"


def test_a_move_that_does_not_exist_is_told_those_that_do(rules: Rules):
    with pytest.raises(InvalidInput) as error:
        check("delete", ticket(State.DISPATCHED), user(Role.ADMIN), NONE, rules)
    assert "没有操作“delete”" in error.value.message
    assert "dispatch" in error.value.message


@pytest.mark.parametrize(
    ("move", "state", "owed", "says"),
    [
        pytest.param("resolve", State.ACCEPTED, {Step.CONTACT, Step.RESOLVE}, "请先完成：联系客户", id="first call"),
        pytest.param("resolve", State.ACCEPTED, {Step.ARRIVE}, "请先完成：到达现场", id="first arrive"),
        pytest.param("resolve", State.ACCEPTED, {Step.CONTACT, Step.ARRIVE}, "请先完成：联系客户、到达现场", id="first both"),
        pytest.param("resolve", State.ACCEPTED, {Step.RESOLVE}, "", id="only the reply is owed"),
        pytest.param("arrive", State.ACCEPTED, {Step.RESOLVE}, "此工单不需要“到达现场”", id="no arrival is owed"),
        pytest.param("arrive", State.ACCEPTED, {Step.ARRIVE}, "", id="an arrival is owed"),
        pytest.param("close", State.REVIEWED, {Step.CALLBACK}, "请先完成：回访", id="first call back"),
        pytest.param("close", State.REVIEWED, set(), "", id="no call back is owed"),
    ],
)
def test_what_is_owed_stands_in_the_way(rules: Rules, move: str, state: State, owed: set[Step], says: str):
    who = user(Role.AGENT if move == "close" else Role.HANDLER)
    if not says:
        assert check(move, ticket(state), who, owing(*owed), rules).code == move
        return
    with pytest.raises(IllegalMove, match=says):
        check(move, ticket(state), who, owing(*owed), rules)


@pytest.mark.parametrize("state", State, ids=str)
def test_what_is_watched_is_acknowledged_in_any_state_but_an_end(rules: Rules, state: State):
    codes = {m.code for m in legal_moves(ticket(state, is_watched=True), user(Role.DISPATCHER), NONE, rules)}
    assert ("acknowledge" in codes) is not state.is_end


def test_what_is_not_watched_need_not_be_acknowledged(rules: Rules):
    with pytest.raises(IllegalMove, match="不在派单员关注之列"):
        check("acknowledge", ticket(State.DISPATCHED), user(Role.DISPATCHER), NONE, rules)


@pytest.mark.parametrize("move", [move for move in MOVES if move.needs], ids=lambda move: move.code)
def test_all_that_a_move_needs_is_asked_for_at_once(rules: Rules, move):
    with pytest.raises(InvalidInput) as error:
        read_fields(move, ticket(move.sources[0]), dict.fromkeys(move.needs, "  "), rules, NOW)
    assert tuple(p.field for p in error.value.problems) == move.needs
    assert all(p.message.endswith("必填，请补上") for p in error.value.problems)


def test_fields_are_cleaned_and_others_are_left_out(rules: Rules):
    sent = {"reason": " 不属\x00本班组 ", "return_reason": "other", "state": "closed", "topic": "other.general"}
    fields = read_fields(BY_CODE["return"], ticket(State.DISPATCHED), sent, rules, NOW)
    assert fields == {"return_reason": "other", "reason": "不属本班组"}


@pytest.mark.parametrize(
    ("move", "values", "field", "says"),
    [
        pytest.param("dispatch", {"topic": "没有", "demand_type": "fault"}, "topic", "主题：没有“没有”", id="topic"),
        pytest.param("dispatch", {"topic": "other.general", "demand_type": "没有"}, "demand_type", "诉求类型：没有“没有”", id="type"),
        pytest.param("resolve", {"reply": "已修好", "finding": "maybe"}, "finding", "调查结论：没有“maybe”", id="finding"),
        pytest.param("callback", {"satisfaction": "10"}, "satisfaction", "回访评价：没有“10”", id="satisfaction"),
        pytest.param("resolve", {"reply": "修" * 4001, "finding": "upheld"}, "reply", "答复内容：最多 4000 个字", id="long reply"),
    ],
)
def test_a_wrong_field_is_named(rules: Rules, move: str, values: dict[str, str], field: str, says: str):
    with pytest.raises(InvalidInput) as error:
        read_fields(BY_CODE[move], ticket(BY_CODE[move].sources[0]), values, rules, NOW)
    assert [p.field for p in error.value.problems] == [field]
    assert error.value.message.startswith(says)


def test_a_note_may_be_left_out(rules: Rules):
    assert read_fields(BY_CODE["accept"], ticket(State.DISPATCHED), {}, rules, NOW) == {"note": ""}
