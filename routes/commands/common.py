"""What commands share: a store for the run, and errors as one clear line."""

import functools
import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

import click

from routes.request import parts
from tables import TableError
from triage.errors import InvalidInput, TriageError
from triage.store import Store

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def open_store() -> Iterator[Store]:
    """Take a connection for the run of a command."""
    with parts().database.connect() as connection:
        yield Store(connection, parts().secret)


def operator() -> str:
    """Name who runs the command: the machine's account, which is all that is known at a command line."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its account
        name = str(os.getuid())
    return f"shell:{name}"[:64]


def moment() -> datetime:
    """The moment of the command."""
    return datetime.now(UTC)


def says_what_is_wrong(command: Callable[P, T]) -> Callable[P, T]:
    """Let a command end with exit status 2 and one line a problem instead of a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except InvalidInput as error:
            for problem in error.problems:
                click.echo(f"{problem.field}: {problem.message}", err=True)
        except TriageError as error:
            click.echo(f"{error.code}: {error.message}", err=True)
        except TableError as error:
            click.echo(str(error), err=True)
        raise click.exceptions.Exit(2)

    return run
