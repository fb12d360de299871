"""Those who work in the demo's past: who answers for a ticket, how well a unit works, and when people are at their desks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from triage.demo_calls import rows
from triage.moments import SHANGHAI, in_shanghai
from triage.people import User, leads
from triage.prediction import Prediction
from triage.rules import Rules
from triage.terms import Role
from triage.tickets import CoHandling, Ticket

if TYPE_CHECKING:
    from triage.store import Store

MORNING, EVENING = time(8, 30), time(17, 30)
WAKING, SLEEPING = time(8, 30), time(20, 30)  # within the hours in which customers may be called back
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Quality:
    """How often a unit is late, dissatisfies and returns (percent of today), and how many times as often it was a year ago. Invented."""

    late: float
    dissatisfied: float
    returned: float
    last_year: float

    def share(self, name: str, age: timedelta) -> float:
        """Give how likely a failing was so long ago: it has grown rarer month by month."""
        return getattr(self, name) / 100 * (1 + (self.last_year - 1) * min(1.0, age / YEAR))  # type: ignore[no-any-return]


@lru_cache
def qualities() -> Mapping[str, Quality]:
    """Give the units' quality by unit (`history_units.csv`)."""
    return {row.pop("unit_code"): Quality(**{name: float(value) for name, value in row.items()}) for row in rows("units")}


@dataclass
class Office:
    """The store that everything goes through, the rules, the people, what the model said of each text, and what is open of a storm."""

    store: "Store"
    rules: Rules
    people: Sequence[User]
    said: Mapping[str, Prediction | None]
    now: datetime
    storms: dict[str, str] = field(default_factory=dict)
    opened: int = 0

    def predict(self, text: str) -> Prediction | None:
        """Give what the model said of a text."""
        return self.said.get(text)

    def any_of(self, role: Role, dice: Random) -> User:
        """Give one of those who have a role."""
        return dice.choice([user for user in self.people if user.role is role])

    def lead_of(self, ticket: Ticket) -> User | None:
        """Give who works on a ticket: its team's handler, else a leader over it; None: nobody does."""
        return self._team(ticket.team_unit, ticket.department) or next((one for one in self._leaders() if leads(one, ticket, self.store)), None)

    def leader_of(self, ticket: Ticket) -> User | None:
        """Give the leader over a ticket's team, the nearest first."""
        return next((one for one in self._leaders() if leads(one, ticket, self.store)), None)

    def helper_of(self, asked: CoHandling) -> User | None:
        """Give who answers for a department that was asked to help."""
        found = self._team(asked.team_unit, asked.department)
        return found or next((one for one in self._leaders() if self.store.is_under(asked.team_unit, one.unit_code)), None)

    def quality(self, unit_code: str | None) -> Quality:
        """Give the quality of a unit, else that of the first one in the file."""
        return qualities().get(unit_code or "") or next(iter(qualities().values()))

    def at_desk(self, moment: datetime, earliest: datetime) -> datetime:
        """Give the desk hour on or before a moment; the first one behind `earliest` where that would be too early."""
        local = in_shanghai(moment)
        while not self.rules.calendar.is_working(local.date()) or local.time() < MORNING:
            local = datetime.combine(local.date() - timedelta(days=1), _evening(local), SHANGHAI)
        if local.time() > EVENING:
            local = datetime.combine(local.date(), _evening(local), SHANGHAI)
        return local if local > earliest else self.next_desk(earliest)

    def next_desk(self, moment: datetime) -> datetime:
        """Give the first desk hour from a moment on."""
        local = in_shanghai(moment) + timedelta(minutes=7)
        while not self.rules.calendar.is_working(local.date()) or local.time() > EVENING:
            local = datetime.combine(local.date() + timedelta(days=1), MORNING, SHANGHAI) + timedelta(minutes=local.minute)
        return max(local, datetime.combine(local.date(), MORNING, SHANGHAI) + timedelta(minutes=local.minute))

    def awake(self, moment: datetime) -> datetime:
        """Give the first moment from one on at which customers may be called."""
        local = in_shanghai(moment)
        if local.time() > SLEEPING:
            local = datetime.combine(local.date() + timedelta(days=1), WAKING, SHANGHAI) + timedelta(minutes=local.minute)
        return max(local, datetime.combine(local.date(), WAKING, SHANGHAI) + timedelta(minutes=local.minute // 2))

    def _team(self, unit_code: str | None, department: str | None) -> User | None:
        there = (user for user in self.people if user.role is Role.HANDLER)
        return next((user for user in there if (user.unit_code, user.department) == (unit_code, department)), None)

    def _leaders(self) -> list[User]:
        return sorted((user for user in self.people if user.role is Role.LEADER), key=lambda user: -len(user.unit_code))


def _evening(local: datetime) -> time:
    """Late in the afternoon, not all at the same minute."""
    return time(16, local.minute)
