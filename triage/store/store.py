"""The store: its parts by subject on one connection."""

from triage.store.attachments import Attachments
from triage.store.calls import Calls
from triage.store.customers import Customers
from triage.store.dispatching import Dispatching
from triage.store.drafts import Drafts
from triage.store.figures import Figures
from triage.store.filters import Filters
from triage.store.labels import Labels
from triage.store.marks import Marks
from triage.store.messages import Messages
from triage.store.moves import Moves
from triage.store.people import People
from triage.store.reference import ReferenceData
from triage.store.warnings import Warnings


class Store(
    Moves,  # and what it is made of: intake, clocks, queries, trail, organisation, outages, shifts, search
    Dispatching,
    Attachments,
    Calls,
    People,
    ReferenceData,
    Figures,
    Labels,
    Warnings,
    Marks,
    Messages,
    Customers,
    Drafts,
    Filters,
):
    """Everything that is kept, on one connection taken for a request and given back at its end."""
