"""Taking back what one key did: a merge, alone or of a whole storm; a rating; a closing. Each as if it had never been, but for the trail."""

from datetime import timedelta

import pytest

from tests.triage.samples import CITY, NOW, prediction, user
from triage.errors import IllegalMove, NotFound
from triage.lifecycle import legal_moves
from triage.outage_changes import register
from triage.outage_drafts import read_draft
from triage.people import User
from triage.store.feed import read
from triage.storm import merge_group
from triage.terms import Asked, Level, Role, State
from triage.unmerging import undo_group

SECOND = timedelta(seconds=1)
DOUBT = prediction(sure=0.5)
BILL = prediction("business.tariff.bill", "complaint")
OTHER = User("b-dispatcher", "另一位", Role.DISPATCHER, "33", "command")
MERGED_AT = NOW + timedelta(minutes=3)


def stands(store, number):
    """What a ticket is and what is open of it: an undo leaves none of it changed."""
    ticket = store.ticket(number)
    row = {name: value for name, value in vars(ticket).items() if name != "version"}
    clocks = {(s.step, s.watch, s.started_at, s.due_at, s.department, s.unit_code) for s in store.steps_of(number) if s.is_open}
    requests = {(one.kind, one.asked_at) for one in store.requests_of(number) if one.decided_at is None}
    helping = {(one.department, one.asked_at) for one in store.co_handlings_of(number) if one.is_open}
    return row, clocks, requests, helping, store.pauses_of(number), [vars_of(one) for one in store.links_of(number)]


def vars_of(row):
    return {name: row[name] for name in ("ticket_number", "other_number", "kind")}


def facts(store, number):
    return {fact: n for fact, n in read(store.connection, number).items() if n}


def codes(ticket, who, store, rules, seconds):
    at = MERGED_AT + seconds * SECOND
    return {move.code for move in legal_moves(store.ticket(ticket.number), who, store.standing(store.ticket(ticket.number), who, at), rules)}


# A single one


@pytest.mark.parametrize(
    "way",
    [
        pytest.param((), id="waiting for a dispatcher"),
        pytest.param((("dispatch", {"topic": "business.tariff.bill", "demand_type": "complaint"}),), id="sent"),
        pytest.param(
            (
                ("dispatch", {"topic": "business.tariff.bill", "demand_type": "complaint"}),
                ("accept", {}),
                ("assign", {"crew": "", "assignee": "billing"}),
                ("co_handle", {"co_department": "metering", "task": "请核表"}),
                ("ask_extension", {"amount": "1", "reason": "需要时间"}),
                ("pause", {"pause_kind": "appointed", "until": (NOW + timedelta(hours=5)).isoformat(), "reason": "客户约时"}),
                ("chase", {"reason": "客户催"}),
            ),
            id="at work, with help, a request, a pause and a chase",
        ),
    ],
)
def test_a_merge_that_is_taken_back_leaves_the_ticket_as_it_was(store, take, move, way):
    doubtful = prediction("business.tariff.bill", "complaint", sure=0.5)
    (parent,), (ticket,) = take("停电了", address=CITY), take("可能电费多了", said=doubtful, address=CITY)
    for turn, (code, values) in enumerate(way):
        ticket = move(ticket, code, minutes=1 + turn / 10, **values)
    before, counted = stands(store, ticket.number), facts(store, ticket.number)
    move(ticket, "merge", minutes=3, parent=parent.number)
    assert store.ticket(ticket.number).state is State.MERGED
    ticket = move(ticket, "undo_merge", minutes=3.5)
    assert stands(store, ticket.number) == before
    assert facts(store, ticket.number) == counted
    assert store.children_of(parent.number) == []
    assert [entry["action"] for entry in store.trail(ticket.number)][-2:] == ["merge", "undo_merge"]
    assert [entry["action"] for entry in store.trail(parent.number)][-2:] == ["absorb", "give_back"]
    assert (store.check_figures(), store.broken_chains()) == ([], [])


