"""Scorecards: one an auditor and ticket of a sample, with the points for each item and the most that it had then."""

from collections.abc import Sequence

from sqlalchemy import RowMapping

from triage.errors import NotFound
from triage.scorecards import Card, Score
from triage.store.base import Part
from triage.store.sql import block
from triage.wording import say

HOLD = block("""
    UPDATE sample_tickets
    SET weight = weight
    WHERE sample_id = :sample_id AND ticket_number = :ticket_number""")
ADD = block("""
    INSERT INTO assessments (sample_id, ticket_number, auditor, note, submitted_at)
    VALUES (:sample_id, :ticket_number, :auditor, :note, :submitted_at)
    RETURNING id""")
ADD_SCORE = block("""
    INSERT INTO assessment_scores (assessment_id, item, points, most)
    VALUES (:assessment_id, :item, :points, :most)""")
CARDS = block("""
    SELECT assessments.id, assessments.ticket_number, assessments.auditor, assessments.note, assessments.submitted_at,
        assessment_scores.item, assessment_scores.points, assessment_scores.most
    FROM assessments
    JOIN assessment_scores ON assessment_scores.assessment_id = assessments.id
    WHERE assessments.sample_id = :sample_id AND (:ticket_number = '' OR assessments.ticket_number = :ticket_number)
    ORDER BY assessments.ticket_number, assessments.submitted_at, assessments.id, assessment_scores.item""")


class Assessments(Part):
    """Keeps scorecards."""

    def hold_sample_ticket(self, sample_id: int, ticket_number: str) -> None:
        """Let others who judge the same ticket of a sample wait until this transaction ends.

        Raises:
            NotFound: the sample has no such ticket.
        """
        if not self.run(HOLD, sample_id=sample_id, ticket_number=ticket_number):
            raise NotFound(say("This ticket is not in the sample"))

    def keep_card(self, sample_id: int, card: Card) -> None:
        """Keep a card with its scores; what two cards say of an automatic decision stands in the figures."""
        self.touch(card.ticket_number)
        values = {name: value for name, value in vars(card).items() if name != "scores"}
        id = self.value(ADD, sample_id=sample_id, **values)
        for score in card.scores:
            self.run(ADD_SCORE, assessment_id=id, **vars(score))

    def cards(self, sample_id: int, ticket_number: str) -> list[Card]:
        """Give the cards of a ticket of a sample, the first one first."""
        return _cards(self.rows(CARDS, sample_id=sample_id, ticket_number=ticket_number))

    def cards_of_sample(self, sample_id: int) -> list[Card]:
        """Give all cards of a sample, ticket by ticket, the first one first."""
        return _cards(self.rows(CARDS, sample_id=sample_id, ticket_number=""))


def _cards(rows: Sequence[RowMapping]) -> list[Card]:
    scores: dict[int, list[Score]] = {}
    for row in rows:
        scores.setdefault(row["id"], []).append(Score(row["item"], row["points"], row["most"]))
    heads = {row["id"]: row for row in rows}
    return [Card(head["ticket_number"], head["auditor"], head["note"], head["submitted_at"], tuple(scores[id])) for id, head in heads.items()]
