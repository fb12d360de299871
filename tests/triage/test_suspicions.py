"""Suspicious patterns on planted cases: for each rule one that must be found and a near miss that must not; precision; who decides."""

from datetime import date, timedelta

import pytest

from tests.triage.samples import NOW, prediction, user
from triage.calls import Call, Direction
from triage.errors import Conflict, Forbidden, InvalidInput, NotFound
from triage.people import User
from triage.precision import ENOUGH, precisions
from triage.reference import edit_row
from triage.store import Store
from triage.suspicions import decide, scan
from triage.terms import Role, Step, Watch

AUDITOR = User("auditor", "陈静", Role.AUDITOR, "33", "")
BILL = prediction("business.tariff.bill", "complaint")
PHONE = "13900000001"
TODAY, LAST = date(2026, 11, 23), date(2026, 12, 31)
REPLY = {"reply": "已核实并退费", "finding": "upheld"}


@pytest.fixture
def found(store):
    """Scan, and give the tickets that a rule has found, with its words."""

    def scanned(rule: str) -> dict[str, str]:
        scan(TODAY, LAST, store=store, rules=store.rules(), now=NOW)
        return {one.ticket_number: one.evidence for one in store.suspicions(rule, [""])}

    return scanned


@pytest.fixture
def accepted(take, move):
    """A complaint about a bill, accepted after half an hour."""
    return lambda n=0: move(take(f"电费多算了{n}", said=BILL, phone=PHONE)[0], "accept", minutes=30)


def resolve_clock(store: Store, number: str):
    return next(one for one in store.steps_of(number) if one.step is Step.RESOLVE and one.watch is Watch.CUSTOMER)


def minutes_until(moment) -> float:
    return (moment - NOW) / timedelta(minutes=1)


# --- resolved seconds before the deadline


@pytest.mark.parametrize(
    ("seconds", "is_found"),
    [
        pytest.param(45, True, id="45 s"),
        pytest.param(120, True, id="2 min"),
        pytest.param(121, False, id="a second more"),
        pytest.param(0, False, id="too late"),
    ],
)
def test_resolved_on_the_brink(store, accepted, move, found, seconds, is_found):
    ticket = move(accepted(), "contact", minutes=40)
    red_at = resolve_clock(store, ticket.number).red_at
    move(ticket, "resolve", minutes=minutes_until(red_at - timedelta(seconds=seconds)), **REPLY)
    words = found("brink_resolve")
    assert set(words) == ({ticket.number} if is_found else set())
    if seconds == 45:
        assert "距超时 45 秒" in words[ticket.number]


# --- contact logged without a call


def call_out(store: Store, minutes: float, *, phone: str = "13800000009", actor: str = "") -> None:
    at = NOW + timedelta(minutes=minutes)
    store.keep_call(Call(f"c{minutes}", Direction.OUT, phone, actor, "", at, at, at + timedelta(minutes=2)), at)


@pytest.mark.parametrize(
    ("calls", "is_found"),
    [
        pytest.param([(5, {}), (200, {})], True, id="others called others"),
        pytest.param([(50, {"phone": PHONE}), (200, {})], False, id="the customer was called"),
        pytest.param([(50, {"actor": "a-handler"}), (200, {})], False, id="who logged it called somebody"),
        pytest.param([(95, {"phone": PHONE}), (200, {})], True, id="the customer was called much later"),
        pytest.param([], False, id="no records at all"),
        pytest.param([(5, {})], False, id="records end before it"),
        pytest.param([(2000, {})], False, id="no records of that day"),
    ],
)
def test_contact_without_a_call(store, accepted, move, found, calls, is_found):
    ticket = move(accepted(), "contact", minutes=60)
    for minutes, values in calls:
        call_out(store, minutes, **values)
    words = found("no_call")
    assert set(words) == ({ticket.number} if is_found else set())
    assert all("前后 30 分 0 秒内没有呼出记录" in one for one in words.values())


# --- bursts of closures


@pytest.mark.parametrize(("n", "apart", "is_found"), [(8, 1, True), (7, 1, False), (8, 2, False)], ids=["8 in 7 min", "7 in 6 min", "8 in 14 min"])
def test_a_burst_of_closures(accepted, move, found, n, apart, is_found):
    tickets = [move(accepted(one), "contact", minutes=40) for one in range(n)]
    for place, ticket in enumerate(tickets):
        move(ticket, "resolve", minutes=60 + place * apart, **REPLY)
    words = found("burst")
    assert set(words) == ({ticket.number for ticket in tickets} if is_found else set())
    assert all("办结 8 张工单" in one for one in words.values())


# --- returned twice


def returned(move, ticket, times: int):
    move(ticket, "return", minutes=5, reason="不归我们")
    if times == 2:
        ticket = move(ticket, "dispatch", minutes=9, topic="business.metering.device", demand_type="complaint")
        move(ticket, "ask_return", minutes=12, return_reason="other", reason="也不归我们")
        move(ticket, "grant_return", minutes=15)


@pytest.mark.parametrize(("times", "is_found"), [(2, True), (1, False)], ids=["twice", "once"])
def test_returned_again_and_again(take, move, found, times, is_found):
    (ticket,) = take("电费多算了", said=BILL)
    returned(move, ticket, times)
    words = found("returned_twice")
    assert set(words) == ({ticket.number} if is_found else set())
    assert all("已退单 2 次" in one for one in words.values())


