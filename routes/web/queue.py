"""A team's work queue (责任部门): by the next deadline, filters in the address, filters kept by name, many accepted at once."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, parts, require, rules, store, user, version_seen
from routes.web.blueprint import blueprint
from triage.errors import InvalidInput, TriageError
from triage.filters import (
    CHOICES,
    LABELS,
    MAX_NAME,
    QueueFilter,
    Whose,
    read_filter,
    read_place,
    remove_filter,
    save_filter,
    saved_filter,
    worklist,
)
from triage.lifecycle import act
from triage.people import User
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

MOST_AT_ONCE = 50


@blueprint.get("/queue")
def queue() -> ResponseReturnValue:
    """Show a page of the team's queue, for a leader of the unit and below, narrowed to what the address says."""
    require(Role.HANDLER, Role.LEADER)
    return page(read_filter(request.args), after=request.args.get("after", ""))


@blueprint.post("/queue/filters")
def keep_filter() -> ResponseReturnValue:
    """Keep the filter in force under a name."""
    who = require(Role.HANDLER, Role.LEADER)
    chosen, name = read_filter(request.form), request.form.get("name", "")
    try:
        saved = save_filter(name, chosen, user=who, store=store(), now=now())
    except InvalidInput as error:
        return page(chosen, error=error, typed=name), status_of(error)
    flash(say("Filter “{name}” saved", name=saved.name))
    return redirect(address(chosen), 303)


@blueprint.get("/queue/filters/<key>")
def kept_filter(key: str) -> ResponseReturnValue:
    """Lead to the queue as a kept filter narrows it."""
    who = require(Role.HANDLER, Role.LEADER)
    return redirect(address(saved_filter(clean(key), user=who, store=store()).filter))


@blueprint.post("/queue/filters/<key>/remove")
def forget_filter(key: str) -> ResponseReturnValue:
    """Forget a kept filter."""
    who = require(Role.HANDLER, Role.LEADER)
    flash(say("Filter “{name}” deleted", name=remove_filter(clean(key), user=who, store=store()).name))
    return redirect(url_for("pages.queue"), 303)


@blueprint.post("/queue/accept")
def accept_chosen() -> ResponseReturnValue:
    """Accept the chosen tickets, each by the version that was shown; those that could not be are listed with the reason."""
    who = require(Role.HANDLER, Role.LEADER)
    chosen, sent = read_filter(request.form), request.form.getlist("chosen")[:MOST_AT_ONCE]
    left = {number: said for number, said in ((one.partition(":")[0], accept(one, who)) for one in sent) if said}
    done = len(sent) - len(left)
    if left or not sent:
        return page(chosen, done=done, left=left), 200 if done else 409
    flash(say("Tickets accepted: {done}", done=done))
    return redirect(address(chosen), 303)


def address(chosen: QueueFilter) -> str:
    """Give where the queue stands, narrowed so."""
    values: dict[str, Any] = {**chosen.values}
    return url_for("pages.queue", **values)


def accept(chosen: str, who: User) -> str:
    """Accept one ticket, sent as number and version, and give why not, or nothing."""
    number, _, version = clean(chosen).partition(":")
    try:
        act(number, "accept", {}, user=who, version=version_seen(version), store=store(), rules=rules(), now=now(), predict=parts().predict)
    except TriageError as error:
        return error.message
    return ""


def page(
    chosen: QueueFilter,
    *,
    after: str = "",
    error: TriageError | None = None,
    typed: str = "",
    done: int | None = None,
    left: Mapping[str, str] | None = None,
) -> str:
    """Show the queue with its counts and the user's kept filters."""
    who = user()
    found = worklist(chosen, read_place(clean(after)), user=who, store=store(), now=now())
    crews = store().crews_under(who.unit_code, who.department)
    return render_template(
        "pages/queue.html",
        work=found,
        chosen=chosen,
        after=after,
        choices=CHOICES,
        filter_labels=LABELS,
        Whose=Whose,
        crews={crew.code: crew.name for crew in crews},
        saved=store().saved_filters(who.username, "queue"),
        error=error,
        typed=typed,
        max_name=MAX_NAME,
        done=done,
        left=left or {},
    )
