"""Feeds the figures: what a transaction changes of a ticket's facts is appended as deltas in that same transaction.

Every write of the store that names a ticket (`number=`) comes through `Part.run`, which notes the ticket's facts before the first change; at the end
of the transaction they are read again, and the difference is kept. Who adds a move cannot forget to count it, and nobody waits for anybody's row.
"""

import re
from collections import Counter
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextualSelect
from sqlalchemy.sql.elements import TextClause

from triage.store.facts import SOURCES, select
from triage.store.sql import block

NUMBER = re.compile(r"\d{16}")
KEYS = ("measure", "day_on", "unit_code", "department", "topic", "demand_type", "channel", "agent", "trait")
# Two who count for the same ticket without touching its row (two repeat calls) go one after the other; on SQLite there is one writer anyway.
HOLD = block("""
    SELECT 1
    FROM tickets
    WHERE number = :number
    FOR NO KEY UPDATE""")
APPEND = block("""
    INSERT INTO figure_deltas (measure, day_on, unit_code, department, topic, demand_type, channel, agent, trait, n, met, amount)
    VALUES (:measure, :day_on, :unit_code, :department, :topic, :demand_type, :channel, :agent, :trait, :n, :met, :amount)""")
TOUCHED = "touched"

Facts = Counter[tuple[Any, ...]]


@lru_cache
def facts_of_one(engine: str) -> TextClause | TextualSelect:
    """Give the block that reads all facts of one ticket."""
    return block(" UNION ALL ".join(select(source, engine, " AND tickets.number = :number") for source in SOURCES))


def note(connection: Connection, number: str) -> None:
    """Remember a ticket's facts as they are before this transaction changes it."""
    touched = connection.info.setdefault(TOUCHED, {})
    if number not in touched:
        if connection.dialect.name == "postgresql":
            connection.execute(HOLD, {"number": number})
        touched[number] = read(connection, number)


def is_ticket(number: object) -> bool:
    """Say whether a value is a ticket's number: 16 digits."""
    return isinstance(number, str) and NUMBER.fullmatch(number) is not None


def read(connection: Connection, number: str) -> Facts:
    """Read a ticket's facts: how often each stands there; its `met` and `amount` belong to what it is."""
    rows = connection.execute(facts_of_one(connection.dialect.name), {"number": number}).mappings()
    return Counter((*(row[key] for key in KEYS), int(row["met"]), float(row["amount"])) for row in rows)


def feed(connection: Connection) -> None:
    """Append what has changed of the facts of the tickets noted, at the end of the transaction."""
    changes = []
    for number, before in connection.info.pop(TOUCHED, {}).items():
        after = read(connection, number)
        for fact in before.keys() | after.keys():
            if times := after[fact] - before[fact]:
                *key, met, amount = fact
                changes.append(dict(zip(KEYS, key, strict=True)) | {"n": times, "met": times * met, "amount": times * amount})
    if changes:
        connection.execute(APPEND, changes)


def forget(connection: Connection) -> None:
    """Forget what was noted: the transaction did not come to its end."""
    connection.info.pop(TOUCHED, None)
