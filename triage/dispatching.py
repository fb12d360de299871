"""The dispatcher's desk: candidates for a doubtful ticket, which of the waiting ones are shown, and which comes next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from triage.errors import InvalidInput, Problem
from triage.routing import EXTERNAL, team_unit
from triage.rules import Rules
from triage.terms import Level, State
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    pass

CANDIDATES = 3
AGES = {30: say("Over 30 minutes"), 60: say("Over 1 hour"), 240: say("Over 4 hours"), 1440: say("Over 1 day")}


@dataclass(frozen=True)
class Candidate:
    """Where a ticket would go with one of the model's topics; `hindrance` says what is missing for that."""

    topic: str
    chance: float
    demand_type: str
    department: str
    team_unit: str | None
    hindrance: str = ""


def candidates(
    ticket: Ticket,
    topics: Iterable[tuple[str, float]],
    demand_type: str,
    unit: str | None,
    rules: Rules,
    parents: Mapping[str, str],
    teams: frozenset[tuple[str, str]],
) -> tuple[Candidate, ...]:
    """Give the model's best topics with department and team; for a returned ticket those that lead elsewhere come first."""
    made = [_candidate(topic, p, demand_type, unit, rules, parents, teams) for topic, p in topics if topic in rules.topics]
    if ticket.state is State.RETURNED:
        made.sort(key=lambda one: one.department == ticket.department)
    return tuple(made[:CANDIDATES])


def _candidate(
    topic: str, p: float, kind: str, unit: str | None, rules: Rules, parents: Mapping[str, str], teams: frozenset[tuple[str, str]]
) -> Candidate:
    department = rules.lead(kind, topic).department
    team = team_unit(unit, department, parents, teams)
    missing = (
        say("Choose the supply unit first")
        if not unit
        else say("Neither this unit nor a unit above it has a {department} crew", department=rules.departments[department])
        if team is None
        else ""
    )
    if department == EXTERNAL:
        missing = say("Not the supplier's responsibility; use “Refer to the responsible party”")
    return Candidate(topic, p, kind, department, team, missing if kind else say("Choose the demand type first"))


@dataclass(frozen=True)
class Filter:
    """Which of the waiting tickets are shown; empty or 0 is any. `age` is how many minutes they have waited at least."""

    level: str = ""
    state: str = ""
    unit: str = ""
    age: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """What stands in the address."""
        return {name: value for name, value in vars(self).items() if value}


def read_filter(values: Mapping[str, str], units: Iterable[str]) -> Filter:
    """Read a filter from an address.

    Raises:
        InvalidInput: a value is none that can be chosen.
    """
    allowed: dict[str, Sequence[str]] = {
        "level": list(Level),
        "state": [State.PENDING_REVIEW, State.RETURNED],
        "unit": list(units),
        "age": [str(age) for age in AGES],
    }
    names = {"level": say("Level"), "state": say("State"), "unit": say("Supply unit"), "age": say("Waiting time")}
    wrong = [
        Problem(name, say("{field}: there is no “{value}”; choose from the list", field=names[name], value=values[name]))
        for name in allowed
        if values.get(name) and values[name] not in allowed[name]
    ]
    if wrong:
        raise InvalidInput(*wrong)
    return Filter(values.get("level", ""), values.get("state", ""), values.get("unit", ""), int(values.get("age") or 0))
