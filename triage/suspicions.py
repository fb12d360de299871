"""Suspicious patterns (可疑情形): found by rules whose numbers are rows, each with its evidence, decided by auditors; none of them is proof."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from triage.calls import Direction
from triage.errors import Conflict, InvalidInput, NotFound, Problem
from triage.moments import in_shanghai, start_of
from triage.people import User
from triage.rules import Rules
from triage.samples import LARGEST_SEED, check_audits
from triage.terms import Satisfaction, Step, Verdict, Watch
from triage.texts import clean
from triage.tickets import due, limit_of
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

DAY = timedelta(days=1)
BURST = timedelta(minutes=10)
LENGTHS = {"seconds": timedelta(seconds=1), "minutes": timedelta(minutes=1)}
LONGEST_SCAN = 400  # days


@dataclass(frozen=True)
class Suspicion:
    """A ticket that a rule has found, why, and what an auditor said of it."""

    id: int
    rule: str
    ticket_number: str
    evidence: str
    found_at: datetime
    verdict: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True)
class Search:
    """What a rule searches: a period, with the rule's amount."""

    store: "Store"
    rules: Rules
    since: datetime
    until: datetime
    amount: float
    unit: str

    @property
    def length(self) -> timedelta:
        """The amount as a length of time; minutes unless it says seconds."""
        return self.amount * LENGTHS.get(self.unit, LENGTHS["minutes"])


Finds = Iterator[tuple[str, str]]


def clock(moment: datetime) -> str:
    """A moment to the second, as evidence names it."""
    return f"{in_shanghai(moment):%Y-%m-%d %H:%M:%S}"


def span(length: timedelta) -> str:
    """A length of time in minutes and seconds."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return say("{minutes} min {seconds} s", minutes=minutes, seconds=seconds) if minutes else say("{seconds} s", seconds=seconds)


def brink_resolve(search: Search) -> Finds:
    """Resolved just before the customer's clock turned red (the minute of the deadline is still in time)."""
    for row in search.store.resolved_in_time(search.since, search.until):
        left = row["red_at"] - row["ended_at"]
        if left <= search.length:
            yield (
                row["ticket_number"],
                say(
                    "{actor} resolved it at {ended_at}, {left} before it was overdue (limit {due_at})",
                    actor=row["actor"],
                    ended_at=clock(row["ended_at"]),
                    left=span(left),
                    due_at=clock(row["due_at"]),
                ),
            )


def no_call(search: Search) -> Finds:
    """Contact logged, but no outgoing call to the ticket's phones and none of who logged it; days without call records are not judged."""
    for row in search.store.contacts_logged(search.since, search.until):
        at = row["happened_at"]
        since, until = at - search.length, at + search.length
        day = start_of(in_shanghai(at).date())
        if not search.store.has_calls_out(day, day + DAY) or not search.store.has_calls_after(until):
            continue
        if search.store.has_calls_out(since, until, row["actor"]) or search.store.has_call(row["ticket_number"], since, until, Direction.OUT):
            continue
        yield (
            row["ticket_number"],
            say(
                "{actor} recorded “Contact the customer” at {at}; there is no record of an outgoing call within {length} before or after",
                actor=row["actor"],
                at=clock(at),
                length=span(search.length),
            ),
        )


def burst(search: Search) -> Finds:
    """One person resolves, or closes, very many tickets within ten minutes."""
    windows: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
    told: dict[str, str] = {}
    for row in search.store.closures(search.since - BURST, search.until):
        window = windows.setdefault((row["actor"], row["action"]), [])
        window.append((row["happened_at"], row["ticket_number"]))
        while window[0][0] < row["happened_at"] - BURST:
            window.pop(0)
        if len(window) >= search.amount:
            what = say("Resolve") if row["action"] == "resolve" else say("Close")
            words = say(
                "{actor} did “{what}” on {count} tickets between {since} and {until}",
                actor=row["actor"],
                since=clock(window[0][0]),
                until=clock(window[-1][0]),
                what=what,
                count=len(window),
            )
            told |= {number: words for _, number in window if number not in told}
    yield from told.items()


def returned_twice(search: Search) -> Finds:
    """Returned by departments again and again."""
    for row in search.store.often_returned(search.since, search.until, int(search.amount)):
        yield row["ticket_number"], say("Returned {count} times, most recently at {last}", count=row["returns"], last=clock(row["happened_at"]))


