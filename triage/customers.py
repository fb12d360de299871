"""Looking a customer up in the call: by phone, customer number or name, with what is open, was said and is known at the address."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import Forbidden, InvalidInput, NotFound, Problem
from triage.outages import OutageContext
from triage.people import User
from triage.routing import Decision
from triage.similarity import LIKE_ENOUGH, alike
from triage.terms import Locality, Role, State, Supply, Term
from triage.texts import clean
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

MOST_FOUND = 9  # as many as there are keys to pick one with
CALLS = timedelta(days=60)
NEARBY = timedelta(hours=24)
MOST_ALIKE = 3
# What to tell the caller. The 24 hours after payment are those of `data/time_limits.csv` (request, business.reading.arrears; single-source).
ADVICE = {
    Supply.ON: "",
    Supply.CUT_ARREARS: say(
        "Supply is restored within 24 hours after the bill is settled; you may tell the customer how to pay. "
        "No power at home is probably not a fault; if the customer says that all is paid, or neighbours are "
        "off too, register as usual."
    ),
    Supply.CUT_OTHER: say(
        "Check whether the customer asked to suspend or close the account; restoring supply takes a formal "
        "request. No power at home is probably not a fault; if the customer knows nothing of it, or "
        "neighbours are off too, register as usual."
    ),
}


class By(Term):
    """What a customer was looked up by."""

    DIGITS = "digits"
    NAME = "name"
    PICK = "pick"


@dataclass(frozen=True)
class CustomerRecord:
    """A customer as recorded (客户档案); `key_kind` says what makes a customer a key or a sensitive one (重要及敏感客户), empty for all others.

    `supply` holds since `supply_since_on`, if that is known; `imported_at` is when a file last said so, None where none did.
    """

    number: str
    name: str
    phone: str
    address: str
    unit_code: str
    locality: Locality | None
    transformer_area: str
    key_kind: str
    supply: Supply = Supply.ON
    supply_since_on: date | None = None
    imported_at: datetime | None = field(default=None, compare=False)

    @property
    def advice(self) -> str:
        """What to tell a caller whose supply is cut; a hint that stands in nobody's way, empty where supply is on."""
        return ADVICE[self.supply]


@dataclass(frozen=True)
class Dossier:
    """All that an agent needs of one customer: the record, open tickets, those of the last 60 days that have ended, known outages."""

    customer: CustomerRecord
    open_tickets: tuple[Ticket, ...]
    earlier_tickets: tuple[Ticket, ...]
    outages: OutageContext


@dataclass(frozen=True)
class Found:
    """What a look-up gave: the customers (`is_more`: there are others besides), and the dossier where it is one."""

    by: By
    customers: tuple[CustomerRecord, ...]
    is_more: bool = False
    dossier: Dossier | None = None

    @property
    def is_masked(self) -> bool:
        """Whether the list names strangers: people of one name, of whom at most one is calling."""
        return self.by is By.NAME and len(self.customers) > 1


@dataclass(frozen=True)
class LookAlike:
    """A ticket that may be about the same event, why, and whether it is the same caller's."""

    ticket: Ticket
    reason: str
    is_same_caller: bool

    @property
    def is_open(self) -> bool:
        """Whether it can still be chased or supplemented."""
        return not self.ticket.state.is_end


def look_up(query: str, *, user: User, store: "Store", now: datetime) -> Found:
    """Find the customers of a phone, a customer number or a name, after it is kept who looked.

    One match comes with its dossier; several are a list to pick from.

    Raises:
        Forbidden: the user takes no calls.
        InvalidInput: the query is none of the three.
    """
    _check(user)
    by, value = read_query(query)
    search = store.customers_by_digits if by is By.DIGITS else store.customers_by_name
    customers = search(value, MOST_FOUND + 1)
    only = customers[0] if len(customers) == 1 else None
    store.keep_look_up(user.username, [value, *([only.number] if only else [])], by.value, len(customers[:MOST_FOUND]), now)
    return Found(by, tuple(customers[:MOST_FOUND]), len(customers) > MOST_FOUND, _dossier(only, store, now) if only else None)


