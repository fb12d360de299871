"""A sweep (巡检): every mark that has come is warned of, a warning and its messages in one transaction; then what waits is sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from triage.delivery import Open, said_of, send_all
from triage.escalation import Directory, Mark, OpenStep, key_of, marks_of, quiet_until, recipients, wording
from triage.outlets import open_outlet
from triage.people import User
from triage.rules import Rules
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

BATCH = 500  # steps in one transaction
MOST = 10_000  # steps of one sweep, and messages of one outlet


def warn(step: OpenStep, directory: Directory, *, store: "Store", rules: Rules, now: datetime) -> int:
    """Keep the marks of a step that have come, tell of the gravest (nobody needs three messages at once), and set the next one.

    Returns:
        How many warnings are new.

    Raises:
        NotFound: see `recipients`.
    """
    marks = marks_of(step, rules, store.pauses_of(step.number), now)
    passed = [mark for mark in marks if mark.at <= now]
    new = [mark for mark in passed if store.keep_warning(step, mark.row.code, now)]
    told: set[tuple[str, str]] = set()
    for mark in new:
        if mark.gravity == passed[-1].gravity:
            for user in recipients(mark.row.recipient, step, directory):
                if (mark.row.outlet, user.username) not in told:
                    told.add((mark.row.outlet, user.username))
                    _tell(user, mark, step, directory, store, rules, now)
    store.set_next_warning(step, min((mark.at for mark in marks if mark.at > now), default=None))
    return len(new)


def _tell(user: User, mark: Mark, step: OpenStep, directory: Directory, store: "Store", rules: Rules, now: datetime) -> None:
    outlet = rules.outlets.get(mark.row.outlet)
    subject, body = wording(mark, step, directory, rules, now)
    store.post(
        key_of(step, mark.row, user),
        "warning",
        user.username,
        subject,
        body,
        now,
        outlet=mark.row.outlet if outlet and outlet.is_on else "",
        not_before=quiet_until(step, rules, now),
        ticket_number=step.number,
    )


@dataclass(frozen=True)
class Swept:
    """What a sweep did: new warnings, messages sent, what failed (a line each in `problems`), and messages that wait."""

    warned: int
    sent: int
    failed: int
    waiting: int
    problems: tuple[str, ...] = ()


def sweep(*, store: "Store", rules: Rules, now: datetime, outlets: Open = open_outlet, batch: int = BATCH, most: int = MOST) -> Swept:
    """Warn of every mark that has come, then send what waits; what fails is reported and does not stop the rest.

    Args:
        batch: how many steps one transaction takes.
        most: how many steps are looked at, and how many messages of each outlet are sent, at most.
    """
    problems: list[str] = []
    warned = _warn_all(store, rules, now, batch, most, problems)
    sent = send_all(store, rules, now, outlets, most, problems)
    return Swept(warned, sent, len(problems), store.count_waiting(), tuple(problems))


def _warn_all(store: "Store", rules: Rules, now: datetime, batch: int, most: int, problems: list[str]) -> int:
    """Warn of the steps batch by batch, each one transaction; what fails stays due, and is passed over until the next sweep."""
    warned, directory = 0, store.directory(now)
    last: OpenStep | None = None
    for _ in range(0, most, batch):
        with store.writing():
            steps = store.due_steps(now, batch, last)
            warned += sum(_warn_apart(step, directory, store, rules, now, problems) for step in steps)
        if not steps:
            break
        last = steps[-1]
    return warned


def _warn_apart(step: OpenStep, directory: Directory, store: "Store", rules: Rules, now: datetime, problems: list[str]) -> int:
    try:
        with store.apart():
            return warn(step, directory, store=store, rules=rules, now=now)
    except Exception as error:  # whatever is wrong with one step, the others are warned of
        problems.append(say("Ticket {number} {step}: {error}", number=step.number, step=step.step, error=said_of(error)))
        return 0
