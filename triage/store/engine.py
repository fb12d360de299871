"""Engines: SQLite or PostgreSQL, a pool per process made after the fork, and what the two do differently.

The same SQL serves both: standard SQL with named parameters, `TRUE`/`FALSE`, `ON CONFLICT … DO UPDATE`, `RETURNING`. What differs is
this file's short list: how a write begins (`WRITE`), how a queue's rows are taken by one worker alone (`ALONE`), the pragmas of the embedded
file, and in the migrations the triggers that keep the audit append-only and signed figures frozen.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlite_utils
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError, TimeoutError

from triage.errors import NotMigrated, StoreBusy
from triage.wording import say

CACHE_KIB = 65_536  # pages that a connection keeps at most: with the 2 MiB of SQLite alone, a county of a million tickets takes twice as long
BUSY_SECONDS = 10
WRITE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}
# Two who work off one queue: on SQLite the second waits for the first one's commit, on PostgreSQL it passes over the rows that the first has.
ALONE = {"sqlite": "", "postgresql": "FOR UPDATE SKIP LOCKED"}


class Database:
    """Where the data is; its engine (and pool) is made on first use in each process, so that no connection crosses a fork."""

    def __init__(self, url: str, pool_size: int = 8) -> None:
        """Keep the address; nothing is opened yet."""
        self.url = url
        self.pool_size = pool_size
        self._engine: Engine | None = None
        self._pid = 0
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """This process's engine."""
        with self._lock:
            if self._engine is None or self._pid != os.getpid():
                self._engine, self._pid = make_engine(self.url, self.pool_size), os.getpid()
            return self._engine

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Take a connection from the pool for a block and give it back.

        Raises:
            StoreBusy: no connection came free, or the database is locked or unreachable.
            NotMigrated: the tables are not there.
        """
        with busy_is_said(), self.engine.connect() as connection:
            yield connection

    def dispose(self) -> None:
        """Close the pool."""
        if self._engine is not None and self._pid == os.getpid():
            self._engine.dispose()
            self._engine = None


def make_engine(url: str, pool_size: int) -> Engine:
    """Make an engine in autocommit mode: a read needs no transaction of its own, a write begins one by name (`writing`)."""
    address = make_url(url)
    options: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": BUSY_SECONDS,
    }
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    # Queries here are short, those of the board many and wide: to compile one (jit) takes longer than to run it.
    plain = {} if "options" in address.query else {"options": "-c jit=off"}
    return create_engine(address, pool_pre_ping=True, connect_args=plain, **options)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Every answer is sent after a commit that is on the disk: WAL with synchronous=FULL; foreign keys hold."""
    sqlite_utils.Database(connection, execute_plugins=False).enable_wal()
    for pragma in ("synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}", f"cache_size=-{CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """Run a block as one transaction; the outermost block begins and commits, an error rolls all of it back."""
    if connection.info.get("is_writing"):
        yield
        return
    connection.exec_driver_sql(WRITE[connection.dialect.name])
    connection.info["is_writing"] = True
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        # A commit that failed has ended its transaction already on some engines; the first error is the one to tell.
        with suppress(OperationalError):
            connection.exec_driver_sql("ROLLBACK")
        raise
    finally:
        connection.info["is_writing"] = False


@contextmanager
def busy_is_said() -> Iterator[None]:
    """Say in the user's words that the database did not answer."""
    try:
        yield
    except TimeoutError:
        raise StoreBusy(say("The system is busy and nothing has been saved; try again later")) from None
    except (OperationalError, ProgrammingError) as error:
        if any(word in str(error.orig) for word in ("no such table", "no such column", "does not exist")):
            raise NotMigrated(
                say("The database has not been set up or has another version; an administrator must run flask migrate first")
            ) from error
        if any(word in str(error.orig) for word in ("locked", "busy", "timeout", "connection")):
            raise StoreBusy(say("The database does not respond at the moment and nothing has been saved; try again later")) from error
        raise