def pick(number: str, *, user: User, store: "Store", now: datetime) -> Found:
    """Give the one customer that an agent picked from a list, after it is kept who looked.

    Raises:
        Forbidden: the user takes no calls.
        NotFound: there is none of that number.
    """
    _check(user)
    customer = store.find_customer(clean(number).strip())
    if customer is None:
        raise NotFound(say("There is no customer record with this number; check the number, or register without choosing a customer"))
    store.keep_look_up(user.username, [customer.number], By.PICK.value, 1, now)
    return Found(By.PICK, (customer,), dossier=_dossier(customer, store, now))


def _check(user: User) -> None:
    """Only who takes calls may look people up: the others see a caller by the ticket (`triage.reveal`)."""
    if user.role not in (Role.AGENT, Role.DISPATCHER):
        raise Forbidden(
            say(
                "Looking up customers is for {agent} and {dispatcher}; your role is {role}",
                agent=Role.AGENT.label,
                dispatcher=Role.DISPATCHER.label,
                role=user.role.label,
            )
        )


def read_query(query: str) -> tuple[By, str]:
    """Tell what a query is, in the form in which records hold it: digits without signs, or a name.

    Raises:
        InvalidInput: too short to find one person by, or neither digits nor a name.
    """
    text = clean(query).strip()
    digits = text.replace(" ", "").replace("-", "").removeprefix("+86")
    if digits.isascii() and digits.isdigit():
        if 5 <= len(digits) <= 15:
            return By.DIGITS, digits
        raise InvalidInput(Problem("lookup", say("Find customer: enter a phone number of 5 to 15 digits, or a customer number of 10 or 13 digits")))
    if not 2 <= len(text) <= 50 or not any(character.isalpha() for character in text):
        raise InvalidInput(
            Problem("lookup", say("Find customer: enter a phone number, a customer number, or at least two characters of the name (account name)"))
        )
    return By.NAME, text


def _dossier(customer: CustomerRecord, store: "Store", now: datetime) -> Dossier:
    tickets = store.tickets_of_customer(customer, now - CALLS)
    return Dossier(
        customer,
        open_tickets=tuple(ticket for ticket in tickets if not ticket.state.is_end),
        earlier_tickets=tuple(ticket for ticket in tickets if ticket.state.is_end),
        outages=store.outage_context(customer.number, customer.address, now),
    )


def look_alikes(text: str, decision: Decision, store: "Store", now: datetime) -> tuple[LookAlike, ...]:
    """Give the tickets to belong to instead of opening another: the caller's own of the same event, then others' of the same day, unit and topic.

    One that was merged stands for what it was merged into. Others' are open ones whose texts are alike (`triage.similarity`).
    """
    found: dict[str, LookAlike] = {}
    for repeat in decision.earlier[:MOST_ALIKE]:
        ticket = _standing_for(store.ticket(repeat.number), store)
        found.setdefault(ticket.number, LookAlike(ticket, repeat.reason, True))
    for one in _nearby(text, decision, store, now):
        found.setdefault(one.ticket.number, one)
    return tuple(found.values())[: 2 * MOST_ALIKE]


def _standing_for(ticket: Ticket, store: "Store") -> Ticket:
    return store.ticket(ticket.parent_number) if ticket.state is State.MERGED and ticket.parent_number else ticket


def _nearby(text: str, decision: Decision, store: "Store", now: datetime) -> Iterable[LookAlike]:
    if not (decision.department and decision.team_unit and decision.unit_code and decision.topic) or decision.is_confidential:
        return ()
    tickets = store.open_tickets_like(decision.department, decision.team_unit, decision.unit_code, decision.topic, now - NEARBY)
    scored = sorted(((alike(text, ticket.text), ticket) for ticket in tickets), key=lambda pair: (-pair[0], pair[1].number))
    close = [(score, ticket) for score, ticket in scored if score >= LIKE_ENOUGH][:MOST_ALIKE]
    return [
        LookAlike(ticket, say("Same unit and topic within 24 hours, similarity of content {score:.2f}", score=score), False)
        for score, ticket in close
    ]
