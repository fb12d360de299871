"""Backup, restoration and the move to another engine: everything is the same afterwards, or nothing is there."""

import gzip
import hashlib
import io
import json
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from tests import engines
from tests.triage.samples import NOW, SECRET, Says, contact, prediction, user
from triage.archive import verify
from triage.attachments import Upload, attach
from triage.backup import back_up, written_whole
from triage.errors import Conflict, InvalidInput
from triage.exports import BACKUP, entries
from triage.intake import receive
from triage.migrate import alembic_config
from triage.moving import move as move_to
from triage.restoring import KEPT_SECRET, restore
from triage.store import Database, Store
from triage.terms import Role

Opened = Callable[[str], Store]
PDF = b"%PDF-1.4\n" + bytes(range(256))
AS_STORE = partial(Store, secret=SECRET)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An instance's folder with a secret and a model."""
    folder = tmp_path / "instance"
    (folder / "models" / "v1").mkdir(parents=True)
    (folder / "secret").write_bytes(SECRET)
    (folder / "models" / "current").write_text("v1")
    (folder / "models" / "v1" / "manifest.json").write_text("{}")
    (folder / "models" / "v1" / "topic.skops").write_bytes(bytes(range(256)) * 50)
    (folder / "models" / ".lock").touch()
    return folder


@pytest.fixture
def lived(store: Store, take, move) -> Store:
    """A store in which something happened: tickets closed, returned and open, a file, a person, a word that no ASCII holds."""
    store.add_user(user(Role.AUDITOR), "!", NOW)
    way = ("accept", "contact", "resolve", "review", "callback", "close")
    bill = prediction("business.tariff.bill", "complaint")
    (ticket,) = take("电费多算了\u2028第二行\n第三行 𠮷", said=bill, phone="13800000001", caller_name="欧阳小美")
    attach(ticket.number, [Upload("单据.pdf", PDF)], user=user(Role.DISPATCHER), store=store, now=NOW)
    values = {"resolve": {"reply": "已核实", "finding": "upheld"}, "callback": {"satisfaction": "1"}}
    for minutes, code in enumerate(way, 1):
        ticket = move(ticket, code, minutes=minutes, **values.get(code, {}))
    (back,) = take("停电了", phone="13800000001")
    move(back, "return", minutes=5, reason="不归我们")
    take("小区又停电了", said=prediction(sure=0.4))
    store.fold_figures()
    take("停电了")  # what it adds to the figures is not folded yet
    return store


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'triage.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    url = engines.fresh_postgres_database(server, template="template0")
    yield url
    engines.drop_postgres_database(server, url)


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open a store on an address; closed at the end of the test."""
    kept = []

    def made(url: str) -> Store:
        database = Database(url)
        connection = database.engine.connect()
        kept.append((connection, database))
        return Store(connection, SECRET)

    yield made
    for connection, database in kept:
        connection.close()
        database.dispose()


def rows_of(store: Store) -> dict[str, list[str]]:
    """Give every row of every table as a line, in one order."""
    with store.snapshot():
        return {shape.name: sorted(store.lines(shape)) for shape in store.shapes()}


def saved(store: Store, instance: Path, name: str = "backup.tar.gz", **values) -> Path:
    path = instance.parent / name
    back_up(path, store=store, instance=instance, **{"now": NOW + timedelta(hours=1), "actor": "shell:tests", **values})
    return path


@pytest.fixture(scope="session")
def small(filled_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of one ticket, as bytes."""
    folder = tmp_path_factory.mktemp("small")
    database = Database(engines.fresh_sqlite_database(filled_sqlite, folder))
    (folder / "secret").write_bytes(SECRET)
    with database.connect() as connection:
        kept = Store(connection, SECRET)
        receive(contact("停电了", caller_name="欧阳小美"), predict=Says(prediction()), rules=kept.rules(), store=kept, now=NOW, actor="agent")
        back_up(folder / "small.tar", store=kept, instance=folder, now=NOW, actor="shell:tests")
    database.dispose()
    return (folder / "small.tar").read_bytes()


