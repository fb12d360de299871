"""Audit work as JSON: samples, scorecards, suspicious patterns, tasks."""

from collections.abc import Sequence
from typing import Any

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import one_of, read_body, read_query, read_texts, read_version, whole
from routes.request import now, require, rules, store
from triage import audit_tasks, samples, scorecards, suspicions
from triage.agreement import Agreement
from triage.masking import mask_text
from triage.moments import in_shanghai, read_day
from triage.precision import Precision, precisions
from triage.terms import Role, TaskState, Verdict

PAGE = 500


def sample(one: samples.Sample) -> dict[str, Any]:
    """A sample with its plan."""
    days = {"first_on": one.first_on.isoformat(), "last_on": one.last_on.isoformat(), "made_at": show.moment(one.made_at)}
    plan = [{**vars(part), **show.term("risk", part.risk), "weight": round(part.weight, 6)} for part in one.plan]
    return {**vars(one), **days, "frame": one.frame, "plan": plan}


def card(one: scorecards.Card) -> dict[str, Any]:
    """A scorecard, its note masked."""
    scores = [vars(score) for score in one.scores]
    return {**vars(one), "note": mask_text(one.note), "submitted_at": show.moment(one.submitted_at), "share": round(one.share, 6), "scores": scores}


def agreed(one: Agreement | None) -> dict[str, Any] | None:
    """Agreement with the number of pairs that it is from."""
    return vars(one) if one else None


def suspicion(one: suspicions.Suspicion) -> dict[str, Any]:
    """A find with its evidence."""
    times = {"found_at": show.moment(one.found_at), "decided_at": show.moment(one.decided_at)}
    return {**vars(one), **times, **show.read_term("verdict", Verdict, one.verdict)}


def rule(one: Precision) -> dict[str, Any]:
    """A rule with how often it was right; `is_validated` is false while too few finds are decided."""
    return {**vars(one), "rate": one.rate, "interval": one.interval, "is_validated": one.is_validated}


def task(one: audit_tasks.AuditTask, entries: Sequence[audit_tasks.TaskEntry] | None = None) -> dict[str, Any]:
    """A task with its history (read where it is not given), its texts masked."""
    done = store().task_entries([one.id])[one.id] if entries is None else entries
    history = [{**vars(entry), "happened_at": show.moment(entry.happened_at), "text": mask_text(entry.text)} for entry in done]
    times = {name: show.moment(getattr(one, name)) for name in ("made_at", "answered_at", "closed_at")}
    texts = {"text": mask_text(one.text), "answer": mask_text(one.answer)}
    late = one.is_overdue(in_shanghai(now()).date())
    return {**vars(one), **show.term("state", one.state), **times, **texts, "due_on": one.due_on.isoformat(), "is_overdue": late, "history": history}


@blueprint.get("/audit/samples")
def list_samples() -> ResponseReturnValue:
    """List the samples, the latest first, a hundred after the first `skip`, and how many there are in all."""
    require(Role.AUDITOR)
    skip = whole("skip", read_query("skip")["skip"])
    return {"samples": [sample(one) for one in store().latest_samples(skip=skip)], "total": store().count_samples()}


@blueprint.post("/audit/samples")
def draw_sample() -> ResponseReturnValue:
    """Draw a sample; numbers are sent as texts."""
    values = read_texts(*samples.FIELDS)
    return sample(samples.draw(values, user=require(Role.AUDITOR), store=store(), now=now())), 201


@blueprint.get("/audit/samples/<int:id>")
def read_sample(id: int) -> ResponseReturnValue:
    """Give a sample with its tickets, progress, agreement and estimate."""
    one = samples.sample_of(id, user=require(Role.AUDITOR), store=store())
    made = scorecards.progress(one, store())
    counts = {"tickets": made.tickets, "begun": made.begun, "done": made.done}
    agreement = {"overall": agreed(made.overall), "by_item": {item: agreed(some) for item, some in made.by_item.items()}}
    tickets = [{**vars(drawn), **show.term("risk", drawn.risk)} for drawn in store().sample_tickets(id)]
    estimate = vars(made.estimate) if made.estimate else None
    return {**sample(one), "tickets": tickets, "progress": counts, "agreement": agreement, "estimate": estimate}


