"""Satisfaction on the board: answers month by month, surveys beside last year's of the same kind, and what the answers go with."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.board import KINDS, READERS, TIMELY, View, asked, chosen, kind_name, read_opens
from routes.request import require, store
from routes.web.blueprint import blueprint
from routes.web.board import shown
from routes.web.paging import ON_PAGE, skipped
from triage import surveys


@blueprint.get("/board/satisfaction")
def board_satisfaction() -> ResponseReturnValue:
    """Show 回访满意率 by month, the surveys, and the answers by timeliness, topic and department."""
    view, skip = asked(), skipped()
    return shown(
        "satisfaction",
        view,
        months=surveys.months(view.reading),
        surveys=surveys.surveys(view.unit, store(), ON_PAGE, skip),
        skipped=skip,
        on_page=ON_PAGE,
        total=store().count_surveys(view.unit),
        by_timeliness=surveys.by_timeliness(view.reading),
        by_kind={dimension: surveys.by_kind(view.reading, dimension) for dimension in ("topic", "department")},
        timely=TIMELY,
        answers_link=lambda timely, met: answers_link(view, timely or "none", met),
    )


def answers_link(view: View, timely: str, met: str, **more: Any) -> str:
    """Give the address of the list behind a count of answers."""
    since, until = view.reading.first_on.isoformat(), view.reading.last_on.isoformat()
    given = {"since": since, "until": until, "unit": view.unit, "measures": "satisfaction", "timely": timely, "met": met}
    return url_for("pages.satisfaction_list", **{name: value for name, value in (given | more).items() if value})


@blueprint.get("/board/satisfaction/list")
def satisfaction_list() -> ResponseReturnValue:
    """List exactly the answers that stand behind a count by timeliness, a page at a time."""
    require(*READERS)
    timely, opens, skip = chosen("timely", list(TIMELY), "yes"), read_opens(request.args), skipped()
    code = "" if timely == "none" else timely
    met, n = store().answers_by_timeliness(opens.wanted()).get(code, (0, 0))
    rows = store().answer_list(opens.wanted(), code, "yes" if opens.met == "yes" else "", most=ON_PAGE, skip=skip)
    here = answers_link(asked(), timely, opens.met)
    total = met if opens.met == "yes" else n
    shown_as = {"opens": opens, "rows": rows, "total": total, "skipped": skip, "on_page": ON_PAGE, "here": here}
    return render_template("pages/board_list.html", **shown_as, kind_name=kind_name, kinds=KINDS)
