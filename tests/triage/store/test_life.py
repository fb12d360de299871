"""Random lives of tickets: Hypothesis takes contacts, lets time pass, edits rules, lets anybody try anything; after each step everything must hold.

Of what fails, Hypothesis prints the shortest life that fails too. `TRIAGE_LIVES=2000` looks for longer, each time at other lives.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from tests import engines
from tests.triage.metric_lists import facts_that_differ, lists_that_differ
from tests.triage.samples import NOW, SECRET
from tests.triage.store.holds import Watcher
from tests.triage.store.life import AT_ONCE, CALLS, PROCEDURE, UNITS, Life
from triage.figures import Reading
from triage.moments import in_shanghai
from triage.store import Database, Store

LIVES = int(os.environ.get("TRIAGE_LIVES", "0"))
INDEX = st.integers(0, 1000)
PLACES = ("3301", "330102", "330201")  # a city, a county with a station below, a county
KINDS, PHONES, CHANNELS = st.sampled_from([*CALLS, *AT_ONCE]), st.sampled_from(["13800000001", ""]), st.sampled_from(["phone", "12345"])
MINUTES = st.one_of(st.integers(0, 180), st.sampled_from([600, 1440, 2880, 4320, 10080]))
Fresh = Callable[[], tuple[str, Callable[[], None]]]


class Lives(RuleBasedStateMachine):
    """One life after the other, each in a database of its own."""

    def __init__(self, fresh: Fresh) -> None:
        super().__init__()
        self.after = ExitStack()
        url, drop = fresh()
        self.after.callback(drop)
        database = Database(url)
        self.after.callback(database.dispose)
        connection = self.after.enter_context(database.connect())
        if url.startswith("sqlite"):
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
        self.life = Life(Store(connection, SECRET))
        self.watcher = Watcher(self.life)

    def number(self, which: int) -> str:
        return list(self.life.tickets)[which % len(self.life.tickets)]

    @initialize(kind=KINDS, unit=st.sampled_from(UNITS))
    def first(self, kind: str, unit: str) -> None:
        self.life.take(kind, unit)

    @precondition(lambda self: len(self.life.tickets) < 5)
    @rule(kind=KINDS, unit=st.sampled_from(UNITS), channel=CHANNELS, phone=PHONES)
    def take(self, kind: str, unit: str, channel: str, phone: str) -> None:
        self.life.take(kind, unit, channel, phone)

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.life.wait(timedelta(minutes=minutes))

    @rule(which=INDEX)
    def hold(self, which: int) -> None:
        self.life.hold(self.number(which))

    @rule(pick=INDEX, factor=st.sampled_from([0.5, 2.0]), days_ago=st.integers(0, 5))
    def edit_limit(self, pick: int, factor: float, days_ago: int) -> None:
        self.life.edit_limit(pick, factor, days_ago)

    @rule(day=st.integers(0, 30))
    def load_holiday(self, day: int) -> None:
        self.life.load_holiday(day)

    def _lead_on(self, which: int, choice: int, pick: int, minutes: int) -> None:
        self.life.wait(timedelta(minutes=minutes))
        number = self.number(which)
        possible = self.life.possible(number)
        codes = list(dict.fromkeys(code for code, _ in possible))
        if codes:
            code = codes[choice % len(codes)]
            people = [who for one, who in possible if one == code]
            self.watcher.try_move(number, code, people[pick % len(people)], pick=pick)

    @rule(which=INDEX, choice=INDEX, pick=INDEX, minutes=st.integers(0, 300))
    def lead_on(self, which: int, choice: int, pick: int, minutes: int) -> None:
        self._lead_on(which, choice, pick, minutes)

    @rule(choice=INDEX, pick=INDEX, minutes=st.integers(0, 30))
    def lead_the_first_on(self, choice: int, pick: int, minutes: int) -> None:
        self._lead_on(0, choice, pick, minutes)

    @rule(which=INDEX, code=st.sampled_from([*PROCEDURE, "no_such_move"]), who=INDEX, pick=INDEX, stale=st.booleans())
    def try_anything(self, which: int, code: str, who: int, pick: int, stale: bool) -> None:
        number = self.number(which)
        people = self.life.people(number)
        self.watcher.try_move(number, code, people[who % len(people)], pick=pick, stale=stale)

    @rule(which=INDEX, choice=INDEX, pick=INDEX, spoil=st.sampled_from(["missing", "wrong"]))
    def send_what_is_wrong(self, which: int, choice: int, pick: int, spoil: str) -> None:
        number = self.number(which)
        possible = self.life.possible(number)
        if possible:
            code, who = possible[choice % len(possible)]
            self.watcher.try_move(number, code, who, pick=pick, spoil=spoil)

    @rule(which=INDEX)
    def take_back(self, which: int) -> None:
        tickets = list(self.life.tickets)
        for number in [*tickets[which % len(tickets) :], *tickets]:
            for code, who in self.life.possible(number):
                if code.startswith("undo_"):
                    self.watcher.try_move(number, code, who)
                    return

    @invariant()
    def everything_holds(self) -> None:
        self.watcher.look(at_all=False)

    @rule()
    def fold(self) -> None:
        self.life.store.fold_figures()

    def teardown(self) -> None:
        store, day = self.life.store, in_shanghai(self.life.now).date()
        wrong = store.check_figures()
        differing = lists_that_differ(Reading(store, day - timedelta(days=90), day, self.life.now))
        began = in_shanghai(NOW).date()
        lost = facts_that_differ(store, PLACES, {began, began + (day - began) / 2, day}, self.life.now)
        self.after.close()
        assert lost == [], "what happened in a unit on a day is not found by asking for the unit alone"
        assert wrong == [], "what moves appended to the figures is not what a recount gives"
        assert differing == [], "a figure does not open down to what it counts"


@pytest.fixture
def sqlite(filled_sqlite: Path, tmp_path: Path) -> Fresh:
    def fresh() -> tuple[str, Callable[[], None]]:
        url = engines.fresh_sqlite_database(filled_sqlite, tmp_path)
        return url, lambda: Path(url.removeprefix("sqlite:///")).unlink()

    return fresh


@pytest.fixture
def postgres(postgres_template: str, filled_postgres: str) -> Fresh:
    def fresh() -> tuple[str, Callable[[], None]]:
        url = engines.fresh_postgres_database(postgres_template, template=filled_postgres)
        return url, lambda: engines.drop_postgres_database(postgres_template, url)

    return fresh


@pytest.mark.parametrize(
    ("engine", "lives", "steps"),
    [pytest.param("sqlite", 30, 40, id="sqlite"), pytest.param("postgres", 8, 30, id="postgres", marks=pytest.mark.postgres)],
)
def test_whatever_anybody_does_everything_holds(request: pytest.FixtureRequest, engine: str, lives: int, steps: int):
    fresh: Fresh = request.getfixturevalue(engine)
    run_state_machine_as_test(
        lambda: Lives(fresh),
        settings=settings(
            max_examples=LIVES or lives,
            stateful_step_count=steps,
            derandomize=not LIVES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def lead(watcher: Watcher, number: str, moves: str) -> None:
    """Make moves one after the other, each by somebody who may; `dispatch:2` is a dispatch with the third choice of fields, `close!` at once."""
    for step in moves.split():
        code, _, pick = step.rstrip("!").partition(":")
        watcher.life.wait(timedelta(minutes=0 if code.startswith("undo_") or step.endswith("!") else 5))
        who = next(who for possible, who in watcher.life.possible(number) if possible == code)
        assert watcher.try_move(number, code, who, pick=int(pick or 0))
        watcher.look()


DONE = "accept contact resolve review"


@pytest.mark.parametrize(
    ("kind", "unit", "moves"),
    [
        pytest.param("complaint", "330101", f"{DONE} callback close", id="a plain complaint"),
        pytest.param("fault", "330102", "accept arrive resolve review callback close", id="a fault"),
        pytest.param("damage", "330201", "accept contact pause:1 resume arrive resolve review callback close", id="a damage, on site"),
        pytest.param(
            "complaint", "330101", f"{DONE} callback:1 reopen accept contact resolve send_back resolve review callback close", id="reopened"
        ),
        pytest.param("complaint", "330101", f"{DONE} callback:1 appeal reopen {DONE} appeal grant_appeal", id="an appeal anew after a reopening"),
        pytest.param("complaint", "330101", f"{DONE} appeal callback:1 reopen withdraw", id="an appeal that has no object any more"),
        pytest.param("danger", "", "dispatch undo_dispatch dispatch:3 accept", id="danger, sent, taken back, sent elsewhere"),
        pytest.param(
            "doubtful", "330101", "dispatch:1 ask_extension return dispatch:4 ask_extension grant_extension accept", id="left with a request"
        ),
        pytest.param("doubtful", "330101", "dispatch:0 reroute:1 accept contact resolve", id="a fault that was none"),
        pytest.param("doubtful", "330101", "dispatch:1 reroute:0 reroute:1 accept contact resolve", id="a complaint, a fault, a complaint"),
        pytest.param(
            "complaint", "330101", f"{DONE} callback:1 reopen return dispatch:3 accept contact arrive resolve", id="another type after a reopening"
        ),
        pytest.param("complaint", "330101", f"{DONE} callback chase close", id="chased at the end"),
        pytest.param("complaint", "330101", f"{DONE} callback:1 undo_callback callback close! undo_close undo_callback", id="the wrong key"),
        pytest.param("complaint", "330101", f"{DONE} postpone callback undo_callback resume callback close undo_close", id="a pause that goes on"),
        pytest.param("complaint", "330101", "accept co_handle co_handle co_reply co_cancel contact resolve", id="two who help"),
        pytest.param("open type", "330101", "accept set_type:1 pause:1 contact ask_extension refuse_extension resolve", id="a type said later"),
        pytest.param("complaint", "330101", "return dispatch:1 ask_return refuse_return ask_return grant_return withdraw", id="returned twice"),
    ],
)
def test_a_life_in_which_everything_holds_at_every_step(store: Store, kind: str, unit: str, moves: str):
    life = Life(store)
    (number,) = life.take(kind, unit)
    lead(Watcher(life), number, moves)


def test_what_was_merged_before_comes_along_and_its_customer_is_told_too(store: Store):
    life = Life(store)
    watcher = Watcher(life)
    (first,), (second,), (third,) = life.take("complaint"), life.take("doubtful"), life.take("doubtful")
    lead(watcher, first, DONE)
    lead(watcher, third, "merge:1")
    lead(watcher, second, "merge:0 undo_merge merge:0 inform")
    lead(watcher, third, "inform")
