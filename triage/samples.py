"""Samples for audit (抽样质检): drawn by a kept seed, stratified by unit and risk, so that anybody can draw the same again."""

import hashlib
import json
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import Forbidden, InvalidInput, NotFound, Problem
from triage.moments import read_day, start_of
from triage.people import User
from triage.terms import Level, Risk, Role
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

READERS = (Role.AUDITOR,)
LARGEST_SEED = 2**31 - 1
LARGEST = 2000
LONGEST_NAME = 80
HIGH_SHARE = 0.3  # inferred: at least this share of a sample is of high risk, as long as there are so many
DISSATISFIED = "4"  # the answers from here on say dissatisfied (triage/terms.py: Satisfaction)
FIELDS = {
    "name": say("Name"),
    "unit_code": say("Supply unit"),
    "first_on": say("From"),
    "last_on": say("To"),
    "size": say("Sample size"),
    "seed": say("Seed"),
}


@dataclass(frozen=True)
class Candidate:
    """A ticket of the frame with what its risk is told from."""

    number: str
    unit_code: str | None
    level: str
    satisfaction: str
    returns: int
    reopenings: int
    chases: int
    is_overdue: bool
    has_attention: bool

    @property
    def risk(self) -> Risk:
        """High: grave, reopened, returned twice, dissatisfied or overdue. Middle: important, chased, or an attention rule held. Inferred."""
        if self.level in (Level.SPECIAL, Level.MAJOR) or self.reopenings or self.returns > 1 or self.satisfaction >= DISSATISFIED or self.is_overdue:
            return Risk.HIGH
        return Risk.MIDDLE if self.level == Level.IMPORTANT or self.chases or self.has_attention else Risk.ORDINARY


@dataclass(frozen=True)
class Stratum:
    """A unit's tickets of one risk: how many there are, and how many were drawn."""

    unit_code: str
    risk: Risk
    frame: int
    drawn: int

    @property
    def key(self) -> str:
        """Its name within the sample."""
        return f"{self.unit_code}/{self.risk.value}"

    @property
    def weight(self) -> float:
        """For how many tickets of the frame each drawn one stands."""
        return self.frame / self.drawn


@dataclass(frozen=True)
class Drawn:
    """A ticket of a sample with its stratum and weight."""

    ticket_number: str
    unit_code: str
    risk: Risk
    weight: float

    @property
    def stratum(self) -> str:
        """The name of its stratum within the sample."""
        return f"{self.unit_code}/{self.risk.value}"


@dataclass(frozen=True)
class Sample:
    """A sample as it was drawn; its plan says what each stratum held then."""

    id: int
    name: str
    seed: int
    unit_code: str
    first_on: date
    last_on: date
    size: int
    plan: tuple[Stratum, ...]
    made_by: str
    made_at: datetime

    @property
    def frame(self) -> int:
        """How many tickets it was drawn from."""
        return sum(one.frame for one in self.plan)


def check_audits(user: User) -> None:
    """See that the user is an auditor.

    Raises:
        Forbidden: the role is another.
    """
    if user.role not in READERS:
        raise Forbidden(say("Auditing is for the role {role}; your role is {own_role}", role=Role.AUDITOR.label, own_role=user.role.label))


def draw(values: Mapping[str, str], *, user: User, store: "Store", now: datetime) -> Sample:
    """Draw a sample of the tickets that ended (归档、办结即答、转告) in a period in a unit or below, and keep it with its plan.

    Args:
        values: `name`, `unit_code` (empty: the user's), `first_on`, `last_on` (days of Shanghai, both counted), `size`, `seed` (empty: made).

    Raises:
        Forbidden: the user is no auditor.
        InvalidInput: a value is missing or wrong, there are no tickets, or fewer are wanted than there are strata.
    """
    check_audits(user)
    name, unit_code, first, last, size, seed = _read(values, user, store, now)
    with store.writing():
        found = store.sample_frame(unit_code, start_of(first), start_of(last + timedelta(days=1)))
        places = store.units_below(unit_code)
        drawn, plan = plan_and_draw(((one, places.get(one.unit_code or "", unit_code)) for one in found), size, seed)
        id = store.keep_sample(Sample(0, name, seed, unit_code, first, last, len(drawn), plan, user.username, now), drawn)
    return store.sample(id)


def plan_and_draw(frame: Iterable[tuple[Candidate, str]], size: int, seed: int) -> tuple[tuple[Drawn, ...], tuple[Stratum, ...]]:
    """Stratify candidates (each with the unit that it counts for), allot the sample and draw it.

    The same seed and the same tickets give the same sample, in whatever order they come.

    Raises:
        InvalidInput: there is nothing to draw from, or there are more strata than tickets wanted.
    """
    strata: dict[tuple[str, Risk], list[str]] = {}
    for one, unit in frame:
        strata.setdefault((unit, one.risk), []).append(one.number)
    counts = {key: len(numbers) for key, numbers in sorted(strata.items())}
    if not counts:
        raise InvalidInput(Problem("first_on", say("The unit has no finished tickets in this time; choose another time or unit")))
    if size < len(counts):
        raise InvalidInput(
            Problem(
                "size",
                say(
                    "Sample size: there are {strata} strata (unit × risk), each with at least one ticket; give a number not below {strata}",
                    strata=len(counts),
                ),
            )
        )
    given = allot(counts, size)
    plan = tuple(Stratum(unit, risk, counts[unit, risk], given[unit, risk]) for unit, risk in counts)
    chosen = ((one, number) for one in plan for number in pick(strata[one.unit_code, one.risk], one.drawn, seed))
    return tuple(Drawn(number, one.unit_code, one.risk, one.weight) for one, number in chosen), plan


