"""The team's working day in a real browser: the queue and the moves by keyboard alone, files, the crew's telephone."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.routes.conftest import fake_predict
from tests.triage.test_images import GPS, exif
from triage.complaint import read_contact
from triage.intake import receive
from triage.terms import State

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]
FAULT, METER = "家里停电两小时了，请打13800001001", "电表坏了，要求换表"


@pytest.fixture
def store(served_store):
    return served_store


@pytest.fixture
def take(store):
    def taken(text=FAULT, many=1):
        call = read_contact({"complaints": [{"text": text}], "unit_code": "330101", "phone": "13800001001"})
        now, rules = datetime.now(UTC), store.rules()
        made = [receive(call, predict=fake_predict, rules=rules, store=store, now=now - timedelta(seconds=n), actor="agent") for n in range(many)]
        return [tickets[0].number for tickets in made]

    return taken


@pytest.fixture
def enter(served, page, sign_in):
    """Stand on a page, signed in."""

    def at(username, path):
        sign_in(page, username)
        page.goto(f"{served.address}{path}")
        return page

    return at


def stands(page, state):
    """Wait until the ticket's page shows a state and its scripts listen."""
    expect(page.locator("h1")).to_contain_text(state)
    page.wait_for_load_state("load")


def test_a_ticket_is_worked_off_by_keyboard_alone(store, take, enter):
    first, second = take(METER, 2)
    page = enter("metering", "/queue")
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile(r"/tickets/\d{16}$"))  # until it is loaded
    number = page.url.rsplit("/", 1)[1]
    assert number == first
    page.keyboard.press("Alt+j")
    stands(page, "已接单")
    page.keyboard.press("Alt+l")
    expect(page.locator("#move-contact form > button")).to_be_focused()
    assert store.ticket(number).state is State.ACCEPTED, "a contact cannot be taken back: one key is not enough"
    page.keyboard.press("Alt+l")
    stands(page, "已联系")
    page.keyboard.press("Alt+b")
    page.keyboard.type("已换表，请客户放心使用")
    page.keyboard.press("Alt+b")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+b")
    stands(page, "待审单")
    assert store.ticket(number).reply == "已换表，请客户放心使用"
    assert store.ticket(second).state is State.DISPATCHED


def test_several_are_ticked_and_accepted_by_keyboard(store, take, enter):
    numbers = take(FAULT, 4)
    page = enter("repair", "/queue")
    for key in ("ArrowDown", " ", "ArrowDown", " ", "ArrowDown", " ", " ", "Alt+j"):
        page.keyboard.press(key)
    expect(page.locator(".flash")).to_contain_text("已接单 2 张")
    assert [store.ticket(number).state for number in numbers].count(State.ACCEPTED) == 2


def test_a_letter_does_nothing_while_the_input_method_composes(store, take, enter):
    (number,) = take()
    page = enter("repair", f"/tickets/{number}")
    init = {"key": "j", "code": "KeyJ", "altKey": True, "isComposing": True, "bubbles": True}
    page.locator("#accept-note").evaluate("(node, init) => node.dispatchEvent(new KeyboardEvent('keydown', init))", init)
    page.locator("#accept-note").evaluate(
        "(node, init) => node.dispatchEvent(new KeyboardEvent('keydown', {...init, isComposing: false, keyCode: 229}))", init
    )
    page.wait_for_timeout(300)
    assert store.ticket(number).state is State.DISPATCHED


def test_a_template_goes_into_the_reply_and_can_be_taken_back(store, take, enter):
    (number,) = take(METER)
    page = enter("metering", f"/tickets/{number}")
    page.keyboard.press("Alt+j")
    stands(page, "已接单")
    page.locator("select[data-fills=contact-note]").select_option(index=1)
    note = page.locator("#contact-note")
    expect(note).to_have_value(re.compile("临江市城区供电中心"))
    note.press("Control+z")
    expect(note).to_have_value("")


def test_a_photo_is_shown_and_has_no_position(store, take, enter):
    (number,) = take()
    page = enter("repair", f"/tickets/{number}")
    picture = page.screenshot(type="jpeg")
    photo = picture[:2] + exif(6) + picture[2:]
    page.locator("#files").set_input_files([{"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": photo}])
    page.get_by_role("button", name="上传").click()
    image = page.locator(".thumb img")
    image.scroll_into_view_if_needed()
    # Lying on its side it is shown upright: which way is up was kept.
    expect(image).to_have_js_property("naturalWidth", 720)
    expect(image).to_have_js_property("naturalHeight", 1280)
    (one,) = store.attachments_of(number)
    kept = store.attachment_data(number, one.id)
    assert GPS in photo
    assert GPS not in kept


@pytest.mark.parametrize("path", ["/queue", "/tickets/{}"])
def test_a_telephone_shows_everything_without_scrolling_sideways(take, enter, path):
    (number,) = take()
    page = enter("repair", "/queue")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(page.url.replace("/queue", path.format(number)))
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_crew_accepts_arrives_and_restores_with_one_thumb(store, take, enter):
    (number,) = take()
    page = enter("repair", "/queue")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(page.url.replace("/queue", f"/tickets/{number}"))
    bar = page.locator(".crew-bar")
    for name, state in (("接单", "已接单"), ("到达现场", "已到场")):
        box = bar.get_by_role("button", name=name).bounding_box()
        assert box["height"] >= 44
        assert box["y"] > 740 * 0.8
        bar.get_by_role("button", name=name).click()
        if name != "接单":  # an arrival cannot be taken back: a slip of the thumb is not enough
            page.locator("#move-arrive form").get_by_role("button", name=name).click()
        stands(page, state)
    bar.get_by_role("button", name="恢复送电").click()
    form = page.locator("#move-resolve form")
    expect(form.locator("textarea")).to_have_value(re.compile("恢复供电"))
    form.get_by_role("button", name="办结回单").click()
    stands(page, "待审单")
    assert store.ticket(number).finding == "upheld"
