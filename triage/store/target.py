"""A new database that is there whole or not at all: on PostgreSQL it is filled in one transaction, on SQLite the file gets its name last."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from triage.errors import InvalidInput, Problem
from triage.migrate import alembic_config
from triage.wording import say

LEFT_OVERS = ("-wal", "-shm", "-journal")


def address_of(url: str, field: str = "URL") -> URL:
    """Read the address of a database.

    Raises:
        InvalidInput: it is none, of neither engine, or an embedded one in memory.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise InvalidInput(Problem(field, say("Not a database address; write sqlite:////folder/triage.db or postgresql+psycopg://…"))) from None
    backend = address.get_backend_name()
    if backend not in ("sqlite", "postgresql") or (backend == "sqlite" and address.database in (None, "", ":memory:")):
        raise InvalidInput(
            Problem(field, say("Only SQLite files and PostgreSQL are supported; write sqlite:////folder/triage.db or postgresql+psycopg://…"))
        )
    return address.set(drivername="postgresql+psycopg") if address.drivername == "postgresql" else address


def knows(connection: Connection, revision: str | None) -> bool:
    """Say whether a schema's revision is one of this version's: a newer product's is not."""
    with suppress(CommandError):
        return revision is not None and ScriptDirectory.from_config(alembic_config(connection)).get_revision(revision) is not None
    return False


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema up to a revision, within the connection's transaction."""
    command.upgrade(alembic_config(connection), revision)


def check_empty(address: URL, field: str = "URL") -> None:
    """Refuse a database that holds anything.

    Raises:
        InvalidInput: there are tables in it, or it cannot be reached.
    """
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return
    engine = create_engine(address, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            names = inspect(connection).get_table_names()
    except DatabaseError as error:
        raise _unreachable(address, error, field) from None
    if names:
        shown = address.render_as_string(hide_password=True)
        text = say("{shown} is not empty ({count} tables); give a new, empty database or a file that is not there yet", shown=shown, count=len(names))
        raise InvalidInput(Problem(field, text))


@contextmanager
def new_database(address: URL, field: str = "URL") -> Iterator[Connection]:
    """Open an empty database for a block that fills it; it keeps what the block wrote only when the block ends well.

    Raises:
        InvalidInput: it is not empty, cannot be reached, or its folder cannot be written to.
    """
    check_empty(address, field)
    if address.get_backend_name() == "postgresql":
        with _filled(address, field) as connection:
            yield connection
        return
    path = Path(str(address.database))
    fresh = path.with_name(f".{path.name}.part")  # what an earlier run left there when it was cut off is nothing worth
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(fresh)
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with _filled(address.set(database=str(fresh)), field) as connection:
            yield connection
        _keep(fresh, path)
    except OSError as error:
        raise InvalidInput(Problem(field, say("Cannot write to {path}: {reason}", path=path, reason=error.strerror or error))) from error
    finally:
        with suppress(OSError):
            _remove(fresh)


@contextmanager
def _filled(address: URL, field: str) -> Iterator[Connection]:
    """Give a connection in one transaction, in which the parts of the store join."""
    engine = create_engine(address, poolclass=NullPool)
    if address.get_backend_name() == "sqlite":
        event.listen(
            engine, "connect", lambda connection, _: [connection.execute(f"PRAGMA {one}") for one in ("journal_mode=OFF", "synchronous=OFF")]
        )
    try:
        opened = engine.connect()
    except OperationalError as error:
        raise _unreachable(address, error, field) from None
    try:
        with opened as connection, connection.begin():
            connection.info["is_writing"] = True
            yield connection
            if connection.dialect.name == "sqlite":
                _check_references(connection)
    except DatabaseError as error:
        raise _unreachable(address, error, field) from error
    finally:
        engine.dispose()


def _check_references(connection: Connection) -> None:
    """Refuse rows that name rows which are not there; PostgreSQL checks that by itself."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise InvalidInput(
            Problem(str(broken[0]), say("A row of table {table} names a row of {other} that is not there", table=broken[0], other=broken[2]))
        )


def _keep(fresh: Path, path: Path) -> None:
    """Bring the file to the disk and give it its name; the log of an empty one that stood there goes."""
    for place in (fresh, fresh.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    for end in LEFT_OVERS:
        Path(f"{path}{end}").unlink(missing_ok=True)
    fresh.replace(path)


def _remove(path: Path) -> None:
    for end in ("", *LEFT_OVERS):
        Path(f"{path}{end}").unlink(missing_ok=True)


def _unreachable(address: URL, error: DatabaseError, field: str) -> InvalidInput:
    shown = address.render_as_string(hide_password=True)
    why = " ".join(str(error.orig).split())
    return InvalidInput(Problem(field, say("The database {shown} cannot be used: {reason}", shown=shown, reason=why)))
