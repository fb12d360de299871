"""The product's clocks against an oracle that walks minute by minute, over random calendars, limits and pauses.

`TRIAGE_ORACLE_CASES` says how many cases are run (20,000 unless said). Every case has a seed of its own, and a failing one prints its whole input;
the test's id names the calendar, so running that test again makes the same case (`pytest -k "calendar-17]"`), and `Case(…)` can be pasted.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from random import Random

import pytest

from tests.triage import clock_oracle as oracle
from tests.triage.clock_oracle import DAY, DAY_MINUTES, EPOCH, HOUR, MINUTE, Due, Kind, Rest, Row, Span, Year, at, day_of, written
from triage.calendar import WorkingCalendar
from triage.clocks import Deadline, Limit, Pause, PauseKind, choose_limit, deadline, stops_of
from triage.moments import in_shanghai
from triage.rules import Rules
from triage.terms import Channel, Step

CASES = int(os.environ.get("TRIAGE_ORACLE_CASES", "20000"))
OF_A_CALENDAR = 100
DATA = Path(__file__).parents[2] / "data"
ORIGIN = datetime(1999, 12, 31, 16, tzinfo=UTC)  # 2000-01-01 00:00 in Shanghai
SECOND = timedelta(seconds=1)
WANTED = {"step": "resolve", "demand_type": "request", "topic": "meter", "channel": "phone", "zone": "urban"}
ROW = Row("request", "", "", "", "resolve", "received", Fraction(4), "workdays", "working", Fraction("0.7"), True)
AMOUNTS = {
    "minutes": "1 2 3 20 45 90 120 600 0.5 7.5",
    "hours": "1 2 3 4 7 8 24 36 72 0.1 0.05 0.25 0.7 1.5 2.75",
    "days": "1 2 3 7 10 0.125 0.5 1.25 0.35",
    "workdays": "1 2 3 4 5 6 9 10 0.5 1.5 0.25 2.1",
}
YELLOW = ("0.5", "0.7", "0.8", "0.25", "0.333", "0.95", "1")
STEPS = ("resolve", "contact", "arrive")
FEASTS = [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)]


@dataclass(frozen=True)
class Case:
    """All that a deadline depends on: `rows` are the versions of the limit, of which one governs the step."""

    year: Year
    start: int
    rows: tuple[Row, ...] = (ROW,)
    rests: tuple[Rest, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    extra: int = 0


# --- by the oracle


def expected(case: Case) -> tuple[Row | None, Due | None]:
    """What the oracle says: the row that governs, and its deadline."""
    row = oracle.governing(case.rows, WANTED, case.start)
    return row, due_of(case, row) if row else None


def due_of(case: Case, row: Row) -> Due:
    """The oracle's deadline by one row."""
    stops = oracle.stops_of(case.rests, case.kinds, row.step)
    how = {"clock": row.clock, "fraction": row.yellow, "is_pausable": row.is_pausable}
    return oracle.due(case.year, case.start, row.length, stops=stops, extra=case.extra, **how)


# --- by the product


def computed(case: Case, calendar: WorkingCalendar, *, is_joined: bool = True) -> tuple[Row | None, Due | None]:
    """What the product says of the same case; with the stops joined by `stops_of`, or as they come: overlapping, the last first, one empty."""
    start = moment(case.start)
    limits = [limit_of(row, number) for number, row in enumerate(case.rows)]
    limit = choose_limit(limits, **{**WANTED, "step": Step.RESOLVE}, day=in_shanghai(start).date())
    if limit is None:
        return None, None
    loose = [(case.start, case.start), *oracle.stops_of(case.rests, case.kinds, "resolve")]
    stops = joined(case) if is_joined else [(moment(begin), moment(end)) for begin, end in reversed(loose)]
    return case.rows[limit.id], told(deadline(limit, start, calendar, stops=stops, extra=case.extra * SECOND))


def joined(case: Case) -> tuple[tuple[datetime, datetime], ...]:
    """The product's stops of the resolve clock."""
    pauses = [Pause(rest.kind, *map(moment, (rest.started, rest.ended, rest.until))) for rest in case.rests]
    kinds = {code: PauseKind(code, code, frozenset(map(Step, kind.steps)), kind.cap * SECOND, "") for code, kind in case.kinds.items()}
    return stops_of(pauses, kinds, Step.RESOLVE)


