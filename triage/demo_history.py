"""The demo has a past: a year of invented calls and what became of them, made by the product's own moves at moments gone by.

Nothing is written behind the product's back, so that audit chains hold, clocks are real, and figures equal a recount. It is one transaction:
all of it is there, or nothing.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

from triage.customer_files import units_by_word
from triage.customers import CustomerRecord
from triage.demo_acting import Steps
from triage.demo_calls import Call, past, phrases, rows
from triage.demo_customers import invented
from triage.demo_life import Life
from triage.demo_office import Office
from triage.demo_outages import outages
from triage.demo_quality import quality_work
from triage.errors import Conflict, InvalidInput, Problem, TriageError
from triage.people import User, hasher, new_password
from triage.prediction import Prediction
from triage.terms import Role
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

HOW_MANY = 540
SEED = 95598
FIRST_KEY = "demo-history-0"

Many = Callable[[list[str]], Sequence[Prediction | None]]
Tell = Callable[[int, datetime], None]


@dataclass(frozen=True)
class History:
    """What was made: how many tickets, how many of these are open now, the people who were added with their passwords, and moves that were refused.

    A refused move leaves its ticket as it stands; there is none as long as the lives keep to the rules.
    """

    tickets: int
    open: int
    people: tuple[tuple[User, str], ...]
    refused: tuple[str, ...] = ()


def has_history(store: "Store") -> bool:
    """Say whether the past was made before; it is made once."""
    return store.is_submitted(FIRST_KEY)


def make_history(
    store: "Store", predict: Many, now: datetime, *, how_many: int = HOW_MANY, seed: int = SEED, tell: Tell = lambda n, at: None
) -> History:
    """Make the past of the demo organisation up to now; the same for the same moment, seed and model.

    Args:
        store: a database with the reference data, the demo organisation and its customers (`make_demo`, `fill_demo`).
        predict: what says what many texts are about, in one go.
        how_many: how many calls; the storm's and today's are always among them.
        tell: is told now and then how many calls were taken and which day it is in the past.

    Raises:
        InvalidInput: there are no invented customers, or no model that could say anything.
        Conflict: the past was made before.
    """
    if has_history(store):
        raise Conflict(say("The demo has its invented past already; it is made once"))
    dice = Random(seed)
    calls = [replace(call, text=_worded(call, dice)) for call in past(now, how_many, _customers(store, now), dice)]
    said = _predicted(predict, [call.text for call in calls])
    with store.writing():
        people = list(_add_people(store, now))
        office = Office(store, store.rules(), store.active_users(), said, now)
        lives = [Life(call, office, f"demo-history-{n}", Random(f"{seed}-{n}")) for n, call in enumerate(calls)]
        refused = run([*(life.steps() for life in lives), *outages(office)], now, lambda at: tell(office.opened, at))
    store.fold_figures()
    quality_work(office, dice)
    return History(office.opened, sum(life.is_open for life in lives), tuple(people), tuple(refused))


def run(lives: Sequence[Steps], now: datetime, tell: Callable[[datetime], None]) -> list[str]:
    """Take the steps of many lives in the order of their moments, up to now; gives what was refused, which ends the life that tried it."""
    waiting = [(next(life), n) for n, life in enumerate(lives)]
    heapq.heapify(waiting)
    refused = []
    while waiting and waiting[0][0] <= now:
        at, n = heapq.heappop(waiting)
        tell(at)
        try:
            heapq.heappush(waiting, (lives[n].send(at), n))
        except StopIteration:
            continue
        except TriageError as error:
            refused.append(error.message)
    return refused


def _customers(store: "Store", now: datetime) -> list[CustomerRecord]:
    """Give the invented customers who are kept, as they are kept."""
    numbers = [one.number for one in invented(now)]
    kept = store.customers_of(numbers)
    if not kept:
        raise InvalidInput(Problem("history", say("The invented customers are missing; run flask demo first")))
    return [kept[number] for number in numbers if number in kept]


def _worded(call: Call, dice: Random) -> str:
    return dice.choice(phrases()["opening"]).format(text=call.about.text, street=call.street) if call.street else call.about.text


def _predicted(predict: Many, texts: list[str]) -> dict[str, Prediction | None]:
    said = dict(zip(texts, predict(texts), strict=True))
    if not any(said.values()):
        raise InvalidInput(Problem("history", say("There is no model that could say what the calls are about; run flask train first")))
    return said


def _add_people(store: "Store", now: datetime) -> Iterator[tuple[User, str]]:
    """Add the colleagues of `history_people.csv` who are not there yet, each in the unit that stands for theirs today."""
    known, heirs = {row["username"] for row in store.users()}, units_by_word(store)
    for row in rows("people"):
        if row["username"] not in known:
            user = User(row["username"], row["name"], Role(row["role"]), heirs[row["unit_code"]], row["department_code"])
            password = new_password()
            store.add_user(user, hasher().hash(password), now)
            yield user, password
