"""The JSON API on the whole application."""

import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routes.errors import HTTP, STATUS
from triage import errors
from triage.complaint import read_contact
from triage.intake import receive
from triage.moments import in_shanghai
from triage.moves import BY_CODE
from triage.terms import Role

V1 = "/api/v1"
PHONE, NAME, ADDRESS, NUMBER = "13800001001", "林建国", "临江市滨河街道柳荫路12号3单元502", "3301000001"
CALLER = {"caller_name": NAME, "phone": PHONE, "address": ADDRESS, "customer_number": NUMBER}
OUTAGE = {"text": f"家里停电两小时了，我叫林建国，请打{PHONE}"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = ("complaints", "channel", "phone", "locality", "text", "topic", "demand_type", "reason", "reply", "finding")
OBJECT = st.dictionaries(st.sampled_from(NAMES), st.text() | JSON, max_size=5)
CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
USER_OF = {Role.HANDLER: "repair"}
DOCS = Path(__file__).parents[2] / "docs" / "api.md"
ELSEWHERE = {"error", "sign_in_failed", "too_many_attempts"}  # the tree's root, and what only the sign-in page says


class Api:
    """A program with a token of its own."""

    def __init__(self, app, store, username):
        self.client, self.token = app.test_client(), secrets.token_urlsafe()
        store.add_token(self.token, username, "tests", datetime.now(UTC))

    def __call__(self, method, path, body=None, **headers):
        return self.client.open(V1 + path, method=method, headers=self.sent(headers), json=body)

    def sent(self, headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return {"Authorization": f"Bearer {self.token}", **named}

    def raw(self, path, data, mimetype, **headers):
        return self.client.post(V1 + path, data=data, content_type=mimetype, headers=self.sent(headers))

    def get(self, path, **headers):
        return self("GET", path, **headers)

    def post(self, path, body, **headers):
        return self("POST", path, body, **headers)

    def move(self, ticket, code, **fields):
        path = f"/tickets/{ticket['number']}/moves/{code}"
        return self.post(path, fields, If_Match=f'"{ticket["version"]}"')


@pytest.fixture
def api_as(app, store):
    return lambda username: Api(app, store, username)


@pytest.fixture
def outage(api_as):
    """A ticket that has gone out to the repair team of 330101."""
    return take(api_as("agent"), OUTAGE)


def take(agent, *complaints, **fields):
    answer = agent.post("/contacts", {**CALLER, "complaints": list(complaints), **fields})
    assert answer.status_code == 201, answer.json
    return answer.json["tickets"][0]


def asserts_the_one_shape(answer, status, code):
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code), answer.text
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"code", "message", "problems", "legal"}
    assert answer.json["error"]["message"]
    assert answer.mimetype == "application/json"


def test_one_complaint_walks_from_contact_to_close(api_as, store):
    agent, crew, dispatcher = api_as("agent"), api_as("repair"), api_as("dispatcher")
    ticket = take(agent, OUTAGE)
    assert (ticket["state"], ticket["department"], ticket["team_unit"]) == ("dispatched", "repair", "330101")
    assert [t["number"] for t in crew.get("/queues/team").json["tickets"]] == [ticket["number"]]
    way = [
        (crew, "accept", {}),
        (crew, "contact", {}),
        (crew, "arrive", {}),
        (crew, "resolve", {"reply": "已更换熔断器，恢复供电", "finding": "upheld"}),
        (dispatcher, "review", {}),
        (agent, "callback", {"satisfaction": "1"}),
        (agent, "close", {}),
    ]
    for who, code, fields in way:
        seen = who.get(f"/tickets/{ticket['number']}").json
        assert code in [move["code"] for move in seen["moves"]], code
        answer = who.move(seen, code, **fields)
        assert answer.status_code == 200, answer.json
        assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    assert (answer.json["state"], answer.json["finding_label"], answer.json["satisfaction"]) == ("closed", "属实", "1")
    entries = agent.get(f"/tickets/{ticket['number']}/timeline").json["entries"]
    assert [entry["action"] for entry in entries] == ["receive", "decide", *(code for _, code, _ in way)]
    steps = agent.get(f"/tickets/{ticket['number']}/steps").json["steps"]
    assert all(step["ended_at"] or step["voided_at"] for step in steps)
    assert store.broken_chains() == []


