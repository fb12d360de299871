"""The decision: who leads, which unit's team, at once or by a dispatcher, and always why."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.samples import NOW, contact, nobody, prediction
from triage.complaint import Contact, Context, Customer, EarlierCall
from triage.errors import InvalidInput
from triage.prediction import Prediction
from triage.routing import Decision, decide, gate_score, supply_unit, team_unit
from triage.rules import Rules
from triage.terms import Level, Locality, Made, State

CHOSEN = {"text": "家里没电", "topic": "outage.fault.single", "demand_type": "fault"}
FALLEN_WIRE = "路边高压线断落在地上，很危险"


def decided(rules: Rules, said: Prediction | None, complaint: Any = "家里没电了", context: Context | None = None, **values: Any) -> Decision:
    """What is decided of one complaint from the city's unit."""
    made: Contact = contact(complaint, **{"unit_code": "330101", **values})
    return decide(made.complaints[0], made, said, context or nobody(), rules)


def switched(rules: Rules, **switches: str) -> Rules:
    """The rules with switches turned."""
    return replace(rules, switches={**rules.switches, **switches})


def test_a_sure_model_dispatches_at_once_and_says_why(rules: Rules):
    decision = decided(rules, prediction(sure=0.95))
    assert (decision.state, decision.department, decision.team_unit) == (State.DISPATCHED, "repair", "330101")
    assert decision.made_by is Made.MODEL
    assert decision.confidence == pytest.approx(0.95)
    assert "模型 fake-1：故障停电 · 单户停电 0.95，故障报修 1.00" in decision.reasons
    assert "依据词：停电" in decision.reasons
    assert "把握 0.95 ≥ 门槛 0.80，自动派单" in decision.reasons


def test_a_doubtful_model_asks_a_dispatcher(rules: Rules):
    decision = decided(rules, prediction(sure=0.6))
    assert decision.state is State.PENDING_REVIEW
    assert decision.department == "repair"
    assert decision.reasons[-1] == "把握 0.60 未达门槛 0.80，待派单员审核"


@pytest.mark.parametrize(("sure", "state"), [(0.8, State.DISPATCHED), (0.7999, State.PENDING_REVIEW)], ids=["at the gate", "below it"])
def test_the_gate_is_met_to_the_point(rules: Rules, sure: float, state: State):
    assert decided(rules, prediction(sure=sure)).state is state


def test_the_gate_sums_all_topics_of_the_same_department(rules: Rules):
    said = prediction("outage.fault.single", sure=0.95)
    split = replace(said, topics=(("outage.fault.single", 0.45), ("outage.fault.area", 0.42), ("quality.voltage", 0.05), ("other.general", 0.08)))
    assert gate_score(split, "fault", "outage.fault.single", rules) == pytest.approx(0.92)
    assert decided(rules, split).state is State.DISPATCHED


def test_the_gate_asks_that_department_and_handling_are_both_right(rules: Rules):
    said = replace(prediction(sure=0.9), demand_types=(("fault", 0.7), ("complaint", 0.3)))
    assert gate_score(said, "fault", "outage.fault.single", rules) == pytest.approx(0.9 * 0.7)


def test_demand_types_that_are_handled_alike_count_together(rules: Rules):
    said = replace(prediction(sure=0.9), demand_types=(("complaint", 0.5), ("opinion", 0.3), ("enquiry", 0.2)))
    assert gate_score(said, "complaint", "outage.fault.single", rules) == pytest.approx(0.9)


def test_a_report_that_might_be_missed_weighs_four_times(rules: Rules):
    said = replace(prediction(sure=1.0), demand_types=(("complaint", 0.9), ("report", 0.1)))
    assert gate_score(said, "complaint", "outage.fault.single", rules) == pytest.approx(0.9 / (0.9 + 4 * 0.1))


