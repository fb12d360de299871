"""Quality events on pages and API: who may what, what is said at which field, and that every line of the service index opens to its list."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from triage.complaint import read_contact
from triage.intake import receive
from triage.lifecycle import act
from triage.moments import in_shanghai
from triage.people import User
from triage.quality_events import Asked
from triage.store.sql import block
from triage.terms import Role

V1 = "/api/v1"
TODAY = f"{in_shanghai(datetime.now(UTC)):%Y-%m-%d}"
GOOD = {"kind": "misconduct", "unit_code": "330101", "happened_on": TODAY, "text": "推诿客户，电话 13900000001", "source": "录音 12 号"}


@pytest.fixture
def ticket(app, store):
    """A complaint of today whose record an auditor found untrue; business that the index counts."""
    now = datetime.now(UTC)
    sent = read_contact({"complaints": [{"text": "可能多收了，电话 13900000001"}], "unit_code": "330101"})
    made = receive(sent, predict=app.extensions["triage"].predict, rules=store.rules(), store=store, now=now, actor="agent")[0]
    agent = User("agent", "李晓晴", Role.AGENT, "33", "hotline")
    done = act(made.number, "answer", {"reply": "已说明"}, user=agent, version=made.version, store=store, rules=store.rules(), now=now)
    store.keep_suspicion("no_call", done.number, "没有呼出记录", now)
    store.decide_suspicion(store.value(block("SELECT id FROM suspicions")), "confirmed", "auditor", now)
    return done


@pytest.mark.parametrize(
    ("username", "read"), [("auditor", 200), ("leader", 200), ("repair", 403), ("agent", 403), ("dispatcher", 403), ("admin", 403)]
)
def test_auditors_and_leaders_read_and_only_auditors_write(client_as, api_as, store, username, read):
    client, ask = client_as(username), api_as(username)
    assert [client.get(path).status_code for path in ("/audit/events", "/audit/untrue")] == [read, read]
    assert [ask("GET", path).status_code for path in ("/quality-events", "/untrue-records")] == [read, read]
    writes = username == "auditor"
    assert client.post("/audit/events", data=GOOD).status_code == (303 if writes else 403)
    assert ask("POST", "/quality-events", {**GOOD, "text": "别的"}).status_code == (201 if writes else 403)
    assert ("登记质量事件" in client.get("/audit/events").text) is writes
    assert store.count_quality_events(Asked()) == (2 if writes else 0)


def test_a_second_press_makes_no_second_event_and_says_so(client_as, store):
    client = client_as("auditor")
    for said in ("已登记", "没有重复登记"):
        assert said in client.post("/audit/events", data=GOOD, follow_redirects=True).text
    assert store.count_quality_events(Asked()) == 1


def test_what_was_wrong_is_said_at_its_field_and_what_was_typed_stays(client_as, store):
    answer = client_as("auditor").post("/audit/events", data={**GOOD, "source": "", "ticket_number": "77"})
    assert answer.status_code == 422
    assert 'id="source-problem">证据或来源：必填' in answer.text
    assert 'id="ticket_number-problem">没有工单 77' in answer.text
    assert "推诿客户，电话 13900000001</textarea>" in answer.text
    assert store.count_quality_events(Asked()) == 0


def test_a_revoked_event_stays_on_the_page_struck_through_with_its_reason(client_as, store):
    client = client_as("auditor")
    client.post("/audit/events", data=GOOD)
    (event,) = store.quality_events(Asked(), 10)
    refused = client.post(f"/audit/events/{event.id}/revoke", data={"reason": ""})
    assert refused.status_code == 422
    assert 'id="reason-problem">撤销原因：必填' in refused.text
    assert client.post(f"/audit/events/{event.id}/revoke", data={"reason": "登错单位"}).status_code == 303
    assert client_as("auditor2").post(f"/audit/events/{event.id}/revoke", data={"reason": "别的"}).status_code == 412
    page = client.get("/audit/events").text
    assert f'<tr class="void"><td>{event.id}</td>' in page
    assert "已撤销：登错单位" in page
    assert "139****0001" in page
    assert "13900000001" not in page
    assert "没有符合条件的质量事件" in client.get("/audit/events?valid=yes").text


@pytest.mark.parametrize(
    "query", ["kind=praise", "since=x", "since=2026-11-02&until=2026-11-01", "unit=999", "valid=perhaps"], ids=lambda query: query.split("&")[0]
)
def test_a_filter_that_is_none_is_refused_with_what_to_mend(client_as, api_as, query):
    page = client_as("auditor").get(f"/audit/events?{query}")
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert api_as("auditor")("GET", f"/quality-events?{query}").status_code == 422


def test_a_leader_sees_the_own_unit_and_below_only(api_as, client_as, store):
    own = store.user("leader").unit_code
    other = next(row["code"] for row in store.units() if not store.is_under(row["code"], own) and not store.is_under(own, row["code"]))
    ask = api_as("auditor")
    for unit in (own, other):
        assert ask("POST", "/quality-events", {**GOOD, "unit_code": unit}).status_code == 201
    seen = api_as("leader")("GET", "/quality-events").get_json()
    assert (seen["count"], [one["unit_code"] for one in seen["events"]]) == (1, [own])
    assert api_as("leader")("GET", f"/quality-events?unit={other}").status_code == 403
    assert client_as("leader").get(f"/audit/untrue?unit={other}").status_code == 403


def test_the_program_enters_once_and_revokes_with_a_reason(api_as):
    ask = api_as("auditor")
    made = ask("POST", "/quality-events", GOOD)
    again = ask("POST", "/quality-events", GOOD)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.get_json() == again.get_json()
    assert (made.get_json()["kind_label"], made.get_json()["points"]) == ("违规行为", 0.2)
    assert "13900000001" not in made.text
    id = made.get_json()["id"]
    assert ask("POST", f"/quality-events/{id}/revoke", {"reason": ""}).status_code == 422
    assert ask("POST", f"/quality-events/{id}/revoke", {"reason": "登错"}).get_json()["revoked_by"] == "auditor"
    assert ask("POST", "/quality-events/9999/revoke", {"reason": "登错"}).status_code == 404


@pytest.mark.parametrize("username", ["auditor", "leader"])
def test_every_line_of_the_service_index_opens_to_as_many_cases_as_it_says(client_as, api_as, ticket, username):
    auditor = api_as("auditor")
    for values in ({}, {"text": "另一起"}, {"kind": "negative_publicity"}):
        assert auditor("POST", "/quality-events", {**GOOD, **values}).status_code == 201
    query = f"/board?since={TODAY}&until={TODAY}&unit=330101"
    page = client_as(username).get(query).text
    links = re.findall(r'<a href="(/audit/[^"]+)">(\d+) 件 × [\d.]+ 分</a>', page)
    assert [int(count) for _, count in links] == [1, 1, 2]
    for address, count in links:
        assert re.search(rf"<small>共 {count} [条件]</small>", client_as(username).get(unescape(address)).text), address
    lines = [line for line in api_as(username)("GET", query).get_json()["service_index"]["lines"] if "list" in line]
    assert [line["points"] for line in lines] == pytest.approx([-0.1, -5, -0.4])
    assert [api_as(username)("GET", line["list"].removeprefix(V1)).get_json()["count"] for line in lines] == [1, 1, 2]


def test_who_does_not_read_the_lists_sees_the_lines_without_them(client_as, api_as, ticket):
    query = f"/board?since={TODAY}&until={TODAY}"
    assert "<td>1 件 × 0.1 分</td>" in client_as("dispatcher").get(query).text
    (line,) = [one for one in api_as("dispatcher")("GET", query).get_json()["service_index"]["lines"] if one["points"] < 0]
    assert "list" not in line
