"""Recomputing the clocks of one ticket against a plain walk from day to day that gives the same deadlines, measured in the same run."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from triage.calendar import WorkingCalendar, parse_spans
from triage.clocks import Deadline, Limit, Pause, PauseKind, Stop, deadline, stops_of
from triage.terms import Step

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ROUNDS, TIMES = 7, 300
AIM = 100  # µs for one ticket
SHANGHAI = 8 * HOUR


def local(text: str) -> datetime:
    """A moment on Shanghai's clock, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - SHANGHAI


def calendar() -> WorkingCalendar:
    """2026 as announced around National Day and Spring Festival, with the hours of an office that rests at noon."""
    holidays = [date(2026, 2, 15) + n * DAY for n in range(9)] + [date(2026, 10, 1) + n * DAY for n in range(7)]
    worked = [date(2026, 2, 14), date(2026, 2, 28), date(2026, 9, 20), date(2026, 10, 10)]
    days = dict.fromkeys(holidays, False) | dict.fromkeys(worked, True)
    hours, friday = parse_spans("08:30-12:00;14:00-17:30"), parse_spans("08:30-12:00;14:00-16:30")
    return WorkingCalendar(days, frozenset({2026})).with_unit({date(2026, 9, 30): False}, hours, {5: friday})


def limit(number: int, step: Step, amount: float, unit: str, clock: str) -> Limit:
    """A row of the limits that may be paused."""
    return Limit(number, "*", "", "", "", step, "received", amount, unit, clock, 0.7, "", is_pausable=True)


LIMITS = (
    limit(1, Step.ACCEPT, 120, "minutes", "natural"),
    limit(2, Step.CONTACT, 24, "hours", "natural"),
    limit(3, Step.ARRIVE, 1, "workdays", "working"),
    limit(4, Step.RESOLVE, 4, "workdays", "working"),
    limit(5, Step.REVIEW, 8, "hours", "office"),
    limit(6, Step.CALLBACK, 30, "hours", "office"),
)
EXTENDED = {4: 2 * DAY}
START = local("2026-09-28 15:00")
KINDS = {
    "customer": PauseKind("customer", "客户原因", frozenset(Step), 3 * DAY, ""),
    "weather": PauseKind("weather", "恶劣天气", frozenset({Step.ARRIVE, Step.RESOLVE, Step.CALLBACK}), 2 * DAY, ""),
}
PAUSES = (
    Pause("customer", local("2026-09-28 16:00"), local("2026-09-28 19:00")),
    Pause("weather", local("2026-09-28 18:00"), None, local("2026-09-29 12:00")),
    Pause("customer", local("2026-09-29 14:00"), local("2026-09-30 09:00"), local("2026-10-09 09:00")),
    Pause("weather", local("2026-10-08 10:00")),
)


def ours(of: WorkingCalendar) -> list[Deadline]:
    """The six deadlines as the product computes them, from the pauses as they are kept."""
    nothing = timedelta(0)
    return [deadline(one, START, of, stops=stops_of(PAUSES, KINDS, one.step), extra=EXTENDED.get(one.id, nothing)) for one in LIMITS]


def running(of: WorkingCalendar, clock: str, start: datetime) -> Iterator[Stop]:
    """The spans in which a clock runs, one day after the other, for ever."""
    day = (start + SHANGHAI).date()
    while True:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - SHANGHAI
        own = ((0, 1440),) if clock == "natural" else ()
        if not own and of.is_working(day):
            own = of.weekday_hours.get(day.isoweekday(), of.hours) if clock == "office" else ((0, 1440),)
        for begin, end in own:
            if midnight + end * MINUTE > start:
                yield max(start, midnight + begin * MINUTE), midnight + end * MINUTE
        day += DAY


def open_parts(begin: datetime, end: datetime, stops: tuple[Stop, ...]) -> Iterator[Stop]:
    """What the stops leave of a span."""
    for stopped, resumed in stops:
        if stopped < end and resumed > begin:
            if stopped > begin:
                yield begin, stopped
            begin = resumed
    if begin < end:
        yield begin, end


def walk(of: WorkingCalendar, clock: str, start: datetime, length: timedelta, stops: tuple[Stop, ...]) -> datetime:
    """The moment at which so much is counted, by walking there."""
    for begin, end in running(of, clock, start):
        for first, last in open_parts(begin, end, stops):
            if length <= last - first:
                return first + length
            length -= last - first
    raise AssertionError("the walk has no end")


def walked(of: WorkingCalendar) -> list[tuple[datetime, datetime]]:
    """The yardstick: due and yellow of the six clocks, walked."""
    found = []
    for one in LIMITS:
        stops, length = stops_of(PAUSES, KINDS, one.step), one.length + EXTENDED.get(one.id, timedelta(0))
        found.append((walk(of, one.clock, START, length, stops), walk(of, one.clock, START, length * one.yellow_at, stops)))
    return found


def microseconds(work: Callable[[], object]) -> float:
    """The median time of one call, the best of several rounds, since others use the machine too."""
    medians = []
    for _ in range(ROUNDS):
        times = []
        for _ in range(TIMES):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        medians.append(statistics.median(times) * 1e6)
    return min(medians)


def main() -> None:
    """Check that both say the same, and print the times and their ratio."""
    of = calendar()
    began = time.perf_counter()
    mine = ours(of)
    first = (time.perf_counter() - began) * 1e6
    if [(one.due_at, one.yellow_at) for one in mine] != walked(of):
        raise SystemExit("the deadlines are not those of the walk")
    fast, slow = microseconds(lambda: ours(of)), microseconds(lambda: walked(of))
    print(
        f"one ticket of {len(LIMITS)} clocks, {len(PAUSES)} pauses and an extension: {fast:.0f} µs median (aim {AIM}), "
        f"a plain walk from day to day {slow:.0f}; ratio {fast / slow:.2f}; the very first of a new calendar {first:.0f}"
    )
    far = limit(9, Step.RESOLVE, 250, "workdays", "working")
    fast = microseconds(lambda: deadline(far, START, of))
    slow = microseconds(lambda: (walk(of, "working", START, far.length, ()), walk(of, "working", START, far.length * 0.7, ())))
    print(f"one clock of 250 working dates, no pause: {fast:.1f} µs, the walk {slow:.0f}; ratio {fast / slow:.3f}")


if __name__ == "__main__":
    main()
