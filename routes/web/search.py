"""The search page: what was typed and narrowed is sent by POST, so that nothing of it stands in a URL."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, parts, rules, store, user
from routes.web.blueprint import blueprint
from triage.errors import Forbidden, InvalidInput, TriageError
from triage.search import FILTERS, OPEN, ORDERS, Results
from triage.search import search as find
from triage.terms import Channel, Level, State, Zone
from triage.wording import say


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Show the form."""
    user()
    return page()


@blueprint.post("/search")
def results() -> ResponseReturnValue:
    """Show what was found; the number of a ticket that the user may see leads there."""
    try:
        found = find(request.form, user=user(), cut=parts().cut, store=store(), rules=rules(), now=now())
    except (InvalidInput, Forbidden) as error:
        return page(error=error), status_of(error)
    if found.query.ticket and found.hits:
        return redirect(url_for("pages.ticket", number=found.query.ticket), 303)
    return page(found)


def page(found: Results | None = None, error: TriageError | None = None) -> str:
    """Show the form as it was sent, with what was found or what was wrong."""
    return render_template(
        "pages/search.html",
        found=found,
        error=error,
        typed=request.form,
        names=FILTERS,
        choices=choices(),
        orders=ORDERS,
        is_whole=store().is_index_whole(),
    )


def choices() -> dict[str, dict[str, str]]:
    """Give what each filter may be, code and Chinese name."""
    known = rules()
    return {
        "state": {OPEN: say("Not resolved (all)"), **{state.value: state.label for state in State}},
        "level": {level.value: level.label for level in Level},
        "zone": {zone.value: zone.label for zone in (Zone.YELLOW, Zone.RED)},
        "department": dict(known.departments),
        "unit": {row["code"]: row["name"] for row in store().units()},
        "topic": {code: say("{field}: {problem}", field=topic.level1, problem=topic.name) for code, topic in known.topics.items()},
        "demand_type": dict(known.demand_types),
        "channel": {channel.value: channel.label for channel in Channel},
        "confidential": {"yes": say("Confidential"), "no": say("Not confidential")},
    }
