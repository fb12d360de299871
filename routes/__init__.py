"""Every way in: pages, JSON API, commands. A view builds a value from the request, calls one function of `triage`, shows what comes back."""

from routes.app import create_app
from routes.request import Parts

__all__ = ["Parts", "create_app"]
