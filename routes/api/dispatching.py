"""Many reports of one event (一事多报): the groups of look-alike reports, and merging one in a single request."""

from collections.abc import Iterable
from typing import Any

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import read_body, read_texts
from routes.request import now, require, rules, store
from triage.errors import InvalidInput, Problem
from triage.moments import in_shanghai, read_moment
from triage.storm import Group, LeftOut, merge_group, storm
from triage.terms import Role
from triage.unmerging import undo_group
from triage.wording import say

FIELDS = ("parent", "tickets", "outage_number")


def group(one: Group) -> dict[str, Any]:
    """A group with its tickets, each with the version that merging wants back."""
    reports = [
        {
            "number": r.ticket.number,
            "version": r.ticket.version,
            **show.term("state", r.ticket.state),
            "is_mergeable": r.is_mergeable,
            "is_ticked": r.is_ticked,
        }
        for r in one.reports
    ]
    where = {"place": one.place or None, **show.row("unit_code", one.unit, show.unit_names()), "outage_number": one.outage_number or None}
    return {"key": one.key, **show.term("kind", one.kind), **where, "topic_group": one.topic_group, "parent": one.parent.number, "tickets": reports}


@blueprint.get("/storms")
def storms() -> ResponseReturnValue:
    """Give the groups of look-alike reports, the largest first."""
    require(Role.DISPATCHER)
    found = [group(one) for one in storm(store(), rules(), now())]
    return {"count": len(found), "groups": found}


@blueprint.post("/storms/merge")
def merge_storm() -> ResponseReturnValue:
    """Merge tickets into one, all in one transaction; what cannot be merged is left out with the reason."""
    who = require(Role.DISPATCHER)
    parent, chosen, outage = read_merge()
    done = merge_group(parent, chosen, user=who, store=store(), rules=rules(), now=now(), outage_number=outage)
    outage_of_all = {"outage_number": done.outage_number or None, "merged_at": in_shanghai(done.at).isoformat() if done.at else None}
    return {"parent": done.parent.number, "merged": list(done.merged), "left_out": left_out(done.left_out), **outage_of_all}


@blueprint.post("/storms/undo")
def undo_storm() -> ResponseReturnValue:
    """Take a merge of a moment ago back as a whole; what somebody has worked on since stays merged, with the reason."""
    who, body = require(Role.DISPATCHER), read_texts("parent", "merged_at")
    at = read_moment(body["merged_at"], "merged_at") if body.get("merged_at") else None
    parted = undo_group(body.get("parent", ""), user=who, store=store(), rules=rules(), now=now(), merged_at=at)
    return {"parent": parted.parent.number, "parted": list(parted.parted), "stay": left_out(parted.stay)}


def left_out(some: Iterable[LeftOut]) -> list[dict[str, str]]:
    """The tickets that something was not done to, each with the reason."""
    return [{"number": one.number, "reason": one.why} for one in some]


def read_merge() -> tuple[str, dict[str, int], str]:
    """Read the parent, the version of each ticket that was seen, and the outage.

    Raises:
        InvalidInput: a field is unknown, missing or of another kind.
    """
    body = read_body()
    parent, tickets, outage = body.get("parent"), body.get("tickets"), body.get("outage_number") or ""
    problems = [Problem(name, say("There is no such field; use: {fields}", fields=say(", ").join(FIELDS))) for name in body if name not in FIELDS]
    problems += [Problem(name, say("Must be text")) for name, value in (("parent", parent), ("outage_number", outage)) if not isinstance(value, str)]
    if not isinstance(tickets, dict) or not all(isinstance(version, int) and not isinstance(version, bool) for version in tickets.values()):
        problems.append(Problem("tickets", say('Should be an object: ticket numbers and the versions seen, such as {"2026112300000002": 1}')))
    if problems:
        raise InvalidInput(*problems)
    return str(parent), dict(tickets or {}), str(outage)