@pytest.fixture
def path(small: bytes, tmp_path: Path) -> Path:
    """A backup that a test may spoil."""
    (tmp_path / "backup.tar").write_bytes(small)
    return tmp_path / "backup.tar"


def brought_back(path: Path, url: str, instance: Path):
    return restore(path, url=url, instance=instance, open_as=AS_STORE, counts=True)


def left(folder: Path) -> list[str]:
    """Say what lies in a folder and below it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) if folder.exists() else []


def test_what_is_restored_is_row_by_row_what_was_there_on_either_engine(lived, instance, tmp_path, empty_url, opened):
    before = rows_of(lived)
    path = saved(lived, instance)
    manifest, settled = brought_back(path, empty_url, tmp_path / "new")
    new = opened(empty_url)
    assert rows_of(new) == before
    assert (settled.broken_count, settled.wrong_figures) == (0, 0)
    assert {one.shape.name: one.rows for one in manifest.tables} == {table: len(rows) for table, rows in before.items()}
    assert settled.rows == {table: len(rows) for table, rows in before.items()}
    assert new.check_words().is_whole
    assert new.broken_chains() == []
    models = {path: (instance / path).read_bytes() for path in ("secret", "models/current", "models/v1/manifest.json", "models/v1/topic.skops")}
    assert {path: (tmp_path / "new" / path).read_bytes() for path in models} == models
    assert {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "new").iterdir() if one.is_file()} == {0o600}


@pytest.mark.postgres
def test_whoever_moves_there_and_back_has_what_was_there(lived, instance, tmp_path, postgres_url, opened):
    before = rows_of(lived)
    server = engines.fresh_postgres_database(postgres_url, template="template0")
    brought_back(saved(lived, instance), server, tmp_path / "new")
    said: list[str] = []
    shown, settled = move_to(f"sqlite:///{tmp_path / 'again.db'}", store=opened(server), open_as=AS_STORE, tell=said.append)
    assert rows_of(opened(shown)) == before
    assert rows_of(opened(server)) == before
    assert settled.broken_count == 0
    assert any("tickets" in line for line in said)
    assert "again.db" in shown


def test_a_moved_database_lives_on(lived, empty_url, opened):
    move_to(empty_url, store=lived, open_as=AS_STORE)
    new = opened(empty_url)
    last = max(row["id"] for row in lived.rows(text("SELECT id FROM contacts")))
    (ticket,) = receive(contact("停电了", unit_code="330101"), predict=Says(prediction()), rules=new.rules(), store=new, now=NOW, actor="agent")
    assert new.value(text("SELECT MAX(id) FROM contacts")) == last + 1
    assert ticket.number not in {row["number"] for row in lived.rows(text("SELECT number FROM tickets"))}
    assert new.check_figures() == []
    with pytest.raises(DatabaseError, match="append-only"):
        new.run(text("UPDATE audit SET actor = 'nobody'"))


@pytest.mark.postgres
def test_the_password_of_the_new_database_is_not_shown(lived, postgres_url):
    server = engines.fresh_postgres_database(postgres_url, template="template0")
    shown, _ = move_to(server.replace("triage@", "triage:geheim@"), store=lived, open_as=AS_STORE)
    assert "geheim" not in shown
    assert "triage:***@" in shown


def test_a_backup_is_of_one_moment_while_others_write(lived, database, instance, tmp_path):
    stop, taken, rules = threading.Event(), [], lived.rules()

    def write() -> None:
        with database.connect() as connection:
            own = Store(connection, SECRET)
            while not stop.is_set():
                made = contact(f"停电了 {len(taken)}", unit_code="330101")
                taken.append(receive(made, predict=Says(prediction()), rules=rules, store=own, now=NOW, actor="agent"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(3):
            path = saved(lived, instance, f"{turn}.tar")
    finally:
        stop.set()
        writer.join()
    url = f"sqlite:///{tmp_path / 'new' / 'triage.db'}"
    _, settled = brought_back(path, url, tmp_path / "new")
    assert len(taken) > 2
    assert (settled.broken_count, settled.wrong_figures) == (0, 0)
    new = Database(url)
    with new.connect() as connection:
        orphans = "SELECT COUNT(*) FROM tickets WHERE number NOT IN (SELECT ticket_number FROM audit)"
        assert connection.execute(text(orphans)).scalar() == 0
    new.dispose()


def test_a_backup_is_its_owners_alone_and_says_what_it_holds(lived, instance):
    path = saved(lived, instance)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    manifest = verify(path)
    assert manifest.revision == lived.revision()
    assert manifest.made_at.startswith("2026-11-23T03:00")
    last = lived.last_entry()
    assert manifest.last_entry["hash"] == last["hash"]
    assert {"instance/secret", "instance/models/current"} <= {part.name for part in manifest.parts}
    assert not any(".lock" in part.name for part in manifest.parts)
    assert left(instance.parent) == sorted([*(f"instance/{one}" for one in left(instance)), "backup.tar.gz", *others(instance.parent)])


def others(folder: Path) -> list[str]:
    """Give what lies in a test's folder beside: the database under test."""
    return [path.name for path in folder.iterdir() if path.name.startswith("triage-") or path.name == "instance"]


