"""The agent's workplace in a real browser: a call by keyboard alone, the input method, drafts, undo; the model is a fake, the rest is real."""

import re
import time
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.routes.conftest import fake_predict
from tests.triage.samples import contact, user
from triage.intake import receive
from triage.lifecycle import act
from triage.moves import BY_CODE
from triage.terms import State

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]
OUTAGE = "家里停电两小时了，邻居都有电"
METERS = "3301009901", "3301009902", "3301009903"
RECORD = {"name": "江海明", "phone": "13900002222", "unit_code": "330101", "locality": "urban", "transformer_area": "", "key_kind": ""}
COMPOSING = """(node, [before, after]) => {
    const say = (type, data, isComposing) => node.dispatchEvent(new InputEvent(type, {data, isComposing, bubbles: true}));
    node.dispatchEvent(new CompositionEvent("compositionstart", {bubbles: true}));
    node.value = before;
    say("input", before, true);
    node.dispatchEvent(new KeyboardEvent("keydown", {code: "Digit1", key: "1", altKey: true, isComposing: true, bubbles: true}));
    node.dispatchEvent(new KeyboardEvent("keydown", {code: "Enter", key: "Enter", isComposing: true, bubbles: true}));
}"""
COMPOSED = """(node, text) => {
    node.value = text;
    node.dispatchEvent(new CompositionEvent("compositionend", {data: text, bubbles: true}));
}"""


@pytest.fixture
def store(served_store):
    """The store, which knows a customer with three meters."""
    with served_store.writing():
        served_store.add_missing("customers", [{**RECORD, "number": number, "address": f"柳荫路{number[-1]}号"} for number in METERS])
    return served_store


@pytest.fixture
def enter(served, sign_in, store):
    """Sign in on a page and open the empty form."""

    def entered(page):
        sign_in(page, "agent")
        page.goto(f"{served.address}/complaints/new")
        expect(page.locator("#complaints-0-text")).to_be_focused()
        return page

    return entered


@pytest.fixture
def asked(page):
    """The paths that the page has asked for, in their order."""
    paths = []
    page.on("request", lambda request: paths.append(re.sub(r"https?://[^/]+", "", request.url)))
    return paths


def rest(page):
    """Wait until the draft is kept and nothing is asked any more, so that leaving the page breaks nothing off."""
    expect(page.locator("#draft-state")).to_contain_text("草稿已存")
    page.wait_for_load_state("networkidle")


def test_a_complaint_is_registered_from_the_call_to_the_ticket_by_keyboard_alone(page, enter, store):
    keys = enter(page).keyboard
    keys.press("Alt+k")
    keys.type("13800001001")
    keys.press("Enter")
    expect(page.locator(".record")).to_contain_text("林建国")
    expect(page.locator("#complaints-0-text")).to_be_focused()
    keys.type(OUTAGE)
    expect(page.locator("#preview .candidates")).to_be_visible()
    keys.press("Alt+1")
    expect(page.locator("[name=topic-0]")).to_have_value("outage.fault.single")
    expect(page.locator("[name=demand_type-0]")).to_have_value("fault")
    rest(page)
    keys.press("Alt+Enter")
    expect(page.locator("#registered")).to_contain_text("✓ 已登记")
    ticket = store.ticket(page.locator("#registered a").inner_text())
    assert (ticket.text, ticket.topic, ticket.unit_code) == (OUTAGE, "outage.fault.single", "330101")
    assert store.decisions_of(ticket.number)[-1]["made_by"] == "agent"
    assert store.contact(ticket.contact_id)["customer_number"] == "3301000001"


def test_the_next_call_is_written_at_once_below_what_was_registered_which_a_reader_hears(page, enter):
    keys = enter(page).keyboard
    keys.type(OUTAGE)
    rest(page)
    page.add_init_script("""addEventListener("DOMContentLoaded", () => {
        window.heard = [];
        const node = document.getElementById("registered");
        if (node) new MutationObserver(() => window.heard.push(node.innerText)).observe(node, {childList: true});
    })""")
    keys.press("Alt+Enter")
    note = page.locator("#registered[role=status]")
    expect(note).to_contain_text(re.compile(r"✓ 已登记.*\d{16} .*派单员 审核", re.DOTALL))
    expect(page.locator("#complaints-0-text")).to_be_focused()
    expect(page.locator("#complaints-0-text")).to_have_value("")
    keys.type("电费贵")
    rest(page)
    assert [len(heard) < 100 and "已登记" in heard for heard in page.evaluate("window.heard")] == [True]
    expect(page.locator("#complaints-0-text")).to_have_value("电费贵")
    expect(note).to_be_visible()


