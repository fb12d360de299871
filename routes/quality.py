"""Which quality events and untrue records are asked for, by the pages and the API alike: unit (a leader's own and below), days, kind."""

from collections.abc import Mapping
from datetime import date

from routes.board import chosen, own_unit
from triage.moments import read_day
from triage.quality_events import Asked
from triage.terms import QualityEventKind
from triage.texts import clean
from triage.timeliness import period_of

FIRST, LAST = date(2000, 1, 1), date(2999, 12, 31)
FILTER = ("kind", "unit", "since", "until", "valid")


def asked_events(args: Mapping[str, str]) -> Asked:
    """Read which events are to be listed from an address; every day where none is named.

    Raises:
        InvalidInput: there is no such kind, unit or day, or the period ends before it begins.
        Forbidden: the unit is not below the leader's.
    """
    kind = chosen("kind", ["", *QualityEventKind], "")
    is_valid = chosen("valid", ["", "yes"], "") == "yes"
    first, last = days_of(args)
    return Asked(kind, own_unit(str(clean(args.get("unit", "")))), first, last, is_valid)


def days_of(args: Mapping[str, str]) -> tuple[date, date]:
    """Read `since` and `until` of an address; every day where one is not named.

    Raises:
        InvalidInput: one is no date, or the period is none.
    """
    since, until = (str(clean(args.get(name, ""))) for name in ("since", "until"))
    if since and until:
        period = period_of(read_day(since, "since"), read_day(until, "until"))
        return period.first, period.last
    return read_day(since, "since") if since else FIRST, read_day(until, "until") if until else LAST
