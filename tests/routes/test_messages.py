"""Messages: the bell, the list, marking as read, and for administrators what could not be sent out; as pages and as API."""

import json
import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from triage.delivery import CUT_OFF
from triage.store.sql import block

NOW = datetime.now(UTC)
TRAIL = block("""
    SELECT actor, row_key, before_json, after_json
    FROM reference_audit
    WHERE table_name = 'messages'
    ORDER BY id""")


@pytest.fixture
def post(store):
    """Put messages into somebody's list, the first one first; gives their numbers."""

    def put(username, *subjects, outlet="", **values):
        for subject in subjects:
            store.post(f"{username} {subject}", "warning", username, subject, f"{subject}，请处理", NOW, outlet=outlet, **values)
        return [row["id"] for row in reversed(store.messages_of(username))]

    return put


@pytest.fixture
def given_up(store, post):
    """A message that was tried once and given up."""
    (id,) = post("repair", "发不出去", outlet="console")
    store.claim_message(id, NOW)
    store.keep_failure(id, NOW, "外发渠道已停用", NOW, retry_at=None)
    return id


@pytest.fixture
def api(app, store):
    """Ask the API as somebody."""

    def ask(username, method, path):
        token = secrets.token_urlsafe()
        store.add_token(token, username, "tests", NOW)
        return app.test_client().open(f"/api/v1{path}", method=method, headers={"Authorization": f"Bearer {token}"})

    return ask


def text(response, status=200):
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_data(as_text=True)


def test_the_bell_on_every_page_counts_what_is_unread(client_as, post):
    client = client_as("repair")
    assert 'aria-label="消息"' in text(client.get("/queue"))
    post("repair", "甲", "乙")
    assert 'aria-label="消息，2 条未读"' in text(client.get("/queue"))
    assert 'aria-label="消息"' in text(client_as("billing").get("/queue"))


def test_more_than_a_hundred_unread_are_shown_as_99_and_more(client_as, post):
    post("repair", *(f"第 {number} 条" for number in range(100)))
    assert '<b class="count">99+</b>' in text(client_as("repair").get("/queue"))


def test_unread_ones_come_first_and_say_so(client_as, store, post):
    _, second = post("repair", "先来的", "后来的")
    store.mark_read("repair", second, NOW)
    page = text(client_as("repair").get("/messages"))
    assert page.index("未读</h2>") < page.index("先来的") < page.index("已读</h2>") < page.index("后来的")
    assert "未读 1 条" in page


def test_nothing_unread_says_what_will_appear_here(client_as):
    assert "没有未读消息" in text(client_as("repair").get("/messages"))


def test_one_is_marked_as_read_and_another_users_is_not(client_as, store, post):
    (mine,), (theirs,) = post("repair", "我的"), post("billing", "别人的")
    client = client_as("repair")
    for id in (mine, theirs):
        assert client.post(f"/messages/{id}/read").status_code == 303
    assert (store.count_unread("repair"), store.count_unread("billing")) == (0, 1)


def test_opening_the_ticket_marks_the_message_as_read(client_as, store, post):
    (id,) = post("repair", "临近时限")
    answer = client_as("repair").post(f"/messages/{id}/read", data={"open": "2026112300000001"})
    assert answer.headers["Location"] == "/tickets/2026112300000001"
    assert store.count_unread("repair") == 0


def test_marking_all_leaves_what_came_after_the_page_was_made(client_as, store, post):
    post("repair", "甲", "乙")
    client = client_as("repair")
    (latest,) = re.findall(r'name="latest" value="(\d+)"', text(client.get("/messages")))
    post("repair", "刚到的")
    client.post("/messages/read", data={"latest": latest})
    assert [row["subject"] for row in store.messages_of("repair", unread_only=True)] == ["刚到的"]
    assert "已把 2 条消息标为已读" in text(client.get("/messages"))


@pytest.mark.parametrize("latest", ["", "x", "-1", "9" * 30], ids=["missing", "no number", "negative", "too long"])
def test_a_form_that_was_tampered_with_marks_nothing(client_as, store, post, latest):
    post("repair", "甲")
    assert client_as("repair").post("/messages/read", data={"latest": latest}).status_code == 303
    assert store.count_unread("repair") == 1


