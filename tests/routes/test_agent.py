"""The agent's workplace without a script: looking up, hints, drafts, linking in the place of opening, callbacks."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from triage.drafts import save_draft
from triage.reference import edit_row
from triage.terms import State

PHONE, NAME, ADDRESS, NUMBER = "13800001001", "林建国", "临江市滨河街道柳荫路12号3单元502", "3301000001"
KEY = "0123456789abcdef0123456789abcdef"
OUTAGE = "柳荫路整条街停电，路灯也不亮，已经两个小时"
FORM = {"channel": "phone", "submission_key": KEY}
BY_SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def agent(client_as):
    return client_as("agent")


@pytest.fixture
def register(agent):
    """Register one complaint and give the ticket's number."""

    def through_the_form(text=OUTAGE, **fields):
        answer = agent.post("/complaints/new", data={"channel": "phone", "unit_code": "330101", "text-0": text, "action": "submit", **fields})
        assert answer.status_code == 303, answer.text
        return answer.location.rpartition("=")[2]

    return through_the_form


# --- looking the caller up


@pytest.mark.parametrize("query", [PHONE, NUMBER, NAME])
def test_a_caller_is_found_by_phone_number_or_name_and_fills_the_form(agent, query):
    page = agent.post("/complaints/customer", data={**FORM, "text-0": OUTAGE, "lookup": query}).text
    assert OUTAGE in page
    for name, value in (("customer_number", NUMBER), ("phone", PHONE), ("caller_name", NAME), ("address", ADDRESS)):
        assert re.search(rf'name="{name}"[^>]*value="{value}"', page), name
    assert re.search(r'<option value="330101"[^>]* selected>', page)
    assert "滨河03台区" in page


def test_what_the_agent_typed_is_not_written_over_by_the_record(agent):
    page = agent.post("/complaints/customer", data={**FORM, "text-0": "", "lookup": NUMBER, "caller_name": "林先生的邻居"}).text
    assert re.search(r'name="caller_name"[^>]*value="林先生的邻居"', page)


def test_the_phone_that_called_is_kept_not_that_of_the_record(agent, register):
    register(phone="13912340000", customer_number=NUMBER)
    page = agent.post("/complaints/customer", data={**FORM, "text-0": "", "lookup": "139-1234-0000"}).text
    assert re.search(r'name="phone"[^>]*value="13912340000"', page)
    assert re.search(rf'name="customer_number"[^>]*value="{NUMBER}"', page)


def test_by_a_script_the_answer_is_the_record_alone_with_what_can_be_filled_in(agent, register):
    register(customer_number=NUMBER)
    record = agent.post("/complaints/customer", data={**FORM, "text-0": "", "lookup": PHONE}, headers=BY_SCRIPT).text
    assert "<html" not in record
    assert f'data-fill="customer_number" data-value="{NUMBER}"' in record
    assert "在办工单 1" in record


def test_a_key_customer_cannot_be_missed(agent):
    record = agent.post("/complaints/customer", data={"lookup": "3301000003"}, headers=BY_SCRIPT).text
    assert re.search(r'class="key-customer".*重要及敏感客户 <strong>医院', record)


def test_several_matches_are_a_list_with_a_key_each_and_the_picked_one_fills_the_form(agent, store):
    row = {"name": "江海明", "phone": "13900002222", "unit_code": "330101", "locality": "urban", "transformer_area": "", "key_kind": ""}
    with store.writing():
        store.add_missing("customers", [{**row, "number": f"330100990{n}", "address": f"滨河街道柳荫路{n}号"} for n in (1, 2, 3)])
    listed = agent.post("/complaints/customer", data={"lookup": "13900002222"}, headers=BY_SCRIPT).text
    assert re.findall(r'aria-keyshortcuts="(Alt\+\d)"', listed) == ["Alt+1", "Alt+2", "Alt+3"]
    assert "滨河街道柳荫路2号" in listed
    strangers = agent.post("/complaints/customer", data={"lookup": "江海"}, headers=BY_SCRIPT).text
    assert [shown for shown in ("江海明", "柳荫路2号") if shown in strangers] == []
    page = agent.post("/complaints/customer", data={**FORM, "text-0": OUTAGE, "lookup": "13900002222", "pick": "3301009902"}).text
    assert re.search(r'name="customer_number"[^>]*value="3301009902"', page)
    assert re.search(r'name="phone"[^>]*value="13900002222"', page)


