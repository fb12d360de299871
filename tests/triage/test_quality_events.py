"""Quality events: what is refused, that the same is entered once, that they are only revoked; and the service index, whose lines are their lists."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tests.triage.samples import NOW, prediction, user
from triage.errors import Conflict, Forbidden, InvalidInput, NotFound
from triage.figures import Reading
from triage.metrics import service_index
from triage.moments import in_shanghai
from triage.people import User
from triage.quality_events import Asked, enter, revoke
from triage.store.quality_events import UNTRUE
from triage.store.sql import block
from triage.suspicions import RULES
from triage.terms import QualityEventKind, Role

TODAY = in_shanghai(NOW).date()
AUDITOR = User("auditor", "质检员", Role.AUDITOR, "33", "")
OTHER = User("auditor2", "质检员二", Role.AUDITOR, "33", "")
GOOD = {"kind": "misconduct", "unit_code": "330101", "happened_on": "2026-11-20", "text": "推诿客户", "source": "录音 12 号"}


@pytest.fixture
def entered(store):
    """Enter an event: `entered(unit_code="3301")`."""

    def made(who=AUDITOR, now=NOW, **values):
        return enter({**GOOD, **values}, user=who, store=store, now=now)

    return made


def test_an_event_is_kept_with_who_entered_it_and_when(entered, store, take):
    (ticket,) = take("停电了")
    event, is_new = entered(ticket_number=ticket.number)
    assert is_new
    assert (event.kind, event.unit_code, event.happened_on) == (QualityEventKind.MISCONDUCT, "330101", date(2026, 11, 20))
    assert (event.ticket_number, event.text, event.source) == (ticket.number, "推诿客户", "录音 12 号")
    assert (event.made_by, event.made_at, event.revoked_at) == ("auditor", NOW, None)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        pytest.param("kind", "", "事件类别：请选择负面舆情或违规行为", id="no kind"),
        pytest.param("kind", "praise", "事件类别：请选择", id="another kind"),
        pytest.param("unit_code", "999", "供电单位：请从列表中选择", id="no such unit"),
        pytest.param("happened_on", "昨天", "不是日期", id="no date"),
        pytest.param("happened_on", f"{TODAY + timedelta(days=1)}", "不能晚于今天", id="tomorrow"),
        pytest.param("happened_on", "1999-12-31", "不能晚于今天，也不能早于 2000 年", id="long ago"),
        pytest.param("ticket_number", "2026112399999999", "没有工单 2026112399999999", id="no such ticket"),
        pytest.param("text", "  ", "事情经过：必填", id="nothing happened"),
        pytest.param("text", "长" * 2001, "最多 2000 个字", id="too long"),
        pytest.param("source", "", "证据或来源：必填", id="no source"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field_and_nothing_is_kept(entered, store, field: str, value: str, said: str):
    with pytest.raises(InvalidInput) as refused:
        entered(**{field: value})
    assert [problem.field for problem in refused.value.problems] == [field]
    assert said in refused.value.problems[0].message
    assert store.count_quality_events(Asked()) == 0


def test_all_that_is_wrong_is_said_at_once(store):
    with pytest.raises(InvalidInput) as refused:
        enter({}, user=AUDITOR, store=store, now=NOW)
    assert {problem.field for problem in refused.value.problems} == {"kind", "unit_code", "happened_on", "text", "source"}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_only_auditors_enter_and_revoke(store, entered, role: Role):
    event, _ = entered()
    with pytest.raises(Forbidden):
        enter({**GOOD, "text": "别的"}, user=user(role), store=store, now=NOW)
    with pytest.raises(Forbidden):
        revoke(event.id, {"reason": "登错"}, user=user(role), store=store, now=NOW)
    assert store.quality_events(Asked(), 10) == [event]


def test_the_same_event_sent_again_is_the_one_that_is_there(entered, store):
    first, _ = entered()
    again, is_new = entered(who=OTHER, now=NOW + timedelta(minutes=1), text=" 推诿客户 ")
    assert (again, is_new) == (first, False)
    assert entered(text="态度生硬")[1]
    assert store.count_quality_events(Asked()) == 2


def test_a_revoked_event_stays_in_the_list_and_may_be_entered_again(entered, store):
    event, _ = entered()
    done = revoke(event.id, {"reason": "登错单位"}, user=OTHER, store=store, now=NOW)
    assert (done.revoked_by, done.revoked_at, done.revoked_reason) == ("auditor2", NOW, "登错单位")
    assert store.quality_events(Asked(), 10) == [done]
    assert store.quality_events(Asked(is_valid=True), 10) == []
    again, is_new = entered()
    assert is_new
    assert again.id != event.id


def test_who_revokes_second_is_told_who_did_and_pressing_twice_changes_nothing(entered, store):
    event, _ = entered()
    first = revoke(event.id, {"reason": "登错"}, user=AUDITOR, store=store, now=NOW)
    later = NOW + timedelta(minutes=1)
    assert revoke(event.id, {"reason": "登错"}, user=AUDITOR, store=store, now=later) == first
    with pytest.raises(Conflict, match="auditor 已撤销质量事件"):
        revoke(event.id, {"reason": "别的原因"}, user=OTHER, store=store, now=later)
    assert store.quality_event(event.id) == first


@pytest.mark.parametrize("reason", ["", "  ", "长" * 2001], ids=["none", "blank", "too long"])
def test_revoking_needs_a_reason(entered, store, reason: str):
    event, _ = entered()
    with pytest.raises(InvalidInput, match="撤销原因"):
        revoke(event.id, {"reason": reason}, user=AUDITOR, store=store, now=NOW)
    assert store.quality_event(event.id).revoked_at is None


@pytest.mark.parametrize("id", [0, 7, 2**40])
def test_an_event_that_is_not_there_cannot_be_revoked(store, id: int):
    with pytest.raises(NotFound, match="没有这个质量事件"):
        revoke(id, {"reason": "登错"}, user=AUDITOR, store=store, now=NOW)


@pytest.mark.parametrize("statement", ["UPDATE quality_events SET text = 'other'", "DELETE FROM quality_events"], ids=["changed", "deleted"])
def test_the_database_itself_refuses_anything_but_revoking(entered, store, statement: str):
    event, _ = entered()
    with pytest.raises(DatabaseError, match="only revoked"):
        store.run(text(statement))
    assert store.quality_event(event.id) == event


def test_the_list_is_by_kind_unit_and_days_and_pages_join_without_a_gap(entered, store):
    ids = [entered(text=f"第 {n} 起", happened_on=f"2026-11-{n + 10}", unit_code=("330101", "3301", "3302")[n % 3])[0].id for n in range(9)]
    publicity, _ = entered(kind="negative_publicity", unit_code="3302", happened_on="2026-11-01")
    assert [one.id for one in store.quality_events(Asked("misconduct"), 4)] + [
        one.id for one in store.quality_events(Asked("misconduct"), 9, 4)
    ] == ids[::-1]
    assert [one.id for one in store.quality_events(Asked("negative_publicity"), 9)] == [publicity.id]
    assert store.count_quality_events(Asked("misconduct", "3301")) == 6
    assert store.count_quality_events(Asked("misconduct", "330101")) == 3
    assert store.count_quality_events(Asked("misconduct", "", date(2026, 11, 11), date(2026, 11, 12))) == 2


def test_the_rule_of_untrue_records_is_one_that_is_searched_by():
    assert "rule = 'no_call'" in UNTRUE
    assert "no_call" in RULES


def confirm(store, number: str, rule: str = "no_call", verdict: str = "confirmed", decided_at=NOW) -> None:
    """Put a find of a rule with its verdict."""
    store.keep_suspicion(rule, number, "没有呼出记录", NOW)
    (id,) = [row["id"] for row in store.rows(block("SELECT id FROM suspicions WHERE rule = :rule AND ticket_number = :n"), rule=rule, n=number)]
    store.decide_suspicion(id, verdict, "auditor", decided_at)


def test_every_deduction_of_the_service_index_counts_exactly_its_list_in_each_unit(entered, store, take):
    bill = prediction("business.tariff.bill", "complaint")
    tickets = [
        take("电费多算了", said=bill, unit_code=unit, phone=f"1380000010{n}")[0] for n, unit in enumerate(("330101", "330101", "330102", "330201"))
    ]
    confirm(store, tickets[0].number)
    confirm(store, tickets[1].number, verdict="refused")
    confirm(store, tickets[1].number, rule="returned_twice")
    confirm(store, tickets[2].number)
    confirm(store, tickets[3].number, decided_at=NOW - timedelta(days=40))
    entered(kind="negative_publicity", unit_code="3301")
    entered()
    entered(text="另一起", unit_code="330201")
    entered(text="上月的", happened_on="2026-10-31")
    revoked, _ = entered(text="登错的")
    revoke(revoked.id, {"reason": "登错"}, user=AUDITOR, store=store, now=NOW)
    found = {unit: counted(store, unit) for unit in ("", "3301", "330101", "330201")}
    assert found == {
        "": {"不实记录": (2, -0.2), "负面舆情": (1, -5), "违规行为": (2, -0.4)},
        "3301": {"不实记录": (2, -0.2), "负面舆情": (1, -5), "违规行为": (1, -0.2)},
        "330101": {"不实记录": (1, -0.1), "违规行为": (1, -0.2)},
        "330201": {"违规行为": (1, -0.2)},
    }


def counted(store, unit: str) -> dict[str, tuple[int, float]]:
    """Give each deduction of November with the length of its list and its points; the line says the same number."""
    reading = Reading(store, date(2026, 11, 1), date(2026, 11, 30), NOW, (unit,))
    index = service_index(reading)
    found = {}
    for line in index.lines:
        if line.behind:
            one, asked = line.behind, reading.wanted(())
            if one.kind == "untrue":
                listed = len(store.untrue_records(one.unit_code, asked.since, asked.until, most=100))
            else:
                listed = len(store.quality_events(Asked(one.kind, one.unit_code, one.first_on, one.last_on, is_valid=True), 100))
            assert line.note.startswith(f"{listed} 件 × ")
            found[line.label.removeprefix("经认定的")] = (listed, round(line.points, 6))
    assert index.value == pytest.approx(100 + sum(points for _, points in found.values()))
    return found
