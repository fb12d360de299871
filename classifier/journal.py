"""Keeps what a long table has got so far, with a journal beside it, so that a command that was killed goes on from there."""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import tables
from classifier.errors import OutputRefused
from classifier.progress import Quiet

PART = ".part"
SECONDS_AT_RISK = 1.0  # so much work is done twice after a kill, at most one block more
ANEW = "or add --restart to begin anew"

Block = Sequence[tables.Row]


@dataclass(frozen=True)
class Journal:
    """How far the part is: what it is made with, how many rows are in it and in how many bytes, and which rows these were.

    `fingerprint` is the SHA-256 of all cells of these rows. It stands for the input, whose end may be mended meanwhile.
    """

    made_with: Mapping[str, Any]
    rows: int = 0
    bytes: int = 0
    fingerprint: str = ""


class Output:
    """A table that begins at its first row, whatever happened before, since its format cannot be cut back (XLSX)."""

    rows = 0

    def __init__(self, writer: tables.Writer) -> None:
        self._writer = writer

    def go_behind(self, blocks: Iterator[Block], name: str) -> None:
        """Nothing is done yet."""

    def write(self, block: Block, written: Iterable[Mapping[str, str]]) -> None:
        """Append what is written of a block of rows."""
        for row in written:
            self._writer.write(row)
        self.rows += len(block)


class Unfinished(Output):
    """A table that grows in its part, and is saved about every second at the end of a block."""

    def __init__(self, part: Path, writer: tables.Growing, kept: Journal, seconds_at_risk: float) -> None:
        super().__init__(writer)
        self.kept = kept
        self.rows = kept.rows
        self._part, self._growing, self._seconds_at_risk = part, writer, seconds_at_risk
        self._read = hashlib.sha256()
        self._saved_at = time.monotonic()

    def go_behind(self, blocks: Iterator[Block], name: str) -> None:
        """Leave out the blocks that are done. Raises `OutputRefused` if they are not what the part was made from."""
        seen = 0
        while seen < self.rows and (block := next(blocks, None)):
            self._note(block)
            seen += len(block)
        if self.rows and (seen, self._read.hexdigest()) != (self.rows, self.kept.fingerprint):
            raise OutputRefused(f"{self._part}: its {self.rows:,} rows were made from other rows than {name} begins with; name another --out, {ANEW}")

    def write(self, block: Block, written: Iterable[Mapping[str, str]]) -> None:
        """Append what is written of a block of rows, and save it if the last time is long ago."""
        super().write(block, written)
        self._note(block)
        if time.monotonic() - self._saved_at >= self._seconds_at_risk:
            self.save()

    def save(self) -> None:
        """Bring all that is written to the disk, and only then say so in the journal."""
        self.kept = Journal(self.kept.made_with, self.rows, self._growing.save(), self._read.hexdigest())
        put_journal(self._part, self.kept)
        self._saved_at = time.monotonic()

    def _note(self, block: Block) -> None:
        self._read.update(json.dumps([list(row.values.values()) for row in block]).encode())


@contextlib.contextmanager
def open_output(
    out: Path,
    columns: Sequence[str],
    made_with: Mapping[str, Any],
    *,
    restart: bool = False,
    seconds_at_risk: float = SECONDS_AT_RISK,
    progress: Quiet | None = None,
) -> Iterator[Output]:
    """A table to write block by block, which takes its place when the `with` block ends without an error.

    Until then CSV, TSV and NDJSON grow in `OUT.part`, with the journal `OUT.part.json`. An error or a kill leaves both,
    and the next call goes on behind the rows that were saved: `rows` says how many, `go_behind` leaves them out. It
    raises `OutputRefused` when the part was made with something else, or is not ours, unless `restart` gives it up;
    and when another process is writing it. Raises `TableError`.
    """
    kind = tables.check_target(out)
    if kind == "xlsx":
        with tables.open_writer(out, columns) as writer:
            yield Output(writer)
        return
    part = out.with_name(out.name + PART)
    try:
        with _locked(part) as file:
            kept = Journal(made_with) if restart else _kept(part, file, made_with)
            put_journal(part, kept)
            file.seek(file.truncate(kept.bytes))
            with contextlib.closing(tables.Growing(file, kind, columns)) as growing:
                unfinished = Unfinished(part, growing, kept, seconds_at_risk)
                with _told(part, unfinished, progress or Quiet()):
                    yield unfinished
                    unfinished.save()
                    _finish(part, out)
    except OSError as error:
        raise tables.cannot_write(out, error) from error


@contextlib.contextmanager
def _told(part: Path, unfinished: Unfinished, progress: Quiet) -> Iterator[None]:
    """Say after an error what is left; a part without a saved row is no use to anybody."""
    try:
        yield
    except OutputRefused:
        raise
    except BaseException:
        if unfinished.kept.rows:
            progress.say(f"{unfinished.kept.rows:,} rows are kept in {part}; the same command goes on after them")
        else:
            part.unlink(missing_ok=True)
            _journal_of(part).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _locked(part: Path) -> Iterator[IO[bytes]]:
    """The part, open for appending, for this process alone; the lock ends with the process, however that ends."""
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.path.samestat(os.fstat(file.fileno()), part.stat())
        except (BlockingIOError, FileNotFoundError):
            ours = False
        if not ours:  # or it has just become the finished table
            raise OutputRefused(f"{part}: another command is writing it; wait for that, or name another --out")
        yield file


def _kept(part: Path, file: IO[bytes], made_with: Mapping[str, Any]) -> Journal:
    """The journal of a part, or a new one where nothing is kept."""
    length = os.fstat(file.fileno()).st_size
    if not length:  # a journal alone is what a kill after the last stroke leaves
        return Journal(made_with)
    kept = _read_journal(part)
    if not kept.rows:
        return Journal(made_with)
    if differs := [name for name in made_with if kept.made_with.get(name) != made_with[name]]:
        raise OutputRefused(f"{part}: its {kept.rows:,} rows were made with another {' and '.join(differs)}; repeat that command, {ANEW}")
    if length < kept.bytes:
        raise OutputRefused(f"{part}: shorter than its journal says, so it was damaged; add --restart to begin anew")
    return kept


def _read_journal(part: Path) -> Journal:
    path = _journal_of(part)
    if not path.exists():
        raise OutputRefused(f"{part}: there is no journal beside it; move it away, {ANEW}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Journal(dict(content["made_with"]), int(content["rows"]), int(content["bytes"]), str(content["fingerprint"]))
    except (ValueError, KeyError, TypeError) as error:
        raise OutputRefused(f"{path}: not a journal of flask classify; move it away, {ANEW}") from error


def put_journal(part: Path, journal: Journal) -> None:
    """Write a journal at one stroke, on the disk when this returns."""
    path = _journal_of(part)
    fresh = path.with_name(path.name + ".tmp")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(journal), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _sync_folder(path.parent)


def _finish(part: Path, out: Path) -> None:
    """Give the part its name; the journal goes last, since one that stands alone does no harm."""
    part.replace(out)
    _sync_folder(out.parent)
    _journal_of(part).unlink()


def _journal_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _sync_folder(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
