"""Weekly and monthly reports (周报、月报) of a unit as values: what fell due and how it went, beside the period before and last year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping

from triage import board, metrics
from triage.errors import InvalidInput, Problem
from triage.figures import Figure, Reading
from triage.moments import in_shanghai
from triage.report_words import Words, verdict
from triage.rules import Rules
from triage.service_index import Index, index_beside
from triage.store.rollups import EVERYTHING
from triage.terms import ReportKind, Step, Watch
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

QUALITY = (
    "dispatch_accuracy",
    "returned",
    "override",
    "machine_errors",
    "first_time_resolution",
    "reopened",
    "repeat",
    "chased",
    "upheld",
    "satisfaction",
    "callback_reach",
    "arrival",
)
LESS_IS_BETTER = ("returned", "override", "machine_errors", "reopened", "repeat", "chased")
NEITHER_IS_BETTER = ("upheld",)  # an 属实率 that rises may mean worse service or better investigations
DEFINED = ("timeliness", *QUALITY, "service_index", "excluded")
FIRST_YEAR, LAST_YEAR = 2000, 2999
MOST_MISSED = 5000  # rows of the list of missed steps in a workbook
CAUGHT_UP = 8  # periods that a schedule makes up for after it did not run
LISTED = 12  # periods that the list of reports offers


@dataclass(frozen=True)
class Period:
    """A week from Monday to Sunday, or a calendar month."""

    kind: ReportKind
    first_on: date
    last_on: date

    @property
    def name(self) -> str:
        """How people say it: 2026年11月16日至22日, 2026年11月."""
        first, last = self.first_on, self.last_on
        if self.kind is ReportKind.MONTH:
            return say("{year}-{month}", year=first.year, month=first.month)
        end = say("day {day}", day=last.day) if last.month == first.month else say("{month}-{day}", month=last.month, day=last.day)
        return say(
            "{year}-{month}-{day} to {end}",
            year=first.year,
            month=first.month,
            day=first.day,
            end=end if last.year == first.year else say("{year}-{end}", year=last.year, end=end),
        )


def period_with(kind: ReportKind, day: date) -> Period:
    """Give the week or the month that a day lies in.

    Raises:
        InvalidInput: the day lies outside the years 2000–2999.
    """
    if not FIRST_YEAR < day.year < LAST_YEAR:
        raise InvalidInput(
            Problem(
                "date",
                say("The date {day} must be in the years {first_year} to {last_year}", day=day, first_year=FIRST_YEAR + 1, last_year=LAST_YEAR - 1),
            )
        )
    if kind is ReportKind.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(kind, monday, monday + timedelta(days=6))
    first = day.replace(day=1)
    return Period(kind, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def period_from(kind: ReportKind, first_on: date, now: datetime) -> Period:
    """Give the week or the month that begins on a day.

    Raises:
        InvalidInput: none begins on it, or it lies ahead.
    """
    period = period_with(kind, first_on)
    if period.first_on != first_on:
        raise InvalidInput(
            Problem("first_on", say("{kind} does not start on {given}; change it to {start}", kind=kind.label, given=first_on, start=period.first_on))
        )
    if first_on > in_shanghai(now).date():
        raise InvalidInput(Problem("first_on", say("{period} has not started; choose a period that has", period=period.name)))
    return period


def latest_complete(kind: ReportKind, now: datetime) -> Period:
    """Give the last week or month that is over."""
    return period_with(kind, period_with(kind, in_shanghai(now).date()).first_on - timedelta(days=1))


def recent(kind: ReportKind, now: datetime, count: int = LISTED) -> list[Period]:
    """Give the running period and those before it, the latest first."""
    periods = [period_with(kind, in_shanghai(now).date())]
    while len(periods) < count:
        periods.append(period_with(kind, periods[-1].first_on - timedelta(days=1)))
    return periods


def due_periods(kind: ReportKind, newest_on: date | None, now: datetime) -> list[Period]:
    """Give the periods that are over and come after the newest that was made (None: none was), the earliest first, `CAUGHT_UP` at most."""
    latest = latest_complete(kind, now)
    if newest_on is None:
        return [latest]
    missing = [one for one in recent(kind, now, CAUGHT_UP + 1)[1:] if one.first_on > newest_on]
    return missing[::-1]


@dataclass(frozen=True)
class Row:
    """A line of a table: its metric (and step), its name, the figure beside earlier ones."""

    metric: str
    name: str
    compared: board.Compared
    less_is_better: bool | None = False

    @property
    def verdict(self) -> str:
        """What the change since the period before is, in a word: 件数不足 where either period has too few cases, else 波动内 or what it is."""
        found, before = self.compared.since_before, self.compared.before
        if found is None or before is None:
            return ""
        if min(self.compared.figure.n, before.n) < board.FEWEST:
            return say("Too few cases")
        return verdict(found, self.less_is_better) if found.is_news else say("Within chance")


@dataclass(frozen=True)
class UnitRow:
    """A unit of the ranking: its name, timely resolution, the places that it may hold (None: too few cases to be ranked)."""

    name: str
    figure: Figure
    places: tuple[int, int] | None


@dataclass(frozen=True)
class Named:
    """A count with a name and the share of the whole that it is."""

    name: str
    n: int
    share: float


@dataclass(frozen=True)
class Report:
    """A report: everything that page, PDF and workbook show, with names beside codes. `received` is this period's and the one's before."""

    period: Period
    unit_code: str
    unit_name: str
    made_at: datetime
    is_over: bool
    received: tuple[int, int]
    steps: tuple[Row, ...]
    quality: tuple[Row, ...]
    index: Index
    index_name: str
    units: tuple[UnitRow, ...]
    topics: tuple[Named, ...]
    excluded: tuple[Named, ...]
    trend: tuple[board.Point, ...]
    definitions: tuple[tuple[str, str], ...]
    summary: tuple[str, ...]

    @property
    def title(self) -> str:
        """What stands at its head."""
        return say("{kind} on complaint handling, {unit}", unit=self.unit_name, kind=self.period.kind.label)


def make_report(period: Period, unit_code: str, *, store: "Store", rules: Rules, now: datetime) -> Report:
    """Compute the report of a unit and all below it (`''`: everything).

    Raises:
        InvalidInput: there is no such unit.
    """
    units = {row["code"]: row["name"] for row in store.units()}
    if unit_code != EVERYTHING and unit_code not in units:
        raise InvalidInput(Problem("unit", say("There is no supply unit {unit_code}; check the code", unit_code=unit_code)))
    reading = Reading(store, period.first_on, period.last_on, now, (unit_code,))
    names = {code: row["name"] for code, row in store.metric_rows().items()}
    steps, quality = step_rows(reading), quality_rows(reading, names)
    ranked = unit_rows(reading, units)
    made = Report(
        period=period,
        unit_code=unit_code,
        unit_name=units.get(unit_code, say("All units")),
        made_at=now,
        is_over=period.last_on < reading.today,
        received=(received(reading), received(metrics.previous(reading))),
        steps=steps,
        quality=quality,
        index=index_beside(reading),
        index_name=names["service_index"],
        units=ranked,
        topics=topics(reading, rules),
        excluded=excluded(reading),
        trend=tuple(board.trend(partial(metrics.timeliness, steps=(Step.RESOLVE,)), reading)),
        definitions=tuple((names.get(code, say("Tickets not counted")), metrics.definition(code)) for code in DEFINED),
        summary=(),
    )
    return replace(made, summary=summary(made))


def step_rows(reading: Reading) -> tuple[Row, ...]:
    """Give timeliness of the customer's clock by step, in the order of the steps."""
    found = board.compared(partial(metrics.timeliness, watch=Watch.CUSTOMER), reading)
    order = list(Step)
    found.sort(key=lambda one: order.index(Step(one.figure.step)))
    return tuple(Row("timeliness", Step(one.figure.step).label, one) for one in found)


