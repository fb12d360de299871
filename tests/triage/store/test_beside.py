"""What stands beside the way of a ticket: pauses, extensions, co-handling, chasing, merging, reopening, appeals, exemptions, callbacks, claims."""

from datetime import timedelta

import pytest

from tests.triage.samples import NOW, Says, prediction, shanghai, user
from triage.claims import claim, next_unclaimed
from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput
from triage.lifecycle import act, legal_moves
from triage.people import may_see
from triage.terms import Asked, Level, Role, State, Step, Watch
from triage.timeliness import period_of, timeliness
from triage.workplace import likely_move

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DAY_MINUTES = 1440
DOUBT = prediction(sure=0.5)
BILL = prediction("business.tariff.bill", "complaint")
FAULT = {"topic": "outage.fault.single", "demand_type": "fault"}


def due(store, number: str, step: str, watch: Watch = Watch.CUSTOMER):
    """The deadline of the clock of a step that runs."""
    return next(s.due_at for s in store.steps_of(number) if s.step == step and s.watch is watch and s.is_open)


@pytest.fixture
def complaint(take, move):
    """A complaint about a bill that its department has accepted."""
    (ticket,) = take("电费多算了", said=BILL, phone="13800000001")
    return move(ticket, "accept", minutes=1)


@pytest.fixture
def handed_in(complaint, move):
    """The complaint, contacted, resolved and checked."""
    ticket = move(complaint, "contact", minutes=10)
    ticket = move(ticket, "resolve", minutes=20, reply="多算的已退", finding="upheld")
    return move(ticket, "review", minutes=30)


# Pauses


def test_an_appointment_stops_the_clocks_until_it(store, complaint, move):
    before = due(store, complaint.number, "resolve")
    ticket = move(complaint, "pause", minutes=60, pause_kind="appointed", until="2026-11-24T11:00", reason="客户明天才在家")
    assert before == shanghai("2026-11-27 10:00")  # a Friday, so that a day more is Monday
    assert due(store, ticket.number, "resolve") == shanghai("2026-11-30 10:00")
    assert due(store, ticket.number, "resolve", Watch.DEPARTMENT) == shanghai("2026-11-30 10:00")
    assert ticket.paused_until_at == shanghai("2026-11-24 11:00")
    assert (ticket.is_paused(NOW + HOUR), ticket.is_paused(NOW + 25 * HOUR)) == (True, False)


def test_a_clock_that_goes_on_early_has_stood_only_so_long(store, complaint, move):
    before = due(store, complaint.number, "resolve")
    ticket = move(complaint, "pause", minutes=60, pause_kind="appointed", until="2026-11-25T11:00", reason="客户约周三")
    ticket = move(ticket, "resume", minutes=180)
    assert due(store, ticket.number, "resolve") == before + 2 * HOUR
    assert ticket.paused_until_at is None


def test_work_on_the_ticket_ends_the_pause(store, complaint, move):
    before = due(store, complaint.number, "resolve")
    ticket = move(complaint, "pause", minutes=60, pause_kind="appointed", until="2026-11-25T11:00", reason="客户约周三")
    ticket = move(ticket, "contact", minutes=120)
    assert due(store, ticket.number, "resolve") == before + HOUR
    contacted = next(s for s in store.steps_of(ticket.number) if s.step is Step.CONTACT and s.watch is Watch.CUSTOMER)
    assert (contacted.due_at, contacted.ended_at) == (NOW + 25 * HOUR, NOW + 2 * HOUR)


def test_a_pause_without_an_end_stops_for_its_cap_at_most(store, complaint, move):
    before = due(store, complaint.number, "resolve")
    cap = store.rules().pause_kinds["waiting_customer"].cap
    ticket = move(complaint, "pause", minutes=60, pause_kind="waiting_customer", reason="等客户提供发票")
    assert ticket.paused_until_at == NOW + HOUR + cap
    assert due(store, ticket.number, "resolve") > before
    assert due(store, ticket.number, "contact") == NOW + DAY  # this kind stops the reply alone


