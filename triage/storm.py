"""Many reports of one event (一事多报): look-alike reports of one area in groups, and merging a group at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound, Problem
from triage.lifecycle import act
from triage.moves import BY_CODE
from triage.outages import AreaKind, Outage, OutageState, is_related, normal
from triage.people import User
from triage.rules import Rules
from triage.similarity import LIKE_ENOUGH, Grams, grams, likeness
from triage.terms import Level, State, Term
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

LEAST = 3  # reports of one event that make a group
FAULT = "fault"
FAULT_TOPICS = "outage.fault"  # the group of data/taxonomy.csv that a failed supply is in
OWN_DEMAND = ("complaint", "report")  # never lost in somebody else's ticket
MERGEABLE = BY_CODE["merge"].sources


class PlaceKind(Term):
    """By what reports are of one area, the narrowest first."""

    OUTAGE = "outage"
    TRANSFORMER_AREA = "transformer_area"
    UNIT = "unit"


Place = tuple[PlaceKind, str, str]


@dataclass(frozen=True)
class Report:
    """A ticket with where its customer is supplied."""

    ticket: Ticket
    transformer_area: str = ""
    address: str = field(default="", repr=False)

    @property
    def is_mergeable(self) -> bool:
        """Whether its state lets it be merged."""
        return self.ticket.state in MERGEABLE

    @property
    def is_ticked(self) -> bool:
        """Whether it is merged unless the dispatcher says otherwise: not where life is in danger, that is looked at by itself."""
        return self.is_mergeable and not self.ticket.is_watched and self.ticket.level is not Level.SPECIAL


@dataclass(frozen=True)
class Group:
    """Look-alike reports of one area, from the first; what they are about, by what the area is known, and in which unit it is."""

    kind: PlaceKind
    place: str
    unit: str
    topic_group: str
    reports: tuple[Report, ...]
    outage_number: str = ""

    @property
    def key(self) -> str:
        """The number of the first report, by which the group is found again."""
        return self.reports[0].ticket.number

    @property
    def parent(self) -> Ticket:
        """The ticket to merge into: one with an outage, else the one that a team has come furthest with, else the first."""
        order = list(State)
        return max(
            (one.ticket for one in self.reports), key=lambda t: (bool(t.outage_number), t.state in BY_CODE["contact"].sources, order.index(t.state))
        )

    @property
    def waiting(self) -> int:
        """How many of them wait for a dispatcher."""
        return sum(one.ticket.state in (State.PENDING_REVIEW, State.RETURNED) for one in self.reports)


def groups(reports: Iterable[Report], outages: Sequence[Outage], rules: Rules, *, least: int = LEAST) -> tuple[Group, ...]:
    """Give the groups of reports that look like one event, the largest first.

    One area: the same known outage, else the same transformer area, else the same unit; alike: the same second level of the taxonomy, or
    texts alike as for repeat calls. Where a unit has one narrower group alone, reports of which only the unit is known join it.
    The rule is ours (inferred).
    """
    found: dict[Place, list[_Heap]] = {}
    placed = [(place_of(one, outages, rules), one) for one in sorted(reports, key=lambda one: one.ticket.number) if is_fault(one.ticket, rules)]
    for place, one in placed:
        _put(found.setdefault(place, []), one, rules)
    made = [_group(place, heap) for place, heaps in found.items() for heap in heaps]
    joined = _join(made)
    return tuple(sorted((one for one in joined if len(one.reports) >= least), key=lambda one: (-len(one.reports), one.key)))


def _group(place: Place, heap: "_Heap") -> Group:
    kind, name, unit = place
    unit = unit or next((one.ticket.unit_code for one in heap.reports if one.ticket.unit_code), "")
    return Group(kind, name, unit, heap.name, tuple(heap.reports), name if kind is PlaceKind.OUTAGE else "")


def is_fault(ticket: Ticket, rules: Rules) -> bool:
    """Whether a ticket reports a failed supply: handled as a fault, or about one and nobody's complaint."""
    about = rules.topics.get(ticket.topic or "")
    told = about is not None and about.level2_code == FAULT_TOPICS and ticket.demand_type not in OWN_DEMAND
    return told or rules.handling.get(ticket.demand_type or "") == FAULT


def place_of(report: Report, outages: Sequence[Outage], rules: Rules) -> Place:
    """Give the narrowest thing that is known of where a report comes from, and the unit, as names of transformer areas repeat."""
    ticket, area, address = report.ticket, normal(report.transformer_area), normal(report.address)
    if ticket.outage_number:
        return PlaceKind.OUTAGE, ticket.outage_number, ""
    for one in outages:
        here = area in one.values_of(AreaKind.TRANSFORMER_AREA) or any(word in address for word in one.values_of(AreaKind.KEYWORD))
        if here and is_related(ticket.unit_code or "", one.unit_code, rules.parents):
            return PlaceKind.OUTAGE, one.number, ""
    unit = ticket.unit_code or ticket.team_unit or ""
    return (PlaceKind.TRANSFORMER_AREA, report.transformer_area, unit) if area else (PlaceKind.UNIT, "", unit)


