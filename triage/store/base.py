"""What every part of the store shares: the connection, the key of digests, running a block."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping

from triage.store import feed
from triage.store.engine import busy_is_said, writing


class Part:
    """One connection and the secret that keyed digests are made with."""

    def __init__(self, connection: Connection, secret: bytes) -> None:
        """Keep them; nothing is read yet."""
        self.connection = connection
        self.secret = secret

    def rows(self, sql: Executable, **parameters: Any) -> Sequence[RowMapping]:
        """Run a block and give all its rows."""
        with busy_is_said():
            return self.connection.execute(sql, parameters).mappings().all()

    def row(self, sql: Executable, **parameters: Any) -> RowMapping | None:
        """Run a block and give its first row, if any."""
        with busy_is_said():
            return self.connection.execute(sql, parameters).mappings().first()

    def run(self, sql: Executable, **parameters: Any) -> int:
        """Run a block that changes rows and give how many; a ticket that it names by `number` is counted anew in the figures."""
        if feed.is_ticket(parameters.get("number")):
            self.touch(parameters["number"])
        with busy_is_said():
            return self.connection.execute(sql, parameters).rowcount

    def value(self, sql: Executable, **parameters: Any) -> Any:
        """Run a block and give the first column of its first row."""
        with busy_is_said():
            return self.connection.execute(sql, parameters).scalar()

    def touch(self, number: str) -> None:
        """Count a ticket anew in the figures when this transaction ends; to be said before it is changed by anything but its number."""
        if self.connection.info.get("is_writing"):
            with busy_is_said():
                feed.note(self.connection, number)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run a block as one transaction; the outermost one feeds the figures before it is committed."""
        is_outermost = not self.connection.info.get("is_writing")
        with busy_is_said(), writing(self.connection):
            try:
                yield
                if is_outermost:
                    feed.feed(self.connection)
            finally:
                if is_outermost:
                    feed.forget(self.connection)

    def digest(self, value: str) -> str:
        """Give a keyed digest of a personal value: equal values are found, none can be read back without the key."""
        return hmac.new(self.secret, value.encode(), hashlib.sha256).hexdigest()


def to_json(value: object) -> str:
    """Write JSON the same way each time, so that it can be hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
