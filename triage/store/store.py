"""The store: its parts by subject on one connection."""

from triage.store.figures import Figures
from triage.store.labels import Labels
from triage.store.moves import Moves
from triage.store.organisation import Organisation
from triage.store.people import People
from triage.store.reference import ReferenceData


class Store(Moves, People, ReferenceData, Organisation, Figures, Labels):
    """Everything that is kept, on one connection taken for a request and given back at its end."""
