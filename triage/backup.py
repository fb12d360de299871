"""The backup (备份): one file with everything that an instance needs to live again, read at one moment while others go on writing.

It holds personal data, the secret of digests and sessions, and the models: only its owner may read it.
"""

import os
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from triage import exports
from triage.archive import MODES, Archive, Manifest
from triage.errors import InvalidInput, NotMigrated, Problem
from triage.moments import in_shanghai
from triage.settings import ROOT
from triage.store.copying import Contents, Shape, Tally
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

Tell = Callable[[str], None]


def product_version() -> str:
    """Give the product's version."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def back_up(
    path: Path, *, store: "Store", instance: Path, now: datetime, actor: str, replaces: bool = False, tell: Tell = lambda words: None
) -> Manifest:
    """Write a backup; it appears whole or not at all, readable by its owner only, and not before the trail says who took it.

    Args:
        path: the file, `.tar`, `.tar.gz` or `.tgz`; `replaces` says whether one that is there may be replaced.
        instance: the folder with the secret and the models.
        tell: is told in words how far it is.

    Raises:
        InvalidInput: the file's name is of another kind, it is there already, or its place cannot be written to.
        NotMigrated: there are no tables.
    """
    _check(path, replaces)
    with written_whole(path) as file:
        archive = Archive(file, MODES[path.suffix.lower()], now.timestamp())
        for place in files_of(instance):
            archive.add(f"instance/{place.relative_to(instance).as_posix()}", place.read_bytes())
        with store.snapshot():
            manifest = _begin(store, now)
            tables = tuple(_add_table(shape, store, archive, tell) for shape in store.shapes())
        manifest = replace(manifest, tables=tables, parts=tuple(archive.parts))
        archive.close(manifest)
        tickets = next((one.rows for one in tables if one.shape.name == "tickets"), 0)
        today = in_shanghai(now).date()
        exports.note(exports.Export(exports.BACKUP, path.suffix.lower().lstrip("."), "", today, today, tickets), actor=actor, store=store, now=now)
    return manifest


def files_of(instance: Path) -> list[Path]:
    """Give what lies in the instance's folder and must live on: the secret and the models; the database is read as tables."""
    models = instance / "models"
    inside = [place for place in sorted(models.rglob("*")) if not any(part.startswith(".") for part in place.relative_to(models).parts)]
    return [place for place in (instance / "secret", *inside) if place.is_file() and not place.is_symlink()]


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path` that only its owner may read and that takes the name when the block ends well.

    Raises:
        InvalidInput: the place cannot be written to, or is full.
    """
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise InvalidInput(
            Problem("FILE", say("Cannot write {path}: {reason}; nothing was left there", path=path, reason=error.strerror or error))
        ) from error
    finally:
        with suppress(OSError):
            fresh.unlink()


def _check(path: Path, replaces: bool) -> None:
    if path.suffix.lower() not in MODES or (path.suffix.lower() == ".gz" and not path.name.lower().endswith(".tar.gz")):
        raise InvalidInput(Problem("FILE", say("A backup is named .tar, .tar.gz or .tgz, not {name}", name=path.name)))
    if path.is_dir() or not path.parent.is_dir():
        raise InvalidInput(Problem("FILE", say("Cannot write to {path}; give a file name in an existing folder", path=path)))
    if path.exists() and not replaces:
        raise InvalidInput(Problem("FILE", say("File {path} already exists; add --force if you do mean to replace it", path=path)))


def _begin(store: "Store", now: datetime) -> Manifest:
    revision = store.revision()
    if revision is None:
        raise NotMigrated(say("The database has not been set up or has another version; an administrator must run flask migrate first"))
    last = store.last_entry()
    entry = {**last, "happened_at": last["happened_at"].isoformat()} if last else None
    return Manifest(product_version(), revision, store.connection.dialect.name, now.astimezone(UTC).isoformat(), entry)


def _add_table(shape: Shape, store: "Store", archive: Archive, tell: Tell) -> Contents:
    tally = Tally()
    archive.add_table(shape, tally.counted(store.lines(shape)))
    if tally.rows:
        tell(say("{table}: {rows} rows", table=shape.name, rows=tally.rows))
    return tally.contents(shape)
