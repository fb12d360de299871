"""Timeliness (处理及时率): of the steps that fell due in the period, how many ended within their limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping

from triage.errors import InvalidInput, Problem
from triage.moments import start_of
from triage.terms import Step, Watch

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
    if not 2000 <= first.year <= last.year <= 2999 and first <= last:
        raise InvalidInput(Problem("since", "统计期应在 2000 年至 2999 年之间"))
    if last < first:
        raise InvalidInput(Problem("until", f"结束日期 {last} 早于开始日期 {first}，请对调"))
    if (last - first).days > 3660:
        raise InvalidInput(Problem("until", "统计期最长十年，请缩短"))
    return Period(first, last)


def timeliness(store: "Store", period: Period, watch: Watch, now: datetime) -> list[Figure]:
    """Compute the rate per step and department; dispatches by machine and by hand apart.

    Numerator: steps ended within their limit (a deadline met to the minute is met). Denominator: steps that fell due in the period and by now,
    ended or not; voided ones (returned, referred, answered at once) are left out, and so are tickets that were merged, withdrawn or exempted (剔除).
    Source: `data/metrics.csv`, `timeliness`.
    """
    rows = store.timeliness_rows(watch.value, period.since, period.until, now)
    figures = [
        Figure(
            Step(row["step"]),
            row["department"] or NOBODY,
            row["is_by_machine"],
            int(row["due"]),
            int(row["met"]),
            int(row["still_open"]),
        )
        for row in rows
    ]
    order = list(Step)
    return sorted(figures, key=lambda f: (order.index(f.step), f.department, f.is_by_machine))


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
    most: int = 500,
    skip: int = 0,
) -> Opened:
    """List exactly the steps that a figure counts; narrow by `step`, `department`, `machine` (yes/no) and `met` (yes/no/open)."""
    narrowed = {"step": step, "department": department, "machine": machine, "met": met}
    rows = store.timeliness_tickets(watch.value, period.since, period.until, now, narrowed, most=most, skip=skip)
    return Opened(rows, store.count_timeliness_tickets(watch.value, period.since, period.until, now, narrowed))