def quality_rows(reading: Reading, names: Mapping[str, str]) -> tuple[Row, ...]:
    """Give the metrics of the quality of service."""
    rows = []
    for code in QUALITY:
        less = None if code in NEITHER_IS_BETTER else code in LESS_IS_BETTER
        rows += [Row(code, names[code], one, less) for one in board.compared(metrics.METRICS[code], reading)]
    return tuple(rows)


def received(reading: Reading) -> int:
    """Count the tickets received in the period."""
    return sum(one.n for one in reading.sums(("received",)))


def unit_rows(reading: Reading, names: Mapping[str, str]) -> tuple[UnitRow, ...]:
    """Rank the units right below by timely resolution; those with too few cases come last, without a place."""
    below = tuple(board.children(reading.store, reading.units[0]))
    if not below:
        return ()
    ranked = board.ranking(metrics.timeliness(replace(reading, units=below, by=("unit_code",)), steps=(Step.RESOLVE,)))
    first = [UnitRow(names[one.unit_code], one, ranked.places[one.unit_code]) for one in ranked.units]
    return (*first, *(UnitRow(names[one.unit_code], one, None) for one in ranked.too_few))


def topics(reading: Reading, rules: Rules, most: int = 10) -> tuple[Named, ...]:
    """Give the most frequent topics of what was received."""
    shares = board.pareto(reading)
    total = sum(one.n for one in shares)
    return tuple(Named(rules.topics[one.value].name if one.value in rules.topics else one.value, one.n, one.n / total) for one in shares[:most])