def test_without_a_query_the_number_or_phone_of_the_form_is_looked_up(agent):
    assert NAME in agent.post("/complaints/customer", data={"lookup": " ", "customer_number": NUMBER}, headers=BY_SCRIPT).text
    assert NAME in agent.post("/complaints/customer", data={"phone": PHONE}, headers=BY_SCRIPT).text


@pytest.mark.parametrize(
    ("data", "said", "status"),
    [({"lookup": "1"}, "5–15 位", 422), ({"lookup": ""}, "查找客户", 422), ({"pick": "9999999999"}, "没有这个户号", 404)],
    ids=["too short", "nothing", "picked a stranger"],
)
def test_a_look_up_that_cannot_be_is_said_and_nothing_typed_is_lost(agent, data, said, status):
    answer = agent.post("/complaints/customer", data={**FORM, "text-0": OUTAGE, **data})
    assert answer.status_code == status
    assert said in answer.text
    assert OUTAGE in answer.text
    assert said in agent.post("/complaints/customer", data=data, headers=BY_SCRIPT).text


def test_nobody_found_says_what_to_do(agent):
    assert "可以直接登记" in agent.post("/complaints/customer", data={"lookup": "13912340000"}, headers=BY_SCRIPT).text


@pytest.mark.parametrize("path", ["customer", "hint", "draft", "draft/drop", "link"])
@pytest.mark.parametrize("username", ["dispatcher", "repair", "leader", "auditor", "admin"])
def test_the_agents_ways_are_the_agents_alone(client_as, store, username, path):
    answer = client_as(username).post(f"/complaints/{path}", data={**FORM, "lookup": PHONE, "text-0": OUTAGE, "link": "chase:0:1:1"})
    assert answer.status_code == 403
    assert NAME not in answer.text
    assert store.look_ups() == []


def test_a_look_up_is_kept_with_who_looked_and_no_personal_data(agent, store):
    agent.post("/complaints/customer", data={"lookup": PHONE})
    kept = store.look_ups()
    assert {row["actor"] for row in kept} == {"agent"}
    assert {row["row_key"] for row in kept} == {store.digest(PHONE), store.digest(NUMBER)}


def test_nothing_personal_stands_in_an_address_of_the_page(agent):
    page = agent.post("/complaints/customer", data={**FORM, "text-0": OUTAGE, "lookup": PHONE}).text
    addresses = re.findall(r'(?:href|action|formaction|hx-get|hx-post|src)="([^"]*)"', page)
    assert addresses
    assert [url for url in addresses if any(personal in url for personal in (PHONE, NUMBER, NAME))] == []


# --- the hint


def hint(agent, text, **data):
    return agent.post("/complaints/hint", data={**FORM, "unit_code": "330101", "text-0": text, **data}).text


def test_the_hint_names_candidates_with_their_keys_the_words_and_what_may_be_promised(agent):
    said = hint(agent, OUTAGE)
    assert 'data-topic="outage.fault.single" data-type="fault" aria-keyshortcuts="Alt+1"' in said
    assert "<mark>停电</mark>" in said
    assert "可告知客户" in said
    assert re.search(r'id="script" hx-swap-oob="true".*要问清.*可以承诺', said, re.DOTALL)


def test_danger_is_said_to_the_banner_and_the_script_keeps_the_caller_safe(agent):
    said = hint(agent, "电线掉下来有人触电了，快来人")
    assert 'data-danger="■ 人身安全' in said
    assert "双脚并拢" in said
    assert "data-danger" not in hint(agent, OUTAGE)