def test_a_ticket_goes_out_with_its_type_left_open_where_only_the_type_is_in_doubt(rules: Rules):
    said = replace(prediction("business.tariff.bill", sure=0.95), demand_types=(("opinion", 0.5), ("complaint", 0.4), ("enquiry", 0.1)))
    decision = decided(rules, said, "电费比上个月多了一倍")
    assert (decision.state, decision.department, decision.demand_type) == (State.DISPATCHED, "billing", None)
    assert decision.reasons[-1] == "诉求类型待确认（意见 0.50、投诉 0.40），先按投诉计时"


def test_topics_that_are_not_in_force_any_more_are_passed_over(rules: Rules):
    said = replace(prediction(), topics=(("gone.long", 0.6), ("outage.fault.single", 0.4)))
    decision = decided(rules, said)
    assert decision.topic == "outage.fault.single"
    assert decision.confidence == pytest.approx(0.4)


def test_a_model_of_unknown_topics_only_decides_nothing(rules: Rules):
    decision = decided(rules, replace(prediction(), topics=(("gone.long", 1.0),)))
    assert (decision.topic, decision.department, decision.confidence) == (None, None, None)
    assert decision.state is State.PENDING_REVIEW


def test_the_administrators_threshold_stands_above_the_models(rules: Rules):
    decision = decided(switched(rules, gate_threshold="0.97"), prediction(sure=0.95))
    assert (decision.state, decision.threshold) == (State.PENDING_REVIEW, 0.97)


def test_no_model_leaves_it_to_a_dispatcher(rules: Rules):
    decision = decided(rules, None)
    assert (decision.state, decision.confidence, decision.threshold, decision.department) == (State.PENDING_REVIEW, None, None, None)
    assert "没有可用的分类模型，转派单员审核" in decision.reasons


def test_switched_off_everything_waits_for_a_dispatcher(rules: Rules):
    decision = decided(switched(rules, automatic_dispatch="off"), prediction(sure=0.99))
    assert decision.state is State.PENDING_REVIEW
    assert decision.reasons[-1] == "自动派单已关闭，待派单员审核"


def test_switched_off_an_agents_choice_and_danger_still_go_out(rules: Rules):
    off = switched(rules, automatic_dispatch="off")
    assert decided(off, prediction(), CHOSEN).state is State.DISPATCHED
    assert decided(off, prediction(), FALLEN_WIRE).state is State.DISPATCHED


@pytest.mark.parametrize(
    ("demand_type", "topic", "department", "confidential"),
    [
        pytest.param("report", "business.charges.item", "discipline", True, id="a report goes to discipline"),
        pytest.param("report", "other.theft", "inspection", True, id="a report of theft to inspection"),
        pytest.param("complaint", "other.theft", "inspection", False, id="the topic's own lead"),
        pytest.param("fault", "grid.safety", "repair", False, id="a dangerous pole: repair first"),
        pytest.param("opinion", "grid.safety", "operations", False, id="the same pole as an opinion"),
        pytest.param("fault", "quality.voltage", "repair", False, id="voltage now: repair first"),
        pytest.param("complaint", "quality.voltage", "operations", False, id="voltage as a complaint"),
        pytest.param("fault", "other.damage", "repair", False, id="damage with danger: repair first"),
        pytest.param("request", "other.damage", "operations", False, id="damage to be paid"),
        pytest.param("complaint", "business.tariff.bill", "billing", False, id="a bill"),
    ],
)
def test_who_leads(rules: Rules, demand_type: str, topic: str, department: str, confidential: bool):
    decision = decided(rules, prediction(topic, demand_type))
    assert (decision.department, decision.is_confidential) == (department, confidential)
    assert any(rules.lead(demand_type, topic).reason == reason for reason in decision.reasons)


def test_what_is_not_ours_waits_with_advice(rules: Rules):
    decision = decided(rules, prediction("other.out_of_scope", "complaint", 0.99))
    assert (decision.state, decision.department) == (State.PENDING_REVIEW, "external")
    assert decision.reasons[-1] == "非供电责任：建议坐席转告客户并写明责任主体"


def test_an_agents_choice_of_what_is_not_ours_waits_too(rules: Rules):
    chosen = {"text": "物业停电", "topic": "other.out_of_scope", "demand_type": "complaint"}
    assert decided(rules, None, chosen).state is State.PENDING_REVIEW


