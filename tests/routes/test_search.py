"""Searching on the page and through the API, and building the index anew."""

import re
import secrets
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.triage.samples import contact
from triage.intake import receive
from triage.terms import Level

SAID = "我们小区频繁停电，没人管，电话13800001234"


@pytest.fixture
def take(app, store):
    """Take a contact now."""
    parts = app.extensions["triage"]

    def taken(*complaints: str, **values):
        made = contact(*complaints, **{"unit_code": "330101", **values})
        return receive(made, predict=parts.predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")

    return taken


@pytest.fixture
def ask(app, store, client_as):
    """Search through the API as a user of the demo organisation."""

    def asked(username: str = "dispatcher", **body: object):
        token = secrets.token_urlsafe()
        store.add_token(token, username, "tests", datetime.now(UTC))
        return app.test_client().post("/api/v1/search", json=body, headers={"Authorization": f"Bearer {token}"})

    return asked


def page_of(response) -> str:
    """What a page shows, in one line."""
    return re.sub(r"\s+", " ", response.get_data(as_text=True))


def test_the_page_marks_the_words_in_the_masked_text(client_as, take):
    take(SAID)
    shown = page_of(client_as("dispatcher").post("/search", data={"query": "停电"}))
    assert "我们小区频繁<mark>停电</mark>，没人管，电话138****1234" in shown
    assert "13800001234" not in shown


def test_what_a_customer_writes_is_no_markup(client_as, take):
    take("<b>停电</b>&<script>alert(1)</script>")
    shown = page_of(client_as("dispatcher").post("/search", data={"query": "停电"}))
    assert "&lt;b&gt;<mark>停电</mark>&lt;/b&gt;&amp;&lt;script&gt;" in shown
    shown = page_of(client_as("dispatcher").post("/search", data={"query": '"><script>'}))
    assert '"><script>' not in shown


@pytest.mark.parametrize("username", ["agent", "dispatcher", "repair", "leader", "auditor", "admin"])
def test_every_role_has_the_box_in_the_head_and_the_form(client_as, username: str):
    shown = page_of(client_as(username).get("/search"))
    assert 'role="search"' in shown
    assert 'name="unit"' in shown


def test_the_number_of_a_ticket_leads_to_it(client_as, take):
    (ticket,) = take(SAID)
    response = client_as("dispatcher").post("/search", data={"query": ticket.number})
    assert (response.status_code, response.location) == (303, f"/tickets/{ticket.number}")
    response = client_as("billing").post("/search", data={"query": ticket.number})
    assert "没有您可以查看的工单" in page_of(response)


def test_a_phone_is_found_whole_and_stands_in_no_url(client_as, take):
    take("没电了", phone="13800001234")
    response = client_as("agent").post("/search", data={"query": "138 0000 1234"})
    assert "没电了" in page_of(response)
    assert response.location is None


def test_nothing_found_says_what_to_do(client_as, take):
    take(SAID)
    client = client_as("dispatcher")
    assert "没有找到。可以少用几个词" in page_of(client.post("/search", data={"query": "变压器"}))
    assert "请核对位数" in page_of(client.post("/search", data={"query": "13900000000"}))


def test_what_cannot_be_looked_for_is_said_and_what_was_typed_stays(client_as):
    response = client_as("dispatcher").post("/search", data={"query": "，，", "level": "special"})
    assert response.status_code == 422
    assert "检索词里只有标点" in page_of(response)
    assert re.search(r'value="special" selected', page_of(response))
    response = client_as("admin").post("/search", data={"query": "13800001234"})
    assert response.status_code == 403
    assert "管理员不能按户号或电话检索" in page_of(response)


def test_a_filter_stays_on_the_next_page(client_as, take):
    for _ in range(6):
        take(*["停电"] * 9)
    client = client_as("dispatcher")
    first = page_of(client.post("/search", data={"query": "停电", "department": "repair"}))
    assert "54 张" in first
    assert "第 1 / 2 页" in first
    second = page_of(client.post("/search", data={"query": "停电", "department": "repair", "page": "2"}))
    assert "第 2 / 2 页" in second
    assert second.count("<tr class=") == 4
    assert re.search(r'value="repair" selected', second)


def test_who_is_not_signed_in_finds_nothing(app):
    for response in (app.test_client().get("/search"), app.test_client().post("/search", data={"query": "停电"})):
        assert response.status_code == 302
    assert app.test_client().post("/api/v1/search", json={"query": "停电"}).status_code == 401


def test_the_api_gives_tickets_with_the_places_of_the_words(ask, take):
    (ticket,) = take(SAID)
    body = ask(query="停电", state="open").get_json()
    assert {name: body[name] for name in ("count", "is_capped", "page", "pages", "words", "is_index_whole")} == {
        "count": 1,
        "is_capped": False,
        "page": 1,
        "pages": 1,
        "words": ["停电"],
        "is_index_whole": True,
    }
    (found,) = body["tickets"]
    assert found["number"] == ticket.number
    assert found["excerpts"][0]["pieces"][:2] == [{"text": "我们小区频繁", "is_match": False}, {"text": "停电", "is_match": True}]
    assert "13800001234" not in str(body)


def test_the_api_gives_a_team_its_own_and_one_ticket_by_number(ask, take):
    (ticket,) = take(SAID)
    assert [ask(username, query="停电").get_json()["count"] for username in ("repair", "billing")] == [1, 0]
    assert [ask(username, query=ticket.number).get_json()["count"] for username in ("repair", "billing")] == [1, 0]


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "query"), ({"query": 5}, "query"), ({"query": "停电", "color": "red"}, "color"), ({"query": "停电", "level": "worst"}, "level")],
    ids=["nothing", "a number", "an unknown field", "an unknown level"],
)
def test_the_api_says_what_is_wrong(ask, body, field: str):
    response = ask(**body)
    assert response.status_code == 422
    assert [problem["field"] for problem in response.get_json()["error"]["problems"]] == [field]


def test_the_words_are_cut_as_the_parts_say(app, ask, take):
    take("停电以后小区漆黑")
    assert ask(query="小区停电").get_json()["count"] == 0
    app.extensions["triage"].cut = lambda text: [text[at : at + 2] for at in range(0, len(text), 2)]
    body = ask(query="小区停电").get_json()
    assert (body["count"], body["words"]) == (1, ["小区", "停电"])


def test_the_index_is_built_anew_by_a_command(app, client_as, store, take):
    take(SAID, "停电二")
    store.run(text("DELETE FROM ticket_words"))
    run = app.test_cli_runner().invoke
    assert "索引尚未建全" in page_of(client_as("dispatcher").get("/search"))
    checked = run(args=["rebuild", "search", "--check"])
    assert (checked.exit_code, checked.stdout.splitlines()[0]) == (1, "2 tickets, 0 indexed; of 2 compared 2 differ")
    built = run(args=["rebuild", "search", "--batch", "1"])
    assert (built.exit_code, built.stdout) == (0, "2 tickets indexed\n")
    checked = run(args=["rebuild", "search", "--check"])
    assert (checked.exit_code, checked.stdout) == (0, "2 tickets, 2 indexed; of 2 compared 0 differ\n")
    assert "索引尚未建全" not in page_of(client_as("dispatcher").get("/search"))


def test_levels_of_what_is_found_are_those_of_the_tickets(ask, take):
    take("高压线断落在地上，停电")
    assert ask(query="停电", level=Level.SPECIAL.value).get_json()["count"] == 1
    assert ask(query="停电", level=Level.ORDINARY.value).get_json()["count"] == 0
