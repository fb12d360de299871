"""Searching words with filters and permissions in the index, against a scan with LIKE '%…%' of the same tickets, measured in the same run.

The number of tickets and an empty database may be given (default: a SQLite file, then a PostgreSQL of its own):
`python benchmarks/bench_search.py 1000000 postgresql:///bench`.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from classifier.corpus import read_bundled
from classifier.words import Cutter
from tests.engines import find_postgres, running_postgres
from triage.complaint import read_contact
from triage.demo import make_demo
from triage.intake import receive
from triage.migrate import migrate
from triage.moments import in_shanghai
from triage.people import User
from triage.reference import load_reference
from triage.search import MOST, read_query, search, words_of
from triage.store import Database, Store
from triage.store.search import LISTS, NARROWED, SEEN, many
from triage.store.sql import block
from triage.terms import Role

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
TICKETS, A_DAY, QUERIES = 100_000, 1000, 60
BATCH = 2000
TEAMS = (("330101", "repair"), ("330101", "billing"), ("33010201", "repair"), ("330102", "billing"), ("3301", "metering"))
STATES = ("dispatched", "accepted", "closed", "closed", "closed", "closed")
ADD = text("""
    INSERT INTO tickets (number, contact_id, text, state, level, queue_rank, demand_type, topic, department, unit_code, team_unit, channel,
        received_at, version, is_confirmed, reply)
    SELECT :number, contact_id, :text, :state, :level, 1, 'complaint', topic, :department, :unit_code, :unit_code, 'phone',
        received_at, 1, TRUE, :reply
    FROM tickets
    WHERE number = :model""")
SCAN = block(f"""
    SELECT tickets.number
    FROM tickets
    WHERE (tickets.text LIKE :one OR tickets.reply LIKE :one) AND (tickets.text LIKE :two OR tickets.reply LIKE :two)
        AND {NARROWED}
        AND {SEEN}
    ORDER BY tickets.number DESC
    LIMIT :most""").bindparams(*many(*LISTS))
FILTERS: tuple[Mapping[str, str], ...] = ({}, {"department": "repair"}, {"unit": "330102"}, {"state": "open"}, {"since": "2026-11-01"})
USERS = (User("d", "", Role.DISPATCHER, "33", ""), User("h", "", Role.HANDLER, "330101", "repair"), User("l", "", Role.LEADER, "330102", ""))


def fill(store: Store, tickets: int, texts: Sequence[str]) -> None:
    """Make so many tickets of the demo organisation over the last days, each with another text and a reply."""
    load_reference(store, NOW)
    make_demo(store, NOW)
    contact = read_contact({"complaints": [{"text": "三楼没电"}], "unit_code": "330101"})
    (model,) = receive(contact, predict=lambda said: None, rules=store.rules(), store=store, now=NOW, actor="agent")
    chance, days = random.Random(tickets), tickets // A_DAY + 1
    for start in range(0, tickets, BATCH):
        rows = [row(number, days, model.number, texts, chance) for number in range(start, min(start + BATCH, tickets))]
        with store.writing():
            store.connection.execute(ADD, rows)


def row(number: int, days: int, model: str, texts: Sequence[str], chance: random.Random) -> dict[str, object]:
    """Make a ticket's values."""
    day = in_shanghai(NOW) - timedelta(days=days - number // A_DAY)
    unit, department = chance.choice(TEAMS)
    said, reply = chance.choice(texts), chance.choice(texts)
    return {
        "number": f"{day:%Y%m%d}{number % A_DAY + 1:08d}",
        "text": f"{said[chance.randrange(len(said)) // 2 :]}{chance.choice(texts)}",
        "state": chance.choice(STATES),
        "level": chance.choice(("ordinary", "ordinary", "important")),
        "department": department,
        "unit_code": unit,
        "reply": reply[: chance.randrange(len(reply))],
        "model": model,
    }


def queries(texts: Sequence[str], cutter: Cutter) -> list[tuple[str, Mapping[str, str], User]]:
    """Give one or two words of the texts with filters, asked by different people."""
    chance, asked = random.Random(7), []
    while len(asked) < QUERIES:
        words = [word for word in cutter.cut(chance.choice(texts)) if len(word) > 1]
        typed = " ".join(chance.sample(words, min(len(words), 1 + len(asked) % 2)))
        if words and len(words_of(typed, cutter.cut)) <= 2:  # the scan looks for two
            asked.append((typed, FILTERS[len(asked) % 5], USERS[len(asked) % 3]))
    return asked


def milliseconds(works: Sequence[Callable[[], object]]) -> list[float]:
    """Give how long each took."""
    times = []
    for work in works:
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def compare(store: Store, texts: Sequence[str]) -> None:
    """Print p50 and p95 of finding the numbers both ways, their ratio, and the time of a whole page with its excerpts."""
    cutter, rules = Cutter(), store.rules()
    asked, units = queries(texts, cutter), {unit["code"] for unit in store.units()}

    def ours(typed: str, filters: Mapping[str, str], user: User, order: str = "newest") -> list[str]:
        return store.find_numbers(read_query({"query": typed, "order": order, **filters}, cutter.cut, rules, units), user, NOW, MOST)

    def scan(typed: str, filters: Mapping[str, str], user: User) -> list[str]:
        query = read_query({"query": typed, **filters}, cutter.cut, rules, units)
        one, two = f"%{query.words[0]}%", f"%{query.words[-1]}%"
        rows = store.rows(SCAN, one=one, two=two, most=MOST, **store._narrowed(query, NOW), **store._seen(user))
        return [row["number"] for row in rows]

    def page(typed: str, filters: Mapping[str, str], user: User) -> object:
        return search({"query": typed, **filters}, user=user, cut=cutter.cut, store=store, rules=rules, now=NOW)

    found = [(ours(*one), scan(*one)) for one in asked]
    same = sum(mine == theirs for mine, theirs in found)
    print(f"{QUERIES} searches: {statistics.median(len(mine) for mine, _ in found):.0f} found in the median, the same both ways in {same}")
    figures = {
        "index, newest first": milliseconds([lambda one=one: ours(*one) for one in asked]),
        "index, by relevance": milliseconds([lambda one=one: ours(*one, order="relevance") for one in asked]),
        "whole page": milliseconds([lambda one=one: page(*one) for one in asked]),
        "LIKE scan": milliseconds([lambda one=one: scan(*one) for one in asked]),
    }
    slow = figures["LIKE scan"]
    for name, times in figures.items():
        p50, p95 = quantile(times, 0.5), quantile(times, 0.95)
        ratios = f"{p50 / quantile(slow, 0.5):.3f} and {p95 / quantile(slow, 0.95):.3f} of the scan"
        print(f"{name:<20} p50 {p50:7.1f} ms, p95 {p95:7.1f} ms; {ratios}", flush=True)


def quantile(times: Sequence[float], share: float) -> float:
    """Give a quantile of sorted times."""
    return times[min(len(times) - 1, int(len(times) * share))]


def measure(url: str, tickets: int, texts: Sequence[str]) -> None:
    """Fill an empty database, index it, and print the figures."""
    migrate(url)
    database = Database(url)
    with database.connect() as connection:
        store = Store(connection, b"benchmark" * 4)
        fill(store, tickets, texts)
        began, last, done = time.perf_counter(), "9" * 16, 0
        while numbers := store.rebuild_words(last, 500):
            last, done = numbers[-1], done + len(numbers)
        seconds = time.perf_counter() - began
        connection.exec_driver_sql("ANALYZE")
        print(f"{connection.dialect.name}: {done} tickets indexed in {seconds:.0f} s, {done / seconds:.0f} a second", flush=True)
        compare(store, texts)
    database.dispose()


def main() -> None:
    """Measure on the database that is given, else on SQLite, and on PostgreSQL where its server programs are there."""
    tickets = int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS
    texts = list(read_bundled(ROOT / "data").texts)
    if len(sys.argv) > 2:
        measure(sys.argv[2], tickets, texts)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'search.db'}", tickets, texts)
    if programs := find_postgres():
        with running_postgres(programs) as url:
            measure(url, tickets, texts)


if __name__ == "__main__":
    main()
