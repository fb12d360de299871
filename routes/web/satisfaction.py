"""Satisfaction on the board: answers month by month, surveys beside last year's of the same kind, and what the answers go with."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.request import require, store
from routes.web.blueprint import blueprint
from routes.web.board import KINDS, ON_PAGE, READERS, View, asked, chosen, kind_name, read_opens, shown
from triage import surveys

TIMELY = {"yes": "办结及时", "no": "办结超时", "none": "没有办结环节"}


@blueprint.get("/board/satisfaction")
def board_satisfaction() -> ResponseReturnValue:
    """Show 回访满意率 by month, the surveys, and the answers by timeliness, topic and department."""
    view = asked()
    return shown(
        "satisfaction",
        view,
        months=surveys.months(view.reading),
        surveys=surveys.surveys(view.unit, store()),
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
    timely, opens = chosen("timely", list(TIMELY), "yes"), read_opens(request.args)
    skip = request.args.get("skip", "0")
    skipped = int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 8 else 0
    code = "" if timely == "none" else timely
    met, n = store().answers_by_timeliness(opens.wanted()).get(code, (0, 0))
    rows = store().answer_list(opens.wanted(), code, "yes" if opens.met == "yes" else "", most=ON_PAGE, skip=skipped)
    here = answers_link(asked(), timely, opens.met)
    total = met if opens.met == "yes" else n
    shown_as = {"opens": opens, "rows": rows, "total": total, "skipped": skipped, "on_page": ON_PAGE, "here": here}
    return render_template("pages/board_list.html", **shown_as, kind_name=kind_name, kinds=KINDS)
