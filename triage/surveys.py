"""Satisfaction: surveys read from files and compared with last year's only where they asked the same way, and what the answers go with."""

import calendar
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar
from unicodedata import normalize

from sqlalchemy import RowMapping

from triage.calls import Taken
from triage.errors import InvalidInput, Problem
from triage.figures import Change, Figure, Opens, Reading, change
from triage.metrics import satisfaction
from triage.moments import in_shanghai, read_day
from triage.terms import Scope, SurveyMethod, Term
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

FIELDS = {
    "unit_code": say("Supply unit"),
    "scope": say("Scope"),
    "method": say("Method"),
    "question": say("Question"),
    "first_on": say("Start date"),
    "last_on": say("End date"),
    "answers": say("Number of valid answers"),
    "satisfied": say("Number satisfied"),
    "satisfied_share": say("Share satisfied"),
    "source": say("Source"),
}
NEEDED = ("unit_code", "scope", "method", "question", "first_on", "last_on", "answers")
KEY = ("unit_code", "scope", "method", "question", "first_on", "last_on")
LONGEST = {"question": 64, "source": 200}
MOST_ANSWERS = 100_000_000
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
    problems = [Problem(name, say("{field}: required, please fill it in", field=FIELDS[name])) for name in NEEDED if not texts[name]]
    problems += [
        Problem(name, say("{field}: at most {most} characters; shorten it", field=FIELDS[name], most=most))
        for name, most in LONGEST.items()
        if len(texts[name]) > most
    ]
    if texts["unit_code"] and texts["unit_code"] not in units:
        problems.append(
            Problem(
                "unit_code",
                say("Supply unit: there is no “{text}”; enter this system's code of the unit or its full name", text=texts["unit_code"][:30]),
            )
        )
    scope, method = _term(Scope, "scope", texts["scope"], problems), _term(SurveyMethod, "method", texts["method"], problems)
    first, last = (_day(name, texts[name], now, problems) for name in ("first_on", "last_on"))
    if first and last and last < first:
        problems.append(Problem("last_on", say("End date: {last} is before the start date {first}; swap them", last=last, first=first)))
    answers = _count("answers", texts["answers"], problems)
    if answers == 0:
        problems.append(Problem("answers", say("Number of valid answers: at least 1; do not import surveys without answers")))
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


def surveys(unit_code: str, store: "Store", most: int = 100, skip: int = 0) -> list[Compared]:
    """Give the surveys of a unit and those below it (`''`: all), the latest first, each beside the same one a year before: `most` of them after
    the first `skip`.

    Only surveys of the same unit, scope, method and question over the same days are compared: others measure something else.
    """
    every = [_survey(row) for row in store.survey_rows(unit_code)]
    by_unit: dict[str, list[Survey]] = {}
    for one in every:
        by_unit.setdefault(one.unit_code, []).append(one)
    return [_compared(one, by_unit[one.unit_code]) for one in every[skip : skip + most]]


def _compared(one: Survey, of_unit: Sequence[Survey]) -> Compared:
    before = [other for other in of_unit if _is_year_before(other, one)]
    same = next((other for other in before if other.asks_as(one)), None)
    return Compared(one, same, same is None and bool(before))


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
        problems.append(
            Problem("satisfied", say("Number satisfied, share satisfied: fill in exactly one of them; write the share as 92.5% or 0.925"))
        )
        return None
    if share:
        part = _share(share, problems)
        return None if part is None or answers is None else round(part * answers)
    satisfied = _count("satisfied", count, problems)
    if satisfied is not None and answers is not None and satisfied > answers:
        problems.append(
            Problem(
                "satisfied",
                say(
                    "Number satisfied: {satisfied} is more than the number of valid answers {answers}; check it", satisfied=satisfied, answers=answers
                ),
            )
        )
    return satisfied


def _share(text: str, problems: list[Problem]) -> float | None:
    plain = normalize("NFKC", text)
    digits, is_percent = plain.removesuffix("%"), plain.endswith("%")
    is_number = digits.replace(".", "", 1).isdigit() and digits.isascii()
    value = float(digits) / (100 if is_percent else 1) if is_number else -1.0
    if not 0 <= value <= 1:
        problems.append(
            Problem(
                "satisfied_share",
                say(
                    "Share satisfied: “{text}” cannot be read; write 0% to 100% (such as 92.5%) or a decimal from 0 to 1 (such as 0.925)",
                    text=text[:20],
                ),
            )
        )
        return None
    return value


def _count(name: str, text: str, problems: list[Problem]) -> int | None:
    digits = normalize("NFKC", text).replace(",", "")
    if digits.isascii() and digits.isdigit() and len(digits) <= 9 and int(digits) <= MOST_ANSWERS:
        return int(digits)
    if text:
        problems.append(
            Problem(
                name,
                say(
                    "{field}: “{text}” is not a whole number from 0 to 100 million; give the number of answers, such as 1200",
                    field=FIELDS[name],
                    text=text[:20],
                ),
            )
        )
    return None


def _term(kind: type[T], name: str, text: str, problems: list[Problem]) -> T | None:
    found = next((one for one in kind if text in (one.value, one.label)), None)
    if text and found is None:
        problems.append(
            Problem(
                name,
                say(
                    "{field}: there is no “{text}”; enter {options}",
                    field=FIELDS[name],
                    text=text[:20],
                    options=say(", ").join(say("{label} ({value})", label=one.label, value=one.value) for one in kind),
                ),
            )
        )
    return found


def _day(name: str, text: str, now: datetime, problems: list[Problem]) -> date | None:
    if not text:
        return None
    try:
        day = read_day(text.removesuffix("00:00:00"), name)
    except InvalidInput as error:
        problems.append(Problem(name, say("{field}: {problem}", field=FIELDS[name], problem=error.message)))
        return None
    if not date(2000, 1, 1) <= day <= in_shanghai(now).date():
        problems.append(Problem(name, say("{field}: {day} is not between the year 2000 and today; check the date", field=FIELDS[name], day=day)))
        return None
    return day
