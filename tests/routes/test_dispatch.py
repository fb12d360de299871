"""The dispatcher's pages without a script: the list and its filters, one ticket at a time, undo, checking replies, a storm."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from triage.complaint import read_contact
from triage.intake import receive
from triage.lifecycle import act
from triage.people import User, hasher
from triage.store.sql import block
from triage.terms import Role, State

DOUBTFUL = "可能是电表的事情，说不清楚"
OUTAGE = "小区可能停电了，整栋楼都没电"
OTHER = "dispatcher2"
REPLIED = block("UPDATE tickets SET state = 'resolved' WHERE number = :number")


def answered(store, ticket):
    """Let a ticket's department answer it, and give its number."""
    steps = [("dispatch", {"topic": "business.tariff.bill", "demand_type": "complaint", "unit_code": "330101"})]
    steps += [("accept", {}), ("contact", {"note": "已电话联系"}), ("resolve", {"reply": "已退差额", "finding": "upheld"})]
    for code, values in steps:
        now = store.ticket(ticket.number)
        role = User("dispatcher", "王", Role.DISPATCHER, "33", "command")
        who = role if code == "dispatch" else User("billing", "收费", Role.HANDLER, now.team_unit or "", now.department or "")
        act(ticket.number, code, values, user=who, version=now.version, store=store, rules=store.rules(), now=datetime.now(UTC))
    return ticket.number


@pytest.fixture
def taken(app, store):
    """Take complaints and give their tickets."""

    def take(*texts, at=None, **caller):
        made, parts, rules = [], app.extensions["triage"], store.rules()
        for text in texts:
            contact = read_contact({"complaints": [{"text": text}], "unit_code": "330101", **caller})
            made += receive(contact, predict=parts.predict, rules=rules, store=store, now=at or datetime.now(UTC), actor="agent")
        return made

    return take


@pytest.fixture
def dispatcher(client_as):
    return client_as("dispatcher")


@pytest.fixture
def second(client_as, store):
    """Another dispatcher."""
    store.add_user(User(OTHER, "赵敏", Role.DISPATCHER, "33", "command"), hasher().hash("second"), datetime.now(UTC))
    return client_as(OTHER)


def decide(client, store, number, move, desk="work", **fields):
    return client.post(f"/dispatch/{desk}/{number}/{move}", data={"version": str(store.ticket(number).version), **fields})


SEND = {"topic": "business.metering.device", "demand_type": "complaint"}


def test_the_desk_shows_the_ticket_with_reasons_words_and_candidates_and_takes_it(dispatcher, store, taken):
    (ticket,) = taken("可能停电了，我叫林建国，电话13800001001")
    page = dispatcher.get("/dispatch/work").text
    assert ticket.number in page
    assert "<mark>停电</mark>" in page
    assert "未达门槛" in page
    assert "单户停电" in page
    assert "临江市城区供电中心" in page
    assert "13800001001" not in page
    assert "林建国" not in page
    assert set(store.claims(datetime.now(UTC))) == {ticket.number}


def test_a_decision_leads_to_the_next_ticket_and_says_what_was_done_with_an_undo(dispatcher, store, taken):
    first, second, third = taken(DOUBTFUL, DOUBTFUL, DOUBTFUL)
    page = dispatcher.get("/dispatch/work").text
    assert f'name="next" value="{second.number}"' in page
    answer = decide(dispatcher, store, first.number, "dispatch", next=second.number, **SEND)
    assert answer.status_code == 303
    page = dispatcher.get(answer.location).text
    assert f"{first.number}</a> 已派单" in page
    assert "秒内可撤销" in page
    assert set(store.claims(datetime.now(UTC))) == {second.number}
    assert f'name="next" value="{third.number}"' in page
    answer = dispatcher.post(f"/dispatch/work/{first.number}/undo", data={"version": str(store.ticket(first.number).version)})
    page = dispatcher.get(answer.location).text
    assert "已撤销派单" in page
    assert "秒内可撤销" not in page
    assert store.ticket(first.number).state is State.PENDING_REVIEW
    assert first.number in store.claims(datetime.now(UTC))


