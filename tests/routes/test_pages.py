"""The pages on the whole application: who may open what, what is shown of a person, one ticket's whole life."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from routes.web.sign import local
from triage.complaint import read_contact
from triage.intake import receive
from triage.terms import State

PHONE, NAME, ADDRESS, NUMBER = "13800001001", "林建国", "临江市滨河街道柳荫路12号3单元502", "3301000001"
CALLER = {"caller_name": NAME, "phone": PHONE, "address": ADDRESS, "customer_number": NUMBER, "channel": "phone"}
OUTAGE = f"家里停电两小时了，我叫林建国，请打{PHONE}"
DOUBTFUL = "可能是电表的事情，说不清楚"
EVERYONE = ("agent", "dispatcher", "repair", "leader", "auditor", "admin")
PAGES = {
    "/complaints/new": {"agent"},
    "/callbacks": {"agent"},
    "/dispatch": {"dispatcher"},
    "/dispatch/sent": {"dispatcher", "admin"},
    "/requests": {"agent", "dispatcher", "leader", "auditor"},
    "/queue": {"repair", "leader"},
    "/outages": {"agent", "dispatcher", "repair", "leader", "auditor"},
    "/board": {"dispatcher", "leader", "auditor", "admin"},
    "/board/trend": {"dispatcher", "leader", "auditor", "admin"},
    "/board/units": {"dispatcher", "leader", "auditor", "admin"},
    "/board/kinds": {"dispatcher", "leader", "auditor", "admin"},
    "/board/times": {"dispatcher", "leader", "auditor", "admin"},
    "/board/list?measures=received": {"dispatcher", "leader", "auditor", "admin"},
    "/board/definitions": {"dispatcher", "leader", "auditor", "admin"},
    "/timeliness": {"dispatcher", "leader", "auditor", "admin"},
    "/timeliness/steps": {"dispatcher", "leader", "auditor", "admin"},
    "/admin": {"admin"},
    "/admin/models": {"admin"},
    "/admin/reference/time_limits": {"admin"},
    "/admin/reference/switches/row?code=automatic_dispatch": {"admin"},
}


@pytest.fixture
def register(client_as):
    """Register one complaint through the form and give the ticket's number."""

    def through_the_form(text, **fields):
        data = {**CALLER, "text-0": text, "action": "submit", **fields}
        answer = client_as("agent").post("/complaints/new", data=data)
        assert answer.status_code == 303, answer.text
        return answer.location.rpartition("=")[2]

    return through_the_form


def move(client, store, number, code, **fields):
    data = {"version": str(store.ticket(number).version), **fields}
    return client.post(f"/tickets/{number}/moves/{code}", data=data)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("username", EVERYONE)
def test_a_page_opens_for_its_roles_and_for_no_other(client_as, username, path):
    assert client_as(username).get(path).status_code == (200 if username in PAGES[path] else 403)


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_the_page(app, path):
    answer = app.test_client().get(path)
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer.location).query)["next"] == [path]


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("agent", "/complaints/new"),
        ("dispatcher", "/dispatch"),
        ("repair", "/queue"),
        ("leader", "/queue"),
        ("auditor", "/board"),
        ("admin", "/admin"),
    ],
)
def test_the_day_begins_on_the_page_of_the_role(client_as, username, path):
    assert client_as(username).get("/").location == path


ELSEWHERE = ("https://a.example/", "//a.example", "/\\a.example", "/\t/a.example", "/\t\\a.example")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_never_leads_to_another_site(target):
    assert local(target) is None


