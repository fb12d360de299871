"""Audit work on the whole application: pages, API and command; who may see what; blind scoring."""

import re
from datetime import UTC, datetime

import pytest

from triage.complaint import read_contact
from triage.intake import receive
from triage.lifecycle import act
from triage.moments import in_shanghai
from triage.people import User
from triage.scorecards import items
from triage.terms import Role

TODAY = f"{in_shanghai(datetime.now(UTC)):%Y-%m-%d}"
DRAW = {"first_on": TODAY, "last_on": TODAY, "size": "5", "seed": "7"}
TASK = {"team": "330101/repair", "text": "请说明", "days": "3"}
FULL = {"record": "10", "routing": "10", "contact": "20", "handling": "30", "reply": "20", "callback": "10", "note": "好"}


@pytest.fixture
def ticket(app, store):
    """A ticket that was answered at once today; the demo organisation has two auditors."""
    now = datetime.now(UTC)
    sent = read_contact({"complaints": [{"text": "可能多收了，电话 13900000001"}], "unit_code": "330101"})
    made = receive(sent, predict=app.extensions["triage"].predict, rules=store.rules(), store=store, now=now, actor="agent")[0]
    agent = User("agent", "李晓晴", Role.AGENT, "33", "hotline")
    return act(made.number, "answer", {"reply": "已说明"}, user=agent, version=made.version, store=store, rules=store.rules(), now=now)


@pytest.fixture
def place(client_as, ticket):
    """Where the sample of that ticket is."""
    answer = client_as("auditor").post("/audit/samples", data=DRAW)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


@pytest.mark.parametrize(
    ("username", "audit", "tasks"),
    [("auditor", 200, 200), ("leader", 403, 200), ("repair", 403, 200), ("agent", 403, 403), ("dispatcher", 403, 403), ("admin", 403, 403)],
)
def test_each_role_sees_its_pages(client_as, api_as, place, username, audit, tasks):
    client, ask = client_as(username), api_as(username)
    for path in ("/audit", place, "/audit/suspicions"):
        assert client.get(path).status_code == audit, path
    for path in ("/audit/samples", place, "/audit/suspicions"):
        assert ask("GET", path).status_code == audit, path
    assert (client.get("/audit/tasks").status_code, ask("GET", "/audit/tasks").status_code) == (tasks, tasks)


def test_a_sample_is_drawn_scored_by_two_blind_auditors_and_estimated(client_as, place, ticket, store):
    first, second = client_as("auditor"), client_as("auditor2")
    card = f"{place}/{ticket.number}"
    assert "139****0001" in first.get(card).text
    assert "13900000001" not in first.get(card).text
    assert all(f'name="{item["code"]}"' in first.get(card).text for item in items(store))
    assert first.post(card, data={**FULL, "record": "3", "note": "第一人的评语"}).status_code == 303
    unseen = second.get(card).text
    assert "第一人的评语" not in unseen
    assert "还不能估计" in second.get(place).text
    assert second.post(card, data=FULL).status_code == 303
    assert "第一人的评语" in second.get(card).text
    page = second.get(place).text
    assert "得分率估计 <strong>96.5%</strong>" in page
    assert "n = 6" in page


def test_a_wrong_card_is_said_at_its_field_and_what_was_typed_stays(client_as, place, ticket):
    answer = client_as("auditor").post(f"{place}/{ticket.number}", data={**FULL, "record": "11"})
    assert answer.status_code == 422
    assert re.search(r'id="record-problem">[^<]*0–10', answer.text)
    assert 'value="11"' in answer.text
    again = client_as("auditor")
    assert again.post(f"{place}/{ticket.number}", data=FULL).status_code == 303
    assert again.post(f"{place}/{ticket.number}", data=FULL).status_code == 412


def test_a_wrong_draw_is_said_at_its_field(client_as, ticket):
    answer = client_as("auditor").post("/audit/samples", data={**DRAW, "size": "none"})
    assert answer.status_code == 422
    assert 'id="size-problem"' in answer.text


def test_a_suspicion_is_shown_unvalidated_confirmed_and_becomes_a_task(client_as, store, ticket):
    auditor = client_as("auditor")
    store.keep_suspicion("burst", ticket.number, "十分钟内办结 9 张", datetime.now(UTC))
    page = auditor.get("/audit/suspicions").text
    assert "未经验证" in page
    assert "十分钟内办结 9 张" in page
    (one,) = store.suspicions("burst", [""])
    assert auditor.post(f"/audit/suspicions/{one.id}", data={"verdict": "confirmed"}).status_code == 303
    assert auditor.post(f"/audit/suspicions/{one.id}", data={"verdict": "refused"}).status_code == 412
    assert "1 / 1 = 100.0%" in auditor.get("/audit/suspicions?decided=1").text
    made = auditor.post("/audit/tasks", data={**TASK, "suspicion_id": str(one.id)})
    assert made.status_code == 303
    assert store.tasks()[0].ticket_number == ticket.number
    assert auditor.post("/audit/suspicions/scan", data={"since": TODAY, "until": "x"}).status_code == 422
    assert auditor.post("/audit/suspicions/scan", data={"since": TODAY, "until": TODAY}).status_code == 303


