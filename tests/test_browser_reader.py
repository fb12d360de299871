"""What a screen reader would read, from Chromium's accessibility tree: names, headings, tables, live regions, errors, and where the focus goes."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.test_browser_everyone import BURNT, PAGES, take

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]
CONTROLS = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "spinbutton", "slider", "switch", "tab", "listbox", "Date"}
WORD = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]")
READ = {"heading", "region", "complementary", "navigation", "search", "form", "table", "group", "alert", "status", *CONTROLS}
TOLD = {"heading": "标题", "region": "区", "complementary": "补充区", "navigation": "导航", "search": "检索区", "table": "表", "group": "组"}
MOST_SAID = 400  # characters of one announcement: what is longer is no announcement


@pytest.fixture
def enter(served, served_store, sign_in):
    """Sign in as somebody and open a page; `{ticket}` in its path is a ticket at work."""
    made = [take(served_store, text) for text in (BURNT, "停电三天了没人管", "可能是电表的问题")]

    def entered(page: Page, username: str, path: str = "/") -> Page:
        sign_in(page, username)
        page.goto(served.address + path.format(ticket=f"/tickets/{made[0].number}"))
        return page

    return entered


def tree(page: Page) -> list[dict]:
    """What a reader meets, in its order: each node with role, name, level and properties."""
    session = page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in session.send("Accessibility.getFullAXTree")["nodes"]}
    session.detach()
    root = next(node for node in nodes.values() if "parentId" not in node)
    return list(walked(root, nodes))


def walked(node: dict, nodes: dict[str, dict]) -> Iterator[dict]:
    """A node and what is in it, in the order of reading."""
    if not node["ignored"]:
        more = {one["name"]: one["value"].get("value") for one in node.get("properties", ())}
        yield {**more, "role": node["role"]["value"], "name": node.get("name", {}).get("value", "").strip()}
    for child in node.get("childIds", ()):
        yield from walked(nodes[child], nodes) if child in nodes else ()


def faults(page: Page) -> list[str]:
    """What would be read badly, in words."""
    read = tree(page)
    found = [f"{one['role']} without a name: {one['name']!r}" for one in read if one["role"] in CONTROLS and not WORD.search(one["name"])]
    return [*found, *outline([one for one in read if one["role"] == "heading"]), *page.evaluate(BADLY, MOST_SAID)]


def outline(headings: list[dict]) -> Iterator[str]:
    """Faults of the outline: it begins with the only heading of level 1, and none is skipped on the way down."""
    levels = [int(one["level"]) for one in headings]
    if levels.count(1) != 1 or levels[0] != 1:
        yield f"headings begin {levels[:3]}, {levels.count(1)} of level 1"
    for before, one in zip(levels, headings[1:], strict=False):
        if int(one["level"]) > before + 1:
            yield f"heading {one['name'][:20]!r} jumps from {before} to {one['level']}"


BADLY = """most => {
  const seen = node => node.checkVisibility({visibilityProperty: true}), found = [];
  const word = /[0-9A-Za-z\\u4e00-\\u9fff]/, start = node => node.outerHTML.slice(0, 120);
  if (document.documentElement.lang !== "zh-CN") found.push("language " + document.documentElement.lang);
  for (const table of document.querySelectorAll("table:not([role=presentation])")) {
    if (!seen(table)) continue;
    const named = table.caption?.textContent.trim() || table.getAttribute("aria-label") || table.getAttribute("aria-labelledby");
    if (!named) found.push("table without a caption: " + start(table) + " in " + location.pathname);
    if (!table.querySelector("th")) found.push("table without headers: " + start(table));
    for (const head of table.querySelectorAll("th")) if (!head.scope) found.push("header without a scope: " + start(head));
    for (const head of table.querySelectorAll("thead th")) if (!word.test(head.textContent + (head.getAttribute("aria-label") ?? "")))
      found.push("header without a word: " + start(table));
  }
  for (const chart of document.querySelectorAll("main svg:not([aria-hidden=true]), main canvas, main [role=img]")) {
    if (!seen(chart) || chart.closest("[aria-hidden=true]") || chart.parentElement.closest("[role=img][aria-label]")) continue;
    if (!chart.getAttribute("aria-label") && !chart.querySelector(":scope > title")) found.push("chart without a name: " + start(chart));
    if (chart.closest("figure") && !chart.closest("figure").querySelector("table")) found.push("chart without its table: " + start(chart));
  }
  for (const live of document.querySelectorAll("[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]")) {
    if (live.querySelector("table, form, input, select, textarea")) found.push("an announcement that would read a form or a table: " + start(live));
    if (live.textContent.replace(/\\s+/g, " ").length > most) found.push("an announcement too long to be listened to: " + start(live));
  }
  for (const field of document.querySelectorAll("[aria-describedby], [aria-labelledby], [aria-controls]"))
    for (const name of ["aria-describedby", "aria-labelledby"]) for (const id of (field.getAttribute(name) ?? "").split(" ").filter(Boolean))
      if (!document.getElementById(id)) found.push(`${name} leads nowhere: ${id}`);
  return found;
}"""


def protocol(page: Page, username: str, path: str) -> None:
    """Write down what is read, where somebody asks for it (`READ_TO`, a file): the manual check of docs/accessibility.md goes by it."""
    if file := os.environ.get("READ_TO"):
        with Path(file).open("a", encoding="utf-8") as kept:
            kept.write(f"{username} {path}: {' · '.join(dict.fromkeys(map(told, main_of(tree(page)))))}\n")


def told(one: dict) -> str:
    """A node in a few words: what it is and what it is called."""
    level = one["level"] if one["role"] == "heading" else ""
    return f"{TOLD.get(one['role'], '')}{level} {one['name'][:24]}".strip()


def main_of(read: list[dict]) -> list[dict]:
    """What is worth a word in the protocol, from the first heading on."""
    first = next((n for n, one in enumerate(read) if one["role"] == "heading"), 0)
    return [one for one in read[first:] if one["role"] in READ - {"spinbutton"} and one["name"]]


@pytest.mark.usefixtures("forgives")
@pytest.mark.parametrize("username", PAGES)
def test_every_page_of_a_role_can_be_read(page, enter, username):
    bad = {}
    for path in PAGES[username]:
        enter(page, username, path)
        protocol(page, username, path)
        bad |= {path: found} if (found := faults(page)) else {}
    assert bad == {}, "\n".join(f"{where}\n  " + "\n  ".join(found) for where, found in bad.items())


# --- what is wrong

WRONG = {
    "a call": ("agent", "/complaints/new", lambda page: page.get_by_role("button", name="登记", exact=True).click()),
    "a return": ("repair", "{ticket}", lambda page: (page.keyboard.press("Alt+t"), page.locator("#move-return form > button").click())),
    "a new row": ("admin", "/admin/reference/return_reasons/new", lambda page: page.get_by_role("button", name="保存").click()),
    "a limit": ("admin", "/admin/reference/pause_kinds/row?code=waiting_customer", lambda page: empty(page, "#cap_hours", "保存")),
    "a calendar": (
        "admin",
        "/admin",
        lambda page: (page.get_by_text("载入国务院公布的新一年").click(), page.get_by_role("button", name="载入并重算在办时限").click()),
    ),
}


def empty(page: Page, field: str, button: str) -> None:
    """Empty a field and send its form."""
    page.locator(field).fill("")
    page.get_by_role("button", name=button).click()


@pytest.mark.usefixtures("forgives")
@pytest.mark.parametrize(("username", "path", "send"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_heard_first_leads_to_its_field_and_is_said_there_again(page, enter, username, path, send):
    enter(page, username, path)
    page.evaluate("document.querySelectorAll('form').forEach(form => { form.noValidate = true; })")
    send(page)
    problems = page.locator(".problems")
    expect(problems).to_be_focused()
    expect(problems).to_have_attribute("role", "alert")
    read = tree(page)
    for link in problems.locator("a").all():
        field = page.locator(f"[id='{link.get_attribute('href').lstrip('#')}']")
        expect(field).to_have_attribute("aria-invalid", "true")
        said = " ".join(page.locator(f"[id='{name}']").inner_text() for name in field.get_attribute("aria-describedby").split())
        assert link.inner_text() in said
        link.click()
        expect(field).to_be_focused()
    assert [one for one in read if one.get("invalid") == "true" and not one["name"]] == []
    assert faults(page) == []


# --- what changes by itself

HEARKEN = """() => {
  window.heard = [];
  const polite = node => node?.closest?.("[aria-live], [role=status], [role=alert], [role=log]");
  new MutationObserver(changes => {
    for (const region of new Set(changes.map(change => polite(change.target.nodeType === 1 ? change.target : change.target.parentElement)))) {
      const text = region && !region.hidden && region.textContent.replace(/\\s+/g, " ").trim();
      const kind = region?.getAttribute("role") === "alert" || region?.getAttribute("aria-live") === "assertive" ? "alert" : "status";
      if (text && window.heard.at(-1) !== `${kind}: ${text}`) window.heard.push(`${kind}: ${text}`);
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["hidden"]});
}"""


def heard(page: Page, beginning: str) -> list[str]:
    """What has been announced, once something that begins so has been and it is quiet again."""
    for _ in range(100):
        if any(one.startswith(beginning) for one in page.evaluate("window.heard")):
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(2000)
    return page.evaluate("window.heard")


def test_a_call_that_is_typed_is_told_in_few_words_and_danger_at_once(page, enter):
    enter(page, "agent", "/complaints/new")
    page.evaluate(HEARKEN)
    page.locator("textarea[name=text-0]").focus()
    page.keyboard.type("我家停电了，从昨天晚上八点到现在没有来电，打了好几次电话", delay=40)
    said = heard(page, "status")
    assert 1 <= len(said) <= 3, said
    assert {one.partition(":")[0] for one in said} == {"status"}
    assert max(map(len, said)) < MOST_SAID / 2
    page.keyboard.type("，门口的电线断了掉在地上冒火花", delay=40)
    alerts = [one for one in heard(page, "alert") if one.startswith("alert")]
    assert (len(alerts), "人身安全" in alerts[0]) == (1, True)


def test_a_customer_who_is_looked_up_is_told_in_one_sentence_and_the_writing_goes_on(page, enter):
    enter(page, "agent", "/complaints/new")
    page.evaluate(HEARKEN)
    page.locator("#lookup").fill("3301000001")
    page.keyboard.press("Enter")
    expect(page.locator("#customer .record")).to_be_visible()
    expect(page.locator("textarea[name=text-0]")).to_be_focused()
    said = heard(page, "status")
    assert said[0].startswith("status: 已找到客户档案")
    assert max(map(len, said)) < MOST_SAID / 4
    assert faults(page) == []


def test_a_decision_is_said_and_what_is_next_has_the_focus(page, enter):
    enter(page, "dispatcher", "/dispatch/work")
    expect(page.locator("#work:not([data-asleep]) #one")).to_be_focused()
    number = page.locator("#one a").inner_text()
    page.evaluate(HEARKEN)
    page.keyboard.press("Alt+y")
    expect(page.locator("#work:not([data-asleep]) .done")).to_contain_text(number)
    expect(page.locator("[data-focus]")).to_be_focused()
    assert WORD.search(page.locator("[data-focus]").inner_text())
    assert page.locator(".done").get_attribute("role") == "status"
    assert faults(page) == []


def test_a_list_that_refreshes_by_itself_says_nothing(page, enter, served_store):
    enter(page, "dispatcher", "/dispatch")
    page.evaluate(HEARKEN)
    number = take(served_store, "可能是电表走得快").number
    expect(page.locator(f"tr:has-text('{number[8:]}')")).to_be_visible(timeout=30000)
    assert page.evaluate("window.heard") == []
