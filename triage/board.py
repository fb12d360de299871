"""The board (看板): figures beside those of the period before and of last year, trends, rankings, what is open now."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from triage.figures import Change, Figure, Limits, Opens, Reading, change, control_limits
from triage.metrics import Durations, durations, previous, year_before
from triage.moments import in_shanghai, start_of
from triage.store.facts import TOOK
from triage.store.rollups import EVERYTHING
from triage.terms import Watch, Zone

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from triage.store import Store

RED_TODAY = "red_today"
OPEN_ZONES = ("", *(zone.value for zone in Zone), RED_TODAY)  # what a list of open tickets may be narrowed to
FEWEST = 10  # a unit with fewer cases is listed below the ranking: its rate is mostly chance
SMALLEST = 5  # p-charts want n·p̄ and n·(1 − p̄) of about five or more; a day with less is drawn without being judged

Compute = Callable[[Reading], list[Figure]]


@dataclass(frozen=True)
class Compared:
    """A figure beside the same one of the period before and of the same days last year, with the changes in points."""

    figure: Figure
    before: Figure | None
    last_year: Figure | None

    @property
    def since_before(self) -> Change | None:
        """The change since the period before (环比)."""
        return change(self.figure, self.before)

    @property
    def since_last_year(self) -> Change | None:
        """The change since the same days of last year (同比)."""
        return change(self.figure, self.last_year)


def compared(compute: Compute, reading: Reading) -> list[Compared]:
    """Compute a metric for this period, the one before and the same days of last year; what there was only earlier has nothing to judge."""
    now, before, last_year = (_by_key(compute(one)) for one in (reading, previous(reading), year_before(reading)))
    return [
        Compared(now[key] if key in now else _empty(before.get(key) or last_year[key], reading), before.get(key), last_year.get(key))
        for key in sorted(now.keys() | before.keys() | last_year.keys())
    ]


def _by_key(figures: Sequence[Figure]) -> dict[tuple[str, str, str], Figure]:
    return {(one.step, one.unit_code, one.value): one for one in figures}


def _empty(figure: Figure, reading: Reading) -> Figure:
    first, last = reading.first_on, reading.last_on
    of_k, of_n = (replace(opens, first_on=first, last_on=last) for opens in (figure.of_k, figure.of_n))
    return replace(figure, k=0, n=0, of_k=of_k, of_n=of_n)


@dataclass(frozen=True)
class Point:
    """A day's (a week's, a month's: `span`) figure on a control chart, its limits, and whether chance alone would rarely lead there."""

    figure: Figure
    limits: Limits | None
    span: str = "day"

    @property
    def is_news(self) -> bool:
        """Whether it lies beyond the limits."""
        rate = self.figure.rate
        return self.limits is not None and rate is not None and not self.limits.low <= rate <= self.limits.high


def trend(compute: Compute, reading: Reading) -> list[Point]:
    """Give a metric as a p-chart (控制图): the centre is that of the whole period, the limits are three standard errors of each point.

    A point is a day; where fewer than half of the days have enough cases to be judged, and the period has three weeks, it is a week (from Monday);
    where that holds of the weeks too, and the period has three months, it is a month.
    """
    days = sorted(compute(replace(reading, by=("day_on",))), key=lambda one: one.day_on or date.min)
    points, length = _points(days, "day"), (reading.last_on - reading.first_on).days + 1
    for span, fewest_days in (("week", 21), ("month", 90)):
        if length >= fewest_days and 2 * sum(1 for one in points if one.limits) < len(points):
            points = _points(_spans(days, span), span)
    return points


def enough_to_judge(points: Sequence[Point]) -> int:
    """Give how many cases a point needs to be judged, at the chart's own centre; 0 where no number is enough (all or none met)."""
    k, n = sum(one.figure.k for one in points), sum(one.figure.n for one in points)
    return math.ceil(SMALLEST * n / min(k, n - k)) if 0 < k < n else 0


def _spans(days: Sequence[Figure], span: str) -> list[Figure]:
    found: dict[date, list[Figure]] = {}
    for one in days:
        assert one.day_on is not None
        first_on = one.day_on.replace(day=1) if span == "month" else one.day_on - timedelta(days=one.day_on.weekday())
        found.setdefault(first_on, []).append(one)
    return [_together(first_on, ones) for first_on, ones in found.items()]


def _points(figures: Sequence[Figure], span: str) -> list[Point]:
    k, n = sum(one.k for one in figures), sum(one.n for one in figures)
    points = []
    for one in figures:
        centre = k / n if n else 0.0
        is_judged = one.n and min(centre, 1 - centre) * one.n >= SMALLEST
        points.append(Point(one, control_limits(k, n, one.n) if is_judged else None, span))
    return points