@dataclass
class _Heap:
    name: str
    topic_groups: set[str]
    first: Grams
    reports: list[Report]


def _put(heaps: list[_Heap], report: Report, rules: Rules) -> None:
    about = rules.topics.get(report.ticket.topic or "")
    code, name = (about.level2_code, about.level2) if about else ("", "")
    heap = next((one for one in heaps if code and code in one.topic_groups), None)
    if heap is None:
        own = grams(report.ticket.text)
        heap = next((one for one in heaps if likeness(own, one.first) >= LIKE_ENOUGH), None)
        if heap is None:
            heap = _Heap(name, set(), own, [])
            heaps.append(heap)
        heap.topic_groups |= {code} - {""}
    heap.reports.append(report)


def _join(made: Sequence[Group]) -> list[Group]:
    """Let the reports of which only the unit is known join the one narrower group of that unit about the same, if it is one."""
    narrow = [one for one in made if one.kind is not PlaceKind.UNIT]
    joined = {id(one): one for one in narrow}
    for wide in (one for one in made if one.kind is PlaceKind.UNIT):
        near = [one for one in narrow if one.topic_group == wide.topic_group and any(r.ticket.unit_code == wide.unit for r in one.reports)]
        if wide.unit and len(near) == 1:
            target = joined[id(near[0])]
            both = sorted((*target.reports, *wide.reports), key=lambda one: one.ticket.number)
            joined[id(near[0])] = replace(target, reports=tuple(both))
        else:
            joined[id(wide)] = wide
    return list(joined.values())


def storm(store: "Store", rules: Rules, now: datetime) -> tuple[Group, ...]:
    """Give the groups that there are now; how far back one looks is the switch `storm_hours`."""
    since = now - timedelta(hours=rules.number("storm_hours", 6))
    return groups(store.reports(since), store.outages(now, OutageState.ACTIVE.value), rules)


@dataclass(frozen=True)
class LeftOut:
    """A ticket that was not merged, and why."""

    number: str
    why: str


@dataclass(frozen=True)
class Merged:
    """What became of a group: the ticket that the others were merged into, those others, and those left out with the reason."""

    parent: Ticket
    merged: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    outage_number: str = ""
    at: datetime | None = None


def merge_group(
    parent: str, chosen: Mapping[str, int], *, user: User, store: "Store", rules: Rules, now: datetime, outage_number: str = ""
) -> Merged:
    """Merge tickets into one by the move `merge` each, in one transaction; what cannot be merged now is left out and said.

    Args:
        parent: the number of the ticket to merge into.
        chosen: the numbers of the others, with the version of each that the user saw.
        user: who merges.
        store: where everything is kept.
        rules: the reference data in force.
        now: the moment.
        outage_number: the known outage that all of them belong to; empty: the parent's, if it has one.

    Raises:
        InvalidInput: nothing is chosen, there is no such outage, or the parent cannot take others.
        NotFound: there is no ticket of the parent's number.
    """
    if not set(chosen) - {parent}:
        raise InvalidInput(Problem("tickets", say("Select at least one ticket to merge (besides the main ticket)")))
    merged, left_out = [], []
    with store.writing():
        store.hold(sorted({parent, *chosen}))
        into = _check(store.ticket(parent), outage_number, store)
        for number in sorted(set(chosen) - {parent}):
            try:
                act(number, "merge", {"parent": parent}, user=user, version=chosen[number], store=store, rules=rules, now=now)
                merged.append(number)
            except (IllegalMove, Conflict, InvalidInput, Forbidden, NotFound) as error:
                left_out.append(LeftOut(number, error.message))
        outage = outage_number or into.outage_number or ""
        if outage and merged:
            store.attach_outage([parent, *merged], outage, now, user.username)
    return Merged(store.ticket(parent), tuple(merged), tuple(left_out), outage, now)


def _check(parent: Ticket, outage_number: str, store: "Store") -> Ticket:
    if parent.state.is_end:
        raise InvalidInput(
            Problem(
                "parent",
                say(
                    "The main ticket {number} is no longer open ({state}); choose another open ticket", number=parent.number, state=parent.state.label
                ),
            )
        )
    known = store.find_outage(outage_number) if outage_number else None
    if outage_number and (known is None or known.state is OutageState.CANCELLED):
        raise InvalidInput(
            Problem(
                "outage_number",
                say("Outage number: there is no “{number}”, or it has been cancelled; choose one from the list", number=outage_number),
            )
        )
    return parent
