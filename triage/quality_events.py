"""Quality events (质量事件): negative publicity and misconduct that auditors enter with their source; never changed, only revoked with a reason."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from triage.errors import Conflict, InvalidInput, NotFound, Problem
from triage.moments import in_shanghai, read_day
from triage.people import User
from triage.samples import LARGEST_SEED, check_audits
from triage.terms import QualityEventKind, Role
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

READERS = (Role.AUDITOR, Role.LEADER)
# Points that an event takes from the service index. Source: data/metrics.csv, `service_index`.
POINTS: Mapping[QualityEventKind, float] = {QualityEventKind.NEGATIVE_PUBLICITY: 5, QualityEventKind.MISCONDUCT: 0.2}
LONGEST = 2000
FIELDS = {
    "kind": say("Kind of event"),
    "unit_code": say("Supply unit"),
    "happened_on": say("Day"),
    "ticket_number": say("Ticket number"),
    "text": say("What happened"),
    "source": say("Evidence or source"),
    "reason": say("Reason for revoking"),
}
ENTERED = ("kind", "unit_code", "happened_on", "ticket_number", "text", "source")


@dataclass(frozen=True)
class QualityEvent:
    """What happened in a unit, by which source, who entered it; and who revoked it, if anybody."""

    id: int
    kind: QualityEventKind
    unit_code: str
    happened_on: date
    ticket_number: str | None
    text: str
    source: str
    made_by: str
    made_at: datetime
    revoked_by: str = ""
    revoked_at: datetime | None = None
    revoked_reason: str = ""

    @property
    def digest(self) -> str:
        """What is the same for an event that is sent again, whoever sends it."""
        told = [self.kind.value, self.unit_code, self.happened_on.isoformat(), self.ticket_number, self.text, self.source]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Asked:
    """Which events are listed: of a kind (empty: all), of a unit and below it (`''`: all), of these days, `is_valid` without the revoked."""

    kind: str = ""
    unit_code: str = ""
    first_on: date = date.min
    last_on: date = date.max
    is_valid: bool = False


def enter(values: Mapping[str, str], *, user: User, store: "Store", now: datetime) -> tuple[QualityEvent, bool]:
    """Keep an event (`ENTERED`; the ticket may be left out) and say whether it is new; the same sent again is the one that is there.

    Who names a unit that was merged is led to the one that goes on; what was entered of the merged one stays as it is, and counts for both.

    Raises:
        Forbidden: the user is no auditor.
        InvalidInput: a value is missing or wrong; all problems at once.
    """
    check_audits(user)
    texts = {name: str(clean(values.get(name) or "")).strip() for name in ENTERED}
    texts["unit_code"] = store.unit_now(texts["unit_code"])
    problems = [*_choice_problems(texts, store), *_day_problems(texts["happened_on"], now)]
    problems += [one for name in ("text", "source") for one in _text_problems(texts[name], name)]
    if problems:
        raise InvalidInput(*problems)
    kind, day = QualityEventKind(texts["kind"]), read_day(texts["happened_on"], "happened_on")
    number = texts["ticket_number"] or None
    event = QualityEvent(0, kind, texts["unit_code"], day, number, texts["text"], texts["source"], user.username, now)
    same = [replace(event, unit_code=code).digest for code in store.unit_history(event.unit_code)]
    with store.writing():
        before = store.standing_quality_event(same) if same else None
        return (before, False) if before else store.keep_quality_event(event)


def revoke(id: int, values: Mapping[str, str], *, user: User, store: "Store", now: datetime) -> QualityEvent:
    """Revoke an event with a `reason`: it stays in the list and counts no more; the same said again by the same user changes nothing.

    Raises:
        Forbidden: the user is no auditor.
        NotFound: there is none of that number.
        InvalidInput: no reason is given, or too long a one.
        Conflict: it was revoked before, by somebody else or for another reason.
    """
    check_audits(user)
    reason = str(clean(values.get("reason") or "")).strip()
    problems = _text_problems(reason, "reason")
    if problems:
        raise InvalidInput(*problems)
    if not 0 < id <= LARGEST_SEED:
        raise NotFound(say("There is no such quality event"))
    with store.writing():
        store.quality_event(id)
        store.revoke_quality_event(id, reason, user.username, now)
        done = store.quality_event(id)
    if (done.revoked_by, done.revoked_reason) != (user.username, reason):
        raise Conflict(say("{user} has already revoked quality event {id}; refresh the page", user=done.revoked_by, id=id))
    return done


def _choice_problems(texts: Mapping[str, str], store: "Store") -> list[Problem]:
    """See that kind, unit and ticket are there."""
    problems = []
    if texts["kind"] not in list(QualityEventKind):
        kinds = say(" or ").join(one.label for one in QualityEventKind)
        problems.append(Problem("kind", say("Kind of event: choose {kinds}", kinds=kinds)))
    if texts["unit_code"] not in {row["code"] for row in store.units(current_only=True)}:
        problems.append(Problem("unit_code", say("Supply unit: choose from the list")))
    if texts["ticket_number"] and not _is_ticket(texts["ticket_number"], store):
        said = say("There is no ticket {number}; check the number or leave it empty", number=texts["ticket_number"])
        problems.append(Problem("ticket_number", said))
    return problems


def _is_ticket(number: str, store: "Store") -> bool:
    try:
        store.ticket(number)
    except NotFound:
        return False
    return True


def _day_problems(text: str, now: datetime) -> list[Problem]:
    try:
        day = read_day(text, "happened_on")
    except InvalidInput as error:
        return list(error.problems)
    if not date(2000, 1, 1) <= day <= in_shanghai(now).date():
        return [Problem("happened_on", say("Day: must not be after today or before 2000"))]
    return []


def _text_problems(text: str, field: str) -> list[Problem]:
    if 1 <= len(text) <= LONGEST:
        return []
    return [Problem(field, say("{field}: required, at most {most} characters", field=FIELDS[field], most=LONGEST))]