def test_what_is_done_by_somebody_else_is_not_said_to_be_mine(dispatcher, second, store, taken):
    first, other = taken(DOUBTFUL, DOUBTFUL)
    decide(second, store, first.number, "dispatch", **SEND)
    assert "秒内可撤销" not in dispatcher.get(f"/dispatch/work?done={first.number}").text
    answer = dispatcher.post(f"/dispatch/work/{first.number}/undo", data={"version": str(store.ticket(first.number).version)})
    assert answer.status_code == 409
    assert f"由做出“派单”的人（{OTHER}）撤销" in answer.text
    assert other.number in answer.text


def test_the_next_ticket_is_one_that_nobody_else_has(dispatcher, second, store, taken):
    first, middle, last = taken(DOUBTFUL, DOUBTFUL, DOUBTFUL)
    second.get(f"/dispatch/work?number={middle.number}")
    page = dispatcher.get(f"/dispatch/work?number={first.number}").text
    assert f'name="next" value="{last.number}"' in page
    assert f"{OTHER} 处理中" in page
    answer = dispatcher.get(f"/dispatch/work?number={middle.number}")
    assert f"{OTHER} 正在处理此工单，现在只能查看" in answer.text
    assert store.claims(datetime.now(UTC))[middle.number] == OTHER
    refused = decide(dispatcher, store, middle.number, "dispatch", **SEND)
    assert refused.status_code == 409
    assert "正在处理此工单" in refused.text


def test_who_comes_second_is_told_who_did_what_and_sees_the_next_ticket(dispatcher, second, store, taken):
    first, other = taken(DOUBTFUL, DOUBTFUL)
    seen = store.ticket(first.number).version
    decide(second, store, first.number, "dispatch", **SEND)
    answer = dispatcher.post(f"/dispatch/work/{first.number}/dispatch", data={"version": str(seen), "next": other.number, **SEND})
    assert answer.status_code == 412
    assert f"{OTHER} 派单" in answer.text
    assert 'id="one"' in answer.text
    assert other.number in answer.text.split('id="one"')[1]


def test_when_everything_is_in_other_hands_it_says_so(dispatcher, second, taken):
    assert "没有待审核的工单" in dispatcher.get("/dispatch/work").text
    taken(DOUBTFUL)
    second.get("/dispatch/work")
    page = dispatcher.get("/dispatch/work").text
    assert "都有人在处理" in page


def test_skipping_gives_the_ticket_back(dispatcher, store, taken):
    first, other = taken(DOUBTFUL, DOUBTFUL)
    dispatcher.get("/dispatch/work")
    answer = dispatcher.post(f"/dispatch/work/{first.number}/skip", data={"next": other.number})
    assert store.claims(datetime.now(UTC)) == {}
    dispatcher.get(answer.location)
    assert set(store.claims(datetime.now(UTC))) == {other.number}


def at_work(page):
    """The number of the ticket that a page shows, and of the one that it names as the next."""
    return re.findall(r'id="one".*?(\d{16})</a>', page)[0], re.findall(r'name="next" value="(\d*)"', page)[-1]


def test_who_works_through_two_hundred_gets_the_next_one_too_and_what_was_skipped_again_after_it(dispatcher, store, taken):
    tickets = [ticket.number for ticket in taken(*[DOUBTFUL] * 203)]
    page = dispatcher.get("/dispatch/work").text
    assert "<small>203 张</small>" in page
    assert "其后还有 178 张" in page
    seen = []
    for _ in range(204):
        number, after = at_work(page)
        seen.append(number)
        page = dispatcher.get(dispatcher.post(f"/dispatch/work/{number}/skip", data={"next": after}).location).text
    assert seen == [*tickets, tickets[0]]
    page = dispatcher.get(f"/dispatch/work?number={tickets[201]}").text
    assert at_work(page) == (tickets[201], tickets[202])
    answer = decide(dispatcher, store, tickets[201], "dispatch", next=tickets[202], **SEND)
    page = dispatcher.get(answer.location).text
    assert (at_work(page), "<small>202 张</small>" in page) == ((tickets[202], tickets[0]), True)


