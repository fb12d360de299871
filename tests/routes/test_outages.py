"""Outages on the whole application: pages, API and the import, each by its roles, with every problem at its field."""

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest

from tables import open_writer
from triage.complaint import read_contact
from triage.intake import receive
from triage.moments import in_shanghai
from triage.outages import OutageState

NUMBER = "330101000001"
HOSPITAL, HOSPITAL_NUMBER, PHONE = "临江市第二人民医院", "3301000003", "13800001003"


def at(**ahead):
    """So long from now on Shanghai's clock, as a form sends it."""
    return f"{in_shanghai(datetime.now(UTC) + timedelta(**ahead)):%Y-%m-%dT%H:%M}"


def form(number=NUMBER, days=10, **values):
    moments = {"starts_at": at(days=days), "ends_at": at(days=days, hours=8)}
    return {"number": number, "kind": "planned", "unit_code": "330101", **moments, "keywords": "济民路", "reason": "更换变压器", **values}


@pytest.fixture
def registered(client_as):
    """Register an outage through the form."""

    def through_the_form(**values):
        answer = client_as("dispatcher").post("/outages", data=form(**values))
        assert answer.status_code == 303, answer.text
        return answer.location.rsplit("/", 1)[1]

    return through_the_form


@pytest.fixture
def run(app):
    """Run a command; gives its result."""
    return lambda *arguments: app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])


def change(client, store, number, code, **fields):
    return client.post(f"/outages/{number}/moves/{code}", data={"version": str(store.outage(number).version), **fields})


# --- pages


@pytest.mark.parametrize(
    ("username", "reads", "registers"),
    [
        ("agent", 200, 403),
        ("dispatcher", 200, 303),
        ("grid_control", 200, 303),
        ("repair", 200, 303),
        ("operations", 200, 303),
        ("leader", 200, 303),
        ("auditor", 200, 403),
        ("billing", 403, 403),
        ("admin", 403, 403),
    ],
)
def test_who_reads_and_who_registers(client_as, registered, username, reads, registers):
    registered(number="330101000009")
    client = client_as(username)
    assert client.get("/outages").status_code == reads
    assert client.get("/outages/330101000009").status_code == reads
    assert client.post("/outages", data=form()).status_code == registers


@pytest.mark.parametrize("path", ["/outages", f"/outages/{NUMBER}"])
def test_a_stranger_is_asked_to_sign_in(app, path):
    assert app.test_client().get(path).status_code == 302


@pytest.mark.parametrize("username", ["agent", "dispatcher", "leader"])
def test_the_navigation_leads_there(client_as, username):
    assert '<a href="/outages" aria-current="page">停电信息</a>' in client_as(username).get("/outages").text


def test_a_form_without_its_token_is_refused(app, client_as, store):
    app.config["WTF_CSRF_ENABLED"] = True
    assert client_as("dispatcher").post("/outages", data=form()).status_code == 400
    assert store.find_outage(NUMBER) is None


def test_a_wrong_field_is_said_beside_what_was_typed(client_as, store):
    answer = client_as("dispatcher").post("/outages", data=form(number="12", reason="检修<b>", keywords=""))
    assert answer.status_code == 422
    assert 'href="#number"' in answer.text
    assert "停电编号：应为 12 位数字" in answer.text
    assert "停电范围：请至少填一个台区或地址关键词" in answer.text
    assert 'value="检修&lt;b&gt;"' in answer.text
    assert store.outages(datetime.now(UTC)) == []


def test_the_list_is_narrowed_by_the_address(client_as, registered):
    registered(number="330101000001")
    registered(number="330101000002", days=-1, keywords="解放路")
    page = client_as("agent").get("/outages?state=active").text
    assert ("330101000002" in page, "330101000001" in page) == (True, False)
    assert "已过预计送电时间" in page
    assert "330101000001" in client_as("agent").get("/outages?state=nonsense").text


