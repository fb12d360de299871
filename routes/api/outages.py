"""Known outages as JSON: the list, one with whom to tell, registering, each change, and what is known at a place."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import one_of, read_body, read_limit, read_query, read_texts, read_version
from routes.request import now, store, user
from triage.masking import mask_name, mask_number
from triage.outage_changes import MOVE_FIELDS, change, check_registrar, correct, frequent_areas, legal_changes, register, warnings_of
from triage.outage_drafts import read_draft, read_time
from triage.outages import AreaKind, KnownOutage, Outage, OutageState, Taken, check_reader, count_notices
from triage.people import may_see
from triage.texts import clean


def outage(one: Outage, units: Mapping[str, str]) -> dict[str, Any]:
    """An outage as it stands now."""
    times = ("starts_at", "ends_at", "announced_at", "restored_at", "cancelled_at", "made_at")
    return {
        "number": one.number,
        "version": one.version,
        **show.term("kind", one.kind),
        **show.term("state", one.state_at(now())),
        **show.row("unit_code", one.unit_code, units),
        "reason": one.reason,
        "notice": one.notice,
        "transformer_areas": one.values_of(AreaKind.TRANSFORMER_AREA),
        "keywords": one.values_of(AreaKind.KEYWORD),
        **{name: show.moment(getattr(one, name)) for name in times},
        "made_by": one.made_by,
        "is_overdue": one.is_overdue(now()),
    }


def whole(one: Outage) -> dict[str, Any]:
    """An outage with all that its page shows; customers are masked, `key` names one for `notices/<key>`."""
    kept, who = store(), user()
    notices = kept.notices(one.number)
    counts = count_notices(notices, now())
    tickets = [ticket for ticket in kept.tickets_of_outage(one.number) if may_see(who, ticket, kept)]
    return {
        **outage(one, show.unit_names()),
        "warnings": warnings_of(one, kept, now()),
        "frequent_areas": frequent_areas(one, kept, now()),
        "notices": [notice(row) for row in notices],
        "notice_counts": {"notified": counts.notified, "open": counts.open, "overdue": counts.overdue},
        "tickets": [{"number": ticket.number, **show.term("state", ticket.state)} for ticket in tickets],
        "moves": [{"code": move.code, "label": move.label, "needs": move.needs, "takes": move.takes} for move in legal_changes(one, now())],
    }


def notice(row: Mapping[str, Any]) -> dict[str, Any]:
    """A key customer to be told."""
    return {
        "key": row["key"],
        "customer_number": mask_number(row["customer_number"]),
        "name": mask_name(row["name"]),
        "key_kind": row["key_kind"],
        "due_at": show.moment(row["due_at"]),
        "notified_at": show.moment(row["notified_at"]),
        "actor": row["actor"],
    }


def known(one: KnownOutage) -> dict[str, Any]:
    """An outage that explains a call."""
    same = {"number": one.number, "reason": one.reason, "notice": one.notice}
    times = {"starts_at": show.moment(one.starts_at), "ends_at": show.moment(one.ends_at)}
    return {**same, **show.term("kind", one.kind), **show.term("state", one.state), **times, **show.term("matched", one.matched.kind)}


@blueprint.get("/outages")
def outages() -> ResponseReturnValue:
    """List the outages, the latest first; `state` narrows to those that stand so now."""
    check_reader(user())
    query, units = read_query("state", "limit"), show.unit_names()
    found = store().outages(now(), one_of("state", query["state"], OutageState), read_limit(query["limit"]))
    return {"count": len(found), "outages": [outage(one, units) for one in found]}


@blueprint.post("/outages")
def register_outage() -> ResponseReturnValue:
    """Register an outage; the same one again changes nothing and answers 200."""
    draft = read_draft(read_body(), show.unit_names(), now())
    taken, one = register(draft, user=user(), store=store(), now=now())
    answer = show.with_tag(whole(one), one.version)
    answer.status_code = 201 if taken is Taken.ADDED else 200
    return answer


@blueprint.post("/outages/match")
def match() -> ResponseReturnValue:
    """Say which outages hold at a customer's place or an address (`at`: else now), and how many there were of late."""
    check_reader(user())
    sent = read_texts("customer_number", "address", "unit_code", "at")
    at = read_time("at", sent["at"]) if sent.get("at") else now()
    found = store().outage_context(sent.get("customer_number", ""), sent.get("address", "")[:200], at, sent.get("unit_code", ""))
    return {"known": [known(one) for one in found.known], "recent_count": found.recent_count, "transformer_area": found.transformer_area or None}


@blueprint.get("/outages/<number>")
def one_outage(number: str) -> Response:
    """Give an outage with whom to tell, what to know before announcing, the linked tickets, and its version as `ETag`."""
    check_reader(user())
    one = store().outage(clean(number))
    return show.with_tag(whole(one), one.version)


@blueprint.put("/outages/<number>")
def correct_outage(number: str) -> Response:
    """Put other values in the place of the version in `If-Match`."""
    draft, version = read_draft(read_body(), show.unit_names(), now()), read_version()
    one = correct(number, draft, version=version, user=user(), store=store(), now=now())
    return show.with_tag(whole(one), one.version)


@blueprint.post("/outages/<number>/moves/<code>")
def change_outage(number: str, code: str) -> Response:
    """Announce the version in `If-Match`, move its expected end, restore or cancel it."""
    values, version = read_texts(*MOVE_FIELDS), read_version()
    one = change(number, clean(code), values, version=version, user=user(), store=store(), now=now())
    return show.with_tag(whole(one), one.version)


@blueprint.post("/outages/<number>/notices/<key>")
def notify_customer(number: str, key: str) -> Response:
    """Keep that a key customer was told, by whom and when."""
    one = store().outage(clean(number))
    check_registrar(user(), one.unit_code, store())
    store().mark_notified(one.number, clean(key), user().username, now())
    return show.with_tag(whole(one), one.version)
