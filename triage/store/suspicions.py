"""Suspicions: what each rule looks at, and what was found and decided."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from triage.errors import NotFound
from triage.store.base import Part
from triage.store.sql import block
from triage.suspicions import Suspicion
from triage.wording import say

RESOLVED = block("""
    SELECT steps.ticket_number, steps.due_at, steps.red_at, steps.ended_at, audit.actor
    FROM audit
    JOIN steps ON steps.ticket_number = audit.ticket_number AND steps.ended_at = audit.happened_at
    WHERE audit.action = 'resolve' AND audit.happened_at >= :since AND audit.happened_at < :until
        AND steps.step = 'resolve' AND steps.watch = 'customer' AND steps.voided_at IS NULL AND steps.ended_at < steps.red_at
    ORDER BY steps.ticket_number, steps.id""")
DID = block(
    """
    SELECT ticket_number, action, actor, happened_at
    FROM audit
    WHERE action IN :actions AND happened_at >= :since AND happened_at < :until
    ORDER BY happened_at, ticket_number""",
    "actions",
)
CALLS_OUT = block("""
    SELECT 1
    FROM calls
    WHERE direction = 'out' AND started_at >= :since AND started_at <= :until AND (:actor = '' OR actor = :actor)
    LIMIT 1""")
CALLS_AFTER = block("""
    SELECT 1
    FROM calls
    WHERE started_at >= :since
    LIMIT 1""")
RETURNED = block("""
    SELECT audit.ticket_number, tickets.returns, MAX(audit.happened_at) AS happened_at
    FROM audit
    JOIN tickets ON tickets.number = audit.ticket_number
    WHERE audit.action IN ('return', 'grant_return') AND audit.happened_at >= :since AND audit.happened_at < :until
        AND tickets.returns >= :least
    GROUP BY audit.ticket_number, tickets.returns
    ORDER BY audit.ticket_number""")
ASKED = block("""
    SELECT requests.ticket_number, requests.asked_by, requests.asked_at
    FROM audit
    JOIN requests ON requests.ticket_number = audit.ticket_number AND requests.asked_at = audit.happened_at
    WHERE audit.action = 'ask_extension' AND audit.happened_at >= :since AND audit.happened_at < :until AND requests.kind = 'extension'
    ORDER BY requests.asked_at, requests.id""")
GRANTED = block("""
    SELECT decided_at
    FROM requests
    WHERE ticket_number = :ticket_number AND kind = 'extension' AND answer = 'granted' AND decided_at >= :since
    ORDER BY decided_at""")
CLOSED = block("""
    SELECT number AS ticket_number, satisfaction, closed_at
    FROM tickets
    WHERE closed_at >= :since AND closed_at < :until AND state = 'closed' AND satisfaction >= :least
    ORDER BY number""")
KEEP = block("""
    INSERT INTO suspicions (rule, ticket_number, evidence, found_at)
    VALUES (:rule, :ticket_number, :evidence, :now)
    ON CONFLICT (rule, ticket_number) DO NOTHING""")
COLUMNS = "id, rule, ticket_number, evidence, found_at, verdict, decided_by, decided_at"
ONE = block(f"""
    SELECT {COLUMNS}
    FROM suspicions
    WHERE id = :id""")
OF_RULE = block(
    f"""
    SELECT {COLUMNS}
    FROM suspicions
    WHERE (:rule = '' OR rule = :rule) AND verdict IN :verdicts
    ORDER BY found_at DESC, id DESC
    LIMIT :most OFFSET :skip""",
    "verdicts",
)
COUNTS = block("""
    SELECT rule, verdict, COUNT(*) AS n
    FROM suspicions
    GROUP BY rule, verdict""")
DECIDE = block("""
    UPDATE suspicions
    SET verdict = :verdict, decided_by = :actor, decided_at = :now
    WHERE id = :id AND verdict = ''""")


class Suspicions(Part):
    """Looks for what the rules name, and keeps what they found."""

    def resolved_in_time(self, since: datetime, until: datetime) -> Sequence[RowMapping]:
        """Give the customer's clocks of handling that were met by resolving in [since, until), with who did."""
        return self.rows(RESOLVED, since=since, until=until)

    def contacts_logged(self, since: datetime, until: datetime) -> Sequence[RowMapping]:
        """Give who logged in [since, until) that a customer was contacted."""
        return self.rows(DID, actions=["contact"], since=since, until=until)

    def closures(self, since: datetime, until: datetime) -> Sequence[RowMapping]:
        """Give who resolved or closed which ticket in [since, until), in the order of time."""
        return self.rows(DID, actions=["resolve", "close"], since=since, until=until)

    def has_calls_out(self, since: datetime, until: datetime, actor: str = "") -> bool:
        """Say whether there is a record of a call that was made between two moments, by one person if named."""
        return self.row(CALLS_OUT, since=since, until=until, actor=actor) is not None

    def has_calls_after(self, since: datetime) -> bool:
        """Say whether there are records of calls from a moment on: those before it have come in then."""
        return self.row(CALLS_AFTER, since=since) is not None

    def often_returned(self, since: datetime, until: datetime, least: int) -> Sequence[RowMapping]:
        """Give the tickets returned in [since, until) that were returned so often in all."""
        return self.rows(RETURNED, since=since, until=until, least=least)

    def extensions_asked(self, since: datetime, until: datetime) -> Sequence[RowMapping]:
        """Give the extensions asked for in [since, until)."""
        return self.rows(ASKED, since=since, until=until)

    def extensions_granted(self, ticket_number: str, since: datetime) -> list[datetime]:
        """Give when extensions of a ticket were granted since a moment."""
        return [row["decided_at"] for row in self.rows(GRANTED, ticket_number=ticket_number, since=since)]

    def closed_dissatisfied(self, since: datetime, until: datetime, least: str) -> Sequence[RowMapping]:
        """Give the tickets closed in [since, until) with an answer from `least` on."""
        return self.rows(CLOSED, since=since, until=until, least=least)

    def keep_suspicion(self, rule: str, ticket_number: str, evidence: str, now: datetime) -> bool:
        """Keep a find, and say whether it is new."""
        return self.run(KEEP, rule=rule, ticket_number=ticket_number, evidence=evidence, now=now) == 1

    def suspicion(self, id: int) -> Suspicion:
        """Give a find.

        Raises:
            NotFound: there is none of that number.
        """
        row = self.row(ONE, id=id)
        if row is None:
            raise NotFound(say("There is no such suspicion"))
        return Suspicion(**row)

    def suspicions(self, rule: str, verdicts: Sequence[str], most: int = 200, skip: int = 0) -> list[Suspicion]:
        """Give the finds of a rule (empty: of all) with these verdicts (empty text: none yet), the latest first."""
        return [Suspicion(**row) for row in self.rows(OF_RULE, rule=rule, verdicts=list(verdicts), most=most, skip=skip)]

    def suspicion_counts(self) -> dict[str, dict[str, int]]:
        """Count the finds of each rule by verdict."""
        counts: dict[str, dict[str, int]] = {}
        for row in self.rows(COUNTS):
            counts.setdefault(row["rule"], {})[row["verdict"]] = row["n"]
        return counts

    def decide_suspicion(self, id: int, verdict: str, actor: str, now: datetime) -> bool:
        """Keep what was found of a suspicion, and say whether it was still open."""
        return self.run(DECIDE, id=id, verdict=verdict, actor=actor, now=now) == 1
