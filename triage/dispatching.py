"""The dispatcher's desk: candidates for a doubtful ticket, which of the waiting ones are shown, and which comes next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from triage.errors import InvalidInput, Problem
from triage.routing import EXTERNAL, team_unit
from triage.rules import Rules
from triage.terms import Level, State
from triage.tickets import Ticket

if TYPE_CHECKING:
    pass

CANDIDATES = 3
AGES = {30: "30 分钟以上", 60: "1 小时以上", 240: "4 小时以上", 1440: "1 天以上"}


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
    missing = "请先选供电单位" if not unit else f"该单位及其上级没有{rules.departments[department]}的班组" if team is None else ""
    if department == EXTERNAL:
        missing = "非供电责任，请用“转告责任主体”"
    return Candidate(topic, p, kind, department, team, missing if kind else "请先选诉求类型")


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
    names = {"level": "级别", "state": "状态", "unit": "供电单位", "age": "等待时长"}
    wrong = [
        Problem(name, f"{names[name]}：没有“{values[name]}”，请从列表中选择")
        for name in allowed
        if values.get(name) and values[name] not in allowed[name]
    ]
    if wrong:
        raise InvalidInput(*wrong)
    return Filter(values.get("level", ""), values.get("state", ""), values.get("unit", ""), int(values.get("age") or 0))


def rotated(line: Sequence[Ticket], number: str) -> list[Ticket]:
    """Give a queue from one of its tickets on, those before it at the end; as it is where the ticket is not in it."""
    at = next((index for index, ticket in enumerate(line) if ticket.number == number), 0)
    return [*line[at:], *line[:at]]
