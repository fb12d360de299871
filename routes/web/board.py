"""The board (看板): timeliness and service quality beside earlier periods, trends, units, kinds, times; each figure opens down to its tickets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.request import now, require, rules, store
from routes.web.blueprint import blueprint
from triage import board, metrics, sign_off
from triage.errors import Forbidden, InvalidInput, Problem
from triage.figures import MET, Figure, Opens, Reading
from triage.moments import in_shanghai, read_day
from triage.report import LESS_IS_BETTER, NEITHER_IS_BETTER, QUALITY
from triage.store.facts import DIMENSIONS, NAMES
from triage.store.rollups import EVERYTHING
from triage.terms import Channel, Finding, Role, Satisfaction, Step, Watch
from triage.texts import clean
from triage.timeliness import period_of

READERS = (Role.AUDITOR, Role.LEADER, Role.ADMIN, Role.DISPATCHER)
ON_PAGE = 100
KINDS = {"department": "责任部门", "topic": "主题", "demand_type": "诉求类型", "channel": "受理渠道", "agent": "受理坐席", "trait": "特征"}
TRAITS = {
    "machine": "自动",
    "person": "人工",
    "agent": "坐席",
    "dispatcher": "派单员",
    "merged": "已合并",
    "withdrawn": "已撤诉",
    "exempt": "经批准剔除",
    **{kind.value: kind.label for kind in Finding},
}


@dataclass(frozen=True)
class View:
    """What is asked for in the address: period, unit, whose clock, the metric or step looked at, the kind to break down by."""

    reading: Reading
    unit: str
    watch: Watch
    metric: str
    step: str
    dimension: str

    @property
    def query(self) -> dict[str, str]:
        """The same view in an address."""
        given = {"since": self.reading.first_on, "until": self.reading.last_on, "unit": self.unit, "watch": self.watch.value}
        return {name: str(value) for name, value in (given | {"metric": self.metric, "step": self.step, "by": self.dimension}).items() if value}

    @property
    def compute(self) -> Callable[[Reading], list[Figure]]:
        """The metric looked at; timeliness is that of one step."""
        if self.metric == "timeliness":
            return partial(metrics.timeliness, watch=self.watch, steps=(Step(self.step),))
        return metrics.METRICS[self.metric]

    @property
    def less_is_better(self) -> bool:
        """Whether a smaller share is the better one."""
        return self.metric in LESS_IS_BETTER


def asked() -> View:
    """Read the address: whole days of this month, all that the user may see, the reply to the customer, unless it says otherwise.

    Raises:
        InvalidInput: something in it is not one of what there is.
        Forbidden: the unit is not below the leader's.
    """
    require(*READERS)
    first, last = board.default_period(now())
    since, until = clean(request.args.get("since", "")), clean(request.args.get("until", ""))
    period = period_of(read_day(since, "since") if since else first, read_day(until, "until") if until else max(last, first))
    unit = own_unit(clean(request.args.get("unit", "")))
    watch = Watch(chosen("watch", [one.value for one in Watch], Watch.CUSTOMER.value))
    metric = chosen("metric", ["timeliness", *QUALITY], "timeliness")
    step = chosen("step", [one.value for one in Step], Step.RESOLVE.value)
    reading = Reading(store(), period.first, period.last, now(), (unit,))
    return View(reading, unit, watch, metric, step, chosen("by", DIMENSIONS, "department"))


def chosen(name: str, possible: Sequence[str], default: str) -> str:
    """Read one of several values of the address.

    Raises:
        InvalidInput: it is none of them.
    """
    value = clean(request.args.get(name, "")) or default
    if value not in possible:
        raise InvalidInput(Problem(name, f"“{value}”不在可选范围：{'、'.join(possible)}"))
    return value


def own_unit(asked_for: str) -> str:
    """Give the unit to look at: a leader sees their own and what is below it, the others everything.

    Raises:
        InvalidInput: there is no such unit.
        Forbidden: it is not below the leader's.
    """
    unit = asked_for or (g.user.unit_code if g.user.role is Role.LEADER else EVERYTHING)
    if unit and unit not in {row["code"] for row in store().units()}:
        raise InvalidInput(Problem("unit", f"没有供电单位 {unit}，请从列表中选择"))
    if g.user.role is Role.LEADER and not store().is_under(unit, g.user.unit_code):
        raise Forbidden("只能查看本单位及下属单位的统计")
    return unit


def path_to(unit: str) -> list[tuple[str, str]]:
    """Give the units from the topmost that the user may see down to one, with their names."""
    units = {row["code"]: row for row in store().units()}
    way = []
    while unit:
        way.append((unit, units[unit]["name"]))
        unit = units[unit]["parent_code"] or ""
    top = g.user.unit_code if g.user.role is Role.LEADER else EVERYTHING
    codes = [code for code, _ in way]
    own = way[: codes.index(top) + 1] if top in codes else [*way, (EVERYTHING, "全部")]
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
    return url_for("pages.board_list", measures=",".join(opens.measures), **values)


def kind_name(dimension: str, value: str) -> str:
    """Give the name of a kind."""
    if dimension == "department":
        return rules().departments.get(value, value)
    if dimension == "topic":
        return rules().topics[value].name if value in rules().topics else value
    if dimension == "demand_type":
        return rules().demand_types.get(value, value)
    if dimension == "channel":
        return Channel(value).label
    return TRAITS.get(value, value)


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
    """Show a metric day by day with control limits."""
    view = asked()
    points = board.trend(view.compute, view.reading)
    return shown("trend", view, points=points, is_weekly=any(one.figure.of_n.first_on != one.figure.of_n.last_on for one in points))


@blueprint.get("/board/units")
def board_units() -> ResponseReturnValue:
    """Show the units below one side by side, ranked with their intervals."""
    view = asked()
    below = tuple(board.children(store(), view.unit))
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
    durations = metrics.durations(view.reading, view.watch)
    of_step = next((one for one in durations if one.step == view.step), None)
    wanted = view.reading.wanted(())
    starts = store().open_starts(view.watch.value, view.step, (view.unit,), wanted.since, wanted.until, now())
    ages = [(now() - start).total_seconds() for start in starts]
    curve = board.survival(of_step.classes if of_step else (), ages)
    return shown("times", view, durations=durations, of_step=of_step, curve=curve, still_open=len(ages), heat=board.heat(view.reading))


@blueprint.get("/board/list")
def board_list() -> ResponseReturnValue:
    """List exactly the facts that a figure counts, a page at a time."""
    require(*READERS)
    opens = read_opens(request.args)
    skip = request.args.get("skip", "0")
    skipped = int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 8 else 0
    rows = store().figure_list(opens.wanted(), now(), met=opens.met, most=ON_PAGE, skip=skipped)
    total = store().count_figure_list(opens.wanted(), now(), met=opens.met)
    here = link(opens)
    return render_template(
        "pages/board_list.html", opens=opens, rows=rows, total=total, skipped=skipped, on_page=ON_PAGE, here=here, kind_name=kind_name, kinds=KINDS
    )


def read_opens(args: Mapping[str, str]) -> Opens:
    """Read what to list from an address.

    Raises:
        InvalidInput: there is no such measure, day, unit or kind.
        Forbidden: the unit is not below the leader's.
    """
    measures = tuple(one for one in clean(args.get("measures", "")).split(",") if one)
    if not measures or not all(is_measure(one) for one in measures):
        raise InvalidInput(Problem("measures", "统计项不对，请从看板的数字点开"))
    today = in_shanghai(now()).date()
    period = period_of(day("since", args, today), day("until", args, today))
    dimension = chosen("by", ["", *DIMENSIONS], "")
    unit = own_unit(clean(args.get("unit", "")))
    return Opens(measures, period.first, period.last, chosen("met", MET, ""), unit, dimension, clean(args.get("value", "")))


def day(name: str, args: Mapping[str, str], default: date) -> date:
    """Read a day of an address."""
    value = clean(args.get(name, ""))
    return read_day(value, name) if value else default


def is_measure(name: str) -> bool:
    """Say whether there is a measure of that name."""
    head, *parts = name.split(".")
    if head not in NAMES:
        return False
    if head not in ("due", "duration"):
        return not parts
    return len(parts) == 2 and parts[0] in list(Watch) and parts[1] in list(Step)


@blueprint.get("/board/definitions")
def board_definitions() -> ResponseReturnValue:
    """Say how each metric is computed, in the words of the function that computes it."""
    require(*READERS)
    rows = store().metric_rows()
    codes = [*rows, "excluded"]
    return render_template("pages/board_definitions.html", rows=rows, codes=codes, definition=metrics.definition, answers=list(Satisfaction))