@pytest.mark.parametrize(("key", "kind"), [("Alt+c", "reason"), ("Alt+s", "supplement")], ids=["chase", "supplement"])
def test_a_ticket_that_is_listed_is_chased_or_supplemented_by_its_key_pressed_twice(page, enter, store, key, kind):
    made = take(store, OUTAGE)
    enter(page).locator("#phone").fill("13800001001")
    page.locator("#complaints-0-text").focus()
    keys = page.keyboard
    keys.type(OUTAGE)
    own = page.locator(f".alikes [data-letter={key[-1].upper()}]")
    expect(own).to_have_count(1)
    keys.press(key)
    expect(own).to_be_focused()
    rest(page)
    assert store.ticket(made.number).version == made.version, "one press alone does nothing"
    keys.press(key)
    page.wait_for_url(f"**/tickets/{made.number}")
    assert [note["kind"] for notes in store.notes(made.number).values() for note in notes if OUTAGE in note["text"]] == ["text", kind]
    assert len(store.taken_by("agent")) == 1


def test_the_keys_go_to_the_ticket_that_has_the_focus_and_take_the_words_of_the_complaint_that_is_written(page, enter, store):
    first, second = (take(store, text, customer_number="3301000001") for text in ("电表不准，要求校验", "电费贵，要求退费"))
    keys = enter(page).keyboard
    keys.type("先说停电的事")
    rest(page)
    keys.press("Alt+n")
    expect(page.locator("#complaints-1-text")).to_be_focused()
    keys.press("Alt+k")
    keys.type("3301000001")
    keys.press("Enter")
    expect(page.locator(".record .brief [name=link]")).to_have_count(4)
    expect(page.locator("#complaints-1-text")).to_be_focused()
    latest, other = page.locator(".record .brief", has=page.locator("[name=link]")).all()
    keys.press("Alt+c")
    expect(latest.locator("[data-letter=C]")).to_be_focused()
    page.locator("#complaints-1-text").focus()
    keys.type("上次说的，请快一点")
    rest(page)
    keys.press("Alt+c")
    expect(page.locator("article:not([data-asleep]) .alikes [data-letter=C]").first).to_be_focused()
    other.locator("[data-letter=S]").focus()
    keys.press("Alt+c")
    expect(other.locator("[data-letter=C]")).to_be_focused()
    numbers = [one.locator("[data-letter=C]").get_attribute("value").split(":")[2] for one in (latest, other)]
    assert sorted(numbers) == [first.number, second.number]
    keys.press("Alt+c")
    expect(page.locator(".flash")).to_contain_text(f"已催办工单 {numbers[1]}")
    assert [store.ticket(number).chases for number in numbers] == [0, 1]
    expect(page.locator("[name^=text-]")).to_have_value("先说停电的事")
    assert "上次说的，请快一点" in [note["text"] for notes in store.notes(numbers[1]).values() for note in notes]


def test_nothing_is_asked_while_the_input_method_composes_and_no_key_answers(page, enter, asked):
    text = enter(page).locator("#complaints-0-text")
    asked.clear()
    text.evaluate(COMPOSING, ["ting dian", ""])
    page.wait_for_timeout(1500)
    assert asked == []
    assert page.url.endswith("/complaints/new")
    text.evaluate(COMPOSED, OUTAGE)
    expect(page.locator("#preview .candidates")).to_be_visible()
    rest(page)
    assert [path for path in asked if path == "/complaints/hint"]
    text.evaluate(COMPOSING, [OUTAGE + "ma", ""])
    page.wait_for_timeout(300)
    assert page.locator("[name=topic-0]").input_value() == ""


