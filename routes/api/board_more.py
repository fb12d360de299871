"""What else stands on the board, as JSON: satisfaction and surveys, the demand side, signed periods with what differs from them today."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from routes.api import board_json as shape
from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.board import ON_PAGE, PERIOD, read
from routes.api.read import one_of, read_limit, read_query, whole
from routes.board import READERS, TIMELY, View, own_unit
from routes.request import now, require, store
from triage import board, demand, sign_off, surveys
from triage.errors import Forbidden
from triage.figures import Figure
from triage.store.rollups import Sum
from triage.wording import say

LISTS = ("skip", "limit")


@blueprint.get("/board/satisfaction")
def board_satisfaction() -> ResponseReturnValue:
    """Give the answers on return visits month by month, surveys beside last year's (a page, `count` in all), and what answers go with."""
    query = read_query(*PERIOD, *LISTS)
    view, most, skip = read(*query), read_limit(query["limit"], ON_PAGE), whole("skip", query["skip"])
    known = {dimension: shape.names(dimension) for dimension in ("topic", "department")}
    return {
        **shape.head(view, "satisfaction"),
        "months": [month(one) for one in surveys.months(view.reading)],
        "surveys": [survey(one, show.unit_names()) for one in surveys.surveys(view.unit, store(), most, skip)],
        "count": store().count_surveys(view.unit),
        "by_timeliness": [by_timeliness(view, code, one) for code, one in surveys.by_timeliness(view.reading).items()],
        **{f"by_{name}": [shape.figure(one, known[name]) for one in surveys.by_kind(view.reading, name)] for name in known},
    }


def month(one: surveys.Month) -> dict[str, Any]:
    """A month's answers beside those of the same days a year before."""
    now_and_then = {"last_year": shape.counts(one.last_year), "since_last_year": shape.change(one.change)}
    return {"first_on": one.first_on.isoformat(), **(shape.counts(one.figure) or {}), **now_and_then, "list": shape.address(one.figure.of_n)}


def survey(one: surveys.Compared, units: Mapping[str, str]) -> dict[str, Any]:
    """A survey beside the same one a year before; `is_other_kind`: there was one, but it asked otherwise (口径不同)."""
    return {
        **show.row("unit_code", one.survey.unit_code, units),
        **show.term("scope", one.survey.scope),
        **show.term("method", one.survey.method),
        "question": one.survey.question,
        "first_on": one.survey.first_on.isoformat(),
        "last_on": one.survey.last_on.isoformat(),
        "source": one.survey.source,
        **(shape.counts(one.survey.figure) or {}),
        "last_year": shape.counts(one.last_year.figure) if one.last_year else None,
        "since_last_year": shape.change(one.change),
        "is_other_kind": one.is_other_kind,
    }


def by_timeliness(view: View, code: str, one: Figure) -> dict[str, Any]:
    """The answers after a resolution in time, a late one or none."""
    timely = code or "none"
    listed = url_for("api.board_answers", **period(view), timely=timely)
    return {"timely": timely, "timely_label": TIMELY[timely], **(shape.counts(one) or {}), "list": listed}


def period(view: View) -> dict[str, Any]:
    """Days and unit of a view, for an address."""
    given = {"since": view.reading.first_on.isoformat(), "until": view.reading.last_on.isoformat(), "unit": view.unit}
    return {name: value for name, value in given.items() if value}


@blueprint.get("/board/satisfaction/list")
def board_answers() -> ResponseReturnValue:
    """List exactly the answers behind a count by timeliness; `met=yes`: the satisfied ones."""
    query = read_query(*PERIOD, "timely", "met", *LISTS)
    wanted, timely = read(*query).reading.wanted(("satisfaction",)), one_of("timely", query["timely"], TIMELY) or "yes"
    code, met, units = "" if timely == "none" else timely, one_of("met", query["met"], ("yes",)), show.unit_names()
    satisfied, every = store().answers_by_timeliness(wanted).get(code, (0, 0))
    rows = store().answer_list(wanted, code, met, most=read_limit(query["limit"], ON_PAGE), skip=whole("skip", query["skip"]))
    return {"count": satisfied if met else every, "facts": [shape.fact(row, units) for row in rows]}