def test_a_wrong_password_says_so_keeps_the_name_and_after_five_asks_to_wait(app):
    client = app.test_client()
    answers = [client.post("/sign-in", data={"username": "agent", "password": "wrong"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 'value="agent"' in answers[0].text
    assert "用户名或密码不对" in answers[0].text


def test_who_signs_out_is_out(client_as):
    client = client_as("agent")
    assert client.post("/sign-out").location == "/sign-in"
    assert client.get("/complaints/new").status_code == 302


def test_a_form_without_its_token_is_refused(app, client_as):
    app.config["WTF_CSRF_ENABLED"] = True
    assert client_as("agent").post("/complaints/new", data={"text-0": OUTAGE}).status_code == 400


def test_a_ticket_walks_from_the_call_to_the_archive_through_the_pages(client_as, store, register):
    number = register(OUTAGE)
    way = [
        ("repair", "return", {"return_reason": "not_our_department", "reason": "非本班组设备"}),
        ("dispatcher", "dispatch", {"topic": "outage.fault.single", "demand_type": "fault", "unit_code": "330101"}),
        ("dispatcher", "reroute", {"topic": "outage.fault.single", "demand_type": "fault", "reason": "核实无误"}),
        ("repair", "accept", {}),
        ("repair", "contact", {"note": "已电话联系"}),
        ("repair", "arrive", {}),
        ("repair", "resolve", {"reply": "已更换熔断器", "finding": "upheld"}),
        ("dispatcher", "send_back", {"reason": "请补充停电时长"}),
        ("repair", "resolve", {"reply": "已更换熔断器，停电两小时", "finding": "upheld"}),
        ("dispatcher", "review", {}),
        ("agent", "callback", {"satisfaction": "1"}),
        ("agent", "close", {}),
    ]
    for username, code, fields in way:
        client = client_as(username)
        assert f"/moves/{code}" in client.get(f"/tickets/{number}").text, code
        assert move(client, store, number, code, **fields).status_code == 303, code
    assert store.ticket(number).state is State.CLOSED
    assert [e["action"] for e in store.trail(number)] == ["receive", "decide", *(code for _, code, _ in way)]
    assert store.broken_chains() == []


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"mode-0": "answer", "answer-0": "已告知缴费渠道"}, State.ANSWERED),
        ({"mode-0": "owner", "owner-0": "锦绣物业公司"}, State.REFERRED),
    ],
    ids=["answered", "referred"],
)
def test_an_agent_may_end_a_complaint_in_the_call(store, register, fields, state):
    number = register(DOUBTFUL, **{"topic-0": "business.metering.device", "demand_type-0": "enquiry"}, **fields)
    assert store.ticket(number).state is state


def test_several_complaints_of_one_call_become_tickets_that_know_each_other(client_as, store, register):
    number = register(OUTAGE, **{"text-1": DOUBTFUL})
    tickets = store.tickets_of_contact(store.ticket(number).contact_id)
    assert len(tickets) == 2
    assert tickets[1].number in client_as("agent").get(f"/tickets/{number}").text


def test_sending_the_form_twice_makes_one_ticket(client_as, register):
    assert register(OUTAGE, submission_key="once") == register(OUTAGE, submission_key="once")


def test_another_complaint_can_be_added_without_a_script_and_nothing_typed_is_lost(client_as):
    page = client_as("agent").post("/complaints/new", data={**CALLER, "text-0": OUTAGE, "action": "add"}).text
    assert 'name="text-1"' in page
    assert OUTAGE in page
    assert f'value="{PHONE}"' in page


def test_a_wrong_field_is_said_in_chinese_beside_what_was_typed(client_as):
    answer = client_as("agent").post("/complaints/new", data={"channel": "phone", "text-0": OUTAGE, "phone": "不知道"})
    assert answer.status_code == 422
    assert 'href="#phone"' in answer.text
    assert 'value="不知道"' in answer.text
    assert OUTAGE in answer.text


def test_the_preview_says_where_it_goes_and_by_when_and_keeps_nothing(client_as, store):
    page = client_as("agent").post("/complaints/new", data={**CALLER, "text-0": OUTAGE, "action": "preview"}).text
    assert "可告知客户" in page
    assert "96.0%" in page
    assert store.taken_by("agent") == []


