"""The administrator's pages in a real browser: a table is found, a row is changed by its Chinese names, nothing is taken out by a slip."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scripts.frontend import FOR_TESTS
from tests.engines import leave_out
from tests.test_browser_everyone import faults
from tests.test_browser_reader import faults as read_badly

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]


@pytest.fixture
def admin(page, served, sign_in):
    """Open a page of the administrator."""
    sign_in(page, "admin")

    def opened(path="/admin"):
        page.goto(served.address + path)
        return page

    return opened


def picture(page, name):
    if folder := os.environ.get("LOOK_AT"):  # a folder, to look at every page oneself
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_row_is_found_changed_and_told_again_in_chinese_alone(admin, served_store):
    page = admin()
    picture(page, "b-admin")
    page.get_by_label("查找表或行").fill("等待客户配合")
    page.keyboard.press("Enter")
    page.locator("main").get_by_role("link", name="等待客户配合").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待客户配合")
    steps = page.get_by_role("group", name="环节")
    expect(steps.get_by_label("处理回复")).to_be_checked()
    steps.get_by_label("到达现场").check()
    picture(page, "b-row")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    assert served_store.rules().pause_kinds["waiting_customer"].steps == {"resolve", "arrive"}
    expect(page.locator(".timeline")).to_contain_text("环节：处理回复 → 处理回复、到达现场")


def test_a_row_goes_only_by_a_second_press_on_the_page_that_says_what_follows(admin, served_store):
    page = admin("/admin/reference/return_reasons/row?code=wrong_type")
    expect(page.locator("form.edit").get_by_role("button")).to_have_text(["保存"])
    page.get_by_role("link", name="查看影响").click()
    expect(page.get_by_role("heading", name="会影响什么")).to_be_visible()
    expect(page.locator("main li").first).to_contain_text("不再有这个原因可选")
    picture(page, "b-remove")
    page.get_by_role("link", name="返回，不改动").click()
    assert "wrong_type" in served_store.rules().return_reasons
    page.get_by_role("link", name="查看影响").click()
    page.get_by_role("button", name="确认删除").click()
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    assert "wrong_type" not in served_store.rules().return_reasons


def test_somebody_is_added_by_keyboard_alone_and_comes_in(admin, page, browser, served, served_store):
    admin("/admin/people")
    picture(page, "p-people")
    page.keyboard.press("Alt+n")
    expect(page.get_by_label("用户名")).to_be_focused()
    page.keyboard.type("wang")
    page.keyboard.press("Tab")
    page.keyboard.type("王小明")
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_label("角色")).to_have_value("handler")
    page.keyboard.press("Alt+u")
    page.keyboard.type("临江市城区供电中心")
    page.keyboard.press("Enter")
    expect(page.locator("#unit")).to_have_value("330101")
    page.keyboard.press("Alt+b")
    page.keyboard.type("pdqx")
    page.keyboard.press("Enter")
    expect(page.locator("#department")).to_have_value("repair")
    picture(page, "p-new")
    page.keyboard.press("Alt+Enter")
    expect(page.get_by_role("heading", name="首次密码")).to_be_visible()
    password = page.locator(".secret code").inner_text()
    picture(page, "p-once")
    assert served_store.user("wang").department == "repair"

    context = browser.new_context()
    other = context.new_page()
    other.goto(served.address)
    other.get_by_label("用户名").fill("wang")
    other.get_by_label("密码").fill(password)
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", name="修改密码")).to_be_visible()
    other.get_by_label("现在的密码").fill(password)
    other.get_by_label("新密码", exact=True).fill("long and my own")
    other.get_by_label("再输一次新密码").fill("long and my own")
    picture(other, "p-first")
    other.keyboard.press("Enter")
    expect(other.get_by_role("status").filter(has_text="密码已修改")).to_be_visible()
    assert other.url == f"{served.address}/queue"
    context.close()


def test_somebody_is_found_and_locked_by_a_second_press(admin, page, served_store):
    admin("/admin/people")
    page.keyboard.press("Alt+k")
    page.keyboard.type("晓晴")
    page.keyboard.press("Enter")
    page.locator("table.list").get_by_role("link", name="李晓晴").click()
    page.get_by_text("停用账号").click()
    picture(page, "p-person")
    page.get_by_role("button", name="确认停用").click()
    expect(page.get_by_role("status").filter(has_text="账号已停用，全部登录")).to_be_visible()
    assert served_store.user("agent") is None
    expect(page.locator(".timeline")).to_contain_text("账号：启用 → 停用")
    assert "agent" not in page.url


PATHS = (
    "/admin",
    "/admin?query=呼吸机",
    "/admin/reference/topics/row?code=grid.safety",
    "/admin/reference/topics?query=窃电",
    "/admin/reference/time_limits/new",
    "/admin/reference/outlets/remove?code=file",
    "/admin/people?role=handler",
    "/admin/people/new",
    "/admin/people/{agent}",
    "/password",
)


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_no_page_is_wider_than_a_phone_or_has_a_fault_of_accessibility(admin, page, served_store, path):
    admin(path.format(agent=served_store.person_mark("agent")))
    if not FOR_TESTS.exists():
        leave_out("axe-core is missing (python -m scripts.frontend)")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert faults(page, FOR_TESTS.read_text(encoding="utf-8")) == []
    assert read_badly(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    picture(page, f"b-phone-{PATHS.index(path)}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
