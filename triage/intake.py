"""The whole way of a complaint from a contact to its tickets."""

from datetime import datetime
from typing import TYPE_CHECKING

from triage.complaint import Contact
from triage.prediction import Predict
from triage.routing import decide
from triage.rules import Rules
from triage.tickets import Opening, Ticket

if TYPE_CHECKING:
    from triage.store import Store


def receive(contact: Contact, *, predict: Predict, rules: Rules, store: "Store", now: datetime, actor: str) -> tuple[Ticket, ...]:
    """Take a contact: predict and decide each of its complaints, and keep all of it in one transaction.

    Args:
        contact: who called, how, and one to many complaints.
        predict: what says what a text is about; None from it sends the ticket to a dispatcher.
        rules: the reference data in force.
        store: where everything is kept.
        now: the moment of receipt.
        actor: the user who took the contact.

    Returns:
        The tickets, one a complaint in their order; those of the first time where the same `submission_key` was sent before.

    Raises:
        InvalidInput: a topic, demand type or unit chosen by the agent does not exist.
    """
    return store.open_tickets(contact, consider(contact, predict=predict, rules=rules, store=store, now=now), rules, now, actor)


def consider(contact: Contact, *, predict: Predict, rules: Rules, store: "Store", now: datetime) -> list[Opening]:
    """Say what would be decided of each complaint of a contact, without keeping anything; the agent sees it while the customer talks.

    Raises:
        InvalidInput: a topic, demand type or unit chosen by the agent does not exist.
    """
    context = store.context(contact, rules, now)
    openings = []
    for complaint in contact.complaints:
        prediction = predict(complaint.text)
        openings.append(Opening(complaint, prediction, decide(complaint, contact, prediction, context, rules)))
    return openings
