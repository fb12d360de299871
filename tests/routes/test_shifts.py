"""Crews, delegations, handovers and mergers on the whole application: pages, API and commands, every problem at its field."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from triage.complaint import read_contact
from triage.intake import receive
from triage.moments import in_shanghai

CREW = "330101-repair-1"
TODAY = f"{in_shanghai(datetime.now(UTC)):%Y-%m-%d}"


def at(**ahead):
    """So long from now on Shanghai's clock, as a form sends it."""
    return f"{in_shanghai(datetime.now(UTC) + timedelta(**ahead)):%Y-%m-%dT%H:%M}"


def rota(**values):
    """A shift that lasts all day, today."""
    span = {"from_on": TODAY, "until_on": TODAY, "starts": "00:00", "ends": "00:00", "weekdays": list("1234567")}
    return {"crew": CREW, "kind": "day", **span, **values}


@pytest.fixture
def ticket(app, store):
    """A ticket with the repair team."""
    parts, now = app.extensions["triage"], datetime.now(UTC)
    sent = read_contact({"complaints": [{"text": "楼道停电"}], "unit_code": "330101", "phone": "13900000001"})
    return receive(sent, predict=parts.predict, rules=store.rules(), store=store, now=now, actor="agent")[0]


def said_at(answer, name):
    """The message that stands at a field of a page."""
    found = re.search(rf'id="{name}-problem">([^<]*)<', answer.text)
    assert found, f"nothing is said at {name}"
    return found[1]


@pytest.mark.parametrize(
    ("username", "shifts", "handover"),
    [("leader", 200, 200), ("repair", 200, 200), ("dispatcher", 403, 200), ("agent", 403, 403), ("auditor", 403, 403), ("admin", 403, 403)],
)
def test_each_role_sees_its_pages(client_as, username, shifts, handover):
    client = client_as(username)
    assert (client.get("/shifts").status_code, client.get("/handover").status_code) == (shifts, handover)


def test_a_leader_plans_and_everybody_of_the_team_sees_who_is_on_duty(client_as, store):
    assert "值班中" not in client_as("repair").get("/shifts").text
    assert client_as("leader").post("/shifts", data=rota()).status_code == 303
    assert store.crew_on_duty("330101", "repair", datetime.now(UTC)) == CREW
    page = client_as("repair").get("/shifts").text
    assert "● 值班中" in page
    assert "排班</summary>" not in page
    assert "新建班组" not in page


def test_what_is_wrong_with_a_rota_is_said_at_the_field_and_what_was_typed_stays(client_as):
    answer = client_as("leader").post("/shifts", data=rota(starts="25:00", from_on="2020-01-01", weekdays=["3"]))
    assert answer.status_code == 422
    assert "00:00–23:59" in said_at(answer, "starts")
    assert "不能早于今天" in said_at(answer, "from_on")
    assert 'value="25:00"' in answer.text
    assert 'href="#plan-starts"' in answer.text
    assert re.findall(r'name="weekdays" value="(\d)" checked', answer.text) == ["3"]


def test_an_overlap_is_refused_with_the_shift_that_is_in_the_way(client_as):
    leader = client_as("leader")
    leader.post("/shifts", data=rota())
    answer = leader.post("/shifts", data=rota(starts="08:00", ends="09:00"))
    assert answer.status_code == 422
    assert "城区抢修一班已排" in said_at(answer, "starts")


def test_a_handler_cannot_plan(client_as):
    assert client_as("repair").post("/shifts", data=rota()).status_code == 403
    assert client_as("repair").post(f"/shifts/crews/{CREW}", data={"name": "x"}).status_code == 403


def test_a_shift_is_cancelled_from_the_week(client_as, store):
    leader = client_as("leader")
    leader.post("/shifts", data=rota())
    place = re.search(r'action="(/shifts/\d+/cancel)"', leader.get("/shifts").text)[1]
    assert leader.post(place).status_code == 303
    assert store.crew_on_duty("330101", "repair", datetime.now(UTC)) == ""
    assert "/cancel" not in leader.get("/shifts").text


