"""The dispatcher's desk in a real browser: forty tickets by keyboard alone, two at one, undo, a storm; only the model is a fake."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.served import SECOND
from triage.complaint import read_contact
from triage.intake import receive
from triage.prediction import Prediction
from triage.reference import edit_row
from triage.terms import State

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]
TOPICS = ("business.tariff.bill", 0.45), ("business.metering.device", 0.35), ("outage.fault.single", 0.2)
OUTSIDE = ("other.out_of_scope", 0.6), ("outage.fault.single", 0.3), ("other.general", 0.1)
OUTAGE = ("outage.fault.area", 0.5), ("outage.fault.single", 0.4), ("other.general", 0.1)
WORDS = {"topic": (("电费", 1.5),)}


def says(text):
    """A model that doubts everything: outages where the text says 停电, not ours where it says 红绿灯, else bills."""
    topics, kind = (OUTAGE, "fault") if "停电" in text else (OUTSIDE if "红绿灯" in text else TOPICS, "complaint")
    return Prediction(topics, ((kind, 0.9), ("enquiry", 0.1)), WORDS, "fake-1", 0.95)


@pytest.fixture(scope="session")
def predict():
    return says


@pytest.fixture
def store(served_store):
    return served_store


@pytest.fixture
def taken(store):
    """Take complaints and give their tickets."""

    def take(*texts, **caller):
        rules, made = store.rules(), []
        for text in texts:
            contact = read_contact({"complaints": [{"text": text}], "unit_code": "330101", **caller})
            made += receive(contact, predict=says, rules=rules, store=store, now=datetime.now(UTC), actor="agent")
        return made

    return take


@pytest.fixture
def enter(served, sign_in):
    """Sign in as a dispatcher and open a page."""

    def entered(page, path, username="dispatcher"):
        sign_in(page, username)
        page.goto(f"{served.address}{path}")
        return page

    return entered


@pytest.fixture
def other(browser):
    """A second browser."""
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
    yield context.new_page()
    context.close()


@pytest.fixture
def press(page):
    """Press a key and count it."""

    def pressed(key):
        pressed.count += 1
        page.keyboard.press(key)

    pressed.count = 0
    return pressed


def shown(page):
    """The number of the ticket at work, once it is the user's."""
    expect(page.locator("#work:not([data-asleep]) #one")).to_be_focused()
    return page.locator("#one a").inner_text()


def settle(page, number):
    """Wait until a ticket is decided and the next one stands there, or none."""
    expect(page.locator("#work:not([data-asleep]) .done")).to_contain_text(number)
    expect(page.locator("[data-focus]")).to_be_focused()


def test_forty_doubtful_tickets_are_decided_by_keyboard_alone_one_key_each(page, enter, taken, store, press):
    tickets = taken(*(f"这个月电费多了{number}块，表也可能不对" for number in range(40)))
    enter(page, "/dispatch/work")
    for turn in range(40):
        number = shown(page)
        press(("Alt+1", "1", "Alt+2", "3")[turn % 4])
        settle(page, number)
    assert press.count == 40
    expect(page.locator("[data-focus]")).to_contain_text("没有待审核的工单")
    after = [store.ticket(ticket.number) for ticket in tickets]
    assert {ticket.state for ticket in after} == {State.DISPATCHED}
    sent = sorted(ticket.topic for ticket in after)
    assert [sent.count(topic) for topic, _ in TOPICS] == [20, 10, 10]


def test_the_next_ticket_is_there_to_be_read_before_the_server_has_answered_and_is_nobodys_until_then(page, enter, taken, store):
    taken("电费多了", "电费又多了")
    enter(page, "/dispatch/work")
    first = shown(page)
    expect(page.locator("#peek")).to_contain_text("电费又多了")
    expect(page.locator("#peek")).to_be_hidden()
    assert set(store.claims(datetime.now(UTC))) == {first}
    page.route("**/dispatch/work/*/dispatch*", lambda route: (expect(page.locator("#peek")).to_be_visible(), route.continue_()))
    page.keyboard.press("Alt+1")
    settle(page, first)
    assert set(store.claims(datetime.now(UTC))) == {shown(page)}


def test_a_topic_is_found_by_pinyin_initials_and_sent_with_enter(page, enter, taken, store, press):
    (ticket,) = taken("电费多了")
    enter(page, "/dispatch/work")
    shown(page)
    press("Alt+t")
    for letter in "cszz":  # 充电设施 is cdss: nothing
        page.keyboard.press(letter)
    expect(page.locator(".topics .none")).to_be_visible()
    page.keyboard.press("Control+a")
    for letter in "dyzl":
        press(letter)
    press("Enter")
    settle(page, ticket.number)
    assert store.ticket(ticket.number).topic == "quality.voltage"
    assert press.count == 6


