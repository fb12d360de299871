"""Audit work of the quality staff (质检): samples, scorecards, suspicious patterns, and tasks that departments answer."""

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, rules, store, user, version_seen
from routes.web.blueprint import blueprint
from routes.web.paging import ON_PAGE, skipped
from triage import audit_tasks, exports, samples, scorecards, suspicions
from triage.errors import Conflict, IllegalMove, InvalidInput, TriageError
from triage.moments import in_shanghai, read_day
from triage.precision import ENOUGH, precisions
from triage.terms import Role, Verdict
from triage.texts import clean
from triage.wording import say

WEEKS = timedelta(days=35)


@blueprint.get("/audit")
def audit() -> ResponseReturnValue:
    """List the samples, beside the form that draws one."""
    return audit_page()


@blueprint.post("/audit/samples")
def draw_sample() -> ResponseReturnValue:
    """Draw a sample."""
    try:
        sample = samples.draw(request.form, user=require(Role.AUDITOR), store=store(), now=now())
    except InvalidInput as error:
        return audit_page(error), status_of(error)
    flash(say("{size} of {frame} tickets drawn, seed {seed}", frame=sample.frame, size=sample.size, seed=sample.seed))
    return redirect(url_for("pages.audit_sample", id=sample.id), 303)


def audit_page(error: TriageError | None = None) -> str:
    """Show samples and form, with what was typed."""
    require(Role.AUDITOR)
    today = in_shanghai(now()).date()
    usual = {"first_on": (today.replace(day=1)).isoformat(), "last_on": today.isoformat(), "size": "50"}
    typed = request.form if error else usual
    drawn = store().latest_samples(ON_PAGE, skipped())
    paged = {"skipped": skipped(), "on_page": ON_PAGE, "total": store().count_samples()}
    return render_template("pages/audit.html", samples=drawn, **paged, units=store().units(), error=error, typed=typed)


@blueprint.get("/audit/samples/<int:id>")
def audit_sample(id: int) -> ResponseReturnValue:
    """Show a sample: its plan, how far it is, agreement and estimate, its tickets."""
    who = require(Role.AUDITOR)
    sample = samples.sample_of(id, user=who, store=store())
    cards = store().cards_of_sample(sample.id)
    mine = {card.ticket_number for card in cards if card.auditor == who.username}
    count = {number: sum(card.ticket_number == number for card in cards) for number in {card.ticket_number for card in cards}}
    names = {row["code"]: row["name"] for row in store().reference_rows("scorecard_items")}
    drawn = store().sample_tickets(sample.id)
    progress = scorecards.progress(sample, store())
    return render_template("pages/audit_sample.html", sample=sample, drawn=drawn, mine=mine, count=count, progress=progress, names=names)


@blueprint.get("/audit/samples/<int:id>/<number>")
def scorecard(id: int, number: str) -> ResponseReturnValue:
    """Show the card of a ticket of a sample: to be filled, or what was given."""
    return scorecard_page(id, number)


@blueprint.post("/audit/samples/<int:id>/<number>")
def assess_ticket(id: int, number: str) -> ResponseReturnValue:
    """Keep the user's card, and go on to the next ticket that the user can judge."""
    who = require(Role.AUDITOR)
    try:
        scorecards.assess(id, number, request.form, user=who, store=store(), now=now())
    except (InvalidInput, Conflict) as error:
        return scorecard_page(id, number, error), status_of(error)
    cards = store().cards_of_sample(id)
    closed = {one.ticket_number for one in cards if one.auditor == who.username or sum(c.ticket_number == one.ticket_number for c in cards) > 1}
    left = [one.ticket_number for one in store().sample_tickets(id) if one.ticket_number not in closed]
    flash(say("Submitted; you have {left} tickets left to score", left=len(left)))
    following = url_for("pages.scorecard", id=id, number=left[0]) if left else url_for("pages.audit_sample", id=id)
    return redirect(following, 303)


def scorecard_page(id: int, number: str, error: TriageError | None = None) -> str:
    """Show a card with the ticket beside it, masked as on its own page."""
    who, kept = require(Role.AUDITOR), store()
    sample = samples.sample_of(id, user=who, store=kept)
    drawn = kept.sample_ticket(sample.id, number)
    cards = kept.cards(sample.id, number)
    return render_template(
        "pages/audit_card.html",
        sample=sample,
        drawn=drawn,
        ticket=kept.ticket(number),
        steps=kept.steps_of(number),
        items=scorecards.items(kept),
        names={row["code"]: row["name"] for row in kept.reference_rows("scorecard_items")},
        cards=scorecards.visible_cards(cards, who),
        may_assess=len(cards) < scorecards.AUDITORS and all(card.auditor != who.username for card in cards),
        error=error,
        typed=request.form if error else {},
    )


@blueprint.get("/audit/suspicions")
def audit_suspicions() -> ResponseReturnValue:
    """List what the rules have found: that which waits, or that which was decided."""
    return suspicions_page()