def test_an_outage_walks_from_the_announcement_to_the_restoration(client_as, store, registered):
    number, crew = registered(days=-0.1, keywords="解放路"), client_as("repair")
    assert change(crew, store, number, "announce", why="").status_code == 303
    assert change(crew, store, number, "prolong", ends_at=at(days=1), why="现场复杂").status_code == 303
    assert change(crew, store, number, "restore").status_code == 303
    assert store.outage(number).state is OutageState.RESTORED
    page = client_as("agent").get(f"/outages/{number}").text
    assert [word in page for word in ("现场复杂", "更改预计送电时间", "实际送电", "/moves/")] == [True, True, True, False]


def test_another_planned_outage_is_said_before_announcing_and_a_reason_is_asked_for(client_as, store, registered):
    registered(number="330101000002", days=20)
    number, dispatcher = registered(), client_as("dispatcher")
    assert re.search(r"另有计划停电 330101000002（\d\d-\d\d \d\d:\d\d 起），请尽量并为一次", dispatcher.get(f"/outages/{number}").text)
    refused = change(dispatcher, store, number, "announce")
    assert (refused.status_code, 'id="announce-why"' in refused.text, 'href="#announce-why"' in refused.text) == (422, True, True)
    assert change(dispatcher, store, number, "announce", why="负荷所限").status_code == 303


def test_what_is_planned_too_late_is_said(client_as, registered):
    assert "应提前7 天公告，现已不足" in client_as("agent").get(f"/outages/{registered(days=3)}").text


def test_a_correction_shows_what_is_kept_and_refuses_what_is_wrong(client_as, store, registered):
    number, dispatcher = registered(), client_as("dispatcher")
    assert 'value="更换变压器"' in dispatcher.get(f"/outages/{number}").text
    path = f"/outages/{number}/correct"
    wrong = dispatcher.post(path, data=form(version="1", reason="换线", ends_at=at(days=1)))
    assert (wrong.status_code, 'value="换线"' in wrong.text) == (422, True)
    assert dispatcher.post(path, data=form(number="330101000008", version="1")).status_code == 422
    assert dispatcher.post(path, data=form(version="1", reason="换线")).status_code == 303
    assert store.outage(number).reason == "换线"
    assert dispatcher.post(path, data=form(version="1", reason="再换")).status_code == 412


@pytest.mark.parametrize("path", ["correct", "moves/cancel", "notices"])
def test_who_only_reads_changes_nothing(client_as, store, registered, path):
    number = registered()
    assert client_as("agent").post(f"/outages/{number}/{path}", data=form(version="1", why="x")).status_code == 403
    assert "<form" not in client_as("agent").get(f"/outages/{number}").text.split("<main", 1)[1].split("</main>", 1)[0]
    assert store.outage(number).version == 1


def test_an_outage_that_is_not_there_is_said(client_as):
    assert client_as("agent").get("/outages/000000000000").status_code == 404
    assert client_as("dispatcher").post("/outages/000000000000/moves/cancel", data={"version": "1"}).status_code == 404


def test_key_customers_are_listed_masked_and_marked_once_told(client_as, registered):
    number, dispatcher = registered(), client_as("dispatcher")
    page = dispatcher.get(f"/outages/{number}").text
    assert "已通知 0 · 未通知 1" in page
    assert [personal for personal in (HOSPITAL, HOSPITAL_NUMBER, PHONE) if personal in page] == []
    key = re.search(r'name="notice" value="(\w+)"', page)[1]
    assert dispatcher.post(f"/outages/{number}/notices", data={"notice": key}).status_code == 303
    assert "已通知 1 · 未通知 0" in dispatcher.get(f"/outages/{number}").text
    assert dispatcher.post(f"/outages/{number}/notices", data={"notice": "x"}).status_code == 404