def test_a_doubtful_complaint_waits_for_the_dispatcher_who_sends_it_out(api_as):
    dispatcher = api_as("dispatcher")
    ticket = take(api_as("agent"), {"text": "可能是电表快了"})
    assert [t["number"] for t in dispatcher.get("/queues/dispatch").json["tickets"]] == [ticket["number"]]
    sent = dispatcher.move(ticket, "dispatch", topic="business.metering.test", demand_type="request").json
    assert (sent["state"], sent["department"]) == ("dispatched", "metering")
    assert sent["decisions"][-1]["made_by"] == "dispatcher"


def test_each_queue_has_what_waits_in_it(api_as, outage):
    crew, dispatcher, agent = api_as("repair"), api_as("dispatcher"), api_as("agent")
    for code in ("accept", "contact", "arrive"):
        outage = crew.move(outage, code).json
    outage = crew.move(outage, "resolve", reply="已复电", finding="upheld").json
    assert dispatcher.get("/queues/review").json["count"] == 1
    dispatcher.move(outage, "review")
    assert agent.get("/queues/callback").json["count"] == 1
    assert agent.get("/queues/taken?limit=5").json["tickets"][0]["number"] == outage["number"]


@pytest.mark.parametrize("way", ["header", "field"])
def test_the_same_submission_makes_no_second_ticket(api_as, way):
    agent = api_as("agent")
    body = {**CALLER, "complaints": [OUTAGE], **({"submission_key": "k-1"} if way == "field" else {})}
    headers = {"Idempotency_Key": "k-1"} if way == "header" else {}
    first, again = agent.post("/contacts", body, **headers), agent.post("/contacts", body, **headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert [t["number"] for t in first.json["tickets"]] == [t["number"] for t in again.json["tickets"]]
    assert first.json["contact_id"] == again.json["contact_id"]
    assert agent.get("/queues/taken").json["count"] == 1


def test_a_contact_with_two_complaints_makes_two_tickets_that_know_each_other(api_as):
    agent = api_as("agent")
    answer = agent.post("/contacts", {**CALLER, "complaints": [OUTAGE, {"text": "电表也不准"}]}).json
    one, other = answer["tickets"]
    assert agent.get(f"/tickets/{one['number']}").json["siblings"] == [other["number"]]
    assert (one["department"], other["department"]) == ("repair", "metering")


def test_no_answer_shows_personal_data_unless_it_is_revealed(api_as, outage):
    agent, crew = api_as("agent"), api_as("repair")
    for code in ("accept", "contact", "arrive"):
        outage = crew.move(outage, code, note=f"客户电话{PHONE}").json
    crew.move(outage, "resolve", reply=f"已回电{PHONE}", finding="upheld")
    place = f"/tickets/{outage['number']}"
    for path in (place, f"{place}/timeline", f"{place}/steps", "/queues/taken", "/timeliness/steps"):
        said = (agent if path != "/timeliness/steps" else api_as("auditor")).get(path).text
        assert not [value for value in (PHONE, NAME, ADDRESS, NUMBER) if value in said], path
    assert agent.get(place).json["caller"]["phone"] == "138****1001"


def test_a_reveal_shows_all_and_is_in_the_trail_with_its_reason(api_as, outage):
    auditor, place = api_as("auditor"), f"/tickets/{outage['number']}"
    shown = auditor.post(f"{place}/reveal", {"reason": "质检抽查"}).json
    assert {name: shown[name] for name in CALLER} == CALLER
    assert PHONE in shown["text"]
    last = auditor.get(f"{place}/timeline").json["entries"][-1]
    assert (last["action_label"], last["actor"], last["notes"]["reason"]) == ("查看完整信息", "auditor", "质检抽查")
    assert "phone" in last["detail"]["fields"]


@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"reason": "长" * 201}, {"reason": 1}, {"why": "x"}])
def test_nothing_is_revealed_without_a_reason(api_as, outage, body):
    auditor, place = api_as("auditor"), f"/tickets/{outage['number']}"
    asserts_the_one_shape(auditor.post(f"{place}/reveal", body), 422, "invalid_input")
    assert auditor.get(f"{place}/timeline").json["entries"][-1]["action"] == "decide"


def test_an_administrator_reveals_nothing_and_a_handler_nothing_confidential(api_as):
    ticket = take(api_as("agent"), OUTAGE, is_confidential=True)
    for username in ("admin", "repair"):
        answer = api_as(username).post(f"/tickets/{ticket['number']}/reveal", {"reason": "核对"})
        asserts_the_one_shape(answer, 403, "forbidden")


