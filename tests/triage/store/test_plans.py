"""The lists of the workplaces stay off the million tickets that are closed: SQLite's plans, with the statistics that ANALYZE kept at a million."""

import shutil

import pytest
from sqlalchemy import event

from tests.triage.samples import NOW, SECRET
from triage.filters import Place, QueueFilter
from triage.people import User
from triage.store import Database, Store
from triage.terms import Role

MILLION = {
    "ix_tickets_at_work": "8589 478 93",
    "ix_tickets_closed_at": "1000000 1",
    "ix_tickets_contact_id": "1000000 1",
    "ix_tickets_parent_number": "1000000 1000000",
    "ix_tickets_received_at": "1000000 1",
    "ix_tickets_state_queue_rank_next_due_at": "1000000 125000 62500 101",
    "ix_tickets_team": "1000000 55556 10753 1346 1080 99",
    "sqlite_autoindex_tickets_1": "1000000 1",
}
HANDLER = User("repair", "", Role.HANDLER, "330101", "repair")
LEADER = User("leader", "", Role.LEADER, "3301", "")


@pytest.fixture
def store(filled_sqlite, tmp_path):
    database = Database(f"sqlite:///{shutil.copy(filled_sqlite, tmp_path / 'triage.db')}")
    with database.connect() as connection:
        yield Store(connection, SECRET)
    database.dispose()


@pytest.fixture
def plan(store):
    """Give how SQLite goes about what a function reads, as if there were a million tickets."""
    raw = store.connection.connection.driver_connection
    raw.execute("ANALYZE")
    raw.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'tickets'")
    raw.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tickets', ?, ?)", MILLION.items())
    raw.execute("ANALYZE sqlite_master")  # reads the statistics again

    def explained(read):
        asked = []

        def keep(_connection, _cursor, statement, parameters, _context, _many):
            asked.append((statement, parameters))

        event.listen(store.connection, "before_cursor_execute", keep)
        read()
        event.remove(store.connection, "before_cursor_execute", keep)
        return [row[3] for one in asked for row in raw.execute(f"EXPLAIN QUERY PLAN {one[0]}", one[1])]

    return explained


@pytest.mark.parametrize("user", [HANDLER, LEADER], ids=["handler", "leader"])
def test_a_queue_is_read_by_the_index_of_the_teams(store, plan, user):
    for read in (lambda: store.work_counts(user, NOW), lambda: store.work_page(user, QueueFilter(), Place(), NOW, 51)):
        steps = [step for step in plan(read) if "tickets" in step]
        assert any("(department=? AND team_unit=?" in step for step in steps)
        assert not any(step.startswith(("SCAN tickets", "BLOOM FILTER")) for step in steps), steps


def test_the_latest_reports_are_read_from_the_day_on_at_which_they_begin(store, plan):
    steps = plan(lambda: store.reports(NOW))
    assert any("SEARCH tickets" in step and "(number>?)" in step for step in steps)
    assert not any(step.startswith("SCAN tickets") for step in steps)
