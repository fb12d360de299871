"""The queues: the dispatcher's and a department's, special first, then the next deadline."""

from collections import Counter

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.request import now, require, rules, store
from routes.web.blueprint import blueprint
from triage.reference import edit_row
from triage.terms import Role, State, Zone


@blueprint.get("/dispatch")
def dispatch() -> ResponseReturnValue:
    """Show what waits for a dispatcher: doubtful, returned, danger on top; and the replies to be checked."""
    require(Role.DISPATCHER)
    waiting = store().dispatcher_queue()
    return render_template(
        "pages/dispatch.html",
        waiting=waiting,
        latest=store().waiting_decisions(),
        replies=store().review_queue(),
        automatic=rules().is_automatic_dispatch_on,
    )


@blueprint.post("/dispatch/switch")
def switch() -> ResponseReturnValue:
    """Stop or resume automatic dispatch."""
    who = require(Role.DISPATCHER, Role.ADMIN)
    value = "off" if rules().is_automatic_dispatch_on else "on"
    edit_row(store(), "switches", {"code": "automatic_dispatch"}, {"value": value}, actor=who.username, now=now())
    flash("自动派单已恢复" if value == "on" else "自动派单已停止：新工单一律转人工审核")
    return redirect(url_for("pages.dispatch" if who.role is Role.DISPATCHER else "pages.admin"), 303)


@blueprint.get("/queue")
def queue() -> ResponseReturnValue:
    """Show a team's queue, or for a leader those of the unit and below."""
    who = require(Role.HANDLER, Role.LEADER)
    every = store().team_queue(who.unit_code, who.department) if who.role is Role.HANDLER else store().unit_queue(who.unit_code, who.department)
    state = request.args.get("state", "")
    shown = [ticket for ticket in every if not state or ticket.state == state]
    zones = Counter(ticket.zone(now()) for ticket in every)
    states = Counter(ticket.state for ticket in every)
    return render_template("pages/queue.html", tickets=shown, total=len(every), zones=zones, states=states, state=state, Zone=Zone, State=State)