def test_the_hint_is_there_soon_after_the_typing_rests(page, enter):
    enter(page).keyboard.type(OUTAGE[:-1])
    expect(page.locator("#preview .candidates")).to_be_visible()
    page.wait_for_load_state("networkidle")
    with page.expect_request("**/complaints/hint") as request:
        started = time.monotonic()
        page.keyboard.type(OUTAGE[-1])
    waited = time.monotonic() - started
    request.value.response()
    assert 0.1 < waited < 1.5, "the pause is 120 ms; the rest is the machine's"
    rest(page)


def test_what_a_text_names_is_filled_into_empty_fields_and_can_be_taken_back(page, enter):
    keys = enter(page).keyboard
    keys.type("停电，户号3301000002，电话13912345678")
    expect(page.locator("#customer_number")).to_have_value("3301000002")
    expect(page.locator("#phone")).to_have_value("13912345678")
    keys.press("Alt+z")
    keys.press("Alt+z")
    expect(page.locator("#customer_number")).to_have_value("")
    expect(page.locator("#phone")).to_have_value("")
    keys.type("，请快点")
    rest(page)
    expect(page.locator("#phone")).to_have_value("")
    page.locator("#preview [data-fill=phone]").click()
    expect(page.locator("#phone")).to_have_value("13912345678")
    rest(page)


def test_what_a_person_typed_is_never_written_over(page, enter):
    enter(page).locator("#phone").fill("05710000000")
    page.locator("#complaints-0-text").fill("停电，电话13912345678")
    expect(page.locator("#preview [data-fill=phone]")).to_be_visible()
    rest(page)
    expect(page.locator("#phone")).to_have_value("05710000000")
    expect(page.locator("[data-undo=phone]")).to_be_hidden()


def test_one_of_several_meters_is_picked_by_its_key_and_the_keys_are_the_candidates_elsewhere(page, enter):
    keys = enter(page).keyboard
    keys.type(OUTAGE)
    expect(page.locator("#preview .candidates")).to_be_visible()
    keys.press("Alt+k")
    keys.type("13900002222")
    keys.press("Enter")
    expect(page.locator(".match").first).to_be_focused()
    keys.press("Alt+2")
    expect(page.locator("#customer_number")).to_have_value(METERS[1])
    expect(page.locator("[name=topic-0]")).to_have_value("")
    expect(page.locator("#complaints-0-text")).to_be_focused()
    keys.press("Alt+2")
    expect(page.locator("[name=topic-0]")).to_have_value("other.general")
    expect(page.locator("#customer_number")).to_have_value(METERS[1])
    rest(page)


def test_what_has_the_focus_answers_to_its_key_in_the_same_moment(page, enter):
    enter(page)
    page.evaluate("""() => {
        window.early = 0;
        const pressed = new KeyboardEvent("keydown", {code: "Digit2", key: "2", altKey: true, bubbles: true, cancelable: true});
        document.addEventListener("focusin", ({target}) => target.matches(".match") && queueMicrotask(() => target.dispatchEvent(pressed)));
        document.addEventListener("submit", () => window.early++);
    }""")
    page.keyboard.press("Alt+k")
    page.keyboard.type("13900002222")
    page.keyboard.press("Enter")
    expect(page.locator("#customer_number")).to_have_value(METERS[1])
    assert page.url.endswith("/complaints/new")
    assert page.evaluate("window.early") == 0, "the form was sent as a page of its own"
    rest(page)


def test_a_topic_is_found_by_initials_and_taken_with_enter(page, enter):
    keys = enter(page).keyboard
    keys.type(OUTAGE)
    expect(page.locator("#preview .candidates")).to_be_visible()
    keys.press("Alt+/")
    keys.type("pftd")
    expect(page.locator("#found-0 li")).to_have_count(1)
    keys.press("Enter")
    expect(page.locator("[name=topic-0]")).to_have_value("quality.reliability")
    expect(page.locator("[name=demand_type-0]")).to_have_value("fault")
    expect(page.locator("#complaints-0-text")).to_be_focused()
    assert page.url.endswith("/complaints/new")
    rest(page)


