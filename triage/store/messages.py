"""Messages: in the recipient's list at once, and sent out by whoever claims them first (发件箱)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from triage.errors import Conflict, NotFound
from triage.store.base import Part, to_json
from triage.store.sql import block
from triage.wording import say

POST = block("""
    INSERT INTO messages (key, kind, outlet, recipient, subject, body, ticket_number, made_at, retry_at, sent_at)
    VALUES (:key, :kind, :outlet, :recipient, :subject, :body, :ticket_number, :now, :retry_at, :sent_at)
    ON CONFLICT (key) DO NOTHING""")
WAITING_OUTLETS = block("""
    SELECT DISTINCT outlet
    FROM messages
    WHERE retry_at <= :now AND sent_at IS NULL AND failed_at IS NULL AND claimed_at IS NULL
    ORDER BY outlet""")
WAITING = block("""
    SELECT messages.id, messages.key, messages.recipient, users.name, messages.subject, messages.body, messages.made_at, messages.attempts
    FROM messages
    LEFT JOIN users ON users.username = messages.recipient
    WHERE messages.retry_at <= :now AND messages.sent_at IS NULL AND messages.failed_at IS NULL AND messages.claimed_at IS NULL
        AND messages.outlet = :outlet
    ORDER BY messages.retry_at, messages.id
    LIMIT :most""")
CLAIM = block("""
    UPDATE messages
    SET claimed_at = :now, attempts = attempts + 1
    WHERE id = :id AND claimed_at IS NULL AND sent_at IS NULL AND failed_at IS NULL AND retry_at <= :now""")
SENT = block("""
    UPDATE messages
    SET sent_at = :now, failed_at = NULL, error = ''
    WHERE id = :id""")
LATER = block("""
    UPDATE messages
    SET claimed_at = NULL, retry_at = :retry_at, error = :error
    WHERE id = :id AND claimed_at = :claimed_at AND sent_at IS NULL AND failed_at IS NULL""")
FAILED = block("""
    UPDATE messages
    SET failed_at = :now, error = :error
    WHERE id = :id AND claimed_at = :claimed_at AND sent_at IS NULL AND failed_at IS NULL""")
# Whatever is claimed was due: naming `retry_at` lets both engines use the index of what waits.
UNCLEAR = block("""
    SELECT id, key, outlet, recipient, subject, ticket_number, made_at, claimed_at, attempts
    FROM messages
    WHERE retry_at <= :now AND claimed_at <= :since AND sent_at IS NULL AND failed_at IS NULL
    ORDER BY id""")
COUNT_WAITING = block("""
    SELECT COUNT(*)
    FROM messages
    WHERE sent_at IS NULL AND failed_at IS NULL""")
GIVEN_UP = block("""
    SELECT id, key, outlet, recipient, subject, ticket_number, made_at, failed_at, attempts, error
    FROM messages
    WHERE failed_at IS NOT NULL
    ORDER BY id DESC
    LIMIT :most""")
OF_USER = block("""
    SELECT id, kind, subject, body, ticket_number, made_at, read_at
    FROM messages
    WHERE recipient = :username AND (read_at IS NULL OR NOT :is_unread_only)
    ORDER BY made_at DESC, id DESC
    LIMIT :most""")
UNREAD = block("""
    SELECT COUNT(*)
    FROM messages
    WHERE recipient = :username AND read_at IS NULL""")
IS_OF_USER = block("""
    SELECT 1
    FROM messages
    WHERE id = :id AND recipient = :username""")
READ_UNTIL = block("""
    UPDATE messages
    SET read_at = :now
    WHERE recipient = :username AND id <= :id AND read_at IS NULL""")
ONE = block("""
    SELECT id, outlet, sent_at, failed_at, claimed_at, attempts, error
    FROM messages
    WHERE id = :id""")
# Only what nobody is sending: one that was given up, or that was claimed long ago.
AGAIN = block("""
    UPDATE messages
    SET failed_at = NULL, claimed_at = NULL, retry_at = :now
    WHERE id = :id AND outlet <> '' AND sent_at IS NULL AND (failed_at IS NOT NULL OR claimed_at <= :since)""")
AUDITED = block("""
    INSERT INTO reference_audit (happened_at, actor, table_name, row_key, before_json, after_json)
    VALUES (:now, :actor, 'messages', :row_key, :before_json, :after_json)""")
READ = block("""
    UPDATE messages
    SET read_at = :now
    WHERE recipient = :username AND id = :id AND read_at IS NULL""")


class Messages(Part):
    """Keeps messages to users, and what became of sending them."""

    def post(
        self,
        key: str,
        kind: str,
        recipient: str,
        subject: str,
        body: str,
        now: datetime,
        *,
        outlet: str = "",
        not_before: datetime | None = None,
        ticket_number: str | None = None,
    ) -> bool:
        """Put a message into its recipient's list, and into the outbox of an outlet if one is named; give whether it is new.

        Args:
            key: what names the message for good; a second one of the same key is dropped.
            not_before: when it may go out; at once unless said.
        """
        retry_at, sent_at = (not_before or now, None) if outlet else (None, now)
        return bool(
            self.run(
                POST,
                key=key,
                kind=kind,
                outlet=outlet,
                recipient=recipient,
                subject=subject,
                body=body,
                ticket_number=ticket_number,
                now=now,
                retry_at=retry_at,
                sent_at=sent_at,
            )
        )

    def waiting_outlets(self, now: datetime) -> list[str]:
        """Name the outlets that have something to send now."""
        return [row["outlet"] for row in self.rows(WAITING_OUTLETS, now=now)]

    def waiting_messages(self, outlet: str, now: datetime, most: int) -> Sequence[RowMapping]:
        """Give what an outlet may send now, the longest due first; with the recipient's name, which is None for one who is not there."""
        return self.rows(WAITING, outlet=outlet, now=now, most=most)

    def claim_message(self, id: int, now: datetime) -> bool:
        """Take a message for sending, at once and for everybody to see; False: somebody else has it."""
        with self.writing():
            return self.run(CLAIM, id=id, now=now) == 1

    def keep_sent(self, id: int, now: datetime) -> None:
        """Keep that the far side has taken a message, even if meanwhile it was given up for unclear."""
        with self.writing():
            self.run(SENT, id=id, now=now)

    def keep_failure(self, id: int, claimed_at: datetime, error: str, now: datetime, *, retry_at: datetime | None) -> None:
        """Keep that a claimed message did not go out: it is tried again from `retry_at`, or given up if there is none."""
        with self.writing():
            if retry_at is None:
                self.run(FAILED, id=id, claimed_at=claimed_at, error=error, now=now)
            else:
                self.run(LATER, id=id, claimed_at=claimed_at, error=error, retry_at=retry_at)

    def unclear_messages(self, since: datetime, now: datetime) -> Sequence[RowMapping]:
        """Give what was claimed before a moment and neither sent nor failed: its sweep was cut off."""
        return self.rows(UNCLEAR, since=since, now=now)

    def count_waiting(self) -> int:
        """Count the messages that are to go out yet."""
        return int(self.value(COUNT_WAITING))

    def failed_messages(self, most: int = 200) -> Sequence[RowMapping]:
        """Give the messages that were given up, the latest first, for a person to look after."""
        return self.rows(GIVEN_UP, most=most)

    def messages_of(self, username: str, unread_only: bool = False, most: int = 200) -> Sequence[RowMapping]:
        """Give a user's messages, the latest first."""
        return self.rows(OF_USER, username=username, is_unread_only=unread_only, most=most)

    def count_unread(self, username: str) -> int:
        """Count the messages that a user has not read."""
        return int(self.value(UNREAD, username=username))

    def mark_read(self, username: str, id: int, now: datetime) -> bool:
        """Keep that a user has read a message; False: it is not the user's, or was read before."""
        return self.run(READ, username=username, id=id, now=now) == 1

    def has_message(self, username: str, id: int) -> bool:
        """Whether a message is a user's."""
        return self.value(IS_OF_USER, username=username, id=id) is not None

    def mark_read_until(self, username: str, id: int, now: datetime) -> int:
        """Keep that a user has read all messages up to one, so that none is marked that came later and was not seen; give how many."""
        return self.run(READ_UNTIL, username=username, id=id, now=now)

    def send_again(self, id: int, actor: str, since: datetime, now: datetime) -> None:
        """Let a message go out once more that was given up, or that was claimed before `since` and not heard of; kept in the audit.

        Raises:
            NotFound: there is no such message.
            Conflict: it was sent meanwhile, or is being sent.
        """
        with self.writing():
            if not self.run(AGAIN, id=id, since=since, now=now):
                raise (
                    NotFound(say("There is no such message; refresh the page and look again"))
                    if self.row(ONE, id=id) is None
                    else Conflict(say("This message has been sent or is being sent, so it need not be sent again; refresh the page and look again"))
                )
            row = self.row(ONE, id=id)
            kept = {"attempts": row["attempts"], "error": row["error"]} if row else {}
            self.run(AUDITED, actor=actor, row_key=f"id={id}", before_json=to_json(kept), after_json=to_json({"again": True}), now=now)
