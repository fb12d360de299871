"""Seeing a ticket, and the caller's full personal data: by role, with a reason, and never before the trail says who looked."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping

from triage.errors import Forbidden, InvalidInput, Problem
from triage.people import User, may_reveal, may_see
from triage.texts import clean
from triage.tickets import Ticket

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
        raise Forbidden("这张工单不属于您的班组")
    return ticket


def reveal(ticket: Ticket, reason: str, *, user: User, store: "Store", now: datetime) -> RowMapping:
    """Give the contact with the caller's full data, after the audit entry is kept.

    Raises:
        Forbidden: the role, or the confidential identity (保密、举报), does not allow it.
        InvalidInput: no reason is given, or it is too long.
    """
    if not may_reveal(user, ticket):
        raise Forbidden("您不能查看这张工单的客户完整信息（客户要求保密或属举报的，处理部门不能查看）")
    reason = clean(reason).strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise InvalidInput(Problem("reason", f"查看原因：必填，最多 {MAX_REASON} 个字"))
    with store.writing():
        store.append_audit(ticket.number, "reveal", user.username, now, detail={"fields": list(REVEALED)}, notes={"reason": reason})
    return store.contact(ticket.contact_id)
