"""Crews and their rota (班组), delegation (委托) and shift handover (交接班)."""

from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, store, user
from routes.web.blueprint import blueprint
from triage.delegations import colleagues, delegate, revoke, subordinates
from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, TriageError
from triage.handovers import ROLES, hand_over, handovers_for, is_theirs, open_tickets_of, take_over
from triage.moments import in_shanghai, read_day, start_of
from triage.people import User
from triage.shifts import WEEKDAYS, Crew, ShiftKind, add_crew, cancel, change_crew, manages, monday, now_and_next, plan
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

WEEK = timedelta(days=7)
AHEAD = timedelta(days=31)
USUAL = {"starts": "08:00", "ends": "20:00", "kind": "day"}
FAR = date(2100, 1, 1)


@blueprint.get("/shifts")
def shifts() -> ResponseReturnValue:
    """Show the crews, who is on now and next, and a week (`week` is any date of it)."""
    return shifts_page()


@blueprint.post("/shifts")
def plan_shifts() -> ResponseReturnValue:
    """Enter a crew's shifts, a week or more at a time."""
    require(Role.HANDLER, Role.LEADER)
    try:
        count = plan(request.form, request.form.getlist("weekdays"), user=user(), store=store(), now=now())
    except InvalidInput as error:
        return shifts_page(error, "plan"), status_of(error)
    flash(say("Shifts planned: {count}", count=count))
    return redirect(url_for("pages.shifts", week=clean(request.form.get("from_on", ""))), 303)


@blueprint.post("/shifts/crews")
def new_crew() -> ResponseReturnValue:
    """Make a crew."""
    require(Role.HANDLER, Role.LEADER)
    try:
        crew = add_crew(request.form, request.form.getlist("members"), user=user(), store=store())
    except InvalidInput as error:
        return shifts_page(error, "new"), status_of(error)
    flash(
        say("{crew} has been set up; add members and plan its shifts below", crew=crew.name)
        if not crew.members
        else say("{crew} has been set up", crew=crew.name)
    )
    return redirect(url_for("pages.shifts"), 303)


@blueprint.post("/shifts/crews/<code>")
def edit_crew(code: str) -> ResponseReturnValue:
    """Rename a crew, change its members, take it out of use or back."""
    require(Role.HANDLER, Role.LEADER)
    try:
        crew = change_crew(clean(code), request.form, request.form.getlist("members"), user=user(), store=store())
    except InvalidInput as error:
        return shifts_page(error, code), status_of(error)
    flash(say("{crew} has been saved", crew=crew.name) + ("" if crew.is_active else say(", and is now out of use")))
    return redirect(url_for("pages.shifts"), 303)


@blueprint.post("/shifts/<int:id>/cancel")
def cancel_shift(id: int) -> ResponseReturnValue:
    """Cancel a shift that is not over."""
    require(Role.HANDLER, Role.LEADER)
    shift = cancel(id, user=user(), store=store(), now=now())
    flash(say("Shift cancelled: {shift}", shift=shift.words))
    return redirect(url_for("pages.shifts", week=in_shanghai(shift.starts_at).date().isoformat()), 303)


def shifts_page(error: TriageError | None = None, tried: str = "") -> str:
    """Show the crews of the user's teams, with what was typed into the form that was tried."""
    who, kept = require(Role.HANDLER, Role.LEADER), store()
    crews = crews_of(who)
    codes = [one.code for one in crews if one.is_active]
    first = monday(week_asked())
    since = start_of(first)
    near = kept.shifts_of(codes, now(), now() + AHEAD)
    return render_template(
        "pages/shifts.html",
        crews=crews,
        may_plan={one.code for one in crews if manages(who, one.unit_code, one.department, kept)},
        teams=teams_of(who),
        team_users={one.code: kept.team_users(one.unit_code, one.department) for one in crews},
        duty={code: now_and_next(near, code, now()) for code in codes},
        week=kept.shifts_of(codes, since, since + WEEK),
        days=[first + timedelta(days=number) for number in range(7)],
        before=(first - WEEK).isoformat(),
        after=(first + WEEK).isoformat(),
        today=in_shanghai(now()).date(),
        in_shanghai=in_shanghai,
        kinds=list(ShiftKind),
        weekdays=WEEKDAYS,
        error=error,
        tried=tried,
        typed=request.form if tried == "plan" else usual(first),
        typed_days=request.form.getlist("weekdays") if tried == "plan" else list("12345"),
        typed_crew=request.form if tried not in ("", "plan") else {},
        typed_members=request.form.getlist("members") if tried not in ("", "plan") else [],
    )


