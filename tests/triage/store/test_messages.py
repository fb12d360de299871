"""Messages in the store: kept once, listed for their recipient, claimed by one, and what became of them."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.triage.samples import NOW, SECRET
from triage.store import Store
from triage.store.messages import UNCLEAR, WAITING
from triage.store.sql import block

MINUTE = timedelta(minutes=1)


def post(store, key="k", recipient="repair", outlet="console", **values):
    return store.post(key, "warning", recipient, "题", "文", values.pop("now", NOW), outlet=outlet, **values)


def waiting(store, now=NOW, outlet="console", most=10):
    return [row["key"] for row in store.waiting_messages(outlet, now, most)]


def id_of(store, key="k"):
    return store.value(block("SELECT id FROM messages WHERE key = :key"), key=key)


def test_a_message_of_the_same_key_is_kept_once(store):
    assert [post(store), post(store), post(store, "other")] == [True, False, True]
    assert waiting(store) == ["k", "other"]


def test_what_waits_is_in_the_order_in_which_it_is_due(store):
    post(store, "late", not_before=NOW + 5 * MINUTE)
    post(store, "soon", not_before=NOW + MINUTE)
    post(store, "of another outlet", outlet="file")
    assert waiting(store) == []
    assert waiting(store, NOW + 5 * MINUTE) == ["soon", "late"]
    assert waiting(store, NOW + 5 * MINUTE, most=1) == ["soon"]
    assert store.waiting_outlets(NOW) == ["file"]
    assert store.waiting_outlets(NOW + MINUTE) == ["console", "file"]
    assert store.count_waiting() == 3


def test_a_message_without_an_outlet_is_only_listed(store):
    post(store, outlet="")
    assert (store.waiting_outlets(NOW), store.count_waiting()) == ([], 0)
    assert [row["subject"] for row in store.messages_of("repair")] == ["题"]


def test_the_recipients_name_comes_along_if_there_is_one(store):
    post(store)
    post(store, "x", recipient="nobody")
    assert [row["name"] for row in store.waiting_messages("console", NOW, 10)] == ["配电抢修班处理人", None]


def test_a_claimed_message_is_nobody_elses(store):
    post(store, not_before=NOW + MINUTE)
    assert [store.claim_message(id_of(store), now) for now in (NOW, NOW + MINUTE, NOW + MINUTE)] == [False, True, False]
    assert waiting(store, NOW + MINUTE) == []
    assert store.count_waiting() == 1


def test_of_many_at_once_one_gets_the_claim(database, store):
    for n in range(20):
        post(store, str(n))
    ids, won, gate = [id_of(store, str(n)) for n in range(20)], [], threading.Barrier(4)

    def work():
        with database.connect() as connection:
            mine = Store(connection, SECRET)
            gate.wait(timeout=10)
            won.extend(id for id in ids if mine.claim_message(id, NOW))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(won) == sorted(ids)


def test_a_claim_is_seen_by_others_at_once(database, store):
    post(store)
    store.claim_message(id_of(store), NOW)
    with database.connect() as connection:
        assert waiting(Store(connection, SECRET)) == []


def test_what_was_sent_or_given_up_does_not_wait(store):
    for key in ("sent", "failed", "later"):
        post(store, key)
        store.claim_message(id_of(store, key), NOW)
    store.keep_sent(id_of(store, "sent"), NOW)
    store.keep_failure(id_of(store, "failed"), NOW, "不收", NOW, retry_at=None)
    store.keep_failure(id_of(store, "later"), NOW, "没有应答", NOW, retry_at=NOW + MINUTE)
    assert waiting(store, NOW + MINUTE) == ["later"]
    assert [(row["key"], row["error"]) for row in store.failed_messages()] == [("failed", "不收")]
    assert not store.claim_message(id_of(store, "failed"), NOW + MINUTE)
    assert not store.claim_message(id_of(store, "sent"), NOW + MINUTE)


def test_a_failure_of_an_older_claim_changes_nothing(store):
    post(store)
    store.claim_message(id_of(store), NOW)
    store.keep_failure(id_of(store), NOW - MINUTE, "旧", NOW, retry_at=None)
    assert store.failed_messages() == []
    store.keep_sent(id_of(store), NOW)
    store.keep_failure(id_of(store), NOW, "旧", NOW, retry_at=NOW)
    assert waiting(store) == []


def test_what_was_cut_off_on_its_way_is_found_after_a_while(store):
    for key in ("cut off", "sent", "waits"):
        post(store, key)
    store.claim_message(id_of(store, "cut off"), NOW)
    store.claim_message(id_of(store, "sent"), NOW)
    store.keep_sent(id_of(store, "sent"), NOW)
    assert list(store.unclear_messages(NOW - MINUTE, NOW)) == []
    assert [row["key"] for row in store.unclear_messages(NOW, NOW + MINUTE)] == ["cut off"]


def test_a_user_sees_the_own_messages_the_latest_first_and_marks_them_read(store):
    post(store, "first")
    post(store, "second", now=NOW + MINUTE)
    post(store, "of another", recipient="billing")
    ids = [id_of(store, key) for key in ("second", "first")]
    assert [row["id"] for row in store.messages_of("repair")] == ids
    assert store.mark_read("repair", ids[0], NOW)
    assert not store.mark_read("repair", ids[0], NOW + MINUTE)
    assert not store.mark_read("billing", ids[1], NOW)
    assert [row["id"] for row in store.messages_of("repair", unread_only=True)] == ids[1:]
    assert [row["read_at"] for row in store.messages_of("repair")] == [NOW, None]
    assert len(store.messages_of("repair", most=1)) == 1


@pytest.mark.parametrize("statement", ["waiting_messages", "unclear_messages"])
def test_what_waits_is_found_by_the_index(store, statement):
    for n in range(2000):
        post(store, str(n), outlet="" if n % 100 else "console")
    store.run(text("ANALYZE"))
    sql, parameters = {"waiting_messages": (WAITING, {"outlet": "console", "most": 10}), "unclear_messages": (UNCLEAR, {"since": NOW})}[statement]
    how = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[store.connection.dialect.name]
    plan = store.connection.execute(block(f"{how} {sql.element}"), {"now": NOW, **parameters}).all()
    assert "ix_messages_waiting" in "\n".join(" ".join(map(str, row)) for row in plan)
