"""What an administrator changes, on the pages and by programs: first what it would do to the open tickets, then the change."""

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from triage.complaint import read_contact
from triage.intake import receive
from triage.moments import in_shanghai
from triage.prediction import Prediction
from triage.reference import edit_row

BILL = Prediction((("business.tariff.bill", 0.95), ("other.general", 0.05)), (("complaint", 1.0), ("praise", 0.0)), {}, "fake-1", 0.8)
V1 = "/api/v1"


@pytest.fixture
def limit(store):
    """The row of the limit of a complaint's reply: so long that nothing is due, whenever this test runs."""
    which = {"demand_type": "complaint", "topic": "", "channel": "", "step": "resolve"}
    first = next(row for row in store.reference_rows("time_limits") if all(row[name] == value for name, value in which.items()))
    edit_row(store, "time_limits", {"id": str(first["id"])}, {"amount": "30", "valid_from_on": "2020-01-01"}, actor="", now=datetime.now(UTC))
    return next(row for row in store.reference_rows("time_limits") if row["amount"] == 30)


@pytest.fixture
def ticket(store, limit):
    """A complaint of two days ago whose reply is still owed."""
    contact = read_contact({"complaints": [{"text": "电费太高"}], "unit_code": "330101"})
    past = datetime.now(UTC) - timedelta(days=2, hours=1)
    return receive(contact, predict=lambda _: BILL, rules=store.rules(), store=store, now=past, actor="agent")[0]


@pytest.fixture
def api(app, store):
    """A program with the token of a user: `api("admin", "POST", path, body)`."""

    def ask(username, method, path, body=None):
        token = secrets.token_urlsafe()
        store.add_token(token, username, "tests", datetime.now(UTC))
        return app.test_client().open(V1 + path, method=method, json=body, headers={"Authorization": f"Bearer {token}"})

    return ask


def typed(page: str) -> dict[str, str]:
    """What the one form of a page would send."""
    ticked = re.sub(r'<input type="checkbox"(?![^>]* checked)[^>]*>', "", page)
    fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', ticked))
    fields |= dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n?([^<]*)</textarea>', page))
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        fields[name] = "".join(re.findall(r'value="([^"]*)" selected', options))
    return fields


def due(store, ticket):
    """When its reply is due, on the customer's clock."""
    return [step.due_at for step in store.steps_of(ticket.number) if (step.step, step.watch, step.voided_at) == ("resolve", "customer", None)]


def take_out(admin, path):
    """Press 确认删除 on the page that says what follows."""
    there = path.replace("/row?", "/remove?")
    return admin.post(there, data={"confirmed": typed(admin.get(there).text)["confirmed"], "act": "remove"})


SHORT = {"amount": "1", "unit": "hours", "clock": "natural"}


def test_a_shorter_limit_is_shown_with_those_that_turn_red_before_it_is_kept(client_as, store, ticket, limit):
    admin, path = client_as("admin"), f"/admin/reference/time_limits/row?id={limit['id']}"
    past = str(in_shanghai(ticket.received_at).date())
    sent = typed(admin.get(path).text) | SHORT | {"valid_from_on": past}
    before = due(store, ticket)
    shown = admin.post(path, data=sent)
    assert shown.status_code == 200
    assert "确认保存" in shown.text
    assert ticket.number in shown.text
    assert "<strong>1</strong> 张在办工单的时限变动" in shown.text
    assert (due(store, ticket), [row["amount"] for row in store.reference_rows("time_limits") if row["id"] == limit["id"]]) == (before, [30])

    kept = admin.post(path, data=typed(shown.text))
    assert kept.status_code == 303
    assert due(store, ticket) == [ticket.received_at + timedelta(hours=1)]
    assert "重新推算了 1 张" in admin.get("/admin/reference/time_limits").text


def test_what_is_confirmed_after_somebody_else_changed_the_tables_is_shown_again(client_as, store, ticket, limit):
    admin, path = client_as("admin"), f"/admin/reference/time_limits/row?id={limit['id']}"
    shown = admin.post(path, data=SHORT | {"yellow_fraction": "0.7", "valid_from_on": "2026-01-01", "basis": "inferred"})
    store.bump_reference()
    again = admin.post(path, data=typed(shown.text))
    assert (again.status_code, "刚被他人改动" in again.text) == (200, True)
    assert admin.post(path, data=typed(again.text)).status_code == 303


