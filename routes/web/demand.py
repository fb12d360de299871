"""The demand side on the board: the transformer areas where demand outgrows supply, each number opening to its tickets."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.board import KINDS, READERS, View, asked, chosen, kind_name
from routes.request import require
from routes.web.blueprint import blueprint
from routes.web.board import shown
from routes.web.paging import ON_PAGE, skipped
from triage import board, demand
from triage.figures import Opens
from triage.texts import clean

MOST_SHOWN = 100


@blueprint.get("/board/demand")
def board_demand() -> ResponseReturnValue:
    """Show the transformer areas by how many demands of capacity, voltage, reliability and price they have; a year, for its seasons."""
    view = asked(board.last_twelve_months)
    places = demand.places(view.reading)
    return shown(
        "demand",
        view,
        places=places[:MOST_SHOWN],
        total=len(places),
        hint=lambda place: demand.hint(place, places),
        demand_kinds=demand.kinds(),
        topics=demand.topics(),
        bands=demand.BANDS,
        seasons=demand.SEASONS,
        rule=demand.RULE,
        demands_link=lambda place, **more: demands_link(view, place.area, place.unit_code, **more),
    )


def demands_link(view: View, area: str, area_unit: str, **more: str) -> str:
    """Give the address of the list behind a count of an area."""
    since, until = view.reading.first_on.isoformat(), view.reading.last_on.isoformat()
    given: dict[str, Any] = {"since": since, "until": until, "unit": view.unit, "area": area, "area_unit": area_unit, **more}
    return url_for("pages.demand_list", **{name: value for name, value in given.items() if value})


@blueprint.get("/board/demand/list")
def demand_list() -> ResponseReturnValue:
    """List exactly the tickets that a count of an area stands for, a page at a time."""
    require(*READERS)
    view = asked(board.last_twelve_months)
    narrowed = {
        "kind": chosen("kind", ["", *demand.kinds()], ""),
        "band": chosen("band", ["", *demand.BANDS], ""),
        "season": chosen("season", ["", *demand.SEASONS], ""),
    }
    place = (clean(request.args.get("area", "")), clean(request.args.get("area_unit", "")))
    rows = demand.listed(view.reading, place, **narrowed)
    at = skipped()
    opens = Opens(("received",), view.reading.first_on, view.reading.last_on, unit_code=view.unit)
    here = demands_link(view, *place, **narrowed)
    shown_as = {"opens": opens, "rows": rows[at : at + ON_PAGE], "total": len(rows), "skipped": at, "on_page": ON_PAGE, "here": here}
    return render_template("pages/board_list.html", **shown_as, kind_name=kind_name, kinds=KINDS)
