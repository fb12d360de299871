"""The JSON API, version 1: everything that the pages do, for programs with a bearer token."""

from routes.api import (
    attachments,
    audit,
    board,
    board_more,
    contacts,
    customers,
    dispatching,
    figures,
    messages,
    outages,
    quality_events,
    queues,
    reference,
    search,
    shifts,
    tickets,
)
from routes.api.blueprint import blueprint

__all__ = [
    "attachments",
    "audit",
    "blueprint",
    "board",
    "board_more",
    "contacts",
    "customers",
    "dispatching",
    "figures",
    "messages",
    "outages",
    "quality_events",
    "queues",
    "reference",
    "search",
    "shifts",
    "tickets",
]