def test_a_limit_is_edited_from_today_unless_another_date_is_given(client_as, limit):
    page = client_as("admin").get(f"/admin/reference/time_limits/row?id={limit['id']}").text
    assert typed(page)["valid_from_on"] == str(in_shanghai(datetime.now(UTC)).date())
    assert "demand_type" not in typed(page)


@pytest.mark.parametrize(
    ("table", "values", "shows"),
    [
        pytest.param("return_reasons", {"code": "no_access", "name": "无法进入"}, "无法进入", id="a reason"),
        pytest.param(
            "referral_advice", {"code": "lift", "name": "电梯", "owner": "物业", "words": "扶梯", "advice": "请联系物业"}, "扶梯", id="advice"
        ),
        pytest.param("unit_days", {"unit_code": "330101", "day_on": "2030-01-02", "is_working": "0", "name": "检修"}, "检修", id="a unit's day"),
        pytest.param("office_hours", {"unit_code": "330101", "weekday": "0", "spans": "08:30-12:00"}, "08:30-12:00", id="office hours"),
    ],
)
def test_a_row_is_added_on_the_page_and_taken_out_again(client_as, store, table, values, shows):
    admin = client_as("admin")
    assert shows not in admin.get(f"/admin/reference/{table}").text
    empty = typed(admin.get(f"/admin/reference/{table}/new").text)
    assert set(values) <= set(empty)
    assert admin.post(f"/admin/reference/{table}/new", data=empty | values).status_code == 303
    page = admin.get(f"/admin/reference/{table}").text
    assert shows in page
    (path,) = {
        link.replace("&amp;", "&") for link in re.findall(rf'href="(/admin/reference/{table}/row\?[^"]*)"', page) if values.get("code", "") in link
    }
    assert take_out(admin, path).status_code == 303
    assert not [row for row in store.reference_rows(table) if shows in row.values()]


def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(client_as):
    admin = client_as("admin")
    wrong = admin.post("/admin/reference/office_hours/new", data={"unit_code": "330101", "weekday": "0", "spans": "8点到12点"})
    assert wrong.status_code == 422
    assert 'value="8点到12点"' in wrong.text
    assert 'id="spans-problem"' in wrong.text


def test_a_row_that_something_refers_to_says_so(client_as):
    admin = client_as("admin")
    refused = take_out(admin, "/admin/reference/outlets/row?code=console")
    assert (refused.status_code, "不能删除" in refused.text, "确认删除" in refused.text) == (422, True, False)


def test_the_secret_of_an_outlet_is_on_no_page_and_in_no_answer(client_as, api, store):
    admin, secret = client_as("admin"), "a-s3cret"
    path = "/admin/reference/outlets/row?code=webhook"
    sent = typed(admin.get(path).text) | {"address": f"https://im.example.com/hook#{secret}"}
    assert admin.post(path, data=sent).status_code == 303
    assert admin.post(path, data=typed(admin.get(path).text)).status_code == 303
    assert store.rules().outlets["webhook"].address.endswith(secret)
    pages = [admin.get(path).text, admin.get("/admin/reference/outlets").text, api("agent", "GET", "/reference/outlets").text]
    assert not any(secret in page for page in pages)
    assert "im.example.com" in pages[1]


@pytest.mark.parametrize("path", ["/admin/reference/topics/new", "/admin/reference/users/new", "/admin/reference/users/row?username=admin"])
def test_a_table_that_does_not_grow_has_no_form_for_new_rows(client_as, path):
    assert client_as("admin").get(path).status_code == 404


@pytest.mark.parametrize("path", ["/admin/reference/return_reasons/new", "/admin/reference/return_reasons/row?code=other"])
def test_only_administrators_change_rows(client_as, store, path):
    assert client_as("leader").post(path, data={"code": "x", "name": "x"}).status_code == 403
    assert {row["edited_by"] for row in store.reference_rows("return_reasons")} == {""}


def test_every_table_has_a_name_its_columns_too_and_a_page(client_as):
    from routes.web.admin_tables import GROUPS, NAMES
    from triage.checks import LABELS
    from triage.store.reference import BOOKKEEPING, TABLES

    assert set(NAMES) == set(TABLES)
    assert sorted(table for tables in GROUPS.values() for table in tables) == sorted(TABLES)
    assert {column.name for table in TABLES.values() for column in table.columns} - {*BOOKKEEPING} <= set(LABELS)
    assert {client_as("admin").get(f"/admin/reference/{table}").status_code for table in TABLES} == {200}


