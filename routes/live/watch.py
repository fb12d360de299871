"""The side that waits for the database, in threads, never in the loop that holds the streams: who asks, and one look a second for all viewers."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from routes.live.topics import Key, Mark, Wish, marks, wish
from triage.errors import SignInRequired
from triage.store import Database, Store
from triage.store.live import Standing
from triage.wording import say


@dataclass(frozen=True)
class Guest:
    """Somebody who may look on: the session's digest, what it may see, what the page wants to be told of and how that stands now."""

    digest: str
    standing: Standing
    wish: Wish
    marks: Mapping[Key, Mark]


@dataclass(frozen=True)
class Sight:
    """What one look saw: how everything stands that is looked at, and which sessions have not ended."""

    marks: Mapping[Key, Mark]
    standings: Mapping[str, Standing]


@dataclass
class Watch:
    """Looks at the database; a commit shows in its pulse, which is all that is read while nothing happens."""

    database: Database
    secret: bytes

    def __post_init__(self) -> None:
        """Take no connection yet."""
        self._exits = ExitStack()
        self._store: Store | None = None
        self._pulse = ""

    def admit(self, token: str, topics: Iterable[str], now: datetime) -> Guest:
        """Say what a session may be told of.

        Raises:
            SignInRequired: there is no such session, or no longer.
            InvalidInput, Forbidden, NotFound: see `topics.wish`.
            StoreBusy: the database did not answer.
        """
        with self.database.connect() as connection:
            store = Store(connection, self.secret)
            user, digest = store.user_of_session(token, now), store.session_digest(token)
            standing = store.standings([digest], now).get(digest)
            if user is None or standing is None:
                raise SignInRequired(say("Sign in first"))
            wanted = wish(topics, user, store)
            return Guest(digest, standing, wanted, marks(wanted.keys, store, now))

    def look(self, keys: Collection[Key], digests: Collection[str], now: datetime, *, is_due: bool) -> Sight | None:
        """Give what is seen after a commit, or when it `is_due` (a session runs out and a claim ends without one); else nothing.

        SQLite's pulse is counted on one connection, so this one is kept; after an error another is taken, and everything is read again.
        """
        try:
            store = self._connected()
            pulse = store.pulse()
            if pulse == self._pulse and not is_due:
                return None
            sight = Sight(marks(keys, store, now), store.standings(digests, now))
            self._pulse = pulse  # only now: a look that failed half way is taken again
            return sight
        except BaseException:
            self.close()
            raise

    def _connected(self) -> Store:
        if self._store is None:
            self._store = Store(self._exits.enter_context(self.database.connect()), self.secret)
        return self._store

    def close(self) -> None:
        """Give the connection back; the next look takes another."""
        self._store, self._pulse = None, ""
        self._exits.close()
