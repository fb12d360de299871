"""What the classifier is given from outside when a command runs in the application: `wsgi.py` puts it there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import click

from classifier.corrections import Correction
from classifier.drift import Seen
from classifier.errors import ClassifierError

EXTENSION = "learning"


@dataclass(frozen=True)
class Sources:
    """`corrections` gives all that people said; `seen` what came in from one moment until another, so many at the most."""

    corrections: Callable[[], Sequence[Correction]]
    seen: Callable[[datetime, datetime, int], Sequence[Seen]]


def sources() -> Sources:
    """The sources of the application that runs this command. Raises `ClassifierError` outside of one."""
    running = click.get_current_context().find_root().obj
    found = running.load_app().extensions.get(EXTENSION) if hasattr(running, "load_app") else None
    if not isinstance(found, Sources):
        raise ClassifierError("no tickets to read here: run it as a command of `flask`, in the project's folder")
    return found