def test_an_announced_year_that_moves_tickets_is_shown_first(client_as, store, ticket):
    days = [(in_shanghai(ticket.received_at) + timedelta(days=n)).date() for n in range(46)]
    off = [day for day in days if day.year == days[-1].year]
    year = {"year": str(off[0].year), "source": "某文", "days": "\n".join(["date,is_working,name", *(f"{day},0,歇业" for day in off)])}
    admin = client_as("admin")
    shown = admin.post("/admin/calendar", data=year)
    assert (shown.status_code, "确认保存" in shown.text) == (200, True)
    assert not [row for row in store.calendar_days() if row["name"] == "歇业"]
    assert admin.post("/admin/calendar", data=typed(shown.text)).status_code == 303
    assert [row["day_on"] for row in store.calendar_days() if row["name"] == "歇业"] == off


# --- what an administrator reads


def cells(page: str) -> list[str]:
    """The text of each cell of a page's table, without what is small (a code)."""
    return [re.sub(r"<small>.*?</small>|<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh](?: scope=.row.)?>(.*?)</t[dh]>", page, re.DOTALL)]


def test_no_list_shows_a_code_that_has_a_chinese_name(client_as, store):
    from routes.web.admin_tables import NAMES, names_in

    admin, left = client_as("admin"), {}
    for table in NAMES:
        pairs = {pair for names in names_in(store, table).values() for pair in names.items()}
        known = {code for code, name in pairs if code.isascii() and code.isalpha() and name != code}
        shown = known & {part for cell in cells(admin.get(f"/admin/reference/{table}").text) for part in cell.split("、")}
        left |= {table: shown} if shown else {}
    assert left == {}


def test_a_limit_reads_as_words_and_its_form_too(client_as, limit):
    admin = client_as("admin")
    row = next(line for line in admin.get("/admin/reference/time_limits").text.split("<tr>") if f"id={limit['id']}" in line)
    assert {"投诉", "处理回复", "受理"} <= set(cells(row))
    assert not {"complaint", "resolve", "received", "workdays"} & set(cells(row))
    page = admin.get(f"/admin/reference/time_limits/row?id={limit['id']}").text
    assert "<dd>投诉" in page
    assert '<label for="clock">时钟</label>' in page


def options(page: str, name: str) -> dict[str, str]:
    """The choices of a field: code and what is read, the chosen one first."""
    (inside,) = re.findall(rf'<select name="{name}"[^>]*>(.*?)</select>', page, re.DOTALL)
    found = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)</option>', inside)
    return {code: text for code, _, text in sorted(found, key=lambda one: not one[1])}


def test_every_choice_of_a_form_is_chinese_and_stands_there_once(client_as, limit):
    page = client_as("admin").get(f"/admin/reference/time_limits/row?id={limit['id']}").text
    assert options(page, "unit") == {"workdays": "个工作日", "minutes": "分钟", "hours": "小时", "days": "天"}
    assert next(iter(options(page, "clock").values())) == "工作日"
    assert next(iter(options(page, "basis").values())) in ("多源印证", "单一来源", "行业常识，待核", "本系统推定")
    assert page.count('<option value="workdays"') == 1


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("extension_rules", "demand_type"),
        ("escalations", "recipient"),
        ("reply_templates", "move"),
        ("attention_patterns", "rule"),
        ("outlets", "is_on"),
    ],
    ids=str,
)
def test_the_form_of_a_new_row_offers_names(client_as, table, field):
    offered = options(client_as("admin").get(f"/admin/reference/{table}/new").text, field)
    assert len(offered) > 1
    assert [text for text in offered.values() if not re.search(r"[\u4e00-\u9fff]", text)] == []


def test_tables_stand_in_groups_with_what_they_are_for_and_how_many_rows(client_as, store):
    page = client_as("admin").get("/admin").text
    found = re.findall(r'<h3 id="group-\w+">([^<]+)</h3>', page)
    assert found == ["分类", "派单", "时限", "日历", "关注", "话术", "质检与统计", "提醒与外发", "开关"]
    assert f">时限</a> <small>{len(store.reference_rows('time_limits'))} 行</small><p>派单、接单、到达、回复等环节各限多久</p>" in page
    assert "<p></p>" not in page