def test_what_a_limit_does_not_let_stand_goes_on(store, take, move):
    (ticket,) = take("交了费还没送电", said=prediction("business.reading.arrears", "request"))
    ticket = move(ticket, "accept", minutes=1)
    before = due(store, ticket.number, "resolve")
    ticket = move(ticket, "pause", minutes=60, pause_kind="appointed", until="2026-11-25T11:00", reason="客户约周三")
    assert due(store, ticket.number, "resolve") == before


def test_a_second_pause_is_refused_while_one_runs(complaint, move):
    ticket = move(complaint, "pause", minutes=60, pause_kind="appointed", until="2026-11-25T11:00", reason="客户约周三")
    with pytest.raises(IllegalMove, match="已在暂停中"):
        move(ticket, "pause", minutes=61, pause_kind="waiting_customer", reason="等资料")
    with pytest.raises(IllegalMove, match="没有在暂停"):
        move(move(ticket, "resume", minutes=90), "resume", minutes=91)


@pytest.mark.parametrize(
    ("until", "says"),
    [
        pytest.param("", "客户约时请写明约在何时", id="no moment"),
        pytest.param("明天", "不是时间", id="no moment that can be read"),
        pytest.param("2026-11-23T09:00", "应在现在之后", id="past"),
        pytest.param("2029-11-23T09:00", "一年之内", id="far"),
    ],
)
def test_an_appointment_needs_a_moment_to_come(complaint, move, until, says):
    with pytest.raises(InvalidInput, match=says):
        move(complaint, "pause", minutes=60, pause_kind="appointed", until=until, reason="约时")


# Extensions


def test_a_granted_extension_moves_the_reply_of_customer_and_department(store, complaint, move):
    before = due(store, complaint.number, "resolve")
    ticket = move(complaint, "ask_extension", minutes=60, amount="2", reason="要到现场核表")
    assert {s.step for s in store.steps_of(ticket.number) if s.is_open} >= {Step.EXTENSION}
    ticket = move(ticket, "grant_extension", minutes=90)
    assert due(store, ticket.number, "resolve") == before + 4 * DAY  # two working days over a weekend
    assert due(store, ticket.number, "resolve", Watch.DEPARTMENT) == before + 4 * DAY
    assert ticket.extensions == 1
    assert {s.step for s in store.steps_of(ticket.number) if s.is_open}.isdisjoint({Step.EXTENSION})


def test_a_refused_extension_moves_nothing(store, complaint, move):
    before = due(store, complaint.number, "resolve")
    ticket = move(move(complaint, "ask_extension", minutes=60, amount="2", reason="要到现场核表"), "refuse_extension", minutes=61, reason="时间够用")
    assert due(store, ticket.number, "resolve") == before
    assert ticket.extensions == 0


def test_an_extension_is_asked_for_before_the_deadline(store, complaint, move):
    late = int((due(store, complaint.number, "resolve") - NOW) / MINUTE) + 1
    with pytest.raises(IllegalMove, match="延期须在到期前申请"):
        move(complaint, "ask_extension", minutes=late, amount="2", reason="来不及")


def test_an_extension_goes_no_further_than_the_rule(complaint, move):
    with pytest.raises(InvalidInput, match="最多 5 个工作日"):
        move(complaint, "ask_extension", minutes=60, amount="6", reason="来不及")
    ticket = move(complaint, "ask_extension", minutes=60, amount="1", reason="来不及")
    with pytest.raises(IllegalMove, match="已有待批的延期申请"):
        move(ticket, "ask_extension", minutes=61, amount="1", reason="来不及")
    ticket = move(ticket, "grant_extension", minutes=62)
    with pytest.raises(IllegalMove, match="已延期 1 次，最多 1 次"):
        move(ticket, "ask_extension", minutes=63, amount="1", reason="还是来不及")


# Co-handling


