"""The schema: what the migrations make is what the tables say; moments; the trail refuses to be changed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, StatementError
from sqlalchemy.pool import NullPool

from tests.triage.samples import NOW, user
from triage.migrate import alembic_config, migrate
from triage.reference import edit_row
from triage.store import Store
from triage.store.rollups import Sum
from triage.store.schema import Moment, metadata
from triage.store.search import is_compared
from triage.store.sql import block
from triage.terms import Role

SIGNATURE = "unit_code, first_on, last_on, signed_by, signed_at, note"
ECHO = {"sqlite": "SELECT :happened_at AS happened_at", "postgresql": "SELECT CAST(:happened_at AS timestamptz) AS happened_at"}


def test_the_migrations_make_the_tables_as_they_are_written(store):
    opts = {"compare_type": True, "target_metadata": metadata, "include_object": is_compared}
    context = MigrationContext.configure(store.connection, opts=opts)
    assert compare_metadata(context, metadata) == []


def test_only_the_words_of_the_search_stand_beside_the_written_tables(store):
    beside = set(inspect(store.connection).get_table_names()) - set(metadata.tables) - {"alembic_version"}
    fts5 = {f"ticket_words_{part}" for part in ("config", "content", "data", "docsize", "idx")}
    assert beside == {"ticket_words"} | (fts5 if store.connection.dialect.name == "sqlite" else set())


def test_migrating_twice_changes_nothing(filled_url):
    before, after = migrate(filled_url)
    assert before == after


def test_a_migration_from_nothing_says_so(tmp_path):
    before, after = migrate(f"sqlite:///{tmp_path / 'a folder to be made' / 'triage.db'}")
    assert before is None
    assert after


@pytest.mark.parametrize("table", ["audit", "reference_audit"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'nobody'", "DELETE FROM {}"], ids=["update", "delete"])
def test_a_trail_is_append_only(store, take, table: str, statement: str):
    take("没电")
    edit_row(store, "switches", {"code": "automatic_dispatch"}, {"value": "off"}, actor="admin", now=NOW)
    before = store.value(text(f"SELECT COUNT(*) FROM {table} WHERE actor <> 'nobody'"))
    assert before
    with pytest.raises(DatabaseError, match="append-only"):
        store.run(text(statement.format(table)))
    assert store.value(text(f"SELECT COUNT(*) FROM {table} WHERE actor <> 'nobody'")) == before


@pytest.mark.parametrize(
    "statement",
    ["UPDATE frozen_figures SET n = n + 1", "DELETE FROM frozen_figures", "UPDATE sign_offs SET note = 'other'", "DELETE FROM sign_offs"],
    ids=["figures changed", "figures deleted", "signature changed", "signature deleted"],
)
def test_what_was_signed_is_frozen_by_the_database_itself(store, statement: str):
    store.add_user(user(Role.AUDITOR), "!", NOW)
    with store.writing():
        id = store.add_sign_off("3301", NOW.date(), NOW.date(), signed_by="a-auditor", signed_at=NOW, note="as signed")
        store.freeze(id, [("", Sum(7, 5, 2.0, "received"))])
    with pytest.raises(DatabaseError, match="signed figures are frozen"):
        store.run(text(statement))
    assert store.frozen_figures(id) == [("", Sum(7, 5, 2.0, "received"))]
    assert store.sign_off_row(id)["note"] == "as signed"


def test_whoever_goes_back_a_version_and_forward_again_finds_what_was_signed(tmp_path):
    url = f"sqlite:///{tmp_path / 'triage.db'}"
    migrate(url)
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO sign_offs (unit_code, first_on, last_on, signed_by, signed_at, note) VALUES ('', '', '', 'a', '', 'x')"))
        command.downgrade(alembic_config(connection), "0006")
        command.upgrade(alembic_config(connection), "head")
        assert connection.execute(text("SELECT note FROM sign_offs")).scalar() == "x"
        with pytest.raises(DatabaseError, match="frozen"):
            connection.execute(text("DELETE FROM sign_offs"))
    engine.dispose()


def test_a_signature_of_everything_is_set_aside_by_who_goes_back_and_comes_again_with_its_figures(filled_url):
    engine = create_engine(filled_url, poolclass=NullPool)
    with engine.connect() as connection:
        store = Store(connection, b"secret")
        for unit in ("", "3301"):
            with store.writing():
                id = store.add_sign_off(unit, NOW.date(), NOW.date(), signed_by="auditor", signed_at=NOW, note=f"of {unit}")
                store.freeze(id, [("", Sum(7, 5, 2.0, "received"))])
    notes = text("SELECT note FROM sign_offs ORDER BY note")
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0006")
        assert connection.execute(notes).scalars().all() == ["of 3301"]
        sign = f"INSERT INTO sign_offs ({SIGNATURE}) SELECT '3302', first_on, last_on, signed_by, signed_at, 'meanwhile' FROM sign_offs"
        connection.execute(text(sign))
        command.upgrade(alembic_config(connection), "head")
    with engine.connect() as connection:
        assert connection.execute(notes).scalars().all() == ["meanwhile", "of ", "of 3301"]
        store = Store(connection, b"secret")
        for unit, figures in (("", 1), ("3301", 1), ("3302", 0)):
            row = store.sign_off_of(unit, NOW.date(), NOW.date())
            assert (row["signed_at"], store.frozen_figures(row["id"])) == (NOW, [("", Sum(7, 5, 2.0, "received"))] * figures)
        assert not [name for name in inspect(connection).get_table_names() if name.endswith("_aside")]
        for table in ("sign_offs", "frozen_figures"):
            with pytest.raises(DatabaseError, match="frozen"), connection.begin_nested():
                connection.execute(text(f"DELETE FROM {table}"))
    engine.dispose()


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(NOW, id="a minute"),
        pytest.param(NOW + timedelta(microseconds=1), id="a microsecond"),
        pytest.param(datetime(2026, 11, 23, 18, 30, tzinfo=timezone(timedelta(hours=8))), id="of Shanghai"),
        pytest.param(datetime(2000, 1, 1, tzinfo=UTC), id="the first day"),
        pytest.param(datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), id="the last day"),
    ],
)
def test_a_moment_comes_back_as_it_was_kept_in_utc(store, moment: datetime):
    row = store.row(block(ECHO[store.connection.dialect.name]), happened_at=moment)
    assert row["happened_at"] == moment
    assert row["happened_at"].tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(store):
    with pytest.raises(StatementError, match="without a zone"):
        store.row(block(ECHO[store.connection.dialect.name]), happened_at=datetime(2026, 11, 23))


moments = st.datetimes(
    min_value=datetime(1000, 1, 2), max_value=datetime(2999, 12, 30), timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])
)


@given(one=moments, two=moments)
def test_the_texts_of_the_embedded_file_stand_in_the_order_of_time(one: datetime, two: datetime):
    kept = [Moment().process_bind_param(moment, sqlite.dialect()) for moment in (one, two)]
    assert (kept[0] < kept[1]) is (one < two)
    assert [Moment().process_result_value(value, sqlite.dialect()) for value in kept] == [one, two]
    assert Moment().process_bind_param(one, postgresql.dialect()) == one


def test_moments_are_sorted_by_time_in_the_tables(store, take):
    offsets = (5, -3, 0, 1440)
    for minutes in offsets:
        take("没电", now=NOW + timedelta(minutes=minutes))
    read = [row["received_at"] for row in store.rows(block("SELECT received_at FROM tickets ORDER BY received_at"))]
    assert read == [NOW + timedelta(minutes=minutes) for minutes in sorted(offsets)]


def test_tickets_from_before_the_figures_are_counted_anew_after_the_upgrade(tmp_path):
    url = f"sqlite:///{tmp_path / 'triage.db'}"
    engine = create_engine(url, poolclass=NullPool)
    columns = "number, contact_id, text, state, level, queue_rank, channel, received_at, version"
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0005")
        connection.execute(
            text("INSERT INTO contacts (channel, phone_digest, customer_number, actor, received_at) VALUES ('phone', '', '', 'a', '')")
        )
        connection.execute(text(f"INSERT INTO tickets ({columns}) VALUES ('2026112300000001', 1, '', 'closed', 'ordinary', 1, 'phone', '', 1)"))
    migrate(url)
    with engine.connect() as connection:
        assert Store(connection, b"secret").figures_are_stale()
    engine.dispose()


def test_tasks_from_before_their_history_keep_their_last_answer_and_end(tmp_path):
    url = f"sqlite:///{tmp_path / 'triage.db'}"
    engine = create_engine(url, poolclass=NullPool)
    columns = "id, unit_code, department, text, due_on, state, version, made_by, made_at, answer, answered_by, answered_at, closed_by, closed_at"
    rows = "(1, '33', 'a', 't', '', 'closed', 3, 'a', '', '已改', 'leader', '2026-11-23T01:00:00.000000Z', 'auditor', '2026-11-24T01:00:00.000000Z')"
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0006")
        connection.execute(text(f"INSERT INTO audit_tasks ({columns}) VALUES {rows}"))
    migrate(url)
    with engine.connect() as connection:
        told = Store(connection, b"secret").task_entries([1])[1]
    assert [(one.action, one.actor, one.text) for one in told] == [("answer", "leader", "已改"), ("close", "auditor", "")]
    engine.dispose()


def test_an_empty_database_has_nothing_to_count_anew(store):
    assert not store.figures_are_stale()