@blueprint.get("/board/demand")
def board_demand() -> ResponseReturnValue:
    """Give the transformer areas by how many demands of capacity, voltage, reliability and price they have, the most first."""
    query = read_query(*PERIOD, *LISTS)
    view, known = read(*query, usual=board.last_twelve_months), show.unit_names()
    places, skip = demand.places(view.reading), whole("skip", query["skip"])
    shown = places[skip : skip + read_limit(query["limit"], ON_PAGE)]
    found = [{**place(view, one, known), "hint": demand.hint(one, places)} for one in shown]
    return {**shape.head(view), "rule": demand.RULE, "kinds": demand.kinds(), "count": len(places), "places": found}


def place(view: View, one: demand.Place, units: Mapping[str, str]) -> dict[str, Any]:
    """A transformer area (empty where nobody knows it) and its demands."""
    counted = {"kinds": one.kinds, "bands": one.bands, "seasons": one.seasons}
    of = period(view) | {name: value for name, value in (("area", one.area), ("area_unit", one.unit_code)) if value}
    return {"area": one.area, **show.row("area_unit", one.unit_code, units), "n": one.n, **counted, "list": url_for("api.board_demands", **of)}


@blueprint.get("/board/demand/list")
def board_demands() -> ResponseReturnValue:
    """List exactly the tickets behind a count of an area: all, or those of one `kind`, `band` or `season`."""
    query = read_query(*PERIOD, "area", "area_unit", "kind", "band", "season", *LISTS)
    choices: dict[str, Iterable[str]] = {"kind": demand.kinds(), "band": demand.BANDS, "season": demand.SEASONS}
    narrowed = {name: one_of(name, query[name], known) for name, known in choices.items()}
    view = read(*query, usual=board.last_twelve_months)
    rows, skip = demand.listed(view.reading, (query["area"], query["area_unit"]), **narrowed), whole("skip", query["skip"])
    units, most = show.unit_names(), read_limit(query["limit"], ON_PAGE)
    return {"count": len(rows), "facts": [shape.fact(row, units) for row in rows[skip : skip + most]]}


@blueprint.get("/board/signed")
def board_signed() -> ResponseReturnValue:
    """List the signed periods of the unit looked at and those below, the latest first."""
    query = read_query("unit", *LISTS)
    require(*READERS)
    unit, units = own_unit(query["unit"]), show.unit_names()
    made = sign_off.sign_offs(unit, store(), read_limit(query["limit"], ON_PAGE), whole("skip", query["skip"]))
    return {"count": store().count_sign_offs(unit), "signed": [shape.sign_off(one, units) for one in made]}


@blueprint.get("/board/signed/<int:id>")
def board_sign_off(id: int) -> ResponseReturnValue:
    """Give a signed period, and every figure that is not today what was signed."""
    query = read_query(*LISTS)
    require(*READERS)
    made = sign_off.sign_off(id, store())
    if own_unit(made.unit_code) != made.unit_code:  # a leader's own unit stands in for everything
        raise Forbidden(say("Only sign-offs of your own unit and those below it can be seen"))
    found, skip = sign_off.differences(made, store=store(), now=now()), whole("skip", query["skip"])
    unknown = [{"measure": one, "measure_label": sign_off.name_of(one)} for one in sign_off.not_counted_then(made, store())]
    some = found[skip : skip + read_limit(query["limit"], ON_PAGE)]
    return {
        **shape.sign_off(made, show.unit_names()),
        "count": len(found),
        "differences": [difference(one) for one in some],
        "not_counted_then": unknown,
    }


def difference(one: sign_off.Difference) -> dict[str, Any]:
    """A figure as it was signed and as it is today."""
    return {
        "measure": one.measure,
        "measure_label": sign_off.name_of(one.measure),
        "by": one.dimension,
        "value": one.value,
        "signed": summed(one.signed),
        "today": summed(one.today),
        "points": one.points,
        "list": shape.address(one.opens),
    }


def summed(one: Sum) -> dict[str, float]:
    """A sum: how many, how many of them met, what was summed beside."""
    return {"n": one.n, "met": one.met, "amount": one.amount}
