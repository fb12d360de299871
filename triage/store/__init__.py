"""All SQL: one Store over one connection, its parts by subject."""

from triage.store.engine import Database
from triage.store.store import Store

__all__ = ["Database", "Store"]