WHY_EXCLUDED = {"merged": say("Merged"), "withdrawn": say("Withdrawn"), "exempt": say("Exempted with approval")}


def excluded(reading: Reading) -> tuple[Named, ...]:
    """Give the tickets that stand in no rate, by why."""
    found = metrics.excluded(reading)
    total = sum(one.n for one in found)
    return tuple(Named(WHY_EXCLUDED[one.why], one.n, one.n / total) for one in found)


def summary(report: Report) -> tuple[str, ...]:
    """Say in sentences what the figures say, and what they do not say."""
    words = Words(report.period.kind, board.FEWEST)
    rows = [(_spoken(row), row.compared, row.less_is_better) for row in (*report.steps, *report.quality)]
    before = period_with(report.period.kind, report.period.first_on - timedelta(days=1))
    days = tuple((one.last_on - one.first_on).days + 1 for one in (report.period, before))
    sentences = [words.unfinished()] if not report.is_over else []
    sentences += [words.received(report.period.name, report.unit_name, report.received, days)]
    sentences += words.changes([(name, one.figure, one.before, less) for name, one, less in rows])
    sentences += words.last_year([(name, one.figure, one.last_year, less) for name, one, less in rows])
    sentences += words.too_few([(name, one.figure) for name, one, _ in rows])
    sentences += words.index(report.index_name, report.index)
    sentences += words.units([(row.name, row.figure) for row in report.units if row.places])
    sentences += words.counts(say("The topics received most are"), [(one.name, one.n) for one in report.topics[:3]])
    sentences += words.counts(say("Tickets counted in none of the rates:"), [(one.name, one.n) for one in report.excluded])
    return tuple(sentences)


def _spoken(row: Row) -> str:
    return say("Timeliness of “{step}”", step=row.name) if row.metric == "timeliness" else row.name


def missed(report: Report, store: "Store", now: datetime) -> Sequence[RowMapping]:
    """List the steps behind what was not in time, from the earliest, `MOST_MISSED` at most: numbers and codes, nothing of the customer."""
    reading = Reading(store, report.period.first_on, report.period.last_on, now, (report.unit_code,))
    figures = [one for one in metrics.overdue(reading) if one.k]
    if not figures:
        return []
    measures = tuple(measure for one in figures for measure in one.of_k.measures)
    return store.figure_list(replace(figures[0].of_k, measures=measures).wanted(), now, met="no", most=MOST_MISSED)