def test_a_department_that_helps_has_its_own_clock_and_sees_the_ticket(store, complaint, move):
    ticket = move(complaint, "co_handle", minutes=60, co_department="metering", task="请核对表底数")
    (asked,) = store.co_handlings_of(ticket.number)
    helper = user(Role.HANDLER, asked.team_unit, "metering")
    assert may_see(helper, ticket, store)
    assert [t.number for t in store.team_queue(asked.team_unit, "metering")] == [ticket.number]
    clock = next(s for s in store.steps_of(ticket.number) if s.step is Step.CO_HANDLE)
    assert (clock.department, clock.co_handling_id, clock.started_at) == ("metering", asked.id, NOW + HOUR)
    with pytest.raises(IllegalMove, match="您的班组是协办"):
        move(ticket, "contact", minutes=70, by=helper)
    ticket = move(ticket, "co_reply", minutes=80, by=helper, reply="表底数无误")
    assert store.co_handlings_of(ticket.number)[0].reply == "表底数无误"
    assert next(s for s in store.steps_of(ticket.number) if s.step is Step.CO_HANDLE).ended_at == NOW + 80 * MINUTE
    assert store.team_queue(asked.team_unit, "metering") == []
    assert ticket.reply == ""


def test_a_reply_waits_for_those_who_help_unless_they_are_not_asked_any_more(store, complaint, move):
    ticket = move(move(complaint, "contact", minutes=5), "co_handle", minutes=60, co_department="metering", task="请核对表底数")
    with pytest.raises(IllegalMove, match="请先完成：协办反馈（计量中心）"):
        move(ticket, "resolve", minutes=70, reply="已退", finding="upheld")
    ticket = move(ticket, "co_cancel", minutes=71, co_department="metering", reason="已自行核对")
    assert move(ticket, "resolve", minutes=72, reply="已退", finding="upheld").state is State.RESOLVED
    assert next(s for s in store.steps_of(ticket.number) if s.step is Step.CO_HANDLE).voided_at == NOW + 71 * MINUTE


def test_danger_to_life_asks_safety_for_help_at_once(store, take):
    (ticket,) = take("电线掉地上冒火花，有人触电了")
    assert ticket.level is Level.SPECIAL
    assert [one.department for one in store.co_handlings_of(ticket.number)] == ["safety"]


# Returning


def test_the_model_is_asked_again_when_a_ticket_is_returned(store, take):
    (ticket,) = take("电费多算了", said=BILL)
    again = prediction("business.tariff.bill", "complaint", sure=0.6, business__metering__device=0.3, other__general=0.1)
    who = user(Role.HANDLER, ticket.team_unit, ticket.department)
    sent = {"return_reason": "not_our_department", "reason": "表的问题"}
    ticket = act(ticket.number, "return", sent, user=who, version=1, store=store, rules=store.rules(), now=NOW, predict=Says(again))
    said = store.waiting_decisions()[ticket.number]
    assert (said["confidence"], store.decisions_of(ticket.number)[-1]["made_by"]) == (None, "second")
    assert "退单部门之外最可能是计量中心（0.75）" in said["reasons"][0]
    assert ticket.returns == 1


# Chasing, supplements, types


def test_a_chaser_belongs_to_the_ticket_and_is_answered_within_its_limit(store, complaint, move):
    ticket = move(complaint, "chase", minutes=60, reason="客户再次来电催问")
    assert due(store, ticket.number, "chase") == NOW + 3 * HOUR
    ticket = move(ticket, "chase", minutes=90, reason="客户又来电")
    assert (ticket.chases, due(store, ticket.number, "chase")) == (2, NOW + 3 * HOUR)
    ticket = move(ticket, "answer_chase", minutes=100, reply="正在核算")
    assert (ticket.reply, ticket.state) == ("", State.ACCEPTED)
    assert next(s for s in store.steps_of(ticket.number) if s.step is Step.CHASE).ended_at == NOW + 100 * MINUTE


def test_a_supplement_stands_in_the_trail(store, complaint, move):
    ticket = move(complaint, "supplement", minutes=5, supplement="客户补充：上月也多算")
    assert [n["text"] for notes in store.notes(ticket.number).values() for n in notes if n["kind"] == "supplement"] == ["客户补充：上月也多算"]


def test_a_supplement_that_tells_of_danger_raises_the_level_and_calls_the_dispatcher(store, complaint, move):
    ticket = move(complaint, "supplement", minutes=5, supplement="刚才电表箱冒烟起火了")
    assert (ticket.level, ticket.is_watched) == (Level.SPECIAL, True)
    assert ticket.number in {t.number for t in store.dispatcher_queue()}


