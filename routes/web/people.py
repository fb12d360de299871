"""People (人员) for administrators: found, added, changed, locked; a password is shown once, and nobody's name stands in an address."""

from collections.abc import Callable, Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, store
from routes.web.admin_tables import Edit
from routes.web.blueprint import blueprint
from routes.web.paging import ON_PAGE, skipped
from triage.checks import codes
from triage.errors import Conflict, IllegalMove, InvalidInput, NotFound, Problem, TriageError
from triage.people import User
from triage.personnel import (
    LONGEST_LABEL,
    add_person,
    add_token,
    change_person,
    hand_on,
    renew_password,
    revoke_token,
    sign_out_everywhere,
    switch_person,
)
from triage.personnel_trail import Changed, changes_of
from triage.store.personnel import Person, Wanted
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

FILTERS = ("role", "unit", "department", "state")
LOCKED, UNLOCKED = say("The account is locked; every session and API token has ended"), say("The account is in use again")
Act = Callable[[str, User], str]


@blueprint.get("/admin/people")
def people() -> ResponseReturnValue:
    """List the people, a page at a time, or those of a role, unit, department or state."""
    require(Role.ADMIN)
    return listed(request.args, "", skipped())


@blueprint.post("/admin/people")
def find_people() -> ResponseReturnValue:
    """Look for people by a part of the name or user name, which never stands in an address."""
    require(Role.ADMIN)
    skip = request.form.get("skip", "")
    return listed(request.form, clean(request.form.get("words", "")).strip(), int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 8 else 0)


def listed(asked: Mapping[str, str], words: str, skip: int) -> str:
    """Show the list with what is asked for."""
    chosen = {name: clean(asked.get(name, "")) for name in FILTERS}
    wanted = Wanted(**chosen, words=words)
    return render_template(
        "pages/people.html",
        found=store().people(wanted, skip, ON_PAGE),
        total=store().count_people(wanted),
        skip=skip,
        on_page=ON_PAGE,
        chosen=chosen,
        words=words,
        mark=store().person_mark,
        **options(),
    )


def options() -> dict[str, Mapping[str, str]]:
    """Give what may be chosen of a person: code and Chinese name; only units that are in use."""
    units = {row["code"]: row["name"] for row in store().units(current_only=True)}
    return {"roles": {role.value: role.label for role in Role}, "units": units, "departments": codes(store(), "departments")}


@blueprint.route("/admin/people/new", methods=["GET", "POST"])
def new_person() -> ResponseReturnValue:
    """Show an empty form, and add somebody; the first password stands on the page that comes back and nowhere else."""
    who = require(Role.ADMIN)
    error = None
    if request.method == "POST":
        try:
            user, password = add_person(request.form, store=store(), actor=who.username, now=now())
            return once(user, say("First password"), password)
        except InvalidInput as wrong:
            error = wrong
    return render_template("pages/person_new.html", error=error, typed=request.form, **options()), status_of(error) if error else 200


def once(user: User, what: str, secret: str) -> str:
    """Show a password or token this one time."""
    return render_template("pages/person_secret.html", person=user, what=what, secret=secret, mark=store().person_mark(user.username))


@blueprint.route("/admin/people/<mark>", methods=["GET", "POST"])
def person(mark: str) -> ResponseReturnValue:
    """Show somebody: who it is, what is signed in, tokens, open tickets, changes; and keep what was changed."""
    who = require(Role.ADMIN)
    if request.method == "GET":
        return shown(asked(mark))

    def change(username: str, admin: User) -> str:
        change_person(username, request.form, store=store(), actor=admin.username, now=now(), version=version())
        return say("Saved")

    return done(mark, who, change, typed=True)


@blueprint.post("/admin/people/<mark>/password")
def person_password(mark: str) -> ResponseReturnValue:
    """Give somebody a new password, shown this once."""
    who, found = require(Role.ADMIN), asked(mark)
    try:
        password = renew_password(found.user.username, store=store(), actor=who.username, now=now(), version=version())
    except (Conflict, InvalidInput) as error:
        return shown(asked(mark), error), status_of(error)
    return once(found.user, say("New password"), password)


@blueprint.post("/admin/people/<mark>/switch")
def person_switch(mark: str) -> ResponseReturnValue:
    """Lock somebody out at once, or let them in again."""
    is_active = request.form.get("state") == "on"

    def switch(username: str, admin: User) -> str:
        switch_person(username, is_active, store=store(), actor=admin.username, now=now(), version=version())
        return UNLOCKED if is_active else LOCKED

    return done(mark, require(Role.ADMIN), switch)


