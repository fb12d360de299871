"""Crews and their rota, delegation, shift handover."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.triage.samples import NOW, SECRET, prediction, shanghai, user
from triage.delegations import LONGEST, colleagues, delegate, may_stand_in, revoke, subordinates
from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound
from triage.handovers import hand_over, handovers_for, take_over
from triage.people import User, leads, may_see
from triage.shifts import ShiftKind, add_crew, cancel, change_crew, manages, monday, now_and_next, plan
from triage.store import Store
from triage.terms import Role, State, Step

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CREW, OTHER = "330101-repair-1", "330101-repair-2"
REPAIR = ("330101", "repair")
LEADER = user(Role.LEADER, "3301")
WEEK = {"crew": CREW, "kind": "day", "from_on": "2026-11-23", "until_on": "2026-11-29", "starts": "08:00", "ends": "20:00"}
WORKDAYS = "12345"


@pytest.fixture
def people(store):
    """Users beside those of the demo organisation, each of a role and team."""

    def added(username: str, role: Role, unit: str = "330101", department: str = "repair") -> User:
        made = User(username, f"姓名{username}", role, unit, department)
        store.add_user(made, "!", NOW)
        return made

    return added


@pytest.fixture
def planned(store):
    """Enter shifts on 08:00–20:00 of the working days of this week, or other ones."""

    def entered(weekdays=WORKDAYS, *, by=LEADER, now=NOW, **values):
        return plan({**WEEK, **values}, weekdays, user=by, store=store, now=now)

    return entered


def problems(error) -> dict[str, str]:
    return {problem.field: problem.message for problem in error.value.problems}


# --- crews


def test_a_leader_makes_a_crew_of_a_team_with_members_of_the_team(store, people):
    people("fitter", Role.HANDLER)
    crew = add_crew({"team": "330101/repair", "name": " 城区抢修三班 "}, ["repair", "fitter", "fitter"], user=LEADER, store=store)
    assert (crew.code, crew.name, crew.is_active) == ("330101-repair-3", "城区抢修三班", True)
    assert [member.username for member in crew.members] == ["fitter", "repair"]
    assert crew in store.crews_of_team(*REPAIR)


@pytest.mark.parametrize(
    ("values", "members", "field", "said"),
    [
        pytest.param({"name": ""}, [], "name", "必填", id="no name"),
        pytest.param({"name": "班" * 41}, [], "name", "最多 40 个字", id="a name too long"),
        pytest.param({"name": "城区抢修一班"}, [], "name", "已有“城区抢修一班”", id="a name that the team has"),
        pytest.param({"team": "330101/nothing"}, [], "team", "请从列表中选择", id="no such team"),
        pytest.param({}, ["metering"], "members", "metering 不是本部门在用的用户", id="a member of another team"),
        pytest.param({}, ["nobody"], "members", "nobody 不是本部门在用的用户", id="no such user"),
    ],
)
def test_what_is_wrong_with_a_crew_is_said_at_its_field(store, values, members, field, said):
    with pytest.raises(InvalidInput) as error:
        add_crew({"team": "330101/repair", "name": "新班", **values}, members, user=LEADER, store=store)
    assert said in problems(error)[field]
    assert len(store.crews_of_team(*REPAIR)) == 2


@pytest.mark.parametrize(
    ("who", "may"),
    [
        pytest.param(user(Role.LEADER, "330101", "repair"), True, id="the team's leader"),
        pytest.param(user(Role.LEADER, "3301"), True, id="the leader of the unit above"),
        pytest.param(user(Role.LEADER, "330101", "metering"), False, id="another department's leader"),
        pytest.param(user(Role.LEADER, "3302"), False, id="another city's leader"),
        pytest.param(user(Role.HANDLER, "330101", "repair"), False, id="a handler of the team"),
        pytest.param(User("b", "乙", Role.HANDLER, "330101", "repair", (LEADER,)), True, id="a handler who stands in for the leader"),
        pytest.param(user(Role.ADMIN), False, id="an administrator"),
    ],
)
def test_only_the_teams_leader_plans(store, planned, who, may):
    assert manages(who, *REPAIR, store) is may
    if may:
        assert planned(by=who) == 5
    else:
        with pytest.raises(Forbidden):
            planned(by=who)
        with pytest.raises(Forbidden):
            change_crew(CREW, {"name": "x"}, [], user=who, store=store)


def test_a_crew_out_of_use_keeps_its_shifts_but_is_on_duty_no_more(store, planned):
    planned()
    change_crew(CREW, {"name": "城区抢修一班", "is_active": "0"}, [], user=LEADER, store=store)
    assert store.crew_on_duty(*REPAIR, NOW) == ""
    assert len(store.shifts_of([CREW], NOW - DAY, NOW + 7 * DAY)) == 5
    with pytest.raises(InvalidInput) as error:
        planned(from_on="2026-12-01", until_on="2026-12-02")
    assert "在用的班组" in problems(error)["crew"]


def test_a_renamed_crew_keeps_its_own_name_without_complaint(store):
    crew = change_crew(CREW, {"name": "城区抢修一班"}, ["repair"], user=LEADER, store=store)
    assert (crew.name, [member.username for member in crew.members]) == ("城区抢修一班", ["repair"])


# --- the rota


def test_a_week_of_day_shifts_is_entered_at_once(store, planned):
    assert planned() == 5
    shifts = store.shifts_of([CREW], NOW - 7 * DAY, NOW + 14 * DAY)
    assert [(one.starts_at, one.ends_at) for one in shifts] == [
        (shanghai(f"2026-11-{day} 08:00"), shanghai(f"2026-11-{day} 20:00")) for day in range(23, 28)
    ]


def test_a_night_shift_ends_in_the_morning_after(store, planned):
    planned("7", kind="night", starts="20:00", ends="08:00")
    (shift,) = store.shifts_of([CREW], NOW, NOW + 14 * DAY)
    assert (shift.kind, shift.starts_at, shift.ends_at) == (ShiftKind.NIGHT, shanghai("2026-11-29 20:00"), shanghai("2026-11-30 08:00"))


def test_a_shift_from_a_time_to_the_same_time_lasts_a_day(store, planned):
    planned("1", starts="08:00", ends="08:00")
    (shift,) = store.shifts_of([CREW], NOW, NOW + DAY)
    assert shift.ends_at - shift.starts_at == DAY


@pytest.mark.parametrize(
    ("values", "weekdays", "field", "said"),
    [
        pytest.param({"crew": "nothing"}, WORKDAYS, "crew", "请从列表中选择", id="no such crew"),
        pytest.param({"kind": "evening"}, WORKDAYS, "kind", "白班或夜班", id="no such kind"),
        pytest.param({"from_on": ""}, WORKDAYS, "from_on", "必填", id="no first day"),
        pytest.param({"from_on": "23.11."}, WORKDAYS, "from_on", "不是日期", id="no date"),
        pytest.param({"from_on": "2026-11-22"}, WORKDAYS, "from_on", "不能早于今天", id="a day that is past"),
        pytest.param({"until_on": "2026-11-22"}, WORKDAYS, "until_on", "不能早于开始日期", id="the end before the beginning"),
        pytest.param({"until_on": "2027-11-22"}, WORKDAYS, "until_on", "最多排 92 天", id="a year at once"),
        pytest.param({"from_on": "9998-01-01", "until_on": "9999-12-31"}, WORKDAYS, "until_on", "最远一年", id="the end of time"),
        pytest.param({}, "", "weekdays", "至少选一天", id="no weekday"),
        pytest.param({}, "8x", "weekdays", "至少选一天", id="no such weekday"),
        pytest.param({"until_on": "2026-11-24"}, "7", "weekdays", "没有所选的星期", id="no Sunday in these days"),
        pytest.param({"starts": "24:00"}, WORKDAYS, "starts", "00:00–23:59", id="no such time"),
        pytest.param({"ends": "八点"}, WORKDAYS, "ends", "00:00–23:59", id="a time in words"),
    ],
)
def test_what_is_wrong_with_a_rota_is_said_at_its_field(store, planned, values, weekdays, field, said):
    with pytest.raises(InvalidInput) as error:
        planned(weekdays, **values)
    assert said in problems(error)[field]
    assert store.shifts_of([CREW], NOW - DAY, NOW + 400 * DAY) == []


def test_all_that_is_wrong_is_said_at_once(planned):
    with pytest.raises(InvalidInput) as error:
        planned("", crew="nothing", kind="", from_on="", until_on="", starts="", ends="")
    assert set(problems(error)) == {"crew", "kind", "from_on", "until_on", "weekdays", "starts", "ends"}


@pytest.mark.parametrize(
    ("values", "clashes"),
    [
        pytest.param({"kind": "night", "starts": "19:59", "ends": "08:00"}, True, id="a minute over"),
        pytest.param({"kind": "night", "starts": "20:00", "ends": "08:00"}, False, id="end to end"),
        pytest.param({"kind": "night", "starts": "20:00", "ends": "08:01"}, True, id="into the next morning"),
        pytest.param({"starts": "09:00", "ends": "10:00"}, True, id="inside"),
        pytest.param({"crew": OTHER}, False, id="another crew"),
    ],
)
def test_a_crew_cannot_be_in_two_shifts_at_once(store, planned, values, clashes):
    planned()
    before = store.shifts_of([CREW, OTHER], NOW - DAY, NOW + 14 * DAY)
    if clashes:
        with pytest.raises(InvalidInput) as error:
            planned(**values)
        assert "城区抢修一班已排 11-2" in problems(error)["starts"]
        assert "先取消已排的班" in problems(error)["starts"]
        assert store.shifts_of([CREW, OTHER], NOW - DAY, NOW + 14 * DAY) == before
    else:
        assert planned(**values) == 5


def test_one_clash_in_a_week_keeps_none_of_it(store, planned):
    planned("3")
    with pytest.raises(InvalidInput):
        planned(WORKDAYS)
    assert len(store.shifts_of([CREW], NOW - DAY, NOW + 14 * DAY)) == 1


def test_a_cancelled_shift_makes_room_and_is_kept(store, planned):
    planned("1")
    (shift,) = store.shifts_of([CREW], NOW, NOW + DAY)
    cancel(shift.id, user=LEADER, store=store, now=NOW)
    cancel(shift.id, user=LEADER, store=store, now=NOW + HOUR)
    assert store.shift(shift.id).cancelled_at == NOW
    assert store.crew_on_duty(*REPAIR, NOW) == ""
    assert planned("1") == 1


def test_a_shift_that_is_over_cannot_be_cancelled(store, planned):
    planned("1")
    (shift,) = store.shifts_of([CREW], NOW, NOW + DAY)
    with pytest.raises(IllegalMove, match="已经结束"):
        cancel(shift.id, user=LEADER, store=store, now=shift.ends_at)
    with pytest.raises(Forbidden):
        cancel(shift.id, user=user(Role.LEADER, "3302"), store=store, now=NOW)
    with pytest.raises(NotFound):
        cancel(shift.id + 1, user=LEADER, store=store, now=NOW)


@pytest.mark.parametrize(
    ("at", "crew"),
    [
        pytest.param("2026-11-23 07:59", "", id="before the shift"),
        pytest.param("2026-11-23 08:00", CREW, id="as it begins"),
        pytest.param("2026-11-23 19:59", CREW, id="its last minute"),
        pytest.param("2026-11-23 20:00", OTHER, id="as the night begins"),
        pytest.param("2026-11-24 02:00", OTHER, id="after midnight"),
        pytest.param("2026-11-28 10:00", "", id="a day without a shift"),
    ],
)
def test_who_is_on_duty_follows_from_the_moment(store, planned, at, crew):
    planned()
    planned(crew=OTHER, kind="night", starts="20:00", ends="08:00")
    assert store.crew_on_duty(*REPAIR, shanghai(at)) == crew
    assert store.crew_on_duty("330101", "metering", shanghai(at)) == ""


def test_of_two_crews_on_duty_the_one_that_came_last_gets_the_ticket(store, take, planned):
    planned()
    planned(crew=OTHER, starts="09:00", ends="12:00")
    ticket = take("楼道停电")[0]
    assert store.give_to_crew_on_duty(ticket.number, "330101", "repair", NOW) == OTHER
    assert store.ticket(ticket.number).crew == OTHER
    assert store.give_to_crew_on_duty(ticket.number, "330101", "metering", NOW) == ""
    assert store.ticket(ticket.number).crew == ""


def test_the_page_knows_who_is_on_now_and_next(store, planned):
    planned("12")
    shifts = store.shifts_of([CREW], NOW - DAY, NOW + 7 * DAY)
    now, coming = now_and_next(shifts, CREW, NOW)
    assert (now, coming) == tuple(shifts)
    assert now.words == "11-23 08:00–20:00 白班"
    assert now_and_next(shifts, OTHER, NOW) == (None, None)


def test_a_week_begins_on_monday():
    assert [monday(shanghai(f"2026-11-{day} 12:00").date()).day for day in (22, 23, 29)] == [16, 23, 23]


def test_two_leaders_who_plan_at_the_same_moment_do_not_both_get_their_way(database):
    """Each waits for the one before, and then sees what is there."""

    def once(_: int) -> bool:
        with database.connect() as connection:
            try:
                plan(WEEK, WORKDAYS, user=LEADER, store=Store(connection, SECRET), now=NOW)
            except InvalidInput:
                return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(once, range(6))) == [False] * 5 + [True]


# --- delegation


@pytest.mark.parametrize(
    ("away", "other", "may"),
    [
        pytest.param((Role.HANDLER, "330101", "repair"), (Role.HANDLER, "330101", "repair"), True, id="a colleague of the team"),
        pytest.param((Role.HANDLER, "330101", "repair"), (Role.HANDLER, "33010201", "repair"), True, id="the same department elsewhere"),
        pytest.param((Role.HANDLER, "330101", "repair"), (Role.HANDLER, "330101", "discipline"), False, id="another department"),
        pytest.param((Role.HANDLER, "330101", "repair"), (Role.LEADER, "330101", "repair"), False, id="a handler's to a leader"),
        pytest.param((Role.LEADER, "3301", ""), (Role.LEADER, "330101", "repair"), True, id="a leader's to one below"),
        pytest.param((Role.LEADER, "330101", "repair"), (Role.LEADER, "3301", ""), True, id="a leader's to one above"),
        pytest.param((Role.LEADER, "3301", ""), (Role.LEADER, "3302", ""), False, id="a leader's to another city's"),
        pytest.param((Role.LEADER, "3301", ""), (Role.HANDLER, "330101", "repair"), True, id="a leader's to a handler of the team"),
        pytest.param((Role.LEADER, "3301", "repair"), (Role.HANDLER, "330101", "metering"), False, id="a leader's to another team's handler"),
        pytest.param((Role.LEADER, "3301", ""), (Role.HANDLER, "3302", "repair"), False, id="a leader's to another city's handler"),
        pytest.param((Role.DISPATCHER, "33", "command"), (Role.DISPATCHER, "33", "command"), True, id="among dispatchers"),
        pytest.param((Role.DISPATCHER, "33", "command"), (Role.HANDLER, "33", "command"), False, id="a dispatcher's to a handler"),
        pytest.param((Role.AGENT, "33", "hotline"), (Role.AGENT, "33", "hotline"), False, id="agents have no work of their own"),
    ],
)
def test_who_may_stand_in_for_whom(store, away, other, may):
    parents = store.teams_and_parents()[0]
    assert may_stand_in(User("b", "乙", *other), User("a", "甲", *away), parents) is may
    assert not may_stand_in(User("a", "甲", *away), User("a", "甲", *away), parents)


def give(store, away, to, *, now=NOW, **values):
    return delegate({"to_username": to, "ends_at": "2026-11-25 18:00", **values}, user=away, store=store, now=now)


def signed_in(store, username, now):
    store.open_session(f"session of {username} {now}", username, now, now + DAY)
    return store.user_of_session(f"session of {username} {now}", now)


def test_a_delegation_lets_the_colleague_see_the_work_from_then_until_then(store, take, people):
    people("mate", Role.HANDLER, "33010201")
    ticket = take("楼道停电")[0]
    give(store, store.user("repair"), "mate", starts_at="2026-11-24 08:00")
    during = shanghai("2026-11-24 08:00")
    for at, sees in ((NOW, False), (during, True), (shanghai("2026-11-25 17:59"), True), (shanghai("2026-11-25 18:00"), False)):
        mate = signed_in(store, "mate", at)
        assert [one.username for one in mate.stands_in_for] == (["repair"] if sees else [])
        assert (may_see(mate, ticket, store), leads(mate, ticket, store)) == (sees, sees)


def test_what_the_colleague_does_stands_in_the_trail_as_the_colleagues(store, take, move, people):
    people("mate", Role.HANDLER, "33010201")
    ticket = take("楼道停电")[0]
    give(store, store.user("repair"), "mate")
    move(ticket, "accept", by=signed_in(store, "mate", NOW))
    assert store.trail(ticket.number)[-1]["actor"] == "mate"


def test_a_program_acts_for_others_only_at_a_known_moment(store, people):
    people("mate", Role.HANDLER)
    give(store, store.user("repair"), "mate")
    store.add_token("token", "mate", "tests", NOW)
    assert [one.username for one in store.user_of_token("token", NOW).stands_in_for] == ["repair"]
    assert store.user_of_token("token").stands_in_for == ()


def test_a_delegation_is_not_passed_on(store, people):
    """C, who stands in for B, does not stand in for A for whom B does: B has to give A's work back before leaving."""
    a, b, _ = (people(name, Role.HANDLER) for name in "abc")
    given = give(store, a, "b")
    with pytest.raises(InvalidInput) as error:
        give(store, b, "c")
    assert "受 姓名a 委托，请先退回" in problems(error)["starts_at"]
    revoke(given.id, user=b, store=store, now=NOW)
    give(store, b, "c")
    assert [one.username for one in signed_in(store, "c", NOW).stands_in_for] == ["b"]


