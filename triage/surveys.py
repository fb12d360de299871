"""Satisfaction: surveys read from files and compared with last year's only where they asked the same way, and what the answers go with."""

import calendar
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import RowMapping

from triage.calls import Taken
from triage.errors import InvalidInput, Problem
from triage.figures import Change, Figure, Opens, Reading, change
from triage.metrics import satisfaction
from triage.moments import in_shanghai, read_day
from triage.terms import Scope, SurveyMethod, Term
from triage.texts import clean

if TYPE_CHECKING:
    from triage.store import Store

FIELDS = {
    "unit_code": "供电单位",
    "scope": "范围",
    "method": "方式",
    "question": "题目",
    "first_on": "开始日期",
    "last_on": "结束日期",
    "answers": "有效样本数",
    "satisfied": "满意数",
    "satisfied_share": "满意率",
    "source": "来源",
}
NEEDED = ("unit_code", "scope", "method", "question", "first_on", "last_on", "answers")
KEY = ("unit_code", "scope", "method", "question", "first_on", "last_on")
LONGEST = {"question": 64, "source": 200}
MOST_ANSWERS = 100_000_000
MOST = 200
MONTHS = 12
T = TypeVar("T", bound=Term)


@dataclass(frozen=True)
class Survey:
    """A survey: of which unit and scope, how and what was asked, when, how many answered, and how many of these were satisfied."""

    unit_code: str
    scope: Scope
    method: SurveyMethod
    question: str
    first_on: date
    last_on: date
    answers: int
    satisfied: int
    source: str = ""

    @property
    def figure(self) -> Figure:
        """The share of the satisfied; there are no tickets behind it to open."""
        nothing = Opens((), self.first_on, self.last_on, unit_code=self.unit_code)
        return Figure("survey", self.satisfied, self.answers, nothing, nothing, unit_code=self.unit_code)

    def asks_as(self, other: "Survey") -> bool:
        """Whether both asked the same question of the same unit and scope in the same way (口径相同)."""
        return all(getattr(self, name) == getattr(other, name) for name in ("unit_code", "scope", "method", "question"))


@dataclass(frozen=True)
class Compared:
    """A survey beside the same one a year before; `is_other_kind`: that period has surveys of the unit, but asked otherwise (口径不同)."""

    survey: Survey
    last_year: Survey | None
    is_other_kind: bool

    @property
    def change(self) -> Change | None:
        """The change in points with its interval; None where nothing can be compared."""
        return change(self.survey.figure, self.last_year.figure) if self.last_year else None


def read_survey(values: Mapping[str, str], units: Mapping[str, str], now: datetime) -> Survey:
    """Read a survey from a row; of `satisfied` (a count) and `satisfied_share` (如 92.5% 或 0.925) exactly one is given.

    A share is kept as the nearest whole number of answers, which is what it was reckoned from.

    Raises:
        InvalidInput: a value is missing or badly formed; all problems at once, each named by its column.
    """
    texts = {name: clean(values.get(name) or "").strip() for name in FIELDS}
    problems = [Problem(name, f"{FIELDS[name]}：必填，请补上") for name in NEEDED if not texts[name]]
    problems += [Problem(name, f"{FIELDS[name]}：最多 {most} 个字，请改短") for name, most in LONGEST.items() if len(texts[name]) > most]
    if texts["unit_code"] and texts["unit_code"] not in units:
        problems.append(Problem("unit_code", f"供电单位：没有“{texts['unit_code'][:30]}”，请填本系统的单位编码或全称"))
    scope, method = _term(Scope, "scope", texts["scope"], problems), _term(SurveyMethod, "method", texts["method"], problems)
    first, last = (_day(name, texts[name], now, problems) for name in ("first_on", "last_on"))
    if first and last and last < first:
        problems.append(Problem("last_on", f"结束日期：{last} 早于开始日期 {first}，请对调"))
    answers = _count("answers", texts["answers"], problems)
    if answers == 0:
        problems.append(Problem("answers", "有效样本数：至少为 1，没有样本的调查请不要导入"))
    satisfied = _satisfied(texts, answers, problems)
    if problems or scope is None or method is None or first is None or last is None or answers is None or satisfied is None:
        raise InvalidInput(*problems)
    return Survey(units[texts["unit_code"]], scope, method, texts["question"], first, last, answers, satisfied, texts["source"])


def take_surveys(rows: Sequence[Survey], file_name: str, *, store: "Store", actor: str, now: datetime) -> Counter[Taken]:
    """Keep surveys, in one transaction with the entry of who did it, and give what became of the rows."""
    counts: Counter[Taken] = Counter()
    with store.writing():
        for one in rows:
            values = {**asdict(one), "scope": one.scope.value, "method": one.method.value}
            known = store.survey_row({name: values[name] for name in KEY})
            same = known is not None and (known["answers"], known["satisfied"], known["source"]) == (one.answers, one.satisfied, one.source)
            counts[Taken.ADDED if known is None else Taken.SAME if same else Taken.CHANGED] += 1
            store.keep_survey(values, actor=actor, now=now)
        store.keep_import("surveys", file_name, {taken.value: number for taken, number in counts.items()}, actor=actor, now=now)
    return counts


def surveys(unit_code: str, store: "Store") -> list[Compared]:
    """Give the surveys of a unit and those below it (`''`: all), the latest first, each beside the same one a year before.

    Only surveys of the same unit, scope, method and question over the same days are compared: others measure something else.
    """
    every = [_survey(row) for row in store.survey_rows(unit_code, MOST)]
    found = []
    for one in every:
        before = [other for other in every if other.unit_code == one.unit_code and _is_year_before(other, one)]
        same = next((other for other in before if other.asks_as(one)), None)
        found.append(Compared(one, same, same is None and bool(before)))
    return found


