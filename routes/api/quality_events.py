"""Quality events (质量事件) and untrue records (不实记录) as JSON: what stands behind the deductions of the service index."""

from datetime import timedelta
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import read_limit, read_query, read_texts, whole
from routes.board import own_unit
from routes.quality import FILTER, asked_events, days_of
from routes.request import now, require, store
from triage import quality_events
from triage.masking import mask_text
from triage.moments import start_of
from triage.terms import Role

ON_PAGE = 100


def event(one: quality_events.QualityEvent) -> dict[str, Any]:
    """An event, its texts masked."""
    times = {"happened_on": one.happened_on.isoformat(), "made_at": show.moment(one.made_at), "revoked_at": show.moment(one.revoked_at)}
    texts = {name: mask_text(getattr(one, name)) for name in ("text", "source", "revoked_reason")}
    return {**vars(one), **show.term("kind", one.kind), **times, **texts, "points": quality_events.POINTS[one.kind]}


@blueprint.get("/quality-events")
def list_quality_events() -> ResponseReturnValue:
    """List the events (`kind`, `unit` and below, `since`, `until`; `valid=yes`: without the revoked), the latest first; `count` is of all of them."""
    require(*quality_events.READERS)
    query = read_query(*FILTER, "skip", "limit")
    asked, most, skip = asked_events(request.args), read_limit(query["limit"], ON_PAGE), whole("skip", query["skip"])
    found = store().quality_events(asked, most, skip)
    return {"count": store().count_quality_events(asked), "events": [event(one) for one in found]}


@blueprint.post("/quality-events")
def enter_quality_event() -> ResponseReturnValue:
    """Enter an event; the same sent again is the one that is there (`200`)."""
    values = read_texts(*quality_events.ENTERED)
    made, is_new = quality_events.enter(values, user=require(Role.AUDITOR), store=store(), now=now())
    return event(made), 201 if is_new else 200


@blueprint.post("/quality-events/<int:id>/revoke")
def revoke_quality_event(id: int) -> ResponseReturnValue:
    """Revoke an event with a `reason`; the same said again changes nothing."""
    values = read_texts("reason")
    return event(quality_events.revoke(id, values, user=require(Role.AUDITOR), store=store(), now=now()))


@blueprint.get("/untrue-records")
def list_untrue_records() -> ResponseReturnValue:
    """List the records that auditors found untrue (`unit` and below; decided from `since` to `until`); `count` is of all of them."""
    require(*quality_events.READERS)
    query = read_query("unit", "since", "until", "skip", "limit")
    first, last = days_of(query)
    given = (own_unit(query["unit"]), start_of(first), start_of(last + timedelta(days=1)))
    found = store().untrue_records(*given, most=read_limit(query["limit"], ON_PAGE), skip=whole("skip", query["skip"]))
    records = [{**row, "decided_at": show.moment(row["decided_at"])} for row in found]
    return {"count": store().count_untrue_records(*given), "records": records}