def test_personal_data_in_a_message_are_masked(client_as, store):
    store.post("k", "warning", "repair", "来电 13800001234", "请回电 13800001234", NOW)
    page = text(client_as("repair").get("/messages"))
    assert "13800001234" not in page
    assert page.count("138****1234") >= 2


def test_the_outbox_says_why_and_sending_again_is_audited(client_as, store, given_up):
    client = client_as("admin")
    page = text(client.get("/messages/outbox"))
    assert "外发渠道已停用" in page
    assert client.post(f"/messages/outbox/{given_up}/again").status_code == 303
    assert store.failed_messages() == []
    assert [row["id"] for row in store.waiting_messages("console", datetime.now(UTC), 10)] == [given_up]
    (row,) = store.rows(TRAIL)
    assert (row["actor"], row["row_key"]) == ("admin", f"id={given_up}")
    assert json.loads(row["before_json"]) == {"attempts": 1, "error": "外发渠道已停用"}


def test_what_was_cut_off_long_ago_may_be_sent_again_and_what_is_on_its_way_may_not(client_as, store, post):
    long_ago = NOW - CUT_OFF - timedelta(minutes=1)
    old, fresh = post("repair", "断了的", "正在发的", outlet="console", not_before=long_ago)
    store.claim_message(old, long_ago)
    store.claim_message(fresh, NOW)
    client = client_as("admin")
    page = text(client.get("/messages/outbox"))
    assert "断了的" in page
    assert "正在发的" not in page
    assert "先与收件人核实" in page
    assert client.post(f"/messages/outbox/{old}/again").status_code == 303
    assert "正在发送" in text(client.post(f"/messages/outbox/{fresh}/again"), 412)
    assert [row["id"] for row in store.waiting_messages("console", datetime.now(UTC), 10)] == [old]


def test_a_message_that_is_not_there_cannot_be_sent_again(client_as):
    assert "没有这条消息" in text(client_as("admin").post("/messages/outbox/999/again"), 404)
    assert client_as("admin").post(f"/messages/outbox/{10**30}/again").status_code == 404


@pytest.mark.parametrize("username", ["agent", "dispatcher", "repair", "leader", "auditor"])
def test_the_outbox_is_the_administrators(client_as, given_up, store, username):
    client = client_as(username)
    assert client.get("/messages/outbox").status_code == 403
    assert client.post(f"/messages/outbox/{given_up}/again").status_code == 403
    assert [row["id"] for row in store.failed_messages()] == [given_up]


def test_a_program_reads_the_list_and_marks_one_as_read(api, post):
    first, second = post("repair", "甲 13800001234", "乙")
    (row,) = api("repair", "GET", "/messages?limit=1").get_json()["messages"]
    assert (row["id"], row["subject"], row["read_at"]) == (second, "乙", None)
    assert api("repair", "POST", f"/messages/{second}/read").get_json() == {"unread": 1}
    assert api("repair", "POST", f"/messages/{second}/read").status_code == 200
    (left,) = api("repair", "GET", "/messages?unread=1").get_json()["messages"]
    assert (left["id"], left["subject"]) == (first, "甲 138****1234")


def test_a_program_is_told_of_a_message_that_is_not_its_users(api, post):
    (id,) = post("billing", "别人的")
    assert api("repair", "POST", f"/messages/{id}/read").status_code == 404
    assert api("repair", "GET", "/messages?unread=maybe").status_code == 422


def test_an_administrators_program_sees_the_outbox_and_sends_again(api, given_up):
    found = api("admin", "GET", "/messages/outbox").get_json()
    assert (found["waiting"], [row["error"] for row in found["failed"]], found["unclear"]) == (0, ["外发渠道已停用"], [])
    assert api("admin", "POST", f"/messages/outbox/{given_up}/again").get_json() == {"waiting": 1}
    assert api("admin", "POST", f"/messages/outbox/{given_up}/again").status_code == 412
    assert api("repair", "GET", "/messages/outbox").status_code == 403
