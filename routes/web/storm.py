"""Many reports of one event (一事多报): the groups of look-alike reports, and merging one in a single step."""

from collections.abc import Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, rules, store, version_seen
from routes.web.blueprint import blueprint
from routes.web.undo import seconds_left
from triage.errors import IllegalMove, InvalidInput, NotFound, Problem, TriageError
from triage.moments import read_moment
from triage.outages import Outage, OutageState
from triage.storm import Group, Merged, merge_group, storm
from triage.terms import Role, State
from triage.texts import clean
from triage.tickets import Ticket
from triage.unmerging import Parted, last_merge, undo_group
from triage.wording import say


def group_of(ticket: Ticket) -> Group | None:
    """Give the group that a ticket belongs to now."""
    return next((group for group in storm(store(), rules(), now()) if any(one.ticket.number == ticket.number for one in group.reports)), None)


@blueprint.get("/dispatch/storm")
def storms() -> ResponseReturnValue:
    """List the groups of look-alike reports."""
    require(Role.DISPATCHER)
    return render_template("pages/storm.html", groups=storm(store(), rules(), now()), rules=rules())


@blueprint.get("/dispatch/storm/<number>")
def storm_of(number: str) -> ResponseReturnValue:
    """Show the group that a ticket belongs to, all of it ticked but danger to life."""
    require(Role.DISPATCHER)
    return show_group(store().ticket(clean(number)))


@blueprint.post("/dispatch/storm/<number>")
def merge_storm(number: str) -> ResponseReturnValue:
    """Merge what is ticked into one ticket, and say what became of it."""
    who = require(Role.DISPATCHER)
    parent, outage = clean(request.form.get("parent", "")), clean(request.form.get("outage_number", ""))
    try:
        chosen = read_ticked(request.form.getlist("tickets"))
        done = merge_group(parent, chosen, user=who, store=store(), rules=rules(), now=now(), outage_number=outage)
    except (InvalidInput, NotFound) as error:
        return show_group(store().ticket(clean(number)), error=error), status_of(error)
    return show_group(done.parent, done=done), 200 if done.merged else 409


@blueprint.post("/dispatch/storm/<number>/undo")
def undo_storm(number: str) -> ResponseReturnValue:
    """Take a merge of a moment ago back as a whole, and say what stays merged and why."""
    who, number = require(Role.DISPATCHER), clean(number)
    merged_at = request.form.get("merged_at", "")
    try:
        at = read_moment(merged_at, "merged_at") if merged_at else None
        parted = undo_group(number, user=who, store=store(), rules=rules(), now=now(), merged_at=at)
    except (InvalidInput, IllegalMove) as error:
        return show_group(store().ticket(number), error=error), status_of(error)
    return show_group(parted.parent, parted=parted), 200 if parted.parted else 409


def read_ticked(values: Sequence[str]) -> dict[str, int]:
    """Read the ticked tickets, each as number and the version that was shown.

    Raises:
        InvalidInput: one is not written so.
    """
    found = {}
    for value in values:
        number, _, version = value.partition(".")
        if not (number.isascii() and number.isdigit() and len(number) == 16):
            raise InvalidInput(Problem("tickets", say("The ticked tickets cannot be read; refresh the page and tick them again")))
        found[number] = version_seen(version)
    return found


def show_group(ticket: Ticket, *, done: Merged | None = None, parted: Parted | None = None, error: TriageError | None = None) -> str:
    """Show a group with the choice of parent and outage, and the merge of a moment ago that can be taken back."""
    group, who = group_of(ticket), require(Role.DISPATCHER)
    merged_at = last_merge(ticket.number, user=who, store=store(), rules=rules(), now=now())
    outages: list[Outage] = store().outages(now(), OutageState.ACTIVE.value)
    return render_template(
        "pages/storm.html",
        group=group,
        ticket=ticket,
        done=done,
        parted=parted,
        merged_at=merged_at,
        seconds=seconds_left(merged_at) if merged_at else 0,
        error=error,
        outages=outages,
        rules=rules(),
        State=State,
        claims=store().claims(now()),
    )
