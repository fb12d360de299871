"""Moments: UTC inside, Asia/Shanghai at the edges; one without a zone is refused."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from triage.errors import InvalidInput, Problem
from triage.wording import say

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)


def in_utc(moment: datetime) -> datetime:
    """Give the same moment in UTC.

    Raises:
        InvalidInput: the moment has no zone, so that nobody can know which moment it is.
    """
    if moment.tzinfo is None:
        raise InvalidInput(
            Problem("moment", say("The time {moment} has no time zone; write it as 2026-11-23T15:00+08:00", moment=moment.isoformat()))
        )
    return moment.astimezone(UTC)


def in_shanghai(moment: datetime) -> datetime:
    """Give the same moment on the clock of Asia/Shanghai."""
    return in_utc(moment).astimezone(SHANGHAI)


def floor_minute(moment: datetime) -> datetime:
    """Cut the seconds off."""
    return moment.replace(second=0, microsecond=0)


def start_of(day: date) -> datetime:
    """00:00 of a date in Shanghai, as UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def read_day(value: str, field: str) -> date:
    """Read a date like 2026-11-23.

    Raises:
        InvalidInput: it is not a date.
    """
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise InvalidInput(Problem(field, say("“{value}” is not a date; write it as 2026-11-23", value=value))) from None


def read_moment(value: str, field: str) -> datetime:
    """Read an ISO moment; one without a zone is a wall-clock time in Shanghai, as people write it.

    Raises:
        InvalidInput: it is not a moment.
    """
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise InvalidInput(Problem(field, say("“{value}” is not a time; write it as 2026-11-23 15:00", value=value))) from None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except OverflowError:
        raise InvalidInput(Problem(field, say("“{value}” is outside the years that can be used", value=value))) from None