def test_danger_stands_on_top_is_said_once_and_goes_with_the_words(page, enter):
    keys = enter(page).keyboard
    banner = page.locator("#danger")
    expect(banner).to_be_hidden()
    banner.evaluate("node => { window.said = 0; new MutationObserver(() => window.said++).observe(node, {childList: true}) }")
    keys.type("电线掉下来有人触电了")
    expect(banner).to_contain_text("人身安全")
    keys.type("，快来人")
    rest(page)
    assert page.evaluate("window.said") == 1
    page.locator("#complaints-0-text").fill("电费贵")
    expect(banner).to_be_hidden()
    rest(page)


def test_a_draft_is_back_after_the_page_was_killed_and_signed_in_again(browser, page, enter, served):
    lost = browser.new_context(locale="zh-CN")
    first = enter(lost.new_page())
    first.keyboard.type(OUTAGE)
    first.locator("#phone").fill("13912345678")
    rest(first)
    lost.close()
    enter(page)
    expect(page.locator(".draft")).to_contain_text("有未提交的登记")
    page.keyboard.press("Alt+r")
    expect(page.locator("#complaints-0-text")).to_have_value(OUTAGE)
    expect(page.locator("#phone")).to_have_value("13912345678")
    expect(page.locator("#preview .candidates")).to_be_visible()  # without another keystroke: danger and an earlier ticket must not be missed
    page.locator("[name=unit_code]").select_option("330101")
    rest(page)
    page.keyboard.press("Alt+Enter")
    expect(page.locator("#registered")).to_be_visible()
    page.goto(f"{served.address}/complaints/new")
    expect(page.locator(".draft")).to_have_count(0)


def test_a_draft_that_was_discarded_is_back_with_one_key_unless_somebody_writes_again(page, enter, served):
    enter(page).keyboard.type(OUTAGE)
    rest(page)
    for turn in range(2):
        page.goto(f"{served.address}/complaints/new")
        page.get_by_role("button", name="丢弃").click()
        expect(page.locator(".done")).to_contain_text("秒内可撤销")
        expect(page.locator("#complaints-0-text")).to_be_focused()
        if turn == 0:
            page.keyboard.press("Alt+z")
            expect(page.locator("#complaints-0-text")).to_have_value(OUTAGE)
    page.keyboard.type("电费贵")
    page.keyboard.press("Alt+z")
    rest(page)
    expect(page.locator("#complaints-0-text")).to_have_value("电费贵")
    page.get_by_role("button", name="撤销", exact=True).click()
    expect(page.locator("#complaints-0-text")).to_have_value(OUTAGE)


