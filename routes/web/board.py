"""The board (看板): timeliness and service quality beside earlier periods, trends, units, kinds, times; each figure opens down to its tickets."""

from dataclasses import replace
from functools import partial
from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.board import KINDS, READERS, TOOK_NAMES, View, asked, chosen, kind_name, own_unit, read_opens
from routes.request import now, require, store
from routes.web.blueprint import blueprint
from routes.web.paging import ON_PAGE, skipped
from triage import board, metrics, quality_events, sign_off
from triage.figures import Opens
from triage.report import LESS_IS_BETTER, NEITHER_IS_BETTER, QUALITY
from triage.store.rollups import EVERYTHING
from triage.terms import Role, Satisfaction, Step
from triage.texts import clean
from triage.wording import say


def path_to(unit: str) -> list[tuple[str, str]]:
    """Give the units from the topmost that the user may see down to one, with their names."""
    units = {row["code"]: row for row in store().units()}
    way = []
    while unit:
        way.append((unit, units[unit]["name"]))
        unit = units[unit]["parent_code"] or ""
    top = g.user.unit_code if g.user.role is Role.LEADER else EVERYTHING
    codes = [code for code, _ in way]
    own = way[: codes.index(top) + 1] if top in codes else [*way, (EVERYTHING, say("All"))]
    return own[::-1]


def shown(template: str, view: View, **values: Any) -> str:
    """Show a page of the board."""
    names = {code: row["name"] for code, row in store().metric_rows().items()}
    return render_template(
        f"pages/board_{template}.html",
        view=view,
        period=view.reading,
        page=template,
        path=path_to(view.unit),
        names=names,
        quality=QUALITY,
        kinds=KINDS,
        definition=metrics.definition,
        link=link,
        kind_name=kind_name,
        less_is_better=LESS_IS_BETTER,
        neither_is_better=NEITHER_IS_BETTER,
        is_stale=store().figures_are_stale(),
        covers_today=view.reading.last_on >= view.reading.today,
        **values,
    )


def link(opens: Opens) -> str:
    """Give the address of the list behind a number."""
    given = {"since": opens.first_on, "until": opens.last_on, "unit": opens.unit_code, "met": opens.met, "by": opens.dimension, "value": opens.value}
    values: dict[str, Any] = {name: str(value) for name, value in given.items() if value}
    if opens.weekday is not None:
        values["weekday"] = opens.weekday
    return url_for("pages.board_list", measures=",".join(opens.measures), **values)


def cases(behind: metrics.Behind) -> str:
    """Give the address of the cases that a line of the service index deducts for; nothing for a role that does not read them."""
    if g.user.role not in quality_events.READERS:
        return ""
    days: dict[str, Any] = {"since": behind.first_on.isoformat(), "until": behind.last_on.isoformat(), "unit": behind.unit_code or None}
    if behind.kind == "untrue":
        return url_for("pages.audit_untrue", **days)
    return url_for("pages.audit_events", kind=behind.kind, valid="yes", **days)


@blueprint.get("/board")
def board_overview() -> ResponseReturnValue:
    """Show what is open now, timeliness step by step and the quality of service, beside the period before and last year."""
    view = asked()
    steps = board.compared(partial(metrics.timeliness, watch=view.watch), view.reading)
    order = list(Step)
    quality = [(code, one) for code in QUALITY for one in board.compared(metrics.METRICS[code], view.reading)]
    return shown(
        "overview",
        view,
        open_now=board.open_now(store(), (view.unit,), now()),
        steps=sorted(steps, key=lambda one: order.index(Step(one.figure.step))),
        quality_rows=quality,
        per_10k=metrics.per_10k_customers(view.reading)[0],
        index=metrics.service_index(view.reading),
        cases=cases,
        excluded=metrics.excluded(view.reading),
        funnel=board.funnel(view.reading, view.watch.value),
        signed=signed_with(view),
    )


