"""What stands beside the way of a ticket: pauses, requests and their decisions, co-handling, links, callback attempts, claims."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import RowMapping

from triage.store.base import Part
from triage.store.sql import block
from triage.terms import Asked
from triage.tickets import CoHandling, Request

BEGIN_PAUSE = block("""
    INSERT INTO pauses (ticket_number, kind, actor, started_at, until_at)
    VALUES (:number, :kind, :actor, :now, :until_at)""")
END_PAUSE = block("""
    UPDATE pauses
    SET ended_at = :now
    WHERE ticket_number = :number AND ended_at IS NULL""")
ASK = block("""
    INSERT INTO requests (ticket_number, kind, asked_by, asked_at, value, amount, decided_by, answer)
    VALUES (:number, :kind, :actor, :now, :value, :amount, '', '')""")
SETTLE = block("""
    UPDATE requests
    SET decided_by = :actor, decided_at = :now, answer = :answer
    WHERE ticket_number = :number AND kind = :kind AND decided_at IS NULL""")
DROP = block("""
    UPDATE requests
    SET decided_by = :actor, decided_at = :now, answer = 'dropped'
    WHERE ticket_number = :number AND kind = :kind AND decided_at IS NULL""")
REQUESTS = block("""
    SELECT id, kind, asked_by, asked_at, value, amount, decided_by, decided_at, answer
    FROM requests
    WHERE ticket_number = :number
    ORDER BY asked_at, id""")
WAITING = block("""
    SELECT requests.ticket_number, requests.kind, requests.asked_by, requests.asked_at, requests.value, requests.amount,
        tickets.state, tickets.department, tickets.team_unit, tickets.topic, tickets.text, tickets.parent_number, tickets.demand_type
    FROM requests
    JOIN tickets ON tickets.number = requests.ticket_number
    WHERE requests.kind = :kind AND requests.decided_at IS NULL
    ORDER BY requests.asked_at, requests.id
    LIMIT :most""")
ASK_HELP = block("""
    INSERT INTO co_handlings (ticket_number, department, team_unit, asked_by, asked_at, task)
    VALUES (:number, :department, :team_unit, :actor, :now, :task)
    RETURNING id""")
HELPED = block("""
    UPDATE co_handlings
    SET reply = :reply, replied_at = :now
    WHERE id = :id""")
CANCEL_HELP = block("""
    UPDATE co_handlings
    SET cancelled_at = :now
    WHERE id = :id""")
CO_HANDLINGS = block("""
    SELECT id, department, team_unit, asked_by, asked_at, task, reply, replied_at, cancelled_at
    FROM co_handlings
    WHERE ticket_number = :number
    ORDER BY asked_at, id""")
LINK = block("""
    INSERT INTO links (ticket_number, other_number, kind, score, reason, actor, made_at)
    VALUES (:number, :other_number, :kind, :score, :reason, :actor, :now)
    ON CONFLICT (ticket_number, other_number, kind) DO NOTHING""")
LINKS = block("""
    SELECT ticket_number, other_number, kind, score, reason, actor, made_at
    FROM links
    WHERE ticket_number = :number OR other_number = :number
    ORDER BY made_at DESC, id DESC""")
ATTEMPT = block("""
    INSERT INTO callback_attempts (ticket_number, actor, result, tried_at)
    VALUES (:number, :actor, :result, :now)""")
ATTEMPTS = block("""
    SELECT actor, result, tried_at
    FROM callback_attempts
    WHERE ticket_number = :number
    ORDER BY tried_at, id""")
CLAIM = block("""
    INSERT INTO claims (ticket_number, username, until_at)
    VALUES (:number, :username, :until_at)
    ON CONFLICT (ticket_number) DO UPDATE SET username = :username, until_at = :until_at
        WHERE claims.username = :username OR claims.until_at <= :now""")
CLAIMED = block("""
    SELECT username, until_at
    FROM claims
    WHERE ticket_number = :number AND until_at > :now""")
CLAIMS = block("""
    SELECT ticket_number, username
    FROM claims
    WHERE until_at > :now""")
RELEASE = block("""
    DELETE FROM claims
    WHERE ticket_number = :number AND username = :username""")


class Beside(Part):
    """Keeps and reads what stands beside the way."""

    def begin_pause(self, number: str, kind: str, until_at: datetime | None, now: datetime, actor: str) -> None:
        """Let the clocks stand from now; they go on by themselves at `until_at`, or when the kind's cap is reached."""
        self.run(BEGIN_PAUSE, number=number, kind=kind, actor=actor, now=now, until_at=until_at)

    def end_pause(self, number: str, now: datetime) -> bool:
        """Let the clocks go on, and say whether they stood."""
        return self.run(END_PAUSE, number=number, now=now) > 0

    def ask(self, number: str, kind: Asked, now: datetime, actor: str, *, value: str = "", amount: float | None = None) -> None:
        """Keep what is asked for."""
        self.run(ASK, number=number, kind=kind.value, actor=actor, now=now, value=value, amount=amount)

    def settle(self, number: str, kind: Asked, answer: str, now: datetime, actor: str) -> None:
        """Keep what was decided of what was asked."""
        self.run(SETTLE, number=number, kind=kind.value, answer=answer, now=now, actor=actor)

    def drop_requests(self, number: str, kinds: Iterable[Asked], now: datetime, actor: str) -> None:
        """Let go what has no object any more: the reply is in, or the ticket has left the department."""
        for kind in kinds:
            self.run(DROP, number=number, kind=kind.value, now=now, actor=actor)

    def requests_of(self, number: str) -> tuple[Request, ...]:
        """Give what was asked for and decided, from the first."""
        return tuple(Request(**{**row, "kind": Asked(row["kind"])}) for row in self.rows(REQUESTS, number=number))

    def waiting_requests(self, kind: Asked, most: int = 200) -> Sequence[RowMapping]:
        """Give the open requests of a kind with their tickets, the oldest first."""
        return self.rows(WAITING, kind=kind.value, most=most)

    def ask_help(self, number: str, department: str, team_unit: str, task: str, now: datetime, actor: str) -> int:
        """Keep that a department is asked to help (协办), and give the row's id."""
        return int(self.value(ASK_HELP, number=number, department=department, team_unit=team_unit, task=task, now=now, actor=actor))

    def keep_help(self, id: int, reply: str, now: datetime) -> None:
        """Keep what a department that helps answers."""
        self.run(HELPED, id=id, reply=reply, now=now)

    def cancel_help(self, id: int, now: datetime) -> None:
        """Keep that a department is not asked any more."""
        self.run(CANCEL_HELP, id=id, now=now)

    def co_handlings_of(self, number: str) -> tuple[CoHandling, ...]:
        """Give who was asked to help with a ticket, from the first."""
        return tuple(CoHandling(**row) for row in self.rows(CO_HANDLINGS, number=number))

    def link(self, number: str, other: str, kind: str, now: datetime, actor: str, *, score: float | None = None, reason: str = "") -> None:
        """Keep that a ticket belongs to another one; once."""
        self.touch(other)
        self.run(LINK, number=number, other_number=other, kind=kind, score=score, reason=reason, actor=actor, now=now)

    def links_of(self, number: str) -> Sequence[RowMapping]:
        """Give what a ticket belongs to and what belongs to it, the latest first."""
        return self.rows(LINKS, number=number)

    def keep_attempt(self, number: str, result: str, now: datetime, actor: str) -> None:
        """Keep that a callback did not reach the customer."""
        self.run(ATTEMPT, number=number, result=result, now=now, actor=actor)

    def attempts_of(self, number: str) -> Sequence[RowMapping]:
        """Give the callbacks that did not reach the customer, from the first."""
        return self.rows(ATTEMPTS, number=number)

    def claim(self, number: str, username: str, now: datetime, lease: timedelta) -> RowMapping | None:
        """Take a ticket to work on it for as long as the lease, unless somebody else has it; give who has it now."""
        with self.writing():
            self.run(CLAIM, number=number, username=username, now=now, until_at=now + lease)
        return self.claimed(number, now)

    def claimed(self, number: str, now: datetime) -> RowMapping | None:
        """Give who works on a ticket now, and until when."""
        return self.row(CLAIMED, number=number, now=now)

    def claims(self, now: datetime) -> dict[str, str]:
        """Give who works on which ticket now."""
        return {row["ticket_number"]: row["username"] for row in self.rows(CLAIMS, now=now)}

    def release(self, number: str, username: str) -> None:
        """Give a ticket back."""
        self.run(RELEASE, number=number, username=username)
