"""The demo's shifts (班组、值班、交接班): rotas of its crews around now and the weeks ahead, and what the last shift left to the next."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from triage.demo import members_missing, rows
from triage.handovers import hand_over
from triage.moments import in_shanghai, start_of
from triage.shifts import ShiftKind, monday, span_of

if TYPE_CHECKING:
    from triage.store import Store

AHEAD = timedelta(days=28)
DAY = timedelta(days=1)


def make_rota(store: "Store", now: datetime) -> int:
    """Plan what is missing of the demo's rotas, this week and four weeks on, and write its handovers once; give how many shifts were added.

    Each run brings the rota up to date. What a leader cancelled stays cancelled, what a leader planned stands, and crews that are out of use stay so.
    """
    with store.writing():
        store.add_missing("crew_members", members_missing(store))
        added = sum(_plan(store, row, now) for row in rows("shifts"))
        _hand_over(store, now)
    return added


def _plan(store: "Store", row: dict[str, str], now: datetime) -> int:
    crew = store.find_crew(row["crew"])
    if crew is None or not crew.is_active or store.user(row["made_by"]) is None:
        return 0
    first = start_of(_first_on(now))
    planned, standing = store.shift_starts([crew.code], first), store.shifts_of([crew.code], first, now + AHEAD + 2 * DAY)
    missing = [
        (starts_at, ends_at)
        for starts_at, ends_at in _spans(row, now)
        if (crew.code, starts_at) not in planned and not any(one.starts_at < ends_at and starts_at < one.ends_at for one in standing)
    ]
    for starts_at, ends_at in missing:
        store.add_shift(crew.code, ShiftKind(row["kind"]), starts_at, ends_at, row["made_by"])
    return len(missing)


def _first_on(now: datetime) -> date:
    """The day before this week's Monday: its night shift lasts into the week."""
    return monday(in_shanghai(now).date()) - DAY


def _spans(row: dict[str, str], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the shifts of a row of `shifts.csv`, which begin in the span that is planned."""
    day, last = _first_on(now), in_shanghai(now + AHEAD).date()
    while day <= last:
        if str(day.isoweekday()) in row["weekdays"]:
            yield span_of(day, row["starts"], row["ends"])
        day += DAY


def _hand_over(store: "Store", now: datetime) -> None:
    """Leave what the next shift has to know (`handovers.csv`), in the teams that have never handed over; it waits to be taken over."""
    for row in rows("handovers"):
        user = store.user(row["username"])
        if user is not None and not store.handovers(user.unit_code, user.department, most=1):
            hand_over(row, user=user, store=store, now=now)