@blueprint.post("/admin/people/<mark>/sign-out")
def person_sign_out(mark: str) -> ResponseReturnValue:
    """End all sessions of somebody."""

    def leave(username: str, admin: User) -> str:
        return say("Signed out of {count} sessions", count=sign_out_everywhere(username, store=store(), actor=admin.username, now=now()))

    return done(mark, require(Role.ADMIN), leave)


@blueprint.post("/admin/people/<mark>/token")
def person_token(mark: str) -> ResponseReturnValue:
    """Make an API token for somebody, shown this once, or revoke one by its label."""
    who, found, label = require(Role.ADMIN), asked(mark), request.form.get("label", "")
    if "revoke" in request.form:

        def revoke(username: str, admin: User) -> str:
            revoke_token(username, request.form["revoke"], store=store(), actor=admin.username, now=now())
            return say("The token is revoked")

        return done(mark, who, revoke)
    try:
        token = add_token(found.user.username, label, store=store(), actor=who.username, now=now())
    except (InvalidInput, IllegalMove) as error:
        return shown(asked(mark), error), status_of(error)
    return once(found.user, say("API token “{label}”", label=clean(label).strip()), token)


@blueprint.post("/admin/people/<mark>/hand-on")
def person_hand_on(mark: str) -> ResponseReturnValue:
    """Give the open tickets of somebody in one team to a colleague or to the whole team."""
    unit, _, department = request.form.get("team", "").partition("/")

    def give(username: str, admin: User) -> str:
        sent = request.form.get("to", "")
        to = store().username_of(sent)
        if sent and not to:
            raise InvalidInput(Problem("to", say("Hand on to: choose somebody from the list, or the whole crew")))
        count = hand_on(username, (unit, department), to, store=store(), actor=admin.username, now=now())
        return say("{count} open tickets were handed on", count=count)

    return done(mark, require(Role.ADMIN), give)


def asked(mark: str) -> Person:
    """Give whom an address means.

    Raises:
        NotFound: nobody.
    """
    found = store().marked_person(mark)
    if found is None:
        raise NotFound(say("There is nobody here; choose somebody from the list"))
    return found


def version() -> int:
    """Give the state of the account that the administrator saw.

    Raises:
        InvalidInput: it is missing or no number.
    """
    text = request.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInput(Problem("version", say("The form is incomplete; refresh the page and try again")))
    return int(text)


def done(mark: str, who: User, act: Act, *, typed: bool = False) -> ResponseReturnValue:
    """Do something about somebody and go back to the page with what was done, or show what was in the way."""
    found = asked(mark)
    try:
        flash(act(found.user.username, who))
    except (InvalidInput, Conflict, IllegalMove, NotFound) as error:
        return shown(asked(mark), error, typed=typed and not isinstance(error, Conflict)), status_of(error)
    return redirect(url_for("pages.person", mark=mark), 303)


def shown(found: Person, error: TriageError | None = None, *, typed: bool = False) -> str:
    """Show somebody's page, with what was typed where that was wrong."""
    kept, user = store(), found.user
    row = {"name": user.name, "role": user.role.value, "unit": user.unit_code, "department": user.department}
    return render_template(
        "pages/person.html",
        person=found,
        values={**row, **request.form} if typed else row,
        version=kept.person_version(user.username),
        sessions=kept.count_sessions(user.username, now()),
        tokens=kept.tokens_of(user.username),
        longest_label=LONGEST_LABEL,
        teams=open_work(user),
        edits=[edit_of(one) for one in changes_of(user.username, kept)],
        mark=kept.person_mark,
        error=error,
        **options(),
    )


def open_work(user: User) -> list[tuple[tuple[str, str], list[Mapping[str, object]], list[User]]]:
    """Give the open tickets of somebody team by team, each with who may take them over."""
    teams: dict[tuple[str, str], list[Mapping[str, object]]] = {}
    for row in store().assigned_to(user.username):
        teams.setdefault((row["team_unit"] or "", row["department"] or ""), []).append(dict(row))
    others = [one for one in store().active_users() if one.username != user.username and one.role in (Role.HANDLER, Role.LEADER)] if teams else []
    mates = {team: [one for one in others if one.unit_code == team[0] and one.department in ("", team[1])] for team in teams}
    return [(team, tickets, mates[team]) for team, tickets in teams.items()]


def edit_of(one: Changed) -> Edit:
    """Give a change as the list of edits shows it."""
    return Edit(one.happened_at, one.actor, "", "add" if one.is_new else "edit", one.columns)
