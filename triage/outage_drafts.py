"""Outages as a form, the API or a file sends them: read, or refused with everything that is wrong."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from triage.errors import InvalidInput, Problem
from triage.moments import floor_minute, read_moment
from triage.outages import (
    FIELDS,
    LONGEST,
    LONGEST_KEYWORD,
    LONGEST_TEXT,
    MOST_AREAS,
    NUMBER_DIGITS,
    SHORTEST_KEYWORD,
    Area,
    AreaKind,
    Draft,
    OutageKind,
    normal,
)
from triage.texts import clean
from triage.wording import say


def read_draft(values: Mapping[str, object], units: Mapping[str, str], now: datetime) -> Draft:
    """Build a draft from what a form, the API or a file sent; lists may come as texts with a separator between.

    Args:
        values: by the names in `FIELDS`.
        units: the names of the supply units by code.
        now: a restoration cannot lie after it.

    Raises:
        InvalidInput: one problem a wrong field, all at once.
    """
    problems: list[Problem] = []
    unknown = [Problem(name, say("There is no such field; use: {fields}", fields=say(", ").join(FIELDS))) for name in values if name not in FIELDS]
    texts = {name: _text(values.get(name), name, problems) for name in FIELDS if name not in ("transformer_areas", "keywords")}
    kind, unit = _kind(texts["kind"], problems), _unit(texts["unit_code"], units, problems)
    if not any(problem.field == "number" for problem in problems):
        _check_number(texts["number"], problems)
    moments = {name: _moment(texts[name], name, problems) for name in ("starts_at", "ends_at", "restored_at")}
    areas = _areas(values, problems)
    _check_order(moments, now, problems)
    if unknown or problems:
        raise InvalidInput(*unknown, *problems)
    starts, ends = moments["starts_at"], moments["ends_at"]
    if kind is None or starts is None or ends is None:  # said above
        raise InvalidInput(*problems)
    return Draft(
        normal(texts["number"]),
        kind,
        unit,
        texts["reason"],
        texts["notice"],
        starts,
        ends,
        areas,
        moments["restored_at"],
    )


def _text(value: object, name: str, problems: list[Problem]) -> str:
    if value is not None and not isinstance(value, str):
        problems.append(Problem(name, say("{field}: must be text", field=FIELDS[name])))
        return ""
    text = str(clean(value or "")).strip()
    most = LONGEST_TEXT.get(name, 200)
    if len(text) > most:
        problems.append(Problem(name, say("{field}: at most {most} characters; it now has {count}", field=FIELDS[name], most=most, count=len(text))))
    return text


def _check_number(value: str, problems: list[Problem]) -> None:
    digits = normal(value)
    if not (len(digits) == NUMBER_DIGITS and digits.isascii() and digits.isdigit()):
        problems.append(
            Problem(
                "number",
                say("Outage number: must be {digits} digits", digits=NUMBER_DIGITS)
                + (say(", and “{value}” is not", value=value) if value else say(", fill it in")),
            )
        )


def _kind(value: str, problems: list[Problem]) -> OutageKind | None:
    found = next((kind for kind in OutageKind if value in (kind.value, kind.label, kind.label.removesuffix("停电"))), None)
    if found is None:
        problems.append(Problem("kind", say("Type of outage: choose {kinds}", kinds=say(", ").join(kind.label for kind in OutageKind))))
    return found


def _unit(value: str, units: Mapping[str, str], problems: list[Problem]) -> str:
    found = value if value in units else next((code for code, name in units.items() if value and name == value), "")
    if not found:
        problems.append(
            Problem(
                "unit_code",
                say("Supply unit: there is no “{value}”; choose one from the list", value=value)
                if value
                else say("Supply unit: required, choose one"),
            )
        )
    return found


def _moment(value: str, name: str, problems: list[Problem]) -> datetime | None:
    if not value:
        if name != "restored_at":
            problems.append(Problem(name, say("{field}: required, such as 2026-11-23 08:00", field=FIELDS[name])))
        return None
    try:
        moment = floor_minute(read_moment(value, name))
        if not 2000 <= moment.year <= 2100:
            raise OverflowError
    except InvalidInput as error:
        problems.extend(
            Problem(name, say("{field}: {problem}", field=FIELDS.get(name, say("Time")), problem=problem.message)) for problem in error.problems
        )
    except OverflowError:
        problems.append(Problem(name, say("{field}: the year of “{value}” is not right", field=FIELDS.get(name, say("Time")), value=value)))
    else:
        return moment
    return None


def read_time(name: str, value: str) -> datetime:
    """Read a moment to the minute, one without a zone as Shanghai's.

    Raises:
        InvalidInput: it is none, or in a year that no outage is in.
    """
    problems: list[Problem] = []
    moment = _moment(value, name, problems)
    if moment is None:
        raise InvalidInput(*problems)
    return moment


def _check_order(moments: Mapping[str, datetime | None], now: datetime, problems: list[Problem]) -> None:
    starts, ends, restored = moments["starts_at"], moments["ends_at"], moments["restored_at"]
    if starts and ends and not starts < ends <= starts + LONGEST:
        problems.append(Problem("ends_at", say("Expected restoration: must be after the start of the outage, and within a year of it")))
    if starts and restored and not starts <= restored <= now:
        problems.append(Problem("restored_at", say("Actual restoration: must be neither before the start of the outage nor in the future")))


SEPARATORS = str.maketrans(dict.fromkeys("，,、；;|\r\t", "\n"))


def _areas(values: Mapping[str, object], problems: list[Problem]) -> tuple[Area, ...]:
    found: set[Area] = set()
    for name, kind in (("transformer_areas", AreaKind.TRANSFORMER_AREA), ("keywords", AreaKind.KEYWORD)):
        sent = values.get(name) or ""
        several = [sent] if isinstance(sent, str) else sent
        if not (isinstance(several, (list, tuple)) and all(isinstance(one, str) for one in several)):
            problems.append(Problem(name, say("{field}: must be text or a list of texts", field=FIELDS[name])))
            continue
        found |= {Area(kind, value) for one in several for part in str(clean(one)).translate(SEPARATORS).split("\n") if (value := normal(part))}
    problems.extend(_area_problems(found))
    if not found and not any(problem.field in ("transformer_areas", "keywords") for problem in problems):
        problems.append(Problem("transformer_areas", say("Area of the outage: give at least one transformer area or address keyword")))
    return tuple(sorted(found))


def _area_problems(areas: Iterable[Area]) -> Iterable[Problem]:
    every = sorted(areas)
    if len(every) > MOST_AREAS:
        yield Problem(
            "transformer_areas",
            say("Area of the outage: at most {most} items, there are {count}; register it as several outages", most=MOST_AREAS, count=len(every)),
        )
    for area in every:
        if area.kind is AreaKind.KEYWORD and not SHORTEST_KEYWORD <= len(area.value) <= LONGEST_KEYWORD:
            yield Problem(
                "keywords",
                say(
                    "Address keywords: “{keyword}” must have {least}–{most} characters",
                    keyword=area.value[:40],
                    least=SHORTEST_KEYWORD,
                    most=LONGEST_KEYWORD,
                ),
            )
        elif len(area.value) > 64:
            yield Problem(
                "transformer_areas", say("Transformer areas without power: “{area}…” is too long, at most 64 characters", area=area.value[:40])
            )