def test_nobody_hands_work_to_somebody_who_is_away(store, people):
    a, b, _ = (people(name, Role.HANDLER) for name in "abc")
    give(store, b, "c")
    with pytest.raises(InvalidInput) as error:
        give(store, a, "b")
    assert "自己也不在" in problems(error)["to_username"]
    give(store, a, "b", starts_at="2026-11-25 18:00", ends_at="2026-11-26 18:00")


def test_nobodys_work_goes_to_two(store, people):
    a, *_ = (people(name, Role.HANDLER) for name in "abc")
    give(store, a, "b")
    with pytest.raises(InvalidInput) as error:
        give(store, a, "c", starts_at="2026-11-25 17:59", ends_at="2026-11-26 08:00")
    assert "已委托 姓名b" in problems(error)["starts_at"]
    give(store, a, "c", starts_at="2026-11-25 18:00", ends_at="2026-11-26 08:00")


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        pytest.param({"to_username": ""}, "to_username", "请从列表中选择", id="to nobody"),
        pytest.param({"to_username": "metering"}, "to_username", "请从列表中选择", id="to another department"),
        pytest.param({"to_username": "repair"}, "to_username", "请从列表中选择", id="to oneself"),
        pytest.param({"ends_at": ""}, "ends_at", "必填", id="for ever"),
        pytest.param({"ends_at": "tomorrow"}, "ends_at", "不是时间", id="no time"),
        pytest.param({"ends_at": "2026-11-23 10:00"}, "ends_at", "晚于开始时间", id="over at once"),
        pytest.param({"starts_at": "2026-11-20 10:00", "ends_at": "2026-11-21 10:00"}, "ends_at", "晚于开始时间和现在", id="in the past"),
        pytest.param({"starts_at": "2026-11-26 10:00"}, "ends_at", "晚于开始时间", id="the end before the beginning"),
        pytest.param({"ends_at": "2027-11-26 10:00"}, "ends_at", f"最多委托 {LONGEST.days} 天", id="a year"),
        pytest.param({"from_username": "metering"}, "from_username", "只能委托自己的工作", id="another one's work"),
    ],
)
def test_what_is_wrong_with_a_delegation_is_said_at_its_field(store, values, field, said):
    with pytest.raises(InvalidInput) as error:
        delegate({"to_username": "repair-liuhe", "ends_at": "2026-11-25 18:00", **values}, user=store.user("repair"), store=store, now=NOW)
    assert said in problems(error)[field]
    assert store.delegations_of("repair") == []