def test_a_ticket_with_others_merged_into_it_takes_them_back_along(store, take, move):
    (far,), (near,), (child,) = (take("停电了", address=CITY) for _ in range(3))
    move(child, "merge", minutes=1, parent=near.number)
    move(near, "merge", minutes=3, parent=far.number)
    assert {one.number for one in store.children_of(far.number)} == {near.number, child.number}
    move(near, "undo_merge", minutes=3.2)
    assert ([one.number for one in store.children_of(near.number)], store.children_of(far.number)) == ([child.number], [])


def test_a_merge_stays_once_a_customer_was_told_because_of_it(store, take, move):
    (far,), (near,), (child,) = take("电费多了", said=BILL), take("停电了"), take("停电了")
    move(child, "merge", minutes=1, parent=near.number)
    for turn, (code, values) in enumerate([("accept", {}), ("contact", {}), ("resolve", {"reply": "已办", "finding": "upheld"}), ("review", {})]):
        far = move(far, code, minutes=1 + turn / 10, **values)
    move(near, "merge", minutes=3, parent=far.number)
    assert [one.kind for one in store.requests_of(child.number) if one.decided_at is None] == [Asked.INFORM]
    move(child, "inform", minutes=3.1)
    with pytest.raises(IllegalMove, match="“合并”之后 a-agent 已处理此工单；保持合并"):
        move(near, "undo_merge", minutes=3.2)


def test_nobody_is_asked_to_tell_the_customer_any_more_when_the_merge_is_taken_back(store, take, move):
    (far,), (near,), (child,) = take("电费多了", said=BILL), take("停电了"), take("停电了")
    move(child, "merge", minutes=1, parent=near.number)
    for turn, (code, values) in enumerate([("accept", {}), ("contact", {}), ("resolve", {"reply": "已办", "finding": "upheld"}), ("review", {})]):
        far = move(far, code, minutes=1 + turn / 10, **values)
    move(near, "merge", minutes=3, parent=far.number)
    move(near, "undo_merge", minutes=3.2)
    assert [one for number in (near.number, child.number) for one in store.requests_of(number) if one.decided_at is None] == []


@pytest.mark.parametrize(
    ("seconds", "by", "says"),
    [
        pytest.param(60, None, "", id="a minute after"),
        pytest.param(61, None, "“合并”已超过 60 秒；保持合并", id="a second more"),
        pytest.param(10, OTHER, "由做出“合并”的人（a-dispatcher）撤销", id="by somebody else"),
    ],
)
def test_a_merge_is_taken_back_within_a_minute_by_who_made_it(store, rules, take, move, seconds, by, says):
    (parent,), (ticket,) = take("停电了"), take("可能停电了", said=DOUBT)
    move(ticket, "merge", minutes=3, parent=parent.number)
    assert ("undo_merge" in codes(ticket, by or user(Role.DISPATCHER), store, rules, seconds)) is (not says)
    if says:
        with pytest.raises(IllegalMove, match=says):
            move(ticket, "undo_merge", minutes=3 + seconds / 60, by=by)


def test_a_merge_into_what_was_merged_itself_since_stays(take, move):
    (far,), (near,), (child,) = (take("停电了", address=CITY) for _ in range(3))
    move(child, "merge", minutes=3, parent=near.number)
    move(near, "merge", minutes=3.1, parent=far.number)
    with pytest.raises(IllegalMove, match=f"主单已并入 {far.number}；保持合并"):
        move(child, "undo_merge", minutes=3.2)


def test_the_level_that_a_merge_had_raised_goes_back_unless_something_else_holds_it_up(store, take, move):
    (parent,), (danger,) = take("停电了", address=CITY), take("电线掉地上冒火花，有人触电了", address=CITY)
    assert (parent.level, danger.level) == (Level.ORDINARY, Level.SPECIAL)
    move(danger, "merge", minutes=3, parent=parent.number)
    assert store.ticket(parent.number).level is Level.SPECIAL
    move(danger, "undo_merge", minutes=3.1)
    assert store.ticket(parent.number).level is Level.ORDINARY
    assert store.ticket(danger.number).is_watched
    move(danger, "merge", minutes=4, parent=parent.number)
    move(parent, "supplement", minutes=4.1, supplement="刚才电表箱冒烟起火了")
    move(danger, "undo_merge", minutes=4.2)
    assert store.ticket(parent.number).level is Level.SPECIAL


