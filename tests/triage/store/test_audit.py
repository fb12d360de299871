"""The audit trail: whoever gets past the database's own refusal is still found out."""

import pytest
from sqlalchemy import text

from tests.triage.samples import NOW
from triage.store.audit import BrokenChain

DISARM = {
    "sqlite": ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"),
    "postgresql": ("DROP TRIGGER audit_append_only ON audit",),
}


@pytest.fixture
def tickets(take, move):
    """Two tickets with three entries each."""
    return [move(ticket, "accept", minutes=1) for ticket in (*take("家里没电"), *take("也没电"))]


@pytest.mark.parametrize(
    ("statement", "seq", "why"),
    [
        pytest.param("UPDATE audit SET actor = 'somebody' WHERE seq = 1 AND ticket_number = :number", 1, "its content was changed", id="actor"),
        pytest.param("UPDATE audit SET action = 'return' WHERE seq = 2 AND ticket_number = :number", 2, "its content was changed", id="action"),
        pytest.param("UPDATE audit SET to_state = 'closed' WHERE seq = 3 AND ticket_number = :number", 3, "its content was changed", id="state"),
        pytest.param("UPDATE audit SET detail_json = '{}' WHERE seq = 2 AND ticket_number = :number", 2, "its content was changed", id="detail"),
        pytest.param("UPDATE audit SET happened_at = :later WHERE seq = 2 AND ticket_number = :number", 2, "its content was changed", id="time"),
        pytest.param(
            "UPDATE audit SET hash = 'x' WHERE seq = 3 AND ticket_number = :number",
            3,
            "its content was changed",
            id="the hash of the last",
        ),
        pytest.param(
            "UPDATE audit SET previous_hash = 'x' WHERE seq = 2 AND ticket_number = :number",
            2,
            "it does not continue the entry before it",
            id="the link",
        ),
        pytest.param("DELETE FROM audit WHERE seq = 2 AND ticket_number = :number", 3, "an entry is missing before it", id="one taken out"),
        pytest.param("DELETE FROM audit WHERE seq = 1 AND ticket_number = :number", 2, "an entry is missing before it", id="the first taken out"),
    ],
)
def test_tampering_is_found(store, tickets, statement: str, seq: int, why: str):
    assert store.broken_chains() == []
    for trigger in DISARM[store.connection.dialect.name]:
        store.run(text(trigger))
    number = tickets[0].number
    bound = {"number": number, **({"later": "2026-12-01T00:00:00.000000Z"} if ":later" in statement else {})}
    assert store.run(text(statement), **bound) == 1
    assert store.broken_chains()[0] == BrokenChain(number, seq, why)
    assert {broken.ticket_number for broken in store.broken_chains()} == {number}


def test_free_texts_stand_beside_the_chain_and_in_it_only_as_digests(store, take, move):
    (ticket,) = take("张三 13800001234 家里没电")
    move(ticket, "return", reason="张三不是我们的客户")
    trail = store.trail(ticket.number)
    assert not any("张三" in entry["detail_json"] or "13800001234" in entry["detail_json"] for entry in trail)
    assert store.digest("张三不是我们的客户") in trail[-1]["detail_json"]
    assert [(note["kind"], note["text"]) for note in store.notes(ticket.number)[3]] == [("reason", "张三不是我们的客户")]


def test_the_chain_is_the_same_after_the_notes_are_erased(store, tickets):
    store.run(text("DELETE FROM notes"))
    assert store.broken_chains() == []


def test_an_entry_of_somebody_who_looked_continues_the_chain(store, tickets):
    assert store.append_audit(tickets[0].number, "reveal", "auditor", NOW) == 4
    assert store.broken_chains() == []
