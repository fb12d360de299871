"""The application as the browser tests meet it: the demo organisation made once a run, a copy of it for each server, and only the model a fake."""

import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import Connection
from werkzeug.serving import make_server

from classifier.catalogue import Catalogue
from routes import Parts, create_app
from routes.request import SESSION_KEY
from tests.routes.conftest import SECRET, fake_predict
from triage.demo import make_demo
from triage.migrate import migrate
from triage.people import User, hasher
from triage.prediction import Prediction
from triage.reference import edit_row, load_reference
from triage.store import Database, Store
from triage.terms import Role

QUIET_HOURS = "callback_quiet_from", "callback_quiet_until"
SECOND = User("dispatcher2", "赵敏", Role.DISPATCHER, "33", "command")
Predict = Callable[[str], Prediction | None]


@dataclass(frozen=True)
class Demo:
    """A migrated database file with the demo organisation, and the passwords of its users."""

    file: Path
    passwords: dict[str, str]


def make_demo_file(file: Path) -> Demo:
    """Make the file that every server gets a copy of: reference data, the demo organisation, a second dispatcher, calls at any hour."""
    database, now = Database(f"sqlite:///{file}"), datetime.now(UTC)
    migrate(database.url)
    with database.connect() as connection:
        store = Store(connection, SECRET)
        load_reference(store, now)
        passwords = {user.username: password for user, password in make_demo(store, now)}
        passwords[SECOND.username] = "second-of-the-desk"
        store.add_user(SECOND, hasher().hash(passwords[SECOND.username]), now)
        end_quiet_hours(store)
    database.dispose()
    return Demo(file, passwords)


def end_quiet_hours(store: Store) -> None:
    """Let customers be called at any hour."""
    for code in QUIET_HOURS:
        edit_row(store, "switches", {"code": code}, {"value": "00:00"}, actor="tests", now=datetime.now(UTC))


@dataclass(frozen=True)
class Served:
    """A server that answers: its address, its database and the passwords of the users."""

    address: str
    database: Database
    passwords: dict[str, str]

    def store(self, connection: Connection) -> Store:
        """Give the application's store on a connection."""
        return Store(connection, SECRET)


def cookie_of(store: Store, username: str) -> str:
    """Open a session of somebody and give the cookie that stands for it."""
    token, now, app = secrets.token_urlsafe(), datetime.now(UTC), Flask("cookie")
    app.secret_key = SECRET
    store.open_session(token, username, now, now + timedelta(hours=1))
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    return str(signer.dumps({SESSION_KEY: token})) if signer else ""


@contextmanager
def application(demo: Demo, folder: Path, predict: Predict = fake_predict) -> Iterator[tuple[Flask, Database]]:
    """Give the application on a copy of the demo file in a folder, with a model that predicts as it is told; the database is put away afterwards."""
    database = Database(f"sqlite:///{shutil.copy(demo.file, folder / 'triage.db')}")
    parts = Parts(database, SECRET, predict, lambda texts: [*map(predict, texts)], lambda: None, Catalogue(folder / "models"))
    try:
        yield create_app(parts), database
    finally:
        database.dispose()


@contextmanager
def listening(app: Callable[..., Any], port: int = 0) -> Iterator[int]:
    """Serve an application on a port (0: any), each request in a thread; give the port."""
    server = make_server("127.0.0.1", port, whole(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})  # else each end takes half a second
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def whole(app: Callable[..., Any]) -> Callable[..., Any]:
    """Answer with all of a body at once: a browser that leaves early must not leave a static file open behind it."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = app(environ, start_response)
        try:
            return [b"".join(body)]
        finally:
            body.close()

    return answer


@contextmanager
def served_application(demo: Demo, folder: Path, predict: Predict = fake_predict) -> Iterator[Served]:
    """Serve a copy of the demo file until the block ends."""
    with application(demo, folder, predict) as (app, database), listening(app) as port:
        yield Served(f"http://127.0.0.1:{port}", database, demo.passwords)
