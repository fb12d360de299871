"""A backup's file (备份文件): a tar of parts, of which the last but one says what there is and the last the digest of that.

Tables lie in it as lines (`triage/store/copying.py`), a few megabytes a part, so that neither writing nor reading holds more than a part in
memory. Nothing is unpacked by any name in the file: a part is a block of a table, the secret, or a file of a model.
"""

import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from triage.errors import InvalidInput, Problem
from triage.store.copying import Contents, Shape
from triage.wording import say

FORMAT = 1
PART_SIZE = 4 << 20
MANIFEST, MANIFEST_DIGEST = "manifest.json", "manifest.sha256"
MODES = {".tar": "w", ".gz": "w:gz", ".tgz": "w:gz"}
NAME = re.compile(r"tables/[a-z_0-9]+/\d{6}\.ndjson|instance/(?:secret|models(?:/[\w][\w.-]*){1,6})")
BROKEN = (tarfile.TarError, EOFError, zlib.error, UnicodeDecodeError, ValueError)


@dataclass(frozen=True)
class Part:
    """A piece of the file: name, length in bytes, SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, of which moment and schema, and where the audit trail stood."""

    version: str
    revision: str
    engine: str
    made_at: str
    last_entry: dict[str, Any] | None
    tables: tuple[Contents, ...] = ()
    parts: tuple[Part, ...] = ()
    format: int = field(default=FORMAT)

    @property
    def rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(one.rows for one in self.tables)


class Archive:
    """A backup that is being written into an open file."""

    def __init__(self, file: IO[bytes], mode: str, moment: float) -> None:
        """Begin it; `moment` is what the parts are dated."""
        self.parts: list[Part] = []
        self._tar = tarfile.open(fileobj=file, mode=mode, **({"compresslevel": 3} if mode == "w:gz" else {}))  # type: ignore[call-overload]  # noqa: SIM115
        self._moment = moment

    def add(self, name: str, data: bytes) -> None:
        """Write a part."""
        self._write(name, data)
        self.parts.append(Part(name, len(data), hashlib.sha256(data).hexdigest()))

    def add_table(self, shape: Shape, lines: Iterable[str]) -> None:
        """Write a table's lines, some megabytes a part."""
        waiting, number = io.BytesIO(), 0
        for line in lines:
            waiting.write(line.encode() + b"\n")
            if waiting.tell() >= PART_SIZE:
                number += 1
                self.add(f"tables/{shape.name}/{number:06d}.ndjson", waiting.getvalue())
                waiting = io.BytesIO()
        if waiting.tell():
            self.add(f"tables/{shape.name}/{number + 1:06d}.ndjson", waiting.getvalue())

    def close(self, manifest: Manifest) -> None:
        """Write what there is, and end the file."""
        data = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
        self._write(MANIFEST, data)
        self._write(MANIFEST_DIGEST, hashlib.sha256(data).hexdigest().encode())
        self._tar.close()

    def _write(self, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = len(data), 0o600, int(self._moment)
        self._tar.addfile(entry, io.BytesIO(data))
        self._tar.members = []  # tarfile remembers every part that it wrote


def parts_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Go through the parts of a backup in their order, one in memory at a time.

    Raises:
        InvalidInput: the file cannot be read, is cut off or no backup.
    """
    try:
        with tarfile.open(path, "r|*") as tar:
            for entry in tar:
                data = tar.extractfile(entry) if entry.isfile() else None
                if data is None or not (entry.name in (MANIFEST, MANIFEST_DIGEST) or NAME.fullmatch(entry.name)):
                    raise damaged(path, say("part {name} does not belong there", name=entry.name[:100]))
                yield entry.name, data.read()
                tar.members = []  # type: ignore[attr-defined]  # as above
    except BROKEN as error:
        raise damaged(path, str(error)) from None
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from None


def verify(path: Path) -> Manifest:
    """Read a whole backup, compare every part with its sum, and give what it holds.

    Raises:
        InvalidInput: it is damaged, cut off, no backup, or of a later format.
    """
    found: dict[str, Part] = {}
    kept: dict[str, bytes] = {}
    for name, data in parts_of(path):
        if name in (MANIFEST, MANIFEST_DIGEST):
            kept[name] = data
        else:
            found[name] = Part(name, len(data), hashlib.sha256(data).hexdigest())
    if set(kept) != {MANIFEST, MANIFEST_DIGEST}:
        raise damaged(path, say("it has no end"))
    if hashlib.sha256(kept[MANIFEST]).hexdigest().encode() != kept[MANIFEST_DIGEST]:
        raise damaged(path, say("its list of contents was changed"))
    manifest = _read(path, kept[MANIFEST])
    wrong = [one.name for one in manifest.parts if found.get(one.name) != one] + sorted(set(found) - {one.name for one in manifest.parts})
    if wrong:
        raise damaged(path, say("{count} parts are not as they were written, the first is {name}", count=len(wrong), name=wrong[0]))
    return manifest


def _read(path: Path, data: bytes) -> Manifest:
    values = json.loads(data)
    if values.get("format") != FORMAT:
        text = say(
            "{path} is of format {format}, this version reads format {known}; update the product first",
            path=path,
            format=values.get("format"),
            known=FORMAT,
        )
        raise InvalidInput(Problem("FILE", text))
    tables = tuple(
        Contents(Shape(one["shape"]["name"], tuple((name, kind) for name, kind in one["shape"]["columns"])), one["rows"], one["digest"])
        for one in values["tables"]
    )
    return Manifest(**{**values, "tables": tables, "parts": tuple(Part(**one) for one in values["parts"])})


def damaged(path: Path, why: str) -> InvalidInput:
    """Make the error of a file that cannot be trusted."""
    return InvalidInput(Problem("FILE", say("{path} is no whole backup ({why}); nothing was changed, use another copy", path=path, why=why)))