def moment(seconds: int | None) -> datetime | None:
    """The oracle's moment as the product's."""
    return None if seconds is None else ORIGIN + seconds * SECOND


def seconds(value: datetime) -> Fraction:
    """The product's moment as the oracle's, to the microsecond."""
    return Fraction((value - ORIGIN) // timedelta(microseconds=1), 10**6)


def told(said: Deadline) -> Due:
    """The product's deadline as the oracle's."""
    return Due(seconds(said.due_at), seconds(said.yellow_at), seconds(said.red_at), said.is_confirmed)


def limit_of(row: Row, number: int) -> Limit:
    """The oracle's row as the product's."""
    place = {name: getattr(row, name) for name in ("demand_type", "topic", "zone", "channel", "from_event", "unit", "clock", "is_pausable")}
    days = {"valid_from_on": on(row.valid_from), "valid_until_on": on(row.valid_until)}
    return Limit(id=number, step=Step(row.step), amount=float(row.limit), yellow_at=float(row.yellow), basis="", **place, **days)


def row_of(limit: Limit) -> Row:
    """The product's row as the oracle's."""
    names = (limit.demand_type, limit.topic, limit.zone, limit.channel, str(limit.step), limit.from_event)
    amount, yellow = Fraction(str(limit.amount)), Fraction(str(limit.yellow_at))
    days = (day.toordinal() - EPOCH if day else None for day in (limit.valid_from_on, limit.valid_until_on))
    return Row(*names, amount, limit.unit, limit.clock, yellow, limit.is_pausable, *days)


def on(day: int | None) -> date | None:
    """The oracle's day as a date."""
    return None if day is None else date.fromordinal(EPOCH + day)


def calendar_of(year: Year, *, is_narrowed: bool = True) -> WorkingCalendar:
    """The oracle's calendar as the product's; the unit's own part laid over the country's, or all at once."""
    days, own = ({on(day): worked for day, worked in said.items()} for said in (year.exceptions, year.unit))
    years, fixed = frozenset(year.announced), frozenset(year.fixed)
    hours, weekdays = tuple(year.spans), {number: tuple(spans) for number, spans in year.weekday_spans.items()}
    if is_narrowed:
        return WorkingCalendar(days, years, fixed).with_unit(own, hours, weekdays)
    return WorkingCalendar(days | own, years, fixed, hours, weekdays)


# --- random cases


def random_year(number: int) -> Year:
    """A calendar of 420 days with runs of holidays, make-up days, a unit's own days and office hours; the same for the same number."""
    random = Random(f"calendar {number}")
    start = date(random.choice([2025, 2026, random.randint(2000, 2090)]), random.randint(1, 12), random.randint(1, 28)).toordinal() - EPOCH
    days = range(start, start + 420)
    exceptions = dict(holiday for _ in range(random.randint(0, 10)) for holiday in random_feast(random, days))
    known = [*exceptions, *random.sample(days, 20)]
    fixed = {*random.sample(FEASTS, random.randint(0, 6)), *((random.randint(1, 12), random.randint(1, 28)) for _ in range(random.randint(0, 4)))}
    spans = random_spans(random, random.randint(1, 4)) if random.random() < 0.7 else ()
    given = random.sample(range(1, 8), random.randint(0, 2) if spans else random.choice([0, 5]))
    return Year(
        *(days.start, days.stop, exceptions),
        unit={random.choice(known): random.random() < 0.5 for _ in range(random.randint(0, 8))},
        announced=random.choice(
            [set(), {on(days.start).year}, {on(days.start).year}, {on(days.stop).year}, {on(days.start).year, on(days.stop).year}]
        ),
        fixed=fixed,
        spans=spans,
        weekday_spans={day: random_spans(random, random.randint(0 if spans else 1, 4)) for day in given},
    )


def random_feast(random: Random, days: range) -> Iterator[tuple[int, bool]]:
    """A run of days off, and perhaps weekends nearby that are worked for them."""
    first, length = random.choice(days), random.randint(1, 9)
    yield from ((day, False) for day in range(first, first + length))
    near = [day for day in (*range(first - 7, first), *range(first + length, first + length + 7)) if oracle.weekday(day) > 5]
    yield from ((day, True) for day in random.sample(near, random.randint(0, 2)))


def random_spans(random: Random, count: int) -> tuple[Span, ...]:
    """Spans of a day, sorted, some on the half hour, some touching; at least three hours in all."""
    while True:
        cuts = sorted(random.sample(range(0, DAY_MINUTES + 1, random.choice([1, 30])), 2 * count))
        if count > 1 and random.random() < 0.2:
            cuts[2] = cuts[1]
        spans = tuple(zip(cuts[::2], cuts[1::2], strict=True))
        if not spans or sum(end - begin for begin, end in spans) >= 180:
            return spans


def random_case(year: Year, name: str) -> Case:
    """A case on that calendar, the same for the same name."""
    random = Random(f"case {name}")
    start = random_start(random, year)
    rows = random_rows(random, year, start // DAY)
    extra = random.choice([0, 0, 0, random.randint(1, 600) * MINUTE, random.randint(1, 8 * HOUR), DAY])
    case = Case(year, start, rows, extra=to_midnight(random, year, start, rows) if random.random() < 0.2 else extra)
    kinds = {code: Kind(random.sample(STEPS, random.randint(1, 3)), random_cap(random)) for code in "abc"[: random.randint(0, 3)]}
    row, due = expected(case) if random.random() < 0.15 else (None, None)
    near = [due.due - MINUTE, due.due, due.due, due.due + 1, int(due.yellow)] if row else []
    rests = [rest for code, count in Counter(random.choices([*kinds], k=random.randint(0, 4)) if kinds else []).items()
             for rest in random_rests(random, code, count, near or [start + random.randint(-2 * DAY, 4 * DAY), start])]  # fmt: skip
    random.shuffle(rests)
    return replace(case, kinds=kinds, rests=tuple(rests))


def random_start(random: Random, year: Year) -> int:
    """A moment: any minute, 24:00, an edge of the office hours, in a holiday, in the last days of a year, or with seconds."""
    day = random.randint(year.first + 60, year.first + 240)
    days = [day, *(known for known in {**year.exceptions, **year.unit} if year.first + 60 <= known <= year.first + 240)]
    last = date(on(year.first + 60).year, 12, 31).toordinal() - EPOCH - random.randint(0, 8)
    days = [random.choice(days), last] if year.first + 60 <= last <= year.first + 240 else [random.choice(days)]
    edges = [minute for span in year.spans for minute in span] or [0]
    minute = random.choice([random.randrange(DAY_MINUTES), random.randrange(480, 1080), 0, random.choice(edges)])
    return random.choice([*days, days[0], day]) * DAY + minute * MINUTE + random.choice([0, 0, 0, random.randrange(60)])


def to_midnight(random: Random, year: Year, start: int, rows: Sequence[Row]) -> int:
    """An extension with which the limit ends at 24:00 of one of the next days, or of the last day of the year; none where it is longer."""
    row = oracle.governing(rows, WANTED, start)
    new_year = date(on(start // DAY).year + 1, 1, 1).toordinal() - EPOCH
    day = new_year if new_year - start // DAY < 15 else start // DAY + random.randint(1, 9)
    counts = year.minutes[row.clock if row else "natural"][start // MINUTE - year.first * DAY_MINUTES : (day - year.first) * DAY_MINUTES]
    return max(0, sum(counts) * MINUTE - (start % MINUTE if counts[0] else 0) - (row.length if row else 0))


def random_rows(random: Random, year: Year, day: int) -> tuple[Row, ...]:
    """One to three versions of a limit that changes about the day of the start, and perhaps a closer one that is out of force."""
    change = day + random.randint(-2, 2)
    rows = [random_row(random, year) for _ in range(4)]
    later = replace(rows[1], valid_from=change)
    closed = replace(rows[0], valid_until=change)
    closer = replace(rows[2], topic="meter", valid_until=day + random.choice([-1, 0, 1]))
    last = replace(rows[3], valid_from=change + random.randint(1, 3))
    return random.choice([(rows[0],), (rows[0],), (rows[0], later), (closed, later), (last, later, rows[0]), (later, closer)])


def random_row(random: Random, year: Year) -> Row:
    """A limit of any clock and unit, not longer than ten days of its clock."""
    clock = random.choice(["natural", "working", "office"])
    lists = [year.spans] if year.spans else [*year.weekday_spans.values()]
    office = min((sum(end - begin for begin, end in spans) for spans in lists), default=DAY_MINUTES) if clock == "office" else DAY_MINUTES
    while True:
        unit = random.choice([*AMOUNTS])
        amount = Fraction(random.choice(AMOUNTS[unit].split()))
        if amount * oracle.SECONDS[unit] <= 10 * office * MINUTE:
            values = {"limit": amount, "unit": unit, "clock": clock, "yellow": Fraction(random.choice(YELLOW))}
            return replace(ROW, **values, is_pausable=random.random() < 0.85, demand_type=random.choice(["request", "*"]))


def random_cap(random: Random) -> int:
    """How long the pauses of a kind may last together."""
    return random.choice([0, HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY, random.randint(1, 3 * DAY)])


def random_rests(random: Random, code: str, count: int, near: Sequence[int]) -> Iterator[Rest]:
    """Pauses of one kind, one after the other: ended, left to run out, ended early, ended too late, and the last perhaps open for ever."""
    begin = random.choice(near)
    for left in range(count - 1, -1, -1):
        length = random.choice([0, random.randint(1, 600) * MINUTE, random.randint(1, 3 * DAY), random.randint(0, 3 * 24) * HOUR])
        begin -= length if left == count - 1 and random.random() < 0.5 else 0
        end, more = begin + length, random.randint(0, DAY)
        forms = [(end, None), (None, end), (end, end + more), (end + more, end), *([] if left else [(None, None)])]
        ended, until = random.choice(forms)
        yield Rest(code, begin, ended, until)
        begin = max(end, ended or 0) + random.choice([0, random.randint(1, 600) * MINUTE, random.randint(1, 2 * DAY)])


def story(case: Case, name: str) -> str:
    """The whole input of a case, for people first and to be pasted after it."""
    lines = [f"case {name}: start {written(case.start)}, extension {case.extra} s, {oracle.governing(case.rows, WANTED, case.start)}"]
    for rest in case.rests:
        lines.append(f"  pause {rest.kind}: " + " / ".join("-" if m is None else written(m) for m in (rest.started, rest.ended, rest.until)))
    lines += [f"  stop {written(begin)} to {written(end)}" for begin, end in oracle.stops_of(case.rests, case.kinds, "resolve")]
    return "\n".join([*lines, repr(case)])


def shown(answer: tuple[Row | None, Due | None]) -> str:
    """An answer as people read it."""
    row, due = answer
    if due is None:
        return "no limit"
    due_at, yellow, red = (f"{written(int(value))}+{float(value % 1):g}" for value in (due.due, due.yellow, due.red))
    return f"due {due_at}, yellow {yellow}, red {red}, confirmed {due.is_confirmed}, by {row}"


@pytest.mark.parametrize("number", [pytest.param(number, id=f"calendar-{number}") for number in range(-(-CASES // OF_A_CALENDAR))])
def test_the_product_and_the_oracle_agree(number: int):
    year = random_year(number)
    calendar = calendar_of(year, is_narrowed=number % 2 == 0)
    for name in (f"{number}/{which}" for which in range(OF_A_CALENDAR)):
        case = random_case(year, name)
        right = expected(case)
        for is_joined in (True, False):
            said = computed(case, calendar, is_joined=is_joined)
            assert said == right, f"\nproduct: {shown(said)}\noracle:  {shown(right)}\n{story(case, name)}"
        edges = [edge for stop in joined(case) for edge in stop]
        assert all(one < other for one, other in pairwise(edges)), f"stops not sorted and apart: {edges}\n{story(case, name)}"


@pytest.mark.parametrize("number", range(20))
def test_both_choose_the_same_row_of_random_tables_of_limits(number: int):
    random = Random(f"limits {number}")
    for _ in range(50):
        rows = tuple(random_limits(random, random.randint(1, 40)))
        limits = [limit_of(row, which) for which, row in enumerate(rows)]
        for day in range(-3, 4):
            asked = {
                "demand_type": random.choice("de"),
                "topic": random.choice("tu"),
                "channel": random.choice("cd"),
                "zone": random.choice(["", "z"]),
            }
            right = oracle.governing(rows, {**asked, "step": "resolve"}, day * DAY + random.choice([0, DAY - 1, random.randrange(DAY)]))
            known = {name: value or None for name, value in asked.items()}
            limit = choose_limit(limits, step=Step.RESOLVE, day=on(day), **known)
            assert (rows[limit.id] if limit else None) == right, f"{asked} on day {day} of {rows}"


def random_limits(random: Random, count: int) -> Iterator[Row]:
    """Rows of any precision and validity, no two of them equally strong; empty and `*` both say any."""
    seen = set()
    for _ in range(count):
        demand, topic, channel, zone = (random.choice(values) for values in ("de*", ["", "*", "t", "u"], ["", "*", "c", "d"], ["", "*", "z"]))
        first, last = random.choice([None, random.randint(-3, 3)]), random.choice([None, random.randint(-3, 5)])
        row = replace(
            ROW, demand_type=demand, topic=topic, channel=channel, zone=zone, step=random.choice(STEPS[:2]), valid_from=first, valid_until=last
        )
        if (row.step, row.rank()) not in seen:
            seen.add((row.step, row.rank()))
            yield row


# --- that the cases are hard enough


def traits(case: Case) -> dict[str, bool]:
    """What makes a case hard, and whether this one has it."""
    row, due = expected(case)
    if row is None or due is None:
        return {"no limit in force": True}
    stops = oracle.stops_of(case.rests, case.kinds, "resolve")
    free = due_of(replace(case, rests=()), row)
    sizes = {"pauses": len(case.rests), "kinds of pause": len({rest.kind for rest in case.rests}), "spans": len(case.year.spans)}
    return (
        {name: name == row.clock for name in ("natural", "working", "office")}
        | {name: name == row.unit for name in AMOUNTS}
        | {f"{count} {name}": size == count for name, size in sizes.items() for count in range(4 if name == "kinds of pause" else 5)}
        | traits_of_days(case, row, due)
        | traits_of_stops(case, row, stops, due.due, free.due)
        | {"a row other than the first governs": row is not case.rows[0]}
        | {"a closer row out of force": any(other.topic and row is not other for other in case.rows)}
    )


def traits_of_days(case: Case, row: Row, due: Due) -> dict[str, bool]:
    """What is hard about the start, the due moment and the days between them."""
    day = case.start // DAY
    return {
        "starts at 24:00": case.start % DAY == 0,
        "starts with seconds": case.start % MINUTE != 0,
        "starts on a day off": not case.year.is_worked(day),
        "starts on a make-up day": oracle.weekday(day) > 5 and case.year.is_worked(day),
        "starts on a day of the unit's own": day in case.year.unit,
        "due at 24:00": row.clock != "natural" and due.due % DAY == 0,
        "not confirmed": not due.is_confirmed,
        "confirmed on a working clock": due.is_confirmed and row.clock != "natural",
        "confirmed to the last minute of the last year": row.clock != "natural"
        and due.is_confirmed
        and on(due.due // DAY).year not in case.year.announced,
        "yellow between two minutes": due.yellow % MINUTE != 0,
        "an extension": case.extra > 0,
        "hours of a weekday alone": bool(case.year.weekday_spans) and not case.year.spans,
    }


def traits_of_stops(case: Case, row: Row, stops: Sequence[Span], due: int, free: int) -> dict[str, bool]:
    """What is hard about the pauses; `free` is when it would be due without them."""
    uncapped = oracle.stops_of(case.rests, {code: replace(kind, cap=10**9) for code, kind in case.kinds.items()}, "resolve")
    both = [(rest.ended, rest.until) for rest in case.rests if None not in (rest.ended, rest.until)]
    return {
        "stops move the due moment": due > free,
        "stops before the due moment do not move it": any(begin < due for begin, _ in stops) and due == free,
        "a stop that cannot stop the limit": bool(stops) and not row.is_pausable,
        "a stop begins at the due moment": row.is_pausable and any(begin == due for begin, _ in stops),
        "a stop ends where it would be due without": row.is_pausable and any(end == free for _, end in stops),
        "starts inside a stop": any(begin <= case.start < end for begin, end in stops),
        "stops of two kinds overlap": any(one[0] < other[1] and other[0] < one[1] for one in stops for other in stops if one != other),
        "a cap cuts": uncapped != stops,
        "open for ever": any(rest.end is None for rest in case.rests),
        "ended after until": any(until < ended for ended, until in both),
        "ended before until": any(ended < until for ended, until in both),
        "not ended, with until": any(rest.ended is None and rest.until is not None for rest in case.rests),
    }


def test_the_random_cases_hold_every_hardship():
    """Of 1,000 cases, each of these in at least three: else the comparison above says less than it seems to."""
    found: Counter[str] = Counter()
    for number in range(50):
        year = random_year(number)
        for which in range(20):
            found.update(traits(random_case(year, f"{number}/{which}")))
    assert {trait: count for trait, count in found.items() if count < 3} == {}


# --- golden cases of 2026, from dates written out by hand

OFF = """01-01 01-02 01-03 02-15 02-16 02-17 02-18 02-19 02-20 02-21 02-22 02-23 04-04 04-05 04-06 05-01 05-02 05-03 05-04 05-05
06-19 06-20 06-21 09-25 09-26 09-27 10-01 10-02 10-03 10-04 10-05 10-06 10-07"""
MADE_UP = "01-04 02-14 02-28 05-09 09-20 10-10"
YEAR = Year(
    *(day_of("2025-12-01"), day_of("2027-03-01")),
    exceptions={day_of(f"2026-{day}"): False for day in OFF.split()} | {day_of(f"2026-{day}"): True for day in MADE_UP.split()},
    announced={2026},
    fixed=FEASTS,
)
LUNCH = ((510, 720), (840, 1050))  # 08:30-12:00, 14:00-17:30
DAYS4, DAYS9 = ROW, replace(ROW, limit=Fraction(9))
WEEK = replace(ROW, limit=Fraction(7), unit="days", clock="natural")
OFFICE14 = replace(ROW, limit=Fraction(14), unit="hours", clock="office", yellow=Fraction("0.5"))
OFFICE10 = replace(OFFICE14, limit=Fraction(10))
NARROW = replace(YEAR, spans=LUNCH, weekday_spans={6: ((540, 720),)})
CLOSED_24 = replace(YEAR, unit={day_of("2026-02-24"): False})
ASKED = {"ask": Kind(["resolve"], DAY)}  # a kind of pause that may last a day in all


def golden(start: str, row: Row = DAYS4, year: Year = YEAR, stop: str = "", **values: object) -> Case:
    """A case written out; `stop` is one pause: "02-14 00:00/02-24 00:00"."""
    if stop:
        begin, end = (at(f"2026-{moment}") for moment in stop.split("/"))
        values |= {"rests": (Rest("long", begin, end),), "kinds": {"long": Kind(["resolve"], 30 * DAY)}}
    return Case(year, at(f"2026-{start}"), (row,), **values)


OPEN_LONG = (Rest("ask", at("2026-02-12 16:00"), at("2026-02-13 04:00")), Rest("ask", at("2026-02-24 08:00")))
GOLDEN = {
    "Spring Festival, Saturday 14 February worked": (golden("02-12 15:00"), "2026-02-24 10:12", "2026-02-25 15:00", True),
    "from within Spring Festival": (golden("02-18 09:00"), "2026-02-26 19:12", "2026-02-28 00:00", True),
    "nine workdays over both make-up Saturdays": (golden("02-13 16:30", DAYS9), "2026-02-28 23:42", "2026-03-04 16:30", True),
    "a natural week over Spring Festival": (golden("02-13 16:30", WEEK), "2026-02-18 14:06", "2026-02-20 16:30", True),
    "National Day, ending on Saturday 10 October": (golden("09-29 15:00"), "2026-10-09 10:12", "2026-10-10 15:00", True),
    "from Sunday 20 September, which is worked": (golden("09-20 15:00"), "2026-09-23 10:12", "2026-09-24 15:00", True),
    "from a Sunday's last minute but one": (golden("09-27 23:59"), "2026-09-30 19:12", "2026-10-09 00:00", True),
    "office hours over National Day": (golden("09-30 16:00", OFFICE14, NARROW), "2026-10-08 16:00", "2026-10-09 16:00", True),
    "office hours of the make-up Saturday": (golden("02-27 14:00", OFFICE10, NARROW), "2026-02-28 10:30", "2026-03-02 12:00", True),
    "office hours not narrowed are whole days": (golden("02-27 14:00", OFFICE10), "2026-02-27 19:00", "2026-02-28 00:00", True),
    "a unit's own holiday": (
        golden("02-12 15:00", year=CLOSED_24),
        "2026-02-25 10:12",
        "2026-02-26 15:00",
        True,
    ),
    "stopped until the feast is over": (golden("02-12 15:00", stop="02-14 00:00/02-24 00:00"), "2026-02-25 10:12", "2026-02-26 15:00", True),
    "a stop that begins at the due moment": (golden("02-12 15:00", stop="02-25 15:00/02-26 15:00"), "2026-02-24 10:12", "2026-02-25 15:00", True),
    "a stop a minute before the due moment": (golden("02-12 15:00", stop="02-25 14:59/02-26 15:00"), "2026-02-24 10:12", "2026-02-26 15:01", True),
    "pauses cut at a day in all": (golden("02-12 15:00", rests=OPEN_LONG, kinds=ASKED), "2026-02-25 10:12", "2026-02-26 15:00", True),
    "an extension of a day": (golden("02-12 15:00", extra=DAY), "2026-02-25 03:00", "2026-02-26 15:00", True),
    "into a year not announced": (golden("12-30 15:00"), "2027-01-05 10:12", "2027-01-06 15:00", False),
    "to 24:00 of the last day announced": (golden("12-27 12:00"), "2026-12-30 19:12", "2027-01-01 00:00", True),
}


@pytest.mark.parametrize(("case", "yellow", "due", "is_confirmed"), [pytest.param(*values, id=name) for name, values in GOLDEN.items()])
def test_oracle_and_product_say_what_a_person_counts(case: Case, yellow: str, due: str, is_confirmed: bool):
    by_hand = (case.rows[0], Due(at(due), Fraction(at(yellow)), at(due) + MINUTE, is_confirmed))
    assert expected(case) == by_hand, shown(expected(case))
    assert computed(case, calendar_of(case.year)) == by_hand, shown(computed(case, calendar_of(case.year)))


# --- the bundled rows


def column(name: str, column: str) -> list[str]:
    """A column of a file in data/."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def test_both_readers_read_the_same_bundled_limits(rules: Rules):
    read = oracle.read_rows(DATA / "time_limits.csv")
    assert Counter(map(row_of, rules.limits)) == Counter(read)
    assert read


def test_both_choose_the_same_bundled_row_for_every_demand_and_every_row_governs_one(rules: Rules):
    read, day = oracle.read_rows(DATA / "time_limits.csv"), date(2026, 3, 2)
    steps = {step: [row for row in read if row.step == step] for step in dict.fromkeys(row.step for row in read)}
    limits = {step: [limit for limit in rules.limits if limit.step == step] for step in Step}
    rows = {None: None} | {limit.id: row_of(limit) for limit in rules.limits}
    names, governed = ("demand_type", "topic", "zone", "channel"), set()
    for values in product(column("demand_types", "code"), ["", *column("taxonomy", "code")], ["", "urban", "rural", "remote"], Channel):
        asked = dict(zip(names, values, strict=True))
        for step in Step:
            right = oracle.governing(steps.get(step, []), {**asked, "step": step}, at("2026-03-02 00:00"))
            said = choose_limit(limits[step], step=step, day=day, **{name: value or None for name, value in asked.items()})
            assert rows[said and said.id] == right, f"{asked} {step}"
            governed.add(right)
    assert set(read) - governed == set()


@pytest.mark.parametrize(
    "start", ["2026-01-02 09:30", "2026-02-12 15:00", "2026-04-30 17:59", "2026-09-19 00:00", "2026-09-29 23:59", "2026-11-23 10:00"]
)
def test_both_reckon_every_bundled_row_alike_on_the_calendar_of_2026(rules: Rules, start: str):
    for limit in rules.limits:
        row = row_of(limit)
        right, said = due_of(Case(YEAR, at(start)), row), told(deadline(limit, moment(at(start)), rules.calendar))
        assert said == right, f"\nproduct: {shown((row, said))}\noracle:  {shown((row, right))}"