def brink_extension(search: Search) -> Finds:
    """An extension asked for just before the deadline of handling that stood then."""
    for row in search.store.extensions_asked(search.since, search.until):
        deadline = _due_then(search, row["ticket_number"], row["asked_at"])
        if deadline and timedelta(0) <= deadline - row["asked_at"] <= search.length:
            left = span(deadline - row["asked_at"])
            yield (
                row["ticket_number"],
                say(
                    "{actor} asked for an extension at {asked_at}, only {left} before the limit of handling {deadline}",
                    actor=row["asked_by"],
                    asked_at=clock(row["asked_at"]),
                    deadline=clock(deadline),
                    left=left,
                ),
            )


def _due_then(search: Search, number: str, asked_at: datetime) -> datetime | None:
    """Give the customer's deadline of handling as it stood when an extension was asked for; None where it cannot be told.

    Before the first extension is granted it is reckoned from the limit alone; after the last, it is what stands on the step.
    """
    steps = [one for one in search.store.steps_of(number) if one.step is Step.RESOLVE and one.watch is Watch.CUSTOMER and one.started_at <= asked_at]
    if not steps:
        return None
    step = steps[-1]
    decided = search.store.extensions_granted(number, step.started_at)
    if all(moment <= asked_at for moment in decided):
        return step.due_at
    demand = search.store.demand(number)
    demand = replace(demand, pauses=tuple(one for one in demand.pauses if one.started_at <= asked_at))
    limit = limit_of(Step.RESOLVE, demand, search.rules, step.started_at)
    return due(limit, step.started_at, demand, search.rules).due_at if limit and all(moment > asked_at for moment in decided) else None


def closed_dissatisfied(search: Search) -> Finds:
    """Closed although the customer was dissatisfied, and not reopened."""
    for row in search.store.closed_dissatisfied(search.since, search.until, f"{search.amount:.0f}"):
        yield (
            row["ticket_number"],
            say(
                "The callback rating was “{satisfaction}”, closed at {closed_at}",
                satisfaction=Satisfaction(row["satisfaction"]).label,
                closed_at=clock(row["closed_at"]),
            ),
        )


RULES: Mapping[str, Callable[[Search], Finds]] = {
    "brink_resolve": brink_resolve,
    "no_call": no_call,
    "burst": burst,
    "returned_twice": returned_twice,
    "brink_extension": brink_extension,
    "closed_dissatisfied": closed_dissatisfied,
}


def scan(first: date, last: date, *, store: "Store", rules: Rules, now: datetime) -> int:
    """Look for what happened on the days from `first` to `last` by every rule in use; give how many finds are new.

    It may run twice, and late: a rule finds a ticket once and for all.

    Raises:
        InvalidInput: the period is none, or longer than can be looked through at once.
    """
    if not 0 <= (last - first).days <= LONGEST_SCAN:
        raise InvalidInput(Problem("until", say("Period: the end must not be before the start; at most {most} days", most=LONGEST_SCAN)))
    new = 0
    for row in store.reference_rows("suspicion_rules"):
        if row["is_on"] and row["code"] in RULES:
            search = Search(store, rules, start_of(first), start_of(last + DAY), row["amount"], row["unit"])
            found = list(RULES[row["code"]](search))
            with store.writing():
                new += sum(store.keep_suspicion(row["code"], number, evidence, now) for number, evidence in found)
    return new


def decide(id: int, verdict: str, *, user: User, store: "Store", now: datetime) -> Suspicion:
    """Keep whether a suspicion is confirmed (属实) or refused (排除); the same said again changes nothing.

    Raises:
        Forbidden: the user is no auditor.
        NotFound: there is none of that number.
        InvalidInput: the verdict is none.
        Conflict: somebody else has said the opposite.
    """
    check_audits(user)
    if clean(verdict) not in list(Verdict):
        raise InvalidInput(Problem("verdict", say("Conclusion: choose {verdicts}", verdicts=say(" or ").join(one.label for one in Verdict))))
    if not 0 < id <= LARGEST_SEED:
        raise NotFound(say("There is no such suspicion"))
    with store.writing():
        store.decide_suspicion(id, verdict, user.username, now)
        found = store.suspicion(id)
    if found.verdict != verdict:
        raise Conflict(say("{user} has already decided on “{verdict}”", user=found.decided_by, verdict=Verdict(found.verdict).label))
    return found
