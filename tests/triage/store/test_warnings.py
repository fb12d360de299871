"""Warnings in the store: due steps by the index, for one worker alone; who is there; a failure that takes back only itself."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.triage.samples import NOW, SECRET
from triage.store import Store
from triage.store.engine import ALONE, WRITE
from triage.store.sql import block
from triage.store.warnings import DUE

MINUTE = timedelta(minutes=1)
MANY = block("""
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
    INSERT INTO steps (ticket_number, step, watch, department, unit_code, is_by_machine, from_event, started_at, due_at, yellow_at, red_at,
        is_confirmed, limit_text, warn_at)
    SELECT :number, 'resolve', 'customer', 'repair', '330101', FALSE, 'received', :now, :due_at, :due_at, :due_at, TRUE, '', :due_at
    FROM numbers""")
SET_WARN = block("UPDATE steps SET warn_at = :warn_at WHERE id = :id")
ADD_SHIFT = block("""
    INSERT INTO shifts (crew, kind, starts_at, ends_at, made_by, cancelled_at)
    VALUES (:crew, 'day', :starts_at, :ends_at, 'leader', :cancelled_at)""")
ADD_DELEGATION = block("""
    INSERT INTO delegations (from_username, to_username, starts_at, ends_at, made_by, made_at, revoked_at)
    VALUES ('leader', :username, :starts_at, :ends_at, 'leader', :starts_at, :revoked_at)""")


@pytest.fixture
def ids(store, take):
    """Three open steps whose marks came one minute after the other until now; nothing else is due."""
    (ticket,) = take("三楼没电", now=NOW)
    store.run(text("UPDATE steps SET warn_at = NULL"))
    store.run(MANY, number=ticket.number, now=NOW, due_at=NOW + 60 * MINUTE)
    open_ids = [row["id"] for row in store.rows(text("SELECT id FROM steps WHERE warn_at IS NOT NULL ORDER BY id LIMIT 3"))]
    for minutes, id in enumerate(reversed(open_ids)):
        store.run(SET_WARN, id=id, warn_at=NOW - minutes * MINUTE)
    return open_ids


def due(store, most=10, after=None, now=NOW):
    with store.writing():
        return store.due_steps(now, most, after)


def test_due_steps_come_in_the_order_of_their_marks(store, ids):
    steps = due(store)
    assert [step.id for step in steps] == ids
    assert [step.id for step in due(store, most=2)] == ids[:2]
    assert [step.id for step in due(store, after=steps[0])] == ids[1:]
    assert due(store, now=NOW - 10 * MINUTE) == []


@pytest.mark.parametrize("column", ["ended_at", "voided_at"])
def test_what_has_ended_is_not_due(store, ids, column):
    store.run(text(f"UPDATE steps SET {column} = started_at WHERE id = {ids[0]}"))
    assert [step.id for step in due(store)] == ids[1:]


def test_marks_of_one_moment_are_not_lost_between_batches(store, ids):
    for id in ids:
        store.run(SET_WARN, id=id, warn_at=NOW)
    seen, last = [], None
    while steps := due(store, most=1, after=last):
        seen, last = [*seen, steps[0].id], steps[0]
    assert seen == ids


def test_due_steps_are_found_by_the_index_and_never_by_a_scan(store, ids):
    store.run(text("ANALYZE"))
    how = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[store.connection.dialect.name]
    plan = store.connection.execute(block(f"{how} {DUE}"), {"now": NOW, "after_at": NOW - 9999 * MINUTE, "after_id": 0, "most": 500}).all()
    said = "\n".join(" ".join(map(str, row)) for row in plan)
    assert "ix_steps_warn_at" in said, said
    assert "SCAN steps" not in said, said
    assert "Seq Scan on steps" not in said, said


def test_what_one_has_taken_another_does_not_get(database, store, ids):
    if store.connection.dialect.name == "sqlite":
        assert (WRITE["sqlite"], ALONE["sqlite"]) == ("BEGIN IMMEDIATE", "")  # the second waits for the first one's commit
        return
    with database.connect() as connection, store.writing():
        other = Store(connection, SECRET)
        assert [step.id for step in store.due_steps(NOW, 2)] == ids[:2]
        assert [step.id for step in due(other)] == ids[2:]
    assert [step.id for step in due(store)] == ids


def test_a_warning_is_kept_once_for_a_deadline(store, ids):
    first, second, _ = due(store)
    assert [store.keep_warning(step, "yellow", NOW) for step in (first, first, second)] == [True, False, True]
    assert store.keep_warning(first, "red", NOW)
    assert store.keep_warning(replace(first, due_at=first.due_at + MINUTE), "yellow", NOW)
    kept = [(row["step_id"], row["escalation"]) for row in store.warnings_of(first.number)]
    assert kept == [(first.id, "yellow"), (second.id, "yellow"), (first.id, "red"), (first.id, "yellow")]


def test_a_step_says_whose_it_is(store, take):
    (ticket,) = take("三楼没电", now=NOW)
    store.run(text("UPDATE tickets SET assignee = 'repair', crew = 'night'"))
    store.run(block("UPDATE steps SET warn_at = :now"), now=NOW)
    for step in due(store):
        assert (step.number, step.level) == (ticket.number, ticket.level)
        assert step.assignee == ("repair" if step.department == "repair" else "")
    store.run(text("UPDATE steps SET department = NULL, unit_code = NULL"))
    assert {(step.department, step.unit_code) for step in due(store)} == {("command", "330101")}


def test_a_failure_takes_back_only_what_was_done_apart(store, ids):
    steps = due(store)
    with store.writing():
        with store.apart():
            store.keep_warning(steps[0], "yellow", NOW)
        with suppress(ZeroDivisionError), store.apart():
            store.keep_warning(steps[1], "yellow", NOW)
            raise ZeroDivisionError
        with store.apart():
            store.keep_warning(steps[2], "yellow", NOW)
    assert [row["step_id"] for row in store.warnings_of(steps[0].number)] == [ids[0], ids[2]]


def test_the_directory_has_active_users_and_the_crews_on_duty(store):
    for crew, is_active in (("a", "TRUE"), ("b", "TRUE"), ("c", "FALSE")):
        store.run(text(f"INSERT INTO crews (code, name, unit_code, department, is_active) VALUES ('{crew}', '', '330101', 'repair', {is_active})"))
        store.run(text(f"INSERT INTO crew_members (crew, username) VALUES ('{crew}', 'repair')"))
    times = {"starts_at": NOW - MINUTE, "ends_at": NOW + MINUTE}
    store.run(ADD_SHIFT, crew="a", cancelled_at=None, **times)
    store.run(ADD_SHIFT, crew="a", cancelled_at=None, **times)
    store.run(ADD_SHIFT, crew="b", cancelled_at=NOW - MINUTE, **times)
    store.run(ADD_SHIFT, crew="c", cancelled_at=None, **times)
    store.set_active("billing", False)
    there = store.directory(NOW)
    assert there.on_duty == {("330101", "repair"): [("a", "repair")]}
    assert store.directory(NOW + MINUTE).on_duty == {}
    assert ("repair" in there.users, "billing" in there.users) == (True, False)
    assert there.line("33010201") == ["33010201", "330102", "3301", "33"]


def test_the_directory_has_delegations_in_force(store):
    times = {"starts_at": NOW - MINUTE, "ends_at": NOW + MINUTE}
    store.run(ADD_DELEGATION, username="repair", revoked_at=None, **times)
    store.run(ADD_DELEGATION, username="billing", revoked_at=NOW, **times)
    assert store.directory(NOW).stand_ins == {"leader": ["repair"]}
    assert store.directory(NOW + MINUTE).stand_ins == {}


def test_a_unit_that_was_merged_is_stood_for_by_its_successor(store):
    store.run(text("UPDATE units SET merged_into_code = '33010202' WHERE code = '33010201'"))
    assert store.directory(NOW).line("33010201") == ["33010202", "330102", "3301", "33"]