def signed_with(view: View) -> tuple[sign_off.SignOff, int] | None:
    """Give the signature of the period and unit looked at, with how many figures differ from it today; None where nobody signed it."""
    made = sign_off.signed(view.unit, view.reading.first_on, view.reading.last_on, store())
    return (made, len(sign_off.differences(made, store=store(), now=now()))) if made else None


@blueprint.get("/board/trend")
def board_trend() -> ResponseReturnValue:
    """Show a metric day by day, or by week or month where there are few cases, with control limits."""
    view = asked()
    points = board.trend(view.compute, view.reading)
    a_year = board.last_twelve_months(now())
    judged = sum(1 for one in points if one.limits)
    enough, span = board.enough_to_judge(points), points[0].span if points else "day"
    return shown("trend", view, points=points, span=span, is_thin=2 * judged < len(points), has_limits=judged > 0, enough=enough, a_year=a_year)


@blueprint.get("/board/units")
def board_units() -> ResponseReturnValue:
    """Show the units below one side by side, ranked with their intervals."""
    view = asked()
    below = tuple(board.side_by_side(store(), view.unit))
    figures = view.compute(replace(view.reading, units=below, by=("unit_code",))) if below else []
    ranked = board.ranking(figures)
    if view.less_is_better:
        ranked = replace(ranked, units=ranked.units[::-1])
    return shown("units", view, ranked=ranked, is_lowest=not below, has_below={code: bool(board.children(store(), code)) for code in below})


@blueprint.get("/board/kinds")
def board_kinds() -> ResponseReturnValue:
    """Show a metric by kind (department, topic, …), beside the period before and last year, and the most frequent kinds."""
    view = asked()
    rows = board.compared(view.compute, replace(view.reading, dimension=view.dimension, by=("value",)))
    return shown("kinds", view, rows=rows, pareto=board.pareto(view.reading, dimension="topic"))


@blueprint.get("/board/times")
def board_times() -> ResponseReturnValue:
    """Show how long steps take, how many are still open after how long, and when the calls come."""
    view = asked()
    cell = partial(board.of_heat, view.reading)
    return shown("times", view, times=board.times(view.reading, view.watch, view.step, view.took), cell=cell, took_names=TOOK_NAMES)


@blueprint.get("/board/open")
def board_open() -> ResponseReturnValue:
    """List exactly the open tickets that a number of “此刻在办” counts, a page at a time."""
    require(*READERS)
    unit, zone = own_unit(clean(request.args.get("unit", ""))), chosen("zone", board.OPEN_ZONES, "")
    counts, at = board.open_now(store(), (unit,), now()), skipped()
    return render_template(
        "pages/board_open.html",
        rows=board.open_list(store(), unit, zone, now(), most=ON_PAGE, skip=at),
        total=counts.of(zone),
        skip=at,
        on_page=ON_PAGE,
        unit=unit,
        zone=zone,
        red_today=board.RED_TODAY,
    )


@blueprint.get("/board/list")
def board_list() -> ResponseReturnValue:
    """List exactly the facts that a figure counts, a page at a time."""
    require(*READERS)
    opens = read_opens(request.args)
    at = skipped()
    rows = store().figure_list(opens.wanted(), now(), met=opens.met, most=ON_PAGE, skip=at)
    total = store().count_figure_list(opens.wanted(), now(), met=opens.met)
    here = link(opens)
    return render_template(
        "pages/board_list.html", opens=opens, rows=rows, total=total, skipped=at, on_page=ON_PAGE, here=here, kind_name=kind_name, kinds=KINDS
    )


@blueprint.get("/board/definitions")
def board_definitions() -> ResponseReturnValue:
    """Say how each metric is computed, in the words of the function that computes it."""
    require(*READERS)
    rows = store().metric_rows()
    codes = [*rows, "excluded"]
    return render_template("pages/board_definitions.html", rows=rows, codes=codes, definition=metrics.definition, answers=list(Satisfaction))
