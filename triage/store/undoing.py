"""Taking a move back (撤销): a ticket's last one if it can be, with row, clocks, requests, help and pauses put back as they stood before it."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from triage.moves import UNDO_OF
from triage.standing import Undoable
from triage.store.base import Part
from triage.store.sql import block
from triage.terms import Asked, Level, Linked, State
from triage.tickets import Ticket

LAST_ENTRIES = block("""
    SELECT action, actor, happened_at, from_state, detail_json
    FROM audit
    WHERE ticket_number = :number
    ORDER BY seq DESC
    LIMIT 30""")
RUNNING = block("""
    SELECT 'steps' AS kind, id
    FROM steps
    WHERE ticket_number = :number AND ended_at IS NULL AND voided_at IS NULL
    UNION ALL
    SELECT 'requests' AS kind, id
    FROM requests
    WHERE ticket_number = :number AND decided_at IS NULL
    UNION ALL
    SELECT 'help' AS kind, id
    FROM co_handlings
    WHERE ticket_number = :number AND replied_at IS NULL AND cancelled_at IS NULL
    UNION ALL
    SELECT 'pauses' AS kind, id
    FROM pauses
    WHERE ticket_number = :number AND ended_at IS NULL
    ORDER BY kind, id""")
SET_BACK = block("""
    UPDATE tickets
    SET topic = :topic, demand_type = :demand_type, department = :department, unit_code = :unit_code, team_unit = :team_unit,
        is_confidential = :is_confidential, is_watched = :is_watched, satisfaction = :satisfaction, assignee = :assignee, crew = :crew,
        parent_number = :parent_number, outage_number = :outage_number, paused_until_at = :paused_until_at
    WHERE number = :number""")
RUN_AGAIN = {
    "steps": block(
        """
    UPDATE steps
    SET ended_at = NULL, voided_at = NULL, warn_at = yellow_at, used_seconds = NULL
    WHERE ticket_number = :number AND id IN :ids AND (ended_at IS NOT NULL OR voided_at IS NOT NULL)""",
        "ids",
    ),
    "requests": block(
        """
    UPDATE requests
    SET decided_at = NULL, decided_by = '', answer = ''
    WHERE ticket_number = :number AND id IN :ids AND decided_at IS NOT NULL""",
        "ids",
    ),
    "help": block(
        """
    UPDATE co_handlings
    SET cancelled_at = NULL
    WHERE ticket_number = :number AND id IN :ids""",
        "ids",
    ),
    "pauses": block(
        """
    UPDATE pauses
    SET ended_at = NULL
    WHERE ticket_number = :number AND id IN :ids""",
        "ids",
    ),
}
LET_GO = {
    "steps": block(
        """
    UPDATE steps
    SET voided_at = :now, warn_at = NULL
    WHERE ticket_number = :number AND id NOT IN :ids AND ended_at IS NULL AND voided_at IS NULL""",
        "ids",
    ),
    "requests": block(
        """
    UPDATE requests
    SET decided_at = :now, decided_by = :actor, answer = 'dropped'
    WHERE ticket_number = :number AND id NOT IN :ids AND decided_at IS NULL""",
        "ids",
    ),
    "help": block(
        """
    UPDATE co_handlings
    SET cancelled_at = :now
    WHERE ticket_number = :number AND id NOT IN :ids AND replied_at IS NULL AND cancelled_at IS NULL""",
        "ids",
    ),
}
TAKE_BACK = block("""
    UPDATE decisions
    SET made_by = 'taken_back'
    WHERE ticket_number = :number AND made_by = 'dispatcher' AND made_at = :since""")
UNLINK = block("""
    DELETE FROM links
    WHERE ticket_number = :number AND other_number = :other_number AND kind = :kind AND made_at = :since""")
GIVE_CHILD = block("""
    UPDATE tickets
    SET parent_number = :parent_number
    WHERE number = :number AND parent_number = :other_number""")
DROP_INFORM = block("""
    UPDATE requests
    SET decided_at = :now, decided_by = :actor, answer = 'dropped'
    WHERE ticket_number = :number AND kind = :kind AND asked_at = :since AND decided_at IS NULL""")
INFORMED = block("""
    SELECT decided_by
    FROM requests
    WHERE ticket_number IN :numbers AND kind = 'inform' AND asked_at = :since AND answer = 'granted'
    LIMIT 1""", "numbers")  # fmt: skip
# What else was done to the ticket that others were merged into, since one of them came: it may be what its level rests on.
CHANGED_SINCE = block("""
    SELECT 1
    FROM audit
    WHERE ticket_number = :number AND action NOT IN ('absorb', 'give_back', 'attach', 'detach') AND seq > (
        SELECT MAX(seq)
        FROM audit
        WHERE ticket_number = :number AND action = 'absorb' AND happened_at = :since)
    LIMIT 1""")
LEVELS_OF_CHILDREN = block("""
    SELECT DISTINCT level
    FROM tickets
    WHERE parent_number = :number""")
SET_LEVEL = block("""
    UPDATE tickets
    SET level = :level, queue_rank = :queue_rank, version = version + 1
    WHERE number = :number""")
OF_ROW = (
    *("topic", "demand_type", "department", "unit_code", "team_unit", "is_confidential", "is_watched", "satisfaction", "assignee", "crew"),
    *("parent_number", "outage_number"),
)
UNDOING = {move.code for move in UNDO_OF.values()}


class Undoing(Part):
    """Finds the last move of a ticket that can be taken back, and puts back what it changed."""

    def as_it_stands(self, ticket: Ticket) -> dict[str, Any]:
        """Give what an undo puts back, for the entry of the trail: the ticket's row, and what is open (clocks, requests, help, pauses) by kind."""
        running: dict[str, list[int]] = {}
        for row in self.rows(RUNNING, number=ticket.number):
            running.setdefault(row["kind"], []).append(row["id"])
        until = ticket.paused_until_at.isoformat() if ticket.paused_until_at else None
        return {"before": {name: getattr(ticket, name) for name in OF_ROW} | {"paused_until_at": until}, "running": running}

    def undoable(self, number: str, wanted: str) -> Undoable | None:
        """Give the last move `wanted` of a ticket, and who did something after it; None where there is none among the last entries.

        A move that was taken back already counts as not made, so that the one before it can be taken back as well.
        """
        skipped, later = 0, list[RowMapping]()
        for row in self.rows(LAST_ENTRIES, number=number):
            if row["action"] == "attach":
                later.append(row)
            elif row["action"] in UNDOING:
                skipped += 1
            elif skipped:
                skipped -= 1
                later = [one for one in later if not _came_with(one, row)]
            elif row["action"] == wanted:
                return self._undoable(row, [one for one in later if not _came_with(one, row)])
            else:
                later.append(row)
        return None

    def _undoable(self, row: RowMapping, later: Sequence[RowMapping]) -> Undoable | None:
        detail = json.loads(row["detail_json"])
        if "running" not in detail:
            return None  # made by an earlier version
        children = tuple(detail.get("children", ()))
        told = self.value(INFORMED, numbers=list(children), since=row["happened_at"]) if children else None
        return Undoable(
            move=row["action"],
            by=row["actor"],
            at=row["happened_at"],
            state=State(row["from_state"]),
            before=detail["before"],
            running=detail["running"],
            into=detail.get("into", ""),
            parent_level=detail.get("parent_level", ""),
            children=children,
            then=later[0]["actor"] if later else told or "",
        )

    def put_back(self, number: str, done: Undoable, now: datetime, actor: str) -> None:
        """Put back the ticket's row, let run what was open before the move, and let go what the move began."""
        until = done.before["paused_until_at"]
        row = {name: done.before[name] for name in OF_ROW}
        self.run(SET_BACK, number=number, **row, paused_until_at=datetime.fromisoformat(until) if until else None)
        for kind, again in RUN_AGAIN.items():
            self.run(again, number=number, ids=[0, *done.running.get(kind, ())])
        for kind, let_go in LET_GO.items():
            who = {"actor": actor} if kind == "requests" else {}
            self.run(let_go, number=number, ids=[0, *done.running.get(kind, ())], now=now, **who)

    def take_back_decision(self, number: str, at: datetime) -> None:
        """Mark the decision of a dispatch as taken back: it is kept, and nothing is learnt from it."""
        self.run(TAKE_BACK, number=number, since=at)

    def part(self, number: str, done: Undoable, now: datetime, actor: str) -> None:
        """Part a ticket from the one that it was merged into, and take those along that had come with it."""
        self.touch(done.into)
        self.run(UNLINK, number=number, other_number=done.into, kind=Linked.MERGED.value, since=done.at)
        for child in done.children:
            self.run(GIVE_CHILD, number=child, other_number=done.into, parent_number=number)
            self.run(DROP_INFORM, number=child, kind=Asked.INFORM.value, since=done.at, now=now, actor=actor)

    def lower_level(self, parent: Ticket, done: Undoable) -> None:
        """Give a ticket the level back that it had before another one came, if nothing else holds it up; its version counts on."""
        levels = [parent.level]
        if self.value(CHANGED_SINCE, number=parent.number, since=done.at) is None:
            levels = [Level(done.parent_level), *(Level(row["level"]) for row in self.rows(LEVELS_OF_CHILDREN, number=parent.number))]
        level = min(levels, key=lambda one: one.rank)
        self.run(SET_LEVEL, number=parent.number, level=level.value, queue_rank=min(level.rank, 1))


def _came_with(entry: RowMapping, move: RowMapping) -> bool:
    """Whether an outage was written on a ticket along with a move."""
    return entry["action"] == "attach" and (entry["happened_at"], entry["actor"]) == (move["happened_at"], move["actor"])