def test_a_ticket_without_a_unit_is_sent_after_the_unit_was_chosen_and_the_address_stays_that_of_the_desk(page, enter, taken, store, press):
    (ticket,) = taken("电费多收了，说不清在哪里", unit_code="")
    enter(page, "/dispatch/work")
    expect(page.locator("#candidates button").first).to_be_disabled()
    press("Alt+u")
    page.locator("#dispatch-unit_code").select_option("330101")
    expect(page.locator("#candidates button").first).to_be_enabled()
    assert "/candidates" not in page.url, "the address of a part of the page shows no page when it is loaded again"
    press("Alt+1")
    expect(page.locator(".flash.done")).to_contain_text(ticket.number)
    assert store.ticket(ticket.number).state is State.DISPATCHED


def test_a_unit_is_found_by_pinyin_initials_and_the_ticket_sent_by_keys_alone(page, enter, taken, store, press):
    (ticket,) = taken("电费多收了，说不清在哪里", unit_code="")
    enter(page, "/dispatch/work")
    shown(page)
    press("Alt+u")
    search = page.get_by_role("combobox", name="搜单位")
    expect(search).to_be_focused()
    for letter in "gds":
        press(letter)
    expect(search).to_have_attribute("aria-expanded", "true")
    found = page.get_by_role("listbox", name="找到的单位").get_by_role("option")
    expect(found).to_have_text(["柳河供电所青溪县供电公司", "石门供电所青溪县供电公司", "渔湾供电所白沙县供电公司"])
    press("ArrowDown")
    expect(search).to_have_attribute("aria-activedescendant", found.nth(1).get_attribute("id"))
    press("Enter")
    expect(page.locator("#dispatch-unit_code")).to_have_value("33010202")
    expect(page.locator("#dispatch-unit_code")).to_be_focused()
    expect(page.locator("#candidates button").first).to_be_enabled()
    press("Alt+1")
    settle(page, ticket.number)
    assert (store.ticket(ticket.number).state, store.ticket(ticket.number).unit_code) == (State.DISPATCHED, "33010202")
    assert press.count == 7


def test_enter_in_the_search_of_units_never_sends_a_ticket_and_what_is_not_there_is_said(page, enter, taken, store):
    (ticket,) = taken("电费多了")
    enter(page, "/dispatch/work")
    shown(page)
    page.keyboard.press("Alt+u")
    page.keyboard.press("Enter")
    page.keyboard.type("qqq")
    expect(page.locator("#found-dispatch-unit_code + [role=status]")).to_have_text("没有这样的单位，请换个字或首字母")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("lh")
    expect(page.locator("#found-dispatch-unit_code")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#found-dispatch-unit_code")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    expect(page.locator("#dispatch-unit_code")).to_have_value("330101")
    assert store.ticket(ticket.number).state is State.PENDING_REVIEW


def test_a_unit_is_found_in_the_filter_of_the_list_too(page, enter, taken):
    taken("电费多了")
    taken("电费又多了", unit_code="33010201")
    enter(page, "/dispatch")
    page.keyboard.press("Alt+u")
    page.keyboard.type("柳河")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="筛选", exact=True).click()
    expect(page.locator("h1")).to_contain_text("1 张")


def test_without_a_script_the_units_are_a_plain_list(browser, served, taken, store, sign_in):
    taken("电费多了")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "dispatcher")
    page.goto(f"{served.address}/dispatch")
    expect(page.locator(".finder").first).to_be_hidden()
    page.get_by_label("供电单位").select_option("33010201")
    page.get_by_role("button", name="筛选", exact=True).click()
    expect(page.locator("h1")).to_contain_text("0 张")
    context.close()


def test_the_number_of_a_candidate_that_is_not_ours_leads_to_the_referral_with_the_likely_owner(page, enter, taken, store, press):
    (ticket,) = taken("路口的红绿灯不亮了")
    enter(page, "/dispatch/work")
    shown(page)
    expect(page.locator("#candidates li").first).to_contain_text("转告路灯管理或市政部门")
    press("1")
    expect(page.locator("#refer-owner")).to_be_focused()
    expect(page.locator("#refer-owner")).to_have_value("路灯管理或市政部门")
    press("Alt+Enter")
    settle(page, ticket.number)
    assert store.ticket(ticket.number).state is State.REFERRED
    assert press.count == 2