def test_the_trail_says_who_took_a_backup(lived, instance):
    saved(lived, instance)
    (entry,) = entries(user(Role.AUDITOR), lived)
    assert (entry.actor, entry.export.what, entry.export.format, entry.export.rows) == ("shell:tests", BACKUP, "gz", 4)


@pytest.mark.parametrize(
    ("name", "says"),
    [("backup.zip", "tar"), ("backup.gz", "tar"), ("none/backup.tar", "文件夹"), ("there.tar", "--force")],
    ids=["of another kind", "no tar", "no such folder", "there already"],
)
def test_a_backup_that_cannot_be_written_says_why_and_leaves_nothing(lived, instance, name, says):
    there = instance.parent / "there.tar"
    there.write_bytes(b"another")
    with pytest.raises(InvalidInput, match=says):
        saved(lived, instance, name)
    assert there.read_bytes() == b"another"
    assert not (instance.parent / "none").exists()
    assert lived.count_exports() == 0


def test_a_full_disk_is_said_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "old.tar"
    path.write_bytes(b"old")
    with pytest.raises(InvalidInput, match="No space left"), written_whole(path), Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")
    assert path.read_bytes() == b"old"
    assert left(tmp_path) == ["old.tar"]


def test_a_folder_that_may_not_be_written_to_is_said(path, tmp_path):
    (tmp_path / "a file").touch()
    with pytest.raises(InvalidInput, match="a file"):
        brought_back(path, f"sqlite:///{tmp_path / 'a file' / 'triage.db'}", tmp_path / "new")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def without_end(data: bytes) -> bytes:
    return tarred([(name, content) for name, content in members(data) if not name.startswith("manifest")])


def changed(data: bytes) -> bytes:
    return tarred([(name, content.replace("欧阳".encode(), "司马".encode())) for name, content in members(data)])


def one_left_out(data: bytes) -> bytes:
    return tarred([(name, content) for name, content in members(data) if not name.startswith("tables/audit/")])


def one_added(data: bytes) -> bytes:
    return tarred([("tables/users/000009.ndjson", b"[]\n"), *members(data)])


def climbing(data: bytes) -> bytes:
    return tarred([("instance/../../evil", b"x"), *members(data)])


def list_changed(data: bytes) -> bytes:
    return tarred([(name, content.replace(b"0.1.0", b"0.1.1") if name == "manifest.json" else content) for name, content in members(data)])


