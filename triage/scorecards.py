"""Scorecards (质检评分): each ticket of a sample is judged by two auditors, each without seeing the other's points."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import TYPE_CHECKING, Any

from triage.agreement import Agreement, agreement
from triage.errors import Conflict, InvalidInput, Problem
from triage.estimates import Estimate, stratified_mean
from triage.people import User
from triage.samples import Sample, check_audits
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

AUDITORS = 2
LONGEST_NOTE = 2000


@dataclass(frozen=True)
class Score:
    """What an auditor gave for one item, and the most that could be given then."""

    item: str
    points: float
    most: float


@dataclass(frozen=True)
class Card:
    """One auditor's card of one ticket."""

    ticket_number: str
    auditor: str
    note: str
    submitted_at: datetime
    scores: tuple[Score, ...] = ()

    @property
    def share(self) -> float:
        """The points given, of those that could be given: 0–1."""
        return sum(one.points for one in self.scores) / sum(one.most for one in self.scores)


@dataclass(frozen=True)
class Progress:
    """How far a sample is: its tickets, those with one card and with both, and what the finished ones say."""

    tickets: int
    begun: int
    done: int
    overall: Agreement | None
    by_item: Mapping[str, Agreement]
    estimate: Estimate | None


def items(store: "Store") -> list[Mapping[Any, Any]]:
    """Give the items in use, in their order."""
    return sorted((row for row in store.reference_rows("scorecard_items") if row["is_on"]), key=lambda row: (row["place"], row["code"]))


def assess(sample_id: int, number: str, values: Mapping[str, str], *, user: User, store: "Store", now: datetime) -> Card:
    """Keep an auditor's card: points for every item in use, by its code, and a `note`.

    Raises:
        Forbidden: the user is no auditor.
        NotFound: the sample has no such ticket.
        InvalidInput: points are missing, no number, or more than the item has; all problems at once.
        Conflict: the user's card is in already, or two others' are.
    """
    check_audits(user)
    with store.writing():
        store.hold_sample_ticket(sample_id, number)
        scores, note = _read(values, items(store))
        cards = store.cards(sample_id, number)
        if any(card.auditor == user.username for card in cards):
            raise Conflict(say("You have already submitted your score of this ticket; it can no longer be changed"))
        if len(cards) >= AUDITORS:
            raise Conflict(say("This ticket has already been scored by two auditors"))
        made = Card(number, user.username, note, now, scores)
        store.keep_card(sample_id, made)
    return made


def visible_cards(cards: Sequence[Card], user: User) -> list[Card]:
    """Give the cards of a ticket that a user may see: all once both are in, before that only the own."""
    return [card for card in cards if len(cards) >= AUDITORS or card.auditor == user.username]


def progress(sample: Sample, store: "Store") -> Progress:
    """Say how far a sample is; figures come from the tickets with both cards alone, so that they tell nobody what a single card says."""
    by_ticket: dict[str, list[Card]] = {}
    for card in store.cards_of_sample(sample.id):
        by_ticket.setdefault(card.ticket_number, []).append(card)
    both = {number: cards for number, cards in by_ticket.items() if len(cards) >= AUDITORS}
    drawn = store.sample_tickets(sample.id)
    seen: dict[str, list[float]] = {}
    for one in drawn:
        if one.ticket_number in both:
            seen.setdefault(one.stratum, []).append(fmean(card.share for card in both[one.ticket_number]))
    by_item = _pairs(both.values())
    pooled = agreement([pair for some in by_item.values() for pair in some])
    found = {item: made for item, some in by_item.items() if (made := agreement(some))}
    estimate = stratified_mean(seen, {one.key: one.frame for one in sample.plan})
    return Progress(len(drawn), len(by_ticket) - len(both), len(both), pooled, found, estimate)


def _pairs(finished: Any) -> dict[str, list[tuple[float, float]]]:
    """Give, item by item, what the two auditors gave of the most that the item had, for items that both were asked for."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for one, other, *_ in finished:
        given = {score.item: score for score in other.scores}
        for score in one.scores:
            if score.item in given:
                pairs.setdefault(score.item, []).append((score.points / score.most, given[score.item].points / given[score.item].most))
    return pairs


def _read(values: Mapping[str, str], form: Sequence[Mapping[Any, Any]]) -> tuple[tuple[Score, ...], str]:
    problems, scores = [], []
    known = {row["code"] for row in form} | {"note", "csrf_token"}
    problems += [
        Problem(
            name,
            say("There is no scorecard item “{item}”; use: {known}", item=clean(name)[:40], known=say(", ").join(sorted(known - {"csrf_token"}))),
        )
        for name in values
        if name not in known
    ]
    for row in form:
        points = _points(clean(values.get(row["code"]) or "").strip(), row["points"])
        if points is None:
            problems.append(
                Problem(
                    row["code"], say("{item}: give a score of 0–{points:g}, with at most one decimal place", item=row["name"], points=row["points"])
                )
            )
        else:
            scores.append(Score(row["code"], points, row["points"]))
    note = clean(values.get("note") or "").strip()
    if len(note) > LONGEST_NOTE:
        problems.append(Problem("note", say("Comment: at most {most} characters", most=LONGEST_NOTE)))
    if not form:
        problems.append(
            Problem("note", say("No scorecard item is in use; ask an administrator to enable some under “Administration › Scorecard items”"))
        )
    if problems:
        raise InvalidInput(*problems)
    return tuple(scores), note


def _points(text: str, most: float) -> float | None:
    try:
        points = float(text)
    except ValueError:
        return None
    return points if math.isfinite(points) and 0 <= points <= most and points == round(points, 1) else None
