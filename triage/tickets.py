"""A ticket and its steps as values, and which steps start and end with an event."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage import clocks
from triage.clocks import Deadline, Limit, Pause, choose_limit, deadline, stops_of, zone
from triage.complaint import Complaint
from triage.moments import in_shanghai
from triage.prediction import Prediction
from triage.routing import Decision
from triage.rules import Rules
from triage.terms import Asked, Channel, Level, Locality, State, Step, Watch, Zone

OF_DEPARTMENT = (Step.CONTACT, Step.ARRIVE, Step.RESOLVE)
UNKNOWN_TYPE = "complaint"  # whose limits run until somebody says the demand type
COMMAND, HOTLINE = "command", "hotline"


@dataclass(frozen=True)
class Opening:
    """All that is kept when a ticket is opened."""

    complaint: Complaint
    prediction: Prediction | None
    decision: Decision


@dataclass(frozen=True)
class Ticket:
    """A ticket as it stands."""

    number: str
    contact_id: int
    text: str
    state: State
    level: Level
    demand_type: str | None
    topic: str | None
    department: str | None
    unit_code: str | None
    team_unit: str | None
    locality: Locality | None
    channel: Channel
    received_at: datetime
    version: int
    is_confidential: bool
    is_watched: bool
    next_step: Step | None = None
    next_due_at: datetime | None = None
    yellow_at: datetime | None = None
    red_at: datetime | None = None
    is_confirmed: bool = True
    reply: str = ""
    finding: str = ""
    owner: str = ""
    satisfaction: str = ""
    closed_at: datetime | None = None
    parent_number: str | None = None
    outage_number: str | None = None
    responsible_unit: str | None = None
    assignee: str = ""
    crew: str = ""
    returns: int = 0
    reopenings: int = 0
    chases: int = 0
    attempts: int = 0
    extensions: int = 0
    is_exempt: bool = False
    is_malicious: bool = False
    paused_until_at: datetime | None = None

    def is_paused(self, at: datetime) -> bool:
        """Whether its clocks stand still at one moment."""
        return self.paused_until_at is not None and at < self.paused_until_at

    def zone(self, at: datetime) -> Zone:
        """The worst zone of its open clocks at one moment."""
        return zone(self.yellow_at, self.red_at, at)


@dataclass(frozen=True)
class TimedStep:
    """A step of a ticket on one clock; open while neither ended nor void."""

    id: int
    step: Step
    watch: Watch
    department: str | None
    unit_code: str | None
    by_machine: bool
    from_event: str
    started_at: datetime
    due_at: datetime
    yellow_at: datetime
    red_at: datetime
    is_confirmed: bool
    limit_text: str
    ended_at: datetime | None = None
    voided_at: datetime | None = None
    extra_seconds: int = 0
    co_handling_id: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether the clock runs."""
        return self.ended_at is None and self.voided_at is None

    def zone(self, at: datetime) -> Zone:
        """Its zone at one moment, or for ever after it has ended."""
        return zone(self.yellow_at, self.red_at, self.ended_at or at)


@dataclass(frozen=True)
class CoHandling:
    """A department asked to help (协办): who asked, what for, and its answer; open until it answers or is not asked any more."""

    id: int
    department: str
    team_unit: str
    asked_by: str
    asked_at: datetime
    task: str = ""
    reply: str = ""
    replied_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether its answer is waited for."""
        return self.replied_at is None and self.cancelled_at is None


@dataclass(frozen=True)
class Request:
    """Something asked for beside the way of a ticket, and what was decided: `granted`, `refused`, or `dropped` when it had no object any more."""

    id: int
    kind: Asked
    asked_by: str
    asked_at: datetime
    value: str = ""
    amount: float | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    answer: str = ""


@dataclass(frozen=True)
class Start:
    """A clock that starts now: its step, whose it is, its limit and its deadline."""

    step: Step
    watch: Watch
    limit: Limit
    deadline: Deadline
    started_at: datetime
    event: str


@dataclass(frozen=True)
class Demand:
    """What the limits depend on, and what the deadlines depend on besides: the unit's calendar and the pauses."""

    demand_type: str
    topic: str | None
    locality: Locality | None
    channel: Channel
    unit_code: str | None = None
    pauses: tuple[Pause, ...] = ()


def starts(event: str, demand: Demand, rules: Rules, at: datetime) -> Iterable[Start]:
    """Give the customer's clocks that an event starts, by the limits in force on that day."""
    for step in Step:
        limit = limit_of(step, demand, rules, at)
        if limit and step is not Step.CO_HANDLE and counts_from(limit, event):
            yield Start(step, Watch.CUSTOMER, limit, due(limit, at, demand, rules), at, event)


def counts_from(limit: Limit, event: str) -> bool:
    """Say whether a limit's clock starts with an event; a reopened ticket (重新办理) starts anew what the customer waits for since the receipt."""
    return limit.from_event == event or (event == "reopened" and limit.from_event == "received" and limit.step in OF_DEPARTMENT)


def department_starts(open_steps: Iterable[Step], demand: Demand, rules: Rules, at: datetime) -> Iterable[Start]:
    """Give a department's own clocks, from its own dispatch, for the steps that the customer waits for."""
    for step in open_steps:
        limit = limit_of(step, demand, rules, at)
        if step in OF_DEPARTMENT and limit:
            yield Start(step, Watch.DEPARTMENT, limit, due(limit, at, demand, rules), at, "dispatched")


def due(limit: Limit, at: datetime, demand: Demand, rules: Rules, extra: timedelta = timedelta(0)) -> Deadline:
    """Compute the deadline of a clock that started at `at`: on its unit's calendar, without the pauses that stop it, with what was granted on top."""
    stops = stops_of(demand.pauses, rules.pause_kinds, limit.step) if limit.is_pausable else ()
    return deadline(limit, at, rules.calendar_of(demand.unit_code), stops=stops, extra=extra)


def used(limit: Limit, start: datetime, end: datetime, demand: Demand, rules: Rules) -> timedelta:
    """Give how much of its time a clock has used from start to end: on its unit's calendar, without the pauses that stop it."""
    stops = stops_of(demand.pauses, rules.pause_kinds, limit.step) if limit.is_pausable else ()
    return clocks.used(limit, start, end, rules.calendar_of(demand.unit_code), stops=stops)


def limit_of(step: Step, demand: Demand, rules: Rules, at: datetime) -> Limit | None:
    """Choose the row that governs a step of such a demand on the day of `at`."""
    return choose_limit(
        rules.limits,
        step=step,
        demand_type=demand.demand_type,
        topic=demand.topic,
        zone=demand.locality,
        channel=demand.channel,
        day=in_shanghai(at).date(),
    )


def answerable(step: Step, department: str | None) -> str | None:
    """Name the department that has to end a step: the command centre dispatches, reviews and grants, the hotline calls back and hears appeals."""
    if step in (Step.DISPATCH, Step.REDISPATCH, Step.REVIEW, Step.EXTENSION):
        return COMMAND
    return HOTLINE if step in (Step.CALLBACK, Step.APPEAL) else department