def test_life_support_at_home_brings_its_own_script(agent):
    assert "请先换用备用电池" in hint(agent, "停电三天了没人管，老人在家靠制氧机吸氧")
    assert "请先换用备用电池" not in hint(agent, OUTAGE)


def test_danger_stays_in_sight_when_the_agent_says_what_it_is_about(agent):
    said = hint(agent, "电线掉下来有人触电了，快来人", **{"topic-0": "business.tariff.bill", "demand_type-0": "complaint"})
    assert "data-danger" in said


def test_the_banner_stands_there_without_a_script_too(agent):
    page = agent.post("/complaints/new", data={**FORM, "text-0": "电线掉下来有人触电了", "action": "preview"}).text
    assert re.search(r'id="danger"[^>]*role="alert">■ 人身安全', page)
    assert re.search(r'id="danger"[^>]*role="alert" hidden></p>', agent.get("/complaints/new").text)


def test_what_a_text_names_can_be_filled_in(agent):
    said = hint(agent, f"{OUTAGE}，户号{NUMBER}，电话13912345678")
    assert f'data-fill="customer_number" data-value="{NUMBER}" data-source="text"' in said
    assert 'data-fill="phone" data-value="13912345678" data-source="text"' in said


def test_a_second_complaint_keeps_its_place_though_the_first_is_empty(agent):
    said = hint(agent, "", **{"text-1": OUTAGE})
    assert re.findall(r'<article class="[^"]*" data-index="(\d)"', said) == ["1"]


def test_a_known_outage_at_the_address_is_told_while_the_agent_types(app, agent, client_as):
    now = datetime.now(UTC)
    body = {
        "number": "261123000001",
        "kind": "fault",
        "unit_code": "330101",
        "reason": "线路跳闸",
        "transformer_areas": "滨河03台区",
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
    }
    done = client_as("dispatcher").post("/outages", data=body)
    assert done.status_code == 303, done.text
    assert "线路跳闸" in hint(agent, OUTAGE, customer_number=NUMBER)
    assert "线路跳闸" not in hint(agent, OUTAGE)


# --- what was registered


def registered(page):
    """The words of the note above the form, or nothing."""
    found = re.search(r'<div id="registered" class="[^"]*" role="status">(.*?)</div>', page, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]) if found else ""


def test_what_was_registered_stands_above_an_empty_form_with_who_has_it_and_until_when(agent, store):
    form = {**FORM, "unit_code": "330101", "text-0": OUTAGE, "text-1": "电线掉下来有人触电了", "phone": PHONE, "action": "submit"}
    page = agent.get(agent.post("/complaints/new", data=form).location).text
    said, tickets = registered(page), store.taken_by("agent")
    assert "✓ 已登记 2 张工单" in said
    for ticket in tickets:
        assert f"{ticket.number} " in said
        assert re.search(rf'href="/tickets/{ticket.number}"', page)
    assert "特殊" in said
    assert re.search(r"接单 \d\d-\d\d \d\d:\d\d 前", said)
    assert PHONE not in page
    assert f'value="{KEY}"' not in page


def test_a_doubtful_one_says_that_a_dispatcher_has_it_and_one_that_was_answered_that_it_has_ended(agent, register):
    assert "转 派单员 审核" in registered(agent.get(f"/complaints/new?done={register('可能是电表的问题', unit_code='')}").text)
    about = {"topic-0": "outage.fault.single", "demand_type-0": "fault", "mode-0": "answer", "answer-0": "已告知"}
    assert "已派" not in registered(agent.get(f"/complaints/new?done={register(**about)}").text)


@pytest.mark.parametrize("done", ["", "1", "{number}x", "另"], ids=["nothing", "no number", "nearly one", "Chinese"])
def test_an_address_that_names_no_ticket_of_the_agents_own_says_nothing(agent, register, done):
    number = register()
    assert registered(agent.get("/complaints/new", query_string={"done": done.format(number=number)}).text) == ""


# --- a ticket that is there already


def links(said):
    return re.findall(r'name="link"[^>]*value="([^"]+)"', said)


