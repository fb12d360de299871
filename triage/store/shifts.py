"""Crews with their members, the rota, delegations and shift handovers."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam

from triage.delegations import Delegation
from triage.errors import NotFound
from triage.handovers import Handover, OpenTicket
from triage.people import User
from triage.shifts import Crew, Member, Shift, ShiftKind
from triage.store.base import Part, to_json
from triage.store.sql import block
from triage.terms import State, Step
from triage.wording import say

CREW = block("""
    SELECT code, name, unit_code, department, is_active
    FROM crews
    WHERE code = :code""")
CREWS_OF_TEAM = block("""
    SELECT code, name, unit_code, department, is_active
    FROM crews
    WHERE unit_code = :unit_code AND department = :department
    ORDER BY is_active DESC, code""")
CREWS_UNDER = block("""
    WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit_code
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)
    SELECT code, name, unit_code, department, is_active
    FROM crews
    WHERE unit_code IN (SELECT code FROM under) AND (:department = '' OR department = :department)
    ORDER BY is_active DESC, unit_code, department, code""")
MEMBERS = block("""
    SELECT crew_members.crew, users.username, users.name
    FROM crew_members
    JOIN users ON users.username = crew_members.username
    WHERE crew_members.crew IN :crews
    ORDER BY users.username""").bindparams(bindparam("crews", expanding=True))
TEAM_USERS = block("""
    SELECT username, name
    FROM users
    WHERE is_active AND role IN ('handler', 'leader') AND unit_code = :unit_code AND department_code IN ('', :department)
    ORDER BY role, username""")
COUNT_CREWS = block("""
    SELECT COUNT(*)
    FROM crews
    WHERE unit_code = :unit_code AND department = :department""")
ADD_CREW = block("""
    INSERT INTO crews (code, name, unit_code, department, is_active)
    VALUES (:code, :name, :unit_code, :department, TRUE)""")
CHANGE_CREW = block("""
    UPDATE crews
    SET name = :name, is_active = :is_active
    WHERE code = :code""")
CLEAR_MEMBERS = block("""
    DELETE FROM crew_members
    WHERE crew = :crew""")
ADD_MEMBER = block("""
    INSERT INTO crew_members (crew, username)
    VALUES (:crew, :username)""")
HOLD_TEAM = block("""
    UPDATE teams
    SET unit_code = unit_code
    WHERE unit_code = :unit_code AND department_code = :department""")
ON_DUTY = block("""
    SELECT crews.code
    FROM crews
    JOIN shifts ON shifts.crew = crews.code
    WHERE crews.unit_code = :unit_code AND crews.department = :department AND crews.is_active
        AND shifts.cancelled_at IS NULL AND shifts.starts_at <= :now AND shifts.ends_at > :now
    ORDER BY shifts.starts_at DESC, crews.code
    LIMIT 1""")
GIVE_TO_CREW = block("""
    UPDATE tickets
    SET crew = :crew, assignee = ''
    WHERE number = :number""")
SHIFT_COLUMNS = "id, crew, kind, starts_at, ends_at, made_by, cancelled_at"
SHIFT = block(f"""
    SELECT {SHIFT_COLUMNS}
    FROM shifts
    WHERE id = :id""")
SHIFTS = block(f"""
    SELECT {SHIFT_COLUMNS}
    FROM shifts
    WHERE crew IN :crews AND cancelled_at IS NULL AND starts_at < :until AND ends_at > :since
    ORDER BY starts_at, crew""").bindparams(bindparam("crews", expanding=True))
STARTS = block("""
    SELECT crew, starts_at
    FROM shifts
    WHERE crew IN :crews AND starts_at >= :since""").bindparams(bindparam("crews", expanding=True))
ADD_SHIFT = block("""
    INSERT INTO shifts (crew, kind, starts_at, ends_at, made_by)
    VALUES (:crew, :kind, :starts_at, :ends_at, :made_by)""")
CANCEL_SHIFT = block("""
    UPDATE shifts
    SET cancelled_at = :now
    WHERE id = :id AND cancelled_at IS NULL""")
HOLD_USERS = block("""
    UPDATE users
    SET is_active = is_active
    WHERE username = :username""")
DELEGATION_COLUMNS = """delegations.id, delegations.from_username, away.name AS from_name, delegations.to_username, other.name AS to_name,
        delegations.starts_at, delegations.ends_at, delegations.made_by, delegations.made_at, delegations.revoked_at"""
DELEGATION = block(f"""
    SELECT {DELEGATION_COLUMNS}
    FROM delegations
    JOIN users AS away ON away.username = delegations.from_username
    JOIN users AS other ON other.username = delegations.to_username
    WHERE delegations.id = :id""")
DELEGATIONS = block(f"""
    SELECT {DELEGATION_COLUMNS}
    FROM delegations
    JOIN users AS away ON away.username = delegations.from_username
    JOIN users AS other ON other.username = delegations.to_username
    WHERE delegations.from_username = :username OR delegations.to_username = :username OR delegations.made_by = :username
    ORDER BY delegations.starts_at DESC, delegations.id DESC""")
ADD_DELEGATION = block("""
    INSERT INTO delegations (from_username, to_username, starts_at, ends_at, made_by, made_at)
    VALUES (:from_username, :to_username, :starts_at, :ends_at, :made_by, :now)
    RETURNING id""")
REVOKE = block("""
    UPDATE delegations
    SET revoked_at = :now
    WHERE id = :id AND revoked_at IS NULL""")
HANDOVER_COLUMNS = """handovers.id, handovers.unit_code, handovers.department, handovers.from_username, giver.name AS from_name, handovers.text,
        handovers.tickets_json, handovers.made_at, handovers.to_username, COALESCE(taker.name, '') AS to_name, handovers.taken_at"""
HANDOVER = block(f"""
    SELECT {HANDOVER_COLUMNS}
    FROM handovers
    JOIN users AS giver ON giver.username = handovers.from_username
    LEFT JOIN users AS taker ON taker.username = handovers.to_username
    WHERE handovers.id = :id""")
HANDOVERS = block(f"""
    SELECT {HANDOVER_COLUMNS}
    FROM handovers
    JOIN users AS giver ON giver.username = handovers.from_username
    LEFT JOIN users AS taker ON taker.username = handovers.to_username
    WHERE handovers.unit_code = :unit_code AND handovers.department = :department
    ORDER BY handovers.made_at DESC, handovers.id DESC
    LIMIT :most""")
HANDOVERS_UNDER = block(f"""
    WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit_code
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)
    SELECT {HANDOVER_COLUMNS}
    FROM handovers
    JOIN users AS giver ON giver.username = handovers.from_username
    LEFT JOIN users AS taker ON taker.username = handovers.to_username
    WHERE handovers.unit_code IN (SELECT code FROM under) AND (:department = '' OR handovers.department = :department)
    ORDER BY handovers.made_at DESC, handovers.id DESC
    LIMIT :most""")
ADD_HANDOVER = block("""
    INSERT INTO handovers (unit_code, department, from_username, text, tickets_json, made_at)
    VALUES (:unit_code, :department, :from_username, :text, :tickets_json, :now)
    RETURNING id""")
TAKE_HANDOVER = block("""
    UPDATE handovers
    SET to_username = :username, taken_at = :now
    WHERE id = :id AND taken_at IS NULL""")


class Shifts(Part):
    """Keeps who works with whom, when, for whom, and what they leave to each other."""

    def find_crew(self, code: str) -> Crew | None:
        """Give a crew with its members, or None where there is none of that code."""
        row = self.row(CREW, code=code)
        return self._crews([row])[0] if row else None

    def crew(self, code: str) -> Crew:
        """Give a crew with its members.

        Raises:
            NotFound: there is none of that code.
        """
        found = self.find_crew(code)
        if found is None:
            raise NotFound(say("There is no such crew; refresh the page and try again"))
        return found

    def crews_of_team(self, unit_code: str, department: str, *, is_active: bool | None = True) -> tuple[Crew, ...]:
        """Give a team's crews: those in use, those out of use, or (None) all."""
        crews = self._crews(self.rows(CREWS_OF_TEAM, unit_code=unit_code, department=department))
        return tuple(one for one in crews if is_active in (None, one.is_active))

    def crews_under(self, unit_code: str, department: str) -> tuple[Crew, ...]:
        """Give the crews of a unit and of those below it; an empty department means all."""
        return self._crews(self.rows(CREWS_UNDER, unit_code=unit_code, department=department))

    def _crews(self, rows: Sequence[RowMapping]) -> tuple[Crew, ...]:
        members: dict[str, list[Member]] = {row["code"]: [] for row in rows}
        for row in self.rows(MEMBERS, crews=list(members)) if members else ():
            members[row["crew"]].append(Member(row["username"], row["name"]))
        return tuple(Crew(**row, members=tuple(members[row["code"]])) for row in rows)

    def team_users(self, unit_code: str, department: str) -> tuple[Member, ...]:
        """Give who may work on a team's tickets."""
        return tuple(Member(**row) for row in self.rows(TEAM_USERS, unit_code=unit_code, department=department))

    def add_crew(self, unit_code: str, department: str, name: str, members: Iterable[str]) -> Crew:
        """Keep a new crew; its code counts the team's crews, of which none is ever deleted."""
        number = int(self.value(COUNT_CREWS, unit_code=unit_code, department=department)) + 1
        while self.row(CREW, code=f"{unit_code}-{department}-{number}"):
            number += 1
        code = f"{unit_code}-{department}-{number}"
        self.run(ADD_CREW, code=code, name=name, unit_code=unit_code, department=department)
        self._set_members(code, members)
        return self.crew(code)

    def change_crew(self, code: str, name: str, is_active: bool, members: Iterable[str]) -> None:
        """Put other values in the place of a crew's."""
        self.run(CHANGE_CREW, code=code, name=name, is_active=is_active)
        self._set_members(code, members)

    def _set_members(self, crew: str, members: Iterable[str]) -> None:
        self.run(CLEAR_MEMBERS, crew=crew)
        for username in members:
            self.run(ADD_MEMBER, crew=crew, username=username)

    def hold_team(self, unit_code: str, department: str) -> None:
        """Let others who plan for the same team wait until this transaction ends."""
        self.run(HOLD_TEAM, unit_code=unit_code, department=department)

    def crew_on_duty(self, unit_code: str, department: str, now: datetime) -> str:
        """Give the code of the crew of a team that is on duty, of several the one that came last; empty where none is."""
        return str(self.value(ON_DUTY, unit_code=unit_code, department=department, now=now) or "")

    def give_to_crew_on_duty(self, number: str, unit_code: str | None, department: str | None, now: datetime) -> str:
        """Give a ticket that was dispatched to a team just now to the crew that is on duty there, and give its code; to nobody where none is."""
        crew = self.crew_on_duty(unit_code or "", department or "", now)
        self.run(GIVE_TO_CREW, number=number, crew=crew)
        return crew

    def shift(self, id: int) -> Shift:
        """Give a shift.

        Raises:
            NotFound: there is none of that number.
        """
        row = self.row(SHIFT, id=id)
        if row is None:
            raise NotFound(say("There is no such shift; refresh the page and try again"))
        return shift_of(row)

    def shifts_of(self, crews: Sequence[str], since: datetime, until: datetime) -> list[Shift]:
        """Give the shifts of some crews that lie in a span, or reach into it, from the first; the cancelled left out."""
        return [shift_of(row) for row in self.rows(SHIFTS, crews=list(crews), since=since, until=until)] if crews else []

    def shift_starts(self, crews: Sequence[str], since: datetime) -> set[tuple[str, datetime]]:
        """Give the crew and beginning of each shift that was ever planned from a moment on, the cancelled ones too."""
        return {(row["crew"], row["starts_at"]) for row in self.rows(STARTS, crews=list(crews), since=since)} if crews else set()

    def add_shift(self, crew: str, kind: ShiftKind, starts_at: datetime, ends_at: datetime, made_by: str) -> None:
        """Keep a shift."""
        self.run(ADD_SHIFT, crew=crew, kind=kind.value, starts_at=starts_at, ends_at=ends_at, made_by=made_by)

    def cancel_shift(self, id: int, now: datetime) -> None:
        """Mark a shift as cancelled, once."""
        self.run(CANCEL_SHIFT, id=id, now=now)

    def hold_users(self, usernames: Iterable[str]) -> None:
        """Let others who delegate to or from these users wait until this transaction ends."""
        for username in usernames:
            self.run(HOLD_USERS, username=username)

    def delegation(self, id: int) -> Delegation:
        """Give a delegation.

        Raises:
            NotFound: there is none of that number.
        """
        row = self.row(DELEGATION, id=id)
        if row is None:
            raise NotFound(say("There is no such delegation; refresh the page and try again"))
        return Delegation(**row)

    def delegations_of(self, username: str) -> list[Delegation]:
        """Give the delegations that a user gave, got or made for others, the latest first."""
        return [Delegation(**row) for row in self.rows(DELEGATIONS, username=username)]

    def add_delegation(self, away: str, other: str, starts_at: datetime, ends_at: datetime, made_by: str, now: datetime) -> int:
        """Keep a delegation and give its number."""
        times = {"starts_at": starts_at, "ends_at": ends_at, "now": now}
        return int(self.value(ADD_DELEGATION, from_username=away, to_username=other, made_by=made_by, **times))

    def revoke_delegation(self, id: int, now: datetime) -> None:
        """Mark a delegation as revoked, once."""
        self.run(REVOKE, id=id, now=now)

    def handover(self, id: int) -> Handover:
        """Give a handover.

        Raises:
            NotFound: there is none of that number.
        """
        row = self.row(HANDOVER, id=id)
        if row is None:
            raise NotFound(say("There is no such handover; refresh the page and try again"))
        return handover_of(row)

    def handovers(self, unit_code: str, department: str, *, is_leader: bool = False, most: int = 20) -> list[Handover]:
        """Give the latest handovers of a team, or for a leader those of all teams of the unit and below."""
        sql = HANDOVERS_UNDER if is_leader else HANDOVERS
        return [handover_of(row) for row in self.rows(sql, unit_code=unit_code, department=department, most=most)]

    def add_handover(self, user: User, text: str, tickets: Iterable[OpenTicket], now: datetime) -> int:
        """Keep what a shift leaves to the next, and give its number."""
        team = {"unit_code": user.unit_code, "department": user.department, "from_username": user.username}
        return int(self.value(ADD_HANDOVER, **team, text=text, tickets_json=to_json([kept(one) for one in tickets]), now=now))

    def take_handover(self, id: int, username: str, now: datetime) -> bool:
        """Keep who took a shift over, and say whether it was nobody's before."""
        return self.run(TAKE_HANDOVER, id=id, username=username, now=now) > 0


def shift_of(row: RowMapping) -> Shift:
    """Make the value from its row."""
    return Shift(**{**row, "kind": ShiftKind(row["kind"])})


def kept(one: OpenTicket) -> dict[str, Any]:
    """Give an open ticket as it is kept with a handover."""
    due = one.next_due_at.isoformat() if one.next_due_at else None
    return {"number": one.number, "state": one.state.value, "next_step": one.next_step.value if one.next_step else None, "next_due_at": due}


def handover_of(row: RowMapping) -> Handover:
    """Make the value from its row."""
    values: dict[str, Any] = dict(row)
    tickets = tuple(
        OpenTicket(
            one["number"],
            State(one["state"]),
            Step(one["next_step"]) if one["next_step"] else None,
            datetime.fromisoformat(one["next_due_at"]) if one["next_due_at"] else None,
        )
        for one in json.loads(values.pop("tickets_json"))
    )
    return Handover(**values, tickets=tickets)
