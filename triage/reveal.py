"""Seeing a ticket, and the caller's full personal data: by role, with a reason, and never before the trail says who looked."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping

from triage.errors import Forbidden, InvalidInput, Problem
from triage.people import User, may_reveal, may_see
from triage.texts import clean
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

REVEALED = ("caller_name", "phone", "customer_number", "address", "text", "reply", "owner", "notes")
MAX_REASON = 200


def see(number: str, *, user: User, store: "Store") -> Ticket:
    """Give a ticket that the user may see.

    Raises:
        NotFound: there is none of that number.
        Forbidden: it is another team's.
    """
    ticket = store.ticket(clean(number))
    if not may_see(user, ticket, store):
        raise Forbidden(say("This ticket does not belong to your crew"))
    return ticket


def reveal(ticket: Ticket, reason: str, *, user: User, store: "Store", now: datetime) -> RowMapping:
    """Give the contact with the caller's full data, after the audit entry is kept.

    Raises:
        Forbidden: the role, or the confidential identity (保密、举报), does not allow it.
        InvalidInput: no reason is given, or it is too long.
    """
    if not may_reveal(user, ticket):
        raise Forbidden(
            say(
                "You may not see the customer's full details of this ticket (handling departments may not see them "
                "if the customer asked for confidentiality or the ticket is a report)"
            )
        )
    reason = clean(reason).strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise InvalidInput(Problem("reason", say("Reason for viewing: required, at most {most} characters", most=MAX_REASON)))
    with store.writing():
        store.append_audit(ticket.number, "reveal", user.username, now, detail={"fields": list(REVEALED)}, notes={"reason": reason})
    return store.contact(ticket.contact_id)