def test_the_preview_names_what_speaks_for_either_candidate_and_what_was_found_in_the_text(client_as):
    page = client_as("agent").post("/complaints/new", data={**CALLER, "text-0": f"{OUTAGE}，昨晚八点开始", "action": "preview"}).text
    assert "的词：停电" in page
    assert re.search(r"识别到：.*时间 <strong>昨晚八点</strong>", page)


def test_the_hint_is_the_preview_alone_and_silent_while_there_is_nothing_to_read(client_as):
    client = client_as("agent")
    hint = client.post("/complaints/hint", data={"text-0": OUTAGE}).text
    assert 'class="preview' in hint
    assert "<html" not in hint
    assert client.post("/complaints/hint", data={"text-0": " "}).text == ""


def test_a_move_with_a_missing_field_shows_the_ticket_again_with_what_was_typed(client_as, store, register):
    number, crew = register(OUTAGE), client_as("repair")
    move(crew, store, number, "accept")
    move(crew, store, number, "contact")
    move(crew, store, number, "arrive")
    answer = move(crew, store, number, "resolve", reply="已更换熔断器")
    assert answer.status_code == 422
    assert "调查结论：必填" in answer.text
    assert "已更换熔断器</textarea>" in answer.text


def test_of_two_who_act_on_what_they_read_the_second_is_told(client_as, store, register):
    number = register(OUTAGE)
    path, seen = f"/tickets/{number}/moves/accept", {"version": str(store.ticket(number).version)}
    first, second = (client_as("repair").post(path, data=seen) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 412)
    assert "已被他人更新" in second.text


def test_a_move_that_the_state_does_not_allow_says_what_is_allowed(client_as, store, register):
    number = register(OUTAGE)
    answer = move(client_as("repair"), store, number, "resolve", reply="好了", finding="upheld")
    assert answer.status_code == 409
    assert "现在可以：接单" in answer.text


def test_a_team_sees_its_own_tickets_only(client_as, register):
    path = f"/tickets/{register(OUTAGE)}"
    answers = {username: client_as(username).get(path).status_code for username in (*EVERYONE, "billing")}
    assert answers == dict.fromkeys(EVERYONE, 200) | {"billing": 403}


@pytest.mark.parametrize(
    ("username", "path"),
    [("agent", "/complaints/new"), ("repair", "/queue"), ("leader", "/queue"), ("dispatcher", "/tickets/{number}")],
)
def test_personal_data_is_masked_wherever_a_ticket_is_shown(client_as, register, username, path):
    number = register(OUTAGE)
    page = client_as(username).get(path.format(number=number)).text
    assert number[8:] in page
    assert [personal for personal in (PHONE, NAME, ADDRESS, NUMBER) if personal in page] == []


def test_full_data_is_shown_once_for_a_reason_that_the_trail_keeps(client_as, store, register):
    number, crew = register(OUTAGE), client_as("repair")
    refused = crew.post(f"/tickets/{number}/reveal", data={"reason": " "})
    assert refused.status_code == 422
    assert PHONE not in refused.text
    shown = crew.post(f"/tickets/{number}/reveal", data={"reason": "联系客户核实"})
    assert [personal for personal in (PHONE, NAME, ADDRESS, NUMBER) if personal not in shown.text] == []
    assert shown.headers["Cache-Control"] == "no-store"
    last = store.trail(number)[-1]
    assert (last["action"], last["actor"]) == ("reveal", "repair")
    assert store.notes(number)[last["seq"]][0]["text"] == "联系客户核实"
    assert PHONE not in crew.get(f"/tickets/{number}").text


def test_the_identity_of_a_confidential_caller_is_not_shown_to_the_team(client_as, store, register):
    number = register(OUTAGE, is_confidential="1")
    answer = client_as("repair").post(f"/tickets/{number}/reveal", data={"reason": "想知道"})
    assert answer.status_code == 403
    assert PHONE not in answer.text
    assert "reveal" not in [entry["action"] for entry in store.trail(number)]