def test_what_was_written_as_the_owner_stays(page, enter, taken, store):
    taken("路口的红绿灯不亮了")
    enter(page, "/dispatch/work")
    shown(page)
    page.keyboard.press("Alt+r")
    page.keyboard.type("交警队")
    page.locator("#one").focus()
    page.keyboard.press("Alt+1")
    expect(page.locator("#refer-owner")).to_be_focused()
    expect(page.locator("#refer-owner")).to_have_value("交警队")


@pytest.mark.parametrize(("typed", "chosen"), [("zhclr", ""), ("pdqx", "repair"), ("liuhe", "repair-liuhe")], ids=["nobody", "initials", "user name"])
def test_a_leader_finds_whose_work_to_hand_on_by_name_or_initials(page, enter, typed, chosen):
    enter(page, "/handover", "leader")
    page.get_by_text("新建委托").click()
    page.get_by_role("combobox", name="搜委托人").fill(typed)
    page.keyboard.press("Enter")
    expect(page.locator("#delegate-from_username")).to_have_value(chosen)


def test_no_key_answers_while_the_input_method_composes_or_somebody_writes(page, enter, taken, store):
    (ticket,) = taken("电费多了")
    enter(page, "/dispatch/work")
    shown(page)
    page.keyboard.press("Alt+r")
    expect(page.locator("#refer-owner")).to_be_focused()
    page.keyboard.type("1号物业2")
    event = "new KeyboardEvent('keydown', {code: 'Digit1', key: '1', altKey: %s, isComposing: true, bubbles: true})"
    for alt in ("true", "false"):
        page.evaluate(f"document.activeElement.dispatchEvent({event % alt})")
        page.locator("#one").evaluate(f"node => {{ node.focus(); node.dispatchEvent({event % alt}); }}")
    page.locator("#one").evaluate("node => node.dispatchEvent(new KeyboardEvent('keydown', {code: 'Digit1', key: '1', repeat: true, bubbles: true}))")
    page.wait_for_timeout(200)
    assert store.ticket(ticket.number).state is State.PENDING_REVIEW
    expect(page.locator("#refer-owner")).to_have_value("1号物业2")