def test_an_agents_choice_goes_out_at_once_whatever_the_model_thinks(rules: Rules):
    for said in (None, prediction("business.tariff.bill", "complaint", 0.3)):
        decision = decided(rules, said, CHOSEN)
        assert (decision.state, decision.made_by, decision.confidence) == (State.DISPATCHED, Made.AGENT, None)
        assert decision.topic == "outage.fault.single"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"topic": "nothing", "demand_type": "fault"}, "topic", id="a topic"),
        pytest.param({"topic": "other.general", "demand_type": "nothing"}, "demand_type", id="a demand type"),
    ],
)
def test_what_an_agent_chose_must_exist(rules: Rules, fields: dict[str, str], field: str):
    with pytest.raises(InvalidInput) as error:
        decided(rules, None, {"text": "没电", **fields})
    assert error.value.problems[0].field == field
    assert "请从" in error.value.message


def test_an_answer_in_the_call_ends_it(rules: Rules):
    decision = decided(rules, None, {"text": "问电价", "topic": "business.tariff.price", "demand_type": "enquiry", "answer": "每度 0.538 元"})
    assert (decision.state, decision.is_watched) == (State.ANSWERED, False)
    assert decision.reasons[-1] == "坐席当即答复，办结即答"


def test_a_referral_in_the_call_ends_it(rules: Rules):
    decision = decided(rules, None, {"text": "物业拉闸", "topic": "other.out_of_scope", "demand_type": "complaint", "owner": "绿城物业"})
    assert decision.state is State.REFERRED
    assert decision.reasons[-1] == "非供电责任，已转告：绿城物业"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(None, id="no model"),
        pytest.param(prediction("business.tariff.bill", "complaint", 0.99), id="a model that is sure of something else"),
        pytest.param(prediction("grid.safety", "fault", 0.1), id="a model that doubts"),
        pytest.param(prediction("other.out_of_scope", "complaint", 0.99), id="a model that thinks it is not ours"),
    ],
)
def test_danger_to_life_goes_out_at_once_and_is_watched(rules: Rules, said: Prediction | None):
    decision = decided(rules, said, FALLEN_WIRE)
    assert (decision.state, decision.department, decision.team_unit) == (State.DISPATCHED, "repair", "330101")
    assert (decision.level, decision.is_watched, decision.demand_type, decision.made_by) == (Level.SPECIAL, True, "fault", Made.RULE)
    assert decision.co_departments == ("safety",)
    assert any("人身安全" in reason and "断落" in reason for reason in decision.reasons)


def test_danger_keeps_the_models_topic_where_it_is_a_fault(rules: Rules):
    decision = decided(rules, prediction("outage.fault.area", "fault", 0.3), FALLEN_WIRE)
    assert (decision.topic, decision.made_by, decision.state) == ("outage.fault.area", Made.RULE, State.DISPATCHED)


def test_danger_goes_to_repair_though_the_agent_chose_another_topic(rules: Rules):
    decision = decided(rules, None, {"text": FALLEN_WIRE, "topic": "business.tariff.bill", "demand_type": "complaint"})
    assert (decision.department, decision.state, decision.is_watched) == ("repair", State.DISPATCHED, True)


def test_danger_nobody_knows_where_waits_for_a_dispatcher_on_top(rules: Rules):
    decision = decided(rules, prediction(), FALLEN_WIRE, unit_code="")
    assert (decision.state, decision.level, decision.is_watched) == (State.PENDING_REVIEW, Level.SPECIAL, True)


CUSTOMER = Customer("3301000001", "330101", Locality.URBAN, "")