def suspicions_page(error: TriageError | None = None) -> str:
    """Show the rules with their precision, and the finds of one of them or all."""
    require(Role.AUDITOR)
    rule, is_decided = clean(request.args.get("rule", "")), request.args.get("decided") == "1"
    known, skip = precisions(store()), skipped()
    found = store().suspicions(rule, [one.value for one in Verdict] if is_decided else [""], ON_PAGE, skip)
    total = sum(one.decided if is_decided else one.waiting for one in known if rule in ("", one.rule))
    paged = {"skipped": skip, "on_page": ON_PAGE, "total": total}
    today = in_shanghai(now()).date()
    typed = request.form if error else {"since": (today - WEEKS).isoformat(), "until": today.isoformat()}
    shown = {"rules": known, "found": found, "rule": rule, "is_decided": is_decided, "enough": ENOUGH}
    return render_template("pages/audit_suspicions.html", **shown, **paged, error=error, typed=typed)


@blueprint.post("/audit/suspicions/scan")
def scan_suspicions() -> ResponseReturnValue:
    """Look for suspicious patterns in a period."""
    require(Role.AUDITOR)
    try:
        first, last = (read_day(request.form.get(name, ""), name) for name in ("since", "until"))
        new = suspicions.scan(first, last, store=store(), rules=rules(), now=now())
    except InvalidInput as error:
        return suspicions_page(error), status_of(error)
    flash(say("Search finished; newly found: {new}", new=new))
    return redirect(url_for("pages.audit_suspicions"), 303)


@blueprint.post("/audit/suspicions/<int:id>")
def decide_suspicion(id: int) -> ResponseReturnValue:
    """Confirm or refuse a suspicion."""
    try:
        done = suspicions.decide(id, request.form.get("verdict", ""), user=require(Role.AUDITOR), store=store(), now=now())
    except (InvalidInput, Conflict) as error:
        return suspicions_page(error), status_of(error)
    flash(say("Ticket {number} judged “{verdict}”", number=done.ticket_number, verdict=Verdict(done.verdict).label))
    return redirect(url_for("pages.audit_suspicions", rule=clean(request.form.get("rule", ""))), 303)


@blueprint.get("/audit/exports")
def audit_exports() -> ResponseReturnValue:
    """List who took which file out of the product."""
    who, kept, skip = require(Role.AUDITOR), store(), skipped()
    found = exports.entries(who, kept, ON_PAGE, skip)
    return render_template("pages/audit_exports.html", found=found, skipped=skip, on_page=ON_PAGE, total=kept.count_exports())


@blueprint.get("/audit/tasks")
def audit_task_list() -> ResponseReturnValue:
    """List the tasks that the user may read; an auditor also gives new ones here."""
    return tasks_page()


@blueprint.post("/audit/tasks")
def new_audit_task() -> ResponseReturnValue:
    """Give a department a task."""
    try:
        task = audit_tasks.give_task(request.form, user=require(Role.AUDITOR), store=store(), rules=rules(), now=now())
    except InvalidInput as error:
        return tasks_page(error), status_of(error)
    flash(say("Task {id} issued, due on {due_on}", id=task.id, due_on=task.due_on))
    return redirect(url_for("pages.audit_task_list"), 303)


@blueprint.post("/audit/tasks/<int:id>/<any(answer,close,back):what>")
def move_audit_task(id: int, what: str) -> ResponseReturnValue:
    """Answer a task, close it, or send it back."""
    who = require(*audit_tasks.READERS)
    try:
        version = version_seen(request.form.get("version"))
        if what == "answer":
            audit_tasks.answer_task(id, request.form, version=version, user=who, store=store(), now=now())
        elif what == "close":
            audit_tasks.close_task(id, version=version, user=who, store=store(), now=now())
        else:
            audit_tasks.send_back(id, request.form, version=version, user=who, store=store(), rules=rules(), now=now())
    except (InvalidInput, Conflict, IllegalMove) as error:
        return tasks_page(error, id), status_of(error)
    flash(say("Task {id}: “{action}” done", id=id, action={"answer": say("Reply"), "close": say("Close out"), "back": say("Send back")}[what]))
    return redirect(url_for("pages.audit_task_list"), 303)


def tasks_page(error: TriageError | None = None, tried: int = 0) -> str:
    """Show the tasks, with what was typed into the form that was tried."""
    who, kept = require(*audit_tasks.READERS), store()
    source = {name: clean(request.args.get(name, "")) for name in ("suspicion_id", "sample_id", "ticket_number")}
    tasks, skip = audit_tasks.tasks_for(who, kept), skipped()
    return render_template(
        "pages/audit_tasks.html",
        tasks=tasks[skip : skip + ON_PAGE],
        history=kept.task_entries([one.id for one in tasks[skip : skip + ON_PAGE]]),
        skipped=skip,
        on_page=ON_PAGE,
        total=len(tasks),
        teams=sorted(kept.teams_and_parents()[1]) if user().role is Role.AUDITOR else [],
        today=in_shanghai(now()).date(),
        error=error,
        tried=tried,
        typed=request.form if error else {**source, "days": "5"},
    )