def test_of_two_hundred_replies_none_is_left_out_either(dispatcher, store, taken):
    tickets = [ticket.number for ticket in taken(*[DOUBTFUL] * 201)]
    with store.writing():
        for number in tickets:
            store.run(REPLIED, number=number)
    page = dispatcher.get(f"/dispatch/review?from={tickets[199]}").text
    assert "<small>201 张</small>" in page
    assert at_work(page) == (tickets[199], tickets[200])


def test_a_ticket_that_somebody_else_decided_meanwhile_leads_back_to_the_top(dispatcher, second, store, taken):
    first, other, third = taken(DOUBTFUL, DOUBTFUL, DOUBTFUL)
    page = dispatcher.get("/dispatch/work").text
    assert at_work(page) == (first.number, other.number)
    decide(second, store, other.number, "dispatch", **SEND)
    answer = decide(dispatcher, store, first.number, "dispatch", next=other.number, **SEND)
    assert at_work(dispatcher.get(answer.location).text)[0] == third.number


def test_danger_to_life_is_said_to_who_works_further_down_the_queue(dispatcher, taken):
    _, other = taken(DOUBTFUL, DOUBTFUL)
    (danger,) = taken("电线掉地上冒火花，有人触电了")
    page = dispatcher.get(f"/dispatch/work?from={other.number}").text
    assert at_work(page)[0] == other.number
    assert re.search(rf'role="alert">■ 队列最前有人身安全工单：<a [^>]*>{danger.number}</a>', page)
    assert "队列最前有人身安全工单" not in dispatcher.get(f"/dispatch/work?number={danger.number}").text


def test_danger_that_nobody_has_accepted_is_chased_with_one_key_that_names_who_is_chased(dispatcher, client_as, store, taken):
    (danger,) = taken("电线掉地上冒火花，有人触电了")
    page = dispatcher.get("/dispatch/work").text
    assert 'aria-keyshortcuts="Alt+C">催办 配电抢修班（临江市城区供电中心）' in page
    assert decide(dispatcher, store, danger.number, "chase", reason="人身安全工单尚未接单，请立即接单").status_code == 303
    ticket = store.ticket(danger.number)
    assert (ticket.chases, ticket.is_watched) == (1, True)
    assert "，已催 1 次" in dispatcher.get("/dispatch/work").text
    assert client_as("repair").post(f"/tickets/{danger.number}/moves/accept", data={"version": str(ticket.version)}).status_code == 303
    assert "Alt+C" not in dispatcher.get("/dispatch/work").text.split("<dialog")[0]


def test_a_merge_from_the_desk_is_taken_back_with_one_key(dispatcher, store, taken):
    one, two, _ = taken(DOUBTFUL, DOUBTFUL, DOUBTFUL)
    answer = decide(dispatcher, store, one.number, "merge", parent=two.number, next=two.number)
    page = dispatcher.get(answer.location).text
    assert [word for word in (f"已合并到 {two.number}", "秒内可撤销") if word not in page] == []
    answer = dispatcher.post(f"/dispatch/work/{one.number}/undo", data={"version": str(store.ticket(one.number).version)})
    page = dispatcher.get(answer.location).text
    assert ("已撤销合并" in page, at_work(page)[0]) == (True, one.number)
    assert store.ticket(one.number).state is State.PENDING_REVIEW
    again = dispatcher.post(f"/dispatch/work/{one.number}/undo", data={"version": str(store.ticket(one.number).version)})
    assert again.status_code == 409


