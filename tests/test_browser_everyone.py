"""What every page has, in a real browser: no fault of accessibility in light or dark, lists that refresh by themselves, the keys, the look."""

import os
import shutil
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scripts.frontend import FOR_TESTS
from tests.engines import leave_out
from tests.routes.conftest import SECRET, fake_predict
from tests.served import Served, application, listening
from triage.complaint import read_contact
from triage.intake import receive
from triage.lifecycle import act
from triage.store import Database, Store

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]
BURNT = "我家停电了，电表箱有焦味"
PAGES = {
    "agent": ("/complaints/new", "/callbacks", "/requests", "/outages", "/search", "/messages", "/help", "/help/call", "/no-such-page", "{ticket}"),
    "dispatcher": ("/dispatch", "/dispatch/work", "/dispatch/review", "/dispatch/storm", "/dispatch/sent", "/requests", "/timeliness", "{ticket}"),
    "repair": ("/queue", "/shifts", "/handover", "/messages", "/timeliness", "{ticket}"),
    "leader": ("/queue", "/requests", "/shifts", "/timeliness", "/outages", "{ticket}"),
    "auditor": (
        "/board",
        "/board/trend",
        "/board/units",
        "/board/kinds",
        "/board/times",
        "/board/open",
        "/board/definitions",
        "/board/satisfaction",
        "/board/demand",
        "/board/signed",
        "/audit",
        "/audit/suspicions",
        "/audit/exports",
        "/audit/events",
        "/audit/untrue",
        "/audit/tasks",
        "/reports",
        "/timeliness",
        "/requests",
        "{ticket}",
    ),
    "admin": (
        "/admin",
        "/admin/people",
        "/admin/people/new",
        "/password",
        "/admin/reference/time_limits",
        "/admin/models",
        "/timeliness",
        "/messages/outbox",
        "/help/admin",
    ),
}


@pytest.fixture(scope="module")
def template(demo, tmp_path_factory):
    """The demo organisation with a few tickets at work and messages, and the number of a ticket."""
    filled = replace(demo, file=Path(shutil.copy(demo.file, tmp_path_factory.mktemp("template") / "triage.db")))
    database, now = Database(f"sqlite:///{filled.file}"), datetime.now(UTC)
    with database.connect() as connection:
        kept = Store(connection, SECRET)
        made = [take(kept, text) for text in (BURNT, "停电三天了没人管", "可能是电表的问题", "无模型，说不清楚")]
        for username in ("repair", "agent"):
            kept.post(f"to {username}", "warning", username, "工单临近时限", f"{made[0].number} 接单还剩 10 分钟", now, ticket_number=made[0].number)
        kept.post("lost", "warning", "repair", "没有送出的提醒", "内容", now, outlet="console")
        kept.claim_message(3, now)
        kept.keep_failure(3, now, "外发渠道已停用", now, retry_at=None)
    database.dispose()
    return filled, made[0].number


