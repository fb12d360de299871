"""The board over 10⁴ to 10⁶ tickets: how long its pages take beside a bare page of the same application, how that grows, and what a rebuild costs.

`python benchmarks/bench_board.py [10000 100000] [--database URL]`; the aim is 300 ms at p95 for every page at a million tickets on SQLite.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from flask.testing import FlaskClient

from benchmarks.copies import copy_cities
from benchmarks.province import Province, load_province
from classifier.catalogue import Catalogue
from routes import Parts, create_app
from routes.request import SESSION_KEY
from triage.board import default_period
from triage.demo import make_demo
from triage.migrate import migrate
from triage.moments import in_shanghai
from triage.reference import load_reference
from triage.store import Database, Store

SIZES = (10_000, 100_000, 1_000_000)
SECRET = b"benchmark" * 4
ROUNDS = 15
AIM = 0.3
SCOPES = ("", "unit=70", "unit=7001", "unit=700101", "unit=70010101")
PAGES = (
    "/board",
    "/board/trend",
    "/board/units",
    "/board/kinds?by=topic",
    "/board/kinds?by=department&metric=satisfaction",
    "/board/times",
    "/timeliness",
)


def fill(database: Database, tickets: int, now: datetime, cities: int) -> str:
    """Make reference data, organisation and tickets, and give an auditor's session."""
    with database.connect() as connection:
        store = Store(connection, SECRET)
        if connection.exec_driver_sql("SELECT 1 FROM tickets LIMIT 1").scalar():
            print("the database holds tickets: they are measured as they are", flush=True)
            token = token_hex(8)
            store.open_session(token, "auditor", now, now + timedelta(days=1))
            return token
        load_reference(store, now)
        make_demo(store, now)
        topics = [(code, topic.lead_department) for code, topic in store.rules().topics.items()]
        topics.sort(key=lambda pair: not pair[0].startswith("outage.fault"))
        began = time.perf_counter()
        is_copied = cities > 1 and connection.dialect.name == "postgresql"
        first = -(-tickets // cities) if is_copied else tickets
        load_province(connection, Province(first, now, topics, cities=1 if is_copied else cities))
        connection.exec_driver_sql("ANALYZE")
        loaded = time.perf_counter()
        store.rebuild_figures()
        counted = time.perf_counter()
        print(f"{first:>9,} tickets: loaded in {loaded - began:.0f} s, figures counted in {counted - loaded:.0f} s", flush=True)
        if is_copied:
            copy_cities(connection, cities)
            print(f"{first * cities:>9,} tickets in {cities} cities: copied in {time.perf_counter() - counted:.0f} s", flush=True)
        print(f"{connection.exec_driver_sql('SELECT COUNT(*) FROM figures').scalar():>9,} sums", flush=True)
        store.open_session("benchmark", "auditor", now, now + timedelta(days=1))
    return "benchmark"


def client_of(database: Database, token: str, folder: Path) -> FlaskClient:
    """Make a browser in which the auditor is signed in, on the application itself."""
    app = create_app(Parts(database, SECRET, lambda text: None, lambda texts: [None for _ in texts], lambda: None, Catalogue(folder)))
    client = app.test_client()
    with client.session_transaction() as session:
        session[SESSION_KEY] = token
    return client


def times(client: FlaskClient, path: str, rounds: int = ROUNDS) -> list[float]:
    """Give how long a page takes in seconds, so many times; it must be there."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = client.get(path)
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200, (path, answer.status_code)
    return taken


def quantile(taken: Sequence[float], share: float) -> float:
    """The value below which this share of the times lies."""
    return sorted(taken)[min(len(taken) - 1, round(share * len(taken)))]


def measure(client: FlaskClient, now: datetime) -> dict[str, tuple[float, float]]:
    """Give median and p95 of each page over all scopes, and of the bare page."""
    first, last = default_period(now)
    month = (in_shanghai(now).date().replace(day=1) - timedelta(days=1)).replace(day=1)
    periods = (f"since={first}&until={last}", f"since={month}&until={first - timedelta(days=1)}")
    found = {"/sign-in": times(client, "/sign-in")}
    for page in PAGES:
        taken: list[float] = []
        for scope in SCOPES:
            for period in periods:
                taken += times(client, f"{page}{'&' if '?' in page else '?'}{period}&{scope}", max(2, ROUNDS // 5))
        found[page] = taken
    return {page: (statistics.median(taken), quantile(taken, 0.95)) for page, taken in found.items()}


def main() -> None:
    """Load, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--database", help="a database to be filled, for one size, or one that was; default: SQLite files")
    parser.add_argument("--cities", type=int, default=1, help="1: a city, as SQLite serves it; 13: a province")
    given = parser.parse_args()
    before: dict[str, tuple[float, float]] = {}
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            database = Database(given.database or f"sqlite:///{folder}/triage.db")
            migrate(database.url)
            now = datetime.now(UTC)
            client = client_of(database, fill(database, size, now, given.cities), Path(folder))
            found = measure(client, now)
            bare = found["/sign-in"][0]
            for page, (median, p95) in found.items():
                growth = f", {median / before[page][0]:.2f} times the size before" if page in before else ""
                verdict = "" if page == "/sign-in" else f" (aim {1000 * AIM:.0f} ms: {'met' if p95 <= AIM else 'MISSED'})"
                said = f"{1000 * median:.0f} / {1000 * p95:.0f} ms (median / p95), {median / bare:.1f} times a bare page{growth}{verdict}"
                print(f"{size:>9,} {page}: {said}", flush=True)
            before = found
            database.dispose()


if __name__ == "__main__":
    main()
