"""The administrator's pages of people: who is found, added, changed and locked; what is refused; what stands in no address and in no log."""

import logging
import re
from datetime import UTC, datetime

import pytest

from routes.request import SESSION_KEY
from tests.routes.conftest import fake_predict
from triage.complaint import read_contact
from triage.intake import receive
from triage.personnel import add_person, add_token, change_person, switch_person
from triage.terms import Role

WANG = {"username": "wang", "name": "王小明", "role": "handler", "unit": "330101", "department": "repair"}
SECOND = {"username": "admin2", "name": "钱芳", "role": "admin", "unit": "33", "department": ""}
OTHERS = ("agent", "dispatcher", "repair", "leader", "auditor")


@pytest.fixture
def admin(client_as):
    return client_as("admin")


@pytest.fixture
def by(store):
    return {"store": store, "actor": "admin2", "now": datetime.now(UTC)}


@pytest.fixture
def wang(by):
    """A man of the repair team and the password that he was given."""
    return add_person(WANG, **by)


@pytest.fixture
def page_of(store):
    """The address of somebody's page."""
    return lambda username: f"/admin/people/{store.person_mark(username)}"


def version(page: str) -> str:
    """The version that a page's forms send."""
    return re.search(r'name="version" value="(\d+)"', page)[1]


def secret(page: str) -> str:
    """What is shown once."""
    return re.search(r"<code>([^<]+)</code>", page)[1]


def sign_in(app, username, password):
    """A browser in which somebody typed name and password."""
    client = app.test_client()
    assert client.post("/sign-in", data={"username": username, "password": password}).status_code == 303
    return client


def test_everybody_is_listed_and_a_name_stands_in_no_address(admin, store):
    page = admin.get("/admin/people").text
    assert "赵敏" in page
    people = set(re.findall(r'(?:href|action)="/admin/people/?([^"]*)"', page)) - {"", "new"}
    assert people == {store.person_mark(row["username"]) for row in store.users()}
    assert all(re.fullmatch(r"[0-9a-f]{20}", one) for one in people)


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        pytest.param("role=auditor", "陈静", "李晓晴", id="a role"),
        pytest.param("unit=3301&department=repair", "柳河供电所抢修员", "陈静", id="a unit with those below"),
        pytest.param("state=off", "没有找到", "李晓晴", id="locked"),
        pytest.param("role=nonsense&skip=x", "没有找到", "李晓晴", id="nonsense"),
        pytest.param("skip=100000", "上一页", "李晓晴", id="beyond the end"),
    ],
)
def test_the_list_is_narrowed(admin, query, there, gone):
    page = re.sub(r"<select.*?</select>", "", admin.get(f"/admin/people?{query}").text, flags=re.DOTALL)
    assert there in page
    assert gone not in page


def test_a_name_is_looked_for_by_post(admin):
    page = admin.post("/admin/people", data={"words": "晓晴"}).text
    assert "找到 1 人" in page
    assert "李晓晴" in page
    assert "没有找到" in admin.post("/admin/people", data={"words": "%'\x00", "skip": "-1"}).text
    assert "李晓晴" in admin.get("/admin/people?words=陈静").text  # an address asks for no name


def test_a_search_keeps_the_filter(admin):
    assert "找到 1 人" in admin.post("/admin/people", data={"words": "处理人", "department": "billing"}).text


def test_the_first_password_is_shown_once_and_has_to_be_changed(app, admin, store, page_of, caplog):
    caplog.set_level(logging.DEBUG)
    answer = admin.post("/admin/people/new", data=WANG)
    password = secret(answer.text)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert password not in admin.get(page_of("wang")).text
    assert password not in caplog.text
    again = admin.post("/admin/people/new", data=WANG)
    assert (again.status_code, "已有用户 wang" in again.text, password in again.text) == (422, True, False)
    wang = sign_in(app, "wang", password)
    for path in ("/queue", "/", "/messages", "/search"):
        assert wang.get(path).headers["Location"] == "/password"
    assert "先改成" in wang.get("/password").text
    assert wang.get("/help/password").status_code == 200
    typed = {"current": password, "new": "long and my own", "again": "long and my own"}
    wrong = wang.post("/password", data=typed | {"again": "other"})
    assert (wrong.status_code, "两次输入不一样" in wrong.text, typed["new"] in wrong.text) == (422, True, False)
    assert wang.post("/password", data=typed).status_code == 303
    assert wang.get("/queue").status_code == 200
    assert sign_in(app, "wang", "long and my own").get("/queue").status_code == 200