def test_what_is_missing_is_asked_for_beside_the_field_and_what_was_typed_stays(dispatcher, store, taken):
    (ticket,) = taken(DOUBTFUL)
    answer = decide(dispatcher, store, ticket.number, "refer", owner=" ")
    assert answer.status_code == 422
    assert "责任主体：必填，请补上" in answer.text
    answer = decide(dispatcher, store, ticket.number, "merge", parent="123")
    assert 'value="123"' in answer.text
    assert "没有工单 123" in answer.text


def test_a_peek_takes_nothing(dispatcher, store, taken):
    (ticket,) = taken(DOUBTFUL)
    page = dispatcher.get(f"/dispatch/work/{ticket.number}/peek").text
    assert ticket.number in page
    assert "<form" not in page
    assert store.claims(datetime.now(UTC)) == {}


def test_candidates_follow_the_demand_type_and_the_unit(dispatcher, taken):
    (ticket,) = taken(DOUBTFUL, unit_code="")
    assert "请先选供电单位" in dispatcher.get("/dispatch/work").text
    asked = f"/dispatch/work/{ticket.number}/candidates?demand_type=report&unit_code=330102"
    page = dispatcher.get(asked).text
    assert "请先选供电单位" not in page
    assert "举报" in page


def test_danger_to_life_stands_first_and_is_acknowledged_with_one_key(dispatcher, store, taken):
    taken(DOUBTFUL)
    (danger,) = taken("电线掉地上冒火花，有人触电了")
    page = dispatcher.get("/dispatch/work").text
    assert "已立即派抢修，核实后点“已阅”" in page
    decide(dispatcher, store, danger.number, "acknowledge")
    assert not store.ticket(danger.number).is_watched


def test_a_returned_ticket_shows_why_and_the_second_opinion(dispatcher, client_as, store, taken):
    (ticket,) = taken("家里停电了")
    data = {"version": "1", "return_reason": "other", "reason": "不是我们的设备"}
    assert client_as("repair").post(f"/tickets/{ticket.number}/moves/return", data=data).status_code == 303
    page = dispatcher.get("/dispatch/work").text
    assert "不是我们的设备" in page
    assert "复看" in page


def test_replies_are_checked_one_at_a_time(dispatcher, store, taken):
    first, other = (answered(store, ticket) for ticket in taken(DOUBTFUL, DOUBTFUL))
    page = dispatcher.get("/dispatch/review").text
    for words in ("已退差额", "属实", "对客户的承诺与时限", "已电话联系"):
        assert words in page
    assert decide(dispatcher, store, first, "review", desk="review").status_code == 303
    assert decide(dispatcher, store, other, "send_back", desk="review").status_code == 422
    assert decide(dispatcher, store, other, "send_back", desk="review", reason="请写明退了多少").status_code == 303
    assert (store.ticket(first).state, store.ticket(other).state) == (State.REVIEWED, State.ACCEPTED)
    assert "没有待审的回单" in dispatcher.get("/dispatch/review").text


# The list


def test_the_list_keeps_its_filter_in_the_address_and_counts(dispatcher, taken):
    taken(DOUBTFUL, at=datetime.now(UTC) - timedelta(hours=2))
    (there,) = taken(DOUBTFUL, unit_code="330102")
    page = dispatcher.get("/dispatch?unit=330102").text
    assert "1 张（共 2）" in page
    assert there.number in page
    assert "/dispatch/work?unit=330102" in page
    assert "没有符合筛选的工单" in dispatcher.get("/dispatch?state=returned").text
    assert dispatcher.get("/dispatch?level=huge").status_code == 422
    assert "1 张（共 2）" in dispatcher.get("/dispatch?age=60").text


def test_more_than_fifty_are_paged(dispatcher, taken):
    tickets = taken(*[DOUBTFUL] * 53)
    first, second = dispatcher.get("/dispatch").text, dispatcher.get("/dispatch?page=2").text
    assert "53 张" in first
    assert (tickets[0].number in first, tickets[0].number in second) == (True, False)
    assert (tickets[52].number in first, tickets[52].number in second) == (False, True)
    assert dispatcher.get("/dispatch?page=99").status_code == 200
    assert dispatcher.get("/dispatch?page=x").status_code == 200


