"""What happened to a ticket as JSON: its decisions, its clocks, its audit trail; free texts masked."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from routes.api import show
from routes.request import now, rules, store
from triage.clocks import zone
from triage.masking import mask_text
from triage.moves import BY_CODE
from triage.terms import Level, Made, Reached
from triage.tickets import CoHandling, Request, Ticket, TimedStep
from triage.wording import say

ACTIONS = {
    "receive": say("Receive"),
    "decide": say("Assess"),
    "reveal": say("View full details"),
    "absorb": say("Take in another ticket"),
    "give_back": say("Give a merged ticket back"),
    "parent_ended": say("Main ticket resolved"),
    "attach": say("Link to an outage"),
    "detach": say("Take back the link to an outage"),
    "add_file": say("Add an attachment"),
    "remove_file": say("Remove an attachment"),
}


def decision(made: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """A stored decision with its reasons."""
    same = ("actor", "earlier", "model_version", "confidence", "threshold")
    return {
        **show.read_term("made_by", Made, made["made_by"]),
        **show.about(made["topic"], made["demand_type"], made["department"]),
        **show.row("unit_code", made["unit_code"], units),
        **show.row("team_unit", made["team_unit"], units),
        **show.read_term("level", Level, made["level"]),
        "reasons": [mask_text(reason) for reason in made["reasons"]],
        "attention": [{"code": c, "label": name, "evidence": mask_text(why)} for c, name, why in made["attention"]],
        "co_departments": [show.row("department", code, rules().departments) for code in made["co_departments"]],
        "made_at": show.moment(made["made_at"]),
        **{name: made[name] for name in same},
    }


def step(one: TimedStep, units: Mapping[str, str]) -> dict[str, Any]:
    """A clock of a ticket; a voided one has no zone."""
    return {
        **show.term("step", one.step),
        **show.term("watch", one.watch),
        **show.row("department", one.department, rules().departments),
        **show.row("unit_code", one.unit_code, units),
        **show.term("zone", None if one.voided_at else zone(one.yellow_at, one.red_at, one.ended_at or now())),
        "limit": one.limit_text,
        "is_by_machine": one.by_machine,
        "is_confirmed": one.is_confirmed,
        "started_at": show.moment(one.started_at),
        "due_at": show.moment(one.due_at),
        "ended_at": show.moment(one.ended_at),
        "voided_at": show.moment(one.voided_at),
    }


def entry(one: Mapping[Any, Any], notes: Iterable[Mapping[Any, Any]]) -> dict[str, Any]:
    """An audit entry with its free texts masked; the digests are left to the chain's check."""
    move, detail = BY_CODE.get(one["action"]), json.loads(one["detail_json"])
    return {
        "seq": one["seq"],
        "happened_at": show.moment(one["happened_at"]),
        "actor": one["actor"],
        "action": one["action"],
        "action_label": move.label if move else ACTIONS.get(one["action"], one["action"]),
        "from_state": one["from_state"],
        "to_state": one["to_state"],
        "detail": {name: value for name, value in detail.items() if not name.endswith("_digest")},
        "notes": {note["kind"]: mask_text(note["text"]) for note in notes},
        "hash": one["hash"],
    }


def beside(ticket: Ticket, units: Mapping[str, str]) -> dict[str, Any]:
    """What stands beside the way of a ticket: requests, co-handling, pauses, links, callbacks that reached nobody."""
    kept, number = store(), ticket.number
    return {
        "requests": [request(one) for one in kept.requests_of(number)],
        "co_handlings": [help_asked(one, units) for one in kept.co_handlings_of(number)],
        "pauses": [
            {"kind": one.kind, **{name: show.moment(getattr(one, name)) for name in ("started_at", "until_at", "ended_at")}}
            for one in kept.pauses_of(number)
        ],
        "links": [
            {name: one[name] for name in ("ticket_number", "other_number", "kind", "score", "reason")} | {"made_at": show.moment(one["made_at"])}
            for one in kept.links_of(number)
        ],
        "failed_callbacks": [
            {"actor": one["actor"], **show.read_term("result", Reached, one["result"]), "tried_at": show.moment(one["tried_at"])}
            for one in kept.attempts_of(number)
        ],
    }


def request(one: Request) -> dict[str, Any]:
    """What was asked for and decided."""
    said = {name: getattr(one, name) for name in ("asked_by", "value", "amount", "decided_by", "answer")}
    return {**show.term("kind", one.kind), **said, "asked_at": show.moment(one.asked_at), "decided_at": show.moment(one.decided_at)}


def help_asked(one: CoHandling, units: Mapping[str, str]) -> dict[str, Any]:
    """Who was asked to help, and the answer."""
    return {
        **show.row("department", one.department, rules().departments),
        **show.row("team_unit", one.team_unit, units),
        "asked_by": one.asked_by,
        "task": mask_text(one.task),
        "reply": mask_text(one.reply),
        **{name: show.moment(getattr(one, name)) for name in ("asked_at", "replied_at", "cancelled_at")},
    }