def test_who_has_no_work_to_hand_on_is_told_so(store):
    with pytest.raises(Forbidden, match="您的角色是坐席"):
        give(store, store.user("agent"), "repair")


def test_a_leader_delegates_for_a_handler_who_cannot(store):
    leader = store.user("leader")
    assert "repair" in {one.username for one in subordinates(leader, store)}
    made = give(store, leader, "repair-liuhe", from_username="repair")
    assert (made.from_username, made.made_by) == ("repair", "leader")
    assert made in store.delegations_of("leader")


def test_both_see_a_delegation_and_both_can_end_it(store):
    repair, liuhe = store.user("repair"), store.user("repair-liuhe")
    made = give(store, repair, "repair-liuhe")
    assert store.delegations_of("repair") == store.delegations_of("repair-liuhe") == [made]
    with pytest.raises(Forbidden):
        revoke(made.id, user=store.user("metering"), store=store, now=NOW)
    revoke(made.id, user=liuhe, store=store, now=NOW + HOUR)
    assert revoke(made.id, user=repair, store=store, now=NOW + 2 * HOUR).revoked_at == NOW + HOUR
    assert signed_in(store, "repair-liuhe", NOW + HOUR).stands_in_for == ()


def test_a_delegation_that_is_over_cannot_be_revoked(store):
    repair = store.user("repair")
    made = give(store, repair, "repair-liuhe")
    with pytest.raises(IllegalMove, match="已经到期"):
        revoke(made.id, user=repair, store=store, now=made.ends_at)
    with pytest.raises(NotFound):
        revoke(made.id + 1, user=repair, store=store, now=NOW)


