"""The queues: what waits for a dispatcher, for a check, for a call back, for a team; and an agent's latest tickets."""

from collections.abc import Iterable

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import read_limit, read_query
from routes.request import require, store
from triage.terms import Role
from triage.tickets import Ticket


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
