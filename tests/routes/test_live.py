"""Lists that keep themselves up to date: nothing is sent while nothing changed, and whatever changes the list changes its mark."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import g

from routes.web.live import MARKS, RENEWED
from tests.routes.conftest import fake_predict
from triage.complaint import read_contact
from triage.intake import receive
from triage.lifecycle import act
from triage.reference import edit_row

LISTS = {
    "dispatcher": "/dispatch",
    "repair": "/queue",
    "leader": "/queue",
    "agent": "/callbacks",
    "auditor": "/requests",
    "admin": "/live/bell",
    "billing": "/messages",
}


@pytest.fixture
def at(app):
    """Let the requests of a test be of one moment, so that no minute ends between two of them."""
    moment = [datetime.now(UTC)]
    app.before_request(lambda: setattr(g, "now", moment[0]))
    return moment


@pytest.fixture
def take(store):
    """Take a complaint: by the fake model 停电 goes to the repair team of the county at once, 可能 waits for a dispatcher."""

    def taken(text="停电了"):
        contact = read_contact({"complaints": [{"text": text}], "unit_code": "330101"})
        return receive(contact, predict=fake_predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")[0]

    return taken


def ask(client, path, tag=""):
    return client.get(path, headers={"X-Live": "1", "If-None-Match": tag})


def is_told(client, path, change):
    """Whether a page that was up to date is sent anew after a change."""
    tag = client.get(path).headers["ETag"]
    assert ask(client, path, tag).status_code == 204
    change()
    return ask(client, path, tag).status_code == 200


@pytest.mark.usefixtures("at")
@pytest.mark.parametrize(("username", "path"), LISTS.items(), ids=[*LISTS])
def test_nothing_is_sent_while_nothing_changed(client_as, username, path):
    client = client_as(username)
    first = client.get(path)
    again = ask(client, path, first.headers["ETag"])
    assert (again.status_code, again.data) == (204, b"")
    assert ask(client, path, "another").status_code == 200


@pytest.mark.usefixtures("at")
def test_the_page_holds_the_mark_that_was_taken_before_it_was_read(client_as):
    page = client_as("dispatcher").get("/dispatch")
    assert f'data-live="{page.headers["ETag"]}"' in page.get_data(as_text=True)


@pytest.mark.usefixtures("at")
@pytest.mark.parametrize(
    ("username", "path", "text"),
    [("dispatcher", "/dispatch", "可能"), ("repair", "/queue", "停电"), ("leader", "/queue", "停电")],
    ids=["waiting", "team", "unit"],
)
def test_a_new_ticket_changes_the_list_that_it_comes_into(client_as, take, username, path, text):
    assert is_told(client_as(username), path, lambda: take(text))


@pytest.mark.usefixtures("at")
def test_a_move_of_a_ticket_changes_its_queue_and_not_that_of_another_team(client_as, store, take):
    ticket = take()

    def accept():
        act(ticket.number, "accept", {}, user=store.user("repair"), version=1, store=store, rules=store.rules(), now=datetime.now(UTC))

    billing = client_as("billing")
    tag = billing.get("/queue").headers["ETag"]
    assert is_told(client_as("repair"), "/queue", accept)
    assert ask(billing, "/queue", tag).status_code == 204


@pytest.mark.usefixtures("at")
def test_who_works_on_what_changes_the_dispatchers_list(client_as, store, take):
    ticket = take("可能")
    now = datetime.now(UTC)
    assert is_told(client_as("dispatcher"), "/dispatch", lambda: store.claim(ticket.number, "dispatcher", now, timedelta(minutes=5)))


@pytest.mark.usefixtures("at")
@pytest.mark.parametrize(("username", "path"), LISTS.items(), ids=[*LISTS])
def test_a_message_changes_the_bell_of_its_recipient_on_every_list(client_as, store, username, path):
    assert is_told(client_as(username), path, lambda: store.post("k", "warning", username, "题", "文", datetime.now(UTC)))


@pytest.mark.usefixtures("at")
def test_a_message_to_somebody_else_changes_nothing(client_as, store):
    assert not is_told(client_as("repair"), "/queue", lambda: store.post("k", "warning", "billing", "题", "文", datetime.now(UTC)))


@pytest.mark.usefixtures("at")
def test_edited_rules_change_every_list(client_as, store):
    def edit():
        edit_row(store, "switches", {"code": "automatic_dispatch"}, {"value": "off"}, actor="admin", now=datetime.now(UTC))

    assert is_told(client_as("dispatcher"), "/dispatch", edit)


def test_the_words_of_time_are_renewed_once_a_minute(client_as, at):
    def wait():
        at[0] += timedelta(seconds=RENEWED)

    assert is_told(client_as("repair"), "/queue", wait)


def test_who_is_signed_out_or_has_another_role_is_told_nothing(app, client_as):
    assert ask(app.test_client(), "/dispatch").status_code == 302
    assert ask(client_as("repair"), "/dispatch").status_code == 403


def test_asking_again_takes_no_word_of_what_was_done_from_the_page_that_comes(client_as):
    client = client_as("dispatcher")
    client.post("/dispatch/switch")
    assert "自动派单已停止" not in ask(client, "/dispatch").get_data(as_text=True)
    assert "自动派单已停止" in client.get("/dispatch").get_data(as_text=True)


def test_no_cookie_comes_with_an_answer_so_that_none_is_set_back_in_time(client_as):
    client = client_as("dispatcher")
    client.get("/dispatch")
    assert "Set-Cookie" not in ask(client, "/dispatch").headers


def test_every_list_that_refreshes_is_a_page(app):
    assert set(MARKS) <= {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