def test_a_first_password_opens_neither_the_api_nor_another_page(app, wang):
    browser = sign_in(app, "wang", wang[1])
    assert browser.get("/api/v1/shifts").status_code == 401  # a cookie never does
    assert browser.get("/messages").headers["Location"] == "/password"
    assert browser.post("/admin/people", data={"words": "x"}).headers["Location"] == "/password"


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(admin, store):
    answer = admin.post("/admin/people/new", data=WANG | {"department": ""})
    assert answer.status_code == 422
    assert 'id="department-problem"' in answer.text
    assert 'value="王小明"' in answer.text
    assert store.person("wang") is None


def test_somebody_is_changed_and_it_is_told(admin, store, wang, page_of):
    seen = version(admin.get(page_of("wang")).text)
    answer = admin.post(page_of("wang"), data=WANG | {"name": "王大明", "version": seen})
    assert (answer.status_code, store.user("wang").name) == (303, "王大明")
    page = admin.get(page_of("wang")).text
    assert "姓名：王小明 → 王大明" in page
    assert "已保存" in page


def test_a_stale_form_hears_who_changed_what(admin, store, by, wang, page_of):
    seen = version(admin.get(page_of("wang")).text)
    change_person("wang", WANG | {"name": "王大明"}, **by)
    for path, values in (("", WANG | {"name": "王三"}), ("/password", {}), ("/switch", {"state": "off"})):
        answer = admin.post(page_of("wang") + path, data=values | {"version": seen})
        assert answer.status_code == 412
        assert "王小明 → 王大明" in answer.text
        assert "王三" not in answer.text
    assert (store.user("wang").name, store.person("wang").is_active) == ("王大明", True)


@pytest.mark.parametrize("path", ["", "/password", "/switch"])
@pytest.mark.parametrize("sent", [{}, {"version": "x"}, {"version": "-1"}, {"version": "9" * 40}], ids=["none", "a word", "negative", "huge"])
def test_a_form_without_a_version_changes_nobody(admin, store, wang, page_of, path, sent):
    assert admin.post(page_of("wang") + path, data=WANG | {"name": "王三", "state": "off"} | sent).status_code == 422
    assert (store.user("wang").name, store.person("wang").is_active) == ("王小明", True)


def test_a_new_password_is_shown_once_and_ends_the_sessions(app, admin, store, wang, page_of):
    browser, seen = sign_in(app, "wang", wang[1]), version(admin.get(page_of("wang")).text)
    answer = admin.post(page_of("wang") + "/password", data={"version": seen})
    assert sign_in(app, "wang", secret(answer.text))
    assert "/sign-in" in browser.get("/password").headers["Location"]
    again = admin.post(page_of("wang") + "/password", data={"version": seen})  # the page loaded again
    assert (again.status_code, "<code>" in again.text) == (412, False)