def test_a_task_goes_to_the_leader_and_back(client_as, store):
    auditor, leader = client_as("auditor"), client_as("leader")
    assert auditor.post("/audit/tasks", data={**TASK, "days": ""}).status_code == 422
    auditor.post("/audit/tasks", data=TASK)
    (task,) = store.tasks()
    assert "请说明" in client_as("repair").get("/audit/tasks").text
    assert 'name="answer"' not in client_as("repair").get("/audit/tasks").text
    assert "请说明" not in client_as("metering").get("/audit/tasks").text
    place = f"/audit/tasks/{task.id}"
    assert client_as("repair").post(f"{place}/answer", data={"version": "1", "answer": "x"}).status_code == 403
    assert leader.post(f"{place}/answer", data={"version": "1", "answer": ""}).status_code == 422
    assert leader.post(f"{place}/answer", data={"version": "1", "answer": "已改"}).status_code == 303
    assert leader.post(f"{place}/answer", data={"version": "1", "answer": "再改"}).status_code == 412
    assert auditor.post(f"{place}/back", data={"version": "2", "reason": "不够，电话 13900000001", "days": "2"}).status_code == 303
    page = leader.get("/audit/tasks").text
    assert page.index("张力 答复") < page.index("已改") < page.index("陈静 退回") < page.index("不够，电话 139****0001")
    assert leader.post(f"{place}/answer", data={"version": "3", "answer": "又改"}).status_code == 303
    assert auditor.post(f"{place}/close", data={"version": "4"}).status_code == 303
    assert "已销号" in auditor.get("/audit/tasks").text


def test_a_program_does_all_of_it(api_as, store, ticket):
    ask, other, leader = api_as("auditor"), api_as("auditor2"), api_as("leader")
    sample = ask("POST", "/audit/samples", DRAW)
    assert (sample.status_code, sample.json["seed"], sample.json["frame"]) == (201, 7, 1)
    card = f"/audit/samples/{sample.json['id']}/{ticket.number}"
    assert ask("POST", card, FULL).status_code == 201
    assert other("GET", card).json["cards"] == []
    assert other("POST", card, FULL).json["share"] == 1.0
    assert len(ask("GET", card).json["cards"]) == 2
    read = ask("GET", f"/audit/samples/{sample.json['id']}").json
    assert (read["progress"]["done"], read["agreement"]["overall"]["raw"], read["estimate"]["mean"]) == (1, 1.0, 1.0)
    assert len(ask("GET", "/audit/samples").json["samples"]) == 1
    store.keep_suspicion("burst", ticket.number, "x", datetime.now(UTC))
    assert ask("POST", "/audit/suspicions/scan", {"since": TODAY, "until": TODAY}).json == {"new": 0}
    (found,) = ask("GET", "/audit/suspicions?rule=burst").json["suspicions"]
    assert ask("POST", f"/audit/suspicions/{found['id']}", {"verdict": "refused"}).json["verdict_label"] == "排除"
    burst = next(one for one in ask("GET", "/audit/suspicions?verdict=refused").json["rules"] if one["rule"] == "burst")
    assert (burst["decided"], burst["rate"], burst["is_validated"]) == (1, 0.0, False)
    task = ask("POST", "/audit/tasks", TASK)
    assert task.status_code == 201
    path = f"/audit/tasks/{task.json['id']}"
    assert leader("POST", f"{path}/answer", {"answer": "已改"}, version=1).json["state"] == "answered"
    assert ask("POST", f"{path}/back", {"reason": "不够", "days": "1"}, version=2).json["state"] == "open"
    assert leader("POST", f"{path}/answer", {"answer": "又改"}, version=3).status_code == 200
    assert ask("POST", f"{path}/close", version=4).json["state_label"] == "已销号"
    assert leader("GET", "/audit/tasks?state=open").json["tasks"] == []


def test_the_command_scans_and_may_run_twice(app, store, ticket):
    runner = app.test_cli_runner()
    for _ in range(2):
        result = runner.invoke(args=["audit-scan", "--since", TODAY, "--until", TODAY])
        assert (result.exit_code, result.output) == (0, "0 new suspicions, 0 reminders\n")
    assert runner.invoke(args=["audit-scan", "--since", "gestern"]).exit_code == 2