# A storm


@pytest.fixture
def storm(taken):
    return taken(*(f"{OUTAGE}，{number}楼" for number in range(5)), customer_number="3301000001")


def test_a_storm_is_offered_and_merged_in_one_step(dispatcher, store, storm):
    page = dispatcher.get("/dispatch").text
    assert f"/dispatch/storm/{storm[0].number}" in page
    page = dispatcher.get(f"/dispatch/storm/{storm[0].number}").text
    assert page.count("checked>") == 5
    assert "滨河03台区" in page
    ticked = [f"{t.number}.{t.version}" for t in storm]
    answer = dispatcher.post(f"/dispatch/storm/{storm[0].number}", data={"parent": storm[0].number, "tickets": ticked})
    assert answer.status_code == 200
    assert "已把 4 张并入" in answer.text
    assert "主单还未派出，去派单" in answer.text
    assert [store.ticket(t.number).state for t in storm[1:]] == [State.MERGED] * 4


def test_what_changed_meanwhile_is_left_out_and_said(dispatcher, second, store, storm):
    ticked = [f"{t.number}.{t.version}" for t in storm]
    decide(second, store, storm[2].number, "dispatch", **SEND)
    second.get(f"/dispatch/work?number={storm[3].number}")
    answer = dispatcher.post(f"/dispatch/storm/{storm[0].number}", data={"parent": storm[0].number, "tickets": ticked})
    assert "已把 2 张并入" in answer.text
    assert "2 张没有合并" in answer.text
    assert f"{OTHER} 派单" in answer.text
    assert f"{OTHER} 正在处理此工单" in answer.text


def merged_at(page):
    return re.findall(r'name="merged_at" value="([^"]+)"', page)[0]


def test_a_storm_is_parted_again_with_one_press_and_says_what_stays_merged(dispatcher, second, store, storm):
    ticked = [f"{t.number}.{t.version}" for t in storm]
    page = dispatcher.post(f"/dispatch/storm/{storm[0].number}", data={"parent": storm[0].number, "tickets": ticked}).text
    assert [word for word in ("整组撤销", "秒内可撤销") if word not in page] == []
    assert "整组撤销" in dispatcher.get(f"/dispatch/storm/{storm[0].number}").text, "it is there after the page was loaded again"
    assert f"/dispatch/storm/{storm[0].number}/undo" not in second.get(f"/dispatch/storm/{storm[0].number}").text, "it is not another's"
    exempt = {"version": str(store.ticket(storm[2].number).version), "exemption_reason": "system", "reason": "系统中断"}
    assert second.post(f"/tickets/{storm[2].number}/moves/ask_exemption", data=exempt).status_code == 303
    answer = dispatcher.post(f"/dispatch/storm/{storm[0].number}/undo", data={"merged_at": merged_at(page)})
    assert answer.status_code == 200
    said = ("已撤销合并：3 张恢复为单独的工单", "1 张保持合并", f"“合并”之后 {OTHER} 已处理此工单")
    assert [word for word in said if word not in answer.text] == []
    assert [store.ticket(t.number).state for t in storm] == [State.MERGED if t is storm[2] else t.state for t in storm]
    again = dispatcher.post(f"/dispatch/storm/{storm[0].number}/undo", data={"merged_at": merged_at(page)})
    assert (again.status_code, "没有撤销" in again.text) == (409, True)


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        pytest.param({}, 409, "您没有", id="nothing merged"),
        pytest.param({"merged_at": "gestern"}, 422, "不是时间", id="no moment"),
    ],
)
def test_what_cannot_be_parted_says_why(dispatcher, storm, sent, status, says):
    answer = dispatcher.post(f"/dispatch/storm/{storm[0].number}/undo", data=sent)
    assert (answer.status_code, says in answer.text) == (status, True)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        pytest.param({"tickets": []}, "请至少勾选一张", id="nothing ticked"),
        pytest.param({"tickets": ["123"]}, "无法识别", id="no ticket"),
        pytest.param({"parent": "2026010100000001"}, "没有工单 2026010100000001", id="no parent"),
        pytest.param({"outage_number": "999999999999"}, "停电编号：没有", id="no outage"),
    ],
)
def test_a_group_that_cannot_be_merged_says_why(dispatcher, storm, sent, says):
    usual = {"parent": storm[0].number, "tickets": [f"{t.number}.{t.version}" for t in storm]}
    answer = dispatcher.post(f"/dispatch/storm/{storm[0].number}", data={**usual, **sent})
    assert answer.status_code in (404, 422)
    assert says in answer.text


