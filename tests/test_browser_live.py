"""Live updates in a real browser: a list is told of a change and comes for it; without the stream it asks by itself; the stream comes back."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.routes.conftest import SECRET, fake_predict
from tests.served import application, cookie_of, listening
from tests.streams import running_live
from triage.complaint import read_contact
from triage.intake import receive
from triage.lifecycle import act
from triage.store import Store

pytestmark = pytest.mark.browser
NEVER, OFTEN = 3600, 0.5  # seconds after which a page asks by itself


@dataclass
class Place:
    """The application on one port and the process of live updates on another."""

    app: Flask
    store: Store
    port: int
    folder: Any
    running: ExitStack
    live_port: int = 0

    def tell(self):
        """Start telling, on the port of the last time."""
        live = self.running.enter_context(running_live(self.folder, "--page-port", str(self.port), port=self.live_port))
        self.live_port = live.port
        self.app.config["LIVE_URL"] = f":{live.port}/live/events"

    def open(self, page, username, path, every):
        """Open a page of somebody once its stream says that it is there."""
        self.app.config["LIVE_EVERY"] = every
        address = f"http://127.0.0.1:{self.port}"
        page.context.add_cookies([{"name": "triage", "value": cookie_of(self.store, username), "url": address}])
        with page.expect_response(lambda answer: "X-Live".lower() in answer.request.headers):
            page.goto(address + path)


@pytest.fixture
def place(demo, tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    with application(demo, tmp_path) as (app, database), listening(app) as port, database.connect() as connection, ExitStack() as running:
        made = Place(app, Store(connection, SECRET), port, tmp_path, running)
        made.tell()
        yield made


@pytest.fixture
def page(place, page, page_errors):
    """The page is left before the servers end; a stream that cannot be reached is written down by the browser, and is wanted here."""
    yield page
    page.goto("about:blank")
    page_errors[:] = [error for error in page_errors if "Failed to load resource" not in error and "ERR_" not in error]


def take(store, text):
    contact = read_contact({"complaints": [{"text": text}], "unit_code": "330101"})
    return receive(contact, predict=fake_predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")[0]


def row(page, ticket):
    return page.locator(f"tr:has-text('{ticket.number[8:]}')").first


def test_a_page_that_never_asks_by_itself_is_told_of_a_new_ticket(page, place):
    place.open(page, "dispatcher", "/dispatch", NEVER)
    expect(row(page, take(place.store, "可能是电表的问题"))).to_be_visible()


def test_a_message_rings_the_bell_of_a_page_without_a_list(page, place):
    place.open(page, "repair", "/search", NEVER)
    place.store.post("one", "warning", "repair", "题", "文", datetime.now(UTC))
    expect(page.locator("#bell")).to_have_accessible_name("消息，1 条未读")


def test_without_the_stream_the_list_still_refreshes_and_with_it_again_it_is_told_again(page, place):
    place.open(page, "dispatcher", "/dispatch", OFTEN)
    place.running.close()
    expect(row(page, take(place.store, "可能是线路的问题"))).to_be_visible()
    with page.expect_response(lambda answer: "/live/events" in answer.url and answer.status == 200, timeout=60_000):
        place.tell()
    expect(row(page, take(place.store, "可能是表箱的问题"))).to_be_visible()


def test_a_tickets_page_says_that_somebody_moved_the_ticket_and_keeps_what_is_written(page, place):
    ticket = take(place.store, "停电了")
    place.open(page, "repair", f"/tickets/{ticket.number}", NEVER)
    line = page.get_by_text("工单刚有变动")
    form = page.locator("main details:has(> form textarea)").first
    form.locator("summary").click()
    form.locator("textarea").first.fill("刚写了一半")
    expect(line).to_be_hidden()
    store = place.store
    act(ticket.number, "accept", {}, user=store.user("repair"), version=ticket.version, store=store, rules=store.rules(), now=datetime.now(UTC))
    expect(line).to_be_visible()
    expect(form.locator("textarea").first).to_have_value("刚写了一半")
    page.reload()
    expect(line).to_be_hidden()


def test_a_session_that_is_ended_elsewhere_is_told_at_once(page, place):
    place.open(page, "repair", "/queue", NEVER)
    place.store.set_password("repair", "another")
    expect(page.get_by_text("登录已失效")).to_be_visible()


def test_a_page_that_nobody_looks_at_holds_no_stream(page, place):
    place.open(page, "dispatcher", "/dispatch", NEVER)
    with page.expect_event("requestfailed", lambda request: "/live/events" in request.url):
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true, configurable: true}); document.dispatchEvent(new Event('visibilitychange'))"
        )
    with page.expect_request(lambda request: "/live/events" in request.url):
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: false, configurable: true}); document.dispatchEvent(new Event('visibilitychange'))"
        )
