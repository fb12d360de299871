"""What takes points from the service index: quality events that auditors entered, and records that they found untrue."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from triage.errors import NotFound
from triage.quality_events import Asked, QualityEvent
from triage.store.base import Part
from triage.store.figures import UNDER
from triage.store.sql import block
from triage.terms import QualityEventKind
from triage.wording import say

COLUMNS = """id, kind, unit_code, happened_on, ticket_number, text, source, made_by, made_at, revoked_by, revoked_at, revoked_reason"""
# The same event stands once; one that was revoked may be entered again.
ADD = block("""
    INSERT INTO quality_events (digest, kind, unit_code, happened_on, ticket_number, text, source, made_by, made_at)
    VALUES (:digest, :kind, :unit_code, :happened_on, :ticket_number, :text, :source, :made_by, :made_at)
    ON CONFLICT (digest) WHERE revoked_at IS NULL DO NOTHING
    RETURNING id""")
ONE = block(f"""
    SELECT {COLUMNS}
    FROM quality_events
    WHERE id = :id""")
STANDING = block(
    f"""
    SELECT {COLUMNS}
    FROM quality_events
    WHERE digest IN :digests AND revoked_at IS NULL
    ORDER BY id
    LIMIT 1""",
    "digests",
)
REVOKE = block("""
    UPDATE quality_events
    SET revoked_by = :actor, revoked_at = :now, revoked_reason = :reason
    WHERE id = :id AND revoked_at IS NULL""")
ASKED_FOR = """
    FROM quality_events
    WHERE (:kind = '' OR kind = :kind) AND happened_on >= :first_on AND happened_on <= :last_on
        AND (NOT :is_valid OR revoked_at IS NULL) AND (:unit_code = '' OR unit_code IN (SELECT code FROM under))"""
LIST = block(f"""
    {UNDER}
    SELECT {COLUMNS} {ASKED_FOR}
    ORDER BY happened_on DESC, id DESC
    LIMIT :most OFFSET :skip""")
HOW_MANY = block(f"""
    {UNDER}
    SELECT COUNT(*) {ASKED_FOR}""")
# 不实记录: contact recorded (联系客户) without any call, which an auditor has confirmed; it counts when that was decided.
UNTRUE = """
    FROM suspicions
    JOIN tickets ON tickets.number = suspicions.ticket_number
    WHERE suspicions.rule = 'no_call' AND suspicions.verdict = 'confirmed'
        AND suspicions.decided_at >= :since AND suspicions.decided_at < :until
        AND (:unit_code = '' OR COALESCE(tickets.team_unit, tickets.unit_code, '') IN (SELECT code FROM under))"""
LIST_UNTRUE = block(f"""
    {UNDER}
    SELECT suspicions.id, suspicions.ticket_number, suspicions.evidence, suspicions.decided_by, suspicions.decided_at,
        COALESCE(tickets.team_unit, tickets.unit_code, '') AS unit_code {UNTRUE}
    ORDER BY suspicions.decided_at DESC, suspicions.id DESC
    LIMIT :most OFFSET :skip""")
COUNT_UNTRUE = block(f"""
    {UNDER}
    SELECT COUNT(*) {UNTRUE}""")


class QualityEvents(Part):
    """Keeps quality events; lists and counts them and the untrue records."""

    def keep_quality_event(self, event: QualityEvent) -> tuple[QualityEvent, bool]:
        """Keep an event and give it with its number; where the same stands already, that one and False."""
        names = ("digest", "unit_code", "happened_on", "ticket_number", "text", "source", "made_by", "made_at")
        id = self.value(ADD, kind=event.kind.value, **{name: getattr(event, name) for name in names})
        if id is not None:
            return self.quality_event(id), True
        standing = self.standing_quality_event([event.digest])
        assert standing is not None, "whoever revoked it in between was held off by this transaction"
        return standing, False

    def standing_quality_event(self, digests: Sequence[str]) -> QualityEvent | None:
        """Give the first event of one of these digests that was not revoked, if there is one."""
        row = self.row(STANDING, digests=tuple(digests))
        return event_of(row) if row else None

    def quality_event(self, id: int) -> QualityEvent:
        """Give an event.

        Raises:
            NotFound: there is none of that number.
        """
        row = self.row(ONE, id=id)
        if row is None:
            raise NotFound(say("There is no such quality event"))
        return event_of(row)

    def revoke_quality_event(self, id: int, reason: str, actor: str, now: datetime) -> bool:
        """Keep that an event is revoked and why; False where it was before."""
        return self.run(REVOKE, id=id, reason=reason, actor=actor, now=now) == 1

    def quality_events(self, asked: Asked, most: int, skip: int = 0) -> list[QualityEvent]:
        """Give the events that are asked for, the latest first, a page at a time."""
        return [event_of(row) for row in self.rows(LIST, **vars(asked), most=most, skip=skip)]

    def count_quality_events(self, asked: Asked) -> int:
        """Count that list over all its pages."""
        return int(self.value(HOW_MANY, **vars(asked)))

    def untrue_records(self, unit_code: str, since: datetime, until: datetime, *, most: int, skip: int = 0) -> Sequence[RowMapping]:
        """Give the records of a unit and below that auditors found untrue (不实记录) in [since, until), the latest first, a page at a time."""
        return self.rows(LIST_UNTRUE, unit_code=unit_code, since=since, until=until, most=most, skip=skip)

    def count_untrue_records(self, unit_code: str, since: datetime, until: datetime) -> int:
        """Count that list over all its pages."""
        return int(self.value(COUNT_UNTRUE, unit_code=unit_code, since=since, until=until))


def event_of(row: RowMapping) -> QualityEvent:
    """Make the value from its row."""
    return QualityEvent(**{**row, "kind": QualityEventKind(row["kind"])})
