"""What waits to be decided beside the way (延期、再次退单、剔除、恶意诉求、申诉、告知), and what the machine sent of late."""

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from routes.request import now, require, rules, store, user
from routes.web.blueprint import blueprint
from triage.claims import next_unclaimed
from triage.clocks import UNITS
from triage.moves import DECIDERS, decided_by
from triage.people import leads
from triage.terms import Role
from triage.wording import say

LAST_HOUR = timedelta(hours=1)


@blueprint.get("/requests")
def waiting_requests() -> ResponseReturnValue:
    """List what waits for this user's decision, the oldest first."""
    who = require(*DECIDERS)
    kept = store()
    waiting = []
    for kind in decided_by(who.role):
        for row in kept.waiting_requests(kind):
            if who.role is not Role.LEADER or leads(who, kept.ticket(row["ticket_number"]), kept):
                waiting.append((kind, row))
    return render_template("pages/requests.html", waiting=waiting, rules=rules(), units=UNITS)


@blueprint.get("/dispatch/sent")
def sent_by_machine() -> ResponseReturnValue:
    """List what the machine sent in the last hour, with its reasons, beside the switch that stops it."""
    require(Role.DISPATCHER, Role.ADMIN)
    sent = store().sent_by_machine(now() - LAST_HOUR)
    return render_template("pages/sent.html", sent=sent, automatic=rules().is_automatic_dispatch_on)


@blueprint.post("/dispatch/next")
def next_ticket() -> ResponseReturnValue:
    """Take the next ticket that nobody works on."""
    require(Role.DISPATCHER)
    found = next_unclaimed(user=user(), store=store(), rules=rules(), now=now())
    if found is None:
        flash(say("No tickets wait for review, or others are working on all of them"))
        return redirect(url_for("pages.dispatch"), 303)
    return redirect(url_for("pages.ticket", number=found.number), 303)
