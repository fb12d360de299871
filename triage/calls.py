"""Call records (话务记录) of the telephone system: read from its files, and matched with tickets by call number, phone and time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from triage.errors import InvalidInput, Problem
from triage.moments import read_moment
from triage.terms import Term
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

FIELDS = {
    "call_id": say("Call ID"),
    "direction": say("Direction"),
    "phone": say("Phone"),
    "agent": say("Agent"),
    "recording": say("Recording ID"),
    "started_at": say("Start time"),
    "answered_at": say("Time connected"),
    "ended_at": say("End time"),
}
NEEDED = ("call_id", "direction", "started_at")
LONGEST = {"call_id": 64, "recording": 200}
TIMES = ("started_at", "answered_at", "ended_at")
CLOCKS_DIFFER = timedelta(minutes=10)  # the telephone system's clock may be ahead of ours
AROUND_RECEIPT = timedelta(minutes=15)  # a ticket is registered while the customer talks, or soon after


class Direction(Term):
    """Who called whom."""

    IN = "in"
    OUT = "out"


class Taken(Term):
    """What became of a record that was sent: sending it twice changes nothing."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True)
class Call:
    """One call; its phone is personal data: mask it before it is shown. `actor` is the agent's user name, empty where nobody took it."""

    call_id: str
    direction: Direction
    phone: str
    actor: str
    recording: str
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def seconds(self) -> int | None:
        """How long they talked; None where nobody answered, or it is not known."""
        return round((self.ended_at - self.answered_at).total_seconds()) if self.answered_at and self.ended_at else None

    def is_within(self, since: datetime, until: datetime) -> bool:
        """Whether any of it lies between two moments."""
        return self.started_at <= until and (self.ended_at or self.started_at) >= since


def read_call(values: Mapping[str, str], usernames: frozenset[str], now: datetime) -> Call:
    """Make a call record of what a file holds.

    Raises:
        InvalidInput: a value is missing, badly formed, or does not fit the others; all problems at once.
    """
    texts = {name: clean(values.get(name) or "").strip() for name in FIELDS}
    problems = [Problem(name, say("{field}: required, please fill it in", field=FIELDS[name])) for name in NEEDED if not texts[name]]
    problems += [
        Problem(name, say("{field}: at most {most} characters", field=FIELDS[name], most=most))
        for name, most in LONGEST.items()
        if len(texts[name]) > most
    ]
    direction = next((one for one in Direction if texts["direction"] in (one.value, one.label)), None)
    if texts["direction"] and direction is None:
        problems.append(
            Problem("direction", say("Direction: there is no “{direction}”; write in (inbound) or out (outbound)", direction=texts["direction"][:20]))
        )
    if texts["agent"] and texts["agent"] not in usernames:
        problems.append(
            Problem("agent", say("Agent: there is no user “{agent}”; write a user name of this system, or leave it empty", agent=texts["agent"][:64]))
        )
    phone = _phone(texts["phone"], problems)
    times = _times(texts, now, problems)
    if problems or direction is None:
        raise InvalidInput(*problems)
    started_at = times["started_at"]
    assert started_at is not None  # a problem otherwise
    return Call(texts["call_id"], direction, phone, texts["agent"], texts["recording"], started_at, times["answered_at"], times["ended_at"])


def _phone(text: str, problems: list[Problem]) -> str:
    """Give a phone number in the form in which contacts hold it; a hidden number is empty."""
    digits = text.replace("-", "").replace(" ", "").removeprefix("+86")
    if digits and not (digits.isascii() and digits.isdigit() and 5 <= len(digits) <= 15):
        problems.append(Problem("phone", say("Phone: should be 5–15 digits, with an area code if you like; leave it empty for a hidden number")))
    return digits


def _times(texts: Mapping[str, str], now: datetime, problems: list[Problem]) -> dict[str, datetime | None]:
    times: dict[str, datetime | None] = dict.fromkeys(TIMES)
    for name in TIMES:
        if texts[name]:
            try:
                times[name] = read_moment(texts[name], name)
            except InvalidInput as error:
                problems.append(Problem(name, say("{field}: {problem}", field=FIELDS[name], problem=error.message)))
    known = [(name, moment) for name, moment in times.items() if moment]
    for (before, earlier), (name, later) in pairwise(known):
        if later < earlier:
            problems.append(Problem(name, say("{field}: cannot be earlier than “{before}”", field=FIELDS[name], before=FIELDS[before])))
    if known and known[-1][1] > now + CLOCKS_DIFFER:
        problems.append(Problem(known[-1][0], say("{field}: still to come; check the time or the time zone", field=FIELDS[known[-1][0]])))
    return times


def take_call(call: Call, *, store: "Store", now: datetime) -> Taken:
    """Keep a record; one of the same number is brought up to date, so that a call that still ran when it was sent first gets its end."""
    known = store.find_call(call.call_id)
    if known == call:
        return Taken.SAME
    store.keep_call(call, now)
    return Taken.CHANGED if known else Taken.ADDED