def test_where_nothing_is_alike_it_says_what_makes_a_group(dispatcher, taken):
    assert "自动归为一组" in dispatcher.get("/dispatch/storm").text
    (ticket,) = taken(DOUBTFUL)
    assert "没有相似的报修" in dispatcher.get(f"/dispatch/storm/{ticket.number}").text


@pytest.mark.parametrize("path", ["/dispatch/work", "/dispatch/review", "/dispatch/storm"])
def test_the_desk_is_the_dispatchers_alone(client_as, path):
    for username in ("agent", "repair", "leader", "auditor", "admin"):
        assert client_as(username).get(path).status_code == 403


# The same for a program


@pytest.fixture
def program(app, store):
    """A program that works as the dispatcher."""
    store.add_token("token-of-the-desk", "dispatcher", "desk", datetime.now(UTC))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer token-of-the-desk"
    return client


def test_a_program_reads_the_groups_and_merges_one(program, store, storm):
    (group,) = program.get("/api/v1/storms").get_json()["groups"]
    assert (group["place"], group["unit_code"], group["parent"], len(group["tickets"])) == ("滨河03台区", "330101", storm[0].number, 5)
    tickets = {one["number"]: one["version"] for one in group["tickets"]}
    act_on = tickets | {storm[4].number: 9}
    done = program.post("/api/v1/storms/merge", json={"parent": group["parent"], "tickets": act_on}).get_json()
    assert done["merged"] == [t.number for t in storm[1:4]]
    assert [one["number"] for one in done["left_out"]] == [storm[4].number]
    assert store.ticket(storm[4].number).state is State.PENDING_REVIEW
    parted = program.post("/api/v1/storms/undo", json={"parent": group["parent"], "merged_at": done["merged_at"]}).get_json()
    assert (parted["parted"], parted["stay"]) == (done["merged"], [])
    again = program.post("/api/v1/storms/undo", json={"parent": group["parent"]})
    assert (again.status_code, "已经撤销过" in again.get_json()["error"]["message"]) == (409, True)


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        pytest.param({}, ["parent", "tickets"], id="nothing"),
        pytest.param(
            {"parent": 1, "tickets": [], "colour": "red", "outage_number": 2}, ["colour", "parent", "outage_number", "tickets"], id="all wrong"
        ),
        pytest.param({"parent": "2026010100000001", "tickets": {"2026010100000001": True}}, ["tickets"], id="a truth is no version"),
        pytest.param({"parent": "2026010100000001", "tickets": {}}, ["tickets"], id="no ticket"),
    ],
)
def test_what_a_program_sends_is_checked(program, sent, fields):
    answer = program.post("/api/v1/storms/merge", json=sent)
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.get_json()["error"]["problems"]] == fields


def test_a_program_takes_a_dispatch_back(program, store, taken):
    (ticket,) = taken(DOUBTFUL)
    where = f"/api/v1/tickets/{ticket.number}/moves"
    sent = program.post(f"{where}/dispatch", json=SEND, headers={"If-Match": "1"})
    assert "undo_dispatch" in {move["code"] for move in sent.get_json()["moves"]}
    back = program.post(f"{where}/undo_dispatch", json={}, headers={"If-Match": "2"})
    assert back.get_json()["state"] == "pending_review"
