"""What is asked for all viewers at once: each commit shows, an ended session is left out, and messages and tickets have marks of their own."""

from datetime import timedelta

import pytest

from tests.triage.samples import NOW
from triage.store import Store

HOUR = timedelta(hours=1)


@pytest.fixture
def onlooker(database, store):
    """The store on a connection that only looks, as the process that tells of changes has it."""
    with database.connect() as connection:
        yield Store(connection, store.secret)


def test_a_commit_of_another_connection_changes_the_pulse_and_looking_does_not(store, onlooker):
    before = onlooker.pulse()
    store.count_unread("repair")
    assert onlooker.pulse() == before
    store.post("a", "warning", "repair", "题", "文", NOW)
    assert onlooker.pulse() != before


def test_a_session_stands_until_it_ends_or_runs_out(store):
    digests = [store.session_digest(token) for token in ("one", "two", "none")]
    store.open_session("one", "repair", NOW, NOW + HOUR)
    store.open_session("two", "billing", NOW, NOW + 2 * HOUR)
    assert set(store.standings(digests, NOW)) == set(digests[:2])
    assert set(store.standings(digests, NOW + HOUR)) == {digests[1]}
    store.close_session("two")
    assert store.standings(digests, NOW + HOUR) == {}


def test_work_that_is_handed_over_changes_what_a_session_may_see(store):
    digest = store.session_digest("one")
    store.open_session("one", "billing", NOW, NOW + 9 * HOUR)
    before = store.standings([digest], NOW)
    store.add_delegation("repair", "billing", NOW + HOUR, NOW + 2 * HOUR, "leader", NOW)
    assert store.standings([digest], NOW) == before
    assert store.standings([digest], NOW + HOUR) != before
    assert store.standings([digest], NOW + 2 * HOUR) == before


def test_a_message_changes_the_mark_of_its_recipient_alone_and_reading_it_does_too(store):
    names = ["billing", "repair"]
    before = store.unread_marks(names)
    store.post("a", "warning", "repair", "题", "文", NOW)
    between = store.unread_marks(names)
    assert (between["billing"], between["repair"]) != (before["billing"], before["repair"])
    assert between["billing"] == before["billing"]
    store.mark_read_until("repair", store.messages_of("repair")[0]["id"], NOW)
    assert store.unread_marks(names) == before


def test_a_ticket_has_its_version_and_one_that_is_not_there_none(store, take, move):
    (ticket,) = take("停电了")
    asked = [ticket.number, "2000010100000001"]
    assert store.ticket_versions(asked) == {ticket.number: ticket.version}
    move(ticket, "accept", minutes=1)
    assert store.ticket_versions(asked) == {ticket.number: ticket.version + 1}


def test_more_than_fit_into_one_list_are_all_asked_for(store):
    names = [f"user{number}" for number in range(1100)]
    assert store.unread_marks(names) == dict.fromkeys(names, ())