def test_a_callers_own_ticket_is_offered_to_be_chased_or_supplemented(agent, register):
    number = register(phone="13912340000")
    offered = links(hint(agent, OUTAGE, phone="13912340000"))
    assert offered == [f"chase:0:{number}:1", f"supplement:0:{number}:1"]


def test_an_ended_ticket_is_named_without_a_way_to_chase_it(agent, register):
    about = {"topic-0": "outage.fault.single", "demand_type-0": "fault", "mode-0": "answer", "answer-0": "已告知"}
    number = register(phone="13912340000", **about)
    said = hint(agent, OUTAGE, phone="13912340000")
    assert number in said
    assert links(said) == []


def test_chasing_opens_no_ticket_keeps_the_words_and_forgets_the_draft(agent, store, register):
    number = register(phone="13912340000")
    form = {**FORM, "text-0": "还没有来人，又等了一个小时", "phone": "13912340000"}
    agent.post("/complaints/draft", data=form)
    answer = agent.post("/complaints/link", data={**form, "link": f"chase:0:{number}:1"})
    assert answer.location == f"/tickets/{number}"
    ticket = store.ticket(number)
    assert ticket.chases == 1
    assert len(store.taken_by("agent")) == 1
    assert [note["text"] for notes in store.notes(number).values() for note in notes if note["kind"] == "reason"] == ["还没有来人，又等了一个小时"]
    assert "有未提交的登记" not in agent.get("/complaints/new").text


def test_a_supplement_says_where_to_reach_who_called_because_it_may_be_somebody_else(agent, store, register):
    number = register()
    form = {**FORM, "text-0": OUTAGE, "unit_code": "330101", "phone": "13912340000"}
    assert "其他客户" in hint(agent, OUTAGE)
    agent.post("/complaints/link", data={**form, "link": f"supplement:0:{number}:1"})
    words = [note["text"] for notes in store.notes(number).values() for note in notes if note["kind"] == "supplement"]
    assert words == [f"{OUTAGE}\n来电电话：13912340000"]
    assert "13912340000" not in agent.get(f"/tickets/{number}").text


def test_linking_one_complaint_leaves_the_others_to_be_registered(agent, store, register):
    number = register(phone="13912340000")
    form = {**FORM, "text-0": OUTAGE, "text-1": "电表也不准，要求校验"}
    page = agent.post("/complaints/link", data={**form, "link": f"chase:0:{number}:1"}).text
    assert "已催办" in page
    assert re.findall(r'name="text-(\d)"', page) == ["0"]
    assert "电表也不准" in page
    assert len(store.taken_by("agent")) == 1


def test_linking_twice_links_once_and_says_what_happened(agent, store, register):
    number = register(phone="13912340000")
    form = {**FORM, "text-0": OUTAGE, "link": f"chase:0:{number}:1"}
    first, second = (agent.post("/complaints/link", data=form) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 412)
    assert "已被他人更新" in second.text
    assert OUTAGE in second.text
    assert store.ticket(number).chases == 1


def test_a_customers_open_tickets_can_be_chased_from_the_record_when_something_is_written(agent, store, register):
    number = register(customer_number=NUMBER)
    record = agent.post("/complaints/customer", data={"lookup": NUMBER}, headers=BY_SCRIPT).text
    assert links(record) == [f"chase:0:{number}:1", f"supplement:0:{number}:1"]
    wordless = agent.post("/complaints/link", data={**FORM, "text-0": " ", "link": links(record)[0]})
    assert (wordless.status_code, "请先写下客户这次说的话" in wordless.text) == (422, True)
    assert 'href="#complaints-0-text"' in wordless.text
    assert store.ticket(number).chases == 0
    assert agent.post("/complaints/link", data={**FORM, "text-0": "还没来人", "link": links(record)[0]}).status_code == 303
    assert store.ticket(number).chases == 1