def test_what_a_customer_says_is_text_and_never_markup(client_as, register):
    number = register("停电 <script>alert(1)</script> <img src=x onerror=alert(1)>")
    for username, path in (("agent", "/complaints/new"), ("repair", "/queue"), ("dispatcher", f"/tickets/{number}")):
        page = client_as(username).get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize("path", [path for path in PAGES if "row" not in path])
def test_no_page_carries_script_or_style_of_its_own(client_as, register, path):
    register(OUTAGE)
    page = client_as(next(iter(sorted(PAGES[path])))).get(path)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", page.text) == []


def test_a_doubtful_one_waits_and_a_danger_stands_on_top(client_as, register):
    register(DOUBTFUL)
    register("电线掉下来有人触电了，快来人")
    page = client_as("dispatcher").get("/dispatch").text
    assert page.index("人身安全，已派抢修") < page.index(DOUBTFUL)


@pytest.mark.parametrize(
    ("role", "says"), [("dispatcher", "已立即派抢修，请核实后点“已阅”"), ("repair", "请立即赶赴现场"), ("auditor", "已立即派抢修。")]
)
def test_danger_to_life_tells_each_role_what_to_do(client_as, register, role, says):
    number = register("电线掉下来有人触电了，快来人")
    assert f"■ 人身安全：{says}" in client_as(role).get(f"/tickets/{number}").text


def test_the_dispatcher_can_stop_automatic_dispatch(client_as, store, register):
    dispatcher = client_as("dispatcher")
    assert dispatcher.post("/dispatch/switch").status_code == 303
    assert store.ticket(register(OUTAGE)).state is State.PENDING_REVIEW
    dispatcher.post("/dispatch/switch")
    assert store.ticket(register(OUTAGE)).state is State.DISPATCHED


def test_a_queue_can_be_narrowed_to_a_state(client_as, store, register):
    accepted, waiting = register(OUTAGE), register(OUTAGE)
    move(client_as("repair"), store, accepted, "accept")
    page = client_as("repair").get("/queue?state=accepted").text
    assert accepted in page.replace("<wbr>", "")
    assert waiting not in page.replace("<wbr>", "")


def long_ago(app, store, text):
    """A ticket whose clocks have all run out."""
    then, parts = datetime.now(UTC) - timedelta(days=20), app.extensions["triage"]
    contact = read_contact({**CALLER, "complaints": [{"text": text}]})
    return receive(contact, predict=parts.predict, rules=store.rules(), store=store, now=then, actor="agent")[0]


def figures_of(page):
    """The links of the figures page, each with its number."""
    links = re.findall(r'<a href="(/timeliness/steps\?[^"]+)">(\d+)</a>', page)
    return [(link.replace("&amp;", "&"), int(number)) for link, number in links]


@pytest.mark.parametrize("watch", ["customer", "department"])
def test_every_figure_opens_down_to_exactly_its_steps(app, client_as, store, watch):
    for text in (OUTAGE, "电表不准，要求校验"):
        long_ago(app, store, text)
    auditor = client_as("auditor")
    since = (datetime.now(UTC) - timedelta(days=60)).date()
    figures = figures_of(auditor.get(f"/timeliness?since={since}&watch={watch}").text)
    assert len(figures) >= 3
    for link, number in figures:
        page = auditor.get(link).text
        assert len(re.findall(r'<td class="number">', page)) == number, link


BACKWARDS = "since=2026-02-01&until=2026-01-01"


@pytest.mark.parametrize("query", ["since=gestern", BACKWARDS, "watch=both", "since=1999-01-01"])
def test_a_period_that_is_none_is_said(client_as, query):
    assert client_as("auditor").get(f"/timeliness?{query}").status_code == 422


