"""The dispatcher's desk in the store: a dispatch taken back, look-alike reports grouped, many merged at once, the list with its filters."""

from datetime import timedelta

import pytest

from tests.triage.samples import CITY, NOW, prediction, shanghai, user
from triage.dispatching import Filter, candidates, read_filter
from triage.errors import IllegalMove, InvalidInput
from triage.lifecycle import legal_moves
from triage.outage_changes import register
from triage.outage_drafts import read_draft
from triage.people import User
from triage.storm import PlaceKind, merge_group, storm
from triage.terms import Role, State

SECOND = timedelta(seconds=1)
DOUBT = prediction(sure=0.5)
BILL = {"topic": "business.tariff.bill", "demand_type": "complaint"}
FAULT = {"topic": "outage.fault.single", "demand_type": "fault"}
OTHER = User("b-dispatcher", "另一位", Role.DISPATCHER, "33", "command")


def clocks(store, number):
    """The clocks that run: step, whose, since when, until when, whose to end."""
    return {(s.step.value, s.watch.value, s.started_at, s.due_at, s.department, s.unit_code) for s in store.steps_of(number) if s.is_open}


def facts(ticket):
    """What a dispatch changes of a ticket, but for its version."""
    names = ("state", "topic", "demand_type", "department", "unit_code", "team_unit", "is_confidential", "is_watched", "next_due_at", "next_step")
    return {name: getattr(ticket, name) for name in names}


# Taking a dispatch back


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(FAULT, id="as the model said"),
        pytest.param(BILL, id="to another department, with other limits"),
        pytest.param({"topic": "other.theft", "demand_type": "report"}, id="as a report, which is confidential"),
    ],
)
def test_a_dispatch_that_is_taken_back_leaves_the_ticket_as_it_was(store, take, move, sent):
    (ticket,) = take("可能停电了", said=DOUBT, address=CITY)
    before, running = facts(ticket), clocks(store, ticket.number)
    ticket = move(ticket, "dispatch", minutes=1, **sent)
    assert facts(ticket) != before
    ticket = move(ticket, "undo_dispatch", minutes=1.5)
    assert facts(ticket) == before
    assert clocks(store, ticket.number) == running
    assert [e["action"] for e in store.trail(ticket.number)] == ["receive", "decide", "dispatch", "undo_dispatch"]
    assert (store.trail(ticket.number)[-1]["from_state"], store.trail(ticket.number)[-1]["to_state"]) == ("dispatched", "pending_review")
    assert store.broken_chains() == []


def test_what_is_taken_back_is_no_label_and_the_next_word_is(store, take, move):
    (ticket,) = take("可能停电了", said=DOUBT, address=CITY)
    ticket = move(ticket, "dispatch", minutes=1, **BILL)
    assert [label.topic for label in store.labels()] == ["business.tariff.bill"]
    ticket = move(ticket, "undo_dispatch", minutes=1.5)
    assert store.labels() == []
    assert [d["made_by"] for d in store.decisions_of(ticket.number)] == ["model", "taken_back"]
    ticket = move(ticket, "dispatch", minutes=2, **FAULT)
    assert [label.topic for label in store.labels()] == ["outage.fault.single"]


def test_a_returned_ticket_that_is_sent_again_goes_back_to_returned_and_its_first_dispatch_stays_done(store, take, move):
    (ticket,) = take("可能停电了", said=DOUBT, address=CITY)
    ticket = move(move(ticket, "dispatch", minutes=1, **FAULT), "return", minutes=5, reason="不属本班组")
    before, running = facts(ticket), clocks(store, ticket.number)
    assert {step for step, *_ in running} >= {"redispatch"}
    ticket = move(move(ticket, "dispatch", minutes=6, **BILL), "undo_dispatch", minutes=6.5)
    assert ticket.state is State.RETURNED
    assert facts(ticket) == before
    assert clocks(store, ticket.number) == running


def test_who_was_asked_to_help_along_with_the_dispatch_is_not_asked_any_more(store, take, move):
    (ticket,) = take("电线掉地上冒火花，有人触电了", unit_code="")
    assert (ticket.state, ticket.is_watched) == (State.PENDING_REVIEW, True)
    before = facts(ticket)
    ticket = move(ticket, "dispatch", minutes=1, unit_code="330101", topic="grid.safety", demand_type="fault")
    assert [one.is_open for one in store.co_handlings_of(ticket.number)] == [True]
    ticket = move(ticket, "undo_dispatch", minutes=1.2)
    assert [one.is_open for one in store.co_handlings_of(ticket.number)] == [False]
    assert facts(ticket) == before
    assert not any(s.step == "co_handle" and s.is_open for s in store.steps_of(ticket.number))


