"""Loads so many tickets with their contacts, steps and decisions in minutes, most of them closed: what the benchmarks of pages and lists stand on.

It writes rows, not cases: no audit trail, no predictions, no words of the search (`flask rebuild search` makes those).
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, column, insert, table

from triage.moments import in_shanghai

DAYS = 730  # tickets stay online for two years
BLOCK = 20_000
AT_ONCE = 0.5  # the share of the latest tickets that are open still: twice as many of the latest are looked at as are open
OPEN = ("dispatched",) * 5 + ("accepted",) * 6 + ("contacted",) * 5 + ("arrived", "arrived", "pending_review", "resolved", "reviewed")
NEXT = {"pending_review": "dispatch", "dispatched": "accept", "accepted": "contact", "resolved": "review", "reviewed": "callback"}
LEVELS = ("ordinary",) * 90 + ("important",) * 8 + ("major", "special")
TYPES = ("complaint", "fault", "fault", "opinion", "inquiry")
REASONS = '["模型 0.97，高于阈值 0.90"]'
COLUMNS = {
    "contacts": "id, channel, caller_name, phone, phone_digest, customer_number, address, actor, is_confidential, received_at, address_digest",
    "tickets": """number, contact_id, text, state, level, queue_rank, demand_type, topic, department, unit_code, team_unit, channel, received_at,
        version, is_confidential, is_watched, next_step, next_due_at, yellow_at, red_at, is_confirmed, reply, closed_at""",
    "steps": """ticket_number, step, watch, department, unit_code, is_by_machine, from_event, started_at, due_at, yellow_at, red_at, is_confirmed,
        limit_text, ended_at""",
    "decisions": """ticket_number, made_by, actor, demand_type, topic, department, unit_code, team_unit, level, outcome, reasons_json,
        attention_json, co_departments_json, earlier_json, confidence, threshold, made_at""",
}
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Volume:
    """What is loaded: how many tickets until when, of which teams (unit, department) and topics, in whose words, and the share that is open."""

    tickets: int
    until: datetime
    teams: Sequence[tuple[str, str]]
    topics: Sequence[str]
    texts: Sequence[str]
    share_open: float = 0.01
    seed: int = 1


def load(connection: Connection, volume: Volume) -> None:
    """Load the tickets into a migrated database that has none yet, a block of them in a transaction."""
    chance = random.Random(volume.seed)
    for start in range(0, volume.tickets, BLOCK):
        made: dict[str, list[Row]] = {where: [] for where in COLUMNS}
        for at in range(start, min(start + BLOCK, volume.tickets)):
            for where, row in rows_of(at, volume, chance):
                made[where].append(row)
        WRITE[connection.dialect.name](connection, made)


def rows_of(at: int, volume: Volume, chance: random.Random) -> Iterator[tuple[str, Row]]:
    """Give the rows of the ticket at a place, the first one received two years ago, each with its table."""
    received = volume.until - timedelta(days=DAYS) * (1 - (at + 1) / volume.tickets)
    number = f"{in_shanghai(received):%Y%m%d}{at + 1:08d}"
    unit, department = chance.choice(volume.teams)
    level, topic, demand_type = chance.choice(LEVELS), chance.choice(volume.topics), chance.choice(TYPES)
    is_open = at >= volume.tickets * (1 - volume.share_open / AT_ONCE) and chance.random() < AT_ONCE
    state = chance.choice(OPEN) if is_open else "closed"
    due = received + timedelta(hours=chance.randrange(24, 120))
    moments = (received, due, due - timedelta(hours=8), due + timedelta(minutes=1), received + timedelta(hours=chance.randrange(1, 110)))
    *times, ended = (moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for moment in moments)
    end = None if is_open else ended
    open_times = (NEXT.get(state, "resolve"), *times[1:]) if is_open else (None, None, None, None)
    caller = f"{chance.getrandbits(64):016x}"
    text = chance.choice(volume.texts)
    yield "contacts", (at + 1, "phone", "", "", caller, "", "", "agent", False, times[0], caller[::-1])
    ticket = (number, at + 1, text, state, level, 0 if level == "special" else 1, demand_type, topic, department, unit, unit, "phone", times[0], 1)
    yield "tickets", (*ticket, False, False, *open_times, True, "" if is_open else text[:40], end)
    for step in ("contact", "resolve"):
        yield "steps", (number, step, "customer", department, unit, False, "received", *times, True, "", end)
    decided = (number, "model", "", demand_type, topic, department, unit, unit, level, "dispatched", REASONS, "[]", "[]", "[]", 0.97, 0.9, times[0])
    yield "decisions", decided


def write_sqlite(connection: Connection, made: Mapping[str, Iterable[Row]]) -> None:
    """Write rows by the driver's own way for many."""
    raw: Any = connection.connection.driver_connection
    raw.execute("BEGIN IMMEDIATE")
    for where, rows in made.items():
        names = [column(name.strip()) for name in COLUMNS[where].split(",")]
        raw.executemany(str(insert(table(where, *names)).compile(dialect=connection.dialect)), rows)
    raw.execute("COMMIT")


def write_postgres(connection: Connection, made: Mapping[str, Iterable[Row]]) -> None:
    """Write rows by COPY."""
    raw: Any = connection.connection.driver_connection
    with raw.transaction(), raw.cursor() as cursor:
        for where, rows in made.items():
            with cursor.copy(f"COPY {where} ({COLUMNS[where]}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


WRITE = {"sqlite": write_sqlite, "postgresql": write_postgres}
