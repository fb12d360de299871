"""What a request has: the store's connection on first use, the rules in force, the user, the moment."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from flask import current_app, g, session
from flask import request as http

from triage.errors import Forbidden, InvalidInput, PasswordTemporary, Problem, SignInRequired
from triage.people import User
from triage.prediction import Predict, Prediction
from triage.rules import Rules
from triage.search import Cut, typed_words
from triage.store import Database, Store
from triage.terms import Role
from triage.wording import say

SESSION_KEY = "token"
NUMBER = "version"
WHILE_TEMPORARY = ("pages.own_password", "pages.set_theme", "pages.help_page")  # what somebody may see before the first password is changed


class Models(Protocol):
    """The kept models, as administrators see and change them; `classifier.catalogue` says what the values are."""

    def list(self) -> Sequence[Mapping[str, Any]]:
        """All models, the latest first."""

    def history(self) -> Sequence[Mapping[str, Any]]:
        """The changes of what is in use, the latest first."""

    def show(self, version: str) -> Mapping[str, Any] | None:
        """All that is known of a model; None when there is none of this name."""

    def compare(self, before: str, after: str) -> Mapping[str, Any]:
        """What speaks for and against one model in the place of another."""

    def promote(self, version: str, *, by: str, metric: str, force: str) -> Mapping[str, Any]:
        """Put a candidate into use, or say why not: `done`, `code`, `message`, `figures`."""

    def rollback(self, *, by: str, seen: str, reason: str) -> Mapping[str, Any]:
        """Put the model before the one that was seen into use again, or say why not."""


@dataclass
class Parts:
    """What the application is joined from (in `wsgi.py`): where the data is, the secret of digests, what predicts, what troubles
    it, the models that there are, and how the words of a search are cut."""

    database: Database
    secret: bytes
    predict: Predict
    predict_many: Callable[[list[str]], list[Prediction | None]]
    model_trouble: Callable[[], str | None]
    models: Models
    rules: Rules | None = None
    cut: Cut = typed_words


def parts() -> Parts:
    """Give the parts of the running application."""
    return cast(Parts, current_app.extensions["triage"])


def now() -> datetime:
    """The moment of this request: asked of the clock once."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    return cast(datetime, g.now)


def store() -> Store:
    """The store on this request's connection, taken on first use and given back at teardown."""
    if "store" not in g:
        g.exits = ExitStack()
        g.store = Store(g.exits.enter_context(parts().database.connect()), parts().secret)
    return cast(Store, g.store)


def give_back(_error: BaseException | None = None) -> None:
    """Give the connection back to the pool."""
    g.pop("store", None)
    exits = g.pop("exits", None)
    if exits is not None:
        exits.close()


def rules() -> Rules:
    """The rules in force: read again only when somebody has edited the reference data."""
    if "rules" not in g:
        kept = parts().rules
        if kept is None or kept.version != store().reference_version():
            parts().rules = kept = store().rules()
        g.rules = kept
    return cast(Rules, g.rules)


def user() -> User:
    """Who is signed in: by session cookie on pages, by bearer token on the API.

    Raises:
        SignInRequired: nobody, or no longer.
        PasswordTemporary: by a cookie, with a password that has to be changed first; only the page where it is changed is open.
    """
    if "user" not in g:
        scheme, _, token = http.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            g.user = store().user_of_token(token.strip(), now())
        else:
            token = session.get(SESSION_KEY, "")
            g.user = store().user_of_session(token, now()) if token else None
            g.is_first = g.user is not None and g.user.is_temporary
    if g.user is None:
        raise SignInRequired(say("Sign in first"))
    if g.get("is_first") and http.endpoint not in WHILE_TEMPORARY:
        raise PasswordTemporary(say("Change the password that you were given first"))
    return cast(User, g.user)


def require(*roles: Role) -> User:
    """Give the user if the role is one of these.

    Raises:
        Forbidden: it is not.
    """
    who = user()
    if who.role not in roles:
        raise Forbidden(say("This page is for {roles}; your role is {role}", roles=say(", ").join(role.label for role in roles), role=who.role.label))
    return who


def version_seen(value: str | None) -> int:
    """Read the version of a ticket that the user saw, from a form field or `If-Match`.

    Raises:
        InvalidInput: it is missing or no number.
    """
    digits = (value or "").strip().strip('W/"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise InvalidInput(Problem(NUMBER, say("The ticket's version is missing: refresh the ticket and try again (in the API, send If-Match)")))
    return int(digits)
