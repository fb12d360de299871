"""Rows in and out of CSV, TSV, NDJSON and XLSX files, one row at a time and with errors that name the place."""

import codecs
import contextlib
import csv
import io
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Protocol

from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

BLOCK = 1 << 20
MEMORY_FOR_STDIN = 16 << 20
FORMATS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".xlsx": "xlsx"}
DELIMITERS = {"csv": ",", "tsv": "\t"}
SURROGATES = "replace"  # half a surrogate pair, which JSON may hold and no file can, becomes a question mark
XLSX_ROWS = 1_048_576
XLSX_CHARACTERS = 32_767

# The csv module refuses cells over 131,072 characters, one petition with its whole correspondence may be longer.
csv.field_size_limit(2**31 - 1)


class TableError(Exception):
    """A table that cannot be read or written; the message names the place and how to mend it."""

    code = "table"


class UnknownFormat(TableError):
    """The file's name does not say which format it has."""

    code = "table_format"


class UnreadableTable(TableError):
    """The file is missing, damaged, or not in the format or encoding that it claims."""

    code = "table_unreadable"


class MissingColumn(TableError):
    """An asked column is not in the header, or is there twice."""

    code = "table_column"


class BadRow(TableError):
    """One row cannot be read."""

    code = "table_row"


class UnwritableTable(TableError):
    """A row does not fit into the format, or the place cannot be written."""

    code = "table_unwritable"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts it (the header is row 1; in NDJSON the line), and its cells."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True)
