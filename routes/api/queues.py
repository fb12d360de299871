"""The queues: what waits for a dispatcher, for a check, for a call back, for a team; and an agent's latest tickets."""

from collections.abc import Iterable
from datetime import timedelta

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import read_limit, read_query
from routes.request import now, require, store
from triage.masking import mask_text
from triage.moves import DECIDERS, decided_by
from triage.people import leads
from triage.terms import Asked, Made, Role
from triage.tickets import Ticket

LAST_HOUR = timedelta(hours=1)


def limit() -> int:
    """Read how many tickets are wanted at most."""
    return read_limit(read_query("limit")["limit"])


def queue(tickets: Iterable[Ticket]) -> ResponseReturnValue:
    """Answer a queue in its order."""
    shown = show.tickets(tickets)
    return {"count": len(shown), "tickets": shown}


@blueprint.get("/queues/dispatch")
def dispatch_queue() -> ResponseReturnValue:
    """Give what waits for a dispatcher, danger to life on top."""
    require(Role.DISPATCHER)
    return queue(store().dispatcher_queue(limit()))


@blueprint.get("/queues/review")
def review_queue() -> ResponseReturnValue:
    """Give the replies that wait to be checked."""
    require(Role.DISPATCHER)
    return queue(store().review_queue(limit()))


@blueprint.get("/queues/callback")
def callback_queue() -> ResponseReturnValue:
    """Give the customers to be called back and the tickets to be closed."""
    require(Role.AGENT, Role.DISPATCHER)
    return queue(store().callback_queue(limit()))


@blueprint.get("/queues/taken")
def taken() -> ResponseReturnValue:
    """Give the tickets of the contacts that the agent took, the latest first."""
    who = require(Role.AGENT, Role.DISPATCHER)
    return queue(store().taken_by(who.username, limit()))


@blueprint.get("/queues/team")
def team_queue() -> ResponseReturnValue:
    """Give what the user's team, or a leader's unit with those below it, has to do."""
    who = require(Role.HANDLER, Role.LEADER)
    read = store().team_queue if who.role is Role.HANDLER else store().unit_queue
    return queue(read(who.unit_code, who.department, limit()))


@blueprint.get("/requests")
def waiting_requests() -> ResponseReturnValue:
    """Give what waits for the user's decision beside the way of tickets, the oldest first."""
    who = require(*DECIDERS)
    kept = store()
    rows = [row for kind in decided_by(who.role) for row in kept.waiting_requests(kind, limit())]
    mine = [row for row in rows if who.role is not Role.LEADER or leads(who, kept.ticket(row["ticket_number"]), kept)]
    asked = [
        {
            "ticket": row["ticket_number"],
            **show.read_term("kind", Asked, row["kind"]),
            **{name: row[name] for name in ("asked_by", "value", "amount")},
            "asked_at": show.moment(row["asked_at"]),
        }
        for row in mine
    ]
    return {"count": len(asked), "requests": asked}


@blueprint.get("/queues/sent")
def sent_by_machine() -> ResponseReturnValue:
    """Give what the machine sent in the last hour, the latest first, with its reasons."""
    require(Role.DISPATCHER, Role.ADMIN)
    sent = [
        {
            "ticket": one["ticket_number"],
            **show.read_term("made_by", Made, one["made_by"]),
            **show.about(one["topic"], None, one["department"]),
            **{name: one[name] for name in ("team_unit", "model_version", "confidence", "threshold")},
            "reasons": [mask_text(reason) for reason in one["reasons"]],
            "made_at": show.moment(one["made_at"]),
        }
        for one in store().sent_by_machine(now() - LAST_HOUR, limit())
    ]
    return {"count": len(sent), "sent": sent}