# --- an extension at the last minute


@pytest.mark.parametrize("is_granted", [False, True], ids=["not decided", "granted"])
@pytest.mark.parametrize(("minutes", "is_found"), [(29, True), (31, False)])
def test_an_extension_on_the_last_minute(store, accepted, move, found, minutes, is_found, is_granted):
    ticket = accepted()
    due = minutes_until(resolve_clock(store, ticket.number).due_at)
    move(ticket, "ask_extension", minutes=due - minutes, amount="1", reason="等配件")
    if is_granted:
        move(ticket, "grant_extension", minutes=due - 1)
    words = found("brink_extension")
    assert set(words) == ({ticket.number} if is_found else set())
    assert all("仅 29 分 0 秒" in one for one in words.values())


# --- dissatisfied but closed


@pytest.mark.parametrize(("satisfaction", "end", "is_found"), [("4", "close", True), ("3", "close", False), ("8", "reopen", False)])
def test_dissatisfied_but_closed(accepted, move, found, satisfaction, end, is_found):
    ticket = move(accepted(), "contact", minutes=40)
    ticket = move(ticket, "resolve", minutes=60, **REPLY)
    ticket = move(ticket, "review", minutes=70)
    ticket = move(ticket, "callback", minutes=80, satisfaction=satisfaction)
    move(ticket, end, minutes=90, **({"reason": "客户要求"} if end == "reopen" else {}))
    words = found("closed_dissatisfied")
    assert set(words) == ({ticket.number} if is_found else set())


# --- scanning and deciding


@pytest.fixture
def twice(take, move):
    """A ticket that was returned twice."""
    (ticket,) = take("电费多算了", said=BILL)
    returned(move, ticket, 2)
    return ticket


def test_a_scan_may_run_twice_and_late_and_finds_once(store, twice):
    late = NOW + timedelta(days=60)
    assert [scan(TODAY, LAST, store=store, rules=store.rules(), now=late) for _ in range(2)] == [1, 0]
    assert scan(TODAY + timedelta(days=1), LAST, store=store, rules=store.rules(), now=late) == 0
    assert len(store.suspicions("", [""])) == 1


def test_a_rule_goes_by_its_row_and_rests_when_it_is_out_of_use(store, twice, found):
    edit_row(store, "suspicion_rules", {"code": "returned_twice"}, {"amount": "3"}, actor="admin", now=NOW)
    assert found("returned_twice") == {}
    edit_row(store, "suspicion_rules", {"code": "returned_twice"}, {"amount": "2", "is_on": "0"}, actor="admin", now=NOW)
    assert found("returned_twice") == {}
    edit_row(store, "suspicion_rules", {"code": "returned_twice"}, {"is_on": "1", "rule": "退得多"}, actor="admin", now=NOW)
    assert set(found("returned_twice")) == {twice.number}


def test_a_period_that_is_none_is_refused(store):
    with pytest.raises(InvalidInput):
        scan(LAST, TODAY, store=store, rules=store.rules(), now=NOW)


def test_an_auditor_decides_once_and_the_rule_says_how_often_it_was_right(store, twice, found):
    found("returned_twice")
    (one,) = store.suspicions("returned_twice", [""])
    done = decide(one.id, "confirmed", user=AUDITOR, store=store, now=NOW)
    assert (done.verdict, done.decided_by) == ("confirmed", "auditor")
    assert decide(one.id, "confirmed", user=AUDITOR, store=store, now=NOW) == done
    with pytest.raises(Conflict, match="auditor 已判为“属实”"):
        decide(one.id, "refused", user=AUDITOR, store=store, now=NOW)
    rule = next(row for row in precisions(store) if row.rule == "returned_twice")
    assert (rule.waiting, rule.confirmed, rule.decided, rule.rate, rule.is_validated) == (0, 1, 1, 1.0, False)


def test_a_rule_is_validated_by_enough_decided_finds(store, take):
    for n in range(ENOUGH):
        (ticket,) = take(f"停电{n}", phone=f"138000001{n:02}")
        store.keep_suspicion("burst", ticket.number, "x", NOW)
    for n, one in enumerate(store.suspicions("burst", [""])):
        before = next(row for row in precisions(store) if row.rule == "burst")
        assert not before.is_validated
        decide(one.id, "confirmed" if n < 24 else "refused", user=AUDITOR, store=store, now=NOW)
    rule = next(row for row in precisions(store) if row.rule == "burst")
    assert (rule.is_validated, rule.rate) == (True, 0.8)
    assert rule.interval == (pytest.approx(0.627, abs=0.001), pytest.approx(0.905, abs=0.001))  # Wilson, 24 of 30


def test_what_cannot_be_decided_is_refused(store, twice, found):
    found("returned_twice")
    (one,) = store.suspicions("", [""])
    with pytest.raises(Forbidden):
        decide(one.id, "confirmed", user=user(Role.LEADER), store=store, now=NOW)
    with pytest.raises(InvalidInput):
        decide(one.id, "perhaps", user=AUDITOR, store=store, now=NOW)
    with pytest.raises(NotFound):
        decide(one.id + 1, "confirmed", user=AUDITOR, store=store, now=NOW)
    assert store.suspicion(one.id) == one