@dataclass(frozen=True)
class Month:
    """The answers on return visits of a month, and of the same days of that month a year before."""

    first_on: date
    figure: Figure
    last_year: Figure | None

    @property
    def change(self) -> Change | None:
        """The change in points with its interval."""
        return change(self.figure, self.last_year)


def months(reading: Reading) -> list[Month]:
    """Give 回访满意率 for the twelve months up to the period's last day; of an unfinished month last year's same days are compared."""
    last = reading.last_on
    starts = [date(last.year + (last.month - 1 - back) // 12, (last.month - 1 - back) % 12 + 1, 1) for back in range(MONTHS)]
    found = []
    for first in reversed(starts):
        end = min(last, _end_of(first))
        ended = _end_of(first.replace(year=first.year - 1)) if end == _end_of(first) else _a_year_before(end)
        now, before = (_one(replace(reading, first_on=start, last_on=until)) for start, until in ((first, end), (_a_year_before(first), ended)))
        if now or before:
            nothing = Opens(("satisfaction",), first, end, unit_code=reading.units[0])
            found.append(Month(first, now or Figure("satisfaction", 0, 0, nothing, nothing), before))
    return found


def by_timeliness(reading: Reading) -> dict[str, Figure]:
    """Split 回访满意率 by whether the resolution before the answer was within the customer's limit (`yes`, `no`; `''`: there was none).

    That both go together does not say that one is the cause of the other: grave cases take longer and please less.
    """
    counts = reading.store.answers_by_timeliness(reading.wanted(("satisfaction",)))
    opens = Opens(("satisfaction",), reading.first_on, reading.last_on, unit_code=reading.units[0])
    return {timely: Figure("satisfaction", met, n, opens, opens) for timely, (met, n) in sorted(counts.items(), reverse=True)}


def by_kind(reading: Reading, dimension: str) -> list[Figure]:
    """Split 回访满意率 by topic or department, the most answers first."""
    return sorted(satisfaction(replace(reading, dimension=dimension, by=("value",))), key=lambda one: (-one.n, one.value))


def _one(reading: Reading) -> Figure | None:
    return next(iter(satisfaction(replace(reading, dimension="", by=()))), None)


def _end_of(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _is_year_before(other: Survey, one: Survey) -> bool:
    pairs = ((other.first_on, one.first_on), (other.last_on, one.last_on))
    return all(before in (_a_year_before(day), _end_of(_a_year_before(day)) if day == _end_of(day) else None) for before, day in pairs)


def _survey(row: RowMapping) -> Survey:
    return Survey(**{**row, "scope": Scope(row["scope"]), "method": SurveyMethod(row["method"]), "satisfied": round(row["satisfied"])})


def _satisfied(texts: Mapping[str, str], answers: int | None, problems: list[Problem]) -> int | None:
    count, share = texts["satisfied"], texts["satisfied_share"]
    if bool(count) == bool(share):
        problems.append(Problem("satisfied", "满意数、满意率：请填且只填其中一项，满意率写成 92.5% 或 0.925"))
        return None
    if share:
        part = _share(share, problems)
        return None if part is None or answers is None else round(part * answers)
    satisfied = _count("satisfied", count, problems)
    if satisfied is not None and answers is not None and satisfied > answers:
        problems.append(Problem("satisfied", f"满意数：{satisfied} 多于有效样本数 {answers}，请核对"))
    return satisfied


def _share(text: str, problems: list[Problem]) -> float | None:
    digits, is_percent = text.removesuffix("%").removesuffix("％"), text.endswith(("%", "％"))
    is_number = digits.replace(".", "", 1).isdigit() and digits.isascii()
    value = float(digits) / (100 if is_percent else 1) if is_number else -1.0
    if not 0 <= value <= 1:
        problems.append(Problem("satisfied_share", f"满意率：“{text[:20]}”看不出是多少，请写成 0% 到 100%（如 92.5%）或 0 到 1 的小数（如 0.925）"))
        return None
    return value


def _count(name: str, text: str, problems: list[Problem]) -> int | None:
    digits = text.replace(",", "").replace("，", "")
    if digits.isascii() and digits.isdigit() and len(digits) <= 9 and int(digits) <= MOST_ANSWERS:
        return int(digits)
    if text:
        problems.append(Problem(name, f"{FIELDS[name]}：“{text[:20]}”不是 0 到 1 亿之间的整数，请填份数，如 1200"))
    return None


def _term(kind: type[T], name: str, text: str, problems: list[Problem]) -> T | None:
    found = next((one for one in kind if text in (one.value, one.label)), None)
    if text and found is None:
        problems.append(Problem(name, f"{FIELDS[name]}：没有“{text[:20]}”，请填 {'、'.join(f'{one.label}（{one.value}）' for one in kind)}"))
    return found


def _day(name: str, text: str, now: datetime, problems: list[Problem]) -> date | None:
    if not text:
        return None
    try:
        day = read_day(text.removesuffix("00:00:00"), name)
    except InvalidInput as error:
        problems.append(Problem(name, f"{FIELDS[name]}：{error.message}"))
        return None
    if not date(2000, 1, 1) <= day <= in_shanghai(now).date():
        problems.append(Problem(name, f"{FIELDS[name]}：{day} 不在 2000 年至今天之间，请核对日期"))
        return None
    return day
