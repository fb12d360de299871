"""Drafts: what somebody is writing and has not sent, kept per user."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from triage.store.base import Part
from triage.store.sql import block

KEEP = block("""
    INSERT INTO drafts (username, kind, key, body_json, updated_at)
    VALUES (:username, :kind, :key, :body_json, :now)
    ON CONFLICT (username, kind, key) DO UPDATE SET body_json = :body_json, updated_at = :now""")
# What was sent is no draft any more, even if a late save comes after the sending.
DRAFTS = block("""
    SELECT key, body_json, updated_at
    FROM drafts
    WHERE username = :username AND kind = :kind AND updated_at >= :since
        AND NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.submission_key = drafts.key)
    ORDER BY updated_at DESC, key
    LIMIT :most""")
DROP = block("""
    DELETE FROM drafts
    WHERE username = :username AND kind = :kind AND key = :key""")
DROP_OLD = block("""
    DELETE FROM drafts
    WHERE username = :username AND kind = :kind AND updated_at < :since""")


class Drafts(Part):
    """Keeps drafts; nobody reads another user's."""

    def keep_draft(self, username: str, kind: str, key: str, body_json: str, now: datetime, since: datetime) -> None:
        """Keep a draft in the place of its last version, and drop the user's that are older than `since`."""
        with self.writing():
            self.run(KEEP, username=username, kind=kind, key=key, body_json=body_json, now=now)
            self.run(DROP_OLD, username=username, kind=kind, since=since)

    def drafts_of(self, username: str, kind: str, since: datetime, most: int = 10) -> Sequence[RowMapping]:
        """Give a user's drafts that were not sent, the latest first."""
        return self.rows(DRAFTS, username=username, kind=kind, since=since, most=most)

    def drop_draft(self, username: str, kind: str, key: str) -> bool:
        """Drop a draft, and say whether there was one."""
        with self.writing():
            return self.run(DROP, username=username, kind=kind, key=key) > 0
