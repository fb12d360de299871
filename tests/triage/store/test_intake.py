"""Opening tickets: all of a contact or nothing, once though sent often, numbered without a gap or a twin."""

import functools
import multiprocessing
import operator
import re
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from tests.triage.samples import CITY, LIUHE, NOW, SECRET, Says, contact, prediction, shanghai
from triage.errors import InvalidInput, NotMigrated
from triage.intake import consider, receive
from triage.store import Database, Store
from triage.terms import Channel, Level, Locality, State, Step, Watch

WRITERS = 8
TABLES = ("contacts", "tickets", "predictions", "decisions", "steps", "notes", "audit")


def counts(store: Store) -> dict[str, int]:
    """How many rows each table of a contact has."""
    return {table: store.value(text(f"SELECT COUNT(*) FROM {table}")) for table in TABLES}


def numbers_taken_by(url: str, writer: int, contacts: int = 5) -> list[str]:
    """Take contacts one after the other on a connection of one's own, and give their tickets' numbers."""
    database = Database(url)
    with database.connect() as connection:
        store, taken = Store(connection, SECRET), []
        for n in range(contacts):
            made = contact(f"没电 {writer}.{n}", f"电表坏了 {writer}.{n}", unit_code="330101")
            taken += receive(made, predict=Says(prediction()), rules=store.rules(), store=store, now=NOW, actor="agent")
    database.dispose()
    return [ticket.number for ticket in taken]


def test_a_complaint_becomes_a_ticket_with_all_that_belongs_to_it(store, take):
    (ticket,) = take("家里没电", address=CITY, unit_code="", phone="13800001234")
    assert (ticket.number, ticket.state, ticket.level, ticket.version) == ("2026112300000001", State.DISPATCHED, Level.ORDINARY, 1)
    assert (ticket.department, ticket.team_unit, ticket.locality, ticket.channel) == ("repair", "330101", Locality.URBAN, Channel.PHONE)
    assert store.prediction_of(ticket.number)["model_version"] == "fake-1"
    (decision,) = store.decisions_of(ticket.number)
    assert (decision["made_by"], decision["outcome"], decision["confidence"]) == ("model", "dispatched", pytest.approx(0.95))
    assert "供电单位依地址匹配" in decision["reasons"]
    assert [(e["action"], e["actor"], e["to_state"]) for e in store.trail(ticket.number)] == [
        ("receive", "agent", "received"),
        ("decide", "system", "dispatched"),
    ]
    assert store.notes(ticket.number)[1][0]["text"] == "家里没电"
    assert store.broken_chains() == []


def test_a_dispatched_ticket_runs_the_customers_and_the_departments_clocks(store, take):
    (ticket,) = take("家里没电")
    steps = {(s.step, s.watch): s for s in store.steps_of(ticket.number)}
    assert set(steps) == {
        (Step.DISPATCH, Watch.CUSTOMER),
        (Step.ACCEPT, Watch.CUSTOMER),
        (Step.ARRIVE, Watch.CUSTOMER),
        (Step.ARRIVE, Watch.DEPARTMENT),
    }
    dispatch = steps[Step.DISPATCH, Watch.CUSTOMER]
    assert (dispatch.ended_at, dispatch.by_machine, dispatch.department) == (NOW, True, "command")
    assert (ticket.next_step, ticket.next_due_at) == (Step.ACCEPT, shanghai("2026-11-23 10:03"))


def test_a_doubtful_ticket_waits_with_the_dispatchers_clock(store, take):
    (ticket,) = take("家里没电", said=prediction(sure=0.5))
    assert (ticket.state, ticket.next_step) == (State.PENDING_REVIEW, Step.DISPATCH)
    assert [s.by_machine for s in store.steps_of(ticket.number)] == [False, False]


def test_an_answer_in_the_call_ends_its_clocks(store, take):
    (ticket,) = take({"text": "问电价", "topic": "business.tariff.price", "demand_type": "enquiry", "answer": "每度 0.538 元"})
    steps = {s.step: s for s in store.steps_of(ticket.number)}
    assert (ticket.state, ticket.closed_at, ticket.next_due_at, ticket.reply) == (State.ANSWERED, NOW, None, "每度 0.538 元")
    assert (steps[Step.DISPATCH].voided_at, steps[Step.CONTACT].ended_at, steps[Step.RESOLVE].ended_at) == (NOW, NOW, NOW)


def test_what_is_considered_is_not_kept(store):
    before = counts(store)
    (opening,) = consider(contact("没电", unit_code="330101"), predict=Says(prediction()), rules=store.rules(), store=store, now=NOW)
    assert opening.decision.state is State.DISPATCHED
    assert counts(store) == before


def test_complaints_of_a_contact_are_tickets_in_their_order(store, take):
    tickets = take("没电", "电表快", "态度差")
    assert [t.text for t in tickets] == ["没电", "电表快", "态度差"]
    assert [t.number[-1] for t in tickets] == ["1", "2", "3"]
    assert len({t.contact_id for t in tickets}) == 1
    assert store.tickets_of_contact(tickets[0].contact_id) == tickets