def test_a_department_says_the_type_that_was_left_open(store, take, move):
    doubt = prediction("business.tariff.bill", "complaint")
    doubt = type(doubt)(doubt.topics, (("complaint", 0.5), ("enquiry", 0.5)), doubt.words, doubt.model_version, doubt.threshold)
    (ticket,) = take("电费怎么算的", said=doubt)
    assert (ticket.state, ticket.demand_type) == (State.DISPATCHED, None)
    before = due(store, ticket.number, "resolve")
    with pytest.raises(InvalidInput, match="应由其他部门办理"):
        move(ticket, "set_type", minutes=5, demand_type="report", reason="举报收费员")
    ticket = move(ticket, "set_type", minutes=5, demand_type="enquiry", reason="只是问")
    assert ticket.demand_type == "enquiry"
    assert due(store, ticket.number, "resolve") == before + 3 * DAY  # five working days in place of four, over a weekend
    with pytest.raises(IllegalMove, match="诉求类型已认定"):
        move(ticket, "set_type", minutes=6, demand_type="complaint", reason="改主意")


# Merging and withdrawing


def test_a_merged_ticket_ends_and_its_customer_is_told_how_the_other_ended(store, take, move):
    (parent,), (child,) = take("整栋楼停电"), take("我家也停电", said=DOUBT, phone="13800000002")
    child = move(child, "merge", minutes=5, parent=parent.number)
    assert (child.state, child.parent_number, child.next_due_at) == (State.MERGED, parent.number, None)
    assert all(s.voided_at or s.ended_at for s in store.steps_of(child.number))
    with pytest.raises(IllegalMove, match="没有待告知的办理结果"):
        move(child, "inform", minutes=6)
    parent = move(move(parent, "accept", minutes=6), "arrive", minutes=20)
    parent = move(move(parent, "resolve", minutes=50, reply="已送电", finding="upheld"), "review", minutes=60)
    assert [row["ticket_number"] for row in store.waiting_requests(Asked.INFORM)] == [child.number]
    move(child, "inform", minutes=70, note="已电话告知")
    assert store.waiting_requests(Asked.INFORM) == []


def test_a_merged_tickets_customer_is_asked_to_be_told_only_once_until_it_is_done(store, take, move):
    (parent,), (child,) = take("整栋楼停电"), take("我家也停电", said=DOUBT, phone="13800000002")
    child = move(child, "merge", minutes=5, parent=parent.number)
    parent = move(move(parent, "accept", minutes=6), "arrive", minutes=20)
    parent = move(move(parent, "resolve", minutes=50, reply="已送电", finding="upheld"), "review", minutes=60)
    parent = move(move(parent, "callback", minutes=70, satisfaction="5"), "reopen", minutes=80, reason="又停了")
    parent = move(move(parent, "accept", minutes=90), "arrive", minutes=95)
    move(move(parent, "resolve", minutes=100, reply="已修好", finding="upheld"), "review", minutes=110)
    assert [row["ticket_number"] for row in store.waiting_requests(Asked.INFORM)] == [child.number]


def test_who_leads_and_is_asked_to_help_accepts_first(store, take, rules):
    (ticket,) = take("电线掉在地上，有人触电了", unit_code="330101")
    leader = user(Role.LEADER, "3301")
    moves = legal_moves(ticket, leader, store.standing(ticket, leader, NOW), rules)
    assert {"accept", "co_reply"} <= {move.code for move in moves}
    assert likely_move(moves, ticket).code == "accept"


def test_a_merge_takes_along_what_was_merged_before_and_raises_the_level(store, take, move):
    (one,), (two,), (three,) = take("停电"), take("我家停电", said=DOUBT), take("老人用呼吸机，停电了，我要找记者曝光", said=DOUBT)
    move(three, "merge", minutes=1, parent=two.number)
    assert store.ticket(two.number).level is three.level is Level.MAJOR
    move(two, "merge", minutes=2, parent=one.number)
    assert {t.number for t in store.children_of(one.number)} == {two.number, three.number}
    assert store.ticket(one.number).level is Level.MAJOR


