"""The board's pages: every number opens down to exactly its tickets, a leader sees their own unit, what is asked wrongly is said."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import text

from triage.complaint import read_contact
from triage.intake import receive
from triage.lifecycle import act
from triage.moments import in_shanghai
from triage.people import User
from triage.terms import Role

LINK = re.compile(r'<a href="(/board/(?:list|open)[^"]*)">(\d+)</a>')
TOTAL = re.compile(r"共 (\d+) [条张]")
BARE = re.compile(r"<(?:dd|td)[^>]*>[1-9]\d*</(?:dd|td)>")


@pytest.fixture
def past(app, store):
    """Tickets of the last weeks in several units, some accepted, some late."""
    parts, now = app.extensions["triage"], datetime.now(UTC)
    for place, (said, unit) in enumerate([("停电了", "330101"), ("电表不准", "330101"), ("停电了", "330201"), ("可能有问题", "330102")] * 4):
        then = now - timedelta(days=3 + place, hours=1)  # or a limit of whole days would run out while the test looks
        contact = read_contact({"complaints": [{"text": said}], "unit_code": unit, "phone": f"1380000{place:04d}"})
        (ticket,) = receive(contact, predict=parts.predict, rules=store.rules(), store=store, now=then, actor="agent")
        if ticket.state == "dispatched" and place % 3:
            who = User("h", "h", Role.HANDLER, ticket.team_unit or "", ticket.department or "")
            later = then + timedelta(minutes=10 * place)
            act(ticket.number, "accept", {}, user=who, version=1, store=store, rules=store.rules(), now=later)
    store.fold_figures()
    return now


def period(now, days: int = 40) -> str:
    return f"since={in_shanghai(now - timedelta(days=days)).date()}&until={in_shanghai(now).date()}"


PAGES = ("", "/trend", "/units", "/kinds", "/times")


@pytest.mark.parametrize("query", ["", "&unit=3301", "&unit=330101&watch=department", "&metric=dispatch_accuracy", "&by=topic&step=accept"])
@pytest.mark.parametrize("page", PAGES)
def test_every_number_opens_down_to_exactly_its_tickets(client_as, past, page, query):
    auditor = client_as("auditor")
    shown = auditor.get(f"/board{page}?{period(past)}{query}")
    assert shown.status_code == 200
    for link, number in LINK.findall(shown.text):
        listed = auditor.get(unescape(link))
        assert listed.status_code == 200
        assert TOTAL.search(listed.text)[1] == number, link
        assert listed.text.count("/tickets/") >= min(int(number), 100), link


@pytest.mark.parametrize("query", ["", "&time=worked", "&unit=330101"])
@pytest.mark.parametrize("page", PAGES)
def test_no_number_of_tickets_stands_without_its_list(client_as, past, page, query):
    shown = client_as("auditor").get(f"/board{page}?{period(past)}&step=accept{query}").text
    assert BARE.findall(shown) == []


@pytest.mark.parametrize(("zone", "says"), [("", "全部"), ("red", "超时"), ("red_today", "今天之内将转红")])
def test_what_is_open_now_is_listed_the_next_to_turn_red_first(client_as, past, zone, says):
    page = client_as("auditor").get(f"/board/open?zone={zone}").text
    assert says in page
    turns = re.findall(r"/tickets/(\d{16})", page)
    assert len(turns) == int(TOTAL.search(page)[1])
    assert client_as("leader").get(f"/board/open?zone={zone}&unit=3302").status_code == 403
    assert client_as("auditor").get("/board/open?zone=blue").status_code == 422


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_numbers_to_open(client_as, past, page):
    shown = client_as("auditor").get(f"/board{page}?{period(past)}&step=accept").text
    assert LINK.findall(shown)


def test_a_trend_of_too_few_cases_leads_to_a_year(client_as, past):
    auditor = client_as("auditor")
    short = auditor.get(f"/board/trend?{period(past)}&step=accept").text
    (link,) = re.findall(r'href="([^"]+)">看最近十二个月', short)
    assert "最近十二个月" not in auditor.get(unescape(link)).text


@pytest.mark.parametrize(
    ("change", "says", "has_limits"),
    [
        pytest.param("n = n", r"每日、每周不足 \d+ 件，不画控制限", False, id="too few"),
        pytest.param("met = n", "没有起伏可判断，不画控制限", False, id="all in time"),
        pytest.param("n = 100 * n, met = 100 * met", "<td>● 波动内</td>|<td>■ 异常</td>", True, id="enough"),
    ],
)
def test_limits_stand_in_the_table_only_where_there_are_some(client_as, past, store, change, says, has_limits):
    store.run(text(f"UPDATE figures SET {change} WHERE measure = 'due.customer.accept'"))
    page = client_as("auditor").get(f"/board/trend?{period(past)}&step=accept").text
    assert re.search(says, page)
    heads = ("中心线", "下限", "上限", "判断")
    assert [f">{head}</th>" in page for head in heads] == [has_limits] * len(heads)
    assert ("不画控制限" in page) is not has_limits


def test_units_are_opened_from_the_province_down(client_as, past):
    auditor = client_as("auditor")
    everything = auditor.get(f"/board/units?{period(past)}&step=accept").text
    cities = auditor.get(f"/board/units?{period(past)}&unit=33&step=accept").text
    assert "临江市供电公司" in everything  # the one province stands beside nothing
    assert "临江市供电公司" in cities
    assert "unit=3301" in cities
    assert "本单位没有下级单位" in auditor.get(f"/board/units?{period(past)}&unit=33010201").text


def test_a_leader_sees_their_own_unit_and_no_other(client_as, past, store):
    leader = client_as("leader")
    own = next(row["unit_code"] for row in store.users() if row["username"] == "leader")
    other = "3302" if own.startswith("3301") else "3301"
    assert leader.get("/board").status_code == 200
    for path in ("/board", "/board/units", "/board/list"):
        assert leader.get(f"{path}?unit={other}&measures=received").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/board?since=gestern",
        "/board?unit=99",
        "/board?watch=both",
        "/board/trend?metric=luck",
        "/board/trend?step=lunch",
        "/board/kinds?by=weather",
        "/board/list",
        "/board/list?measures=due.customer",
        "/board/list?measures=due.customer.lunch",
        "/board/list?measures=received%27%20OR%201",
        "/board/list?measures=received&met=perhaps",
        "/board/list?measures=received&since=2026-02-01&until=2026-01-01",
    ],
)
def test_what_is_asked_wrongly_is_said(client_as, path):
    assert client_as("auditor").get(path).status_code == 422


def test_today_is_included_only_when_it_is_asked_for_and_is_said(client_as, past):
    auditor = client_as("auditor")
    assert "包含今天" not in auditor.get("/board").text
    assert "包含今天" in auditor.get(f"/board?{period(past)}").text


def test_every_metric_is_explained_on_one_page(client_as):
    page = client_as("auditor").get("/board/definitions").text
    assert page.count("<dt>") == 18
    assert "÷ 统计期内到期的环节数" in page


def test_stale_figures_are_said(client_as, store):
    with store.writing():
        store.move_unit("330201", "330101", datetime.now(UTC).date())
    assert "正待重算" in client_as("auditor").get("/board").text
