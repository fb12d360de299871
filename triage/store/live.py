"""What the process that tells pages of changes asks for all its viewers at once: has anything changed, who may still look on, what is unread.

The queues' own marks are in `marks.py`; here are the questions that would be too many if each viewer asked them.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from triage.store.base import Part
from triage.store.sql import block

# One number a database, not a table: another connection's commit changes it, and asking costs next to nothing.
# SQLite: of this connection, so it must be the same one each time. PostgreSQL: two equal snapshots see the same.
PULSE = {
    "sqlite": block("PRAGMA data_version"),
    "postgresql": block("SELECT CAST(pg_current_snapshot() AS TEXT)"),
}
VIEWERS = block(
    """
    SELECT sessions.token_digest, users.username, users.role, users.unit_code, users.department_code
    FROM sessions
    JOIN users ON users.username = sessions.username
    WHERE sessions.token_digest IN :digests AND sessions.expires_at > :now AND users.is_active""",
    "digests",
)
HANDED_OVER = block("""
    SELECT delegations.to_username, users.username, users.role, users.unit_code, users.department_code
    FROM delegations
    JOIN users ON users.username = delegations.from_username
    WHERE delegations.revoked_at IS NULL AND delegations.starts_at <= :now AND delegations.ends_at > :now AND users.is_active
    ORDER BY delegations.to_username, users.username""")
UNREAD = block(
    """
    SELECT recipient, COUNT(*) AS unread, MAX(id) AS latest
    FROM messages
    WHERE recipient IN :usernames AND read_at IS NULL
    GROUP BY recipient""",
    "usernames",
)
VERSIONS = block(
    """
    SELECT number, version
    FROM tickets
    WHERE number IN :numbers""",
    "numbers",
)
AT_ONCE = 500  # values in one list: far below what either engine takes
Standing = tuple[Any, ...]


class Live(Part):
    """Answers for many viewers with one question each."""

    def pulse(self) -> str:
        """Give what changes with every commit of another connection, and (SQLite) only between two questions on this one."""
        return str(self.value(PULSE[self.connection.dialect.name]))

    def session_digest(self, token: str) -> str:
        """Give what a session is kept under."""
        return self.digest(token)

    def standings(self, digests: Collection[str], now: datetime) -> Mapping[str, Standing]:
        """Give what each session that has not ended may see: role, unit and department of its user, and of whom the user stands in for (委托)."""
        handed: dict[str, list[Standing]] = {}
        for row in self.rows(HANDED_OVER, now=now):
            handed.setdefault(row["to_username"], []).append(_who(row))
        found = [row for part in _parts(digests) for row in self.rows(VIEWERS, digests=part, now=now)]
        return {row["token_digest"]: (_who(row), tuple(handed.get(row["username"], ()))) for row in found}

    def unread_marks(self, usernames: Collection[str]) -> Mapping[str, Standing]:
        """Give, for each user, a mark that changes when a message comes or is read."""
        found = [row for part in _parts(usernames) for row in self.rows(UNREAD, usernames=part)]
        marks = {row["recipient"]: (row["unread"], row["latest"]) for row in found}
        return {username: marks.get(username, ()) for username in usernames}

    def ticket_versions(self, numbers: Collection[str]) -> Mapping[str, int]:
        """Give the versions of tickets; one that is not there is left out."""
        return {row["number"]: row["version"] for part in _parts(numbers) for row in self.rows(VERSIONS, numbers=part)}


def _who(row: Mapping[Any, Any]) -> Standing:
    return row["username"], row["role"], row["unit_code"], row["department_code"]


def _parts(values: Collection[str]) -> Iterator[list[str]]:
    kept = sorted(values)
    for start in range(0, len(kept), AT_ONCE):
        yield kept[start : start + AT_ONCE]