def members(data: bytes) -> list[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return [(one.name, tar.extractfile(one).read()) for one in tar]


def tarred(parts: list[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, content in parts:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return made.getvalue()


@pytest.mark.parametrize(
    "spoil",
    [cut, without_end, changed, one_left_out, one_added, climbing, list_changed, lambda data: b"", lambda data: cut(gzip.compress(data))],
    ids=["cut off", "no end", "one word changed", "a part left out", "a part added", "a path that climbs", "list changed", "empty", "gzip cut off"],
)
def test_a_damaged_backup_is_refused_before_anything_is_written(path, tmp_path, spoil):
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(InvalidInput, match="不是完整的备份"):
        verify(path)
    with pytest.raises(InvalidInput, match="不是完整的备份"):
        brought_back(path, f"sqlite:///{tmp_path / 'new' / 'triage.db'}", tmp_path / "new")
    assert left(tmp_path / "new") == []


def tables_of(url: str) -> list[str]:
    """Name the tables that an address has; a file that is not there is not made."""
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return []
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        found = list(connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars())
    engine.dispose()
    return found


def rewritten(path: Path, **values) -> None:
    """Change what a backup says of itself, its sum with it."""
    parts = dict(members(path.read_bytes()))
    manifest = {**json.loads(parts["manifest.json"]), **values}
    parts["manifest.json"] = json.dumps(manifest).encode()
    parts["manifest.sha256"] = hashlib.sha256(parts["manifest.json"]).hexdigest().encode()
    path.write_bytes(tarred(list(parts.items())))


@pytest.mark.parametrize("values", [{"revision": "9999"}, {"format": 2}], ids=["a later schema", "a later format"])
def test_a_backup_of_a_later_version_asks_for_an_update(path, tmp_path, empty_url, values):
    rewritten(path, **values)
    with pytest.raises(InvalidInput, match="升级"):
        brought_back(path, empty_url, tmp_path / "new")
    assert (left(tmp_path / "new"), tables_of(empty_url)) == ([], [])


def test_rows_that_arrive_otherwise_than_they_left_are_not_kept(path, tmp_path, empty_url):
    tables = json.loads(dict(members(path.read_bytes()))["manifest.json"])["tables"]
    rewritten(path, tables=[{**one, "digest": "0" * 64} for one in tables])
    with pytest.raises(Conflict, match="不一致"):
        brought_back(path, empty_url, tmp_path / "new")
    assert tables_of(empty_url) == []
    assert "new/triage.db" not in left(tmp_path)
    assert not (tmp_path / "new" / "secret").exists()
    assert not list(tmp_path.rglob("*.part"))


def test_only_an_empty_database_is_filled(lived, instance, filled_url, tmp_path):
    path = saved(lived, instance)
    before = rows_of(lived)
    for fill in (lambda: brought_back(path, filled_url, tmp_path / "new"), lambda: move_to(filled_url, store=lived, open_as=AS_STORE)):
        with pytest.raises(InvalidInput, match="不是空的"):
            fill()
    assert rows_of(lived) == before
    assert left(tmp_path / "new") == []


def test_another_instance_is_never_overwritten(path, instance, tmp_path):
    (instance / "models" / "v1" / "manifest.json").write_text("another")
    with pytest.raises(InvalidInput, match="TRIAGE_INSTANCE"):
        brought_back(path, f"sqlite:///{tmp_path / 'new.db'}", instance)
    assert not (tmp_path / "new.db").exists()


def test_the_secret_that_the_command_made_for_itself_is_kept_beside(path, tmp_path):
    new = tmp_path / "new"
    new.mkdir()
    (new / "secret").write_bytes(b"fresh")
    brought_back(path, f"sqlite:///{new / 'triage.db'}", new)
    assert (new / "secret").read_bytes() == SECRET
    assert (new / KEPT_SECRET).read_bytes() == b"fresh"


def test_what_a_run_that_was_cut_off_left_is_cleared_away(path, tmp_path, opened):
    new = tmp_path / "new"
    new.mkdir()
    (new / ".triage.db.part").write_bytes(b"half a database")
    brought_back(path, f"sqlite:///{new / 'triage.db'}", new)
    assert not (new / ".triage.db.part").exists()
    assert rows_of(opened(f"sqlite:///{new / 'triage.db'}"))["tickets"]


def test_what_did_not_hold_before_is_restored_as_it_was_and_told(lived, instance, tmp_path, opened):
    names = "happened_at, actor, action, detail_json, previous_hash, hash"
    lived.run(text(f"INSERT INTO audit (ticket_number, seq, {names}) SELECT ticket_number, 99, {names} FROM audit WHERE seq = 1"))
    lived.run(text("UPDATE figures SET n = n + 1"))
    before = rows_of(lived)
    url = f"sqlite:///{tmp_path / 'new' / 'triage.db'}"
    _, settled = brought_back(saved(lived, instance), url, tmp_path / "new")
    assert (settled.broken_count, {one.seq for one in settled.broken}) == (4, {99})
    assert settled.wrong_figures > 0
    assert rows_of(opened(url)) == before


def test_an_older_schema_is_brought_up(instance, tmp_path, empty_url, opened):
    old = f"sqlite:///{tmp_path / 'old.db'}"
    engine = create_engine(old, poolclass=NullPool)
    ticket = "'2026112300000001', 1, '停电了', 'closed', 'ordinary', 1, 'phone', '2026-11-23T01:00:00.000000Z', 1"
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0006")
        connection.execute(text("INSERT INTO units (code, name, kind) VALUES ('33', '省', 'province')"))
        values = "1, 'phone', '', '', 'a', '2026-11-23T01:00:00.000000Z'"
        connection.execute(text(f"INSERT INTO contacts (id, channel, phone_digest, customer_number, actor, received_at) VALUES ({values})"))
        names = "number, contact_id, text, state, level, queue_rank, channel, received_at, version"
        connection.execute(text(f"INSERT INTO tickets ({names}) VALUES ({ticket})"))
    engine.dispose()
    path = saved(opened(old), instance)
    assert verify(path).revision == "0006"
    brought_back(path, empty_url, tmp_path / "new")
    new = opened(empty_url)
    assert new.value(text("SELECT text FROM tickets")) == "停电了"
    assert new.check_words().is_whole
    assert new.rows(text("SELECT * FROM report_jobs")) == []  # a table of the later schema


def test_a_source_that_was_written_to_meanwhile_is_not_left_behind(lived, database, tmp_path):
    with database.connect() as connection:
        other = Store(connection, SECRET)

        def tell(words: str) -> None:
            if "users" in words:  # the tables of the middle are being copied
                receive(contact("停电了"), predict=Says(prediction()), rules=other.rules(), store=other, now=NOW, actor="agent")

        with pytest.raises(Conflict, match="先停止服务"):
            move_to(f"sqlite:///{tmp_path / 'new.db'}", store=lived, open_as=AS_STORE, tell=tell)
    assert not list(tmp_path.glob("*new.db*"))


@pytest.mark.postgres
def test_a_row_that_postgresql_does_not_take_is_named_without_what_it_says(tmp_path, filled_sqlite, postgres_url):
    url = engines.fresh_sqlite_database(filled_sqlite, tmp_path)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        raw.execute("UPDATE units SET kind = ? WHERE code = '33'", ["欧阳小美" * 20])
    raw.close()
    target = engines.fresh_postgres_database(postgres_url, template="template0")
    database = Database(url)
    with database.connect() as connection, pytest.raises(InvalidInput, match=r"COPY units, line \d+, column kind") as error:
        move_to(target, store=Store(connection, SECRET), open_as=AS_STORE)
    database.dispose()
    assert "欧阳" not in str(error.value)
    assert tables_of(target) == []


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://a/b", "sqlite://", "postgresql+psycopg://nobody@127.0.0.1:1/none"],
    ids=["no address", "another engine", "in memory", "nobody there"],
)
def test_an_address_that_cannot_be_used_is_said(lived, url):
    with pytest.raises(InvalidInput, match=r"数据库|SQLite"):
        move_to(url, store=lived, open_as=AS_STORE)
