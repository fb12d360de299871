"""The real engines that the tests run against: PostgreSQL, Chromium and gunicorn, each started by the test run itself."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import create_engine, pool
from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "triage_template"
READY = re.compile(r"ready at (http://\S+?)/?$", re.MULTILINE)

_numbers = count(1)
_ahead: dict[tuple[int, str, str], deque[Future[str]]] = {}


def missing(what: str, package: str) -> NoReturn:
    """Leave a test out for want of a Debian package."""
    leave_out(f"{what} is missing (Debian: apt-get install {package})")


def leave_out(line: str) -> NoReturn:
    """Skip with one clear line; in CI nothing may be missing, so fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


# PostgreSQL


def find_postgres() -> Path | None:
    """Find the folder of PostgreSQL's server programs, the newest first."""
    on_path = shutil.which("initdb")
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True)
    for initdb in [*([Path(on_path).resolve()] if on_path else []), *packaged]:
        if (initdb.parent / "pg_ctl").exists():
            return initdb.parent
    return None


def _as_another() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as the user that Debian made for it, else as nobody."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
    raise RuntimeError("root, but neither a user postgres nor nobody to run PostgreSQL as")


@contextmanager
def running_postgres(programs: Path) -> Iterator[str]:
    """Start a PostgreSQL of our own on a Unix socket in a short-lived folder; give its URL; leave nothing behind."""
    identity = _as_another()
    # /tmp and not pytest's folder: another user must be able to enter it, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="triage-pg-", dir="/tmp"))
    log = folder / "server.log"
    environment = {**{key: value for key, value in os.environ.items() if not key.startswith("PG")}, "LC_ALL": "C"}

    def run(program: str, *arguments: str) -> None:
        # A file and no pipe: the server inherits it, and would keep a pipe open for ever.
        with (folder / "out").open("ab") as out:
            done = subprocess.run(
                [programs / program, *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
                **identity,
            )
        if done.returncode:
            told = "".join(path.read_text(errors="replace") for path in (folder / "out", log) if path.exists())
            raise RuntimeError(f"{program} failed:\n{told[-4000:]}")

    try:
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        data = str(folder / "data")
        run("initdb", "--pgdata", data, "--username=triage", "--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=200"
        # What is lost when the machine fails does not matter here; the tests of durability kill gunicorn, not PostgreSQL.
        options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=64MB"
        run("pg_ctl", "start", "--wait", "--timeout=60", "-D", data, "-l", str(log), "-o", options)
        try:
            yield f"postgresql+psycopg://triage@/postgres?host={folder}"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate", "-D", data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _administer(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=pool.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def _of(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def make_postgres_template(url: str, migrate: Callable[[str], object]) -> None:
    """Make the database that every test gets a copy of: migrated once, then closed to connections."""
    _administer(url, f"CREATE DATABASE {TEMPLATE}")
    migrate(_of(url, TEMPLATE))
    _administer(url, f"ALTER DATABASE {TEMPLATE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")


def fresh_postgres_database(url: str, template: str = TEMPLATE) -> str:
    """Give the URL of a database of its own for a test, a copy of the template; the next one is copied while the test runs."""
    ahead = _ahead.setdefault((os.getpid(), url, template), deque())
    ahead.append(_copier().submit(_copy_postgres, url, template))
    if len(ahead) == 1:
        ahead.append(_copier().submit(_copy_postgres, url, template))
    return ahead.popleft().result()


def _copy_postgres(url: str, template: str) -> str:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _administer(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return _of(url, name)


@lru_cache
def _copier() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="postgres-copy")


def drop_postgres_database(url: str, database_url: str) -> None:
    """Drop a test's database, whoever is still connected."""
    _administer(url, f"DROP DATABASE IF EXISTS {make_url(database_url).database} WITH (FORCE)")


# SQLite


def make_sqlite_template(file: Path, migrate: Callable[[str], object]) -> Path:
    """Make the file that every test gets a copy of: migrated once, with nothing left in a log beside it."""
    migrate(f"sqlite:///{file}")
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file


def fresh_sqlite_database(template: Path, folder: Path) -> str:
    """Make a database of its own for a test, a copy of the template, and give its URL."""
    file = folder / f"triage-{next(_numbers)}.db"
    shutil.copyfile(template, file)
    return f"sqlite:///{file}"


# Chromium


def find_chromium() -> str | None:
    """Find the browser that the system has."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


def chromium_arguments() -> list[str]:
    """Give the switches of a browser that talks to nobody but the page under test."""
    quiet = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"]
    sandbox = ["no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses root
    # Containers give /dev/shm too little room.
    return [f"--{name}" for name in ("disable-gpu", "disable-quic", "disable-dev-shm-usage", *quiet, *sandbox)]


# gunicorn


@dataclass(frozen=True)
class Running:
    """A server that answers: its address, its process and what it said."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """Give what the server has written to stderr so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """Kill the whole group, master and workers, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)


@contextmanager
def running_gunicorn(env: Mapping[str, str], threads: int | None = None, workers: int = 2, seconds: float = 60) -> Iterator[Running]:
    """Start gunicorn as shipped, on a port that the system picks, in a process group of its own; end the group afterwards.

    When the block fails, what gunicorn wrote stands beside the failure.
    """
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
    command += ["--threads", str(threads)] if threads else []
    environment = {**os.environ, **env, "HOST": "127.0.0.1", "PORT": "0", "WEB_CONCURRENCY": str(workers)}
    with tempfile.TemporaryDirectory(prefix="triage-gunicorn-") as folder:
        log = Path(folder) / "stderr"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        try:
            yield Running(_wait_until_ready(process, log, seconds), process, log)
        except BaseException as error:
            error.add_note(f"gunicorn said:\n{log.read_text(encoding='utf-8', errors='replace')[-8000:]}")
            raise
        finally:
            _end(process)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path, seconds: float) -> str:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := READY.search(log.read_text(encoding="utf-8", errors="replace")):
            return found[1]
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn ended with {process.returncode} before it was ready")
        time.sleep(0.05)
    raise RuntimeError(f"gunicorn was not ready after {seconds:.0f} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=10)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait(timeout=10)
