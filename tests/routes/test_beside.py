"""What is decided beside the way, through pages and API: requests, what the machine sent, claims."""

from datetime import UTC, datetime

import pytest

from triage.complaint import read_contact
from triage.intake import receive

DOUBTFUL = "可能是电表的事情，说不清楚"
SURE = "电表坏了，要求换表"


@pytest.fixture
def taken(app, store):
    """Take a complaint and give its number."""

    def take(text: str, **caller: str) -> str:
        contact = read_contact({"complaints": [{"text": text}], "unit_code": "330101", "phone": "13800001001", **caller})
        parts = app.extensions["triage"]
        (ticket,) = receive(contact, predict=parts.predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")
        return ticket.number

    return take


def move(client, store, number, code, **fields):
    return client.post(f"/tickets/{number}/moves/{code}", data={"version": str(store.ticket(number).version), **fields})


def test_an_extension_is_asked_for_by_the_team_and_granted_on_the_dispatchers_page(client_as, store, taken):
    number = taken(SURE)
    ticket = store.ticket(number)
    assert ticket.department == "metering"
    metering, dispatcher = client_as("metering"), client_as("dispatcher")
    assert move(metering, store, number, "ask_extension", amount="2", reason="等备件").status_code == 303
    assert number[:8] in dispatcher.get("/requests").text
    assert "延期" in dispatcher.get("/requests").text
    assert "延长 2 个工作日" in dispatcher.get("/requests").text
    due = store.ticket(number).next_due_at
    assert move(dispatcher, store, number, "grant_extension").status_code == 303
    assert "没有待您审批的事项" in dispatcher.get("/requests").text
    assert store.ticket(number).extensions == 1
    assert due


def test_an_agent_has_nothing_to_approve_but_outcomes_to_tell(client_as):
    page = client_as("agent").get("/requests").text
    assert "没有要告知客户的结果" in page
    assert "审批" not in page


def test_what_the_machine_sent_is_listed_with_its_reasons(client_as, taken):
    number = taken(SURE)
    page = client_as("dispatcher").get("/dispatch/sent").text
    assert number[8:] in page
    assert "自动派单" in page


def test_a_dispatcher_who_opens_a_ticket_takes_it_and_the_next_one_goes_to_the_other(client_as, store, taken):
    first, second = taken(DOUBTFUL), taken(DOUBTFUL + "，请查")
    one = client_as("dispatcher")
    assert one.get(f"/tickets/{first}").status_code == 200
    assert store.claims(store.ticket(first).received_at)[first] == "dispatcher"
    assert one.post("/dispatch/next").location.endswith(first)
    store.release(first, "dispatcher")
    assert one.post("/dispatch/next").location.endswith(first)
    assert second


def test_the_ticket_page_shows_what_stands_beside_the_way(client_as, store, taken):
    number = taken(SURE)
    metering = client_as("metering")
    move(metering, store, number, "accept")
    move(metering, store, number, "co_handle", co_department="billing", task="请核对电费")
    answer = move(metering, store, number, "pause", pause_kind="appointed", until="2099-01-01T10:00", reason="客户约时")
    assert answer.status_code == 422
    assert "一年之内" in answer.text
    move(metering, store, number, "pause", pause_kind="waiting_customer", reason="等客户提供发票")
    page = metering.get(f"/tickets/{number}").text
    assert "计时暂停中" in page
    assert "请核对电费" in page
    assert "等待客户配合" in page


def test_a_caller_for_somebody_else_wants_to_be_called_back_elsewhere(client_as):
    agent = client_as("agent")
    data = {"channel": "phone", "text-0": SURE, "action": "submit", "unit_code": "330101", "relation": "third_party", "phone": "13800001001"}
    taken = agent.post("/complaints/new", data={**data, "callback_phone": "13900002002", "call_id": "C-1"}).location
    page = agent.get(f"/tickets/{taken.rpartition('=')[2]}").text
    assert "代他人反映" in page
    assert "139****2002" in page
    assert "13900002002" not in page
    wrong = agent.post("/complaints/new", data={**data, "callback_phone": "没有"})
    assert wrong.status_code == 422
    assert "应为 5–15 位数字" in wrong.text


def test_the_agent_sees_whom_to_name_where_it_is_not_ours(client_as):
    page = client_as("agent").post("/complaints/hint", data={"text-0": "家里停电，空开跳闸推不上去"}).text
    assert "客户内部线路或设备故障" in page
