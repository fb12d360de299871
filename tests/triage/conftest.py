"""Databases that hold the reference data and the demo organisation; a test that asks for `store` runs on both engines."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests import engines
from tests.triage.samples import NOW, SECRET, Says, contact, prediction, user
from triage.complaint import Contact
from triage.demo import make_demo
from triage.intake import receive
from triage.lifecycle import act
from triage.moves import BY_CODE
from triage.people import User
from triage.prediction import Prediction
from triage.reference import load_reference
from triage.rules import Rules
from triage.store import Database, Store
from triage.terms import Role
from triage.tickets import Ticket


def fill(url: str) -> str:
    """Load the reference data and the demo organisation."""
    database = Database(url)
    with database.connect() as connection:
        load_reference(Store(connection, SECRET), NOW)
        make_demo(Store(connection, SECRET), NOW)
    database.dispose()
    return url


@pytest.fixture(scope="session")
def filled_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with reference data and demo organisation, to be copied."""
    url = fill(engines.fresh_sqlite_database(sqlite_template, tmp_path_factory.mktemp("filled")))
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture(scope="session")
def filled_postgres(postgres_template: str) -> str:
    """The name of a database with reference data and demo organisation, to be copied."""
    return fill(engines.fresh_postgres_database(postgres_template)).rsplit("/", 1)[-1].split("?")[0]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def filled_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A filled database of the test's own, on each engine."""
    if request.param == "sqlite":
        yield engines.fresh_sqlite_database(request.getfixturevalue("filled_sqlite"), tmp_path)
        return
    server = request.getfixturevalue("postgres_template")
    url = engines.fresh_postgres_database(server, template=request.getfixturevalue("filled_postgres"))
    yield url
    engines.drop_postgres_database(server, url)


@pytest.fixture
def database(filled_url: str) -> Iterator[Database]:
    """The database as the application opens it."""
    database = Database(filled_url, pool_size=20)
    yield database
    database.dispose()


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """The store on one connection."""
    with database.connect() as connection:
        yield Store(connection, SECRET)


@pytest.fixture(scope="session")
def rules(filled_sqlite: Path) -> Rules:
    """The rules as they are bundled."""
    database = Database(f"sqlite:///{filled_sqlite}")
    with database.connect() as connection:
        read = Store(connection, SECRET).rules()
    database.dispose()
    return read


@pytest.fixture
def take(store: Store) -> Callable[..., tuple[Ticket, ...]]:
    """Take a contact now: `take("停电")`, or a contact made before; `said` is what the model says."""

    def taken(*complaints: str | dict[str, str] | Contact, said: Prediction | None = None, now=NOW, **values) -> tuple[Ticket, ...]:
        made = complaints[0] if isinstance(complaints[0], Contact) else contact(*complaints, **{"unit_code": "330101", **values})
        return receive(made, predict=Says(said or prediction()), rules=store.rules(), store=store, now=now, actor="agent")

    return taken


@pytest.fixture
def move(store: Store) -> Callable[..., Ticket]:
    """Move a ticket on as the role that may: `move(ticket, "accept", minutes=5, note="好")`; handlers are of the ticket's team."""

    def moved(ticket: Ticket, code: str, *, minutes: float = 0, by: User | None = None, version: int = 0, **values: str) -> Ticket:
        role = BY_CODE[code].roles[0]
        who = by or (user(role, ticket.team_unit or "", ticket.department or "") if role is Role.HANDLER else user(role))
        now = NOW + timedelta(minutes=minutes)
        if code == "return":
            values.setdefault("return_reason", "other")
        seen = version or store.ticket(ticket.number).version
        return act(ticket.number, code, values, user=who, version=seen, store=store, rules=store.rules(), now=now)

    return moved