class Table:
    """An open table: its columns in order, its rows, which can be gone through once, and how many they are if counted."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[Row]
    total: int | None = None

    def __iter__(self) -> Iterator[Row]:
        return self.rows


# The columns of a table, and what goes through its rows from the first one each time that it is called.
Readable = tuple[list[str], Callable[[], Iterator[Row]]]


@contextlib.contextmanager
def open_table(
    path: str | Path,
    *,
    need: Sequence[str] = (),
    kind: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    counted: bool = False,
) -> Iterator[Table]:
    """Open a table for reading; `-` is standard input.

    `need` names columns that must be there once; `kind` is csv, tsv, ndjson or xlsx where the name does not say it
    (standard input is CSV unless told). Text is UTF-8 with or without BOM, UTF-16 with BOM, else GB18030, unless
    `encoding` says otherwise. A table without any row and header has no columns. `counted` goes through all rows once
    before: their number is known then, and a row that cannot be read is found before long work begins. A text is read
    row by row, however long; a sheet is held in memory. Raises `TableError`.
    """
    name = "standard input" if str(path) == "-" else str(path)
    kind = kind or ("csv" if str(path) == "-" else _kind(Path(path)))
    with contextlib.ExitStack() as stack:
        binary = _open_binary(path, stack)
        if kind == "xlsx":
            columns, read = _read_xlsx(binary, name, sheet)
        else:
            text = io.TextIOWrapper(binary, _encoding(binary, name, encoding), newline="")
            stack.callback(text.detach)
            columns, read = _read_ndjson(text, name) if kind == "ndjson" else _read_csv(text, name, DELIMITERS[kind])
        _require(need, columns, name)
        total = sum(1 for _ in read()) if counted else None
        yield Table(name, tuple(_distinct(columns)), read(), total)


def read_rows(path: str | Path, *, need: Sequence[str] = (), **options: Any) -> Iterator[Row]:
    """Go through the rows of a table, see `open_table`; the file is closed at the end."""
    with open_table(path, need=need, **options) as table:
        yield from table


def _kind(path: Path) -> str:
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise UnknownFormat(f"{path}: the name must end in one of {', '.join(FORMATS)}") from None


def _open_binary(path: str | Path, stack: contextlib.ExitStack) -> IO[bytes]:
    """A seekable stream; standard input is spooled, because its encoding shows only at the end."""
    if str(path) == "-":
        spool: IO[bytes] = stack.enter_context(tempfile.SpooledTemporaryFile(MEMORY_FOR_STDIN))  # noqa: SIM115
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.seek(0)
        return spool
    try:
        return stack.enter_context(open(path, "rb"))
    except OSError as error:
        raise UnreadableTable(f"{path}: cannot be read ({error.strerror})") from error


def _encoding(stream: IO[bytes], name: str, said: str | None) -> str:
    """The encoding of a text, found by decoding all of it: Excel in China writes GB18030, everybody else UTF-8."""
    if said is not None:
        if not _decodes(stream, said):
            raise UnreadableTable(f"{name}: not in the encoding {said!r}; leave --encoding out to have it found")
        return said
    start = stream.read(3)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        stream.seek(0)
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(stream, encoding):
            return encoding
    raise UnreadableTable(f"{name}: neither UTF-8 nor GB18030; save it as UTF-8 or say which --encoding it has")


def _decodes(stream: IO[bytes], encoding: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise UnreadableTable(f"there is no encoding {encoding!r}; write one like utf-8 or gb18030") from None
    stream.seek(0)
    try:
        while block := stream.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True


def _require(need: Sequence[str], columns: Sequence[str], name: str) -> None:
    for column in need:
        if column not in columns:
            there = ", ".join(columns) or "none, the table is empty"
            raise MissingColumn(f"{name}: no column {column!r}; the columns are: {there}")
        if columns.count(column) > 1:
            times = columns.count(column)
            raise MissingColumn(f"{name}: column {column!r} stands {times} times in the header; rename all but one")


def _distinct(columns: Sequence[str]) -> list[str]:
    """Names that are all different: a repeated one gets its place behind it, an empty one becomes `column N`."""
    seen: dict[str, None] = {}
    taken = set(columns)
    for place, column in enumerate(columns, start=1):
        name = column or f"column {place}"
        while name in seen or (name != column and name in taken):
            name = f"{name} ({place})"
        seen[name] = None
    return list(seen)


class _CsvRecords:
    """The records of a CSV text, from the first one each time; a cell may hold line breaks, so it knows the line too."""

    def __init__(self, text: IO[str], name: str, delimiter: str) -> None:
        self._text, self._name, self._delimiter = text, name, delimiter

    def __call__(self) -> Iterator[list[str]]:
        self._text.seek(0)
        # Strict, because a forgotten quote otherwise swallows the rest of the file without a word.
        self._reader = csv.reader(self._text, delimiter=self._delimiter, strict=True)
        number = 0
        while True:
            number += 1
            try:
                record = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise BadRow(f"{self._name}: {self.place(number)}: {error}; check the quotes there") from error
            yield record

    def place(self, number: int) -> str:
        """Where the record is that was read last."""
        line = self._reader.line_num
        return f"row {number}" if line == number else f"row {number} (line {line})"


def _read_csv(text: IO[str], name: str, delimiter: str) -> Readable:
    records = _CsvRecords(text, name, delimiter)
    return _with_header(records, name, records.place)


def _place(number: int) -> str:
    return f"row {number}"


def _with_header(records: Callable[[], Iterator[list[str]]], name: str, place: Callable[[int], str] = _place) -> Readable:
    above, header = 0, list[str]()
    for above, record in enumerate(records(), start=1):  # noqa: B007 - the rows go on counting from here
        if any(record):
            header = [cell.strip() for cell in record]
            break
    columns = _distinct(header)
    return header, lambda: _rows(islice(records(), above, None), above, columns, name, place)


def _rows(records: Iterator[list[str]], header_row: int, columns: list[str], name: str, place: Callable[[int], str]) -> Iterator[Row]:
    for number, record in enumerate(records, start=header_row + 1):
        if not record:
            continue
        if len(record) < len(columns) or any(record[len(columns) :]):
            raise BadRow(f"{name}: {place(number)} has {len(record)} cells, the header {len(columns)}; check the quotes")
        yield Row(number, dict(zip(columns, record, strict=False)))


def _read_ndjson(text: IO[str], name: str) -> Readable:
    """Columns are the keys of all lines, so the file is gone through twice; a key that a line lacks is empty."""
    columns: dict[str, None] = {}
    for _, line in _json_lines(text, name):
        columns.update(dict.fromkeys(line))
    return list(columns), lambda: (Row(number, {key: _cell(line.get(key)) for key in columns}) for number, line in _json_lines(text, name))


def _json_lines(text: IO[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    text.seek(0)
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise BadRow(f"{name}: line {number} is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise BadRow(f'{name}: line {number} is not a JSON object; each line must be one, like {{"text": "…"}}')
        yield number, value


def _read_xlsx(binary: IO[bytes], name: str, sheet: str | None) -> Readable:
    try:
        book = CalamineWorkbook.from_filelike(binary)
    except CalamineError as error:
        raise UnreadableTable(f"{name}: not an Excel workbook ({error})") from error
    if sheet is not None and sheet not in book.sheet_names:
        raise UnreadableTable(f"{name}: no sheet {sheet!r}; the sheets are: {', '.join(book.sheet_names)}")
    page = book.get_sheet_by_name(sheet) if sheet is not None else book.get_sheet_by_index(0)

    def records() -> Iterator[list[str]]:
        cells = ([_cell(value) for value in record] for record in page.iter_rows())
        return (record if any(record) else [] for record in cells)

    return _with_header(records, name)


def _cell(value: object) -> str:
    """The text of a cell: whole numbers without `.0` (an account number is no measurement), nested values as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)