@pytest.mark.parametrize(
    ("query", "shows", "leads"),
    [
        pytest.param("退单原因", "退单原因", "/admin/reference/return_reasons", id="a table"),
        pytest.param("不属本供电单位", "不属本供电单位", "/admin/reference/return_reasons/row?code=not_our_unit", id="a row by its name"),
        pytest.param("到达现场", "时限", "/admin/reference/time_limits/row?id=", id="a row by what its code is called"),
        pytest.param("呼吸机", "医疗机", "/admin/reference/attention_words/row?name=", id="a row by its words"),
    ],
)
def test_a_search_finds_tables_and_rows(client_as, query, shows, leads):
    page = client_as("admin").get("/admin", query_string={"query": query}).text
    assert shows in page
    assert leads in page


def test_a_search_in_a_table_shows_those_rows_alone_and_one_that_finds_nothing_says_so(client_as):
    admin = client_as("admin")
    page = admin.get("/admin/reference/departments", query_string={"query": "抢修"}).text
    assert ("配电抢修班" in page, "计量中心" in page, "找到 1 行" in page) == (True, False, True)
    assert "没有找到" in admin.get("/admin/reference/departments", query_string={"query": "没有这样的词"}).text
    assert "没有找到" in admin.get("/admin", query_string={"query": "没有这样的词"}).text


def test_several_codes_are_ticked_and_keep_their_order(client_as, store):
    admin, path = client_as("admin"), "/admin/reference/topics/row?code=service.conduct.field"
    before = ";".join(store.rules().topics["service.conduct.field"].support_departments)
    page = admin.get(path).text
    ticked = re.findall(r'name="support_departments" value="(\w+)" checked', page)
    assert ";".join(ticked) == before
    assert "> 计量中心</label>" in page
    sent = typed(page) | {"support_departments": ["metering", "billing", "safety"]}
    assert admin.post(path, data=sent).status_code == 303
    assert store.rules().topics["service.conduct.field"].support_departments == ("metering", "billing", "safety")
    assert "协同部门：计量中心、电费管理中心 → 计量中心、电费管理中心、安全监察部" in admin.get(path).text


def test_the_steps_that_a_pause_stops_are_ticked_too_and_come_through_a_preview(client_as, store, ticket):
    admin, path = client_as("admin"), "/admin/reference/pause_kinds/row?code=waiting_customer"
    assert admin.post(path, data=typed(admin.get(path).text) | {"steps": ["contact", "resolve"]}).status_code == 303
    assert store.rules().pause_kinds["waiting_customer"].steps == {"contact", "resolve"}


def test_taking_a_row_out_does_not_stand_beside_saving_and_says_first_what_follows(client_as, store, ticket, limit):
    admin, path = client_as("admin"), f"/admin/reference/time_limits/row?id={limit['id']}"
    page = admin.get(path).text
    (actions,) = re.findall(r'<div class="actions">(.*?)</div>', page)
    assert ("保存" in actions, "删除" in actions) == (True, False)
    there = admin.get(path.replace("/row?", "/remove?")).text
    assert "工单环节：" in there
    assert "涉及 <strong>1</strong> 张在办工单" in there
    assert "请改为填失效日" in there


def test_nothing_is_taken_out_by_one_press_or_after_somebody_else_changed_the_tables(client_as, store):
    admin, path = client_as("admin"), "/admin/reference/return_reasons/remove?code=wrong_type"
    version = typed(admin.get(path).text)["confirmed"]
    assert admin.post(path, data={"act": "remove"}).status_code == 200
    store.bump_reference()
    again = admin.post(path, data={"act": "remove", "confirmed": version})
    assert (again.status_code, "刚被他人改动" in again.text) == (200, True)
    assert "wrong_type" in store.rules().return_reasons
    assert admin.post(path, data={"act": "remove", "confirmed": typed(again.text)["confirmed"]}).status_code == 303
    assert "wrong_type" not in store.rules().return_reasons
    assert "删除 wrong_type" in admin.get("/admin/reference/return_reasons").text


def test_a_row_is_put_out_of_use_and_back_on_a_page_that_says_what_follows(client_as, store):
    admin, path = client_as("admin"), "/admin/reference/outlets/remove?code=file"
    for act, is_on, button in (("on", True, "确认启用"), ("off", False, "确认停用")):
        page = admin.get(path).text
        assert button in page
        assert admin.post(path, data={"act": act, "confirmed": typed(page)["confirmed"]}).status_code == 303
        assert next(row["is_on"] for row in store.reference_rows("outlets") if row["code"] == "file") is is_on
    assert "is_on" not in typed(admin.get("/admin/reference/outlets/row?code=file").text)
    assert admin.post(path, data={"act": "burn", "confirmed": "1"}).status_code == 404