def link(app, store, number):
    """A ticket that is linked to an outage."""
    contact = read_contact({"complaints": [{"text": "停电了"}], "unit_code": "330101"})
    predict = app.extensions["triage"].predict
    ticket = receive(contact, predict=predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")[0]
    store.connection.exec_driver_sql(f"UPDATE tickets SET outage_number = '{number}' WHERE number = '{ticket.number}'")
    return ticket.number


def test_once_restored_the_agents_see_whom_to_tell(app, client_as, store, registered):
    number, agent = registered(days=-0.1, keywords="解放路"), client_as("agent")
    ticket = link(app, store, number)
    assert "恢复送电后告知" not in agent.get(f"/outages/{number}").text
    change(client_as("repair"), store, number, "restore")
    page = agent.get(f"/outages/{number}").text
    assert "恢复送电后告知" in page
    assert ticket in page.replace("<wbr>", "")
    assert ticket not in client_as("operations").get(f"/outages/{number}").text.replace("<wbr>", "")  # another team's


def test_no_page_carries_script_or_style_of_its_own(client_as, registered):
    number = registered(reason="<script>alert(1)</script>", notice="<img src=x onerror=alert(1)>")
    for path in ("/outages", f"/outages/{number}"):
        page = client_as("dispatcher").get(path).text
        assert re.findall(r"<style|\sstyle=|<img|<script(?! src=)", page) == []


def test_a_frequent_outage_is_said(client_as, registered):
    for serial, days in enumerate((-30, -20, -10)):
        number = registered(number=f"33010100000{serial}", days=days, kind="fault", keywords="", transformer_areas="滨河03台区")
    assert "频繁停电：滨河03台区 近期已停电 3 次" in client_as("agent").get(f"/outages/{number}").text


# --- API


def test_a_program_registers_corrects_announces_and_notifies(api_as):
    call = api_as("grid_control")
    made = call("POST", "/outages", form())
    assert (made.status_code, made.json["state"], made.headers["ETag"]) == (201, "registered", '"1"')
    assert call("POST", "/outages", form()).status_code == 200
    key = made.json["notices"][0]["key"]
    assert call("POST", f"/outages/{NUMBER}/notices/{key}").json["notice_counts"] == {"notified": 1, "open": 0, "overdue": 0}
    corrected = call("PUT", f"/outages/{NUMBER}", form(keywords=["济民路", "解放路"]), version=1).json
    assert (corrected["version"], corrected["keywords"]) == (2, ["济民路", "解放路"])
    assert call("POST", f"/outages/{NUMBER}/moves/announce", {}, version=1).status_code == 412
    announced = call("POST", f"/outages/{NUMBER}/moves/announce", {}, version=2)
    assert (announced.json["state_label"], announced.headers["ETag"]) == ("已公告", '"3"')
    assert [one["number"] for one in call("GET", "/outages?state=announced").json["outages"]] == [NUMBER]


def test_the_api_says_of_another_planned_outage_before_announcing(api_as, registered):
    registered(number="330101000002", days=20)
    made = api_as("dispatcher")("POST", "/outages", form()).json
    assert "另有计划停电 330101000002" in made["warnings"][0]
    refused = api_as("dispatcher")("POST", f"/outages/{NUMBER}/moves/announce", {}, version=1)
    assert (refused.status_code, refused.json["error"]["problems"][0]["field"]) == (422, "why")


def test_the_api_shows_no_key_customer_in_full(api_as, registered):
    text = api_as("auditor")("GET", f"/outages/{registered()}").text
    assert [personal for personal in (HOSPITAL, HOSPITAL_NUMBER, PHONE) if personal in text] == []


def test_what_is_known_at_a_place_is_asked_without_personal_data_in_the_address(api_as, registered):
    registered(days=-0.1, kind="fault", keywords="", transformer_areas="滨河03台区")
    found = api_as("agent")("POST", "/outages/match", {"customer_number": "3301000001"}).json
    assert [one["number"] for one in found["known"]] == [NUMBER]
    assert (found["known"][0]["matched_label"], found["recent_count"], found["transformer_area"]) == ("台区", 1, "滨河03台区")
    assert api_as("agent")("POST", "/outages/match", {"address": "解放路"}).json["known"] == []
    assert api_as("billing")("POST", "/outages/match", {}).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("GET", "/outages?state=x", None, 422, id="no such state"),
        pytest.param("GET", "/outages?stat=active", None, 422, id="a filter that is misspelt"),
        pytest.param("POST", "/outages", {"number": 1, "keywords": {"a": []}}, 422, id="wrong types"),
        pytest.param("POST", "/outages", [], 422, id="no object"),
        pytest.param("POST", "/outages/match", {"at": "gestern"}, 422, id="no moment"),
        pytest.param("POST", "/outages/match", {"at": "0001-01-01"}, 422, id="a moment before all zones"),
        pytest.param("POST", "/outages/000000000000/moves/cancel", {"why": "x"}, 422, id="no version"),
        pytest.param("GET", "/outages/x", None, 404, id="no such outage"),
    ],
)
def test_a_wrong_request_is_refused_in_the_one_shape(api_as, method, path, body, status):
    answer = api_as("dispatcher")(method, path, body)
    assert (answer.status_code, set(answer.json)) == (status, {"error"}), answer.text


