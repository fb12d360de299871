"""Marks of the lists: a few numbers that change whenever a list does, read from indexes, so that a page can ask cheaply whether to load again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from triage.store.base import Part
from triage.store.queries import AT_WORK
from triage.store.sql import block

# A move raises the version; tickets that come and go change the sum of the last digits of their numbers.
COUNTED = """COUNT(*) AS tickets, COALESCE(SUM(version), 0) AS versions, COALESCE(SUM(CAST(SUBSTR(number, 9) AS INTEGER)), 0) AS numbers,
        MIN(next_due_at) AS next_due_at"""
# Danger to life is special, and special is rank 0: so that the index of the queues finds what is watched.
WAITING = block(f"""
    SELECT {COUNTED}
    FROM tickets
    WHERE state IN ('pending_review', 'returned', 'resolved')""")
WATCHED = block(f"""
    SELECT {COUNTED}
    FROM tickets
    WHERE {AT_WORK} AND queue_rank = 0 AND is_watched""")
CLAIMED = block("""
    SELECT COUNT(*) AS claims, MAX(until_at) AS until_at
    FROM claims
    WHERE until_at > :now""")
CALLBACKS = block(f"""
    SELECT {COUNTED}
    FROM tickets
    WHERE state IN ('reviewed', 'called_back')""")
TEAM = block(f"""
    SELECT {COUNTED}
    FROM tickets
    WHERE department = :department AND team_unit = :unit_code AND {AT_WORK}""")
TEAM_HELPS = block("""
    SELECT COUNT(*) AS helps, COALESCE(SUM(co_handlings.id), 0) AS ids, COALESCE(SUM(tickets.version), 0) AS versions
    FROM co_handlings
    JOIN tickets ON tickets.number = co_handlings.ticket_number
    WHERE co_handlings.department = :department AND co_handlings.team_unit = :unit_code AND replied_at IS NULL AND cancelled_at IS NULL""")
UNDER = """WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit_code
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)"""
UNIT = block(f"""
    {UNDER}
    SELECT {COUNTED}
    FROM tickets
    WHERE department IN (SELECT code FROM departments WHERE :department IN ('', code)) AND team_unit IN (SELECT code FROM under) AND {AT_WORK}""")
UNIT_HELPS = block(f"""
    {UNDER}
    SELECT COUNT(*) AS helps, COALESCE(SUM(co_handlings.id), 0) AS ids, COALESCE(SUM(tickets.version), 0) AS versions
    FROM co_handlings
    JOIN tickets ON tickets.number = co_handlings.ticket_number
    WHERE (:department = '' OR co_handlings.department = :department) AND co_handlings.team_unit IN (SELECT code FROM under)
        AND replied_at IS NULL AND cancelled_at IS NULL""")
REQUESTED = block("""
    SELECT COUNT(*) AS requests, COALESCE(SUM(requests.id), 0) AS ids, COALESCE(SUM(tickets.version), 0) AS versions
    FROM requests
    JOIN tickets ON tickets.number = requests.ticket_number
    WHERE requests.decided_at IS NULL""")
MESSAGES = block("""
    SELECT MAX(made_at) AS latest
    FROM messages
    WHERE recipient = :username""")
Mark = tuple[Any, ...]


class Marks(Part):
    """Gives the marks of the lists; equal marks mean that nothing in the list has changed."""

    def _mark(self, sql: Any, **parameters: Any) -> Mark:
        return tuple(str(value) for value in dict(self.row(sql, **parameters) or {}).values())

    def waiting_mark(self, now: datetime) -> Mark:
        """Give the mark of the dispatcher's list: what waits, what is to be checked, and who works on what."""
        return self._mark(WAITING) + self._mark(WATCHED) + self._mark(CLAIMED, now=now)

    def callback_mark(self) -> Mark:
        """Give the mark of the callbacks."""
        return self._mark(CALLBACKS)

    def queue_mark(self, unit_code: str, department: str, *, is_below: bool) -> Mark:
        """Give the mark of a team's queue, or of a unit with those below it."""
        blocks: Sequence[Any] = (UNIT, UNIT_HELPS) if is_below else (TEAM, TEAM_HELPS)
        return tuple(value for sql in blocks for value in self._mark(sql, unit_code=unit_code, department=department))

    def request_mark(self) -> Mark:
        """Give the mark of all that waits to be decided beside the way."""
        return self._mark(REQUESTED)

    def message_mark(self, username: str) -> Mark:
        """Give the mark of a user's messages, but for what was read: see `count_unread`."""
        return self._mark(MESSAGES, username=username)
