"""Crews, the rota, delegations and handovers as JSON."""

from datetime import timedelta
from typing import Any

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.read import read_body, read_query, read_texts
from routes.request import now, require, store, user
from triage import delegations, handovers
from triage.errors import InvalidInput, Problem
from triage.masking import mask_text
from triage.moments import in_shanghai, read_day, start_of
from triage.shifts import FIELDS, Crew, Shift, add_crew, cancel, change_crew, plan
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

WEEK = timedelta(days=7)
ROTA = ("crew", "kind", "from_on", "until_on", "starts", "ends")


def crew(one: Crew) -> dict[str, Any]:
    """A crew with its members."""
    place = {**show.row("unit_code", one.unit_code, show.unit_names()), "department": one.department, "is_active": one.is_active}
    return {"code": one.code, "name": one.name, **place, "members": [vars(member) for member in one.members]}


def shift(one: Shift) -> dict[str, Any]:
    """When a crew is on duty."""
    times = {"starts_at": show.moment(one.starts_at), "ends_at": show.moment(one.ends_at)}
    return {"id": one.id, "crew": one.crew, **show.term("kind", one.kind), **times, "is_on": one.is_on(now()), "made_by": one.made_by}


def delegation(one: delegations.Delegation) -> dict[str, Any]:
    """Whose work is whose."""
    times = {name: show.moment(getattr(one, name)) for name in ("starts_at", "ends_at", "made_at", "revoked_at")}
    return {**vars(one), **times, "is_on": one.is_on(now())}


def handover(one: handovers.Handover) -> dict[str, Any]:
    """What one shift left to the next, its text masked."""
    tickets = [
        {
            "number": t.number,
            **show.term("state", t.state),
            **show.term("next_step", t.next_step),
            "next_due_at": show.moment(t.next_due_at),
        }
        for t in one.tickets
    ]
    times = {"made_at": show.moment(one.made_at), "taken_at": show.moment(one.taken_at)}
    return {**vars(one), "text": mask_text(one.text), **times, "tickets": tickets}


def read_listed(name: str, *known: str) -> tuple[dict[str, str], list[str]]:
    """Give a JSON object of texts, one of whose fields is a list of texts.

    Raises:
        InvalidInput: a field is unknown, or not what it should be; all problems at once.
    """
    body = read_body()
    listed = body.get(name, [])
    problems = [
        Problem(field, say("There is no such field; use: {fields}", fields=say(", ").join((*known, name))))
        for field in body
        if field not in (*known, name)
    ]
    problems += [
        Problem(field, say("{field}: must be text", field=FIELDS.get(field, field))) for field in known if not isinstance(body.get(field, ""), str)
    ]
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        problems.append(Problem(name, say("{field}: should be a list of texts", field=FIELDS[name])))
    if problems:
        raise InvalidInput(*problems)
    return {field: body[field] for field in known if field in body}, listed


@blueprint.get("/shifts")
def shifts() -> ResponseReturnValue:
    """Give the user's crews and their shifts of the seven days from `from` (else today)."""
    who, asked = require(Role.HANDLER, Role.LEADER), read_query("from")["from"]
    since = start_of(read_day(asked, "from") if asked else in_shanghai(now()).date())
    crews = [one for hat in who.hats for one in crews_of_hat(hat.role, hat.unit_code, hat.department)]
    found = store().shifts_of([one.code for one in crews], since, since + WEEK)
    return {"crews": [crew(one) for one in crews], "shifts": [shift(one) for one in found]}


def crews_of_hat(role: Role, unit_code: str, department: str) -> tuple[Crew, ...]:
    """Give the crews of a handler's team, or of all teams of a leader."""
    return store().crews_of_team(unit_code, department) if role is Role.HANDLER else store().crews_under(unit_code, department)


@blueprint.post("/shifts")
def plan_shifts() -> ResponseReturnValue:
    """Enter a crew's shifts on some `weekdays` (1 Monday to 7) between two dates, all or none."""
    values, weekdays = read_listed("weekdays", *ROTA)
    return {"planned": plan(values, weekdays, user=user(), store=store(), now=now())}, 201


@blueprint.post("/shifts/<int:id>/cancel")
def cancel_shift(id: int) -> ResponseReturnValue:
    """Cancel a shift that is not over; doing it again changes nothing."""
    return {"id": cancel(id, user=user(), store=store(), now=now()).id}


@blueprint.post("/crews")
def new_crew() -> ResponseReturnValue:
    """Make a crew of a team (`team`: unit/department) with its `members`."""
    values, members = read_listed("members", "team", "name")
    return crew(add_crew(values, members, user=user(), store=store())), 201


@blueprint.put("/crews/<code>")
def edit_crew(code: str) -> ResponseReturnValue:
    """Put another name, state (`is_active` 1 or 0) and other `members` in the place of a crew's."""
    values, members = read_listed("members", "name", "is_active")
    return crew(change_crew(clean(code), values, members, user=user(), store=store()))


@blueprint.get("/delegations")
def list_delegations() -> ResponseReturnValue:
    """Give the delegations that the user gave, got or made."""
    return {"delegations": [delegation(one) for one in store().delegations_of(user().username)]}


@blueprint.post("/delegations")
def new_delegation() -> ResponseReturnValue:
    """Hand the own work to a colleague."""
    return delegation(delegations.delegate(read_texts(*delegations.FIELDS), user=user(), store=store(), now=now())), 201


@blueprint.post("/delegations/<int:id>/revoke")
def end_delegation(id: int) -> ResponseReturnValue:
    """Take a delegation back, or give it back."""
    return delegation(delegations.revoke(id, user=user(), store=store(), now=now()))


@blueprint.get("/handovers")
def list_handovers() -> ResponseReturnValue:
    """Give the latest handovers of the user's teams."""
    handovers.check_hands_over(user())
    return {"handovers": [handover(one) for one in handovers.handovers_for(user(), store())]}


@blueprint.post("/handovers")
def leave_shift() -> ResponseReturnValue:
    """Write a handover (`text`); the team's open tickets are kept with it."""
    return handover(handovers.hand_over(read_texts("text"), user=user(), store=store(), now=now())), 201


@blueprint.post("/handovers/<int:id>/take")
def take_shift(id: int) -> ResponseReturnValue:
    """Take a shift over."""
    return handover(handovers.take_over(id, user=user(), store=store(), now=now()))