@pytest.mark.parametrize(
    ("parent", "says"),
    [
        pytest.param("2026112399999999", "没有工单", id="nothing of that number"),
        pytest.param("self", "不能并入自己", id="itself"),
        pytest.param("ended", "只能并入在办的工单", id="one that has ended"),
    ],
)
def test_a_ticket_is_merged_only_into_another_one_that_is_open(take, move, parent, says):
    (ticket,), (ended,) = take("停电", said=DOUBT), take("停电了", said=DOUBT)
    move(ended, "withdraw", reason="来电已恢复")
    numbers = {"self": ticket.number, "ended": ended.number}
    with pytest.raises(InvalidInput, match=says):
        move(ticket, "merge", minutes=1, parent=numbers.get(parent, parent))


def test_a_withdrawn_or_merged_ticket_counts_in_no_figure(store, take, move):
    (kept,), (gone,) = take("停电", said=DOUBT), take("停电了", said=DOUBT)
    move(gone, "withdraw", minutes=60, reason="来电已恢复")
    day = period_of(NOW.date(), NOW.date())
    assert sum(f.due for f in timeliness(store, day, Watch.CUSTOMER, NOW + 2 * HOUR)) == sum(
        1 for s in store.steps_of(kept.number) if s.due_at < NOW + 2 * HOUR
    )


# Callbacks, reopening, appeals


def test_three_callbacks_that_reach_nobody_are_enough(handed_in, move):
    ticket = handed_in
    for n in range(3):
        with pytest.raises(IllegalMove, match="请先完成：回访"):
            move(ticket, "close", minutes=40 + 150 * n)
        ticket = move(ticket, "attempt", minutes=41 + 150 * n, result="no_answer")
    with pytest.raises(IllegalMove, match="已尝试 3 次"):
        move(ticket, "attempt", minutes=500, result="no_answer")
    ticket = move(ticket, "close", minutes=501)
    assert (ticket.state, ticket.satisfaction, ticket.attempts) == (State.CLOSED, "", 3)


def test_a_callback_is_not_tried_again_too_soon(handed_in, move):
    ticket = move(handed_in, "attempt", minutes=40, result="busy")
    with pytest.raises(IllegalMove, match="距上次不足 120 分钟"):
        move(ticket, "attempt", minutes=100, result="busy")


@pytest.mark.parametrize(
    ("at", "allowed"),
    [("20:59", True), ("21:00", False), ("23:59", False), ("00:00", False), ("07:59", False), ("08:00", True)],
)
def test_nobody_is_called_back_at_night(handed_in, move, at, allowed):
    day = "2026-11-24" if at < "10:00" else "2026-11-23"
    minutes = (shanghai(f"{day} {at}") - NOW) / MINUTE
    if allowed:
        assert move(handed_in, "callback", minutes=minutes, satisfaction="2").state is State.CALLED_BACK
        return
    with pytest.raises(IllegalMove, match="不打扰客户"):
        move(handed_in, "callback", minutes=minutes, satisfaction="2")


def test_a_callback_waits_for_the_appointed_time(store, handed_in, move):
    before = due(store, handed_in.number, "callback")
    ticket = move(handed_in, "postpone", minutes=40, until="2026-11-23T20:00")
    assert due(store, ticket.number, "callback") == before + (shanghai("2026-11-23 20:00") - NOW - 40 * MINUTE)


def test_a_dissatisfied_customer_has_the_ticket_opened_again(store, handed_in, move):
    ticket = move(handed_in, "callback", minutes=60, satisfaction="8")
    ticket = move(ticket, "reopen", minutes=61, reason="问题未解决")
    assert (ticket.state, ticket.reopenings, ticket.closed_at, ticket.satisfaction) == (State.DISPATCHED, 1, None, "")
    fresh = [(s.step.value, s.watch.value, s.started_at) for s in store.steps_of(ticket.number) if s.is_open]
    at = NOW + 61 * MINUTE
    assert sorted(fresh) == [
        ("accept", "customer", at),
        ("contact", "customer", at),
        ("contact", "department", at),
        ("resolve", "customer", at),
        ("resolve", "department", at),
    ]


