"""What happened to a ticket as JSON: its decisions, its clocks, its audit trail; free texts masked."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from routes.api import show
from routes.request import now, rules
from triage.clocks import zone
from triage.lifecycle import BY_CODE
from triage.masking import mask_text
from triage.terms import Level, Made
from triage.tickets import TimedStep

ACTIONS = {"receive": "受理", "decide": "研判", "reveal": "查看完整信息"}


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