@pytest.mark.parametrize("path", ["", "/timeline", "/steps"])
def test_another_team_s_ticket_is_not_shown(api_as, outage, path):
    asserts_the_one_shape(api_as("metering").get(f"/tickets/{outage['number']}{path}"), 403, "forbidden")
    assert api_as("repair").get(f"/tickets/{outage['number']}{path}").status_code == 200


def test_another_team_s_ticket_is_neither_moved_nor_revealed(api_as, outage):
    metering = api_as("metering")
    asserts_the_one_shape(metering.move(outage, "accept"), 403, "forbidden")
    asserts_the_one_shape(metering.post(f"/tickets/{outage['number']}/reveal", {"reason": "看看"}), 403, "forbidden")


def test_a_prediction_says_what_and_where_and_keeps_nothing(api_as):
    agent = api_as("agent")
    said = agent.post("/predictions", OUTAGE).json["prediction"]
    assert (said["topics"][0]["code"], said["department_label"]) == ("outage.fault.single", "配电抢修班")
    assert said["gate_score"] >= said["threshold"] == 0.8
    assert said["model_version"] == "fake-1"
    assert agent.get("/queues/taken").json["count"] == 0


def test_without_a_model_the_prediction_is_none_and_the_ticket_is_taken(api_as):
    agent = api_as("agent")
    answer = agent.post("/predictions", {"text": "无模型"}).json
    assert (answer["prediction"], bool(answer["trouble"])) == (None, True)
    assert take(agent, {"text": "无模型"})["state"] == "pending_review"


def test_why_there_is_no_model_is_told_to_those_who_can_act_on_it(app, api_as):
    app.extensions["triage"].model_trouble = lambda: "models: no model is in use"
    said = {name: api_as(name).post("/predictions", {"text": "无模型"}).json["trouble"] for name in ("agent", "admin")}
    assert said == {"agent": "没有可用的分类模型", "admin": "models: no model is in use"}


