"""Reading what people said of tickets, and what came in: the texts leave without what identifies a person."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import RowMapping

from triage.labels import Label, Seen, for_learning
from triage.store.base import Part
from triage.store.sql import block
from triage.terms import Role
from triage.wording import say

REFERRED = say("Refer to the responsible party")
# A decision of a person names topic and demand type; who refers a ticket (转告责任主体) says that its topic is the one
# that is not ours. The last word on a ticket counts.
LAST_WORD = """
    spoken AS (
        SELECT ticket_number, made_by AS source, actor, topic, demand_type, reasons_json, made_at, id AS place, 0 AS later
        FROM decisions
        WHERE made_by IN ('agent', 'dispatcher') AND made_at >= :since
        UNION ALL
        SELECT audit.ticket_number, COALESCE(users.role, 'dispatcher'), audit.actor, external.topic, NULL, NULL,
            audit.happened_at, audit.seq, 1
        FROM audit
        JOIN (SELECT MIN(code) AS topic FROM topics WHERE lead_department = 'external' HAVING COUNT(*) = 1) AS external ON TRUE
        LEFT JOIN users ON users.username = audit.actor
        WHERE audit.action = 'refer' AND audit.happened_at >= :since),
    ordered AS (
        SELECT spoken.*, ROW_NUMBER() OVER (PARTITION BY ticket_number ORDER BY made_at DESC, later DESC, place DESC) AS turn
        FROM spoken
        WHERE topic IS NOT NULL),
    last_word AS (
        SELECT *
        FROM ordered
        WHERE turn = 1)"""
# What may be learnt from: confidential contacts (保密、举报) and erased texts stay out.
OPEN_TEXT = """NOT tickets.is_confidential AND NOT contacts.is_confidential AND tickets.text <> ''"""
KNOWN = ("caller_name", "phone", "customer_number", "address", "kept_name", "kept_phone", "kept_address")
PERSONAL = """contacts.caller_name, contacts.phone, contacts.customer_number, contacts.address,
        customers.name AS kept_name, customers.phone AS kept_phone, customers.address AS kept_address"""
JOINED = """JOIN contacts ON contacts.id = tickets.contact_id
    LEFT JOIN customers ON customers.number = contacts.customer_number"""
LABELS = block(f"""
    WITH {LAST_WORD}
    SELECT tickets.number, tickets.text, last_word.source, last_word.actor, last_word.topic, last_word.demand_type, last_word.reasons_json,
        last_word.made_at, predictions.topics_json, predictions.demand_types_json, predictions.model_version,
        topics.code IS NOT NULL AND (last_word.demand_type IS NULL OR demand_types.code IS NOT NULL) AS is_current,
        (SELECT notes.text
         FROM audit
         JOIN notes ON notes.ticket_number = audit.ticket_number AND notes.audit_seq = audit.seq AND notes.kind = 'note'
         WHERE audit.ticket_number = tickets.number AND audit.happened_at = last_word.made_at
         ORDER BY notes.id DESC
         LIMIT 1) AS note,
        {PERSONAL}
    FROM last_word
    JOIN tickets ON tickets.number = last_word.ticket_number
    {JOINED}
    LEFT JOIN topics ON topics.code = last_word.topic
    LEFT JOIN demand_types ON demand_types.code = last_word.demand_type
    LEFT JOIN predictions ON predictions.id = (
        SELECT MAX(earlier.id)
        FROM predictions AS earlier
        WHERE earlier.ticket_number = tickets.number AND earlier.made_at <= last_word.made_at)
    WHERE {OPEN_TEXT}
    ORDER BY tickets.number""")
HOW_MANY = block(f"""
    SELECT COUNT(*)
    FROM tickets
    JOIN contacts ON contacts.id = tickets.contact_id
    WHERE tickets.received_at >= :since AND tickets.received_at < :until AND {OPEN_TEXT}""")
# Every so many-th ticket of a long period: the last digits of a number count the day's tickets.
SEEN = block(f"""
    WITH {LAST_WORD}
    SELECT tickets.text, predictions.topics_json, last_word.topic AS meant, {PERSONAL}
    FROM tickets
    {JOINED}
    LEFT JOIN last_word ON last_word.ticket_number = tickets.number
    LEFT JOIN predictions ON predictions.id = (
        SELECT MAX(latest.id)
        FROM predictions AS latest
        WHERE latest.ticket_number = tickets.number)
    WHERE tickets.received_at >= :since AND tickets.received_at < :until AND {OPEN_TEXT}
        AND CAST(SUBSTR(tickets.number, 9) AS INTEGER) % :every = 0
    ORDER BY tickets.number""")


class Labels(Part):
    """Gives labels, and recent texts with what was said of them."""

    def labels(self, since: datetime | None = None) -> list[Label]:
        """Give the last human word on each ticket, if it fell at `since` or later, in the order of their numbers.

        Confidential and erased texts are left out; texts and reasons leave without what identifies a person.
        """
        rows = self.rows(LABELS, since=since or datetime(1970, 1, 1, tzinfo=UTC))
        return [_label(row) for row in rows]

    def seen(self, since: datetime, until: datetime, most: int) -> list[Seen]:
        """Give what came in in [since, until), about `most` at the most, evenly over the period; texts as in `labels`."""
        count = int(self.value(HOW_MANY, since=since, until=until))
        rows = self.rows(SEEN, since=since, until=until, every=max(1, -(-count // most)))
        return [Seen(_text(row), _first(row["topics_json"]), row["meant"]) for row in rows]


def _label(row: RowMapping) -> Label:
    reasons = [REFERRED] if row["reasons_json"] is None else json.loads(row["reasons_json"])
    why = say("; ").join([*reasons, *([row["note"]] if row["note"] else [])])
    return Label(
        number=row["number"],
        text=_text(row),
        topic=row["topic"],
        demand_type=row["demand_type"],
        source=Role(row["source"]),
        who=row["actor"],
        when=row["made_at"],
        why=for_learning(why, _known(row)),
        said_topic=_first(row["topics_json"]),
        said_demand_type=_first(row["demand_types_json"]),
        model_version=row["model_version"],
        is_current=bool(row["is_current"]),
    )


def _text(row: RowMapping) -> str:
    return for_learning(row["text"], _known(row))


def _known(row: RowMapping) -> Iterator[str]:
    return (row[name] for name in KNOWN if row[name])


def _first(probabilities: str | None) -> str | None:
    """The likeliest label of a prediction as it is kept: pairs of label and probability, the likeliest first."""
    pairs = json.loads(probabilities) if probabilities else []
    return str(pairs[0][0]) if pairs else None
