"""What a team's work queue is narrowed to: filters that may stand in an address, counts beside them, and filters kept under a name."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import InvalidInput, NotFound, Problem
from triage.people import User
from triage.terms import Level, State, Step, Term, Zone
from triage.texts import clean
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

PAGE = "queue"
PAGE_SIZE = 50
MOST_SAVED, MAX_NAME, MAX_CODE = 20, 20, 64
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)  # where a ticket without a deadline stands: after all that have one


class Whose(Term):
    """On whose desk a ticket of the team lies."""

    MINE = "mine"
    NOBODY = "nobody"
    OTHERS = "others"


class Share(Term):
    """Whether the team leads a ticket or helps with it."""

    LEAD = "lead"
    CO = "co"


CHOICES: Mapping[str, type[Term]] = {"state": State, "zone": Zone, "step": Step, "level": Level, "whose": Whose, "share": Share}
LABELS = {
    "state": say("State"),
    "zone": say("Limit"),
    "step": say("Step"),
    "level": say("Level"),
    "whose": say("Handled by"),
    "share": say("Lead or co-handling"),
    "crew": say("Crew"),
}


@dataclass(frozen=True)
class QueueFilter:
    """What a queue is narrowed to, all by code; empty: not narrowed by it. No free text, so that it may stand in an address."""

    state: str = ""
    zone: str = ""
    step: str = ""
    level: str = ""
    whose: str = ""
    share: str = ""
    crew: str = ""

    @property
    def values(self) -> dict[str, str]:
        """Give what it is narrowed to, the rest left out."""
        return {name: value for name, value in asdict(self).items() if value}

    def but(self, name: str, value: str) -> dict[str, str]:
        """Give the values with one of them changed: where a link leads."""
        return replace(self, **{name: value}).values

    def passes(self, row: Mapping[str, str], but: str = "") -> bool:
        """Whether a row of counts passes, the filter of one name left out."""
        return all(row[name] == value for name, value in self.values.items() if name != but)


@dataclass(frozen=True)
class Place:
    """Where a page of the queue begins: after this rank, deadline and number."""

    rank: int = -1
    due_at: datetime = NEVER
    number: str = ""

    @property
    def code(self) -> str:
        """Give it as it stands in an address."""
        return f"{self.rank}.{(self.due_at - EPOCH) // timedelta(microseconds=1)}.{self.number}"


@dataclass(frozen=True)
class Row:
    """A ticket in a team's queue, whether the team leads it or helps with it, and how far in front its level puts it."""

    ticket: Ticket
    share: Share
    rank: int

    @property
    def place(self) -> Place:
        """Where the page after it begins."""
        return Place(self.rank, self.ticket.next_due_at or NEVER, self.ticket.number)


@dataclass(frozen=True)
class Worklist:
    """One page of a team's queue: its rows, how many there are in all and by each filter's values, and where the next page begins."""

    rows: tuple[Row, ...]
    total: int
    found: int
    counts: Mapping[str, Mapping[str, int]]
    next: Place | None


@dataclass(frozen=True)
class SavedFilter:
    """A filter that a user kept under a name; the key says nothing about it."""

    key: str
    name: str
    filter: QueueFilter


def read_filter(values: Mapping[str, str]) -> QueueFilter:
    """Read a filter from an address or a form.

    Raises:
        InvalidInput: a value is none of those that there are; all problems at once.
    """
    given = {one.name: clean(values.get(one.name) or "").strip() for one in fields(QueueFilter)}
    problems = [
        Problem(name, say("{field}: there is no “{value}”; choose from the list", field=LABELS[name], value=given[name][:20]))
        for name, term in CHOICES.items()
        if given[name] and given[name] not in {one.value for one in term}
    ]
    if len(given["crew"]) > MAX_CODE:
        problems.append(Problem("crew", say("Crew: choose from the list")))
    if problems:
        raise InvalidInput(*problems)
    return QueueFilter(**given)


def read_place(code: str) -> Place:
    """Read where a page begins; nothing given is the first page.

    Raises:
        InvalidInput: it is no place that an address of ours ever said.
    """
    if not code:
        return Place()
    rank, _, rest = code.partition(".")
    due, _, number = rest.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in (rank, due, number)):
        raise InvalidInput(Problem("after", say("The page number is wrong; go back to the first page")))
    try:
        return Place(int(rank), EPOCH + timedelta(microseconds=int(due)), number)
    except OverflowError:
        raise InvalidInput(Problem("after", say("The page number is wrong; go back to the first page"))) from None


def worklist(chosen: QueueFilter, after: Place, *, user: User, store: "Store", now: datetime) -> Worklist:
    """Give a page of what a user's team has to do, or for a leader the teams of the unit and below, with the counts beside it.

    A value's count is that of the tickets that choosing it would show: all other filters hold.
    """
    cube = store.work_counts(user, now)
    rows = store.work_page(user, chosen, after, now, PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    following = shown[-1].place if len(rows) > PAGE_SIZE else None
    found = sum(row["tickets"] for row in cube if chosen.passes(row))
    return Worklist(tuple(shown), sum(row["tickets"] for row in cube), found, counts_of(cube, chosen), following)


def counts_of(cube: Sequence[Mapping[str, int | str]], chosen: QueueFilter) -> dict[str, dict[str, int]]:
    """Add the cells of the counts up by each filter's values, the other filters holding."""
    counts: dict[str, dict[str, int]] = {}
    for one in fields(QueueFilter):
        sums: Counter[str] = Counter()
        for row in cube:
            if chosen.passes({name: str(value) for name, value in row.items()}, but=one.name):
                sums[str(row[one.name])] += int(row["tickets"])
        counts[one.name] = dict(sums)
    return counts


def save_filter(name: str, chosen: QueueFilter, *, user: User, store: "Store", now: datetime) -> SavedFilter:
    """Keep a filter under a name; one of the same name is replaced.

    Raises:
        InvalidInput: no name, too long a one, nothing to keep, or too many kept already.
    """
    name = " ".join(clean(name).split())
    kept = {one.name for one in store.saved_filters(user.username, PAGE)}
    if not 0 < len(name) <= MAX_NAME:
        raise InvalidInput(Problem("name", say("Filter name: required, at most {most} characters", most=MAX_NAME)))
    if not chosen.values:
        raise InvalidInput(Problem("name", say("No filter is set yet; filter first, then save")))
    if name not in kept and len(kept) >= MOST_SAVED:
        raise InvalidInput(Problem("name", say("At most {most} filters can be saved; delete one you do not use first", most=MOST_SAVED)))
    saved = SavedFilter(secrets.token_urlsafe(12), name, chosen)
    with store.writing():
        store.keep_filter(saved, user.username, PAGE, now)
    return saved


def saved_filter(key: str, *, user: User, store: "Store") -> SavedFilter:
    """Give one of the user's own kept filters.

    Raises:
        NotFound: the user has none of that key.
    """
    for one in store.saved_filters(user.username, PAGE):
        if one.key == key:
            return one
    raise NotFound(say("There is no such saved filter; it may have been deleted"))


def remove_filter(key: str, *, user: User, store: "Store") -> SavedFilter:
    """Forget one of the user's own kept filters, and give it.

    Raises:
        NotFound: the user has none of that key.
    """
    found = saved_filter(key, user=user, store=store)
    with store.writing():
        store.drop_filter(found.key, user.username)
    return found