def usual(first: date) -> dict[str, str]:
    """Give what the form of the rota begins with: the week that is shown, from today on."""
    begins = max(first, in_shanghai(now()).date())
    return {**USUAL, "crew": "", "from_on": begins.isoformat(), "until_on": (monday(begins) + timedelta(days=6)).isoformat()}


def week_asked() -> date:
    """Give a date of the week to be shown; today where none is named, or none that there is."""
    asked = request.args.get("week", "")
    try:
        day = read_day(asked, "week") if asked else in_shanghai(now()).date()
    except InvalidInput:
        return in_shanghai(now()).date()
    return min(max(day, date(2000, 1, 10)), FAR)


def crews_of(who: User) -> list[Crew]:
    """Give the crews of the teams that the user leads or belongs to, and of those whom the user stands in for."""
    kept, found = store(), dict[str, Crew]()
    for hat in who.hats:
        some = kept.crews_under(hat.unit_code, hat.department)
        if hat.role is Role.HANDLER:
            some = kept.crews_of_team(hat.unit_code, hat.department)
        found |= {one.code: one for one in some}
    return list(found.values())


def teams_of(who: User) -> list[tuple[str, str]]:
    """Give the teams for which the user may make crews, the own unit's first."""
    teams = sorted(store().teams_and_parents()[1])
    return [(unit, department) for unit, department in teams if manages(who, unit, department, store())]


@blueprint.get("/handover")
def handover() -> ResponseReturnValue:
    """Show the handovers of the user's teams, and the user's delegations."""
    return handover_page()


@blueprint.post("/handover")
def leave_shift() -> ResponseReturnValue:
    """Write a handover; the team's open tickets are kept with it."""
    require(*ROLES)
    try:
        made = hand_over(request.form, user=user(), store=store(), now=now())
    except InvalidInput as error:
        return handover_page(error, "handover"), status_of(error)
    flash(say("Shift handed over with {count} open tickets; it waits to be taken over", count=len(made.tickets)))
    return redirect(url_for("pages.handover"), 303)


@blueprint.post("/handover/<int:id>/take")
def take_shift(id: int) -> ResponseReturnValue:
    """Take a shift over."""
    require(*ROLES)
    try:
        taken = take_over(id, user=user(), store=store(), now=now())
    except (Conflict, Forbidden) as error:
        return handover_page(error, "take"), status_of(error)
    flash(say("You have taken over the shift of {from_name}", from_name=taken.from_name))
    return redirect(url_for("pages.handover"), 303)


@blueprint.post("/delegations")
def new_delegation() -> ResponseReturnValue:
    """Hand work to a colleague for a while."""
    require(*ROLES)
    try:
        made = delegate(request.form, user=user(), store=store(), now=now())
    except InvalidInput as error:
        return handover_page(error, "delegate"), status_of(error)
    flash(say("Work of {from_name}, {when}: {to_name} stands in", from_name=made.from_name, when=made.words, to_name=made.to_name))
    return redirect(url_for("pages.handover"), 303)


@blueprint.post("/delegations/<int:id>/revoke")
def end_delegation(id: int) -> ResponseReturnValue:
    """Take a delegation back, or give it back."""
    require(*ROLES)
    try:
        ended = revoke(id, user=user(), store=store(), now=now())
    except (Forbidden, IllegalMove) as error:
        return handover_page(error, "revoke"), status_of(error)
    flash(say("The delegation from {from_name} to {to_name} has ended", from_name=ended.from_name, to_name=ended.to_name))
    return redirect(url_for("pages.handover"), 303)


def handover_page(error: TriageError | None = None, tried: str = "") -> str:
    """Show handovers and delegations, with what was typed into the form that was tried."""
    who, kept = require(*ROLES), store()
    own: list[Any] = [one for one in handovers_for(who, kept) if is_theirs(who, one, kept)]
    away = subordinates(who, kept)
    receivers = {one.username: one for person in (who, *away) for one in colleagues(person, kept)}
    return render_template(
        "pages/handover.html",
        handovers=own,
        open_count=len(open_tickets_of(who, kept)),
        delegations=kept.delegations_of(who.username),
        away=away,
        receivers=sorted(receivers.values(), key=lambda one: one.username),
        error=error,
        tried=tried,
        typed=request.form if error else {},
    )