FAILURES: dict[str, tuple[Any, ...]] = {
    "no token": (None, "GET", "/me", None, 401, "sign_in_required"),
    "no such ticket": ("agent", "GET", "/tickets/2026112399999999", None, 404, "not_found"),
    "a ticket that cannot be": ("agent", "GET", "/tickets/%00", None, 404, "not_found"),
    "no such path": ("agent", "GET", "/nothing", None, 404, "not_found"),
    "no such table": ("agent", "GET", "/reference/users", None, 404, "not_found"),
    "no such method": ("agent", "DELETE", "/contacts", None, 405, "method_not_allowed"),
    "not for this role": ("repair", "POST", "/contacts", {"complaints": [OUTAGE]}, 403, "forbidden"),
    "another's queue": ("agent", "GET", "/queues/dispatch", None, 403, "forbidden"),
    "no object": ("agent", "POST", "/contacts", [], 422, "invalid_input"),
    "unknown field": ("agent", "POST", "/contacts", {"complaints": [OUTAGE], "x": 1}, 422, "invalid_input"),
    "unknown field inside": (
        "agent",
        "POST",
        "/contacts",
        {"complaints": [{"text": "", "x": 1}]},
        422,
        "invalid_input",
    ),
    "no text": ("agent", "POST", "/predictions", {}, 422, "invalid_input"),
    "text is no text": ("agent", "POST", "/predictions", {"text": 1}, 422, "invalid_input"),
    "no period": ("auditor", "GET", "/timeliness?since=2026-02-01&until=2026-01-01", None, 422, "invalid_input"),
    "no date": ("auditor", "GET", "/timeliness?since=yesterday", None, 422, "invalid_input"),
    "the first date of all": (
        "auditor",
        "GET",
        "/timeliness?since=0001-01-01&until=0001-01-02",
        None,
        422,
        "invalid_input",
    ),
    "the last date of all": ("auditor", "GET", "/timeliness?since=9999-12-31", None, 422, "invalid_input"),
    "no such clock": ("auditor", "GET", "/timeliness?watch=sun", None, 422, "invalid_input"),
    "a misspelt filter": ("auditor", "GET", "/timeliness/steps?deparment=repair", None, 422, "invalid_input"),
    "no such step": ("auditor", "GET", "/timeliness/steps?step=rest", None, 422, "invalid_input"),
    "no limit": ("dispatcher", "GET", "/queues/dispatch?limit=0", None, 422, "invalid_input"),
    "no year": ("admin", "POST", "/calendar/2027", {"text": "a,b", "source": "国办发明电"}, 422, "invalid_input"),
    "a year with a broken line": (
        "admin",
        "POST",
        "/calendar/2027",
        {"text": "date\ra,b", "source": "x"},
        422,
        "invalid_input",
    ),
    "no switch": ("dispatcher", "POST", "/dispatch/switch", {"value": "maybe"}, 422, "invalid_input"),
    "a switch for others": ("agent", "POST", "/dispatch/switch", {"value": "on"}, 403, "forbidden"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_every_failure_has_the_one_shape(app, api_as, failure):
    username, method, path, body, status, code = failure
    ask = api_as(username) if username else lambda method, path, _: app.test_client().open(V1 + path, method=method)
    asserts_the_one_shape(ask(method, path, body), status, code)


@pytest.mark.parametrize(
    ("tag", "status", "code"),
    [*((tag, 422, "invalid_input") for tag in (None, "*", '"²"', '"' + "9" * 5000 + '"')), ('"99"', 412, "conflict")],
    ids=["missing", "any", "no digit", "endless", "stale"],
)
def test_a_move_needs_the_version_that_was_seen(api_as, outage, tag, status, code):
    headers = {"If_Match": tag} if tag else {}
    answer = api_as("repair").post(f"/tickets/{outage['number']}/moves/accept", {}, **headers)
    asserts_the_one_shape(answer, status, code)


def test_of_two_who_move_at_once_the_second_is_told(api_as, outage):
    crew = api_as("repair")
    assert crew.move(outage, "accept").status_code == 200
    asserts_the_one_shape(crew.move(outage, "accept"), 412, "conflict")


def test_an_illegal_move_says_what_is_legal(api_as, outage):
    answer = api_as("repair").move(outage, "resolve", reply="好了", finding="upheld")
    asserts_the_one_shape(answer, 409, "illegal_move")
    assert answer.json["error"]["legal"] == ["accept", "assign", "return", "co_handle"]


@pytest.mark.parametrize(
    ("code", "fields", "field"),
    [
        ("fly", {}, "move"),
        ("return", {"return_reason": "other"}, "reason"),
        ("return", {"return_reason": "other", "reason": 1}, "reason"),
        ("return", {"reason": "不是我们的"}, "return_reason"),
        ("accept", {"reply": ""}, "reply"),
    ],
)
def test_a_wrong_move_names_the_field(api_as, outage, code, fields, field):
    answer = api_as("repair").move(outage, code, **fields)
    asserts_the_one_shape(answer, 422, "invalid_input")
    assert answer.json["error"]["problems"][0]["field"] == field


@pytest.mark.parametrize(
    ("data", "mimetype", "status", "code"),
    [
        (b"{", "application/json", 400, "bad_request"),
        (b"\xff", "application/json", 400, "bad_request"),
        (b"[" * 100_000, "application/json", 400, "bad_request"),
        (b'{"text":' + b"[" * 300 + b"]" * 300 + b"}", "application/json", 422, "invalid_input"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b'"' + b"a" * 3_000_000 + b'"', "application/json", 413, "too_large"),
    ],
    ids=["half", "no utf-8", "endless", "deep", "no json", "too large"],
)
def test_what_is_no_json_object_is_refused_in_the_one_shape(api_as, data, mimetype, status, code):
    answer = api_as("agent").raw("/predictions", data, mimetype)
    asserts_the_one_shape(answer, status, code)


def of_kind(kind):
    made = kind.__new__(kind)
    errors.TriageError.__init__(made, "出错了")
    vars(made).update(problems=(), legal=())
    return made


@pytest.mark.parametrize("kind", [*STATUS, RuntimeError])
def test_whatever_is_raised_inside_ends_in_its_status_and_the_one_shape(app, api_as, kind):
    error = kind("13800001001") if kind is RuntimeError else of_kind(kind)

    def broken(text):
        raise error

    app.extensions["triage"].predict = broken
    answer = api_as("agent").post("/predictions", OUTAGE)
    asserts_the_one_shape(answer, STATUS.get(kind, 500), getattr(kind, "code", "unexpected"))
    assert PHONE not in answer.text


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer wrong", "Bearer é"])
def test_without_a_good_token_nobody_is_let_in(app, header):
    answer = app.test_client().get(f"{V1}/me", headers={"Authorization": header})
    asserts_the_one_shape(answer, 401, "sign_in_required")


def test_a_cookie_is_no_way_into_the_api(client_as):
    answer = client_as("agent").post(f"{V1}/contacts", json={"complaints": [OUTAGE]})
    asserts_the_one_shape(answer, 401, "sign_in_required")


def test_a_revoked_token_is_refused_at_once(api_as, store):
    agent = api_as("agent")
    assert agent.get("/me").json["role"] == "agent"
    store.revoke_tokens("agent", "tests", datetime.now(UTC))
    asserts_the_one_shape(agent.get("/me"), 401, "sign_in_required")


def test_health_needs_no_token_and_tells_no_more_than_needed(app):
    assert app.test_client().get(f"{V1}/health").json == {"status": "ok", "model": "fake-1", "database": "ok"}


def test_every_figure_opens_to_just_the_steps_that_it_counts(app, api_as, store):
    then = datetime.now(UTC) - timedelta(days=20)
    contact = read_contact({**CALLER, "complaints": [OUTAGE, {"text": "电表不准"}]})
    model = app.extensions["triage"].predict
    receive(contact, predict=model, rules=store.rules(), store=store, now=then, actor="agent")
    auditor, since = api_as("auditor"), in_shanghai(then).date()
    for watch in ("customer", "department"):
        query = f"since={since}&watch={watch}"
        figures = auditor.get(f"/timeliness?{query}").json["figures"]
        assert figures
        for one in figures:
            machine = "yes" if one["is_by_machine"] else "no"
            mine = f"{query}&step={one['step']}&department={one['department']}&machine={machine}"
            for count, more in ((one["due"], ""), (one["met"], "&met=yes"), (one["missed"], "&met=no")):
                assert auditor.get(f"/timeliness/steps?{mine}{more}").json["count"] == count


def test_moments_are_those_of_shanghai(outage):
    assert outage["received_at"].endswith("+08:00")
    assert outage["next_due_at"].endswith("+08:00")


@pytest.mark.parametrize("table", ["topics", "time_limits", "switches", "fixed_holidays", "units", "calendar_days"])
def test_reference_data_is_there_for_programs(api_as, table):
    assert api_as("agent").get(f"/reference/{table}").json["rows"]


def test_the_switch_holds_back_what_the_model_would_send_out(api_as):
    assert api_as("dispatcher").post("/dispatch/switch", {"value": "off"}).json == {"automatic_dispatch": "off"}
    assert take(api_as("agent"), OUTAGE)["state"] == "pending_review"


def test_a_year_is_loaded_by_the_administrator(api_as):
    text = "date,is_working,name\n2031-01-01,0,元旦\n"
    admin = api_as("admin")
    assert admin.post("/calendar/2031", {"text": text, "source": "国办发明电〔2030〕7号"}).json["year"] == 2031
    assert 2031 in [row["year"] for row in admin.get("/reference/calendar_years").json["rows"]]


@given(body=JSON | OBJECT, code=st.sampled_from(sorted(BY_CODE)))
@settings(max_examples=60, deadline=None, suppress_health_check=CHECKS)
def test_no_json_whatever_makes_any_post_fail(api_as, store, outage, body, code):
    place = f"/tickets/{outage['number']}"
    posts = [
        ("agent", "/contacts"),
        ("agent", "/predictions"),
        ("agent", f"{place}/reveal"),
        ("dispatcher", "/dispatch/switch"),
        ("admin", "/calendar/2031"),
        *((USER_OF.get(role, role.value), f"{place}/moves/{code}") for role in BY_CODE[code].roles),
    ]
    for username, path in posts:
        tag = f'"{store.ticket(outage["number"]).version}"'
        answer = api_as(username).raw(path, json.dumps(body), "application/json", If_Match=tag)
        assert answer.status_code < 500, (path, answer.text)


@given(texts=st.lists(st.text(min_size=1), min_size=1, max_size=2))
@settings(max_examples=30, deadline=None, suppress_health_check=CHECKS)
def test_any_text_is_taken_or_refused_with_a_reason(api_as, texts):
    answer = api_as("agent").post("/contacts", {"complaints": [{"text": text} for text in texts]})
    assert answer.status_code in (201, 422)


def test_every_route_is_documented(app):
    documented = DOCS.read_text(encoding="utf-8")
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            path = re.sub(r"<(?:[^:>]*:)?(\w+)>", r"<\1>", rule.rule.removeprefix(V1))
            assert not rule.rule.startswith(V1) or f"{method} {path}" in documented, rule.rule


def test_every_error_code_is_documented():
    documented = DOCS.read_text(encoding="utf-8")
    codes = {kind.code for kind in STATUS} | {code for code, _ in HTTP.values()} | {"unexpected"}
    assert not [code for code in codes - ELSEWHERE if f"`{code}`" not in documented]