def take(store, text):
    """Take a complaint and give its ticket."""
    contact = read_contact({"complaints": [{"text": text}], "unit_code": "330101", "phone": "13800001234"})
    return receive(contact, predict=fake_predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")[0]


@pytest.fixture
def serve(template, tmp_path):
    """Give what starts the application on a port (0: any) and what stops it; it ends with the test."""
    with application(template[0], tmp_path) as (app, database), ExitStack() as running:
        app.config["LIVE_EVERY"] = 0.3

        def start(port=0):
            return running.enter_context(listening(app, port))

        start.stop, start.database = running.close, database
        yield start


@pytest.fixture
def served(serve):
    return Served(f"http://127.0.0.1:{serve()}", serve.database, {})


@pytest.fixture
def address(served):
    return served.address


@pytest.fixture
def store(served_store):
    return served_store


@pytest.fixture
def enter(address, sign_in):
    """Sign in as somebody and open a page."""

    def entered(page, username, path="/"):
        sign_in(page, username)
        page.goto(f"{address}{path}")
        return page

    return entered


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core, by the lock file."""
    if not FOR_TESTS.exists():
        leave_out("axe-core is missing (python -m scripts.frontend)")
    return FOR_TESTS.read_text(encoding="utf-8")


def faults(page, axe):
    """Give what axe finds against WCAG 2.1 AA: contrast of 4.5 to 1, names, roles, order."""
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})).violations")
    return [f"{one['id']}: {node['html'][:160]} — {node['failureSummary'][:300]}" for one in found for node in one["nodes"][:4]]


def picture(page, name):
    if folder := os.environ.get("LOOK_AT"):  # a folder, to look at every page oneself
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.mark.usefixtures("forgives")
@pytest.mark.parametrize("username", PAGES)
def test_no_page_of_a_role_has_a_fault_of_accessibility_in_light_or_in_dark(page, enter, axe, address, template, username):
    enter(page, username)
    bad = {}
    for path in PAGES[username]:
        page.goto(address + path.format(ticket=f"/tickets/{template[1]}"))
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            picture(page, f"o-{username}{path.strip('{}').replace('/', '-')}-{scheme}")
            bad |= {f"{path} {scheme}": found} if (found := faults(page, axe)) else {}
    assert bad == {}, "\n".join(f"{where}\n  " + "\n  ".join(found) for where, found in bad.items())


def test_the_page_before_signing_in_has_no_fault_either(page, address, axe):
    page.goto(f"{address}/sign-in")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert faults(page, axe) == []


@pytest.mark.parametrize("chosen", ["浅色", "深色"])
def test_what_opens_over_the_page_has_no_fault_either(page, enter, axe, chosen):
    enter(page, "dispatcher", "/dispatch")
    page.emulate_media(color_scheme="dark" if chosen == "浅色" else "light", reduced_motion="reduce")
    page.locator(".look summary").click()
    page.get_by_role("button", name=chosen).click()
    page.locator(".look summary").click()
    assert faults(page, axe) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".menu > summary").click()
    assert faults(page, axe) == []
    page.set_viewport_size({"width": 1280, "height": 720})
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults(page, axe) == []


@pytest.mark.parametrize("path", ["/messages", "/help", "/help/queue", "/no-such-page"])
@pytest.mark.usefixtures("forgives")
def test_no_page_is_wider_than_a_phone(page, enter, path):
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page, "repair", path)
    page.locator(".menu > summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    ("username", "path"), [("repair", "/queue"), ("dispatcher", "/dispatch/work"), ("agent", "/complaints/new"), ("admin", "/admin")]
)
def test_on_a_phone_the_head_is_one_line_and_its_menu_needs_no_script(browser, sign_in, address, username, path):
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, username)
    page.goto(f"{address}{path}")
    assert page.locator("header.top").bounding_box()["height"] < 48
    page.get_by_text("菜单").click()
    menu = page.locator(".menu-sheet")
    for name in ("检索", "帮助"):
        expect(menu.get_by_role("link", name=name)).to_be_visible()
    menu.get_by_role("button", name="退出").click()
    expect(page.get_by_label("密码")).to_be_visible()
    context.close()


@pytest.mark.usefixtures("forgives")
def test_what_is_wrong_has_the_focus_when_a_page_comes_back(page, enter, template):
    enter(page, "repair", f"/tickets/{template[1]}")
    page.keyboard.press("Alt+t")
    page.locator("#move-return form > button").click()
    expect(page.locator(".problems")).to_be_focused()


def test_a_new_ticket_comes_into_the_list_by_itself(page, enter, store):
    enter(page, "dispatcher", "/dispatch")
    rows = page.locator("table.list").first.locator("tbody tr")
    before = rows.count()
    number = take(store, "可能是电表走得快").number
    expect(rows).to_have_count(before + 1)
    expect(page.locator(f"tr:has-text('{number[8:]}')")).to_be_visible()


def test_what_is_ticked_or_has_the_focus_is_not_replaced_and_says_when_it_is_gone(page, enter, store, template):
    enter(page, "repair", "/queue")
    row = page.locator("tr", has=page.locator(f"a[href='/tickets/{template[1]}']"))
    row.locator("input[type=checkbox]").check()
    row.locator("a").focus()
    page.evaluate("document.activeElement.closest('tr').dataset.same = 'yes'")
    ticket = store.ticket(template[1])
    act(ticket.number, "return", {"reason": "非本班组设备", **reason(store)}, user=store.user("repair"), version=ticket.version, **means(store))
    other = take(store, "又停电了").number
    expect(page.locator(f"a[href='/tickets/{other}']")).to_be_visible()
    expect(row).to_have_attribute("data-same", "yes")
    expect(row).to_contain_text("已不在此列表")
    expect(row.locator("a")).to_be_focused()
    expect(row.locator("input[type=checkbox]")).to_be_checked()


def reason(store):
    return {"return_reason": next(iter(store.rules().return_reasons))}


def means(store):
    return {"store": store, "rules": store.rules(), "now": datetime.now(UTC)}


@pytest.mark.usefixtures("forgives")
def test_a_server_that_is_away_is_told_and_what_was_missed_is_caught_up(page, enter, serve, store):
    enter(page, "dispatcher", "/dispatch")
    port = int(page.url.split(":")[2].split("/")[0])
    serve.stop()
    line = page.get_by_text("已断线，正在重连")
    expect(line).to_be_visible()
    number = take(store, "可能是线路的问题").number
    serve(port)
    expect(line).to_be_hidden(timeout=20000)
    expect(page.locator(f"tr:has-text('{number[8:]}')")).to_be_visible()


def test_nothing_is_asked_while_nobody_looks(page, enter):
    enter(page, "dispatcher", "/dispatch")
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true}); document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(500)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1200)
    assert asked == []
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: false, configurable: true}); document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(500)
    assert asked


def test_the_bell_rings_on_every_page_and_opening_the_ticket_reads_the_message(page, enter, store, template):
    enter(page, "repair", "/search")
    bell = page.locator("#bell")
    expect(bell).to_have_accessible_name("消息，2 条未读")
    store.post("another", "warning", "repair", "又一条", "内容", datetime.now(UTC), ticket_number=template[1])
    expect(bell).to_have_accessible_name("消息，3 条未读")
    bell.click()
    page.get_by_role("button", name="打开工单").first.click()
    page.wait_for_url(f"**/tickets/{template[1]}")
    expect(page.locator("#bell")).to_have_accessible_name("消息，2 条未读")


@pytest.mark.parametrize(("username", "path"), [("agent", "/callbacks"), ("dispatcher", "/dispatch/work"), ("repair", "/queue")])
def test_the_question_mark_names_every_key_of_the_page_and_escape_goes_back(page, enter, username, path):
    enter(page, username, path)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    said = dialog.inner_text()
    shown = page.evaluate("[...document.querySelectorAll('main [aria-keyshortcuts]')].map(node => node.getAttribute('aria-keyshortcuts'))")
    assert [key for key in shown if not key[-1].isdigit() and key not in said] == []
    picture(page, f"o-keys-{username}")
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_question_mark_in_a_text_is_a_question_mark(page, enter):
    enter(page, "agent", "/search")
    field = page.locator("main input[name=query]")
    field.focus()
    page.keyboard.type("停电?")
    expect(field).to_have_value("停电?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("Alt+Shift+/")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_look_is_kept_and_there_from_the_first_byte(page, enter):
    enter(page, "repair", "/queue")
    page.emulate_media(color_scheme="light")
    page.locator(".look summary").click()
    page.get_by_role("button", name="深色").click()
    assert page.url.endswith("/queue")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    background = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(background)
    page.locator(".look summary").click()
    page.get_by_role("button", name="随系统").click()
    assert page.evaluate(background) != dark
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == dark