class Writer(Protocol):
    """What `open_writer` gives: `write` takes one row, a column that it lacks stays empty."""

    def write(self, values: Mapping[str, str]) -> None:
        """Append one row."""


@contextlib.contextmanager
def open_writer(path: str | Path, columns: Sequence[str]) -> Iterator[Writer]:
    """Write a table of these columns; the name's ending says the format (CSV and NDJSON in UTF-8 without BOM).

    Rows go to a neighbouring temporary file, which takes the place of `path` only when the block ends without an error:
    nobody ever sees half a file. XLSX cells are written as text, so that one that starts with = + - @ is no formula.
    """
    target = Path(path)
    kind = check_target(target)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with _xlsx_writer(beside, target, list(columns)) if kind == "xlsx" else _text_writer(beside, kind, columns) as opened:
            yield opened
        beside.replace(target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        beside.unlink(missing_ok=True)


def check_target(path: Path) -> str:
    """The format in which a table is written to this place. Raises `UnknownFormat`, `UnwritableTable` if it is no file."""
    kind = _kind(path)
    if path.exists() and not path.is_file():
        raise UnwritableTable(f"{path}: not a file")
    return kind


def cannot_write(path: Path, error: OSError) -> UnwritableTable:
    """What to say of an error of the system while writing a table."""
    return UnwritableTable(f"{path}: cannot be written ({error.strerror or error})")


class Growing:
    """Writes a table of text behind what an open file holds already, the header if that is nothing.

    `file` is open for appending, `kind` csv, tsv or ndjson: a sheet cannot be cut back and written on.
    """

    def __init__(self, file: IO[bytes], kind: str, columns: Sequence[str]) -> None:
        self._file = file
        self._text = io.TextIOWrapper(file, "utf-8", SURROGATES, newline="")
        self._rows = _text_rows(self._text, kind, columns, header=not file.tell())

    def write(self, values: Mapping[str, str]) -> None:
        """Append one row."""
        self._rows.write(values)

    def save(self) -> int:
        """Bring all rows to the disk, and give the length of the file in bytes."""
        self._text.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the file, too."""
        self._text.close()


@contextlib.contextmanager
def _text_writer(path: Path, kind: str, columns: Sequence[str]) -> Iterator[Writer]:
    with path.open("x", encoding="utf-8", errors=SURROGATES, newline="") as file:
        yield _text_rows(file, kind, columns, header=True)


def _text_rows(file: IO[str], kind: str, columns: Sequence[str], *, header: bool) -> Writer:
    if kind == "ndjson":
        return _JsonRows(file, columns)
    rows = _CsvRows(csv.writer(file, delimiter=DELIMITERS[kind]), columns)
    if header:
        rows.write(dict(zip(columns, columns, strict=True)))
    return rows


class _CsvRows:
    def __init__(self, out: Any, columns: Sequence[str]) -> None:
        self.out = out
        self.columns = columns

    def write(self, values: Mapping[str, str]) -> None:
        self.out.writerow([values.get(column, "") for column in self.columns])


class _JsonRows:
    def __init__(self, file: IO[str], columns: Sequence[str]) -> None:
        self.file = file
        self.columns = columns

    def write(self, values: Mapping[str, str]) -> None:
        row = {column: values.get(column, "") for column in self.columns}
        self.file.write(json.dumps(row, ensure_ascii=False) + "\n")


@contextlib.contextmanager
def _xlsx_writer(path: Path, target: Path, columns: list[str]) -> Iterator[Writer]:
    path.touch(exist_ok=False)  # xlsxwriter says only at its end that the place cannot be written
    book = Workbook(str(path), {"constant_memory": True, "use_zip64": True})
    rows = _XlsxRows(book.add_worksheet(), target, columns)
    rows.write(dict(zip(columns, columns, strict=True)))
    try:
        yield rows
    finally:
        book.close()


class _XlsxRows:
    def __init__(self, sheet: Worksheet, target: Path, columns: list[str]) -> None:
        self.sheet = sheet
        self.target = target
        self.columns = columns
        self.number = 0

    def write(self, values: Mapping[str, str]) -> None:
        self.number += 1
        if self.number > XLSX_ROWS:
            raise UnwritableTable(f"{self.target}: a sheet holds {XLSX_ROWS:,} rows; write CSV instead")
        for place, column in enumerate(self.columns):
            value = values.get(column, "").encode("utf-8", SURROGATES).decode()
            if len(value) > XLSX_CHARACTERS:
                raise UnwritableTable(
                    f"{self.target}: row {self.number}, column {column!r}: a cell holds {XLSX_CHARACTERS:,} letters, "
                    f"this text has {len(value):,}; write CSV instead"
                )
            self.sheet.write_string(self.number - 1, place, value)
