"""A team's work queue, narrowed, counted and paged; and the filters that users keep."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import RowMapping, bindparam

from triage.filters import NEVER, Place, QueueFilter, Row, SavedFilter, Share
from triage.people import User
from triage.store.base import Part, to_json
from triage.store.queries import COLUMNS, ticket_of
from triage.store.sql import block

# Whose work it is: a handler's own team's, a leader's unit's and those below; of everybody whom the user stands in for, too. CROSS JOIN keeps
# SQLite to this order: from the few teams by an index to their open tickets, never over all tickets. LIMIT tells it that the teams are few (far more
# than a province has): else, once ANALYZE was run, it reads all tickets first for a Bloom filter, 0.4 s at a million.
WORK = """WITH RECURSIVE hats(unit_code, department, role) AS (
        SELECT unit_code, department_code, role FROM users WHERE username IN :hats),
    under(unit_code, department, role) AS (
        SELECT unit_code, department, role FROM hats
        UNION
        SELECT units.code, under.department, under.role
        FROM units JOIN under ON units.parent_code = under.unit_code
        WHERE under.role = 'leader'),
    scope(unit_code, department) AS (
        SELECT DISTINCT under.unit_code, departments.code
        FROM under CROSS JOIN departments
        WHERE departments.code = under.department OR (under.department = '' AND under.role = 'leader')
        LIMIT 50000),
    shares(ticket, share) AS (
        SELECT tickets.number, 'lead'
        FROM scope CROSS JOIN tickets
        WHERE tickets.department = scope.department AND tickets.team_unit = scope.unit_code
            AND tickets.state IN ('dispatched', 'accepted', 'contacted', 'arrived')
        UNION ALL
        SELECT co_handlings.ticket_number, 'co'
        FROM scope CROSS JOIN co_handlings
        WHERE co_handlings.department = scope.department AND co_handlings.team_unit = scope.unit_code
            AND co_handlings.replied_at IS NULL AND co_handlings.cancelled_at IS NULL),
    work(ticket, share) AS (
        SELECT ticket, MAX(share) FROM shares GROUP BY ticket)"""
ZONE = "CASE WHEN red_at <= :now THEN 'red' WHEN yellow_at <= :now THEN 'yellow' ELSE 'green' END"
WHOSE = """CASE
            WHEN assignee = :username OR (crew <> '' AND crew IN (SELECT crew FROM crew_members WHERE username = :username)) THEN 'mine'
            WHEN assignee = '' AND crew = '' THEN 'nobody'
            ELSE 'others' END"""
COUNTS = block(f"""
    {WORK}
    SELECT state, level, COALESCE(next_step, '') AS step, {ZONE} AS zone, {WHOSE} AS whose, share, crew, COUNT(*) AS tickets
    FROM work CROSS JOIN tickets
    WHERE tickets.number = work.ticket
    GROUP BY 1, 2, 3, 4, 5, 6, 7""").bindparams(bindparam("hats", expanding=True))
ROWS = block(f"""
    {WORK}
    SELECT {COLUMNS}, queue_rank, share
    FROM work CROSS JOIN tickets
    WHERE tickets.number = work.ticket
        AND (:state = '' OR state = :state)
        AND (:level = '' OR level = :level)
        AND (:step = '' OR next_step = :step)
        AND (:share = '' OR share = :share)
        AND (:crew = '' OR crew = :crew)
        AND (:zone = '' OR {ZONE} = :zone)
        AND (:whose = '' OR {WHOSE} = :whose)
        AND (queue_rank, COALESCE(next_due_at, :never_at), number) > (:rank, :after_at, :after)
    ORDER BY queue_rank, COALESCE(next_due_at, :never_at), number
    LIMIT :most""").bindparams(bindparam("hats", expanding=True))
SAVED = block("""
    SELECT key, name, values_json
    FROM saved_filters
    WHERE username = :username AND page = :page
    ORDER BY name""")
KEEP = block("""
    INSERT INTO saved_filters (key, username, page, name, values_json, made_at)
    VALUES (:key, :username, :page, :name, :values_json, :now)""")
DROP = block("""
    DELETE FROM saved_filters
    WHERE key = :key AND username = :username""")
DROP_NAMED = block("""
    DELETE FROM saved_filters
    WHERE username = :username AND page = :page AND name = :name""")


class Filters(Part):
    """Reads a team's work as its filters say, and keeps filters."""

    def work_counts(self, user: User, now: datetime) -> list[Mapping[str, Any]]:
        """Count what a user's team has to do by state, level, next step, zone, whose desk, share and crew, each ticket once."""
        return [dict(row) for row in self.rows(COUNTS, **_who(user), now=now)]

    def work_page(self, user: User, chosen: QueueFilter, after: Place, now: datetime, most: int) -> list[Row]:
        """Give what a user's team has to do and the filter passes, special first, then by the next deadline, from a place on."""
        values = {name: getattr(chosen, name) for name in ("state", "level", "step", "share", "crew", "zone", "whose")}
        place = {"rank": after.rank, "after_at": after.due_at, "after": after.number, "never_at": NEVER}
        return [_row(dict(row)) for row in self.rows(ROWS, **_who(user), **values, **place, now=now, most=most)]

    def saved_filters(self, username: str, page: str) -> Sequence[SavedFilter]:
        """Give the filters that a user kept for a page, by name."""
        rows = self.rows(SAVED, username=username, page=page)
        return [SavedFilter(row["key"], row["name"], QueueFilter(**json.loads(row["values_json"]))) for row in rows]

    def keep_filter(self, saved: SavedFilter, username: str, page: str, now: datetime) -> None:
        """Keep a filter in the place of one of the same name."""
        self.run(DROP_NAMED, username=username, page=page, name=saved.name)
        values_json = to_json(saved.filter.values)
        self.run(KEEP, key=saved.key, username=username, page=page, name=saved.name, values_json=values_json, now=now)

    def drop_filter(self, key: str, username: str) -> None:
        """Forget a filter."""
        self.run(DROP, key=key, username=username)


def _who(user: User) -> dict[str, Any]:
    return {"hats": [hat.username for hat in user.hats], "username": user.username}


def _row(values: dict[str, Any]) -> Row:
    rank, share = values.pop("queue_rank"), Share(values.pop("share"))
    return Row(ticket_of(cast(RowMapping, values)), share, rank)
