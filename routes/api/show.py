"""Tickets and what belongs to them as JSON: codes with labels beside, moments of Shanghai, personal data masked."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import Response, jsonify

from routes.request import now, rules, store
from triage.attention import Attention
from triage.entities import Entity
from triage.masking import mask_address, mask_name, mask_number, mask_phone, mask_text
from triage.moments import in_shanghai
from triage.terms import Finding, Satisfaction, Term
from triage.tickets import Ticket

BEST = 3
MASKS = {"caller_name": mask_name, "phone": mask_phone, "customer_number": mask_number, "address": mask_address, "callback_phone": mask_phone}


def moment(value: datetime | None) -> str | None:
    """ISO-8601 with +08:00."""
    return in_shanghai(value).isoformat(timespec="seconds") if value else None


def term(name: str, value: Term | None) -> dict[str, str | None]:
    """A term as its code, its label beside it."""
    return {name: value.value if value else None, f"{name}_label": value.label if value else None}


def read_term(name: str, kind: type[Term], value: str | None) -> dict[str, str | None]:
    """A stored code with its label beside it; empty is none."""
    return term(name, kind(value) if value else None)


def row(name: str, code: str | None, names: Mapping[str, str]) -> dict[str, str | None]:
    """A code of the reference data with its name beside it."""
    return {name: code or None, f"{name}_label": names.get(code or "")}


def about(topic: str | None, demand_type: str | None, department: str | None) -> dict[str, str | None]:
    """What it is about and who leads."""
    known = rules()
    topics = {code: entry.name for code, entry in known.topics.items()}
    return row("demand_type", demand_type, known.demand_types) | row("topic", topic, topics) | row("department", department, known.departments)


def unit_names() -> dict[str, str]:
    """The names of the supply units by code."""
    return {unit["code"]: unit["name"] for unit in store().units()}


def ticket(one: Ticket, units: Mapping[str, str]) -> dict[str, Any]:
    """A ticket as it stands, its texts masked."""
    return {
        "number": one.number,
        "version": one.version,
        "contact_id": one.contact_id,
        "text": mask_text(one.text),
        **term("state", one.state),
        **term("level", one.level),
        **term("zone", one.zone(now()) if one.next_due_at else None),
        **about(one.topic, one.demand_type, one.department),
        **row("unit_code", one.unit_code, units),
        **row("team_unit", one.team_unit, units),
        **term("locality", one.locality),
        **term("channel", one.channel),
        **term("next_step", one.next_step),
        "next_due_at": moment(one.next_due_at),
        "is_confirmed": one.is_confirmed,
        "is_confidential": one.is_confidential,
        "is_watched": one.is_watched,
        "reply": mask_text(one.reply),
        "owner": mask_text(one.owner),
        **read_term("finding", Finding, one.finding),
        **read_term("satisfaction", Satisfaction, one.satisfaction),
        "received_at": moment(one.received_at),
        "closed_at": moment(one.closed_at),
        "paused_until_at": moment(one.paused_until_at) if one.is_paused(now()) else None,
        **row("responsible_unit", one.responsible_unit, units),
        **{name: getattr(one, name) for name in ("parent_number", "outage_number", "assignee", "crew")},
        **{name: getattr(one, name) for name in ("returns", "reopenings", "chases", "attempts", "extensions", "is_exempt", "is_malicious")},
    }


def tickets(some: Iterable[Ticket]) -> list[dict[str, Any]]:
    """Tickets in the order given."""
    units = unit_names()
    return [ticket(one, units) for one in some]


def with_tag(body: Mapping[str, Any], version: int) -> Response:
    """An answer about one ticket, its version as the `ETag` that `If-Match` wants back."""
    response = jsonify(body)
    response.set_etag(str(version))
    return response


def caller(contact: Mapping[Any, Any], *, is_masked: bool = True) -> dict[str, str]:
    """Who called."""
    return {name: mask(contact[name]) if is_masked else contact[name] for name, mask in MASKS.items()}


def candidates(name: str, best: Iterable[Any]) -> list[dict[str, Any]]:
    """The best candidates of one head with their probabilities."""
    known = rules()
    names = known.demand_types if name == "demand_type" else {code: entry.name for code, entry in known.topics.items()}
    return [{"code": code, "label": names.get(code), "probability": round(p, 4)} for code, p in list(best)[:BEST]]


def weighed(pairs: Iterable[Any]) -> list[dict[str, Any]]:
    """The words that counted."""
    return [{"word": mask_text(word), "weight": round(weight, 4)} for word, weight in pairs]


def entities(found: Iterable[Entity]) -> list[dict[str, Any]]:
    """What a text names, with where it stands; it is the caller's own text, just sent."""
    return [{**term("kind", one.kind), "value": one.value, "text": one.text, "start": one.span[0], "end": one.span[1]} for one in found]


def attention(found: Iterable[Attention]) -> list[dict[str, Any]]:
    """The attention rules that hold, with the words that say so (null: it is known from the context)."""
    return [
        {
            "rule": one.rule,
            "name": one.name,
            "evidence": one.evidence,
            "start": one.span[0] if one.span else None,
            "end": one.span[1] if one.span else None,
        }
        for one in found
    ]


def prediction(topics: Iterable[Any], demand_types: Iterable[Any], words: Mapping[str, Any], version: str) -> dict[str, Any]:
    """What a model said of a text."""
    return {
        "topics": candidates("topic", topics),
        "demand_types": candidates("demand_type", demand_types),
        "words": {head: weighed(pairs) for head, pairs in words.items()},
        "model_version": version,
    }
