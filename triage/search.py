"""Searching tickets (全文检索): what was typed, what it is narrowed to, and the part of a text in which the words stand.

A text is indexed as its overlapping pairs of Chinese characters and its words of letters and digits, so that 停电 is found in 频繁停电 and 表箱
in 电表箱 whatever stands in a dictionary; how words are cut decides only which of them a query asks for.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from triage.errors import Forbidden, InvalidInput, Problem
from triage.masking import mask_text
from triage.moments import read_day
from triage.people import User, may_see
from triage.rules import Rules
from triage.terms import Channel, Level, Role, State, Zone
from triage.texts import clean
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

Cut = Callable[[str], list[str]]
MOST, PAGE = 1000, 50  # how many hits are counted and may be leafed through; how many a page shows
LONGEST, LONGEST_WORD = 100, 64
BEFORE, WINDOW = 30, 120
OPEN = "open"
RUN = re.compile(r"[0-9a-z]+|[^\W0-9a-z_]+")
NUMBER = re.compile(r"(?:\+86)?[\d -]+")
PERSONAL = re.compile(r"(?<!\d)\d{10,13}(?!\d)")
EMPTY = frozenset("的了吗呢吧啊呀是在和与也就都很我你他她它")  # as words of their own they say nothing
FILTERS = {
    "state": say("State"),
    "level": say("Level"),
    "department": say("Department"),
    "unit": say("Supply unit"),
    "topic": say("Topic"),
    "demand_type": say("Demand type"),
    "channel": say("Intake channel"),
    "zone": say("Limit"),
    "confidential": say("Confidential"),
    "since": say("Received from"),
    "until": say("Received until"),
}
ORDERS = {"newest": say("Newest first"), "relevance": say("Most relevant first")}
ASKED = ("query", *FILTERS, "order", "page")


@dataclass(frozen=True)
class Phrase:
    """A word as the index has it: its pieces, which stand one after the other; as a prefix, the last piece may go on."""

    pieces: tuple[str, ...]
    is_prefix: bool


@dataclass(frozen=True)
class Query:
    """What is looked for: words that must all be there, or one ticket, or one customer's number or phone; and what it is narrowed to."""

    words: tuple[str, ...] = ()
    ticket: str = ""
    person: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None
    order: str = "newest"
    page: int = 1

    @property
    def phrases(self) -> list[Phrase]:
        """The words as the index has them; the last one may go on."""
        return [phrase(word, is_last=word == self.words[-1]) for word in self.words]


@dataclass(frozen=True)
class Excerpt:
    """Part of a masked text around the words: which text it is, and its pieces, each marked or not."""

    label: str
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Hit:
    """A ticket that was found, with where the words stand."""

    ticket: Ticket
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True)
class Results:
    """A page of what was found; `total` counts to `MOST`, `is_capped` says that there is more."""

    query: Query
    hits: tuple[Hit, ...]
    total: int
    is_capped: bool

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE))


def search(values: Mapping[str, str], *, user: User, cut: Cut, store: "Store", rules: Rules, now: datetime, most: int = MOST) -> Results:
    """Find tickets that a user may see.

    Args:
        values: what was typed (`query`), the filters by name (`FILTERS`), `order` and `page`.
        user: who asks; a team finds its own tickets and those that it helps with, a leader those of the unit and below.
        cut: how the words of a text are cut.
        store: where the tickets are.
        rules: the reference data in force.
        now: the moment, for the zones.
        most: how many are counted, and may be leafed through.

    Raises:
        InvalidInput: nothing is asked for, or a filter does not exist.
        Forbidden: an administrator looks for a customer.
    """
    query = read_query(values, cut, rules, {row["code"] for row in store.units()})
    if query.person and user.role is Role.ADMIN:
        raise Forbidden(say("Administrators cannot search tickets by customer number or phone; ask an agent, a dispatcher or an auditor to search"))
    if query.ticket:
        found = store.find_ticket(query.ticket)
        seen = [found] if found and may_see(user, found, store) else []
        return Results(query, tuple(_hits(seen, query, store)), len(seen), is_capped=False)
    numbers = store.find_numbers(query, user, now, most + 1)
    shown = numbers[:most][(query.page - 1) * PAGE : query.page * PAGE]
    return Results(query, tuple(_hits(store.tickets_by_number(shown), query, store)), min(len(numbers), most), is_capped=len(numbers) > most)