@blueprint.get("/audit/samples/<int:id>/<number>")
def read_cards(id: int, number: str) -> ResponseReturnValue:
    """Give the cards of a ticket that the user may see: the own one, and all once both are in."""
    who = require(Role.AUDITOR)
    drawn = store().sample_ticket(samples.sample_of(id, user=who, store=store()).id, number)
    seen = scorecards.visible_cards(store().cards(id, number), who)
    return {"ticket_number": drawn.ticket_number, "cards": [card(one) for one in seen]}


@blueprint.post("/audit/samples/<int:id>/<number>")
def assess_ticket(id: int, number: str) -> ResponseReturnValue:
    """Keep the user's card: points by the code of each item in use, and a `note`."""
    who = require(Role.AUDITOR)
    values = {name: str(value) for name, value in read_body().items()}
    return card(scorecards.assess(id, number, values, user=who, store=store(), now=now())), 201


@blueprint.get("/audit/suspicions")
def list_suspicions() -> ResponseReturnValue:
    """List the finds (`rule`; `verdict`: open, confirmed, refused), 500 at a time, with each rule's precision."""
    require(Role.AUDITOR)
    query = read_query("rule", "verdict", "skip")
    known = precisions(store())
    wanted = one_of("verdict", query["verdict"], ("open", *Verdict)) or "open"
    code = one_of("rule", query["rule"], [one.rule for one in known])
    found = store().suspicions(code, ["" if wanted == "open" else wanted], PAGE, whole("skip", query["skip"]))
    return {"rules": [rule(one) for one in known], "suspicions": [suspicion(one) for one in found]}


@blueprint.post("/audit/suspicions/scan")
def scan_suspicions() -> ResponseReturnValue:
    """Look through the days from `since` to `until`."""
    require(Role.AUDITOR)
    values = read_texts("since", "until")
    first, last = (read_day(values.get(name, ""), name) for name in ("since", "until"))
    return {"new": suspicions.scan(first, last, store=store(), rules=rules(), now=now())}


@blueprint.post("/audit/suspicions/<int:id>")
def decide_suspicion(id: int) -> ResponseReturnValue:
    """Say whether a find is `confirmed` or `refused`; the same said again changes nothing."""
    verdict = read_texts("verdict").get("verdict", "")
    return suspicion(suspicions.decide(id, verdict, user=require(Role.AUDITOR), store=store(), now=now()))


@blueprint.get("/audit/tasks")
def list_audit_tasks() -> ResponseReturnValue:
    """List the tasks that the user may read (`state`: open, answered, closed)."""
    who = require(*audit_tasks.READERS)
    state = one_of("state", read_query("state")["state"], TaskState)
    found = audit_tasks.tasks_for(who, store(), state)
    history = store().task_entries([one.id for one in found])
    return {"tasks": [task(one, history[one.id]) for one in found]}


@blueprint.post("/audit/tasks")
def give_audit_task() -> ResponseReturnValue:
    """Give a department a task; numbers are sent as texts."""
    values = read_texts("ticket_number", "team", "text", "days", "sample_id", "suspicion_id")
    return task(audit_tasks.give_task(values, user=require(Role.AUDITOR), store=store(), rules=rules(), now=now())), 201


@blueprint.post("/audit/tasks/<int:id>/answer")
def answer_audit_task(id: int) -> ResponseReturnValue:
    """Answer a task as a leader of its department (`If-Match`: its version)."""
    who, values = require(*audit_tasks.READERS), read_texts("answer")
    return task(audit_tasks.answer_task(id, values, version=read_version(), user=who, store=store(), now=now()))


@blueprint.post("/audit/tasks/<int:id>/close")
def close_audit_task(id: int) -> ResponseReturnValue:
    """Close an answered task (`If-Match`: its version)."""
    who = require(Role.AUDITOR)
    return task(audit_tasks.close_task(id, version=read_version(), user=who, store=store(), now=now()))


@blueprint.post("/audit/tasks/<int:id>/back")
def send_audit_task_back(id: int) -> ResponseReturnValue:
    """Send an answered task back with a `reason` and `days` anew (`If-Match`: its version)."""
    who, values = require(Role.AUDITOR), read_texts("reason", "days")
    return task(audit_tasks.send_back(id, values, version=read_version(), user=who, store=store(), rules=rules(), now=now()))