def test_a_wrong_second_complaint_leaves_nothing(store, take):
    before = counts(store)
    with pytest.raises(InvalidInput):
        take("没电", {"text": "电表快", "topic": "nothing", "demand_type": "fault"})
    assert counts(store) == before


def test_an_error_while_the_second_is_kept_leaves_nothing_and_the_number_is_given_again(store, take):
    class Fails(Store):
        def append_audit(self, number, *args, **kwargs):
            if number.endswith("2"):
                raise RuntimeError("the disk is full")
            return super().append_audit(number, *args, **kwargs)

    before = counts(store)
    failing = Fails(store.connection, SECRET)
    with pytest.raises(RuntimeError, match="disk"):
        receive(contact("没电", "电表快", unit_code="330101"), predict=Says(None), rules=store.rules(), store=failing, now=NOW, actor="agent")
    assert counts(store) == before
    assert take("没电")[0].number == "2026112300000001"


def test_the_customers_record_address_and_earlier_calls_are_known(store, take):
    first = take("没电", phone="138 0000 9999")
    second = take("又没电", phone="13800009999")
    (third,) = take("还是没电", phone="+86 13800009999", address=LIUHE, unit_code="")
    (decision,) = store.decisions_of(third.number)
    assert decision["earlier"] == [second[0].number, first[0].number]
    assert third.level is Level.IMPORTANT
    assert third.team_unit == "33010201"


def test_a_call_after_the_window_is_a_first_call(store, take):
    take("没电", phone="13800009999", now=shanghai("2026-09-01 10:00"))
    (ticket,) = take("没电", phone="13800009999")
    assert store.decisions_of(ticket.number)[0]["earlier"] == []


def test_the_phone_number_is_found_by_a_keyed_digest(store, take):
    (ticket,) = take("没电", phone="13800009999")
    digest = store.value(text("SELECT phone_digest FROM contacts WHERE id = :id"), id=ticket.contact_id)
    assert digest == store.digest("13800009999") != Store(store.connection, b"another").digest("13800009999")


def test_the_number_begins_with_the_day_in_shanghai_and_counts_from_one(take):
    moments = ("2026-11-23 23:59", "2026-11-24 00:00", "2026-11-24 07:59")
    assert [take("没电", now=shanghai(moment))[0].number for moment in moments] == ["2026112300000001", "2026112400000001", "2026112400000002"]


def test_the_same_submission_twice_is_one(store, take):
    once = take("没电", "电表快", submission_key="key-1")
    before = counts(store)
    assert take("没电", "电表快", submission_key="key-1") == once
    assert counts(store) == before
    assert store.is_submitted("key-1")
    assert not store.is_submitted("key-2")


def test_contacts_without_a_key_are_all_kept(store, take):
    assert take("没电")[0].number != take("没电")[0].number


def test_the_same_submission_from_eight_threads_at_once_is_one(database, store):
    rules, ready = store.rules(), Barrier(WRITERS)

    def send(_: int) -> tuple[str, ...]:
        with database.connect() as connection:
            mine = Store(connection, SECRET)
            made = contact("没电", "电表快", submission_key="key-1", unit_code="330101")
            ready.wait()
            return tuple(t.number for t in receive(made, predict=Says(prediction()), rules=rules, store=mine, now=NOW, actor="agent"))

    with ThreadPoolExecutor(WRITERS) as threads:
        answers = set(threads.map(send, range(WRITERS)))
    assert answers == {("2026112300000001", "2026112300000002")}
    assert (counts(store)["contacts"], counts(store)["tickets"]) == (1, 2)


def check_numbers(numbers: list[str], store: Store) -> None:
    assert sorted(numbers) == [f"20261123{n:08d}" for n in range(1, len(numbers) + 1)]
    assert all(re.fullmatch(r"\d{16}", number) for number in numbers)
    assert counts(store)["tickets"] == len(numbers)
    assert store.broken_chains() == []


def test_numbers_are_unique_under_eight_threads(filled_url, store):
    with ThreadPoolExecutor(WRITERS) as threads:
        numbers = functools.reduce(operator.iadd, threads.map(numbers_taken_by, [filled_url] * WRITERS, range(WRITERS)), [])
    check_numbers(numbers, store)
    assert len(numbers) == WRITERS * 5 * 2


@pytest.mark.slow
def test_numbers_are_unique_under_four_processes(filled_url, store):
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as processes:
        numbers = functools.reduce(operator.iadd, processes.map(numbers_taken_by, [filled_url] * 4, range(4)), [])
    check_numbers(numbers, store)


def test_a_database_without_tables_says_what_to_run(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(NotMigrated, match="flask migrate"), database.connect() as connection:
        Store(connection, SECRET).rules()
    database.dispose()