def take(store, text, **said):
    """A ticket at work, made without pages."""
    call = contact(text, **{"unit_code": "330101", "phone": "13800001001", **said})
    return receive(call, predict=fake_predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")[0]


def review(store):
    """A ticket that waits for its callback, made without pages."""
    rules, now = store.rules(), datetime.now(UTC)
    call = contact(OUTAGE, unit_code="330101", phone="13800001001", callback_phone="13900002002")
    ticket = receive(call, predict=fake_predict, rules=rules, store=store, now=now, actor="agent")[0]
    fields = {"resolve": {"reply": "已修复", "finding": "upheld"}}
    for code in ("accept", "contact", "arrive", "resolve", "review"):
        who = user(BY_CODE[code].roles[0], ticket.team_unit, ticket.department)
        act(ticket.number, code, fields.get(code, {}), user=who, version=store.ticket(ticket.number).version, store=store, rules=rules, now=now)
    return ticket.number


def test_a_callback_is_made_its_rating_put_right_and_the_ticket_closed_by_keyboard_alone(page, enter, served, store):
    number = review(store)
    enter(page)
    page.goto(f"{served.address}/callbacks")
    expect(page.locator("[data-first]")).to_be_focused()
    expect(page.locator(f"#phone-{number}")).to_have_text(re.compile(r"139\*{4}2002"))
    page.keyboard.press("Alt+t")
    expect(page.locator(f"#phone-{number}")).to_contain_text("13900002002")
    page.keyboard.press("Alt+8")
    expect(page.locator(".flash")).to_contain_text("已回访：不满意")
    page.keyboard.press("Alt+z")
    expect(page.locator(".flash")).to_contain_text("已撤销回访")
    assert store.ticket(number).satisfaction == ""
    expect(page.locator("[data-first]")).to_be_focused()
    page.keyboard.press("Alt+2")
    expect(page.locator(".flash")).to_contain_text("已回访：满意")
    expect(page.locator("[data-first]")).to_be_focused()
    page.keyboard.press("Alt+Enter")
    expect(page.locator(".empty")).to_contain_text("没有待回访的工单")
    assert store.ticket(number).state is State.CLOSED
    assert [entry["action"] for entry in store.trail(number)][-4:] == ["callback", "undo_callback", "callback", "close"]


def test_nothing_is_kept_in_the_browser(page, enter):
    enter(page).keyboard.type(f"{OUTAGE}，电话13912345678")
    rest(page)
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert [typed for typed in (OUTAGE, "停电", "13912345678") if typed in kept or typed in page.url] == []
    assert '"/complaints/new"' in kept, "htmx keeps the path, and nothing else"


def test_another_complaint_is_added_by_key_and_the_keys_are_about_the_one_that_is_written(page, enter):
    keys = enter(page).keyboard
    keys.type(OUTAGE)
    rest(page)
    keys.press("Alt+n")
    expect(page.locator("#complaints-1-text")).to_be_focused()
    keys.type("电表不准，要求校验")
    expect(page.locator("#preview article")).to_have_count(2)
    keys.press("Alt+1")
    expect(page.locator("[name=topic-1]")).to_have_value("business.metering.device")
    expect(page.locator("[name=topic-0]")).to_have_value("")
    rest(page)


@pytest.mark.parametrize("width", [1280, 1366, 1920])
@pytest.mark.parametrize(("username", "path"), [("agent", "/complaints/new"), ("leader", "/queue")])
def test_the_search_in_the_head_says_in_full_what_it_takes(page, served, sign_in, username, path, width):
    sign_in(page, username)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{served.address}{path}")
    search = page.locator(".head-search input[type=search]")
    shown = search.evaluate("node => { node.value = node.placeholder; return [node.scrollWidth, node.clientWidth]; }")
    assert shown[0] <= shown[1], "the words are wider than the field"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_enter_in_a_field_never_registers(page, enter):
    enter(page).locator("#complaints-0-text").fill(OUTAGE)
    for name in ("address", "callback_phone"):
        page.locator(f"#{name}").press("Enter")
    page.locator("#customer_number").fill("3301000003")
    page.locator("#customer_number").press("Enter")
    expect(page.locator(".key-customer")).to_contain_text("医院")
    assert page.url.endswith("/complaints/new")
    rest(page)


@pytest.mark.parametrize("how", ["the session ran out", "the cookie is gone"])
def test_who_was_signed_out_keeps_what_was_typed_and_is_told(page, enter, store, page_errors, how):
    enter(page).keyboard.type(OUTAGE)
    rest(page)
    if how == "the session ran out":
        store.set_password("agent", store.password_hash("agent"))
    else:
        page.context.clear_cookies()
    page.keyboard.type("，请快来")
    expect(page.locator("#trouble")).to_be_visible()
    expect(page.locator("#complaints-0-text")).to_have_value(f"{OUTAGE}，请快来")
    expect(page.get_by_label("密码")).to_have_count(0)
    page.wait_for_timeout(1500)
    assert [error for error in page_errors if not re.search("status of 400|Status Error Code 400", error)] == []
    page_errors.clear()


def test_a_line_that_breaks_is_said_and_the_work_goes_on_when_it_is_back(page, enter, page_errors):
    enter(page).keyboard.type(OUTAGE)
    rest(page)
    page.context.set_offline(True)
    page.keyboard.type("，还没")
    expect(page.locator("#trouble")).to_be_visible()
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    expect(page.locator("#trouble")).to_be_hidden()
    page.wait_for_load_state("networkidle")
    assert [error for error in page_errors if not re.search("ERR_INTERNET_DISCONNECTED|htmx:(sendError|afterRequest)", error)] == []
    page_errors.clear()