def _together(first_on: date, days: Sequence[Figure]) -> Figure:
    first, last = days[0], days[-1]
    of_k, of_n = replace(first.of_k, last_on=last.of_k.last_on), replace(first.of_n, last_on=last.of_n.last_on)
    return replace(first, k=sum(one.k for one in days), n=sum(one.n for one in days), of_k=of_k, of_n=of_n, day_on=first_on)


@dataclass(frozen=True)
class Ranked:
    """Units by their rate, the best first; those with too few cases apart. `places` says from which to which place a unit's interval reaches."""

    units: tuple[Figure, ...]
    too_few: tuple[Figure, ...]
    places: Mapping[str, tuple[int, int]]


def ranking(figures: Sequence[Figure], fewest: int = FEWEST) -> Ranked:
    """Rank units with their intervals: two units whose intervals overlap are not told apart, so each gets the places that it may hold."""
    enough = sorted((one for one in figures if one.n >= fewest), key=lambda one: (-(one.rate or 0), one.unit_code))
    places = {}
    for one in enough:
        low, high = one.interval or (0.0, 1.0)
        better = sum(1 for other in enough if other is not one and (other.interval or (0.0, 1.0))[0] > high)
        worse = sum(1 for other in enough if other is not one and (other.interval or (0.0, 1.0))[1] < low)
        places[one.unit_code] = (better + 1, len(enough) - worse)
    few = sorted((one for one in figures if one.n < fewest), key=lambda one: one.unit_code)
    return Ranked(tuple(enough), tuple(few), places)


@dataclass(frozen=True)
class Share:
    """One kind of a Pareto chart: how many, and the share that it makes up together with all that are more frequent."""

    value: str
    n: int
    together: float
    opens: Opens


def pareto(reading: Reading, measure: str = "received", dimension: str = "topic") -> list[Share]:
    """Give the kinds by how frequent they are, with the share that they make up together (帕累托)."""
    by_kind = replace(reading, dimension=dimension, by=("value",))
    sums = sorted(by_kind.sums((measure,)), key=lambda one: (-one.n, one.value))
    total, so_far, shares = sum(one.n for one in sums), 0, []
    for one in sums:
        so_far += one.n
        opens = Opens((measure,), reading.first_on, reading.last_on, "", reading.units[0], dimension, one.value)
        shares.append(Share(one.value, one.n, so_far / total, opens))
    return shares


def heat(reading: Reading) -> list[list[int]]:
    """Count the tickets received by weekday (Monday first) and hour of the day in Shanghai: seven rows of 24."""
    table = [[0] * 24 for _ in range(7)]
    for one in replace(reading, dimension="trait", by=("value", "day_on")).sums(("received",)):
        if one.day_on is not None:
            table[one.day_on.weekday()][int(one.value)] += one.n
    return table


def of_heat(reading: Reading, weekday: int, hour: int) -> Opens:
    """List the tickets that a cell of the heat map counts (0 for Monday)."""
    opens = Opens(("received",), reading.first_on, reading.last_on, unit_code=reading.units[0])
    return replace(opens, dimension="trait", value=f"{hour:02d}", weekday=weekday)


@dataclass(frozen=True)
class OpenNow:
    """What is open at this moment: by zone of the worst clock, and what turns red before the day ends (预测)."""

    zones: Mapping[Zone, int]
    red_today: int

    @property
    def total(self) -> int:
        """All open tickets."""
        return sum(self.zones.values())

    def of(self, zone: str) -> int:
        """Give the number of one of `OPEN_ZONES`."""
        return self.total if not zone else self.red_today if zone == RED_TODAY else self.zones[Zone(zone)]


def open_now(store: "Store", units: Sequence[str], now: datetime) -> OpenNow:
    """Count the open tickets of units by zone, and those that will turn red before midnight if nobody ends their step."""
    tomorrow = start_of(in_shanghai(now).date() + timedelta(days=1))
    row = store.count_open(units, now, tomorrow)
    zones = {Zone.GREEN: row["green"] or 0, Zone.YELLOW: row["yellow"] or 0, Zone.RED: row["red"] or 0}
    return OpenNow({zone: int(count) for zone, count in zones.items()}, int(row["red_today"] or 0))


def open_list(store: "Store", unit: str, zone: str, now: datetime, *, most: int, skip: int) -> "Sequence[RowMapping]":
    """List the open tickets that a count of `open_now` stands for, the next to turn red first; `zone` is one of `OPEN_ZONES`, empty for all."""
    return store.list_open((unit,), zone, now, start_of(in_shanghai(now).date() + timedelta(days=1)), most=most, skip=skip)