@pytest.mark.parametrize(
    ("link", "status"),
    [
        ("", 422),
        ("merge:0:{number}:1", 422),
        ("chase:x:{number}:1", 422),
        ("chase:7:{number}:1", 422),
        ("chase:0:{number}:", 422),
        ("chase:0:9:1", 404),
    ],
    ids=["nothing", "another move", "no place", "no such complaint", "no version", "no such ticket"],
)
def test_a_link_that_is_none_is_said_and_changes_nothing(agent, store, register, link, status):
    number = register(phone="13912340000")
    answer = agent.post("/complaints/link", data={**FORM, "text-0": OUTAGE, "link": link.format(number=number)})
    assert answer.status_code == status
    assert OUTAGE in answer.text
    assert store.ticket(number).version == 1


# --- drafts


def test_a_draft_is_offered_on_the_next_opening_and_brings_everything_back(agent):
    form = {**FORM, "text-0": OUTAGE, "text-1": "电表不准", "phone": PHONE, "is_confidential": "1", "topic-0": "outage.fault.single"}
    assert "草稿已存" in agent.post("/complaints/draft", data=form).text
    page = agent.get("/complaints/new").text
    assert "有未提交的登记" in page
    assert [personal for personal in (PHONE, OUTAGE) if personal in page] == []
    again = agent.get(f"/complaints/new?draft={KEY}").text
    assert [kept for kept in (OUTAGE, "电表不准", f'value="{PHONE}"', f'value="{KEY}"') if kept not in again] == []
    assert re.search(r'name="is_confidential" value="1" checked', again)
    assert "有未提交的登记" not in again


def test_a_draft_that_is_gone_on_with_brings_the_customers_record_back(agent, register):
    register(customer_number=NUMBER)
    agent.post("/complaints/draft", data={**FORM, "text-0": OUTAGE, "customer_number": NUMBER})
    agent.post("/complaints/draft", data={**FORM, "text-0": OUTAGE, "customer_number": "9" * 10, "submission_key": KEY[::-1]})
    assert "在办工单 1" in agent.get(f"/complaints/new?draft={KEY}").text
    assert agent.get(f"/complaints/new?draft={KEY[::-1]}").status_code == 200


def test_a_draft_survives_signing_out(client_as):
    first = client_as("agent")
    first.post("/complaints/draft", data={**FORM, "text-0": OUTAGE})
    first.post("/sign-out")
    assert OUTAGE in client_as("agent").get(f"/complaints/new?draft={KEY}").text


def test_a_draft_is_forgotten_when_it_is_registered_discarded_or_emptied(agent):
    form = {**FORM, "text-0": OUTAGE, "unit_code": "330101"}
    agent.post("/complaints/draft", data=form)
    agent.post("/complaints/new", data={**form, "action": "submit"})
    assert "有未提交的登记" not in agent.get("/complaints/new").text
    other = {**form, "submission_key": KEY[::-1]}
    agent.post("/complaints/draft", data=other)
    assert agent.post("/complaints/draft/drop", data={"key": KEY[::-1]}).status_code == 303
    assert "有未提交的登记" not in agent.get("/complaints/new").text
    assert "草稿已丢弃" not in agent.get("/complaints/new").text
    agent.post("/complaints/draft", data=other)
    assert agent.post("/complaints/draft", data={**FORM, "submission_key": KEY[::-1], "text-0": " "}).text == ""
    assert "有未提交的登记" not in agent.get("/complaints/new").text


def test_a_draft_that_was_discarded_by_mistake_is_back_with_one_press(agent, client_as):
    agent.post("/complaints/draft", data={**FORM, "text-0": OUTAGE})
    dropped = agent.post("/complaints/draft/drop", data={"key": KEY})
    page = agent.get(dropped.location).text
    assert [word for word in ("草稿已丢弃", "秒内可撤销", f'name="key" value="{KEY}"') if word not in page] == []
    back = agent.post("/complaints/draft/restore", data={"key": KEY})
    assert OUTAGE in agent.get(back.location).text
    again = agent.post("/complaints/draft/restore", data={"key": KEY})
    assert (again.status_code, "没有可恢复的草稿" in again.text) == (404, True)
    assert client_as("dispatcher").post("/complaints/draft/restore", data={"key": KEY}).status_code == 403


