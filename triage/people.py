"""Users: who they are, what they may see, how they sign in."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from triage.errors import InvalidInput, Problem, SignInFailed, TooManyAttempts
from triage.terms import Role
from triage.tickets import CoHandling, Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store
    from triage.store.moves import Moves

SESSION = timedelta(hours=12)
SHORTEST, LONGEST = 10, 200  # characters of a password that somebody chooses
MAX_FAILURES, FAILURE_WINDOW = 5, timedelta(minutes=5)
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that are taken for one another
WRONG = say("The username or the password is wrong; enter them again")


@dataclass(frozen=True)
class User:
    """Somebody who works with the system; `stands_in_for` are those whose work was handed to them for now (委托).

    `is_temporary`: the password was made by somebody else and has to be changed before anything is done.
    """

    username: str
    name: str
    role: Role
    unit_code: str
    department: str
    stands_in_for: tuple["User", ...] = ()
    is_temporary: bool = False

    @property
    def hats(self) -> tuple["User", ...]:
        """The user, and those whom the user stands in for."""
        return (self, *self.stands_in_for)


@cache
def hasher() -> PasswordHasher:
    """Give the hasher of passwords (argon2id with the library's defaults)."""
    return PasswordHasher()


def may_see(user: User, ticket: Ticket, store: "Moves") -> bool:
    """A handler sees the own team's tickets and those that it helps with (协办), a leader those of the unit and below; the other roles all."""
    return leads(user, ticket, store) or helps(user, store.co_handlings_of(ticket.number), store) is not None


def leads(user: User, ticket: Ticket, store: "Moves") -> bool:
    """Whether a ticket is the user's to work on: the own team leads it, or the user is no department's."""
    return any(_is_theirs(hat, ticket.department, ticket.team_unit, store) for hat in user.hats)


def helps(user: User, asked: Iterable[CoHandling], store: "Moves") -> CoHandling | None:
    """Give what the user's team was asked to help with, an unanswered one first."""
    mine = [one for one in asked if one.cancelled_at is None and any(_is_theirs(hat, one.department, one.team_unit, store) for hat in user.hats)]
    return next((one for one in mine if one.is_open), mine[0] if mine else None)


def _is_theirs(user: User, department: str | None, team_unit: str | None, store: "Moves") -> bool:
    if user.role is Role.HANDLER:
        return (team_unit, department) == (user.unit_code, user.department)
    if user.role is Role.LEADER:
        return user.department in ("", department) and store.is_under(team_unit, user.unit_code)
    return True


def may_reveal(user: User, ticket: Ticket) -> bool:
    """Agents, dispatchers and auditors may see the caller's full data; handlers too, unless the identity is confidential (保密)."""
    if user.role in (Role.HANDLER, Role.LEADER):
        return not ticket.is_confidential
    return user.role is not Role.ADMIN


def new_password() -> str:
    """Make a password that can be read aloud: four groups of three, about 59 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(3)) for _ in range(4))


def sign_in(username: str, password: str, *, store: "Store", now: datetime) -> str:
    """Check a password and open a session.

    Returns:
        The session's token, to be kept in the user's cookie only; the store has its digest.

    Raises:
        SignInFailed: name or password is wrong.
        TooManyAttempts: five failures within five minutes.
    """
    if store.count_failures(username, now - FAILURE_WINDOW) >= MAX_FAILURES:
        raise TooManyAttempts(say("The password was wrong too many times in a row; try again in 5 minutes"))
    hashed = store.password_hash(username)
    try:
        hasher().verify(hashed or _nobody(), password)
        if hashed is None:
            raise VerificationError
    except VerificationError:
        store.add_failure(username, now)
        raise SignInFailed(WRONG) from None
    token = secrets.token_urlsafe(32)
    store.open_session(token, username, now, now + SESSION)
    return token


def change_own_password(user: User, current: str, new: str, again: str, *, store: "Store", now: datetime) -> str:
    """Let somebody replace the own password; every session ends, and one is opened anew, whose token is given.

    Raises:
        InvalidInput: the current password is wrong, or the new one is short, the same, the user name or typed differently; all problems at once.
        TooManyAttempts: five failures within five minutes.
    """
    if store.count_failures(user.username, now - FAILURE_WINDOW) >= MAX_FAILURES:
        raise TooManyAttempts(say("The password was wrong too many times in a row; try again in 5 minutes"))
    problems = []
    try:
        hasher().verify(store.password_hash(user.username) or _nobody(), current)
    except VerificationError:
        store.add_failure(user.username, now)
        problems.append(Problem("current", say("Current password: wrong, enter it again")))
    if not SHORTEST <= len(new) <= LONGEST:
        problems.append(Problem("new", say("New password: {least} to {most} characters", least=SHORTEST, most=LONGEST)))
    elif new == current or user.username.casefold() in new.casefold():
        problems.append(Problem("new", say("New password: it must differ from the current one and must not contain the user name")))
    if new != again:
        problems.append(Problem("again", say("New password again: the two are not the same")))
    if problems:
        raise InvalidInput(*problems)
    hashed, token = hasher().hash(new), secrets.token_urlsafe(32)
    with store.writing():
        store.set_password(user.username, hashed)
        store.open_session(token, user.username, now, now + SESSION)
        store.keep_person_trail(user.username, {"password": "old"}, {"password": "new"}, user.username, now)
    return token


@cache
def _nobody() -> str:
    """A hash that no password matches, so that an unknown name takes as long as a wrong password."""
    return hasher().hash(secrets.token_urlsafe(16))
