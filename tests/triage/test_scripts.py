"""The call script: every topic has one, no promise names a time, danger comes first; every topic can be typed by its initials."""

import csv
import re

import pytest

from triage.initials import initials
from triage.scripts import TABLE, Script, read_scripts, script_of

TIME = re.compile(r"[0-9一二两三四五六七八九十]+ ?(?:个)?(?:分钟|小时|天|日|工作日)|当天|当日|今天")


def test_every_topic_has_a_script_of_its_own_or_of_its_group(rules):
    scripts = read_scripts()
    without = [code for code, topic in rules.topics.items() if code not in scripts and topic.level2_code not in scripts]
    assert without == []


def test_every_script_is_for_something_that_exists_and_says_its_basis(rules):
    known = {"", "danger", *rules.attention, *rules.topics, *(topic.level2_code for topic in rules.topics.values())}
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["about"] for row in rows} - known == set()
    assert len({row["about"] for row in rows}) == len(rows)
    assert {row["basis"] for row in rows} == {"inferred"}


def test_every_topic_gets_questions_a_promise_and_a_word_of_empathy(rules):
    for topic in (None, "no.such.topic", *rules.topics):
        script = script_of(topic, rules)
        assert len(script.asks) >= 2, topic
        assert script.promise, topic
        assert script.empathy, topic


def test_no_promise_names_a_time_because_deadlines_are_rows(rules):
    assert [script.promise for script in read_scripts().values() if TIME.search(script.promise)] == []


def test_a_topics_own_row_wins_and_leaves_the_rest_to_its_group(rules):
    single, group = script_of("outage.fault.single", rules), read_scripts()["outage.fault"]
    assert single.asks == read_scripts()["outage.fault.single"].asks != group.asks
    assert (single.promise, single.empathy) == (group.promise, group.empathy)
    assert single.safety != group.safety


def test_danger_to_life_comes_before_whatever_the_call_is_about(rules):
    script = script_of("business.tariff.bill", rules, is_danger=True)
    assert "120" in script.promise
    assert "8 米" in script.safety


def test_somebody_in_a_lift_is_told_to_call_who_can_open_it_and_to_leave_the_doors_alone(rules):
    safety = script_of("outage.fault.area", rules, heard=("trapped",)).safety
    assert [word for word in ("119", "应急电话", "镇静", "不要扒门") if word not in safety] == []


def test_a_machine_that_keeps_somebody_alive_comes_before_the_topic_and_after_danger(rules):
    script = script_of("business.reading.arrears", rules, heard=("authority", "life_support"))
    assert "备用电池" in script.asks[1]
    assert ("120" in script.safety, "明火" in script.safety) == (True, True)
    assert script_of("outage.fault.area", rules, is_danger=True, heard=("life_support",)) == script_of("outage.fault.area", rules, is_danger=True)


def test_what_a_script_leaves_empty_comes_from_the_other():
    assert Script(("问",), empathy="抱歉").over(Script(("别问",), "承诺", "不", "远离")) == Script(("问",), "承诺", "抱歉", "远离")


def test_every_topic_of_the_taxonomy_can_be_typed_by_its_initials(rules):
    names = {topic.name: initials(topic.name) for topic in rules.topics.values()}
    assert [name for name, typed in names.items() if not re.fullmatch(r"[a-z]+", typed)] == []


@pytest.mark.parametrize(
    ("name", "typed"),
    [("抄表催费 · 抄表", "cbcfcb"), ("服务行为 · 营业厅人员服务", "fwxwyytryfw"), ("停电 2 龘", "td2龘"), ("", "")],
    ids=["topic", "the reading that topics use", "a character that is not in the table stays", "nothing"],
)
def test_initials_are_the_first_letters(name, typed):
    assert initials(name) == typed
