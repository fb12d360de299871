"""Reply templates: which fit, in which order, and how their blanks are filled."""

from dataclasses import replace

import pytest

from tests.triage.samples import NOW, shanghai
from triage.rules import ReplyTemplate
from triage.templates import BLANKS, check_template, fill, templates_for
from triage.terms import Channel, Level, State
from triage.tickets import Ticket

TICKET = Ticket(
    number="2026112300000001",
    contact_id=1,
    text="低电压",
    state=State.ACCEPTED,
    level=Level.ORDINARY,
    demand_type="complaint",
    topic="quality.voltage",
    department="operations",
    unit_code="330101",
    team_unit="330101",
    locality=None,
    channel=Channel.PHONE,
    received_at=NOW,
    version=1,
    is_confidential=False,
    is_watched=False,
    next_due_at=shanghai("2026-11-25 09:05"),
)


def row(code, topic="", demand_type="", move="resolve", text="好"):
    return ReplyTemplate(code, code, move, topic, demand_type, text)


def codes(rules, *rows, ticket=TICKET, move="resolve"):
    return [one.code for one in templates_for(move, ticket, replace(rules, reply_templates=rows))]


def test_the_most_special_template_comes_first(rules):
    rows = [row("any"), row("type", "", "complaint"), row("topic", "quality.voltage"), row("both", "quality.voltage", "complaint")]
    assert codes(rules, *rows) == codes(rules, *reversed(rows)) == ["both", "topic", "type", "any"]


@pytest.mark.parametrize(
    ("template", "fits"),
    [
        pytest.param(row("a", move="contact"), False, id="for another move"),
        pytest.param(row("a", "quality.outage"), False, id="for another topic"),
        pytest.param(row("a", "quality.volt"), False, id="for a topic that begins alike"),
        pytest.param(row("a", "quality"), True, id="for the topics above it"),
        pytest.param(row("a", "quality.voltage", "fault"), False, id="for its topic but another type"),
        pytest.param(row("a"), True, id="for anything"),
    ],
)
def test_only_those_that_fit_are_offered(rules, template, fits):
    assert codes(rules, template) == (["a"] if fits else [])


def test_a_ticket_of_which_nothing_is_known_gets_those_for_anything(rules):
    unknown = replace(TICKET, topic=None, demand_type=None, department=None, next_due_at=None)
    assert codes(rules, row("a", "quality.voltage"), row("b", "", "complaint"), row("c"), ticket=unknown) == ["c"]


def test_the_blanks_are_filled_in(rules):
    text = "{topic}，{due}，{unit}，{department}"
    with_one = replace(rules, reply_templates=(row("a", text=text),))
    (filled,) = templates_for("resolve", TICKET, with_one, unit="临江市城区供电中心")
    assert filled.text == f"电压质量异常，11 月 25 日 09:05，临江市城区供电中心，{rules.departments['operations']}"
    (promised,) = templates_for("resolve", TICKET, with_one, due=shanghai("2026-12-01 18:00"))
    assert "12 月 1 日 18:00，（请写明单位）" in promised.text


def test_what_is_not_known_is_left_for_the_user_to_write():
    assert fill("{topic}、{due}、{unit}、{department}", {}) == "（请写明主题）、（请写明时限）、（请写明单位）、（请写明部门）"
    assert fill("{other} {topic!r} {}", {"topic": "x"}) == "{other} {topic!r} {}"
    assert fill("{unit}", {"unit": "{due}", "due": "x"}) == "{due}"


def test_every_bundled_template_is_well_written_and_is_offered_somewhere(rules):
    for template in rules.reply_templates:
        check_template(template.text)
        there = replace(TICKET, topic=template.topic or "quality.voltage", demand_type=template.demand_type or "complaint")
        offered = templates_for(template.move, there, rules, unit="供电所")
        assert template.code in [one.code for one in offered]
        assert not any(f"{{{name}}}" in one.text for one in offered for name in BLANKS)


@pytest.mark.parametrize("text", ["", "没有空格", *(f"请{{{name}}}写" for name in BLANKS)])
def test_what_a_template_may_say(text):
    check_template(text)


@pytest.mark.parametrize(
    "text",
    ["{phone}", "{}", "{0}", "{", "}", "{topic", "{topic.name}", "{topic[0]}", "{due:%H}", "{unit!r}", "{{topic}}", "{topic}{name}"],
)
def test_what_a_template_may_not_say_is_refused_with_what_it_may(text):
    with pytest.raises(ValueError, match=r"只能写 \{topic\}（主题）、\{due\}（时限）、\{unit\}（单位）、\{department\}（部门）"):
        check_template(text)
