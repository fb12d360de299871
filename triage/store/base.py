"""What every part of the store shares: the connection, the key of digests, running a block."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping

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
        """Run a block that changes rows and give how many."""
        with busy_is_said():
            return self.connection.execute(sql, parameters).rowcount

    def value(self, sql: Executable, **parameters: Any) -> Any:
        """Run a block and give the first column of its first row."""
        with busy_is_said():
            return self.connection.execute(sql, parameters).scalar()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run a block as one transaction."""
        with busy_is_said(), writing(self.connection):
            yield

    def digest(self, value: str) -> str:
        """Give a keyed digest of a personal value: equal values are found, none can be read back without the key."""
        return hmac.new(self.secret, value.encode(), hashlib.sha256).hexdigest()


def to_json(value: object) -> str:
    """Write JSON the same way each time, so that it can be hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
