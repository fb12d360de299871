"""The JSON API, version 1: everything that the pages do, for programs with a bearer token."""

from routes.api import contacts, figures, queues, reference, tickets
from routes.api.blueprint import blueprint

__all__ = ["blueprint", "contacts", "figures", "queues", "reference", "tickets"]