def test_a_row_says_where_it_comes_from_and_what_was_changed(client_as, store):
    admin, path = client_as("admin"), "/admin/reference/departments/row?code=repair"
    assert "多源印证；随系统载入，未改动" in admin.get(path).text
    admin.post(path, data=typed(admin.get(path).text) | {"handles": "抢修和应急", "basis": "single-source"})
    page = admin.get(path).text
    assert re.search(r"单一来源；admin .{5,120} 改", page)
    assert "职责：故障抢修 → 抢修和应急" in page
    assert "依据：多源印证 → 单一来源" in page


# --- for programs


def test_a_program_adds_changes_and_takes_out_a_row(api, store):
    row = {"code": "road_closed", "name": "道路封闭", "steps": "arrive;resolve", "cap_hours": 24}
    added = api("admin", "POST", "/reference/pause_kinds", row)
    assert (added.status_code, added.json) == (201, {"table": "pause_kinds", "changed": 0})
    assert api("admin", "PATCH", "/reference/pause_kinds?code=road_closed", {"cap_hours": 12}).status_code == 200
    assert store.rules().pause_kinds["road_closed"].cap == timedelta(hours=12)
    assert api("admin", "DELETE", "/reference/pause_kinds?code=road_closed").status_code == 200
    assert "road_closed" not in store.rules().pause_kinds


def test_a_program_sees_what_a_change_would_do(api, store, ticket, limit):
    path = f"/reference/time_limits?id={limit['id']}"
    before = due(store, ticket)
    seen = api("admin", "PATCH", f"{path}&preview=1", SHORT | {"valid_from_on": "2026-01-01"}).json
    assert (seen["moved"], {turn["number"] for turn in seen["turning_red"]}) == (1, {ticket.number})
    assert seen["turning_red"][0]["step_label"] == "处理回复"
    assert due(store, ticket) == before
    assert api("admin", "PATCH", path, SHORT | {"valid_from_on": "2026-01-01"}).json["changed"] == 1
    assert due(store, ticket) != before


def test_a_program_previews_what_it_adds_and_takes_out(api, store, ticket):
    day = {"unit_code": "330101", "day_on": str((in_shanghai(ticket.received_at) + timedelta(days=1)).date()), "is_working": False}
    assert api("admin", "POST", "/reference/unit_days?preview=1", day | {"is_working": True}).status_code == 200
    assert store.reference_rows("unit_days") == []
    api("admin", "POST", "/reference/unit_days", day)
    seen = api("admin", "DELETE", f"/reference/unit_days?unit_code=330101&day_on={day['day_on']}&preview=1")
    assert seen.status_code == 200
    assert len(store.reference_rows("unit_days")) == 1


FAILURES = {
    "not for this role": ("dispatcher", "POST", "/reference/return_reasons", {"code": "x", "name": "x"}, 403),
    "no such table": ("admin", "POST", "/reference/users", {"username": "x"}, 404),
    "a table that does not grow": ("admin", "POST", "/reference/topics", {"code": "x"}, 404),
    "no key": ("admin", "PATCH", "/reference/return_reasons", {"name": "x"}, 404),
    "no such row": ("admin", "DELETE", "/reference/return_reasons?code=nothing", None, 404),
    "a key of another table": ("admin", "PATCH", "/reference/return_reasons?id=1", {"name": "x"}, 422),
    "a list for a text": ("admin", "PATCH", "/reference/return_reasons?code=other", {"name": ["x"]}, 422),
    "no object": ("admin", "POST", "/reference/return_reasons", [], 422),
    "a preview of maybe": ("admin", "DELETE", "/reference/return_reasons?code=other&preview=maybe", None, 422),
    "a number that is no key": ("admin", "DELETE", "/reference/time_limits?id=9999999999999999999", None, 404),
    "a number beyond all": ("admin", "PATCH", "/reference/escalations?code=red-assignee", {"multiple": 1e300}, 422),
}


@pytest.mark.parametrize(("username", "method", "path", "body", "status"), FAILURES.values(), ids=FAILURES)
def test_what_a_program_cannot_do_has_the_one_shape(api, username, method, path, body, status):
    answer = api(username, method, path, body)
    assert (answer.status_code, set(answer.json)) == (status, {"error"})
    assert answer.json["error"]["message"]