# --- the import

ROWS = [
    {"停电编号": "330101000001", "停电类型": "计划停电", "开始": "2026-03-02 08:00", "预计送电时间": "2026-03-02 18:00", "停电台区": "滨河03台区"},
    {"停电编号": "330101000002", "停电类型": "故障", "开始": "2026-03-03 08:00", "预计送电时间": "2026-03-03 10:00", "停电台区": "文昌11台区"},
]


def file_of(path, rows):
    with open_writer(path, list(rows[0])) as out:
        for row in rows:
            out.write(row)
    return path


def imported(result):
    assert result.exit_code == 0, result.output
    figures = re.search(r"(\d+) outages registered, (\d+) updated, (\d+) known already, (\d+) rows refused", result.output)
    return tuple(map(int, figures.groups()))


@pytest.mark.parametrize("name", ["outages.csv", "outages.tsv", "outages.ndjson", "outages.xlsx"])
def test_a_file_is_imported_once_in_whatever_format_it_comes(run, store, tmp_path, name):
    file = file_of(tmp_path / name, ROWS)
    for expected in ((2, 0, 0, 0), (0, 0, 2, 0)):
        assert imported(run("outages", "import", file, "--map", "starts_at=开始", "--unit", "330101")) == expected
    assert store.outage("330101000001").starts_at == datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


def test_a_row_with_other_values_changes_the_outage_and_says_so(run, store, tmp_path):
    run("outages", "import", file_of(tmp_path / "a.csv", ROWS), "--map", "starts_at=开始", "--unit", "330101")
    later = [ROWS[0], {**ROWS[1], "预计送电时间": "2026-03-03 12:00"}]
    result = run("outages", "import", file_of(tmp_path / "b.csv", later), "--map", "starts_at=开始", "--unit", "330101")
    assert imported(result) == (0, 1, 1, 0)
    assert "row 3: outage 330101000002 updated: 预计送电时间" in result.output
    assert store.outage("330101000002").ends_at == datetime(2026, 3, 3, 4, 0, tzinfo=UTC)


def test_a_row_that_is_refused_stands_in_a_file_with_its_reason_and_the_others_are_taken(run, store, tmp_path):
    rows = [ROWS[0], {**ROWS[1], "停电编号": "12"}, {**ROWS[1], "预计送电时间": "2026-03-01 10:00"}]
    assert imported(run("outages", "import", file_of(tmp_path / "a.csv", rows), "--map", "starts_at=开始", "--unit", "330101")) == (1, 0, 0, 2)
    with (tmp_path / "a.csv.rejected.csv").open(encoding="utf-8-sig", newline="") as refused:
        reasons = [(row["row"], row["reason"]) for row in csv.DictReader(refused)]
    assert [number for number, _ in reasons] == ["3", "4"]
    assert "12 位数字" in reasons[0][1]
    assert "晚于停电时间" in reasons[1][1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "--map starts_at=", id="a needed column is not there"),
        pytest.param(["--map", "starts_at=nothing"], "nothing", id="a mapped column is not there"),
        pytest.param(["--map", "colour=开始"], "colour", id="a field that no outage has"),
    ],
)
def test_a_wrong_call_says_in_one_line_what_is_wrong(run, tmp_path, arguments, said):
    result = run("outages", "import", file_of(tmp_path / "a.csv", ROWS), *arguments)
    assert (result.exit_code, said in result.output, "Traceback" in result.output) == (2, True, False), result.output
