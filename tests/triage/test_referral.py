"""Referral advice: who hears it, and who is not sent away."""

import pytest

from triage.attention import Attention
from triage.referral import advise
from triage.rules import Rules


@pytest.fixture
def external(rules: Rules) -> str:
    """A topic that is not the utility's."""
    return next(code for code, topic in rules.topics.items() if topic.lead_department == "external")


def test_trouble_that_is_not_the_utilitys_is_referred_to_who_answers_for_it(rules: Rules, external: str):
    (first, *_) = advise("小区楼道灯不亮，物业不管", external, (), rules)
    assert first.owner == "物业公司"
    assert "物业" in first.advice


def test_a_fault_in_the_customers_own_wiring_gets_guidance_though_the_fault_is_ours_to_take(rules: Rules):
    assert [row.code for row in advise("家里跳闸推不上去", "outage.fault.single", (), rules)] == ["customer_wiring"]


def test_nobody_is_sent_away_because_a_property_company_is_named_in_passing(rules: Rules):
    assert advise("物业说是你们供电局的表坏了，电费多算", "business.tariff.bill", (), rules) == ()


def test_an_attention_rule_that_sees_no_liability_calls_up_the_advice(rules: Rules):
    heard = Attention("no_liability", "非供电责任", "原文“物业的配电房”")
    assert advise("物业的配电房坏了", "business.tariff.bill", (heard,), rules)


def test_at_most_three_rows_the_most_fitting_first(rules: Rules, external: str):
    said = advise("物业楼道灯电梯停，开发商未移交，供暖不热，电线杆是通信公司的", external, (), rules)
    assert len(said) == 3
    assert said[0].code == "property"


def test_without_words_of_a_row_there_is_no_advice(rules: Rules, external: str):
    assert advise("你好", external, (), rules) == ()
