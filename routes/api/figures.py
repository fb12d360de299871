"""The timeliness figures, each with the list of exactly the steps that it counts."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import one_of, read_query, whole
from routes.board import READERS, own_unit
from routes.request import now, require, rules, store
from triage.moments import in_shanghai, read_day
from triage.terms import Level, State, Step, Watch
from triage.timeliness import NOBODY, Figure, Period, opened, period_of, timeliness

YES_OR_NO = ("yes", "no")


def asked(query: Mapping[str, str]) -> tuple[Period, Watch]:
    """Read period and clock: this month to date on the customer's clock unless the query says otherwise.

    Raises:
        InvalidInput: a date is no date, the period is no period, or there is no such clock.
    """
    today = in_shanghai(now()).date()
    first = read_day(query["since"], "since") if query["since"] else today.replace(day=1)
    last = read_day(query["until"], "until") if query["until"] else max(today, first)
    return period_of(first, last), Watch(one_of("watch", query["watch"], Watch) or Watch.CUSTOMER)


def head(period: Period, watch: Watch) -> dict[str, Any]:
    """Say what was counted."""
    return {"since": period.first.isoformat(), "until": period.last.isoformat(), **show.term("watch", watch)}


def figure(one: Figure) -> dict[str, Any]:
    """A figure as JSON."""
    return {
        **show.term("step", one.step),
        **show.row("department", one.department, rules().departments),
        "is_by_machine": one.is_by_machine,
        "due": one.due,
        "met": one.met,
        "missed": one.missed,
        "still_open": one.still_open,
        "rate": round(one.rate, 6),
    }


def counted(one: Mapping[Any, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """A step that a figure counts."""
    return {
        "ticket": one["ticket_number"],
        **show.read_term("step", Step, one["step"]),
        **show.about(one["topic"], one["demand_type"], one["department"]),
        **show.row("unit_code", one["unit_code"], units),
        **show.read_term("state", State, one["state"]),
        **show.read_term("level", Level, one["level"]),
        "is_by_machine": one["is_by_machine"],
        "is_met": bool(one["is_met"]),
        "is_confirmed": one["is_confirmed"],
        "limit": one["limit_text"],
        **{name: show.moment(one[name]) for name in ("started_at", "due_at", "ended_at")},
    }


@blueprint.get("/timeliness")
def rates() -> ResponseReturnValue:
    """Give the rate per step and department, dispatches by machine and by hand apart; a leader's are those of the own unit."""
    require(*READERS)
    period, watch = asked(read_query("since", "until", "watch"))
    return {**head(period, watch), "figures": [figure(one) for one in timeliness(store(), period, watch, now(), own_unit(""))]}


@blueprint.get("/timeliness/steps")
def counted_steps() -> ResponseReturnValue:
    """List the steps that a figure counts, 500 at a time (`skip`); `count` is of all of them."""
    require(*READERS)
    query = read_query("since", "until", "watch", "step", "department", "machine", "met", "skip")
    period, watch = asked(query)
    found = opened(
        store(),
        period,
        watch,
        now(),
        step=one_of("step", query["step"], Step),
        department=one_of("department", query["department"], [*rules().departments, NOBODY]),
        machine=one_of("machine", query["machine"], YES_OR_NO),
        met=one_of("met", query["met"], (*YES_OR_NO, "open")),
        unit_code=own_unit(""),
        skip=whole("skip", query["skip"]),
    )
    units = show.unit_names()
    return {**head(period, watch), "count": found.total, "steps": [counted(row, units) for row in found.rows]}