def test_a_content_customer_has_nothing_opened_again(handed_in, move):
    ticket = move(handed_in, "callback", minutes=60, satisfaction="2")
    with pytest.raises(IllegalMove, match="客户未表示不满意"):
        move(ticket, "reopen", minutes=61, reason="再办")
    ticket = move(ticket, "close", minutes=62)
    with pytest.raises(IllegalMove, match="由派单员重新办理"):
        move(ticket, "reopen", minutes=63, reason="再办")
    assert move(ticket, "reopen", minutes=64, by=user(Role.DISPATCHER), reason="客户来信").state is State.DISPATCHED


def test_an_appeal_that_is_granted_changes_the_finding(store, handed_in, move):
    leader = user(Role.LEADER, handed_in.team_unit, handed_in.department)
    assert handed_in.responsible_unit == handed_in.team_unit
    ticket = move(handed_in, "appeal", minutes=60, by=leader, finding="not_upheld", reason="客户用电量确实增加")
    assert due(store, ticket.number, "appeal") == NOW + HOUR + 3 * DAY
    with pytest.raises(Forbidden):
        move(ticket, "grant_appeal", minutes=61, by=leader, reason="同意")
    ticket = move(ticket, "grant_appeal", minutes=62, reason="用电量核实无误")
    assert (ticket.finding, ticket.responsible_unit) == ("not_upheld", None)
    with pytest.raises(IllegalMove, match="无须申诉"):
        move(ticket, "appeal", minutes=63, by=leader, finding="partly", reason="再来")


def test_an_appeal_comes_within_its_days(handed_in, move):
    leader = user(Role.LEADER, handed_in.team_unit, handed_in.department)
    with pytest.raises(IllegalMove, match="申诉须在办结后 5 天内提出"):
        move(handed_in, "appeal", minutes=20 + 5 * DAY_MINUTES + 1, by=leader, finding="not_upheld", reason="晚了")


# Exemption and malicious demands


def test_an_exempted_ticket_leaves_the_figures(store, take, move):
    (ticket,) = take("停电", said=DOUBT)
    day = period_of(NOW.date(), NOW.date())
    assert timeliness(store, day, Watch.CUSTOMER, NOW + 2 * HOUR)
    ticket = move(ticket, "ask_exemption", by=user(Role.DISPATCHER), exemption_reason="force_majeure", reason="台风")
    ticket = move(ticket, "grant_exemption", minutes=1)
    assert ticket.is_exempt
    assert timeliness(store, day, Watch.CUSTOMER, NOW + 2 * HOUR) == []


def test_nobody_grants_what_they_asked_for_themselves(store, take, move):
    (ticket,) = take("骚扰", said=DOUBT)
    ticket = move(ticket, "ask_malicious", by=user(Role.AGENT), reason="多次骚扰")
    with pytest.raises(Forbidden):
        move(ticket, "grant_malicious", by=user(Role.AGENT))
    assert move(ticket, "grant_malicious", minutes=1).is_malicious


# Claims and conflicts


def test_a_claim_keeps_the_other_dispatcher_off_until_it_runs_out(store, take, move):
    (ticket,) = take("停电", said=DOUBT)
    rules, mine = store.rules(), user(Role.DISPATCHER)
    other = type(mine)("dispatcher", "派单员", Role.DISPATCHER, "33", "")
    claim(ticket, user=other, store=store, rules=rules, now=NOW)
    with pytest.raises(Conflict, match="dispatcher 正在处理工单"):
        claim(ticket, user=mine, store=store, rules=rules, now=NOW + MINUTE)
    with pytest.raises(IllegalMove, match="dispatcher 正在处理此工单"):
        move(ticket, "dispatch", minutes=1, **FAULT)
    assert move(ticket, "dispatch", minutes=6, **FAULT).state is State.DISPATCHED


def test_the_next_ticket_is_one_that_nobody_works_on(store, take):
    (first,), (second,) = take("停电一", said=DOUBT), take("停电二", said=DOUBT)
    rules = store.rules()
    one, two = (type(user(Role.DISPATCHER))(name, name, Role.DISPATCHER, "33", "") for name in ("dispatcher", "agent"))
    assert next_unclaimed(user=one, store=store, rules=rules, now=NOW).number == first.number
    assert next_unclaimed(user=two, store=store, rules=rules, now=NOW).number == second.number
    assert next_unclaimed(user=one, store=store, rules=rules, now=NOW).number == first.number
    assert next_unclaimed(user=user(Role.DISPATCHER), store=store, rules=rules, now=NOW) is None


