"""Moves as they are kept: the whole life of a ticket, its clocks, and what happens when two are at it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from tests.triage.samples import CITY, NOW, SECRET, prediction, user
from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound
from triage.lifecycle import act
from triage.store import Store
from triage.terms import Role, State, Step, Watch

DOUBT = prediction(sure=0.5)
FAULT = {"topic": "outage.fault.single", "demand_type": "fault"}
BILL = {"topic": "business.tariff.bill", "demand_type": "complaint"}
MINUTE = timedelta(minutes=1)


def open_clocks(store: Store, number: str) -> set[tuple[str, str]]:
    """The step and watch of the clocks that run."""
    return {(s.step.value, s.watch.value) for s in store.steps_of(number) if s.is_open}


def test_the_whole_life_of_a_fault(store, take, move):
    (ticket,) = take("家里没电", said=DOUBT, address=CITY, unit_code="", phone="13800000001")
    assert open_clocks(store, ticket.number) == {("dispatch", "customer"), ("arrive", "customer")}

    ticket = move(ticket, "dispatch", minutes=1, **FAULT)
    assert (ticket.state, ticket.department, ticket.team_unit) == (State.DISPATCHED, "repair", "330101")
    assert open_clocks(store, ticket.number) == {("accept", "customer"), ("arrive", "customer"), ("arrive", "department")}

    ticket = move(ticket, "accept", minutes=2)
    ticket = move(ticket, "arrive", minutes=30)
    assert open_clocks(store, ticket.number) == {("resolve", "customer"), ("resolve", "department")}
    assert ticket.next_due_at == NOW + 210 * MINUTE

    ticket = move(ticket, "resolve", minutes=90, reply="换了保险", finding="upheld")
    assert (ticket.reply, ticket.finding, ticket.next_step) == ("换了保险", "upheld", Step.REVIEW)

    ticket = move(ticket, "review", minutes=100)
    with pytest.raises(IllegalMove, match="请先完成：回访"):
        move(ticket, "close", minutes=101)
    ticket = move(ticket, "callback", minutes=110, satisfaction="1")
    ticket = move(ticket, "close", minutes=120, note="归档")

    assert (ticket.state, ticket.closed_at, ticket.satisfaction, ticket.next_due_at) == (State.CLOSED, NOW + 120 * MINUTE, "1", None)
    assert open_clocks(store, ticket.number) == set()
    assert all(s.ended_at and s.voided_at is None for s in store.steps_of(ticket.number))
    assert ticket.version == 8
    actions = [entry["action"] for entry in store.trail(ticket.number)]
    assert actions == ["receive", "decide", "dispatch", "accept", "arrive", "resolve", "review", "callback", "close"]
    assert store.broken_chains() == []
    assert [d["made_by"] for d in store.decisions_of(ticket.number)] == ["model", "dispatcher"]


def test_the_department_that_arrives_ends_the_customers_clock_and_its_own(store, take, move):
    (ticket,) = take("家里没电")
    move(move(ticket, "accept", minutes=2), "arrive", minutes=20)
    arrivals = {s.watch: s.ended_at for s in store.steps_of(ticket.number) if s.step is Step.ARRIVE}
    assert arrivals == dict.fromkeys((Watch.CUSTOMER, Watch.DEPARTMENT), NOW + 20 * MINUTE)


def test_a_complaint_is_answered_after_the_customer_was_called(take, move):
    (ticket,) = take("电费太高", said=prediction("business.tariff.bill", "complaint"))
    ticket = move(ticket, "accept", minutes=5)
    with pytest.raises(IllegalMove, match="联系客户"):
        move(ticket, "resolve", minutes=6, reply="已解释", finding="not_upheld")
    ticket = move(ticket, "contact", minutes=10)
    assert move(ticket, "resolve", minutes=60, reply="已解释", finding="not_upheld").state is State.RESOLVED


def test_a_returned_ticket_goes_to_another_department_and_its_clocks_with_it(store, take, move):
    (ticket,) = take("电费太高", said=prediction())  # the model sends it to repair
    customers = {s.step: s.due_at for s in store.steps_of(ticket.number) if s.watch is Watch.CUSTOMER}
    ticket = move(ticket, "return", minutes=2, reason="不属于抢修")
    assert ticket.state is State.RETURNED
    assert open_clocks(store, ticket.number) == {("arrive", "customer"), ("redispatch", "customer")}

    ticket = move(ticket, "dispatch", minutes=10, **BILL)
    steps = store.steps_of(ticket.number)
    assert (ticket.department, ticket.state) == ("billing", State.DISPATCHED)
    assert open_clocks(store, ticket.number) == {
        ("accept", "customer"),
        ("contact", "customer"),
        ("contact", "department"),
        ("resolve", "customer"),
        ("resolve", "department"),
    }
    assert {s.department for s in steps if s.is_open} == {"billing"}
    own, customer = (
        next(s for s in steps if s.is_open and s.step is Step.RESOLVE and s.watch is watch) for watch in (Watch.DEPARTMENT, Watch.CUSTOMER)
    )
    assert (customer.started_at, own.started_at) == (NOW, NOW + 10 * MINUTE)
    arrive = [s for s in steps if s.step is Step.ARRIVE]
    assert all(s.voided_at for s in arrive), "a complaint owes no arrival"
    accepts = [s for s in steps if s.step is Step.ACCEPT]
    assert [(s.voided_at is not None, s.started_at) for s in accepts] == [(True, NOW), (False, NOW + 10 * MINUTE)]
    assert customers[Step.ACCEPT] == NOW + 3 * MINUTE


def test_a_second_return_waits_for_a_dispatchers_decision_and_is_dispatched_anew(store, take, move):
    (ticket,) = take("家里没电")
    ticket = move(ticket, "return", minutes=10, reason="不是我们的")
    ticket = move(ticket, "dispatch", minutes=15, **FAULT)
    with pytest.raises(IllegalMove, match="已退过 1 次，再次退单须经派单员裁定"):
        move(ticket, "return", minutes=16, reason="还不是我们的")
    ticket = move(ticket, "ask_return", minutes=17, return_reason="not_our_unit", reason="在邻县")
    assert ticket.state is State.DISPATCHED
    ticket = move(ticket, "grant_return", minutes=20)
    ticket = move(ticket, "dispatch", minutes=25, **FAULT)
    redispatches = [s for s in store.steps_of(ticket.number) if s.step is Step.REDISPATCH]
    assert [(s.started_at, s.ended_at) for s in redispatches] == [(NOW + 10 * n * MINUTE, NOW + (10 * n + 5) * MINUTE) for n in (1, 2)]
    assert open_clocks(store, ticket.number) == {("accept", "customer"), ("arrive", "customer"), ("arrive", "department")}
    assert ticket.returns == 2


def test_a_reply_that_is_sent_back_lets_the_old_clock_run_on(store, take, move):
    (ticket,) = take("家里没电")
    for code, minutes in (("accept", 2), ("arrive", 20)):
        ticket = move(ticket, code, minutes=minutes)
    due = ticket.next_due_at
    ticket = move(ticket, "resolve", minutes=60, reply="好了", finding="upheld")
    ticket = move(ticket, "send_back", minutes=70, reason="没有写明原因")
    assert (ticket.state, ticket.next_step, ticket.next_due_at) == (State.ACCEPTED, Step.RESOLVE, due)
    assert move(ticket, "resolve", minutes=80, reply="表前线接触不良", finding="upheld").state is State.RESOLVED


def test_a_rerouted_ticket_starts_the_acceptance_anew(store, take, move):
    (ticket,) = take("家里没电")
    ticket = move(ticket, "reroute", minutes=2, reason="客户改口", **BILL)
    assert (ticket.department, ticket.state) == ("billing", State.DISPATCHED)
    assert [s.due_at for s in store.steps_of(ticket.number) if s.step is Step.ACCEPT and s.is_open] == [NOW + 122 * MINUTE]


def test_an_agent_may_still_answer_what_waits(store, take, move):
    (ticket,) = take("问电价", said=prediction("business.tariff.price", "enquiry", 0.5))
    ticket = move(ticket, "answer", minutes=3, reply="每度 0.538 元")
    assert (ticket.state, ticket.reply, ticket.closed_at) == (State.ANSWERED, "每度 0.538 元", NOW + 3 * MINUTE)
    assert open_clocks(store, ticket.number) == set()


def test_what_is_not_ours_is_referred_with_its_owner(store, take, move):
    (ticket,) = take("物业停电", said=prediction("other.out_of_scope", "complaint"))
    with pytest.raises(InvalidInput, match="转告责任主体"):
        move(ticket, "dispatch", topic="other.out_of_scope", demand_type="complaint")
    ticket = move(ticket, "refer", owner="绿城物业")
    assert (ticket.state, ticket.owner) == (State.REFERRED, "绿城物业")
    assert open_clocks(store, ticket.number) == set()


def test_a_watched_ticket_is_watched_until_a_dispatcher_has_seen_it(take, move):
    (ticket,) = take("高压线断落在地上")
    assert ticket.is_watched
    ticket = move(ticket, "accept", minutes=1)
    assert ticket.is_watched
    ticket = move(ticket, "acknowledge", minutes=2)
    assert (ticket.is_watched, ticket.state) == (False, State.ACCEPTED)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        pytest.param({**FAULT, "unit_code": "999"}, "供电单位：必填", id="a unit that is not there"),
        pytest.param({**FAULT}, "供电单位：必填", id="no unit"),
        pytest.param({"topic": "service.channel.online", "demand_type": "complaint", "unit_code": "3301"}, "", id="the province's team"),
    ],
)
def test_a_dispatch_needs_a_unit_with_a_team_above_it(take, move, values: dict[str, str], says: str):
    (ticket,) = take("没电", said=DOUBT, unit_code="")
    if not says:
        assert move(ticket, "dispatch", **values).team_unit == "33"
        return
    with pytest.raises(InvalidInput, match=says):
        move(ticket, "dispatch", **values)


def test_a_move_that_is_refused_leaves_no_trace(store, take, move):
    (ticket,) = take("没电", said=DOUBT, unit_code="")
    entries = len(store.trail(ticket.number))
    with pytest.raises(InvalidInput):
        move(ticket, "dispatch", **FAULT)
    assert store.ticket(ticket.number) == ticket
    assert len(store.trail(ticket.number)) == entries


def test_a_version_that_is_out_of_date_is_refused(take, move):
    (ticket,) = take("家里没电")
    move(ticket, "accept", version=1)
    with pytest.raises(Conflict, match="现为“已接单”，版本 2"):
        move(ticket, "return", version=1, reason="不是我们的")


def test_of_eight_at_once_one_wins_and_the_others_are_told(database, store, take):
    (ticket,) = take("家里没电")
    rules, ready = store.rules(), Barrier(8)

    def accept(_: int) -> str:
        with database.connect() as connection:
            mine, handler = Store(connection, SECRET), user(Role.HANDLER, "330101", "repair")
            ready.wait()
            try:
                return act(ticket.number, "accept", {}, user=handler, version=1, store=mine, rules=rules, now=NOW).state.value
            except Conflict:
                return "conflict"

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(accept, range(8)))
    assert answers == ["accepted", *["conflict"] * 7]
    assert store.ticket(ticket.number).version == 2
    assert [entry["action"] for entry in store.trail(ticket.number)] == ["receive", "decide", "accept"]
    assert store.broken_chains() == []


@pytest.mark.parametrize(
    ("unit", "department", "role", "sees"),
    [
        pytest.param("330101", "repair", Role.HANDLER, True, id="the team itself"),
        pytest.param("330101", "billing", Role.HANDLER, False, id="another team of the unit"),
        pytest.param("330102", "repair", Role.HANDLER, False, id="the same team elsewhere"),
        pytest.param("3301", "repair", Role.HANDLER, False, id="the same team above"),
        pytest.param("3301", "", Role.LEADER, True, id="a leader above"),
        pytest.param("3301", "repair", Role.LEADER, True, id="a leader above, of the department"),
        pytest.param("3301", "billing", Role.LEADER, False, id="a leader above, of another department"),
        pytest.param("3302", "", Role.LEADER, False, id="a leader of another city"),
        pytest.param("33010201", "", Role.LEADER, False, id="a leader below"),
    ],
)
def test_only_who_may_see_a_ticket_may_move_it(take, move, unit: str, department: str, role: Role, sees: bool):
    (ticket,) = take("家里没电")
    if sees:
        assert move(ticket, "accept", by=user(role, unit, department)).state is State.ACCEPTED
        return
    with pytest.raises(Forbidden, match="不属于您的班组"):
        move(ticket, "accept", by=user(role, unit, department))


def test_a_ticket_that_is_not_there_is_not_found(store):
    with pytest.raises(NotFound, match="16 位"):
        act("1", "accept", {}, user=user(Role.HANDLER), version=1, store=store, rules=store.rules(), now=NOW)
