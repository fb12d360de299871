"""Searching tickets, for programs: by POST, so that nothing of what is looked for stands in a URL or a log."""

from typing import Any

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import read_texts
from routes.request import now, parts, rules, store, user
from triage.search import ASKED, Excerpt, search
from triage.wording import say


def excerpt(one: Excerpt) -> dict[str, Any]:
    """Part of a masked text, in pieces that match or do not."""
    return {"of": one.label or say("Content"), "pieces": [{"text": text, "is_match": is_match} for text, is_match in one.pieces]}


@blueprint.post("/search")
def search_tickets() -> ResponseReturnValue:
    """Give a page of what the caller may see; `count` goes to 1000, `is_capped` says that there are more."""
    found = search(read_texts(*ASKED), user=user(), cut=parts().cut, store=store(), rules=rules(), now=now())
    units = show.unit_names()
    return {
        "count": found.total,
        "is_capped": found.is_capped,
        "page": found.query.page,
        "pages": found.pages,
        "words": list(found.query.words),
        "is_index_whole": store().is_index_whole(),
        "tickets": [{**show.ticket(hit.ticket, units), "excerpts": [excerpt(one) for one in hit.excerpts]} for hit in found.hits],
    }
