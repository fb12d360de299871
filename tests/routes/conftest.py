"""The whole application on a SQLite file of its own: real schema, reference data, demo organisation; a fake model."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from classifier.catalogue import Catalogue
from routes import Parts, create_app
from routes.request import SESSION_KEY
from triage.demo import make_demo
from triage.migrate import migrate
from triage.prediction import Prediction
from triage.reference import edit_row, load_reference
from triage.store import Database, Store

SECRET = b"secret of the tests"


def fake_predict(text: str) -> Prediction | None:
    """A model that knows outages and meters; it doubts where the text says 可能, there is none where it says 无模型."""
    topic, kind = ("outage.fault.single", "fault") if "停电" in text else ("business.metering.device", "complaint")
    sure = 0.5 if "可能" in text else 0.96
    types = ((kind, sure), ("enquiry", 1 - sure))
    made = Prediction(((topic, sure), ("other.general", 1 - sure)), types, {"topic": (("停电", 1.5),)}, "fake-1", 0.8)
    return None if "无模型" in text else made


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is set up once and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "triage.db"
    database = Database(f"sqlite:///{path}")
    migrate(database.url)
    with database.connect() as connection:
        load_reference(Store(connection, SECRET), datetime.now(UTC))
        make_demo(Store(connection, SECRET), datetime.now(UTC))
        for code in ("callback_quiet_from", "callback_quiet_until"):  # the tests run at any hour
            edit_row(Store(connection, SECRET), "switches", {"code": code}, {"value": "00:00"}, actor="tests", now=datetime.now(UTC))
    database.dispose()
    return path


@pytest.fixture
def app(template: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application as it is shipped, but for the model; forms need no CSRF token."""
    database = Database(f"sqlite:///{shutil.copy(template, tmp_path / 'triage.db')}")
    models = Catalogue(tmp_path / "instance")
    made = create_app(Parts(database, SECRET, fake_predict, lambda texts: [*map(fake_predict, texts)], lambda: None, models))
    made.config.update(WTF_CSRF_ENABLED=False)
    yield made
    database.dispose()


@pytest.fixture
def store(app: Flask) -> Iterator[Store]:
    """The store of the application's database, on a connection apart from the application's."""
    with app.extensions["triage"].database.connect() as connection:
        yield Store(connection, SECRET)


@pytest.fixture
def client_as(app: Flask, store: Store) -> Callable[[str], FlaskClient]:
    """Make a browser in which a user of the demo organisation is signed in."""

    def sign_in(username: str) -> FlaskClient:
        token, now = secrets.token_urlsafe(), datetime.now(UTC)
        store.open_session(token, username, now, now + timedelta(hours=1))
        client = app.test_client()
        with client.session_transaction() as session:
            session[SESSION_KEY] = token
        return client

    return sign_in


@pytest.fixture
def api_as(app: Flask, store: Store) -> Callable[[str], Callable[..., TestResponse]]:
    """Make a program with a token of its own: `api_as("leader")("GET", "/shifts")`; `version` is the one that it read."""

    def made(username: str) -> Callable[..., TestResponse]:
        token, client = secrets.token_urlsafe(), app.test_client()
        store.add_token(token, username, "tests", datetime.now(UTC))

        def ask(method: str, path: str, body: object = None, version: int | None = None) -> TestResponse:
            headers = {"Authorization": f"Bearer {token}"} | ({"If-Match": f'"{version}"'} if version else {})
            return client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

        return ask

    return made
