"""Timeliness (处理及时率): of the steps that fell due in the period, how many ended within their limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping

from triage.errors import InvalidInput, Problem
from triage.figures import Reading
from triage.metrics import due
from triage.moments import start_of
from triage.store.rollups import EVERYTHING, Sum
from triage.terms import Step, Watch
from triage.tickets import COMMAND
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store


NOBODY = "-"  # what stands for the department while nobody has been named


@dataclass(frozen=True)
class Period:
    """Whole days in Shanghai, the last one included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """The first moment."""
        return start_of(self.first)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return start_of(self.last + timedelta(days=1))


@dataclass(frozen=True)
class Figure:
    """A rate that can be opened down to its steps: `met` of `due`; `still_open` of those that missed are not ended yet."""

    step: Step
    department: str
    is_by_machine: bool
    due: int
    met: int
    still_open: int

    @property
    def rate(self) -> float:
        """The share that was met, 0–1."""
        return self.met / self.due

    @property
    def missed(self) -> int:
        """How many were not met."""
        return self.due - self.met


def period_of(first: date, last: date) -> Period:
    """Make a period.

    Raises:
        InvalidInput: it ends before it begins, is longer than ten years, or lies outside the years 2000–2999.
    """
    if last < first:
        raise InvalidInput(Problem("until", say("The end date {last} is before the start date {first}; swap them", last=last, first=first)))
    if first.year < 2000 or last.year > 2999:
        raise InvalidInput(Problem("since" if first.year < 2000 else "until", say("The period must be in the years 2000 to 2999")))
    if (last - first).days > 3660:
        raise InvalidInput(Problem("until", say("A period may be ten years at most; shorten it")))
    return Period(first, last)


def timeliness(store: "Store", period: Period, watch: Watch, now: datetime, unit_code: str = EVERYTHING) -> list[Figure]:
    """Compute the rate per step and department of a unit and all below it; dispatches, which are all the command centre's, by machine and by hand.

    Numerator: steps ended within their limit (a deadline met to the minute is met). Denominator: steps that fell due in the period and by now,
    ended or not; voided ones (returned, referred, answered at once) are left out, and so are tickets that were merged, withdrawn or exempted (剔除).
    Source: `data/metrics.csv`, `timeliness`.
    """
    reading = Reading(store, period.first, period.last, now, (unit_code,))
    named = reading.sums(due(watch), by_measure=True, dimension="department")
    by_machine = [one for one in reading.sums(due(watch, (Step.DISPATCH,)), by_measure=True, dimension="trait") if one.value == "machine"]
    figures = []
    for whole in reading.sums(due(watch), by_measure=True):
        step = Step(whole.measure.rsplit(".", 1)[-1])
        if step is Step.DISPATCH:
            figures += [_figure(step, COMMAND, without(whole, by_machine)), *(_figure(step, COMMAND, one, is_by_machine=True) for one in by_machine)]
        else:
            parts = [one for one in named if one.measure == whole.measure]
            figures += [_figure(step, NOBODY, without(whole, parts)), *(_figure(step, one.value, one) for one in parts)]
    order = list(Step)
    return sorted((one for one in figures if one.due > 0), key=lambda f: (order.index(f.step), f.department, f.is_by_machine))


def without(whole: Sum, parts: Sequence[Sum]) -> Sum:
    """Give what is left of a sum without some of its parts."""
    n, met, amount = (getattr(whole, name) - sum(getattr(one, name) for one in parts) for name in ("n", "met", "amount"))
    return Sum(n, met, amount)


def _figure(step: Step, department: str, one: Sum, *, is_by_machine: bool = False) -> Figure:
    return Figure(step, department, is_by_machine, one.n, one.met, round(one.amount))


@dataclass(frozen=True)
class Opened:
    """A page of the steps that a figure counts, and how many there are on all pages."""

    rows: Sequence[RowMapping]
    total: int


def opened(
    store: "Store",
    period: Period,
    watch: Watch,
    now: datetime,
    *,
    step: str = "",
    department: str = "",
    machine: str = "",
    met: str = "",
    unit_code: str = EVERYTHING,
    most: int = 500,
    skip: int = 0,
) -> Opened:
    """List exactly the steps that a figure of a unit counts; narrow by `step`, `department`, `machine` (yes/no) and `met` (yes/no/open)."""
    narrowed = {"step": step, "department": department, "machine": machine, "met": met}
    rows = store.timeliness_tickets(watch.value, period.since, period.until, now, narrowed, unit_code=unit_code, most=most, skip=skip)
    return Opened(rows, store.count_timeliness_tickets(watch.value, period.since, period.until, now, narrowed, unit_code=unit_code))