@pytest.mark.usefixtures("forgives")
def test_referring_merging_and_skipping_go_by_keys_too(page, enter, taken, store, press):
    one, two, three = taken("小区里的路灯不亮", "电费多了", "电费又多了")
    enter(page, "/dispatch/work")
    number = shown(page)
    press("Alt+s")
    expect(page.locator("#one a")).not_to_have_text(number)
    second = shown(page)
    assert second == two.number
    press("Alt+m")
    page.keyboard.type(three.number)
    press("Alt+Enter")
    settle(page, second)
    assert store.ticket(second).parent_number == three.number
    assert shown(page) == three.number
    press("Alt+s")
    expect(page.locator("#one a")).to_have_text(one.number)
    shown(page)
    press("Alt+r")
    press("Alt+Enter")
    expect(page.locator("#refer-owner")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#refer-owner")).to_be_focused()
    assert page.url.endswith(f"/dispatch/work?number={one.number}")
    page.keyboard.type("路灯所")
    press("Alt+Enter")
    settle(page, one.number)
    assert store.ticket(one.number).state is State.REFERRED


@pytest.mark.usefixtures("forgives")
def test_of_two_at_the_same_ticket_one_wins_and_the_other_is_told_who_did_what(page, other, enter, taken, store):
    one, two = taken("电费多了", "电费又多了")
    enter(page, "/dispatch/work")
    assert shown(page) == one.number
    enter(other, f"/dispatch/work?number={one.number}", SECOND.username)
    expect(other.locator("article.work-one .warning")).to_contain_text("dispatcher 正在处理此工单")
    expect(other.locator("#candidates button").first).to_be_disabled()
    store.release(one.number, "dispatcher")  # the claim has run out
    other.reload()
    shown(other)
    other.keyboard.press("Alt+1")
    settle(other, one.number)
    store.release(two.number, SECOND.username)
    page.keyboard.press("Alt+2")
    problem = page.locator(".problems")
    expect(problem).to_contain_text(f"{SECOND.username} 派单")
    expect(problem).to_be_focused()
    assert store.ticket(one.number).topic == TOPICS[0][0]
    expect(page.locator("#one a")).to_have_text(two.number)


def test_a_dispatch_is_taken_back_with_one_key_and_not_after_its_time(page, enter, taken, store):
    one, _ = taken("电费多了", "电费又多了")
    enter(page, "/dispatch/work")
    assert shown(page) == one.number
    page.keyboard.press("Alt+1")
    settle(page, one.number)
    expect(page.locator(".done")).to_contain_text("秒内可撤销")
    page.keyboard.press("Alt+z")
    expect(page.locator(".done")).to_contain_text("已撤销派单")
    assert shown(page) == one.number
    assert store.ticket(one.number).state is State.PENDING_REVIEW
    edit_row(store, "switches", {"code": "undo_seconds"}, {"value": "1"}, actor="tests", now=datetime.now(UTC))
    page.keyboard.press("Alt+1")
    expect(page.locator(".done")).to_contain_text("已派单")
    shown(page)
    expect(page.get_by_role("button", name="撤销")).to_have_count(0)
    page.keyboard.press("Alt+z")
    page.wait_for_timeout(200)
    assert store.ticket(one.number).state is State.DISPATCHED


def test_replies_are_checked_one_at_a_time(page, enter, taken, store):
    from tests.routes.test_dispatch import answered

    numbers = [answered(store, ticket) for ticket in taken("电费多了", "电费又多了", "电费真的多了")]
    enter(page, "/dispatch/review")
    first = shown(page)
    expect(page.locator("article.work-one")).to_contain_text("已退差额")
    expect(page.locator("article.work-one")).to_contain_text("对客户的承诺与时限")
    page.keyboard.press("Alt+y")
    settle(page, first)
    second = shown(page)
    page.keyboard.press("Alt+b")
    page.keyboard.type("请写明退了多少")
    page.keyboard.press("Alt+Enter")
    settle(page, second)
    assert {store.ticket(number).state for number in numbers} == {State.REVIEWED, State.ACCEPTED, State.RESOLVED}


@pytest.mark.slow
def test_a_storm_of_two_hundred_is_one_event_in_three_actions(page, enter, taken, store, press):
    tickets = taken(*(f"小区停电了，整栋楼都没电，{number}楼" for number in range(200)), customer_number="3301000001")
    enter(page, "/dispatch")
    press("Alt+g")
    expect(page.locator("h1")).to_contain_text("200 张")
    assert page.locator("[name=tickets]:checked").count() == 200
    press("Alt+Enter")
    expect(page.locator(".flash")).to_contain_text("已把 199 张并入", timeout=30000)
    assert press.count == 2
    states = [store.ticket(ticket.number).state for ticket in tickets]
    assert (states.count(State.MERGED), states.count(State.PENDING_REVIEW)) == (199, 1)


def test_a_storm_that_was_merged_by_mistake_is_parted_with_one_key_and_not_after_its_time(page, enter, taken, store, press):
    tickets = taken(*(f"小区停电了，整栋楼都没电，{number}楼" for number in range(5)), customer_number="3301000001")
    enter(page, f"/dispatch/storm/{tickets[0].number}")
    press("Alt+Enter")
    expect(page.locator(".flash .done")).to_contain_text("秒内可撤销")
    press("Alt+z")
    expect(page.locator(".flash")).to_contain_text("已撤销合并：4 张恢复为单独的工单")
    assert {store.ticket(ticket.number).state for ticket in tickets} == {State.PENDING_REVIEW}
    assert press.count == 2
    edit_row(store, "switches", {"code": "undo_seconds"}, {"value": "2"}, actor="tests", now=datetime.now(UTC))
    press("Alt+Enter")
    expect(page.locator(".flash")).to_contain_text("已把 4 张并入")
    expect(page.get_by_role("button", name="整组撤销")).to_have_count(0)
    press("Alt+z")
    page.wait_for_timeout(200)
    assert [store.ticket(ticket.number).state for ticket in tickets].count(State.MERGED) == 4


def test_danger_that_nobody_has_accepted_is_chased_with_one_key(page, enter, taken, store):
    (danger,) = taken("停电了，电线掉地上冒火花，有人触电了")
    enter(page, "/dispatch/work")
    assert shown(page) == danger.number
    page.keyboard.press("Alt+c")
    settle(page, danger.number)
    expect(page.locator(".done")).to_contain_text("已催办")
    assert store.ticket(danger.number).chases == 1


@pytest.mark.parametrize("path", ["/dispatch", "/dispatch/work", "/dispatch/storm", "/dispatch/review"])
def test_no_page_is_wider_than_a_phone(page, enter, taken, path):
    taken(*(f"小区停电了，整栋楼都没电，{number}楼" for number in range(4)), customer_number="3301000001")
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page, path)
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
