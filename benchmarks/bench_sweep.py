"""Finding the due steps of a sweep by its index against a full scan of the same table, and a whole sweep, measured in the same run.

The number of open steps may be given as an argument: `python benchmarks/bench_sweep.py 1000000`.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from triage.complaint import read_contact
from triage.demo import make_demo
from triage.intake import receive
from triage.migrate import migrate
from triage.reference import load_reference
from triage.sending import Message
from triage.store import Database, Store
from triage.store.sql import block
from triage.store.warnings import DUE
from triage.sweeping import sweep

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
OPEN_STEPS, DUE_STEPS = 100_000, 200
ROUNDS = 7
BATCH = 500
# Open steps of one ticket, with the same deadline: 200 of them came to their next mark in the last minutes, the others come in the next days.
FILL = block("""
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :steps)
    INSERT INTO steps (ticket_number, step, watch, department, unit_code, is_by_machine, from_event, started_at, due_at, yellow_at, red_at,
        is_confirmed, limit_text, warn_at)
    SELECT :number, 'resolve', 'customer', 'repair', '330101', FALSE, 'received', :since, :due_at, :now, :until, TRUE, '4 小时',
        CASE WHEN n % :every = 0 THEN :now ELSE :until END
    FROM numbers""")
QUIET = block("""
    UPDATE steps
    SET warn_at = NULL""")
SCAN = block(DUE.replace("FROM steps", "FROM steps NOT INDEXED"))  # the same, row by row
PLAN = block(f"EXPLAIN QUERY PLAN {DUE}")


@dataclass
class Box:
    """An outlet that only counts."""

    sent: set[str] = field(default_factory=set)

    def send(self, message: Message) -> None:
        """Keep the key."""
        self.sent.add(message.key)


def fill(store: Store, steps: int) -> None:
    """Make a ticket of the demo organisation with so many open steps."""
    load_reference(store, NOW)
    make_demo(store, NOW)
    contact = read_contact({"complaints": [{"text": "三楼没电"}], "unit_code": "330101"})
    (ticket,) = receive(contact, predict=lambda text: None, rules=store.rules(), store=store, now=NOW, actor="agent")
    later = NOW + timedelta(hours=4)
    with store.writing():
        store.run(QUIET)
        every = steps // DUE_STEPS
        store.run(FILL, number=ticket.number, steps=steps, every=every, now=NOW, since=NOW - 4 * timedelta(hours=1), due_at=later, until=later)


def milliseconds(work: Callable[[], object]) -> float:
    """The median time of some rounds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def find(store: Store) -> int:
    """Find the due steps as a sweep does, its transaction included."""
    with store.writing():
        return len(store.due_steps(NOW, BATCH))


def main() -> None:
    """Print the ratio, the plan, and the time of the whole sweep."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else OPEN_STEPS
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'sweep.db'}"
        migrate(url)
        database = Database(url)
        with database.connect() as connection:
            store = Store(connection, b"benchmark" * 4)
            fill(store, steps)
            asked = {"now": NOW, "after_at": NOW - timedelta(days=999), "after_id": 0, "most": BATCH}
            assert find(store) == len(store.rows(SCAN, **asked)) == DUE_STEPS
            ours, scan = milliseconds(lambda: find(store)), milliseconds(lambda: store.rows(SCAN, **asked))
            plan = connection.execute(PLAN, asked).all()
            print(f"{steps} open steps, {DUE_STEPS} due: found in {ours:.2f} ms, by a full scan {scan:.2f} ms; ratio {ours / scan:.3f}")
            print(f"plan: {plan[0][-1]}")
            assert "ix_steps_warn_at" in plan[0][-1]
            rules, box = store.rules(), Box()
            began = time.perf_counter()
            swept = sweep(store=store, rules=rules, now=NOW, outlets=lambda address: box)
            took = (time.perf_counter() - began) * 1000
            print(f"whole sweep: {swept.warned} warnings, {swept.sent} messages in {took:.0f} ms, {took / swept.warned:.2f} ms a warning")
            print(f"a sweep with nothing due: {milliseconds(lambda: sweep(store=store, rules=rules, now=NOW, outlets=lambda address: box)):.2f} ms")
            assert len(box.sent) == swept.sent
        database.dispose()


if __name__ == "__main__":
    main()