def allot(counts: Mapping[tuple[str, Risk], int], size: int) -> dict[tuple[str, Risk], int]:
    """Say how many to draw of each stratum: at least one, in proportion to its size, and at least `HIGH_SHARE` of the sample of high risk."""
    high = {key: count for key, count in counts.items() if key[1] is Risk.HIGH}
    rest = {key: count for key, count in counts.items() if key[1] is not Risk.HIGH}
    size, highs, rests = min(size, sum(counts.values())), sum(high.values()), sum(rest.values())
    wanted = max(math.ceil(size * HIGH_SHARE), round(size * highs / (highs + rests))) if high else 0
    given = max(min(wanted, highs, size - len(rest)), size - rests, len(high))
    return _in_proportion(high, given) | _in_proportion(rest, size - given)


def _in_proportion(counts: Mapping[tuple[str, Risk], int], size: int) -> dict[tuple[str, Risk], int]:
    """Give each one, then each further one to whom it is due the most.

    Source: the divisor method of Webster and Sainte-Laguë: M. Balinski, H. P. Young, Fair Representation, 1982.
    """
    given = dict.fromkeys(counts, 1)
    for _ in range(size - len(counts)):
        due = [key for key in counts if given[key] < counts[key]]
        given[max(due, key=lambda key: counts[key] / (2 * given[key] + 1))] += 1
    return given


def pick(numbers: Iterable[str], n: int, seed: int) -> list[str]:
    """Give the `n` numbers whose digest with the seed is the smallest.

    No library's generator has a say in it, so that a sample can be drawn again with any tool, many years later.
    Source: permanent random numbers, E. Ohlsson, Coordination of samples using permanent random numbers, 1995.
    """
    return sorted(sorted(numbers), key=lambda number: hashlib.sha256(f"{seed}:{number}".encode()).digest())[:n]


def _read(values: Mapping[str, str], user: User, store: "Store", now: datetime) -> tuple[str, str, date, date, int, int]:
    texts = {name: clean(values.get(name) or "").strip() for name in FIELDS}
    problems: list[Problem] = []
    days = {name: _day(texts[name], name, problems) for name in ("first_on", "last_on")}
    first, last = days["first_on"], days["last_on"]
    if first and last and first > last:
        problems.append(Problem("last_on", say("To: must not be before “From”")))
    size = _whole(texts["size"], "size", 1, LARGEST, problems)
    seed = _whole(texts["seed"], "seed", 0, LARGEST_SEED, problems) if texts["seed"] else secrets.randbelow(LARGEST_SEED)
    unit_code = texts["unit_code"] or user.unit_code
    if unit_code not in {row["code"] for row in store.units()}:
        problems.append(Problem("unit_code", say("Supply unit: there is no such unit; choose one from the list")))
    if len(texts["name"]) > LONGEST_NAME:
        problems.append(Problem("name", say("Name: at most {most} characters", most=LONGEST_NAME)))
    if problems or first is None or last is None:
        raise InvalidInput(*problems)
    return texts["name"] or say("{first} to {last}", first=first, last=last), unit_code, first, last, size, seed


def _day(text: str, field: str, problems: list[Problem]) -> date | None:
    try:
        day = read_day(text, field)
        if not 2000 <= day.year <= 2100:
            raise InvalidInput(Problem(field, say("Must be between the years 2000 and 2100")))
        return day
    except InvalidInput as error:
        problems.append(Problem(field, say("{field}: {problem}", field=FIELDS[field], problem=error.message)))
        return None


def _whole(text: str, field: str, least: int, most: int, problems: list[Problem]) -> int:
    if text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most:
        return int(text)
    problems.append(Problem(field, say("{field}: must be a whole number from {least} to {most}", field=FIELDS[field], least=least, most=most)))
    return 0


def plan_of(text: str) -> tuple[Stratum, ...]:
    """Read a plan as it is kept."""
    return tuple(Stratum(unit, Risk(risk), frame, drawn) for unit, risk, frame, drawn in json.loads(text))


def plan_text(plan: Sequence[Stratum]) -> list[list[str | int]]:
    """Give a plan as it is kept: unit, risk, frame and how many were drawn, stratum by stratum."""
    return [[one.unit_code, one.risk.value, one.frame, one.drawn] for one in plan]


def sample_of(id: int, *, user: User, store: "Store") -> Sample:
    """Give a sample to an auditor.

    Raises:
        Forbidden: the user is no auditor.
        NotFound: there is no such sample.
    """
    check_audits(user)
    if not 0 < id <= LARGEST_SEED:
        raise NotFound(say("There is no such sample"))
    return store.sample(id)
