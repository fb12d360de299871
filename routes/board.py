"""What is asked of the board, by its pages and its API alike: whose figures, of which days, and what a list holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from flask import g, request

from routes.request import now, require, rules, store
from triage import board, metrics
from triage.errors import Forbidden, InvalidInput, Problem
from triage.figures import MET, Figure, Opens, Reading
from triage.moments import in_shanghai, read_day
from triage.report import LESS_IS_BETTER, QUALITY
from triage.store.facts import DIMENSIONS, NAMES, TIMED, TOOK
from triage.store.rollups import EVERYTHING
from triage.terms import Channel, Finding, Role, Step, Watch
from triage.texts import clean
from triage.timeliness import period_of
from triage.wording import say

READERS = (Role.AUDITOR, Role.LEADER, Role.ADMIN, Role.DISPATCHER)
KINDS = {
    "department": say("Responsible department"),
    "topic": say("Topic"),
    "demand_type": say("Demand type"),
    "channel": say("Intake channel"),
    "agent": say("Receiving agent"),
    "trait": say("Trait"),
}
WEEKDAYS = tuple(map(str, range(7)))  # from Monday
TOOK_NAMES = {"duration": say("By the clock on the wall"), "worked": say("As the limits count")}
TIMELY = {"yes": say("Resolved in time"), "no": say("Resolved late"), "none": say("No resolve step")}
TRAITS = {
    "machine": say("Automatic"),
    "person": say("Manual"),
    "agent": say("Agent"),
    "dispatcher": say("Dispatcher"),
    "merged": say("Merged"),
    "withdrawn": say("Withdrawn"),
    "exempt": say("Exempted with approval"),
    **{kind.value: kind.label for kind in Finding},
}


@dataclass(frozen=True)
class View:
    """What is asked for in the address: period, unit, whose clock, the metric or step looked at, the kind to break down by, in which time.

    `is_usual`: the days are those that the page opens with.
    """

    reading: Reading
    unit: str
    watch: Watch
    metric: str
    step: str
    dimension: str
    took: str = TOOK[0]
    is_usual: bool = False

    @property
    def elsewhere(self) -> dict[str, str]:
        """The view in the address of another page of the board, which has its own usual period unless days were chosen."""
        return {name: value for name, value in self.query.items() if not (self.is_usual and name in ("since", "until"))}

    @property
    def query(self) -> dict[str, str]:
        """The same view in an address."""
        more = {"metric": self.metric, "step": self.step, "by": self.dimension, "time": self.took if self.took != TOOK[0] else ""}
        given = {"since": self.reading.first_on, "until": self.reading.last_on, "unit": self.unit, "watch": self.watch.value}
        return {name: str(value) for name, value in (given | more).items() if value}

    @property
    def compute(self) -> Callable[[Reading], list[Figure]]:
        """The metric looked at; timeliness is that of one step."""
        if self.metric == "timeliness":
            return partial(metrics.timeliness, watch=self.watch, steps=(Step(self.step),))
        return metrics.METRICS[self.metric]

    @property
    def less_is_better(self) -> bool:
        """Whether a smaller share is the better one."""
        return self.metric in LESS_IS_BETTER


def asked(usual: Callable[[datetime], tuple[date, date]] = board.default_period) -> View:
    """Read the address: the `usual` days (this month's), all that the user may see, the reply to the customer, unless it says otherwise.

    Raises:
        InvalidInput: something in it is not one of what there is.
        Forbidden: the unit is not below the leader's.
    """
    require(*READERS)
    first, last = usual(now())
    since, until = clean(request.args.get("since", "")), clean(request.args.get("until", ""))
    period = period_of(read_day(since, "since") if since else first, read_day(until, "until") if until else max(last, first))
    unit = own_unit(clean(request.args.get("unit", "")))
    watch = Watch(chosen("watch", [one.value for one in Watch], Watch.CUSTOMER.value))
    metric = chosen("metric", ["timeliness", *QUALITY], "timeliness")
    step = chosen("step", [one.value for one in Step], Step.RESOLVE.value)
    reading = Reading(store(), period.first, period.last, now(), (unit,))
    is_usual = (period.first, period.last) == (first, last)
    return View(reading, unit, watch, metric, step, chosen("by", DIMENSIONS, "department"), chosen("time", TOOK, TOOK[0]), is_usual)


def chosen(name: str, possible: Sequence[str], default: str) -> str:
    """Read one of several values of the address.

    Raises:
        InvalidInput: it is none of them.
    """
    value = clean(request.args.get(name, "")) or default
    if value not in possible:
        raise InvalidInput(Problem(name, say("“{value}” is not among the choices: {possible}", value=value, possible=say(", ").join(possible))))
    return value


def own_unit(asked_for: str) -> str:
    """Give the unit to look at: a leader sees their own and what is below it, the others everything.

    Raises:
        InvalidInput: there is no such unit.
        Forbidden: it is not below the leader's.
    """
    unit = asked_for or (g.user.unit_code if g.user.role is Role.LEADER else EVERYTHING)
    if unit and unit not in {row["code"] for row in store().units()}:
        raise InvalidInput(Problem("unit", say("There is no supply unit {unit}; choose one from the list", unit=unit)))
    if g.user.role is Role.LEADER and not store().is_under(unit, g.user.unit_code):
        raise Forbidden(say("You can only view the figures of your own unit and those below it"))
    return unit


def kind_name(dimension: str, value: str) -> str:
    """Give the name of a kind."""
    if dimension == "department":
        return rules().departments.get(value, value)
    if dimension == "topic":
        return rules().topics[value].name if value in rules().topics else value
    if dimension == "demand_type":
        return rules().demand_types.get(value, value)
    if dimension == "channel":
        return Channel(value).label
    return TRAITS.get(value, value)


def read_opens(args: Mapping[str, str]) -> Opens:
    """Read what to list from an address.

    Raises:
        InvalidInput: there is no such measure, day, unit or kind.
        Forbidden: the unit is not below the leader's.
    """
    measures = tuple(one for one in clean(args.get("measures", "")).split(",") if one)
    if not measures or not all(is_measure(one) for one in measures):
        raise InvalidInput(Problem("measures", say("The measure is not valid; open the list from a figure on the dashboard")))
    today = in_shanghai(now()).date()
    period = period_of(day("since", args, today), day("until", args, today))
    dimension = chosen("by", ["", *DIMENSIONS], "")
    unit = own_unit(clean(args.get("unit", "")))
    weekday = chosen("weekday", ["", *WEEKDAYS], "")
    opens = Opens(measures, period.first, period.last, chosen("met", MET, ""), unit, dimension, clean(args.get("value", "")))
    return replace(opens, weekday=int(weekday)) if weekday else opens


def day(name: str, args: Mapping[str, str], default: date) -> date:
    """Read a day of an address."""
    value = clean(args.get(name, ""))
    return read_day(value, name) if value else default


def is_measure(name: str) -> bool:
    """Say whether there is a measure of that name."""
    head, *parts = name.split(".")
    if head not in NAMES:
        return False
    if head not in TIMED:
        return not parts
    return len(parts) == 2 and parts[0] in list(Watch) and parts[1] in list(Step)
