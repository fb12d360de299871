"""Satisfaction on the board, and the import of surveys: every number opens to its tickets, what cannot be compared is said."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tables import open_writer
from tests.routes.test_board import TOTAL
from triage.complaint import read_contact
from triage.intake import receive
from triage.lifecycle import act
from triage.moments import in_shanghai
from triage.people import User
from triage.terms import Role

ROW = {
    "供电单位": "3301",
    "范围": "全公司",
    "方式": "电话",
    "题目": "总体满意度",
    "开始日期": "2025-09-01",
    "结束日期": "2025-09-30",
    "有效样本数": "1200",
    "满意数": "1110",
    "来源": "年度调查",
}
BEFORE = {**ROW, "开始日期": "2024-09-01", "结束日期": "2024-09-30", "满意数": "1050"}


@pytest.fixture
def take_in(app, tmp_path):
    """Import rows of surveys; gives what the command says."""

    def run(*rows):
        path = tmp_path / "调查.csv"
        with open_writer(path, list(rows[0])) as out:
            for row in rows:
                out.write(row)
        return app.test_cli_runner().invoke(args=["import", "surveys", str(path)]).output

    return run


def test_surveys_come_in_wrong_rows_are_named_and_twice_is_harmless(take_in, client_as):
    said = take_in(ROW, BEFORE, BEFORE, {**ROW, "方式": "传真"})
    assert "2 added, 0 updated, 0 known already, 2 rows refused" in said
    assert "第 4 行：题目：与第 3 行是同一次调查" in said
    assert "第 5 行：方式：没有“传真”" in said
    assert "0 added, 0 updated, 2 known already, 0 rows refused" in take_in(ROW, BEFORE)
    page = client_as("auditor").get("/board/satisfaction").text
    assert "总体满意度" in page
    assert "▲ +5.0" in page
    assert "口径不同，不可比" not in page


def test_a_survey_that_asked_otherwise_is_shown_and_not_compared(take_in, client_as):
    take_in(ROW, {**BEFORE, "范围": "直管直供"})
    page = client_as("auditor").get("/board/satisfaction").text
    assert "直管直供" in page
    assert "口径不同，不可比" in page


def test_without_surveys_and_answers_the_page_says_what_to_do(client_as):
    page = client_as("auditor").get("/board/satisfaction").text
    assert "flask import surveys" in page
    assert "没有回访评价" in page


def test_a_leader_reads_their_own_unit_and_agents_nothing(client_as):
    assert client_as("leader").get("/board/satisfaction").status_code == 200
    assert client_as("leader").get("/board/satisfaction?unit=3302").status_code == 403
    assert client_as("leader").get("/board/satisfaction/list?unit=3302&measures=satisfaction").status_code == 403
    assert client_as("agent").get("/board/satisfaction").status_code == 403


def test_a_list_of_answers_is_asked_for_rightly(client_as):
    today = in_shanghai(datetime.now(UTC) - timedelta(days=1)).date()
    auditor = client_as("auditor")
    assert "没有工单" in auditor.get(f"/board/satisfaction/list?since={today}&until={today}&measures=satisfaction&timely=yes").text
    assert auditor.get("/board/satisfaction/list?measures=satisfaction&timely=perhaps").status_code == 422


@pytest.fixture
def answers(app, store):
    """Two complaints called back in the last weeks: one resolved in time and liked, one resolved late and not."""
    parts, then = app.extensions["triage"], datetime.now(UTC) - timedelta(days=60)
    people = {role: User(f"a-{role.value}", role.label, role, "33", "") for role in (Role.DISPATCHER, Role.AGENT)}
    for place, (days, answer) in enumerate([(0, "1"), (50, "5")]):
        contact = read_contact({"complaints": [{"text": "电表不准"}], "unit_code": "330101", "phone": f"1380000{place:04d}"})
        (ticket,) = receive(contact, predict=parts.predict, rules=store.rules(), store=store, now=then, actor="agent")
        team = User("h", "h", Role.HANDLER, ticket.team_unit, ticket.department)
        moves = [("accept", team, {}), ("contact", team, {}), ("resolve", team, {"reply": "已换表", "finding": "upheld"})]
        moves += [("review", people[Role.DISPATCHER], {}), ("callback", people[Role.AGENT], {"satisfaction": answer})]
        for minutes, (code, who, values) in enumerate(moves):
            at = then + timedelta(days=days if code not in ("accept", "contact") else 0, hours=1, minutes=minutes)
            act(ticket.number, code, values, user=who, version=store.ticket(ticket.number).version, store=store, rules=store.rules(), now=at)


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize("query", ["", "&unit=3301", "&unit=330101"])
def test_every_number_opens_to_exactly_its_tickets(client_as, query):
    auditor, today = client_as("auditor"), in_shanghai(datetime.now(UTC)).date()
    page = auditor.get(f"/board/satisfaction?since={today - timedelta(days=70)}&until={today}{query}").text
    links = re.findall(r'<a href="(/board/(?:satisfaction/)?list\?[^"]+)">(\d+)</a>', page)
    assert {"办结及时", "办结超时"} <= set(re.findall(r'<th scope="row">(办结..)</th>', page))
    assert len(links) >= 9
    for link, number in links:
        assert TOTAL.search(auditor.get(unescape(link)).text)[1] == number, link
    assert "不能当作原因" in page