def test_whoever_is_switched_off_is_stood_in_for_no_more(store):
    give(store, store.user("repair"), "repair-liuhe")
    store.set_active("repair", False)
    assert signed_in(store, "repair-liuhe", NOW).stands_in_for == ()


def test_colleagues_are_those_who_may_stand_in(store):
    assert [one.username for one in colleagues(store.user("repair"), store)] == ["repair-liuhe"]
    assert {"repair", "metering"} <= {one.username for one in colleagues(store.user("leader"), store)}


# --- handover


def test_a_handover_keeps_the_open_tickets_as_they_stood(store, take, move):
    ticket, done = take("楼道停电", "楼上停电")
    for code, fields in (("accept", {}), ("contact", {}), ("arrive", {}), ("resolve", {"reply": "已恢复", "finding": "upheld"})):
        move(done, code, **fields)
    kept = hand_over({"text": "楼道那张客户在等"}, user=store.user("repair"), store=store, now=NOW)
    move(ticket, "accept", minutes=1)
    (one,) = store.handover(kept.id).tickets
    assert (one.number, one.state, one.next_step, one.next_due_at) == (ticket.number, State.DISPATCHED, Step.ACCEPT, ticket.next_due_at)


def test_the_successor_takes_a_shift_over_once(store, people):
    first, second = people("first", Role.HANDLER), people("second", Role.HANDLER)
    kept = hand_over({"text": "无"}, user=store.user("repair"), store=store, now=NOW)
    taken = take_over(kept.id, user=first, store=store, now=NOW + HOUR)
    assert (taken.to_username, taken.taken_at) == ("first", NOW + HOUR)
    assert take_over(kept.id, user=first, store=store, now=NOW + 2 * HOUR) == taken
    with pytest.raises(Conflict, match="姓名first 已于 11-23 11:00 接班"):
        take_over(kept.id, user=second, store=store, now=NOW + 2 * HOUR)