def test_an_announced_year_is_loaded_with_its_source_and_a_wrong_line_keeps_what_was_typed(client_as):
    admin = client_as("admin")
    days = "date,is_working,name\n2027-01-01,0,元旦\n"
    wrong = admin.post("/admin/calendar", data={"year": "2027", "source": "", "days": days})
    assert wrong.status_code == 422
    assert "2027-01-01,0,元旦" in wrong.text
    loaded = admin.post("/admin/calendar", data={"year": "2027", "source": "某办发〔2026〕1 号", "days": days})
    assert loaded.status_code == 303
    assert "某办发〔2026〕1 号" in admin.get("/admin").text


def test_an_edited_limit_names_its_editor_and_a_wrong_one_is_refused(client_as, store):
    row = store.reference_rows("time_limits")[0]
    values = {name: "" if value is None else str(value) for name, value in row.items()}
    admin, path = client_as("admin"), f"/admin/reference/time_limits/row?id={row['id']}"
    refused = admin.post(path, data={**values, "amount": "-3"})
    assert refused.status_code == 422
    assert 'value="-3"' in refused.text
    assert admin.post(path, data={**values, "amount": "3"}).status_code == 303
    assert store.reference_rows("time_limits")[0]["edited_by"] == "admin"
    assert "admin" in admin.get("/admin/reference/time_limits").text


@pytest.mark.parametrize("path", ["/tickets/2026010100000001", "/admin/reference/users", "/nowhere"])
def test_what_is_not_there_is_said_on_a_page(client_as, path):
    answer = client_as("admin").get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "404" in answer.text


@pytest.mark.parametrize(
    "fields",
    [{"mode-0": "answer"}, {"mode-0": "owner"}, {"answer-0": "已告知缴费渠道"}, {"owner-0": "锦绣物业公司"}],
    ids=["no answer", "no owner", "answer but dispatched", "owner but dispatched"],
)
def test_what_is_written_must_fit_the_way_of_handling(client_as, store, fields):
    about = {"topic-0": "outage.fault.single", "demand_type-0": "fault"}
    answer = client_as("agent").post("/complaints/new", data={**CALLER, "text-0": OUTAGE, **about, **fields})
    assert answer.status_code == 422
    assert store.taken_by("agent") == []


@pytest.mark.parametrize("fields", [{"phone": "x"}, {"customer_number": "1"}, {"topic-0": "outage.fault.single"}])
def test_a_wrong_field_is_marked_and_the_summary_leads_to_it(client_as, fields):
    page = client_as("agent").post("/complaints/new", data={"channel": "phone", "text-0": OUTAGE, **fields}).text
    target = re.search(r'<li><a href="#([^"]+)"', page)
    assert target
    assert re.search(rf'id="{target[1]}"[^>]* aria-invalid="true" aria-describedby="{target[1]}-problem"', page)
    assert f'id="{target[1]}-problem"' in page


@pytest.mark.parametrize(("username", "text"), [("repair", OUTAGE), ("dispatcher", DOUBTFUL), ("agent", DOUBTFUL)])
def test_no_two_elements_of_a_ticket_share_an_id(client_as, register, username, text):
    ids = re.findall(r'\sid="([^"]+)"', client_as(username).get(f"/tickets/{register(text)}").text)
    assert sorted(ids) == sorted(set(ids))


def test_the_responsible_party_is_masked_like_any_free_text(client_as, register):
    about = {"topic-0": "business.metering.device", "demand_type-0": "enquiry"}
    number = register(DOUBTFUL, **about, **{"mode-0": "owner", "owner-0": f"物业 {PHONE}"})
    assert PHONE not in client_as("agent").get(f"/tickets/{number}").text


def test_a_year_that_is_no_number_is_said(client_as):
    assert client_as("admin").post("/admin/calendar", data={"year": "²²²²", "source": "x"}).status_code == 422


def test_a_page_that_is_not_there_keeps_the_navigation(client_as):
    assert "退出" in client_as("admin").get("/nowhere").text
