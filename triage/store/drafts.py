"""Drafts: what somebody is writing and has not sent, kept per user."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from triage.store.base import Part
from triage.store.sql import block

KEEP = block("""
    INSERT INTO drafts (username, kind, key, body_json, updated_at)
    VALUES (:username, :kind, :key, :body_json, :now)
    ON CONFLICT (username, kind, key) DO UPDATE SET body_json = :body_json, updated_at = :now, dropped_at = NULL""")
# What was sent is no draft any more, even if a late save comes after the sending.
DRAFTS = block("""
    SELECT key, body_json, updated_at
    FROM drafts
    WHERE username = :username AND kind = :kind AND updated_at >= :since AND dropped_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.submission_key = drafts.key)
    ORDER BY updated_at DESC, key
    LIMIT :most""")
DROP = block("""
    DELETE FROM drafts
    WHERE username = :username AND kind = :kind AND key = :key""")
DROP_OLD = block("""
    DELETE FROM drafts
    WHERE username = :username AND kind = :kind AND updated_at < :since""")

THROW_AWAY = block("""
    UPDATE drafts
    SET dropped_at = :now
    WHERE username = :username AND kind = :kind AND key = :key AND dropped_at IS NULL""")
THROWN_AWAY = block("""
    SELECT dropped_at
    FROM drafts
    WHERE username = :username AND kind = :kind AND key = :key AND dropped_at >= :since""")
TAKE_BACK = block("""
    UPDATE drafts
    SET dropped_at = NULL
    WHERE username = :username AND kind = :kind AND key = :key AND dropped_at >= :since""")
DELETE_THROWN_AWAY = block("""
    DELETE FROM drafts
    WHERE dropped_at < :since""")


DELETE_OLD = block("""
    DELETE FROM drafts
    WHERE updated_at < :since""")


class Drafts(Part):
    """Keeps drafts; nobody reads another user's."""

    def keep_draft(self, username: str, kind: str, key: str, body_json: str, now: datetime, since: datetime) -> None:
        """Keep a draft in the place of its last version; drop the user's older than `since`."""
        with self.writing():
            self.run(KEEP, username=username, kind=kind, key=key, body_json=body_json, now=now)
            self.run(DROP_OLD, username=username, kind=kind, since=since)

    def drafts_of(self, username: str, kind: str, since: datetime, most: int = 10) -> Sequence[RowMapping]:
        """Give a user's drafts that were not sent, the latest first."""
        return self.rows(DRAFTS, username=username, kind=kind, since=since, most=most)

    def throw_draft_away(self, username: str, kind: str, key: str, now: datetime, since: datetime) -> None:
        """Mark a draft as thrown away at this moment; what anybody threw away before `since` is deleted."""
        with self.writing():
            self.run(THROW_AWAY, username=username, kind=kind, key=key, now=now)
            self.run(DELETE_THROWN_AWAY, since=since)

    def forget_drafts(self, since: datetime, thrown_since: datetime) -> None:
        """Delete everybody's drafts older than `since`, and what was thrown away before `thrown_since`."""
        with self.writing():
            self.run(DELETE_OLD, since=since)
            self.run(DELETE_THROWN_AWAY, since=thrown_since)

    def draft_thrown_away(self, username: str, kind: str, key: str, since: datetime) -> datetime | None:
        """Give when a user threw a draft away, if that was since a moment."""
        row = self.row(THROWN_AWAY, username=username, kind=kind, key=key, since=since)
        return row["dropped_at"] if row else None

    def take_draft_back(self, username: str, kind: str, key: str, since: datetime) -> bool:
        """Take a draft back that the user threw away since a moment, and say whether there was one."""
        with self.writing():
            return self.run(TAKE_BACK, username=username, kind=kind, key=key, since=since) > 0

    def drop_draft(self, username: str, kind: str, key: str) -> bool:
        """Drop a draft, and say whether there was one."""
        with self.writing():
            return self.run(DROP, username=username, kind=kind, key=key) > 0