def test_a_crew_is_made_changed_and_taken_out_of_use(client_as, store):
    leader = client_as("leader")
    assert leader.post("/shifts/crews", data={"team": "330101/billing", "name": "城区核算班"}).status_code == 303
    assert leader.post("/shifts/crews/330101-billing-1", data={"name": "核算一班", "members": ["billing"], "is_active": "0"}).status_code == 303
    crew = store.crew("330101-billing-1")
    assert (crew.name, crew.is_active, [one.username for one in crew.members]) == ("核算一班", False, ["billing"])
    assert "已停用" in leader.get("/shifts").text


def test_what_is_wrong_with_a_crew_is_said_in_its_own_form(client_as):
    answer = client_as("leader").post(f"/shifts/crews/{CREW}", data={"name": "", "members": ["metering"]})
    assert answer.status_code == 422
    assert "必填" in said_at(answer, "name")
    assert "metering 不是本部门" in said_at(answer, "members")
    assert f'href="#{CREW}-members"' in answer.text


@pytest.mark.parametrize("week", ["", "x", "2026-02-30", "0001-01-01", "9999-12-31", TODAY])
def test_any_week_that_is_asked_for_is_answered(client_as, week):
    assert client_as("leader").get("/shifts", query_string={"week": week}).status_code == 200


def test_a_delegation_opens_the_ticket_to_the_colleague_until_it_is_taken_back(client_as, ticket):
    mate, repair = client_as("repair-liuhe"), client_as("repair")
    assert mate.get(f"/tickets/{ticket.number}").status_code == 403
    sent = {"to_username": "repair-liuhe", "ends_at": at(days=1)}
    assert repair.post("/delegations", data=sent).status_code == 303
    assert mate.get(f"/tickets/{ticket.number}").status_code == 200
    assert "生效中" in mate.get("/handover").text
    place = re.search(r'action="(/delegations/\d+/revoke)"', mate.get("/handover").text)[1]
    assert client_as("metering").post(place).status_code == 403
    assert repair.post(place).status_code == 303
    assert mate.get(f"/tickets/{ticket.number}").status_code == 403
    assert "已收回" in mate.get("/handover").text


def test_what_is_wrong_with_a_delegation_is_said_at_its_field(client_as):
    answer = client_as("repair").post("/delegations", data={"to_username": "metering", "ends_at": ""})
    assert answer.status_code == 422
    assert "请从列表中选择" in said_at(answer, "to_username")
    assert "必填" in said_at(answer, "ends_at")
    assert 'href="#delegate-ends_at"' in answer.text


def test_a_shift_is_handed_over_and_taken_over(client_as, ticket):
    repair, leader = client_as("repair"), client_as("leader")
    assert repair.post("/handover", data={"text": "客户 13912345678 在等"}).status_code == 303
    page = leader.get("/handover").text
    assert ticket.number in page
    assert "13912345678" not in page
    place = re.search(r'action="(/handover/\d+/take)"', page)[1]
    assert repair.post(place).status_code == 403
    assert client_as("metering").post(place).status_code == 403
    assert leader.post(place).status_code == 303
    assert "没有待接的班" in repair.get("/handover").text


def test_an_empty_handover_is_refused_at_its_field(client_as):
    answer = client_as("dispatcher").post("/handover", data={"text": " "})
    assert answer.status_code == 422
    assert "没有要说的请写" in said_at(answer, "text")


# --- API


def test_a_program_plans_reads_and_cancels(api_as):
    leader = api_as("leader")
    assert leader("POST", "/shifts", rota()).json == {"planned": 1}
    listed = leader("GET", "/shifts").json
    (shift,) = listed["shifts"]
    assert (shift["crew"], shift["kind_label"], shift["is_on"]) == (CREW, "白班", True)
    assert [one["username"] for one in next(one for one in listed["crews"] if one["code"] == CREW)["members"]] == ["repair"]
    assert leader("POST", f"/shifts/{shift['id']}/cancel").status_code == 200
    assert leader("GET", "/shifts").json["shifts"] == []
    assert leader("POST", "/shifts/9999/cancel").status_code == 404


