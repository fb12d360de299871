"""China's working dates, make-up days (调休) included, and time counted on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from triage.moments import in_shanghai, start_of

DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True)
class WorkingCalendar:
    """Which dates are worked.

    `days` holds the announced exceptions (holidays and make-up days) of the `announced` years; `fixed` holds (month, day) of
    the holidays that fall on the same date every year, which is all that is known of a year before the State Council announces it.
    """

    days: Mapping[date, bool] = field(default_factory=dict)
    announced: frozenset[int] = frozenset()
    fixed: frozenset[tuple[int, int]] = frozenset()

    def is_working(self, day: date) -> bool:
        """Say whether a date is worked; in a year not yet announced by weekday and fixed holidays."""
        if day in self.days:
            return self.days[day]
        if day.year not in self.announced and (day.month, day.day) in self.fixed:
            return False
        return day.weekday() < SATURDAY

    def is_confirmed(self, start: datetime, end: datetime) -> bool:
        """Say whether every date from start to the end (a span's very end, 24:00, belongs to the day before) is of an announced year."""
        first = in_shanghai(start).year
        last = in_shanghai(max(start, end - timedelta(microseconds=1))).year
        return all(year in self.announced for year in range(first, last + 1))

    def add(self, start: datetime, working: timedelta) -> datetime:
        """Give the moment at which `working` time has passed since `start`.

        The clock runs through all 24 hours of working dates and stands still on others:
        4 days from 15:00 on a working date end at 15:00 on the fourth working date after it; from a Sunday, at 24:00 of the fourth working date
        (`domain/README.md` of the trade's tables: how a working clock counts).
        """
        moment, left = start, working
        day = in_shanghai(start).date()
        while True:
            end_of_day = start_of(day + DAY)
            if self.is_working(day):
                span = end_of_day - moment
                if left <= span:
                    return moment + left
                left -= span
            day, moment = day + DAY, end_of_day
