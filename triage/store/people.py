"""Users, sessions, tokens and failed sign-ins; secrets stand here only as hashes or digests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import RowMapping

from triage.people import User
from triage.store.base import Part
from triage.store.sql import block
from triage.terms import Role

COLUMNS = "users.username, users.name, users.role, users.unit_code, users.department_code, users.is_temporary"
USER = block(f"""
    SELECT {COLUMNS}
    FROM users
    WHERE username = :username AND is_active""")
USERS = block(f"""
    SELECT {COLUMNS}, users.is_active, users.created_at
    FROM users
    ORDER BY username""")
BY_SESSION = block(f"""
    SELECT {COLUMNS}
    FROM sessions
    JOIN users ON users.username = sessions.username
    WHERE sessions.token_digest = :token_digest AND sessions.expires_at > :now AND users.is_active""")
BY_TOKEN = block(f"""
    SELECT {COLUMNS}
    FROM tokens
    JOIN users ON users.username = tokens.username
    WHERE tokens.token_digest = :token_digest AND tokens.revoked_at IS NULL AND users.is_active""")
STANDS_IN_FOR = block(f"""
    SELECT {COLUMNS}
    FROM delegations
    JOIN users ON users.username = delegations.from_username
    WHERE delegations.to_username = :username AND delegations.revoked_at IS NULL AND delegations.starts_at <= :now AND delegations.ends_at > :now
        AND users.is_active
    ORDER BY users.username""")
PASSWORD = block("""
    SELECT password_hash
    FROM users
    WHERE username = :username AND is_active""")
ADD_USER = block("""
    INSERT INTO users (username, name, role, unit_code, department_code, password_hash, is_temporary, is_active, created_at)
    VALUES (:username, :name, :role, :unit_code, :department_code, :password_hash, :is_temporary, TRUE, :now)""")
SET_PASSWORD = block("""
    UPDATE users
    SET password_hash = :password_hash, is_temporary = :is_temporary
    WHERE username = :username""")
SET_ACTIVE = block("""
    UPDATE users
    SET is_active = :is_active
    WHERE username = :username""")
OPEN_SESSION = block("""
    INSERT INTO sessions (token_digest, username, created_at, expires_at)
    VALUES (:token_digest, :username, :now, :expires_at)""")
CLOSE_SESSION = block("""
    DELETE FROM sessions
    WHERE token_digest = :token_digest""")
CLOSE_SESSIONS = block("""
    DELETE FROM sessions
    WHERE username = :username""")
FAILURES = block("""
    SELECT COUNT(*)
    FROM sign_in_failures
    WHERE username_digest = :username_digest AND failed_at > :since""")
ADD_FAILURE = block("""
    INSERT INTO sign_in_failures (username_digest, failed_at)
    VALUES (:username_digest, :now)""")
ADD_TOKEN = block("""
    INSERT INTO tokens (token_digest, username, label, created_at)
    VALUES (:token_digest, :username, :label, :now)""")
REVOKE = block("""
    UPDATE tokens
    SET revoked_at = :now
    WHERE username = :username AND label = :label AND revoked_at IS NULL""")
TOKENS = block("""
    SELECT username, label, created_at, revoked_at
    FROM tokens
    ORDER BY created_at""")


class People(Part):
    """Keeps users and how they come in."""

    def user(self, username: str) -> User | None:
        """Give an active user."""
        return user_of(self.row(USER, username=username))

    def users(self) -> Sequence[RowMapping]:
        """Give all users, the inactive too."""
        return self.rows(USERS)

    def active_users(self) -> tuple[User, ...]:
        """Give all users who may sign in."""
        return tuple(user for row in self.rows(USERS) if row["is_active"] and (user := user_of(row)))

    def add_user(self, user: User, password_hash: str, now: datetime) -> None:
        """Keep a new user."""
        self.run(
            ADD_USER,
            username=user.username,
            name=user.name,
            role=user.role.value,
            unit_code=user.unit_code,
            department_code=user.department,
            password_hash=password_hash,
            is_temporary=user.is_temporary,
            now=now,
        )

    def set_password(self, username: str, password_hash: str, *, is_temporary: bool = False) -> int:
        """Replace a password and end all sessions of its user; a temporary one has to be changed at the next sign-in."""
        with self.writing():
            self.run(CLOSE_SESSIONS, username=username)
            return self.run(SET_PASSWORD, username=username, password_hash=password_hash, is_temporary=is_temporary)

    def set_active(self, username: str, is_active: bool) -> int:
        """Let a user in or keep the user out, at once."""
        with self.writing():
            self.run(CLOSE_SESSIONS, username=username)
            return self.run(SET_ACTIVE, username=username, is_active=is_active)

    def password_hash(self, username: str) -> str | None:
        """Give the hash of an active user's password."""
        found = self.value(PASSWORD, username=username)
        return str(found) if found else None

    def open_session(self, token: str, username: str, now: datetime, expires_at: datetime) -> None:
        """Keep a session by its token's digest."""
        self.run(OPEN_SESSION, token_digest=self.digest(token), username=username, now=now, expires_at=expires_at)

    def close_session(self, token: str) -> None:
        """End a session."""
        self.run(CLOSE_SESSION, token_digest=self.digest(token))

    def user_of_session(self, token: str, now: datetime) -> User | None:
        """Give the user of a session that has not ended, with those whom the user stands in for now (委托)."""
        return self._with_hats(user_of(self.row(BY_SESSION, token_digest=self.digest(token), now=now)), now)

    def user_of_token(self, token: str, now: datetime | None = None) -> User | None:
        """Give the user of an API token that is not revoked; at a moment, with those whom the user stands in for then."""
        found = user_of(self.row(BY_TOKEN, token_digest=self.digest(token)))
        return self._with_hats(found, now) if now else found

    def _with_hats(self, user: User | None, now: datetime) -> User | None:
        """Add those whose work was handed to the user; one whose role has changed since is left out."""
        if user is None:
            return None
        given = [other for row in self.rows(STANDS_IN_FOR, username=user.username, now=now) if (other := user_of(row))]
        same = (other for other in given if other.role is user.role or (other.role, user.role) == (Role.LEADER, Role.HANDLER))
        return replace(user, stands_in_for=tuple(same))

    def add_token(self, token: str, username: str, label: str, now: datetime) -> None:
        """Keep an API token by its digest."""
        self.run(ADD_TOKEN, token_digest=self.digest(token), username=username, label=label, now=now)

    def revoke_tokens(self, username: str, label: str, now: datetime) -> int:
        """Revoke a user's tokens of a label and give how many there were."""
        return self.run(REVOKE, username=username, label=label, now=now)

    def tokens(self) -> Sequence[RowMapping]:
        """Give all tokens, without what they are."""
        return self.rows(TOKENS)

    def count_failures(self, username: str, since: datetime) -> int:
        """Count the failed sign-ins of a name."""
        return int(self.value(FAILURES, username_digest=self.digest(username), since=since))

    def add_failure(self, username: str, now: datetime) -> None:
        """Keep a failed sign-in; the name only as a digest, since people type passwords there."""
        self.run(ADD_FAILURE, username_digest=self.digest(username), now=now)


def user_of(row: RowMapping | None) -> User | None:
    """Make the value from its row."""
    if row is None:
        return None
    return User(row["username"], row["name"], Role(row["role"]), row["unit_code"], row["department_code"], is_temporary=row["is_temporary"])