@pytest.mark.parametrize(
    ("seconds", "by", "says"),
    [
        pytest.param(10, None, "", id="ten seconds after"),
        pytest.param(60, None, "", id="a minute after"),
        pytest.param(61, None, "“派单”已超过 60 秒；请用“改派”", id="a second more than a minute after"),
        pytest.param(10, OTHER, "由做出“派单”的人（a-dispatcher）撤销", id="by somebody else"),
    ],
)
def test_a_dispatch_is_taken_back_within_a_minute_by_who_made_it(store, rules, take, move, seconds, by, says):
    (ticket,) = take("可能停电了", said=DOUBT, address=CITY)
    ticket = move(ticket, "dispatch", minutes=1, **FAULT)
    who, at = by or user(Role.DISPATCHER), NOW + timedelta(minutes=1, seconds=seconds)
    assert ("undo_dispatch" in {m.code for m in legal_moves(ticket, who, store.standing(ticket, who, at), rules)}) is (not says)
    if says:
        with pytest.raises(IllegalMove, match=says):
            move(ticket, "undo_dispatch", minutes=1 + seconds / 60, by=by)
    else:
        assert move(ticket, "undo_dispatch", minutes=1 + seconds / 60).state is State.PENDING_REVIEW


@pytest.mark.parametrize(
    ("code", "values"),
    [
        pytest.param("accept", {}, id="accepted"),
        pytest.param("chase", {"reason": "客户催"}, id="chased"),
        pytest.param("reroute", {**BILL, "reason": "再看是电费"}, id="sent elsewhere"),
    ],
)
def test_a_dispatch_after_which_something_was_done_stays(take, move, code, values):
    (ticket,) = take("可能停电了", said=DOUBT, address=CITY)
    ticket = move(move(ticket, "dispatch", minutes=1, **FAULT), code, minutes=1.1, **values)
    with pytest.raises(IllegalMove):
        move(ticket, "undo_dispatch", minutes=1.2)


def test_what_the_machine_sent_is_not_taken_back_but_sent_elsewhere(take, move):
    (ticket,) = take("停电了", address=CITY)
    assert ticket.state is State.DISPATCHED
    with pytest.raises(IllegalMove, match="请用“改派”"):
        move(ticket, "undo_dispatch", minutes=0.1)


def test_a_reply_that_is_sent_back_opens_only_the_clock_of_this_round(store, take, move):
    (ticket,) = take("电费多算了", said=prediction("business.tariff.bill", "complaint"), phone="13800000001")
    for minutes in (10, 100):
        if minutes == 100:
            ticket = move(move(ticket, "callback", minutes=90, satisfaction="5"), "reopen", minutes=91, reason="没有解决")
        ticket = move(move(ticket, "accept", minutes=minutes), "contact", minutes=minutes + 1)
        ticket = move(ticket, "resolve", minutes=minutes + 2, reply="已退", finding="upheld")
        if minutes == 10:
            ticket = move(ticket, "review", minutes=13)
    ticket = move(ticket, "send_back", minutes=103, reason="没写退了多少")
    replies = [s for s in store.steps_of(ticket.number) if s.step == "resolve" and s.voided_at is None]
    assert {s.started_at for s in replies if s.is_open} == {NOW + timedelta(minutes=91)}
    assert shanghai("2026-11-23 10:00") in {s.started_at for s in replies if not s.is_open}


# Many reports of one event


@pytest.fixture
def storm_of(take):
    """Take so many reports of an outage, half of them doubtful, from one transformer area and one unit."""

    def made(count, text="小区停电了，整栋楼都没电", **caller):
        place = {"customer_number": "3301000001", **caller}
        texts = [f"{text}，{number}楼" for number in range(count)]
        return [take(one, said=DOUBT if number % 2 else prediction(), now=NOW + number * SECOND, **place)[0] for number, one in enumerate(texts)]

    return made