def test_a_program_makes_and_changes_a_crew(api_as):
    leader = api_as("leader")
    made = leader("POST", "/crews", {"team": "330101/billing", "name": "核算班", "members": ["billing"]})
    assert (made.status_code, made.json["code"]) == (201, "330101-billing-1")
    changed = leader("PUT", "/crews/330101-billing-1", {"name": "核算一班", "members": []})
    assert (changed.json["name"], changed.json["members"]) == ("核算一班", [])
    assert leader("PUT", "/crews/nothing", {"name": "x"}).status_code == 404
    assert api_as("repair")("PUT", f"/crews/{CREW}", {"name": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        pytest.param("/shifts", {"weekdays": "1"}, "weekdays", id="weekdays that are no list"),
        pytest.param("/shifts", {"weekdays": [1]}, "weekdays", id="a weekday that is no text"),
        pytest.param("/shifts", {"crew": 1}, "crew", id="a crew that is no text"),
        pytest.param("/shifts", {"colour": "red"}, "colour", id="an unknown field"),
        pytest.param("/shifts", rota(kind="evening"), "kind", id="no such kind"),
        pytest.param("/crews", {"members": {}}, "members", id="members that are no list"),
        pytest.param("/crews", {"team": "x"}, "team", id="no such team"),
        pytest.param("/delegations", {"to_username": "nobody"}, "to_username", id="to nobody"),
        pytest.param("/delegations", {"to_username": 1}, "to_username", id="to a number"),
        pytest.param("/handovers", {"text": ""}, "text", id="nothing to say"),
    ],
)
def test_what_a_program_sends_wrong_is_said_by_field(api_as, path, body, field):
    answer = api_as("leader")("POST", path, body)
    assert answer.status_code == 422
    assert field in [problem["field"] for problem in answer.json["error"]["problems"]]


def test_a_program_delegates_and_hands_over(api_as, ticket):
    repair, mate = api_as("repair"), api_as("repair-liuhe")
    made = repair("POST", "/delegations", {"to_username": "repair-liuhe", "ends_at": at(days=1)})
    assert (made.status_code, made.json["is_on"]) == (201, True)
    assert mate("GET", "/delegations").json["delegations"] == [made.json]
    assert mate("POST", f"/delegations/{made.json['id']}/revoke").json["revoked_at"]
    left = repair("POST", "/handovers", {"text": "无"})
    assert [one["number"] for one in left.json["tickets"]] == [ticket.number]
    assert api_as("leader")("POST", f"/handovers/{left.json['id']}/take").json["to_username"] == "leader"
    assert repair("GET", "/handovers").json["handovers"][0]["to_username"] == "leader"
    assert api_as("agent")("GET", "/handovers").status_code == 403


# --- commands


@pytest.fixture
def run(app):
    """Run a command; gives its result."""
    return lambda *arguments: app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])


def test_units_are_merged_by_a_command_after_a_dry_run(run, store):
    looked = run("units", "merge", "33010201", "330102", "--on", "2026-01-01", "--dry-run")
    assert looked.exit_code == 0, looked.output
    assert "nothing was changed" in looked.output
    assert re.search(r"^customers +1$", looked.output, re.MULTILINE)
    assert store.unit_now("33010201") == "33010201"
    done = run("units", "merge", "33010201", "330102", "--on", "2026-01-01")
    assert done.output.splitlines()[:-1] == looked.output.splitlines()[:-1]
    assert store.unit_now("33010201") == "330102"


@pytest.mark.parametrize(
    ("old", "new", "on", "said"),
    [
        ("33010201", "nothing", "2026-01-01", "new: 没有单位 nothing"),
        ("33", "3301", "2026-01-01", "old: 省公司不能并入其他单位"),
        ("33010201", "330102", "yesterday", "on: “yesterday”不是日期"),
    ],
    ids=["unknown", "the province", "no date"],
)
def test_a_merger_that_cannot_be_says_why(run, old, new, on, said):
    refused = run("units", "merge", old, new, "--on", on)
    assert refused.exit_code == 2
    assert said in refused.output


def test_nobody_is_added_to_a_unit_that_is_gone(run):
    run("units", "merge", "33010201", "330102", "--on", "2026-01-01")
    refused = run("users", "add", "somebody", "--name", "某人", "--role", "leader", "--unit", "33010201")
    assert refused.exit_code == 2
    assert "没有在用的单位 33010201" in refused.output
