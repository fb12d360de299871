"""Fixtures of the engines; the store's and the pages' fixtures build on them."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests import engines
from tests.served import Demo, Predict, Served, cookie_of, fake_predict, make_demo_file, served_application
from triage.migrate import migrate
from triage.store import Store

INSTANCE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run an instance of its own before anything imports wsgi.py: tests never touch that of whoever runs them."""
    config.stash[INSTANCE] = os.environ["TRIAGE_INSTANCE"] = tempfile.mkdtemp(prefix="triage-tests-")
    os.environ.pop("TRIAGE_DATABASE_URL", None)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's instance."""
    shutil.rmtree(config.stash[INSTANCE], ignore_errors=True)


@pytest.fixture(scope="session")
def prepare() -> Callable[[str], object]:
    """What is done once to the database that every test gets a copy of."""
    return migrate


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL of the test run's own; missing: skip, in CI fail."""
    programs = engines.find_postgres()
    if programs is None:
        engines.missing("PostgreSQL", "postgresql")
    with engines.running_postgres(programs) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str, prepare: Callable[[str], object]) -> str:
    """The server's URL, once it holds the migrated template."""
    engines.make_postgres_template(postgres_url, prepare)
    return postgres_url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, prepare: Callable[[str], object]) -> Path:
    """The migrated file that every test gets a copy of."""
    return engines.make_sqlite_template(tmp_path_factory.mktemp("sqlite") / "template.db", prepare)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own; a test that asks for it runs on both engines."""
    if request.param == "sqlite":
        yield engines.fresh_sqlite_database(request.getfixturevalue("sqlite_template"), tmp_path)
        return
    server = request.getfixturevalue("postgres_template")
    url = engines.fresh_postgres_database(server)
    yield url
    engines.drop_postgres_database(server, url)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's browser; missing: skip, in CI fail."""
    found = engines.find_chromium()
    if found is None:
        engines.missing("Chromium", "chromium fonts-noto-cjk")
    return found


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One browser for the run."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=engines.chromium_arguments())
        yield running
        running.close()


@pytest.fixture
def page_errors() -> list[str]:
    """What went wrong in the page; a test that provokes an error on purpose checks the list and clears it."""
    return []


@pytest.fixture
def page(browser: Browser, page_errors: list[str]) -> Iterator[Page]:
    """A page in a context of its own; an error of a script, of the console or of the security policy fails the test."""
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
    context.expose_function("reportViolation", lambda what: page_errors.append(f"policy: {what}"))
    context.add_init_script(
        """document.addEventListener("securitypolicyviolation",
            event => reportViolation(event.violatedDirective + " " + event.blockedURI))"""
    )

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            page_errors.append(f"console: {message.text} ({message.location['url']})")

    opened = context.new_page()
    opened.on("pageerror", lambda error: page_errors.append(f"script: {error}"))
    opened.on("console", console)
    yield opened
    context.close()
    assert not page_errors, "\n".join(page_errors)


@pytest.fixture
def forgives(page: Page, page_errors: list[str]) -> Iterator[None]:
    """The browser writes down each answer that is no 200; here one is wanted. It asks for the page so that it ends before it."""
    yield
    page.goto("about:blank")
    page_errors[:] = [error for error in page_errors if "Failed to load resource" not in error]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo organisation, made once for the run."""
    return make_demo_file(tmp_path_factory.mktemp("demo") / "triage.db")


@pytest.fixture(scope="session")
def predict() -> Predict:
    """The model of the served application; a file whose tests want another one says so."""
    return fake_predict


@pytest.fixture
def served(demo: Demo, predict: Predict, tmp_path: Path) -> Iterator[Served]:
    """The application on a server and a database of the test's own; asked for before the page, so that it outlives the page's last requests."""
    with served_application(demo, tmp_path, predict) as running:
        yield running


@pytest.fixture
def served_store(served: Served) -> Iterator[Store]:
    """The served application's store, on a connection of its own."""
    with served.database.connect() as connection:
        yield served.store(connection)


@pytest.fixture
def sign_in(served: Served) -> Callable[[Page, str], None]:
    """Sign somebody in on a page, by the cookie alone."""

    def signed_in(page: Page, username: str) -> None:
        with served.database.connect() as connection:
            value = cookie_of(served.store(connection), username)
        page.context.add_cookies([{"name": "triage", "value": value, "url": served.address}])

    return signed_in