def test_reports_of_one_transformer_area_are_a_group_and_other_things_are_not(store, rules, take, storm_of):
    alike = storm_of(4)
    take("电费多算了", said=prediction("business.tariff.bill", "complaint"), customer_number="3301000001")
    take("村里没电", customer_number="3301000004")
    (group,) = storm(store, rules, NOW + timedelta(minutes=5))
    assert [one.ticket.number for one in group.reports] == [one.number for one in alike]
    assert (group.kind, group.key, group.waiting) == (PlaceKind.TRANSFORMER_AREA, alike[0].number, 2)
    assert (group.place, group.unit) == ("滨河03台区", "330101")
    assert group.topic_group == "故障停电"


def test_reports_of_which_only_the_unit_is_known_join_the_units_one_area(store, rules, storm_of):
    storm_of(3)
    storm_of(3, customer_number="", phone="")
    (group,) = storm(store, rules, NOW + timedelta(minutes=5))
    assert len(group.reports) == 6


def test_two_areas_of_a_unit_stay_two_groups(store, rules, storm_of):
    storm_of(3)
    storm_of(4, customer_number="3301000002")
    assert [len(one.reports) for one in storm(store, rules, NOW + timedelta(minutes=5))] == [4, 3]


def test_old_reports_and_complaints_are_in_no_group(store, rules, take, storm_of):
    storm_of(3)
    for _ in range(3):
        take("停电三天没人管，我要投诉", said=prediction("outage.fault.area", "complaint"), customer_number="3301000002")
    assert [len(one.reports) for one in storm(store, rules, NOW + timedelta(hours=1))] == [3]
    assert storm(store, rules, NOW + timedelta(hours=7)) == ()


def test_the_ticket_that_a_team_is_working_on_takes_the_others(store, rules, storm_of, move):
    tickets = storm_of(5)
    at_work = move(tickets[2], "accept", minutes=3)
    (group,) = storm(store, rules, NOW + timedelta(minutes=5))
    assert group.parent.number == at_work.number


def test_danger_to_life_is_in_the_group_and_not_ticked(store, rules, take, storm_of):
    storm_of(3)
    (danger,) = take("停电了，电线掉地上冒火花，有人触电了", customer_number="3301000001")
    (group,) = storm(store, rules, NOW + timedelta(minutes=5))
    assert {one.ticket.number: one.is_ticked for one in group.reports}[danger.number] is False
    assert sum(one.is_ticked for one in group.reports) == 3


def test_a_group_is_merged_and_what_changed_meanwhile_is_left_out_with_the_reason(store, rules, storm_of, move):
    first, second, third, fourth, fifth = storm_of(5)
    seen = {one.number: one.version for one in (second, third, fourth, fifth)}
    move(third, "accept", minutes=2)
    move(fourth, "withdraw", minutes=2, reason="来电了")
    done = merge_group(first.number, seen, user=user(Role.DISPATCHER), store=store, rules=rules, now=NOW + timedelta(minutes=3))
    assert done.merged == (second.number, fifth.number)
    assert [one.number for one in done.left_out] == [third.number, fourth.number]
    assert all("已被他人更新" in one.why for one in done.left_out)
    assert [store.ticket(number).state for number in done.merged] == [State.MERGED, State.MERGED]
    assert {one.number for one in store.children_of(first.number)} == set(done.merged)
    assert store.broken_chains() == []


def test_parent_and_merged_tickets_belong_to_the_outage(store, rules, storm_of):
    first, *others = storm_of(3)
    values = {"number": "000000000001", "kind": "fault", "unit_code": "330101", "transformer_areas": "文昌11台区"}
    moments = {"starts_at": NOW.isoformat(), "ends_at": (NOW + timedelta(hours=4)).isoformat()}
    draft = read_draft({**values, **moments}, {"330101": "临江"}, NOW)
    outage = register(draft, user=user(Role.DISPATCHER), store=store, now=NOW)[1].number
    seen = {one.number: one.version for one in others}
    with pytest.raises(InvalidInput, match="停电编号：没有"):
        merge_group(first.number, seen, user=user(Role.DISPATCHER), store=store, rules=rules, now=NOW, outage_number="999999999999")
    assert store.ticket(others[0].number).state is not State.MERGED
    at = NOW + timedelta(minutes=3)
    done = merge_group(first.number, seen, user=user(Role.DISPATCHER), store=store, rules=rules, now=at, outage_number=outage)
    assert done.outage_number == outage
    assert {store.ticket(number).outage_number for number in (first.number, *done.merged)} == {outage}
    assert [e["action"] for e in store.trail(first.number)][-1] == "attach"
    assert store.broken_chains() == []


