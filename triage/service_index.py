"""The service index (优质服务评价指数) in reports and extracts: each line with its rule in words, and its points beside earlier periods."""

from collections.abc import Mapping
from dataclasses import dataclass

from triage.figures import Reading
from triage.metrics import TARGET, UNTRUE_POINTS, Line, ServiceIndex, previous, service_index, year_before
from triage.quality_events import POINTS
from triage.wording import say

BASE, SATISFACTION, UNTRUE = "base", "satisfaction", "untrue"


@dataclass(frozen=True)
class Rule:
    """What a line of the index is called, the points of one case or of the whole share, the share from which on nothing is deducted; in words."""

    name: str
    points: float
    target: float | None
    words: str


def _each(name: str, points: float) -> Rule:
    return Rule(name, points, None, say("{points:g} points off for each", points=points))


# Source: data/metrics.csv, `service_index`.
RULES: Mapping[str, Rule] = {
    BASE: Rule(say("Base score: three or more calls"), 100, None, say("(1 − events with three or more calls ÷ business handled) × 100")),
    SATISFACTION: Rule(
        say("Callback satisfaction below 95%"),
        100,
        TARGET,
        say("Satisfied ÷ rated below {target:.0%}: 0.1 points off for every 0.1 percentage points", target=TARGET),
    ),
    UNTRUE: _each(say("Records found untrue"), UNTRUE_POINTS),
    **{kind.value: _each(kind.label, points) for kind, points in POINTS.items()},
}


@dataclass(frozen=True)
class Points:
    """Points in this period, in the one before and in the same days of last year; None where no business was handled."""

    now: float | None
    before: float | None
    last_year: float | None

    @property
    def since_before(self) -> float | None:
        """By how many points it has changed since the period before."""
        return _less(self.now, self.before)

    @property
    def since_last_year(self) -> float | None:
        """By how many points it has changed since the same days of last year."""
        return _less(self.now, self.last_year)


def _less(now: float | None, then: float | None) -> float | None:
    return None if now is None or then is None else now - then


@dataclass(frozen=True)
class IndexRow:
    """A line of the index with its rule and points; `line` is this period's, None where it counts nothing now."""

    code: str
    points: Points
    line: Line | None

    @property
    def name(self) -> str:
        """What it is called."""
        return RULES[self.code].name

    @property
    def rule(self) -> str:
        """How its points are computed."""
        return RULES[self.code].words

    @property
    def deducted(self) -> float:
        """How many points it takes from 100 in this period."""
        given = self.points.now or 0.0
        return RULES[BASE].points - given if self.code == BASE else -given


@dataclass(frozen=True)
class Index:
    """The index of a period beside earlier ones: each line that counts in any of them, and the whole. `handled` is the business of this period."""

    rows: tuple[IndexRow, ...]
    whole: Points
    handled: int

    @property
    def heaviest(self) -> IndexRow | None:
        """The line that takes most; None where nothing takes a point."""
        found = max(self.rows, key=lambda row: row.deducted, default=None)
        return found if found and found.deducted > 0 else None


def index_beside(reading: Reading) -> Index:
    """Compute the index of one unit for this period, the one before and the same days of last year."""
    now, *earlier = (service_index(one) for one in (reading, previous(reading), year_before(reading)))
    lines = {line.code: line for line in now.lines}
    codes = {line.code for one in (now, *earlier) for line in one.lines}
    rows = (IndexRow(code, Points(*(_points(one, code) for one in (now, *earlier))), lines.get(code)) for code in RULES if code in codes)
    base = lines.get(BASE)
    return Index(tuple(rows), Points(now.value, *(one.value for one in earlier)), base.figure.n if base and base.figure else 0)


def _points(index: ServiceIndex, code: str) -> float | None:
    """Give a line's points: 0 where the index has no such line, None where there is no index."""
    return sum(line.points for line in index.lines if line.code == code) if index.lines else None
