"""The engines that other tests stand on do run."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import create_engine, pool, text

from tests import engines


def ask(url: str, statement: str) -> object:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        answer = connection.execute(text(statement))
        value = answer.scalar() if answer.returns_rows else None
    engine.dispose()
    return value


def make_a_table(url: str) -> None:
    ask(url, "create table words (word text)")


@pytest.mark.postgres
def test_postgres_answers(postgres_url):
    assert ask(postgres_url, "select 1") == 1


@pytest.mark.postgres
def test_postgres_keeps_chinese_as_utf_8(postgres_url):
    assert ask(postgres_url, "show server_encoding") == "UTF8"
    assert ask(postgres_url, "select length('停电')") == 2


@pytest.mark.postgres
def test_two_postgres_databases_of_one_template_are_independent(postgres_template):
    one, two = (engines.fresh_postgres_database(postgres_template) for _ in range(2))
    make_a_table(one)
    ask(one, "insert into words values ('停电')")
    assert ask(one, "select count(*) from words") == 1
    assert ask(two, "select to_regclass('words')") is None
    assert ask(two, "select count(*) from alembic_version") == 1
    for url in (one, two):
        engines.drop_postgres_database(postgres_template, url)


def test_two_sqlite_databases_of_one_template_are_independent(tmp_path):
    template = engines.make_sqlite_template(tmp_path / "template.db", make_a_table)
    one, two = (engines.fresh_sqlite_database(template, tmp_path) for _ in range(2))
    ask(one, "insert into words values ('停电')")
    assert ask(one, "select count(*) from words") == 1
    assert ask(two, "select count(*) from words") == 0


def test_a_fresh_database_has_the_schema(database_url):
    assert ask(database_url, "select count(*) from alembic_version") == 1


@pytest.mark.browser
def test_chromium_shows_chinese(page: Page):
    page.goto("data:text/html;charset=utf-8,<meta charset=utf-8><p id=a>停</p><p id=b>电</p>")
    assert page.inner_text("p") == "停"
    # Without a Chinese font both would be the same empty box.
    assert page.locator("#a").screenshot() != page.locator("#b").screenshot()
    assert page.evaluate("[navigator.language, new Date(0).getHours()]") == ["zh-CN", 8]


@pytest.mark.browser
def test_a_page_that_breaks_is_noticed(page: Page, page_errors: list[str]):
    page.goto("data:text/html,<script>throw new Error('broken')</script>")
    page.wait_for_timeout(100)
    assert any("broken" in line for line in page_errors)
    page_errors.clear()


@pytest.mark.browser
def test_a_breach_of_the_security_policy_is_noticed(page: Page, page_errors: list[str]):
    policy = "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">"
    page.route("http://triage.test/", lambda route: route.fulfill(body=f"{policy}<script>1</script>", content_type="text/html"))
    page.goto("http://triage.test/")
    page.wait_for_timeout(100)
    assert any("script-src" in line for line in page_errors)
    page_errors.clear()


@pytest.mark.parametrize("ci", ["true", ""])
def test_a_missing_engine_skips_and_in_ci_fails(ci, monkeypatch):
    monkeypatch.setitem(os.environ, "CI", ci)
    outcome = pytest.fail.Exception if ci else pytest.skip.Exception
    with pytest.raises(outcome, match=r"Chromium is missing \(Debian: apt-get install chromium\)"):
        engines.missing("Chromium", "chromium")


def test_gunicorn_that_cannot_start_says_why(tmp_path: Path):
    with (
        pytest.raises(RuntimeError) as failure,
        engines.running_gunicorn({"TRIAGE_INSTANCE": str(tmp_path), "TRIAGE_POOL_SIZE": "many"}),
    ):
        pass
    assert any("invalid literal for int" in note for note in failure.value.__notes__)