@pytest.mark.parametrize("chosen", [pytest.param([], id="nothing"), pytest.param([0], id="the parent alone")])
def test_nothing_chosen_is_nothing_merged(store, rules, storm_of, chosen):
    tickets = storm_of(3)
    seen = {tickets[index].number: 1 for index in chosen}
    with pytest.raises(InvalidInput, match="请至少勾选一张"):
        merge_group(tickets[0].number, seen, user=user(Role.DISPATCHER), store=store, rules=rules, now=NOW)


def test_what_is_over_takes_no_others(store, rules, storm_of, move):
    first, second, third = storm_of(3)
    move(first, "withdraw", minutes=1, reason="来电了")
    with pytest.raises(InvalidInput, match="请另选一张在办的工单"):
        merge_group(first.number, {second.number: 1, third.number: 1}, user=user(Role.DISPATCHER), store=store, rules=rules, now=NOW)


def test_only_a_dispatcher_merges(store, rules, storm_of):
    first, second, _ = storm_of(3)
    done = merge_group(first.number, {second.number: second.version}, user=user(Role.AGENT), store=store, rules=rules, now=NOW)
    assert done.merged == ()
    assert "由派单员操作" in done.left_out[0].why


# The list


def test_the_list_is_filtered_counted_and_paged(store, take, move):
    for number in range(5):
        take(f"可能停电{number}", said=DOUBT, now=NOW + number * SECOND)
    (elsewhere,) = take("可能停电", said=DOUBT, unit_code="330102", now=NOW + timedelta(hours=2))
    (sent,) = take("停电", now=NOW)
    move(sent, "return", minutes=1, reason="不属本班组")
    at = NOW + timedelta(hours=2, minutes=1)
    assert len(store.waiting(Filter(), at)) == 7
    assert [t.number for t in store.waiting(Filter(state="returned"), at)] == [sent.number]
    assert [t.number for t in store.waiting(Filter(unit="330102"), at)] == [elsewhere.number]
    assert len(store.waiting(Filter(unit="3301"), at)) == 7
    assert len(store.waiting(Filter(age=60), at)) == 6
    assert store.waiting_counts(Filter(age=60), at) == {("ordinary", "pending_review"): 5, ("ordinary", "returned"): 1}
    pages = [store.waiting(Filter(), at, most=4, skip=skip) for skip in (0, 4)]
    assert [len(page) for page in pages] == [4, 3]
    assert [t.number for page in pages for t in page] == [t.number for t in store.waiting(Filter(), at)]


def test_what_stands_in_the_address_is_checked():
    assert read_filter({"level": "major", "age": "60"}, ["33"]) == Filter(level="major", age=60)
    with pytest.raises(InvalidInput) as error:
        read_filter({"level": "huge", "state": "closed", "unit": "99", "age": "1"}, ["33"])
    assert [problem.field for problem in error.value.problems] == ["level", "state", "unit", "age"]


def test_a_decision_that_was_taken_back_is_not_why_a_ticket_waits(store, take, move):
    (ticket,) = take("可能停电了", said=DOUBT, address=CITY)
    before = store.why_waiting([ticket.number])
    move(move(ticket, "dispatch", minutes=1, **FAULT), "undo_dispatch", minutes=1.1)
    assert store.why_waiting([ticket.number]) == before
    assert store.why_waiting([]) == {}


def test_candidates_of_a_returned_ticket_begin_with_those_of_other_departments(store, rules, take, move):
    said = prediction("outage.fault.single", sure=0.6, business__tariff__bill=0.3, other__out_of_scope=0.06, other__general=0.04)
    (ticket,) = take("停电", said=prediction())
    topics, places = said.topics, store.teams_and_parents()
    first = candidates(ticket, topics, "fault", "330101", rules, *places)
    assert [one.department for one in first] == ["repair", "billing", "external"]
    assert [one.hindrance for one in first] == ["", "", "非供电责任，请用“转告责任主体”"]
    ticket = move(ticket, "return", minutes=1, reason="不属本班组")
    assert [one.department for one in candidates(ticket, topics, "fault", "330101", rules, *places)] == ["billing", "external", "marketing"]
    assert {one.hindrance for one in candidates(ticket, topics[:2], "fault", None, rules, *places)} == {"请先选供电单位"}
