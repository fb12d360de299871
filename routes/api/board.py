"""The board's pages as JSON, from the same functions: figures beside earlier ones, trend, units, kinds, times, and the list behind a number."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from routes.api import board_json as shape
from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import read_limit, read_query, whole
from routes.board import READERS, TOOK_NAMES, View, asked, kind_name, read_opens
from routes.request import now, require, store
from triage import board, metrics, sign_off
from triage.report import QUALITY
from triage.terms import Step

PERIOD = ("since", "until", "unit")
LOOKED_AT = (*PERIOD, "watch", "metric", "step")
ON_PAGE = 100


def read(*known: str, usual: Callable[[datetime], tuple[date, date]] = board.default_period) -> View:
    """Read the query; other names than these are refused, and days that are not given are the `usual` ones.

    Raises:
        InvalidInput: a name is unknown, or a value is none of those that there are.
        Forbidden: the role may not, or the unit is not below the leader's.
    """
    read_query(*known)
    return asked(usual)


@blueprint.get("/board")
def board_overview() -> ResponseReturnValue:
    """Give what is open now, timeliness step by step and the quality of service, beside the period before and last year."""
    view = read(*PERIOD, "watch")
    known, order = shape.names(), list(Step)
    steps = board.compared(partial(metrics.timeliness, watch=view.watch), view.reading)
    quality = [one for code in QUALITY for one in board.compared(metrics.METRICS[code], view.reading)]
    return {
        **shape.head(view, "timeliness", *QUALITY, "per_10k_customers", "service_index", "excluded"),
        "open_now": open_now(view),
        "steps": [shape.compared(one, known) for one in sorted(steps, key=lambda one: order.index(Step(one.figure.step)))],
        "quality": [shape.compared(one, known) for one in quality],
        "per_10k_customers": per_10k(view),
        "service_index": service_index(view, known),
        "excluded": [{**shape.value_of("trait", one.why), "n": one.n, "list": shape.address(one.of_n)} for one in metrics.excluded(view.reading)],
        "funnel": [stage(one) for one in board.funnel(view.reading, view.watch.value)],
        "signed": signed(view, known),
    }


def open_now(view: View) -> dict[str, int]:
    """What is open at this moment, by the zone of the worst clock."""
    found = board.open_now(store(), (view.unit,), now())
    return {"total": found.total, **{zone.value: count for zone, count in found.zones.items()}, "red_today": found.red_today}


def per_10k(view: View) -> dict[str, Any]:
    """Complaints for each 10,000 customers; null where nobody has imported how many there are."""
    one = metrics.per_10k_customers(view.reading)[0]
    as_of = one.as_of_on.isoformat() if one.as_of_on else None
    listed = shape.address(one.complaints.of_n)
    return {"complaints": one.complaints.n, "customers": one.customers, "customers_as_of": as_of, "value": one.value, "list": listed}


def service_index(view: View, known: shape.Names) -> dict[str, Any]:
    """The service index line by line."""
    index = metrics.service_index(view.reading)
    lines = [
        {
            "label": line.label,
            "points": line.points,
            "note": line.note,
            "figure": shape.figure(line.figure, known) if line.figure else None,
            **shape.cases(line.behind),
        }
        for line in index.lines
    ]
    return {"value": index.value, "lines": lines}


def stage(one: board.Stage) -> dict[str, Any]:
    """A step of the funnel."""
    return {**show.term("step", Step(one.step)), "due": one.due, "ended": one.ended, "met": one.met, "list": shape.address(one.of_due)}


def signed(view: View, known: shape.Names) -> dict[str, Any] | None:
    """Who signed the period and how many figures differ from it today; null where nobody did."""
    made = sign_off.signed(view.unit, view.reading.first_on, view.reading.last_on, store())
    if made is None:
        return None
    return {**shape.sign_off(made, known.units), "differences": len(sign_off.differences(made, store=store(), now=now()))}


@blueprint.get("/board/trend")
def board_trend() -> ResponseReturnValue:
    """Give a metric day by day (or by week or month: `span`) with control limits."""
    view, known = read(*LOOKED_AT), shape.names()
    return {**shape.head(view, view.metric), "points": [shape.point(one, known) for one in board.trend(view.compute, view.reading)]}


@blueprint.get("/board/units")
def board_units() -> ResponseReturnValue:
    """Give the units right below one (the province's, where none is named): those with enough cases ranked, with the places that chance allows."""
    view, known = read(*LOOKED_AT), shape.names()
    below = tuple(board.side_by_side(store(), view.unit))
    ranked = board.ranking(view.compute(replace(view.reading, units=below, by=("unit_code",))) if below else [])
    units = ranked.units[::-1] if view.less_is_better else ranked.units
    return {
        **shape.head(view, view.metric),
        "ranked": [{**shape.figure(one, known), "places": ranked.places[one.unit_code]} for one in units],
        "too_few": [shape.figure(one, known) for one in ranked.too_few],
    }


@blueprint.get("/board/kinds")
def board_kinds() -> ResponseReturnValue:
    """Give a metric by kind, beside the period before and last year, and the most frequent topics."""
    view = read(*LOOKED_AT, "by")
    known = shape.names(view.dimension)
    rows = board.compared(view.compute, replace(view.reading, dimension=view.dimension, by=("value",)))
    pareto = [
        {"topic": one.value, "topic_label": kind_name("topic", one.value), "n": one.n, "together": one.together, "list": shape.address(one.opens)}
        for one in board.pareto(view.reading, dimension="topic")
    ]
    return {**shape.head(view, view.metric), "by": view.dimension, "rows": [shape.compared(one, known) for one in rows], "pareto": pareto}


@blueprint.get("/board/times")
def board_times() -> ResponseReturnValue:
    """Give how long steps take, how many of one are still open after how long, and the tickets received by weekday and hour."""
    view = read(*PERIOD, "watch", "step", "time")
    found = board.times(view.reading, view.watch, view.step, view.took)
    return {
        **shape.head(view, "durations"),
        **show.row("time", view.took, TOOK_NAMES),
        "durations": shape.durations(found.durations),
        **show.term("step", Step(view.step)),
        "still_open": found.still_open,
        "survival": [{"after_seconds": one.after, "share": one.share, "at_risk": one.at_risk} for one in found.curve if one.at_risk],
        "received_by_weekday_and_hour": found.heat,
    }


@blueprint.get("/board/list")
def board_facts() -> ResponseReturnValue:
    """List exactly the facts that a figure counts, from the earliest; `count` is of all of them."""
    require(*READERS)
    query = read_query("measures", *PERIOD, "met", "by", "value", "skip", "limit")
    opens, most, skip = read_opens(request.args), read_limit(query["limit"], ON_PAGE), whole("skip", query["skip"])
    units = show.unit_names()
    rows = store().figure_list(opens.wanted(), now(), met=opens.met, most=most, skip=skip)
    total = store().count_figure_list(opens.wanted(), now(), met=opens.met)
    return {"count": total, "facts": [shape.fact(row, units) for row in rows]}
