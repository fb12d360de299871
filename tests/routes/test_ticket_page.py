"""The ticket's page as a workplace: what comes next stands open, inputs fit, a conflict loses nothing, a sheet can be printed."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from routes.web.keys import LETTERS, letters_of
from triage.complaint import read_contact
from triage.intake import receive
from triage.moves import BY_CODE, MOVES
from triage.terms import Role, State

FAULT, METER, DANGER = "家里停电两小时了", "电表坏了，要求换表", "电线掉地上冒火花，有人触电了"
PHONE, NAME = "13800001001", "林建国"


@pytest.fixture
def taken(app, store):
    """Take a complaint and give its number."""

    def take(text=FAULT, **values):
        call = read_contact({"complaints": [{"text": text}], "unit_code": "330101", "phone": PHONE, "caller_name": NAME, **values})
        (one,) = receive(call, predict=app.extensions["triage"].predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")
        return one.number

    return take


@pytest.fixture
def move(client_as, store):
    """Make moves as a user, each with its fields."""

    def moved(username, number, *codes, **fields):
        for code in codes:
            data = {"version": store.ticket(number).version, **fields}
            answer = client_as(username).post(f"/tickets/{number}/moves/{code}", data=data)
            assert answer.status_code == 303, answer.text

    return moved


def open_moves(page):
    return re.findall(r'<details class="move"[^>]* id="move-(\w+)" open>', page)


def form_of(page, code):
    return page.partition(f'id="move-{code}"')[2].partition("</details>")[0]


@pytest.mark.parametrize(
    ("text", "before", "username", "likely"),
    [
        (FAULT, [], "repair", "accept"),
        (FAULT, ["accept"], "repair", "arrive"),
        (FAULT, ["accept", "arrive"], "repair", "resolve"),
        (METER, ["accept"], "metering", "contact"),
        (METER, ["accept", "contact"], "metering", "resolve"),
        (DANGER, [], "leader", "accept"),
    ],
    ids=["new", "fault accepted", "fault on site", "meter accepted", "meter contacted", "a special one, though help is asked of the leader's unit"],
)
def test_the_move_that_comes_next_stands_open_and_no_other(client_as, move, taken, text, before, username, likely):
    number = taken(text)
    move(username, number, *before)
    assert open_moves(client_as(username).get(f"/tickets/{number}").text) == [likely]


def test_what_can_be_taken_back_is_offered_and_never_stands_open_by_itself(client_as, store, move, taken):
    number, other = taken(METER), taken(METER)
    move("dispatcher", number, "merge", parent=other)
    page = client_as("dispatcher").get(f"/tickets/{number}").text
    assert 'id="move-undo_merge"' in page
    assert "undo_merge" not in open_moves(page)
    move("dispatcher", number, "undo_merge")
    assert store.ticket(number).state is State.DISPATCHED


def test_what_somebody_waits_for_comes_before_the_tickets_own_way(client_as, move, taken):
    number = taken(METER)
    move("metering", number, "accept")
    move("metering", number, "co_handle", co_department="billing", task="请核对电费")
    assert open_moves(client_as("billing").get(f"/tickets/{number}").text) == ["co_reply"]
    move("agent", number, "chase", reason="客户催问")
    assert open_moves(client_as("metering").get(f"/tickets/{number}").text) == ["answer_chase"]


def test_the_lead_crew_reads_whose_feedback_it_waits_for_before_it_can_resolve(client_as, move, taken):
    number, said = taken(METER), "协办还没有反馈：电费管理中心。反馈后才能办结"
    move("metering", number, "accept")
    assert said not in client_as("metering").get(f"/tickets/{number}").text
    move("metering", number, "co_handle", co_department="billing", task="请核对电费")
    assert said in client_as("metering").get(f"/tickets/{number}").text
    assert said not in client_as("billing").get(f"/tickets/{number}").text
    move("billing", number, "co_reply", reply="电费已核对")
    assert said not in client_as("metering").get(f"/tickets/{number}").text


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("role", Role)
def test_no_two_moves_that_can_stand_on_one_page_share_a_letter(state, role):
    moves = [one for one in MOVES if state in one.sources and role in one.roles]
    letters = letters_of(moves)
    assert len(set(letters.values())) == len(moves)
    assert not set(letters.values()) & {"", "D", "E", "F"}


def test_every_move_has_a_letter_and_no_letter_is_of_a_move_that_is_not():
    assert set(LETTERS) == set(BY_CODE)


def test_a_teams_usual_moves_keep_their_letters_on_every_page():
    usual = [BY_CODE[code] for code in ("accept", "contact", "arrive", "resolve", "return", "pause", "co_handle", "ask_extension")]
    assert "".join(letters_of(usual)[one.code] for one in usual) == "JLCBTZXY"


def test_inputs_fit_what_is_asked_for(client_as, move, taken):
    number = taken(METER)
    move("metering", number, "accept")
    page = client_as("metering").get(f"/tickets/{number}").text
    assert 'type="datetime-local"' in form_of(page, "pause")
    assert 'type="number"' in form_of(page, "ask_extension")
    assert "个工作日" in form_of(page, "ask_extension")
    assert re.search('<option value="metering"[^>]*>计量中心处理人', form_of(page, "assign"))
    assert 'value="repair"' not in form_of(page, "assign")


def test_an_amount_in_words_is_refused_by_the_server_too(client_as, store, move, taken):
    number = taken(METER)
    move("metering", number, "accept")
    data = {"version": store.ticket(number).version, "amount": "两天", "reason": "等备件"}
    answer = client_as("metering").post(f"/tickets/{number}/moves/ask_extension", data=data)
    assert answer.status_code == 422
    assert "等备件</textarea>" in answer.text


def test_reply_templates_stand_beside_the_reply_filled_in(client_as, move, taken):
    number = taken(METER)
    move("metering", number, "accept", "contact")
    form = form_of(client_as("metering").get(f"/tickets/{number}").text, "resolve")
    assert 'data-fills="resolve-reply"' in form
    assert "临江市城区供电中心" in form
    assert "{unit}" not in form


def test_who_comes_second_sees_what_was_done_and_keeps_what_was_typed(client_as, store, move, taken):
    number = taken(METER)
    move("metering", number, "accept", "contact")
    seen = store.ticket(number).version
    move("agent", number, "chase", reason="客户催问")
    data = {"version": seen, "reply": "已换表，写了很久的答复", "finding": "upheld"}
    answer = client_as("metering").post(f"/tickets/{number}/moves/resolve", data=data)
    assert answer.status_code == 412
    assert re.search(r"<li>.*agent <strong>催办</strong></li>", answer.text)
    assert open_moves(answer.text) == ["resolve"]
    assert "已换表，写了很久的答复</textarea>" in form_of(answer.text, "resolve")
    assert '<option value="upheld" selected>' in form_of(answer.text, "resolve")
    again = re.search(r'name="version" value="(\d+)"', form_of(answer.text, "resolve"))[1]
    assert client_as("metering").post(f"/tickets/{number}/moves/resolve", data={**data, "version": again}).status_code == 303


def test_what_was_typed_is_kept_even_where_the_move_is_gone(client_as, store, move, taken):
    number = taken(METER)
    move("metering", number, "accept", "contact")
    seen = store.ticket(number).version
    move("metering", number, "resolve", reply="同事已答复", finding="upheld")
    answer = client_as("metering").post(f"/tickets/{number}/moves/resolve", data={"version": seen, "reply": "我写了很久", "finding": "upheld"})
    assert answer.status_code == 412
    assert "您刚才填写的内容" in answer.text
    assert "<dd>我写了很久</dd>" in answer.text


def test_a_clock_that_stands_still_is_shown_as_such_and_the_others_run_on(client_as, move, taken):
    number = taken(METER)
    move("metering", number, "accept", "contact")
    move("metering", number, "pause", pause_kind="waiting_customer", reason="等客户")
    move("agent", number, "chase", reason="客户催问")
    rows = re.findall(r"<tr>\s*<td>([^<]+)</td>(.*?)</tr>", client_as("metering").get(f"/tickets/{number}").text, re.DOTALL)
    still = {step for step, rest in rows if "❚❚ 暂停" in rest}
    assert "处理回复" in still
    assert "催办答复" not in still


def test_the_crew_restores_with_words_to_begin_with(client_as, move, taken):
    number = taken(FAULT)
    move("repair", number, "accept", "arrive")
    page = client_as("repair").get(f"/tickets/{number}").text
    link = re.search(r'<a role="button" href="([^"]+)">恢复送电</a>', page)[1]
    form = form_of(client_as("repair").get(link.partition("#")[0]).text, "resolve")
    assert "恢复供电。</textarea>" in form
    assert '<option value="upheld" selected>' in form
    assert "恢复供电。</textarea>" not in page


def test_the_crews_bar_offers_what_is_possible_now_and_nobody_elses_page_has_it(client_as, move, taken):
    number = taken(FAULT)
    assert re.findall(r"<button>(接单|到达现场)</button></form>", client_as("repair").get(f"/tickets/{number}").text.partition("crew-bar")[2]) == [
        "接单"
    ]
    move("repair", number, "accept")
    bar = client_as("repair").get(f"/tickets/{number}").text.partition("crew-bar")[2]
    assert f'<a role="button" href="/tickets/{number}?do=arrive#move-arrive">到达现场</a>' in bar, (
        "an arrival has no way back: the bar leads to its form"
    )
    assert "crew-bar" not in client_as("dispatcher").get(f"/tickets/{number}").text


def test_an_address_that_names_a_move_opens_it_only_where_it_can_be_made(client_as, taken):
    number = taken(FAULT)
    assert open_moves(client_as("repair").get(f"/tickets/{number}?do=return").text) == ["return"]
    assert open_moves(client_as("repair").get(f"/tickets/{number}?do=resolve").text) == ["accept"]
    assert "<script>x" not in client_as("repair").get(f"/tickets/{number}?do=<script>x").text


def test_an_outage_is_linked_with_when_power_is_back(client_as, store, taken):
    number, now = taken(FAULT), datetime.now(UTC)
    values = {"kind": "fault", "state": "announced", "unit_code": "330101", "made_by": "dispatcher", "number": "T1", "version": 1}
    moments = {name: (now + timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for name, h in (("starts_at", -1), ("ends_at", 2), ("made_at", -1))}
    row = {**values, **moments}
    store.connection.exec_driver_sql(f"INSERT INTO outages ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})", tuple(row.values()))
    store.connection.exec_driver_sql("UPDATE tickets SET outage_number = 'T1' WHERE number = ?", (number,))
    page = client_as("repair").get(f"/tickets/{number}").text
    assert "关联停电" in page
    assert re.search(r"预计 <time[^>]*>[^<]*</time> 送电", page)


def test_the_printed_sheet_is_masked_and_says_who_printed_it_and_when(client_as, taken):
    number = taken(f"停电了，我叫{NAME}，请打{PHONE}")
    answer = client_as("repair").get(f"/tickets/{number}/print")
    assert number in answer.text
    assert PHONE not in answer.text
    assert NAME not in answer.text
    assert re.search(r"打印人 配电抢修班处理人（repair） · 打印时间 \d{4}-\d\d-\d\d \d\d:\d\d", answer.text)
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", answer.text) == []
    assert client_as("billing").get(f"/tickets/{number}/print").status_code == 403
