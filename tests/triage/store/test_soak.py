"""Ten thousand random moves of random people, and all that must hold afterwards; `TRIAGE_SOAK=1000000` for as many as one has time for."""

import math
import os
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests import engines
from tests.triage.metric_lists import facts_that_differ
from tests.triage.samples import NOW, SECRET
from tests.triage.store.holds import Watcher, holds, rows_of
from tests.triage.store.life import AT_ONCE, CALLS, PROCEDURE, UNITS, WRONG, Life
from triage.moments import in_shanghai
from triage.people import User
from triage.store import Database, Store

MOVES = int(os.environ.get("TRIAGE_SOAK", "10000"))
SEED = int(os.environ.get("TRIAGE_SOAK_SEED", "95598"))
EVERY = 500
FIGURES_EVERY = max(EVERY, MOVES // 20)  # all trails and all figures are read: not so often in a long run
RARE = 10 / max(MOVES, 1000)  # an edited limit or a new holiday, which computes all open tickets again
EARLY_ENDS = ("answer", "refer", "merge", "withdraw")
ASIDE = [code for code, (_, follows, _) in PROCEDURE.items() if follows == "=" and not code.startswith(("grant_", "refuse_"))]
AT_WORK = 25  # tickets at a time; the others rest, so that the store grows and the looks stay short


@pytest.fixture
def store(filled_sqlite: Path, tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite that need not outlive a power cut: nothing of it is kept."""
    database = Database(engines.fresh_sqlite_database(filled_sqlite, tmp_path))
    with database.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
        yield Store(connection, SECRET)
    database.dispose()


def turn(life: Life, chance: random.Random) -> None:
    """Let one thing happen: mostly a move that is right, now and then one that is not, a call, a night, a new limit."""
    if not life.tickets or chance.random() < 0.06:
        kind = chance.choice([*CALLS, *AT_ONCE])
        life.take(kind, chance.choice(UNITS), chance.choice(["phone", "12345", "12398"]), chance.choice(["13800000001", "13800000002", ""]))
    if chance.random() < 0.3:
        life.wait(timedelta(minutes=chance.choice([1, 7, 60, 125, 600, 1440, 3 * 1440])))
    recent = life.recent(4 * AT_WORK)
    waiting = [ticket.number for ticket in recent if not {"inform", "appeal"}.isdisjoint(ticket.asked)]
    number = chance.choice(waiting if waiting and chance.random() < 0.05 else [ticket.number for ticket in recent[-AT_WORK:]])
    just_done = [ticket.number for ticket in recent if ticket.undoable and life.now - ticket.undoable[-1].at <= timedelta(minutes=1)]
    if just_done and chance.random() < 0.3:
        number = chance.choice(just_done)  # or nobody would ever take anything back: there is a minute for it
    if chance.random() < 0.02:
        life.hold(number)
    if chance.random() < RARE:
        life.edit_limit(chance.randrange(200), chance.choice([0.5, 1.5, 2]), chance.randrange(10))
    if chance.random() < RARE / 2:
        life.load_holiday(chance.randrange(30))
    possible, pick = life.possible(number), chance.randrange(1000)
    if possible and chance.random() < 0.75:
        code, who = likely(possible, life, chance)
        life.try_move(number, code, who, pick=pick)
        return
    code, who = chance.choice([*PROCEDURE, "no_such_move"]), chance.choice(life.people(number))
    if possible and chance.random() < 0.4:
        code, who = likely(possible, life, chance)
    life.try_move(number, code, who, spoil=chance.choice(["", "missing", "wrong"]), stale=chance.random() < 0.1, pick=pick)


def likely(possible: list[tuple[str, User]], life: Life, chance: random.Random) -> tuple[str, User]:
    """Choose a move and somebody for it; more often what leads on, and what was seldom done so far; an early end seldom."""
    codes = sorted({code for code, _ in possible})
    weights = [(0.3 if code in EARLY_ENDS else 2 if code in ASIDE else 6) / math.sqrt(1 + life.done[code]) for code in codes]
    code = chance.choices(codes, weights)[0]
    return code, chance.choice([who for one, who in possible if one == code])


def soak(store: Store, seed: int, moves: int) -> Life:
    """Lead a life of so many moves that were tried, looking at everything now and then."""
    chance, life = random.Random(seed), Life(store)
    watcher = Watcher(life)
    for done in range(1, moves + 1):
        turn(life, chance)
        if done % EVERY == 0:
            watcher.look(last=2 * AT_WORK, at_figures=done % FIGURES_EVERY == 0)
            watcher.seen.clear()  # what was seen so many moves ago may have changed rightly since
    for ticket in life.tickets.values():
        holds(life, ticket, rows_of(life, ticket.number))
    watcher.look_at_figures()
    assert store.check_figures() == []
    days = [in_shanghai(moment).date() for moment in (NOW, NOW + (life.now - NOW) / 2, life.now)]
    assert facts_that_differ(store, [unit for unit in UNITS if unit], days, life.now) == []
    return life


@pytest.mark.slow
def test_thousands_of_random_moves_leave_everything_in_order(store: Store):
    print(f"seed {SEED}, {MOVES} moves")
    life = soak(store, SEED, MOVES)
    print(f"{life.made} made, {life.refused} refused, {len(life.tickets)} tickets")
    assert life.made + life.refused == MOVES
    assert life.refused > MOVES / 10
    assert MOVES < 5000 or set(PROCEDURE) == set(life.done)


def test_the_same_seed_leads_the_same_life(filled_sqlite: Path, tmp_path: Path):
    lives = []
    for _ in range(2):
        database = Database(engines.fresh_sqlite_database(filled_sqlite, tmp_path))
        with database.connect() as connection:
            lives.append(soak(Store(connection, SECRET), 7, 100).tickets)
        database.dispose()
    assert lives[0] == lives[1]


def test_there_is_something_wrong_to_send_with_many_moves():
    assert set(WRONG) <= set(PROCEDURE)