# A rating, a closing


@pytest.fixture
def reviewed(take, move):
    """A ticket that waits for its callback, and whose customer wanted to be called later."""
    (ticket,) = take("电费多算了", said=BILL, phone="13800000001")
    for turn, (code, values) in enumerate([("accept", {}), ("contact", {}), ("resolve", {"reply": "已退", "finding": "upheld"}), ("review", {})]):
        ticket = move(ticket, code, minutes=1 + turn / 10, **values)
    return move(ticket, "postpone", minutes=2, until=(NOW + timedelta(hours=5)).isoformat())


def test_a_rating_by_the_wrong_key_is_taken_back_and_counts_in_no_figure(store, move, reviewed):
    before, counted = stands(store, reviewed.number), facts(store, reviewed.number)
    ticket = move(reviewed, "callback", minutes=3, satisfaction="8")
    assert [fact[0] for fact in facts(store, ticket.number) if fact[0] == "satisfaction"] == ["satisfaction"]
    ticket = move(ticket, "undo_callback", minutes=3.1)
    assert (ticket.state, ticket.satisfaction) == (State.REVIEWED, "")
    assert stands(store, ticket.number) == before
    assert facts(store, ticket.number) == counted
    move(ticket, "callback", minutes=3.2, satisfaction="2")
    assert [fact[8] for fact in facts(store, ticket.number) if fact[0] == "satisfaction"] == ["2"]
    assert store.check_figures() == []


def test_a_closing_and_then_the_rating_before_it_are_taken_back(store, move, reviewed):
    before, counted = stands(store, reviewed.number), facts(store, reviewed.number)
    ticket = move(reviewed, "callback", minutes=3, satisfaction="2")
    rated = stands(store, ticket.number)
    ticket = move(ticket, "close", minutes=3.1)
    assert [fact[0] for fact in facts(store, ticket.number) if fact[0] == "closed"] == ["closed"]
    ticket = move(ticket, "undo_close", minutes=3.2, by=user(Role.AGENT))
    assert stands(store, ticket.number) == rated
    ticket = move(ticket, "undo_callback", minutes=3.3)
    assert stands(store, ticket.number) == before
    assert facts(store, ticket.number) == counted
    assert (store.check_figures(), store.broken_chains()) == ([], [])


def test_a_rating_stays_once_somebody_has_acted_upon_it(move, reviewed):
    ticket = move(reviewed, "callback", minutes=3, satisfaction="8")
    move(ticket, "chase", minutes=3.1, reason="客户又来电")
    with pytest.raises(IllegalMove, match="“回访”之后 a-agent 已处理此工单；请用“补充诉求”说明"):
        move(ticket, "undo_callback", minutes=3.2)


def test_a_closing_is_not_taken_back_after_its_time(move, reviewed):
    ticket = move(move(reviewed, "callback", minutes=3, satisfaction="2"), "close", minutes=3.1, by=user(Role.AGENT))
    with pytest.raises(IllegalMove, match="“归档”已超过 60 秒；可由派单员“重新办理”"):
        move(ticket, "undo_close", minutes=4.2, by=user(Role.AGENT))


# A storm as a whole


@pytest.fixture
def storm_of(take):
    """Take so many reports of one outage, half of them doubtful, the second of them about danger to life."""

    def made(count):
        texts = [f"小区停电了，整栋楼都没电，{number}楼" for number in range(count)]
        texts[1] = "停电了，电线掉地上冒火花，有人触电了"
        return [take(text, said=DOUBT if n % 2 else None, now=NOW + n * SECOND, customer_number="3301000001")[0] for n, text in enumerate(texts)]

    return made


@pytest.fixture
def merge(store, rules):
    def merged(first, *others, outage="", at=MERGED_AT):
        seen = {one.number: store.ticket(one.number).version for one in others}
        return merge_group(first.number, seen, user=user(Role.DISPATCHER), store=store, rules=rules, now=at, outage_number=outage)

    return merged


@pytest.fixture
def undo(store, rules):
    def undone(parent, *, seconds=10.0, by=None, merged_at=None):
        now = MERGED_AT + seconds * SECOND
        return undo_group(parent.number, user=by or user(Role.DISPATCHER), store=store, rules=rules, now=now, merged_at=merged_at)

    return undone


