"""Administration of people (人员): add, change, give a new password, lock, sign out, revoke; each change is checked and leaves its trail."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from triage.errors import Conflict, IllegalMove, InvalidInput, NotFound, Problem
from triage.lifecycle import Plan
from triage.moves import BY_CODE
from triage.people import User, hasher, new_password
from triage.personnel_fields import read_person
from triage.personnel_trail import changes_of, in_words
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store
    from triage.store.personnel import Person

LONGEST_LABEL = 60


def add_person(values: Mapping[str, str], *, store: "Store", actor: str, now: datetime) -> tuple[User, str]:
    """Add somebody with a first password, which is kept nowhere but as its hash and is changed at the first sign-in; the trail says who did it.

    Args:
        values: username, name, role, unit and department, as typed.
        store: where people are kept.
        actor: the administrator's user name, or `command`.
        now: the moment.

    Raises:
        InvalidInput: a value is missing or wrong, or there is somebody of this user name; all problems at once.
    """
    password = new_password()
    hashed = hasher().hash(password)  # slow on purpose: before anybody else is made to wait
    with store.writing():
        store.hold_people()
        user = replace(read_person(values, None, store), is_temporary=True)
        store.add_user(user, hashed, now)
        store.keep_person_trail(user.username, None, _row(user), actor, now)
    return user, password


def change_person(username: str, values: Mapping[str, str], *, store: "Store", actor: str, now: datetime, version: int | None = None) -> User:
    """Change somebody's name, role, unit and department; what stays the same leaves no trail.

    Raises:
        NotFound: there is no such person.
        Conflict: somebody changed the person since `version` was read; says who changed what.
        InvalidInput: a value is wrong, or nobody would be left to administer; all problems at once.
    """
    with store.writing():
        person = _held(username, version, store)
        user = read_person(values, person, store)
        before, after = _row(person.user), _row(user)
        changed = [name for name in after if before[name] != after[name]]
        if changed:
            store.change_user(user)
            was, becomes = ({name: side[name] for name in changed} for side in (before, after))
            store.keep_person_trail(username, was, becomes, actor, now)
    return user


def renew_password(username: str, *, store: "Store", actor: str, now: datetime, version: int | None = None) -> str:
    """Give somebody a new password, to be changed at the next sign-in, and end the sessions; the password is kept nowhere but as its hash.

    Raises:
        NotFound, Conflict: see `change_person`.
    """
    password = new_password()
    hashed = hasher().hash(password)
    with store.writing():
        _held(username, version, store)
        store.set_password(username, hashed, is_temporary=True)
        store.keep_person_trail(username, {"password": "old"}, {"password": "new"}, actor, now)
    return password


def switch_person(username: str, is_active: bool, *, store: "Store", actor: str, now: datetime, version: int | None = None) -> None:
    """Lock somebody out at once, with all sessions and API tokens (停用), or let them in again (启用); doing it again changes nothing.

    Raises:
        NotFound, Conflict: see `change_person`.
        IllegalMove: it is the administrator's own account, or that of the last one.
    """
    with store.writing():
        person = _held(username, version, store)
        if person.is_active == is_active:
            return
        if not is_active:
            _refuse_locking(person.user, actor, store)
            for label in {row["label"] for row in store.tokens_of(username) if row["revoked_at"] is None}:
                store.revoke_tokens(username, label, now)
        store.set_active(username, is_active)
        store.keep_person_trail(username, {"is_active": not is_active}, {"is_active": is_active}, actor, now)


def sign_out_everywhere(username: str, *, store: "Store", actor: str, now: datetime) -> int:
    """End all sessions of somebody, and give how many were alive; API tokens stay.

    Raises:
        NotFound: there is no such person.
    """
    with store.writing():
        _held(username, None, store)
        alive = store.count_sessions(username, now)
        store.close_sessions(username)
        if alive:
            store.keep_person_trail(username, {"sessions": "1"}, {"sessions": "0"}, actor, now)
    return alive


def add_token(username: str, label: str, *, store: "Store", actor: str, now: datetime) -> str:
    """Make an API token for somebody, and give it; it is kept nowhere but as its digest.

    Raises:
        NotFound: there is no such person.
        IllegalMove: the account is locked.
        InvalidInput: what it is for is not said, or there is a valid token of this label.
    """
    token, label = secrets.token_urlsafe(32), clean(label).strip()
    with store.writing():
        if not _held(username, None, store).is_active:
            raise IllegalMove(say("This account is locked; unlock it before you make a token"))
        if not 0 < len(label) <= LONGEST_LABEL:
            raise InvalidInput(Problem("label", say("What the token is for: required, at most {most} characters", most=LONGEST_LABEL)))
        if any(row["label"] == label and row["revoked_at"] is None for row in store.tokens_of(username)):
            raise InvalidInput(
                Problem("label", say("There is a valid token “{label}” already; revoke it first, or name this one differently", label=label))
            )
        store.add_token(token, username, label, now)
        store.keep_person_trail(username, {"tokens": ""}, {"tokens": label}, actor, now)
    return token


def revoke_token(username: str, label: str, *, store: "Store", actor: str, now: datetime) -> int:
    """Revoke somebody's API tokens of a label, and give how many there were.

    Raises:
        NotFound: there is no such person, or no token of this label that is still valid.
    """
    with store.writing():
        _held(username, None, store)
        revoked = store.revoke_tokens(username, label, now)
        if not revoked:
            raise NotFound(say("There is no valid token “{label}”; refresh the page", label=label))
        store.keep_person_trail(username, {"tokens": label}, {"tokens": "-"}, actor, now)
    return revoked


def hand_on(username: str, team: tuple[str, str], to: str, *, store: "Store", actor: str, now: datetime) -> int:
    """Give the open tickets of somebody in one team (unit, department) to a colleague there, or to the whole team (`to` empty); give how many.

    Each ticket has it in its own trail as an assignment (指派) by the administrator.

    Raises:
        NotFound: there is no such person.
        InvalidInput: the colleague is not of the team, is locked, or is the same person.
    """
    with store.writing():
        _held(username, None, store)
        if to == username:
            raise InvalidInput(Problem("to", say("Choose somebody else, or the whole crew")))
        mine = [row["number"] for row in store.assigned_to(username) if (row["team_unit"], row["department"]) == team]
        rules = store.rules()
        for number in mine:
            ticket = store.ticket(number)
            store.check_assignment(ticket, to, "")
            fields = {"assignee": to, "crew": "", "note": ""}
            store.keep_move(ticket, BY_CODE["assign"], fields, Plan(), rules, now, actor)
    return len(mine)


def _held(username: str, version: int | None, store: "Store") -> "Person":
    """Give somebody as nobody else can change them until the transaction ends."""
    store.hold_people()
    person = store.person(username)
    if person is None:
        raise NotFound(say("There is no user {username}; choose one from the list", username=username))
    if version is not None and version != store.person_version(username):
        later = [one for one in changes_of(username, store) if one.id > version]
        raise Conflict(
            say(
                "{name} was changed by somebody else meanwhile ({changes}); look at it as it stands now, then change it again",
                name=person.user.name,
                changes=say("; ").join(map(in_words, reversed(later))),
            )
        )
    return person


def _row(user: User) -> dict[str, str]:
    """Give what the trail says of somebody; the user name is the row's key."""
    return {"name": user.name, "role": user.role.value, "unit_code": user.unit_code, "department_code": user.department}


def _refuse_locking(user: User, actor: str, store: "Store") -> None:
    if user.username == actor:
        raise IllegalMove(say("You cannot lock your own account; ask another administrator"))
    if user.role is Role.ADMIN and not store.count_other_admins(user.username):
        raise IllegalMove(say("{name} is the last administrator; make another administrator first, then lock this account", name=user.name))