def typed_words(text: str) -> list[str]:
    """Cut nothing: what stands between blanks and punctuation, where no model is there to say what a word is."""
    return RUN.findall(fold(text))


@lru_cache(maxsize=2**16)
def fold_one(character: str) -> str:
    """Give a character as it is compared, half-width and small; of some that is more than one (㎡)."""
    return unicodedata.normalize("NFKC", character).lower()


def fold(text: str) -> str:
    """Give a text as it is compared, character by character."""
    return "".join(map(fold_one, text))


def pieces_of(text: str) -> list[str]:
    """Give the pieces by which a text is found: words of letters and digits, and from each Chinese character on a pair of them."""
    runs = RUN.findall(fold(text))
    return [piece for run in runs for piece in ([run[:LONGEST_WORD]] if run[0].isascii() else [run[at : at + 2] for at in range(len(run))])]


def phrase(word: str, *, is_last: bool) -> Phrase:
    """Give a word as the index has it; a single Chinese character is the beginning of some pair."""
    pieces = pieces_of(word)
    if pieces[-1].isascii():
        return Phrase(tuple(pieces), is_last)
    is_pair = len(pieces) > 1 and not pieces[-2].isascii()
    return Phrase(tuple(pieces[:-1] if is_pair else pieces), not is_pair)


def words_of(typed: str, cut: Cut) -> tuple[str, ...]:
    """Give the words of a query in order; characters that the cut leaves alone are kept together, those that say nothing are left out."""
    return tuple(dict.fromkeys(word for chunk in re.findall(r"[^\W_]+", fold(typed)) for word in _of_chunk(chunk, cut)))


def _of_chunk(chunk: str, cut: Cut) -> list[str]:
    words: list[str] = []
    is_joined = False
    for piece in cut(chunk):
        if piece in EMPTY or not RUN.search(piece):
            is_joined = False
        elif len(piece) == 1 and is_joined:
            words[-1] += piece
        else:
            words.append(piece)
            is_joined = len(piece) == 1
    return words or [chunk]


def read_query(values: Mapping[str, str], cut: Cut, rules: Rules, units: Iterable[str]) -> Query:
    """Read what is looked for.

    Raises:
        InvalidInput: nothing is asked for, what was typed cannot be looked for, or a filter does not exist; all problems at once.
    """
    sent = {name: clean(str(values.get(name) or "")).strip() for name in ASKED}
    typed, filters = unicodedata.normalize("NFKC", sent["query"]), {name: sent[name] for name in FILTERS}
    digits = re.sub(r"\D", "", typed.removeprefix("+86")) if NUMBER.fullmatch(typed) else ""
    problems = [*_wrong_words(typed, digits, any(filters.values())), *_wrong_filters(filters, rules, set(units)), *_wrong_page(sent)]
    days, wrong = _days(filters)
    if problems or wrong:
        raise InvalidInput(*problems, *wrong)
    number = digits if len(digits) >= 10 else ""
    return Query(
        words=() if number else words_of(typed, cut),
        ticket=number if len(number) == 16 else "",
        person=number if len(number) < 16 else "",
        filters=filters,
        since=days["since"],
        until=days["until"],
        order=sent["order"] or "newest",
        page=int(sent["page"] or 1),
    )