@pytest.mark.parametrize(
    ("context", "chosen", "unit", "why"),
    [
        pytest.param({"customer": CUSTOMER, "area_unit": "3301"}, "33", "330101", "供电单位依客户档案", id="customer"),
        pytest.param({"area_unit": "3301"}, "33", "3301", "供电单位依地址匹配", id="address"),
        pytest.param({}, "33", "33", "供电单位由坐席选择", id="agent"),
        pytest.param({}, "", None, "供电单位未知，待派单员确定", id="dispatcher"),
    ],
)
def test_the_unit_is_the_customers_else_the_addresss_else_the_agents(context: dict[str, Any], chosen: str, unit: str | None, why: str):
    found, _, where = supply_unit(contact("没电", unit_code=chosen), nobody(**context))
    assert (found, where) == (unit, why)


def test_a_unit_that_the_agent_chose_must_exist(rules: Rules):
    with pytest.raises(InvalidInput) as error:
        decided(rules, None, unit_code="999")
    assert [p.field for p in error.value.problems] == ["unit_code"]


@pytest.mark.parametrize(
    ("unit", "department", "team"),
    [
        pytest.param("330101", "repair", "330101", id="its own team"),
        pytest.param("330101", "metering", "3301", id="the parent's"),
        pytest.param("330101", "safety", None, id="nobody up to the top"),
        pytest.param(None, "repair", None, id="no unit"),
        pytest.param("330101", None, None, id="no department"),
        pytest.param("999", "repair", None, id="a unit that is not there"),
    ],
)
def test_the_team_is_the_units_own_or_the_nearest_above(unit: str | None, department: str | None, team: str | None):
    context = nobody()
    assert team_unit(unit, department, context.parents, context.teams) == team


def test_without_a_team_a_dispatcher_decides(rules: Rules):
    decision = decided(rules, prediction("service.channel.online", "complaint", 0.99))
    assert (decision.state, decision.team_unit) == (State.PENDING_REVIEW, None)
    assert decision.reasons[-1] == "没有可承接的班组或供电单位未知，待派单员确定"


def test_a_confidential_wish_keeps_the_identity(rules: Rules):
    assert decided(rules, prediction(), is_confidential=True).is_confidential
    assert decided(rules, prediction(), "我要匿名反映，家里没电").is_confidential
    assert not decided(rules, prediction()).is_confidential


def test_the_gravest_level_counts_and_a_third_call_names_the_earlier(rules: Rules):
    calls = tuple(EarlierCall(number, "outage.fault.area", NOW) for number in ("2026112300000002", "2026112300000001"))
    decision = decided(rules, prediction(), "又没电了，我要找记者曝光", nobody(earlier=calls))
    assert decision.level is Level.MAJOR
    assert [call.number for call in decision.earlier] == ["2026112300000002", "2026112300000001"]
    assert {a.rule for a in decision.attention} == {"media", "repeat_caller"}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_decision_says_why_and_never_dispatches_to_nobody(rules: Rules, data: st.DataObject):
    topics, kinds = data.draw(st.permutations(sorted(rules.topics))), data.draw(st.permutations(sorted(rules.demand_types)))
    sure = data.draw(st.floats(min_value=0, max_value=1))
    said = Prediction(((topics[0], sure), (topics[1], 1 - sure)), ((kinds[0], sure), (kinds[1], 1 - sure)), {}, "any", 0.8)
    text = data.draw(st.text(min_size=1, max_size=40).filter(lambda t: t.strip()) | st.sampled_from([FALLEN_WIRE, "记者来了", "匿名举报"]))
    chosen = {"topic": topics[2], "demand_type": kinds[2]} if data.draw(st.booleans()) else {}
    try:
        made = contact({"text": text, **chosen}, unit_code=data.draw(st.sampled_from(["", "330101", "3301", "33"])))
    except InvalidInput:  # nothing is left of a text of control characters
        return
    decision = decide(made.complaints[0], made, data.draw(st.sampled_from([said, None])), nobody(), rules)
    assert decision.reasons
    assert all(reason.strip() for reason in decision.reasons)
    if decision.state is State.DISPATCHED:
        assert (decision.team_unit, decision.department) in nobody().teams
    if decision.made_by is Made.MODEL and decision.state is State.DISPATCHED:
        assert decision.confidence is not None
        assert decision.threshold is not None
        assert decision.confidence >= decision.threshold
