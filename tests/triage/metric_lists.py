"""Opens every figure of a reading and says which lists do not hold what it counts; and looks for the facts of one unit's days in all facts."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from triage.figures import Opens, Reading
from triage.metrics import METRICS
from triage.store import Store
from triage.store.facts import NAMES, TIMED, TOOK
from triage.store.rollups import EVERYTHING, Wanted

STEPS = ("dispatch", "accept", "contact", "arrive", "resolve", "review", "callback")
MEASURES = (
    *(f"due.{watch}.{step}" for watch in ("customer", "department") for step in STEPS),
    *(f"{took}.customer.{step}" for took in TOOK for step in STEPS),
    *(name for name in NAMES if name not in TIMED),
)


def lists_that_differ(reading: Reading) -> list[tuple[str, str, int, int]]:
    """Give metric, part, what the figure says and how many rows its list has, wherever these two differ."""
    wrong = []
    for code, compute in METRICS.items():
        for figure in compute(reading):
            for part, said, opens in (("of", figure.n, figure.of_n), ("met", figure.k, figure.of_k)):
                listed = _listed(reading, opens)
                if listed != said:
                    wrong.append((f"{code} {figure.step} {figure.value}", part, said, listed))
    return wrong


def _listed(reading: Reading, opens: Opens) -> int:
    count = reading.store.count_figure_list(opens.wanted(), reading.now, met=opens.met)
    rows = reading.store.figure_list(opens.wanted(), reading.now, met=opens.met, most=10_000)
    assert len(rows) == count
    return count


def facts_that_differ(store: Store, units: Iterable[str], days: Iterable[date], now: datetime) -> list[tuple[str, date, Counter[tuple[str, ...]]]]:
    """Give, by unit and day, the facts that asking for the unit alone finds too few or too many of, beside all facts of that day.

    One unit's facts are looked for by other indexes, some by when its tickets began and ended: a single day leaves nothing to hide behind.
    """
    wrong = []
    for day in days:
        everywhere = _facts(store, EVERYTHING, day, now)
        for unit in units:
            below = {unit, *_below(store, unit)}
            expected = Counter({fact: many for fact, many in everywhere.items() if fact[2] in below})
            found = _facts(store, unit, day, now)
            if expected != found:
                wrong.append((unit, day, (expected - found) + (found - expected)))
    return wrong


def _facts(store: Store, unit: str, day: date, now: datetime) -> Counter[tuple[str, ...]]:
    rows = store.facts(Wanted(MEASURES, day, day, (unit,)), now)
    return Counter((row["measure"], row["ticket_number"], row["unit_code"]) for row in rows)


def _below(store: Store, unit: str) -> set[str]:
    right_below = {row["code"] for row in store.units() if row["parent_code"] == unit}
    return right_below.union(*(_below(store, code) for code in right_below))