def _wrong_words(typed: str, digits: str, is_narrowed: bool) -> Iterable[Problem]:
    if not typed and not is_narrowed:
        yield Problem("query", say("Enter words to search for, or choose at least one filter"))
    elif typed and not RUN.search(fold(typed)):
        yield Problem("query", say("The search holds punctuation only; enter words, a ticket number, a customer number or a phone number"))
    elif len(typed) > LONGEST:
        yield Problem("query", say("Search for at most {most} characters; keep the key words only", most=LONGEST))
    elif len(digits) > 13 and len(digits) != 16:
        yield Problem(
            "query",
            say(
                "This number has {count} digits: a ticket number has 16, a customer number 10 or 13, a phone number with area code 10–12; check it",
                count=len(digits),
            ),
        )
    elif not digits and PERSONAL.search(typed):
        yield Problem("query", say("Search for a customer number or a phone number on its own, not together with other words"))


def _wrong_filters(filters: Mapping[str, str], rules: Rules, units: set[str]) -> Iterable[Problem]:
    allowed: Mapping[str, Iterable[str]] = {
        "state": (OPEN, *State),
        "level": Level,
        "department": rules.departments,
        "unit": units,
        "topic": rules.topics,
        "demand_type": rules.demand_types,
        "channel": Channel,
        "zone": (Zone.YELLOW, Zone.RED),
        "confidential": ("yes", "no"),
    }
    for name, choices in allowed.items():
        if filters[name] and filters[name] not in list(choices):
            yield Problem(name, say("{field}: there is no “{value}”; choose from the list", field=FILTERS[name], value=filters[name]))


def _wrong_page(sent: Mapping[str, str]) -> Iterable[Problem]:
    if sent["order"] and sent["order"] not in ORDERS:
        yield Problem("order", say("Order: choose {orders}", orders=say(", ").join(ORDERS)))
    page, last = sent["page"], MOST // PAGE
    if page and not (page.isascii() and page.isdigit() and len(page) < 4 and 1 <= int(page) <= last):
        yield Problem("page", say("Page: must be 1–{last}; for earlier tickets, narrow the search by the date received", last=last))


def _days(filters: Mapping[str, str]) -> tuple[dict[str, date | None], list[Problem]]:
    days: dict[str, date | None] = {"since": None, "until": None}
    problems: list[Problem] = []
    for name in days:
        try:
            days[name] = read_day(filters[name], name) if filters[name] else None
        except InvalidInput as error:
            problems += error.problems
    since, until = days["since"], days["until"]
    if since and until and since > until:
        problems.append(Problem("until", say("Received until: must not be before “Received from”")))
    return days, problems


def _hits(tickets: Sequence[Ticket], query: Query, store: "Store") -> Iterable[Hit]:
    supplements = store.supplements_of([ticket.number for ticket in tickets])
    for ticket in tickets:
        beside = [(say("Reply"), ticket.reply), *((say("Supplement"), text) for text in supplements.get(ticket.number, ()))]
        more = [excerpt(label, mask_text(text), query.words) for label, text in beside if text]
        yield Hit(ticket, (excerpt("", mask_text(ticket.text), query.words), *(one for one in more if any(is_hit for _, is_hit in one.pieces))))


def excerpt(label: str, text: str, words: Iterable[str]) -> Excerpt:
    """Give the part of a text around the first of the words, all words in it marked; its beginning where none is in it."""
    spans = marks(text, words)
    begin = max(0, spans[0][0] - BEFORE) if spans else 0
    end = min(len(text), begin + WINDOW)
    pieces, at = [("…", False)] if begin else [], begin
    for first, last in spans:
        if last <= end:
            pieces += [(text[at:first], False), (text[first:last], True)]
            at = last
    pieces += [(text[at:end], False), ("…" if end < len(text) else "", False)]
    return Excerpt(label, tuple(piece for piece in pieces if piece[0]))


def marks(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Give where the words stand in a text, whatever their width and case; the longer word wins."""
    longest = sorted((word for word in words if word), key=len, reverse=True)
    if not longest:
        return []
    places = [place for place, character in enumerate(text) for _ in fold_one(character)]
    found = re.finditer("|".join(map(re.escape, longest)), fold(text))
    return [(places[match.start()], places[match.end() - 1] + 1) for match in found]