def test_a_form_that_was_refused_keeps_its_draft(agent):
    form = {**FORM, "text-0": OUTAGE, "phone": "没有"}
    agent.post("/complaints/draft", data=form)
    assert agent.post("/complaints/new", data={**form, "action": "submit"}).status_code == 422
    assert "有未提交的登记" in agent.get("/complaints/new").text


def test_somebody_elses_draft_opens_an_empty_form(agent, store):
    save_draft(KEY, {"complaints": [{"text": OUTAGE}]}, username="dispatcher", store=store, now=datetime.now(UTC))
    page = agent.get(f"/complaints/new?draft={KEY}").text
    assert OUTAGE not in page
    assert f'name="submission_key" value="{KEY}"' not in page


def test_a_draft_without_a_key_of_ours_is_refused(agent):
    assert agent.post("/complaints/draft", data={**FORM, "submission_key": "x y", "text-0": OUTAGE}).status_code == 422


# --- callbacks


@pytest.fixture
def reviewed(client_as, store, register):
    """A ticket that waits for its callback."""

    def through_the_pages(**fields):
        number = register(caller_name=NAME, phone=PHONE, **fields)
        way = [("repair", "accept", {}), ("repair", "contact", {}), ("repair", "arrive", {})]
        way += [("repair", "resolve", {"reply": "已修复", "finding": "upheld"}), ("dispatcher", "review", {})]
        for username, code, data in way:
            done = client_as(username).post(f"/tickets/{number}/moves/{code}", data={"version": str(store.ticket(number).version), **data})
            assert done.status_code == 303, done.text
        return number

    return through_the_pages


def send(client, store, number, move, **data):
    return client.post(f"/callbacks/{number}/{move}", data={"version": str(store.ticket(number).version), **data})


def test_who_is_to_be_called_stands_there_masked_with_deadline_and_a_key_for_each_answer(agent, reviewed):
    number = reviewed(callback_phone="13900002002", relation="third_party")
    page = agent.get("/callbacks").text
    assert number in page
    assert "139****2002" in page
    assert "回访电话" in page
    assert "代他人反映" in page
    assert re.findall(r'aria-keyshortcuts="(Alt\+\d)"', page) == [f"Alt+{n}" for n in (*range(1, 10), 0)]
    assert [personal for personal in (PHONE, "13900002002", NAME) if personal in page] == []


@pytest.mark.parametrize("headers", [{}, BY_SCRIPT], ids=["page", "script"])
def test_the_number_is_shown_callback_phone_first_after_the_trail_says_who_looked(agent, store, reviewed, headers):
    number = reviewed(callback_phone="13900002002")
    shown = agent.post(f"/callbacks/{number}/phone", headers=headers).text
    assert shown.index("13900002002") < shown.index(PHONE)
    last = store.trail(number)[-1]
    assert (last["action"], last["actor"]) == ("reveal", "agent")
    assert PHONE not in agent.get("/callbacks").text


def test_one_key_keeps_the_answer_and_the_next_closes(agent, store, reviewed):
    number = reviewed()
    assert send(agent, store, number, "callback", satisfaction="2").location == f"/callbacks?done={number}"
    assert store.ticket(number).state is State.CALLED_BACK
    page = agent.get("/callbacks").text
    assert re.search(r"待归档</h2>.*满意", page, re.DOTALL)
    assert send(agent, store, number, "close").status_code == 303
    assert store.ticket(number).state is State.CLOSED
    assert "没有待回访的工单" in agent.get("/callbacks").text


