"""What goes over the line: the weight of each role's first pages, what browsers keep, and that nothing but the weight is changed by it."""

import gzip
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import url_for

from classifier.corpus import read_bundled
from tests.routes.conftest import fake_predict
from triage.complaint import read_contact
from triage.intake import receive

FIRST_VIEW, AFTERWARDS = 200_000, 20_000  # bytes
TICKETS = 400
ROOT = Path(__file__).resolve().parent.parent.parent
PACKED = {"Accept-Encoding": "gzip, deflate, br"}
TOKEN = re.compile(rb'(?<=name="csrf_token" value=")[^"]+')  # it tells the second at which it was signed
FETCHED = re.compile(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"')
PAGES = {
    "agent": ("/complaints/new", "/callbacks"),
    "dispatcher": ("/dispatch", "/dispatch/work"),
    "repair": ("/queue", "/messages"),
    "leader": ("/queue", "/shifts"),
    "auditor": ("/timeliness", "/requests"),
    "admin": ("/admin", "/timeliness"),
}


def weight(response):
    """Bytes on the line: the head too."""
    return len(response.data) + sum(len(f"{name}: {value}\r\n".encode()) for name, value in response.headers)


def fetched(client, response, seen):
    """What a browser fetches for a page beside it, but for what it keeps from before."""
    parts = [part for part in FETCHED.findall(gzip.decompress(response.data).decode()) if part not in seen]
    answers = [client.get(part, headers=PACKED, buffered=True) for part in parts]
    assert {answer.status_code for answer in answers} <= {200}
    seen.update(part for part, answer in zip(parts, answers, strict=True) if "immutable" in answer.headers["Cache-Control"])
    return sum(weight(answer) for answer in answers)


@pytest.fixture
def busy(store):
    """As many tickets in the queues as one page shows, each in other words: the half waits for a dispatcher."""
    texts = iter(read_bundled(ROOT / "data").texts)
    for predict in [fake_predict, lambda text: None] * (TICKETS // 20):
        contact = read_contact({"complaints": [{"text": next(texts)} for _ in range(10)], "unit_code": "330101"})
        receive(contact, predict=predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")


@pytest.mark.parametrize("role", PAGES)
@pytest.mark.usefixtures("busy")
def test_a_roles_first_page_weighs_little_and_the_next_one_less(client_as, role):
    client, seen, (first, after) = client_as(role), set(), PAGES[role]
    page = client.get(first, headers=PACKED)
    assert weight(page) + fetched(client, page, seen) <= FIRST_VIEW
    for path in (first, after):
        again = client.get(path, headers=PACKED)
        assert weight(again) + fetched(client, again, seen) <= AFTERWARDS, path


@pytest.mark.parametrize(("role", "path", "text"), [("dispatcher", "/dispatch", "可能停电"), ("repair", "/queue", "停电")])
def test_a_list_shows_the_beginning_of_a_long_text(client_as, store, role, path, text):
    contact = read_contact({"complaints": [{"text": text + "又说了一遍" * 500}], "unit_code": "330101"})
    receive(contact, predict=fake_predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")
    page = client_as(role).get(path).text
    assert f"{text}又说了一遍又说" in page
    assert 10 < page.count("又说了一遍") < 30


def test_who_does_not_take_packed_answers_gets_the_same_unpacked(client_as):
    client = client_as("agent")
    for path in ("/help", "/static/triage.css"):
        plain, packed = client.get(path, buffered=True), client.get(path, headers=PACKED, buffered=True)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert all("Accept-Encoding" in answer.vary for answer in (plain, packed))
        first, second = (TOKEN.sub(b"", data) for data in (plain.data, gzip.decompress(packed.data)))
        assert first == second
        refused = client.get(path, headers={"Accept-Encoding": "gzip;q=0"}, buffered=True)
        assert "Content-Encoding" not in refused.headers


def test_a_short_answer_is_sent_as_it_is(client_as):
    assert "Content-Encoding" not in client_as("agent").get("/live/bell", headers=PACKED).headers


def test_only_the_address_that_names_the_version_is_kept_for_ever(app, client_as):
    client = client_as("agent")
    with app.test_request_context():
        address = url_for("static", filename="triage.css")
    assert "immutable" in client.get(address, buffered=True).headers["Cache-Control"]
    for other in ("/static/triage.css", "/static/triage.css?v=earlier"):
        assert "immutable" not in client.get(other, buffered=True).headers["Cache-Control"]


def test_a_static_file_that_is_there_already_is_not_sent_again(client_as):
    client = client_as("agent")
    for asked in ({}, PACKED):
        tag = client.get("/static/triage.css", headers=asked, buffered=True).headers["ETag"]
        again = client.get("/static/triage.css", headers={**asked, "If-None-Match": tag}, buffered=True)
        assert (again.status_code, again.data) == (304, b"")


def test_a_changed_file_has_another_address(app, tmp_path):
    app.static_folder, file = str(tmp_path), tmp_path / "some.js"
    with app.test_request_context():
        file.write_text("one")
        one = url_for("static", filename="some.js")
        file.write_text("another")
        os.utime(file, ns=(1, 1))
        assert url_for("static", filename="some.js") != one
        assert url_for("static", filename="none.js") == "/static/none.js"


def test_the_length_of_a_packed_page_does_not_tell_what_stands_in_it(client_as):
    client = client_as("agent")
    assert len({len(client.get("/help", headers=PACKED).data) for _ in range(30)}) > 5