def test_who_comes_second_is_told_what_was_done(take, move):
    (ticket,) = take("停电", said=DOUBT)
    move(ticket, "dispatch", minutes=1, **FAULT)
    with pytest.raises(Conflict, match=r"11-23 10:01 a-dispatcher 派单（现为“待接单”，版本 2，您看到的是 1）"):
        move(ticket, "dispatch", minutes=2, version=1, **FAULT)


def test_who_works_on_it_belongs_to_the_team(store, take, move):
    (ticket,) = take("停电")
    with pytest.raises(InvalidInput, match="本班组没有在用的用户“nobody”"):
        move(ticket, "assign", assignee="nobody")
    with pytest.raises(InvalidInput, match="请填写承办人或班组"):
        move(ticket, "assign")


# What the life-cycle model found


def test_a_chaser_ends_with_its_ticket(store, handed_in, move):
    ticket = move(move(handed_in, "callback", minutes=40, satisfaction="2"), "chase", minutes=41, reason="客户追问")
    ticket = move(ticket, "close", minutes=42)
    assert ticket.next_due_at is None
    assert [s for s in store.steps_of(ticket.number) if s.is_open] == []


@pytest.mark.parametrize("leaving", ["return", "reroute"])
def test_the_clock_of_a_request_ends_with_the_request_when_the_ticket_leaves(store, take, move, leaving):
    (ticket,) = take("电费多算了", said=BILL)
    ticket = move(ticket, "ask_extension", minutes=5, amount="1", reason="核表")
    fields = {"return": {"reason": "不是我们的"}, "reroute": {**FAULT, "reason": "停电"}}[leaving]
    ticket = move(ticket, leaving, minutes=6, **fields)
    assert [s for s in store.steps_of(ticket.number) if s.is_open and s.step is Step.EXTENSION] == []
    assert [one.answer for one in store.requests_of(ticket.number)] == ["dropped"]


def test_a_demand_that_is_taken_for_a_fault_and_back_is_owed_its_reply_again(store, take, move):
    (ticket,) = take("电费多算了", said=prediction("business.tariff.bill", "complaint", sure=0.5))
    first = due(store, ticket.number, "resolve")
    ticket = move(ticket, "dispatch", minutes=1, **FAULT)
    assert not [s for s in store.steps_of(ticket.number) if s.is_open and s.step is Step.RESOLVE]
    ticket = move(ticket, "reroute", minutes=2, topic="business.tariff.bill", demand_type="complaint", reason="并非停电")
    assert due(store, ticket.number, "resolve") == first
    assert due(store, ticket.number, "contact") == NOW + DAY


def test_a_leader_who_only_helps_decides_no_extension(store, complaint, move):
    ticket = move(complaint, "co_handle", minutes=5, co_department="metering", task="核表")
    ticket = move(ticket, "ask_extension", minutes=6, amount="1", reason="核表")
    (asked,) = store.co_handlings_of(ticket.number)
    with pytest.raises(IllegalMove, match="由主办班组的负责人审批"):
        move(ticket, "grant_extension", minutes=7, by=user(Role.LEADER, asked.team_unit, "metering"))


def test_only_who_helps_can_be_let_go(complaint, move):
    ticket = move(complaint, "co_handle", minutes=5, co_department="metering", task="核表")
    with pytest.raises(InvalidInput, match="待反馈的协办有计量中心"):
        move(ticket, "co_cancel", minutes=6, co_department="planning", reason="不用了")


def test_who_is_merged_into_a_checked_ticket_is_told_at_once(store, handed_in, take, move):
    (child,) = take("电费多算了，同一栋楼", said=DOUBT, phone="13800000002")
    child = move(child, "merge", minutes=40, parent=handed_in.number)
    assert [row["ticket_number"] for row in store.waiting_requests(Asked.INFORM)] == [child.number]


