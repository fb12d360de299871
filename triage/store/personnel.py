"""People (人员) as an administrator keeps them: found, changed, counted, with the trail of each change; who comes in stands in people.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping

from triage.people import User
from triage.store.base import Part, to_json
from triage.store.people import CLOSE_SESSIONS, COLUMNS, user_of
from triage.store.queries import AT_WORK
from triage.store.reference import TRAIL, told
from triage.store.sql import block

HOLD = block("""
    INSERT INTO counters (name, value)
    VALUES ('people', 1)
    ON CONFLICT (name) DO UPDATE SET value = counters.value + 1""")
PERSON = block(f"""
    SELECT {COLUMNS}, users.is_active, users.created_at
    FROM users
    WHERE username = :username""")
NAMES = block("""
    SELECT username
    FROM users
    ORDER BY username""")
FOUND = """
    WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code),
    found AS (
        SELECT username, name, role, unit_code, department_code, is_temporary, is_active, created_at
        FROM users
        WHERE (:role = '' OR role = :role)
            AND (:department = '' OR department_code = :department)
            AND (:unit = '' OR unit_code IN (SELECT code FROM under))
            AND (:state = '' OR (is_active AND :state = 'on') OR (NOT is_active AND :state = 'off'))
            AND (:pattern = '' OR LOWER(username) LIKE :pattern ESCAPE '!' OR LOWER(name) LIKE :pattern ESCAPE '!'))"""
PEOPLE = block(f"""{FOUND}
    SELECT username, name, role, unit_code, department_code, is_temporary, is_active, created_at
    FROM found
    ORDER BY is_active DESC, unit_code, department_code, username
    LIMIT :most OFFSET :skip""")
COUNT = block(f"""{FOUND}
    SELECT COUNT(*)
    FROM found""")
OTHER_ADMINS = block("""
    SELECT COUNT(*)
    FROM users
    WHERE role = 'admin' AND is_active AND username <> :username""")
CHANGE = block("""
    UPDATE users
    SET name = :name, role = :role, unit_code = :unit_code, department_code = :department_code
    WHERE username = :username""")
SESSIONS = block("""
    SELECT COUNT(*)
    FROM sessions
    WHERE username = :username AND expires_at > :now""")
TOKENS_OF = block("""
    SELECT label, created_at, revoked_at
    FROM tokens
    WHERE username = :username
    ORDER BY created_at DESC""")
VERSION = block("""
    SELECT COALESCE(MAX(id), 0)
    FROM reference_audit
    WHERE table_name = 'users' AND row_key = :username""")
TRAIL_OF = block("""
    SELECT id, happened_at, actor, before_json, after_json
    FROM reference_audit
    WHERE table_name = 'users' AND row_key = :username
    ORDER BY id DESC
    LIMIT 50""")
ASSIGNED = block(f"""
    SELECT number, state, topic, department, team_unit, next_step, next_due_at
    FROM tickets
    WHERE assignee = :username AND {AT_WORK}
    ORDER BY next_due_at IS NULL, next_due_at, number""")


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in, or might once: who it is, whether the account is in use, since when it is there."""

    user: User
    is_active: bool
    created_at: datetime


@dataclass(frozen=True)
class Wanted:
    """Which people are looked for; empty: all. A unit stands for those below it too; `state`: on or off; `words`: a part of the name or user name."""

    role: str = ""
    unit: str = ""
    department: str = ""
    state: str = ""
    words: str = ""

    def parameters(self) -> dict[str, str]:
        """Give what the blocks are asked with."""
        words = self.words.lower()
        for sign in "!%_":
            words = words.replace(sign, f"!{sign}")
        pattern = f"%{words}%" if words else ""
        return {"role": self.role, "unit": self.unit, "department": self.department, "state": self.state, "pattern": pattern}


class Personnel(Part):
    """Keeps who works here, and the trail of what was changed about them."""

    def hold_people(self) -> None:
        """Let others who change people wait until this transaction ends, so that no two of them take the last administrator away."""
        self.run(HOLD)

    def person(self, username: str) -> Person | None:
        """Give somebody, whether the account is in use or not."""
        row = self.row(PERSON, username=username)
        return person_of(row) if row else None

    def people(self, wanted: Wanted, skip: int, most: int) -> list[Person]:
        """Give those who are looked for, whose account is in use first; a page of them."""
        return [person_of(row) for row in self.rows(PEOPLE, **wanted.parameters(), skip=skip, most=most)]

    def count_people(self, wanted: Wanted) -> int:
        """Count those who are looked for."""
        return int(self.value(COUNT, **wanted.parameters()))

    def person_mark(self, username: str) -> str:
        """Give what stands for somebody in an address: nobody can read a name back from it."""
        return self.digest(f"person {username}")[:20]

    def marked_person(self, mark: str) -> Person | None:
        """Give whom a mark stands for."""
        username = self.username_of(mark)
        return self.person(username) if username else None

    def username_of(self, mark: str) -> str:
        """Give the user name that a mark stands for; nothing where it stands for nobody."""
        return next((row["username"] for row in self.rows(NAMES) if self.person_mark(row["username"]) == mark), "")

    def count_other_admins(self, username: str) -> int:
        """Count the administrators who may sign in, but for one."""
        return int(self.value(OTHER_ADMINS, username=username))

    def change_user(self, user: User) -> None:
        """Keep somebody's name, role, unit and department."""
        values = {"name": user.name, "role": user.role.value, "unit_code": user.unit_code, "department_code": user.department}
        self.run(CHANGE, username=user.username, **values)

    def count_sessions(self, username: str, now: datetime) -> int:
        """Count where somebody is signed in."""
        return int(self.value(SESSIONS, username=username, now=now))

    def close_sessions(self, username: str) -> int:
        """Sign somebody out everywhere, and give how many sessions there were, ended ones too."""
        return self.run(CLOSE_SESSIONS, username=username)

    def tokens_of(self, username: str) -> Sequence[RowMapping]:
        """Give somebody's API tokens without what they are, the latest first."""
        return self.rows(TOKENS_OF, username=username)

    def person_version(self, username: str) -> int:
        """Give the state of somebody's account as a number that grows with each change in the trail."""
        return int(self.value(VERSION, username=username))

    def keep_person_trail(
        self, username: str, before: Mapping[str, object] | None, after: Mapping[str, object] | None, actor: str, now: datetime
    ) -> None:
        """Keep who changed what about somebody, in the trail of the reference data; never a password."""
        sides = [to_json(side and {name: told(name, value) for name, value in side.items()}) for side in (before, after)]
        self.run(TRAIL, now=now, actor=actor, table_name="users", row_key=username, before_json=sides[0], after_json=sides[1])

    def person_trail(self, username: str) -> Sequence[RowMapping]:
        """Give the latest changes of somebody's account."""
        return self.rows(TRAIL_OF, username=username)

    def assigned_to(self, username: str) -> Sequence[RowMapping]:
        """Give the tickets with a department that somebody is to work on, the most urgent first."""
        return self.rows(ASSIGNED, username=username)


def person_of(row: RowMapping) -> Person:
    """Make the value from its row."""
    user = user_of(row)
    assert user is not None
    return Person(user, row["is_active"], row["created_at"])
