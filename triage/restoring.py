"""The restoration (恢复) of a backup into an empty instance: sums are checked before anything is written; the database is whole or empty."""

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from triage.archive import MANIFEST, MANIFEST_DIGEST, Manifest, parts_of, verify
from triage.backup import Tell, files_of, written_whole
from triage.errors import InvalidInput, Problem
from triage.moments import in_shanghai
from triage.moving import Settled, compare, settle
from triage.store.target import address_of, check_empty, knows, new_database, upgrade
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

FIELD, SECRET, INSTANCE = "FILE", "instance/secret", "instance/"
KEPT_SECRET = "secret-before-restore"


def restore(
    path: Path, *, url: str, instance: Path, open_as: Callable[..., "Store"], counts: bool = False, tell: Tell = lambda words: None
) -> tuple[Manifest, Settled]:
    """Bring a backup to life in an empty database and an instance's folder without models; give what was in it and what there is now.

    An older schema is brought up to this version's. A run that was cut off leaves an empty database and may simply be run again.

    Args:
        url: the database's address, of either engine, whichever the backup was made on.
        open_as: makes a store on a connection.
        counts: whether the figures are recounted at the end.

    Raises:
        InvalidInput: the file is damaged or of a later version; database or folder are not empty or cannot be written to.
        Conflict: what arrived differs from what the backup says.
    """
    address = address_of(url, "TRIAGE_DATABASE_URL")
    check_empty(address, "TRIAGE_DATABASE_URL")
    tell(say("checking the sums of {path}", path=path))
    manifest = verify(path)
    _check_instance(instance, manifest, url)
    with new_database(address, "TRIAGE_DATABASE_URL") as connection:
        if not knows(connection, manifest.revision):
            text = say(
                "{path} has schema {revision} of a later version ({version}); update the product first",
                path=path,
                revision=manifest.revision,
                version=manifest.version,
            )
            raise InvalidInput(Problem(FIELD, text))
        upgrade(connection, manifest.revision)
        target = open_as(connection)
        _check_shapes(manifest, target)
        _fill(path, manifest, target, instance, tell)
        compare(manifest.tables, target)
        upgrade(connection)
        settled = settle(target, tell, counts)
        _put_secret(path, instance)
    return manifest, settled


def _check_instance(instance: Path, manifest: Manifest, url: str) -> None:
    """Refuse a folder in which another instance lives: its models, secret or database would be lost."""
    parts = {one.name: one.sha256 for one in manifest.parts}
    for place in files_of(instance):
        name = f"{INSTANCE}{place.relative_to(instance).as_posix()}"
        if name != SECRET and parts.get(name) != hashlib.sha256(place.read_bytes()).hexdigest():
            raise InvalidInput(
                Problem(
                    "TRIAGE_INSTANCE",
                    say("{instance} holds another instance ({name}); set TRIAGE_INSTANCE to a new folder", instance=instance, name=place.name),
                )
            )
    embedded = instance / "triage.db"
    if embedded.exists() and make_url(url).database != str(embedded):
        check_empty(make_url(f"sqlite:///{embedded}"), "TRIAGE_INSTANCE")


def _check_shapes(manifest: Manifest, target: "Store") -> None:
    """Refuse a backup whose tables are not those of its own schema."""
    there = {shape.name: {name for name, _ in shape.columns} for shape in target.shapes()}
    given = {one.shape.name: {name for name, _ in one.shape.columns} for one in manifest.tables}
    if there != given:
        odd = sorted(name for name in there.keys() | given.keys() if there.get(name) != given.get(name))
        raise InvalidInput(Problem(FIELD, say("Tables differ from schema {revision}: {tables}", revision=manifest.revision, tables=", ".join(odd))))


def _fill(path: Path, manifest: Manifest, target: "Store", instance: Path, tell: Tell) -> None:
    """Write all tables, and the models; the secret comes last of all."""
    contents = {one.shape.name: one for one in manifest.tables}
    for folder, parts in groupby(parts_of(path), key=lambda part: part[0].rpartition("/")[0]):
        if folder.startswith("tables/"):
            one = contents[folder.removeprefix("tables/")]
            target.fill(one.shape, (line for _, data in parts for line in data.decode().split("\n")[:-1]))
            tell(say("{table}: {rows} rows", table=one.shape.name, rows=one.rows))
            continue
        for name, data in parts:
            if name not in (MANIFEST, MANIFEST_DIGEST, SECRET):
                _put(instance / name.removeprefix(INSTANCE), data)


def _put_secret(path: Path, instance: Path) -> None:
    """Put the secret into its place; the one that the command made for itself on its start is kept beside it."""
    for name, data in parts_of(path):
        if name != SECRET:
            continue
        place = instance / "secret"
        if place.exists() and place.read_bytes() != data:
            os.replace(place, instance / KEPT_SECRET)
        _put(place, data)
        return


def _put(place: Path, data: bytes) -> None:
    """Write a file that only its owner may read; it appears whole."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(place) as file:
            file.write(data)
    except OSError as error:
        raise InvalidInput(Problem("TRIAGE_INSTANCE", say("Cannot write to {path}: {reason}", path=place, reason=error.strerror or error))) from error


def lines_of(manifest: Manifest) -> Iterator[str]:
    """Say in words what a backup holds."""
    yield say(
        "made at {made_at} on {engine}, version {version}, schema {revision}",
        made_at=f"{in_shanghai(datetime.fromisoformat(manifest.made_at)):%Y-%m-%d %H:%M}",
        engine=manifest.engine,
        version=manifest.version,
        revision=manifest.revision,
    )
    counts = {one.shape.name: one.rows for one in manifest.tables}
    yield say(
        "{tickets} tickets, {audit} audit entries, {rows} rows in all",
        tickets=counts.get("tickets", 0),
        audit=counts.get("audit", 0),
        rows=manifest.rows,
    )
    if manifest.last_entry:
        last = manifest.last_entry
        yield say("last audit entry: ticket {number}, entry {seq}, {hash}", number=last["ticket_number"], seq=last["seq"], hash=last["hash"])
