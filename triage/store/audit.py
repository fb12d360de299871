"""The audit trail: append-only, hash-chained per ticket; personal data only as keyed digests."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from triage.store.base import Part, to_json
from triage.store.sql import block

LAST = block("""
    SELECT seq, hash
    FROM audit
    WHERE ticket_number = :number
    ORDER BY seq DESC
    LIMIT 1""")
APPEND = block("""
    INSERT INTO audit (ticket_number, seq, happened_at, actor, action, from_state, to_state, detail_json, previous_hash, hash)
    VALUES (:number, :seq, :now, :actor, :action, :from_state, :to_state, :detail_json, :previous_hash, :hash)""")
NOTE = block("""
    INSERT INTO notes (ticket_number, audit_seq, kind, text)
    VALUES (:number, :seq, :kind, :text)""")
TRAIL = block("""
    SELECT ticket_number, seq, happened_at, actor, action, from_state, to_state, detail_json, previous_hash, hash
    FROM audit
    WHERE ticket_number = :number
    ORDER BY seq""")
ALL = block("""
    SELECT ticket_number, seq, happened_at, actor, action, from_state, to_state, detail_json, previous_hash, hash
    FROM audit
    ORDER BY ticket_number, seq""")
NOTES = block("""
    SELECT audit_seq, kind, text
    FROM notes
    WHERE ticket_number = :number
    ORDER BY id""")


@dataclass(frozen=True)
class BrokenChain:
    """Where a ticket's audit trail does not hold."""

    ticket_number: str
    seq: int
    why: str


def link(entry: Mapping[str, Any]) -> str:
    """Hash an entry together with the hash of the one before it."""
    parts = [str(entry[key] or "") for key in ("ticket_number", "seq", "actor", "action", "from_state", "to_state", "detail_json", "previous_hash")]
    moment: datetime = entry["happened_at"]
    return hashlib.sha256("\x1f".join([*parts, moment.astimezone(UTC).isoformat()]).encode()).hexdigest()


def breaks(entries: Iterable[RowMapping]) -> Iterator[BrokenChain]:
    """Go through entries in the order of ticket and place, and give where a chain does not hold."""
    number, seq, previous = "", 0, ""
    for row in entries:
        if row["ticket_number"] != number:
            number, seq, previous = row["ticket_number"], 0, ""
        if row["seq"] != seq + 1:
            yield BrokenChain(number, row["seq"], "an entry is missing before it")
        elif row["previous_hash"] != previous:
            yield BrokenChain(number, row["seq"], "it does not continue the entry before it")
        elif row["hash"] != link(dict(row)):
            yield BrokenChain(number, row["seq"], "its content was changed")
        seq, previous = row["seq"], row["hash"]


class Audit(Part):
    """Appends entries and checks the chains."""

    def append_audit(
        self,
        number: str,
        action: str,
        actor: str,
        now: datetime,
        *,
        states: tuple[str | None, str | None] = (None, None),
        detail: Mapping[str, Any] | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> int:
        """Append an entry and give its place in the chain; `notes` are free texts, which stand beside the chain and in it only as digests."""
        last = self.row(LAST, number=number)
        seq, previous = (last["seq"] + 1, last["hash"]) if last else (1, "")
        kept = {kind: text for kind, text in (notes or {}).items() if text}
        digests = {f"{kind}_digest": self.digest(text) for kind, text in kept.items()}
        entry = {
            "ticket_number": number,
            "seq": seq,
            "happened_at": now,
            "actor": actor,
            "action": action,
            "from_state": states[0],
            "to_state": states[1],
            "detail_json": to_json({**(detail or {}), **digests}),
            "previous_hash": previous,
        }
        self.run(
            APPEND,
            number=number,
            now=now,
            hash=link(entry),
            **{k: v for k, v in entry.items() if k not in ("ticket_number", "happened_at")},
        )
        for kind, text in kept.items():
            self.run(NOTE, number=number, seq=seq, kind=kind, text=text)
        return int(seq)

    def trail(self, number: str) -> Sequence[RowMapping]:
        """Give a ticket's entries from the first."""
        return self.rows(TRAIL, number=number)

    def notes(self, number: str) -> Mapping[int, list[RowMapping]]:
        """Give the free texts of a ticket by the entry that they belong to."""
        by_seq: dict[int, list[RowMapping]] = {}
        for row in self.rows(NOTES, number=number):
            by_seq.setdefault(row["audit_seq"], []).append(row)
        return by_seq

    def broken_chains(self) -> list[BrokenChain]:
        """Read every chain and say where one does not hold; none is the answer that one hopes for."""
        return list(breaks(self.connection.execute(ALL).mappings()))