def test_whoever_is_locked_is_out_at_once_and_comes_back(app, admin, store, by, wang, page_of):
    browser, token = sign_in(app, "wang", wang[1]), add_token("wang", "平板", **by)
    answer = admin.post(page_of("wang") + "/switch", data={"state": "off", "version": store.person_version("wang")})
    assert answer.status_code == 303
    assert "/sign-in" in browser.get("/password").headers["Location"]
    assert app.test_client().get("/api/v1/shifts", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert "账号已停用" in admin.get(page_of("wang")).text
    admin.post(page_of("wang") + "/switch", data={"state": "on", "version": store.person_version("wang")})
    assert sign_in(app, "wang", wang[1])


def test_an_administrator_does_not_lock_the_own_account(admin, store, by, page_of):
    add_person(SECOND, **by)
    answer = admin.post(page_of("admin") + "/switch", data={"state": "off", "version": store.person_version("admin")})
    assert (answer.status_code, "不能停用自己的账号" in answer.text) == (409, True)
    assert store.person("admin").is_active


def test_the_last_administrator_keeps_the_role(admin, store, page_of):
    data = {"name": "赵敏", "role": "auditor", "unit": "33", "department": "", "version": store.person_version("admin")}
    answer = admin.post(page_of("admin"), data=data)
    assert (answer.status_code, "最后一名管理员" in answer.text) == (422, True)
    assert store.user("admin").role is Role.ADMIN


def test_somebody_is_signed_out_everywhere(app, admin, wang, page_of):
    browser = sign_in(app, "wang", wang[1])
    assert admin.post(page_of("wang") + "/sign-out").status_code == 303
    assert "已退出 1 处登录" in admin.get(page_of("wang")).text
    assert "/sign-in" in browser.get("/password").headers["Location"]


def test_a_token_is_shown_once_listed_and_revoked(app, admin, store, wang, page_of):
    token = secret(admin.post(page_of("wang") + "/token", data={"label": "平板"}).text)
    page = admin.get(page_of("wang")).text
    assert ("平板" in page, token in page) == (True, False)
    assert store.user_of_token(token).username == "wang"
    assert admin.post(page_of("wang") + "/token", data={"label": "平板"}).status_code == 422
    assert admin.post(page_of("wang") + "/token", data={"revoke": "平板"}).status_code == 303
    assert store.user_of_token(token) is None
    assert admin.post(page_of("wang") + "/token", data={"revoke": "平板"}).status_code == 404


def test_the_open_tickets_of_somebody_are_handed_on(admin, store, by, wang, page_of):
    contact = read_contact({"complaints": [{"text": "家里停电了"}], "unit_code": "330101"})
    ticket = receive(contact, predict=fake_predict, rules=store.rules(), store=store, now=by["now"], actor="agent")[0]
    store.connection.exec_driver_sql("UPDATE tickets SET assignee = 'repair'")
    store.connection.commit()
    switch_person("repair", False, **by)
    page = admin.get(page_of("repair")).text
    assert "名下还有 1 张在办工单" in page
    assert f'value="{store.person_mark("wang")}"' in page
    team = {"team": "330101/repair"}
    for to in ("nobody", "wang", store.person_mark("billing")):
        assert admin.post(page_of("repair") + "/hand-on", data=team | {"to": to}).status_code == 422
    assert store.ticket(ticket.number).assignee == "repair"
    assert admin.post(page_of("repair") + "/hand-on", data=team | {"to": store.person_mark("wang")}).status_code == 303
    assert store.ticket(ticket.number).assignee == "wang"


@pytest.mark.parametrize("username", OTHERS)
def test_people_are_the_administrators_alone(client_as, store, page_of, username):
    client, page = client_as(username), page_of("agent")
    assert {client.get(path).status_code for path in ("/admin/people", "/admin/people/new", page)} == {403}
    paths = ("/admin/people", "/admin/people/new", *(page + part for part in ("", "/password", "/switch", "/sign-out", "/token", "/hand-on")))
    assert {client.post(path, data={"version": "0", "state": "off"} | WANG).status_code for path in paths} == {403}
    assert (store.person("agent").is_active, store.person("wang")) == (True, None)


@pytest.mark.parametrize("path", ["", "/password", "/switch", "/sign-out", "/token", "/hand-on"])
def test_there_is_no_page_of_nobody(admin, path):
    assert admin.post(f"/admin/people/admin{path}", data={"version": "0"}).status_code == 404


def test_everybody_may_change_the_own_password(client_as, app):
    client = client_as("agent")
    assert "先改成" not in client.get("/password").text
    wrong = client.post("/password", data={"current": "wrong", "new": "long and my own", "again": "long and my own"})
    assert (wrong.status_code, "现在的密码：不对" in wrong.text) == (422, True)
    with client.session_transaction() as session:
        assert session[SESSION_KEY]
