"""Figures as values: how many of how many, with an interval, and what to open for exactly the tickets that they count."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from triage.moments import in_shanghai
from triage.store.rollups import EVERYTHING, Sum, Wanted

if TYPE_CHECKING:
    from triage.store import Store

Z95 = 1.959963984540054  # the normal distribution's 97.5 % quantile
MET = ("yes", "no", "open", "ended", "")


@dataclass(frozen=True)
class Reading:
    """What is read: a period (Shanghai days, both included), units with all below them, by which kind (`dimension`) and grouped by what (`by`).

    `by` may name `value` (the kinds), `unit_code` (the units side by side) and `day_on`; `now` says what is due already.
    """

    store: "Store"
    first_on: date
    last_on: date
    now: datetime
    units: tuple[str, ...] = (EVERYTHING,)
    dimension: str = ""
    by: tuple[str, ...] = ()

    @property
    def today(self) -> date:
        """The day in Shanghai."""
        return in_shanghai(self.now).date()

    def sums(self, measures: Sequence[str], shift: int = 0, *, by_measure: bool = False, dimension: str | None = None) -> list[Sum]:
        """Give the sums of measures, `shift` days earlier than the period (see `matured`)."""
        wanted = self.wanted(measures, shift)
        if dimension is not None:
            wanted = replace(wanted, dimension=dimension, by=("value", *wanted.by))
        if by_measure or not wanted.by:
            wanted = replace(wanted, by=("measure", *wanted.by))
        return self.store.figure_sums(wanted, self.now) if wanted.first_on <= wanted.last_on else []

    def wanted(self, measures: Sequence[str], shift: int = 0) -> Wanted:
        """Give the question to the store: the events whose window of `shift` days ended in the period, and by today."""
        days = timedelta(days=shift)
        last = min(self.last_on, self.today) if shift else self.last_on
        return Wanted(tuple(measures), self.first_on - days, last - days, self.units, self.dimension, self.by)


@dataclass(frozen=True)
class Opens:
    """What to list for a number: the facts of these measures in these days, those that met or not (`MET`), of one kind and unit.

    `weekday`, 0 for Monday, leaves only the facts of that day of the week.
    """

    measures: tuple[str, ...]
    first_on: date
    last_on: date
    met: str = ""
    unit_code: str = EVERYTHING
    dimension: str = ""
    value: str = ""
    weekday: int | None = None

    def wanted(self) -> Wanted:
        """The question to the store."""
        only = {self.dimension: self.value} if self.dimension and self.value else {}
        return Wanted(self.measures, self.first_on, self.last_on, (self.unit_code,), self.dimension, only=only, weekday=self.weekday)


@dataclass(frozen=True)
class Figure:
    """`k` of `n`; `step`, `unit_code`, `value` and `day_on` say of what, where it is of one. `of_n` and `of_k` list what is counted."""

    metric: str
    k: int
    n: int
    of_k: Opens
    of_n: Opens
    step: str = ""
    unit_code: str = EVERYTHING
    value: str = ""
    day_on: date | None = None

    @property
    def rate(self) -> float | None:
        """The share, 0–1; None where there is nothing to judge."""
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the share (see `wilson`)."""
        return wilson(self.k, self.n) if self.n and self.k <= self.n else None


def wilson(k: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Give Wilson's score interval for k of n.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209–212.
    """
    p = k / n
    middle, width = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, (middle - width) / (1 + z * z / n)), min(1.0, (middle + width) / (1 + z * z / n))


@dataclass(frozen=True)
class Change:
    """How a share has changed, in points (百分点: 0.01 of the share), with its 95 % interval; beyond noise where that leaves out 0."""

    points: float
    low: float
    high: float

    @property
    def is_news(self) -> bool:
        """Whether the change is beyond what chance alone does."""
        return self.low > 0 or self.high < 0


def change(now: Figure | None, before: Figure | None) -> Change | None:
    """Compare two shares of different tickets; None where either has nothing to judge.

    Source: R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998), method 10.
    """
    if now is None or before is None or now.rate is None or before.rate is None or not (now.interval and before.interval):
        return None
    (low, high), (low_before, high_before) = now.interval, before.interval
    difference = now.rate - before.rate
    below = math.hypot(now.rate - low, high_before - before.rate)
    above = math.hypot(high - now.rate, before.rate - low_before)
    return Change(100 * difference, 100 * (difference - below), 100 * (difference + above))


@dataclass(frozen=True)
class Limits:
    """The centre of a control chart and how far chance alone leads from it for one size of sample, 0–1."""

    centre: float
    low: float
    high: float


def control_limits(k: int, n: int, size: int) -> Limits:
    """Give a p-chart's centre line (k of n over the whole chart) and its limits of three standard errors for a sample of `size`.

    Source: W. A. Shewhart's p-chart as in the NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.3.2.
    """
    centre = k / n
    width = 3 * math.sqrt(centre * (1 - centre) / size)
    return Limits(centre, max(0.0, centre - width), min(1.0, centre + width))
