"""Outages as values: what is sent and refused, what may be done when, when key customers are told, what is frequent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.triage.samples import NOW, shanghai, user
from triage.errors import InvalidInput
from triage.outage_changes import corrected, fresh, legal_changes
from triage.outage_drafts import read_draft
from triage.outages import (
    Area,
    AreaKind,
    KeyCustomer,
    OutageKind,
    OutageRules,
    OutageState,
    frequent,
    is_related,
    may_read,
    may_register,
    normal,
    notice_due,
    parts_of,
    read_outage_rules,
    told,
)
from triage.people import User
from triage.terms import Role

UNITS = {"33": "东江省电力公司", "330101": "临江市城区供电中心"}
PARENTS = {"33": None, "3301": "33", "330101": "3301", "3302": "33"}
SENT = {
    "number": "330101000001",
    "kind": "planned",
    "unit_code": "330101",
    "starts_at": "2026-12-10 08:00",
    "ends_at": "2026-12-10 18:00",
    "transformer_areas": "滨河03台区",
    "reason": "更换变压器",
}


def draft(**values):
    return read_draft({**SENT, **values}, UNITS, NOW)


def outage(**values):
    return replace(fresh(draft(), "a", NOW), **values)


def wrong(**values):
    with pytest.raises(InvalidInput) as refused:
        draft(**values)
    return {problem.field: problem.message for problem in refused.value.problems}


def test_what_is_sent_becomes_a_draft_on_shanghai_s_clock_with_normal_areas():
    made = draft(
        number="３３０１０１ 000001",
        kind="计划",
        unit_code="临江市城区供电中心",
        transformer_areas="滨河０３台区、 文昌11台区",
        keywords=["柳荫路 12号", "ABC座"],
    )
    assert (made.number, made.kind, made.unit_code) == ("330101000001", OutageKind.PLANNED, "330101")
    assert made.starts_at == shanghai("2026-12-10 08:00")
    assert [area.value for area in made.areas] == ["abc座", "柳荫路12号", "文昌11台区", "滨河03台区"]


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        pytest.param({"number": "33010100001"}, "number", "12 位数字", id="eleven digits"),
        pytest.param({"number": ""}, "number", "请补上", id="no number"),
        pytest.param({"number": 330101000001}, "number", "应为文字", id="a number that is no text"),
        pytest.param({"kind": "other"}, "kind", "计划停电、临时停电、故障停电", id="no such kind"),
        pytest.param({"unit_code": "999"}, "unit_code", "没有“999”", id="no such unit"),
        pytest.param({"starts_at": "明天"}, "starts_at", "不是时间", id="no moment"),
        pytest.param({"starts_at": "0001-01-01 00:00"}, "starts_at", "年份", id="a moment that no zone knows"),
        pytest.param({"ends_at": ""}, "ends_at", "必填", id="no end"),
        pytest.param({"ends_at": "2026-12-10 08:00"}, "ends_at", "晚于停电时间", id="over when it begins"),
        pytest.param({"ends_at": "2036-12-10 08:00"}, "ends_at", "不超过一年", id="ten years"),
        pytest.param({"restored_at": "2026-12-10 09:00"}, "restored_at", "晚于现在", id="restored in the future"),
        pytest.param({"transformer_areas": " 、\n"}, "transformer_areas", "至少填一个", id="nowhere"),
        pytest.param({"transformer_areas": "台" * 65}, "transformer_areas", "最多 64", id="a name that is too long"),
        pytest.param({"transformer_areas": {"a": 1}}, "transformer_areas", "列表", id="areas that are no list"),
        pytest.param({"transformer_areas": [str(n) for n in range(501)]}, "transformer_areas", "最多 500", id="too many areas"),
        pytest.param({"keywords": "路"}, "keywords", "2–30", id="a keyword that is everywhere"),
        pytest.param({"reason": "因" * 501}, "reason", "最多 500", id="a long reason"),
        pytest.param({"colour": "red"}, "colour", "没有这个字段", id="an unknown field"),
    ],
)
def test_a_wrong_value_is_said_at_its_field(values, field, said):
    problems = wrong(**values)
    assert list(problems) == [field]
    assert said in problems[field]


def test_all_problems_are_said_at_once():
    assert set(wrong(number="1", kind="", starts_at="x", transformer_areas="")) == {"number", "kind", "starts_at", "transformer_areas"}


def test_that_it_is_going_on_follows_from_the_moment():
    one = outage()
    before, during = one.starts_at - timedelta(seconds=1), one.starts_at
    assert (one.state_at(before), one.state_at(during)) == (OutageState.REGISTERED, OutageState.ACTIVE)
    assert outage(state=OutageState.CANCELLED).state_at(during) is OutageState.CANCELLED
    assert (one.is_overdue(one.ends_at), one.is_overdue(one.ends_at + timedelta(minutes=1))) == (False, True)


@pytest.mark.parametrize(
    ("state", "has_begun", "codes"),
    [
        (OutageState.REGISTERED, False, ["announce", "prolong", "cancel"]),
        (OutageState.ANNOUNCED, False, ["prolong", "cancel"]),
        (OutageState.ANNOUNCED, True, ["prolong", "restore", "cancel"]),
        (OutageState.RESTORED, True, []),
        (OutageState.CANCELLED, False, []),
    ],
)
def test_what_may_be_done_follows_from_how_it_stands(state, has_begun, codes):
    one = outage(state=state)
    assert [move.code for move in legal_changes(one, one.starts_at if has_begun else NOW)] == codes


@pytest.mark.parametrize(
    ("kind", "starts", "due"),
    [
        pytest.param(OutageKind.PLANNED, "2026-12-10 08:00", "2026-12-03 08:00", id="planned, 7 days ahead"),
        pytest.param(OutageKind.TEMPORARY, "2026-12-10 08:00", "2026-12-09 08:00", id="temporary, 24 hours ahead"),
        pytest.param(OutageKind.TEMPORARY, "2026-11-23 12:00", "2026-11-23 10:00", id="too late, at once"),
        pytest.param(OutageKind.FAULT, "2026-12-10 08:00", None, id="nobody knew"),
    ],
)
def test_key_customers_are_told_in_time(kind, starts, due):
    assert notice_due(outage(kind=kind, starts_at=shanghai(starts)), NOW) == (shanghai(due) if due else None)


def test_nobody_is_told_of_an_outage_that_is_over():
    assert notice_due(outage(state=OutageState.CANCELLED), NOW) is None


def test_who_is_told_is_found_by_transformer_area_or_address_and_in_the_unit_s_line_only():
    one = outage(areas=(Area(AreaKind.KEYWORD, "济民路"), Area(AreaKind.TRANSFORMER_AREA, "滨河03台区")))
    customers = [
        KeyCustomer("1", "330101", "滨河03台区", "别处"),
        KeyCustomer("2", "3301", "专变", "临江市济民路1号"),
        KeyCustomer("3", "3302", "滨河03台区", "济民路1号"),
        KeyCustomer("4", "330101", "滨河05台区", "柳荫路"),
    ]
    assert told(one, customers, PARENTS) == ["1", "2"]


@pytest.mark.parametrize(
    ("unit", "other", "expected"),
    [
        ("330101", "33", True),
        ("33", "330101", True),
        ("330101", "330101", True),
        ("330101", "3302", False),
        ("", "3302", True),
        ("999", "3302", False),
    ],
)
def test_units_are_related_in_one_line_of_command(unit, other, expected):
    assert is_related(unit, other, PARENTS) is expected


def test_units_in_a_ring_are_no_trap():
    assert not is_related("a", "c", {"a": "b", "b": "a"})


@pytest.mark.parametrize(
    ("days", "cancelled", "expected"),
    [
        pytest.param([0, 30, 60], 0, True, id="three in sixty days"),
        pytest.param([0, 30, 61], 0, False, id="one is too long ago"),
        pytest.param([0, 30], 0, False, id="two"),
        pytest.param([0, 20, 40], 1, False, id="one was cancelled"),
        pytest.param([-1, 20, 40], 0, False, id="one is to come"),
    ],
)
def test_three_outages_in_two_months_are_frequent(days, cancelled, expected):
    some = [outage(number=str(n), starts_at=NOW - timedelta(days=d)) for n, d in enumerate(days)]
    some[:cancelled] = [replace(one, state=OutageState.CANCELLED) for one in some[:cancelled]]
    assert frequent(some, OutageRules(), NOW) is expected


def test_one_outage_named_three_times_is_one():
    assert not frequent([outage(starts_at=NOW)] * 3, OutageRules(), NOW)


def test_the_switches_are_read_and_a_broken_one_keeps_its_default():
    rules = read_outage_rules({"outage_grace_minutes": "30", "frequent_outage_count": "x", "planned_repeat_days": "90"})
    assert rules == OutageRules(timedelta(minutes=30), 3, 60, 90)


def test_every_keyword_in_an_address_is_one_of_its_parts():
    address = normal("临江市 滨河街道柳荫路１２号")
    assert address == "临江市滨河街道柳荫路12号"
    assert {"柳荫路", "12号", address} <= set(parts_of(address))
    assert min(map(len, parts_of(address))) == 2
    assert parts_of("路") == []


def test_what_was_announced_is_announced_anew_when_it_moves_but_not_when_the_reason_is_another():
    known = outage(state=OutageState.ANNOUNCED, announced_at=NOW)
    assert corrected(known, draft(reason="检修"), NOW).state is OutageState.ANNOUNCED
    moved = corrected(known, draft(starts_at="2026-12-10 09:00"), NOW)
    assert (moved.state, moved.announced_at) == (OutageState.REGISTERED, None)


@pytest.mark.parametrize(
    ("role", "department", "registers", "reads"),
    [
        (Role.DISPATCHER, "command", True, True),
        (Role.HANDLER, "grid_control", True, True),
        (Role.LEADER, "operations", True, True),
        (Role.LEADER, "", True, True),
        (Role.LEADER, "billing", False, True),
        (Role.HANDLER, "billing", False, False),
        (Role.AGENT, "hotline", False, True),
        (Role.ADMIN, "", False, False),
    ],
)
def test_who_registers_and_who_reads(role, department, registers, reads):
    who = user(role, "3301", department)
    assert (may_register(who), may_read(who)) == (registers, reads)


def test_who_stands_in_for_a_dispatcher_registers_outages():
    who = User("a", "a", Role.HANDLER, "3301", "billing", (user(Role.DISPATCHER),))
    assert may_register(who)
