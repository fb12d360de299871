"""Messages of the caller, and for administrators what could not be sent out."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import one_of, read_limit, read_query
from routes.request import now, require, store, user
from triage.delivery import CUT_OFF
from triage.errors import NotFound
from triage.masking import mask_text
from triage.terms import Role
from triage.wording import say


def shown(row: Mapping[Any, Any], *moments: str) -> dict[str, Any]:
    """Give a message with what every list of messages says of one."""
    about = {"id": row["id"], "subject": mask_text(row["subject"]), "ticket": row["ticket_number"]}
    return about | {name: show.moment(row[name]) for name in ("made_at", *moments)}


@blueprint.get("/messages")
def messages() -> ResponseReturnValue:
    """Give the caller's messages, the latest first; `unread=1` leaves out those that were read."""
    query, who = read_query("unread", "limit"), user()
    is_unread_only = one_of("unread", query["unread"], ("0", "1")) == "1"
    rows = store().messages_of(who.username, is_unread_only, read_limit(query["limit"]))
    return {
        "unread": store().count_unread(who.username),
        "messages": [{**shown(row, "read_at"), "kind": row["kind"], "body": mask_text(row["body"])} for row in rows],
    }


@blueprint.post("/messages/<int(max=2147483647):id>/read")
def read_message(id: int) -> ResponseReturnValue:
    """Mark one of the caller's messages as read; doing so twice is no error.

    Raises:
        NotFound: the caller has no such message.
    """
    who = user()
    if not store().mark_read(who.username, id, now()) and not store().has_message(who.username, id):
        raise NotFound(say("There is no such message, or it was not sent to you"))
    return {"unread": store().count_unread(who.username)}


@blueprint.get("/messages/outbox")
def outbox() -> ResponseReturnValue:
    """Give what was given up (`failed`) or cut off on its way (`unclear`), and how much waits to go out."""
    require(Role.ADMIN)
    most, kept = read_limit(read_query("limit")["limit"]), store()
    failed, unclear = kept.failed_messages(most), kept.unclear_messages(now() - CUT_OFF, now())[:most]
    return {
        "waiting": kept.count_waiting(),
        "failed": [{**shown(row, "failed_at"), **sending(row), "error": row["error"]} for row in failed],
        "unclear": [{**shown(row, "claimed_at"), **sending(row)} for row in unclear],
    }


def sending(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Give where a message was to go, and how often that was tried."""
    return {name: row[name] for name in ("outlet", "recipient", "attempts")}


@blueprint.post("/messages/outbox/<int(max=2147483647):id>/again")
def send_again(id: int) -> ResponseReturnValue:
    """Let a message that did not go out be sent once more."""
    who = require(Role.ADMIN)
    store().send_again(id, who.username, now() - CUT_OFF, now())
    return {"waiting": store().count_waiting()}