def test_a_rating_and_a_closing_by_mistake_are_taken_back_one_after_the_other(agent, store, reviewed):
    number = reviewed()
    page = agent.get(send(agent, store, number, "callback", satisfaction="8").location).text
    assert [word for word in ("已回访：不满意", "秒内可撤销", f"/callbacks/{number}/undo_callback") if word not in page] == []
    page = agent.get(send(agent, store, number, "close").location).text
    assert f"/callbacks/{number}/undo_close" in page
    page = agent.get(send(agent, store, number, "undo_close").location).text
    assert "已撤销归档" in page
    assert store.ticket(number).state is State.CALLED_BACK
    assert send(agent, store, number, "undo_callback").status_code == 303
    assert (store.ticket(number).state, store.ticket(number).satisfaction) == (State.REVIEWED, "")
    refused = send(agent, store, number, "undo_callback")
    assert (refused.status_code, "不能“撤销回访”" in refused.text) == (409, True)
    assert "秒内可撤销" not in agent.get(f"/callbacks?done={number}").text


def test_who_is_not_content_can_have_it_worked_on_again(agent, store, reviewed):
    number = reviewed()
    send(agent, store, number, "callback", satisfaction="8")
    assert "重新办理" in agent.get("/callbacks").text


def test_who_was_not_reached_waits_and_the_page_says_when_it_was_tried(agent, store, reviewed):
    number = reviewed()
    assert send(agent, store, number, "attempt", result="busy").status_code == 303
    page = agent.get("/callbacks").text
    assert "稍后 1" in page
    assert "已尝试 1 次" in page
    assert "占线" in page
    assert "请稍后再试" in page


def test_an_appointed_time_is_shown_and_can_be_taken_back(agent, store, reviewed):
    number = reviewed()
    until = (datetime.now(UTC) + timedelta(hours=30)).isoformat()
    assert send(agent, store, number, "postpone", until=until).status_code == 303
    assert "客户约在" in agent.get("/callbacks").text
    assert send(agent, store, number, "resume").status_code == 303
    assert "可回访 1" in agent.get("/callbacks").text


def test_quiet_hours_are_said_and_offer_no_call(agent, store, reviewed):
    number, now = reviewed(), datetime.now(UTC)
    edit_row(store, "switches", {"code": "callback_quiet_until"}, {"value": "23:59"}, actor="tests", now=now)
    page = agent.get("/callbacks").text
    assert "不打扰客户" in page
    assert 'name="satisfaction"' not in page
    assert send(agent, store, number, "callback", satisfaction="1").status_code == 409


@pytest.mark.parametrize(
    ("move", "data", "status", "said"),
    [
        ("callback", {}, 422, "必填"),
        ("callback", {"satisfaction": "12"}, 422, "没有“12”"),
        ("callback", {"satisfaction": "1", "version": "1"}, 412, "已被他人更新"),
        ("close", {}, 409, "请先完成：回访"),
        ("merge", {}, 409, "没有这个操作"),
    ],
    ids=["no answer", "no such answer", "stale", "too early", "another's move"],
)
def test_what_cannot_be_is_said_on_the_list_and_changes_nothing(agent, store, reviewed, move, data, status, said):
    number = reviewed()
    answer = send(agent, store, number, move, **data)
    assert answer.status_code == status
    assert said in answer.text
    assert number in answer.text
    assert store.ticket(number).state is State.REVIEWED


@pytest.mark.parametrize("username", ["dispatcher", "repair", "auditor"])
def test_callbacks_are_the_agents_alone(client_as, store, reviewed, username):
    number = reviewed()
    client = client_as(username)
    assert client.post(f"/callbacks/{number}/phone").status_code == 403
    assert send(client, store, number, "callback", satisfaction="1").status_code == 403


def test_every_id_of_the_pages_is_there_once(agent, reviewed):
    reviewed()
    form = {**FORM, "text-0": OUTAGE, "text-1": f"电表不准，电话{PHONE}", "lookup": NUMBER, "action": "preview"}
    pages = [agent.get("/callbacks"), agent.post("/complaints/new", data=form), agent.post("/complaints/customer", data=form)]
    for page in pages:
        ids = re.findall(r'\sid="([^"]+)"', page.text)
        assert sorted(ids) == sorted(set(ids))