def test_nobody_takes_over_from_themselves_or_from_another_team(store):
    kept = hand_over({"text": "无"}, user=store.user("repair"), store=store, now=NOW)
    for username in ("repair", "metering", "agent", "auditor"):
        with pytest.raises(Forbidden):
            take_over(kept.id, user=store.user(username), store=store, now=NOW)
    take_over(kept.id, user=store.user("leader"), store=store, now=NOW)
    with pytest.raises(NotFound):
        take_over(kept.id + 1, user=store.user("repair"), store=store, now=NOW)


@pytest.mark.parametrize("text", ["", "  \n", "字" * 4001], ids=["nothing", "blanks", "too much"])
def test_a_handover_says_something(store, text):
    with pytest.raises(InvalidInput, match="最多 4000 个字"):
        hand_over({"text": text}, user=store.user("repair"), store=store, now=NOW)


def test_a_dispatcher_hands_over_what_waits(store, take):
    (doubtful,) = take("可能停电", said=prediction(sure=0.4))
    kept = hand_over({"text": "无"}, user=store.user("dispatcher"), store=store, now=NOW)
    assert [one.number for one in kept.tickets] == [doubtful.number]
    with pytest.raises(Forbidden):
        hand_over({"text": "无"}, user=store.user("agent"), store=store, now=NOW)


def test_what_nobody_has_taken_over_stands_on_top(store, people):
    repair, mate = store.user("repair"), people("mate", Role.HANDLER)
    ids = [hand_over({"text": str(n)}, user=repair, store=store, now=NOW + n * HOUR).id for n in range(3)]
    take_over(ids[2], user=mate, store=store, now=NOW + 4 * HOUR)
    assert [one.id for one in handovers_for(mate, store)] == [ids[1], ids[0], ids[2]]
    assert [one.id for one in handovers_for(store.user("leader"), store)] == [ids[1], ids[0], ids[2]]
    assert handovers_for(store.user("metering"), store) == []
    assert handovers_for(store.user("auditor"), store) == []