def test_those_who_come_along_with_a_merge_are_told_too(store, handed_in, take, move):
    (first,), (second,) = take("电费多算", said=DOUBT), take("电费又多算", said=DOUBT)
    move(second, "merge", minutes=38, parent=first.number)
    move(first, "merge", minutes=40, parent=handed_in.number)
    assert {row["ticket_number"] for row in store.waiting_requests(Asked.INFORM)} == {first.number, second.number}


def test_an_appeal_that_lost_its_object_may_be_made_again(store, handed_in, move):
    leader = user(Role.LEADER, handed_in.team_unit, handed_in.department)
    ticket = move(handed_in, "callback", minutes=40, satisfaction="8")
    ticket = move(ticket, "appeal", minutes=41, by=leader, finding="not_upheld", reason="不属实")
    ticket = move(move(ticket, "reopen", minutes=42, reason="客户不满意"), "accept", minutes=43)
    ticket = move(move(ticket, "contact", minutes=44), "resolve", minutes=45, reply="已退", finding="upheld")
    ticket = move(move(ticket, "review", minutes=46), "appeal", minutes=47, by=leader, finding="not_upheld", reason="不属实")
    assert [one.answer for one in store.requests_of(ticket.number)] == ["dropped", ""]


def test_an_appeal_has_no_object_once_the_ticket_is_opened_again(store, handed_in, move):
    leader = user(Role.LEADER, handed_in.team_unit, handed_in.department)
    ticket = move(handed_in, "callback", minutes=40, satisfaction="8")
    ticket = move(ticket, "appeal", minutes=41, by=leader, finding="not_upheld", reason="不属实")
    ticket = move(ticket, "reopen", minutes=42, reason="客户不满意")
    assert [(one.kind, one.answer) for one in store.requests_of(ticket.number)] == [(Asked.APPEAL, "dropped")]
    assert not [s for s in store.steps_of(ticket.number) if s.is_open and s.step is Step.APPEAL]


def test_after_a_reopening_only_what_counts_from_it_is_owed(store, handed_in, move):
    ticket = move(move(handed_in, "callback", minutes=40, satisfaction="8"), "reopen", minutes=60, reason="未解决")
    ticket = move(ticket, "reroute", minutes=61, topic="other.damage", demand_type="request", reason="电器损坏")
    arrivals = [s for s in store.steps_of(ticket.number) if s.is_open and s.step is Step.ARRIVE and s.watch is Watch.CUSTOMER]
    assert [s.started_at for s in arrivals] == [NOW + HOUR]


def test_who_helped_and_then_leads_need_not_help_any_more(store, take, move):
    (ticket,) = take("电费多算了", said=BILL)
    ticket = move(ticket, "co_handle", minutes=5, co_department="metering", task="核表")
    ticket = move(ticket, "reroute", minutes=6, topic="business.metering.device", demand_type="complaint", reason="表的问题")
    assert [one.is_open for one in store.co_handlings_of(ticket.number)] == [False]
    assert not [s for s in store.steps_of(ticket.number) if s.is_open and s.step is Step.CO_HANDLE]


def test_a_dispatch_that_is_taken_back_lets_who_led_help_again(store, take, move):
    (ticket,) = take("电费多算了", said=BILL)
    ticket = move(ticket, "co_handle", minutes=5, co_department="metering", task="核表")
    (asked,) = [s for s in store.steps_of(ticket.number) if s.step is Step.CO_HANDLE]
    ticket = move(ticket, "return", minutes=6, reason="不是电费的事")
    ticket = move(ticket, "dispatch", minutes=7, topic="business.metering.device", demand_type="complaint")
    assert not any(one.is_open for one in store.co_handlings_of(ticket.number))
    ticket = move(ticket, "undo_dispatch", minutes=7.5)
    assert [(one.department, one.is_open) for one in store.co_handlings_of(ticket.number)] == [("metering", True)]
    (again,) = [s for s in store.steps_of(ticket.number) if s.step is Step.CO_HANDLE and s.is_open]
    assert (again.id, again.due_at) == (asked.id, asked.due_at)
    assert store.check_figures() == []