def test_a_storm_is_parted_again_as_if_it_had_never_been_merged(store, storm_of, merge, undo):
    first, *others = storm_of(6)
    values = {"number": "000000000001", "kind": "fault", "unit_code": "330101", "transformer_areas": "文昌11台区"}
    moments = {"starts_at": NOW.isoformat(), "ends_at": (NOW + timedelta(hours=4)).isoformat()}
    register(read_draft({**values, **moments}, {"330101": "临江"}, NOW), user=user(Role.DISPATCHER), store=store, now=NOW)
    outage = store.outages(NOW, "")[0].number
    before = {one.number: (stands(store, one.number), facts(store, one.number)) for one in (first, *others)}
    done = merge(first, *others, outage=outage)
    assert (len(done.merged), store.ticket(first.number).outage_number, store.ticket(first.number).level) == (5, outage, Level.SPECIAL)
    parted = undo(first, merged_at=done.at)
    assert (parted.parted, parted.stay) == (done.merged, ())
    assert {number: (stands(store, number), facts(store, number)) for number in before} == before
    assert [store.trail(number)[-1]["action"] for number in done.merged] == ["undo_merge"] * 5
    assert [entry["action"] for entry in store.trail(first.number)][-6:] == ["give_back"] * 5 + ["detach"]
    assert (store.check_figures(), store.broken_chains()) == ([], [])


def test_what_was_changed_meanwhile_stays_merged_and_it_is_said_why(store, rules, storm_of, merge, undo, move):
    first, second, third, fourth = storm_of(4)
    merge(first, second, third, fourth)
    move(second, "ask_exemption", minutes=3.05, by=OTHER, exemption_reason="system", reason="系统中断")
    move(fourth, "undo_merge", minutes=3.1)
    parted = undo(first, seconds=20)
    assert parted.parted == (third.number,)
    assert [(one.number, one.why) for one in parted.stay] == [(second.number, f"“合并”之后 {OTHER.username} 已处理此工单；保持合并")]
    assert [store.ticket(one.number).state for one in (second, third, fourth)] == [State.MERGED, third.state, fourth.state]
    assert store.ticket(first.number).level is Level.SPECIAL, "the one about danger is still merged into it"
    again = undo(first, seconds=25)
    assert (again.parted, again.stay) == ((), parted.stay)


def test_a_storm_is_parted_once(storm_of, merge, undo):
    first, *others = storm_of(3)
    merge(first, *others)
    undo(first)
    with pytest.raises(IllegalMove, match="这次合并已经撤销过"):
        undo(first, seconds=12)


def test_of_two_merges_into_one_ticket_the_one_that_was_meant_is_taken_back(store, storm_of, merge, undo):
    first, *others = storm_of(5)
    earlier = merge(first, *others[:2])
    merge(first, *others[2:], at=MERGED_AT + 5 * SECOND)
    assert undo(first, merged_at=earlier.at).parted == earlier.merged
    assert {one.number for one in store.children_of(first.number)} == {one.number for one in others[2:]}


@pytest.mark.parametrize(
    ("seconds", "by", "says"),
    [
        pytest.param(61, None, "合并已超过 60 秒，工单保持合并", id="too late"),
        pytest.param(10, OTHER, "您没有", id="by somebody else"),
    ],
)
def test_a_storm_is_parted_within_a_minute_by_who_merged_it(store, storm_of, merge, undo, seconds, by, says):
    first, *others = storm_of(3)
    done = merge(first, *others)
    with pytest.raises(IllegalMove, match=says):
        undo(first, seconds=seconds, by=by)
    assert {store.ticket(number).state for number in done.merged} == {State.MERGED}


def test_where_nothing_was_merged_nothing_is_parted(store, rules, storm_of, undo):
    first, *_ = storm_of(2)
    with pytest.raises(IllegalMove, match="您没有"):
        undo(first)
    with pytest.raises(NotFound):
        undo_group("2026112399999999", user=user(Role.DISPATCHER), store=store, rules=rules, now=NOW)
