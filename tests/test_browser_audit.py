"""The auditor's work in a real browser: cards scored by keyboard alone, no key taken from a text or an input method; a PDF that is made beside."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.routes.conftest import fake_predict
from triage.complaint import read_contact
from triage.intake import receive
from triage.lifecycle import act
from triage.moments import in_shanghai
from triage.people import User
from triage.report import latest_complete
from triage.report_jobs import take
from triage.samples import draw
from triage.terms import ReportKind, Role

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]
AUDITOR = User("auditor", "陈静", Role.AUDITOR, "33", "")
AGENT = User("agent", "李晓晴", Role.AGENT, "33", "hotline")


@pytest.fixture
def store(served_store):
    return served_store


@pytest.fixture
def sample(store):
    """A sample of two tickets that were answered at once today."""
    now, rules = datetime.now(UTC), store.rules()
    for text in ("可能多收了", "可能又多收了"):
        sent = read_contact({"complaints": [{"text": text}], "unit_code": "330101"})
        made = receive(sent, predict=fake_predict, rules=rules, store=store, now=now, actor="agent")[0]
        act(made.number, "answer", {"reply": "已说明"}, user=AGENT, version=made.version, store=store, rules=rules, now=now)
    today = f"{in_shanghai(now):%Y-%m-%d}"
    return draw({"first_on": today, "last_on": today, "size": "5", "seed": "7"}, user=AUDITOR, store=store, now=now)


@pytest.fixture
def card(served, page, sign_in, store, sample):
    """The auditor stands on the card of the sample's first ticket."""
    sign_in(page, "auditor")
    first = store.sample_tickets(sample.id)[0].ticket_number
    page.goto(f"{served.address}/audit/samples/{sample.id}/{first}")
    page.wait_for_load_state("load")
    return page


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def field(page, name):
    return page.locator(f"#card-{name}")


def test_a_card_is_scored_by_keyboard_alone_and_leads_to_the_next(card, store, sample):
    first, second = (one.ticket_number for one in store.sample_tickets(sample.id))
    expect(field(card, "record")).to_be_focused()
    press(card, "8", "ArrowDown", " ", "ArrowDown", "1", "5", "ArrowDown", "3", "0")
    press(card, "ArrowUp", "1", "2", "ArrowDown", "ArrowDown", " ", "ArrowDown", "9", "Enter")
    card.wait_for_url(f"**/{second}")
    (kept,) = store.cards(sample.id, first)
    assert {one.item: one.points for one in kept.scores} == {
        "record": 8, "routing": 10, "contact": 12, "handling": 30, "reply": 20, "callback": 9,
    }  # fmt: skip
    expect(field(card, "record")).to_be_focused()


def test_enter_goes_to_the_item_without_points_before_anything_is_saved(card, store, sample):
    press(card, "8", "ArrowDown", "ArrowDown", "5", "Enter")
    expect(field(card, "routing")).to_be_focused()
    assert store.cards_of_sample(sample.id) == []


def test_in_the_note_keys_are_text_and_answer_with_alt_only(card, store, sample):
    for name in ("record", "routing", "contact", "handling", "reply", "callback"):
        expect(field(card, name)).to_be_focused()
        press(card, " ", "ArrowDown")
    expect(field(card, "note")).to_be_focused()
    press(card, "7", " ", "Enter", "ArrowUp", "8")
    assert field(card, "note").input_value() == "87 \n"
    press(card, "Alt+ArrowUp")
    expect(field(card, "callback")).to_be_focused()
    press(card, "ArrowDown", "Alt+Enter")
    card.wait_for_url(lambda url: not url.endswith(store.sample_tickets(sample.id)[0].ticket_number))
    assert [one.note for one in store.cards_of_sample(sample.id)] == ["87"]


@pytest.mark.parametrize("name", ["record", "note"])
def test_no_key_is_taken_while_an_input_method_composes(card, store, sample, name):
    field(card, name).focus()
    taken = field(card, name).evaluate(
        """node => ["Enter", " ", "ArrowDown", "ArrowUp"].filter(key => [false, true].some(altKey =>
            !node.dispatchEvent(new KeyboardEvent("keydown", {key, altKey, isComposing: true, bubbles: true, cancelable: true}))))"""
    )
    assert taken == []
    expect(field(card, name)).to_be_focused()
    assert field(card, name).input_value() == ""
    assert store.cards_of_sample(sample.id) == []


def test_the_page_that_waits_for_a_pdf_says_by_itself_when_it_is_there(served, page, sign_in, store):
    sign_in(page, "auditor")
    page.goto(f"{served.address}/reports/week/{latest_complete(ReportKind.WEEK, datetime.now(UTC)).first_on}?unit=3301")
    page.get_by_role("button", name="生成 PDF").click()
    expect(page.locator("#job")).to_contain_text("已排队")
    job = take(store, datetime.now(UTC))
    expect(page.locator("#job")).to_contain_text("正在生成")
    store.finish_report_job(job.id, "周报.pdf", b"%PDF-", datetime.now(UTC))
    expect(page.locator("#job")).to_contain_text("已生成")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载 周报.pdf").click()
    assert download.value.suggested_filename == "周报.pdf"