FUNNEL = ("dispatch", "accept", "contact", "resolve", "review", "callback")


@dataclass(frozen=True)
class Stage:
    """How many of the steps that fell due ended, and how many of these in time."""

    step: str
    due: int
    ended: int
    met: int
    of_due: Opens

    @property
    def of_ended(self) -> Opens:
        """List those that ended."""
        return replace(self.of_due, met="ended")

    @property
    def of_met(self) -> Opens:
        """List those that ended in time."""
        return replace(self.of_due, met="yes")


def funnel(reading: Reading, watch: str = "customer") -> list[Stage]:
    """Give the key steps in their order: due in the period, ended, ended in time (漏斗)."""
    plain = replace(reading, by=(), dimension="")
    sums = {one.measure: one for one in plain.sums([f"due.{watch}.{step}" for step in FUNNEL], by_measure=True)}
    stages = []
    for step in FUNNEL:
        one = sums.get(f"due.{watch}.{step}")
        opens = Opens((f"due.{watch}.{step}",), reading.first_on, reading.last_on, unit_code=reading.units[0])
        stages.append(Stage(step, one.n if one else 0, one.n - round(one.amount) if one else 0, one.met if one else 0, opens))
    return stages


@dataclass(frozen=True)
class Survival:
    """The share of steps still open so long after their start: the Kaplan–Meier estimate over ended and open ones, `after` in seconds."""

    after: float
    share: float
    at_risk: int


def survival(ended: Sequence[tuple[float, int]], still_open: Sequence[tuple[float, int]]) -> list[Survival]:
    """Estimate how many steps are still open after each class of durations (生存曲线); those still open leave when nothing more is known of them.

    `ended`: upper bound in seconds and how many ended in that class; `still_open`: seconds, and how many open steps have run so long.
    Source: E. L. Kaplan, P. Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958), 457–481, for grouped times.
    """
    at_risk, share, low, curve = sum(count for _, count in (*ended, *still_open)), 1.0, 0.0, []
    for high, count in ended:
        if at_risk and count:
            share *= 1 - count / at_risk
        curve.append(Survival(high, share, at_risk))
        at_risk, low = at_risk - count - sum(many for age, many in still_open if low <= age < high), high
    return curve


@dataclass(frozen=True)
class Times:
    """How long the steps took; of one of them, how many were still open after how long, as far as that is known; when the tickets came in.

    `curve` is empty, and nobody is counted as still open, in the time of the steps' own clocks, which is kept only when a step ends.
    """

    durations: Sequence[Durations]
    of_step: Durations | None
    curve: Sequence[Survival]
    still_open: int
    of_open: Opens
    heat: Sequence[Sequence[int]]


def times(reading: Reading, watch: Watch, step: str, took: str = TOOK[0]) -> Times:
    """Give the times of a period: by the clock on the wall (`duration`), or as the steps' own clocks counted (`worked`)."""
    found = durations(reading, watch, took=took)
    of_step = next((one for one in found if one.step == step), None)
    ages: list[tuple[float, int]] = []
    curve: list[Survival] = []
    if took == TOOK[0]:
        wanted = reading.wanted(())
        ages = reading.store.open_ages(watch.value, step, reading.units, wanted.since, wanted.until, reading.now)
        curve = survival(of_step.classes if of_step else (), ages)
    of_open = Opens((f"due.{watch.value}.{step}",), reading.first_on, reading.last_on, met="open", unit_code=reading.units[0])
    return Times(found, of_step, curve, sum(many for _, many in ages), of_open, heat(reading))


def default_period(now: datetime) -> tuple[date, date]:
    """Give this month up to yesterday, or the whole last month where this one has only begun: whole days, whose figures stand."""
    yesterday = in_shanghai(now).date() - timedelta(days=1)
    return yesterday.replace(day=1), yesterday


def last_twelve_months(now: datetime) -> tuple[date, date]:
    """Give the whole days of a year up to yesterday, where seasons are looked at."""
    yesterday = in_shanghai(now).date() - timedelta(days=1)
    return yesterday - timedelta(days=364), yesterday


def side_by_side(store: "Store", unit_code: str) -> list[str]:
    """Give the units right below one; for everything, where there is a single topmost unit (the province), those below it."""
    below = children(store, unit_code)
    return (children(store, below[0]) or below) if unit_code == EVERYTHING and len(below) == 1 else below


def children(store: "Store", unit_code: str) -> list[str]:
    """Give the units right below one (省→市→县→所), or the topmost ones for everything."""
    return [row["code"] for row in store.units() if (row["parent_code"] or EVERYTHING) == unit_code and row["code"] != unit_code]
