"""Staging of a file to be imported: all of it is read, or none of it is taken."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlite_utils


class Staging:
    """The rows of a file in a database of its own, so that a file of any length is read to its end before the first row is taken."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Keep where it is; `columns` may have any names, so they stand under numbers."""
        self.columns = {name: f"c{number}" for number, name in enumerate(columns)}
        self.database = sqlite_utils.Database(path)

    def fill(self, rows: Iterable[tuple[int, Mapping[str, str]]]) -> int:
        """Put all rows in, by their numbers in the file, and give how many there are; an error while reading leaves nothing behind."""
        staged = ({"number": number, **{self.columns[name]: values.get(name, "") for name in self.columns}} for number, values in rows)
        self.database["rows"].insert_all(staged, pk="number", alter=True)  # type: ignore[union-attr]  # a table, not a view
        return self.database["rows"].count if self.database["rows"].exists() else 0

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Give the rows in the order of their numbers."""
        if self.database["rows"].exists():
            for row in self.database.query("SELECT * FROM rows ORDER BY number"):
                yield row["number"], {name: row[column] for name, column in self.columns.items()}


@contextmanager
def staging(columns: Sequence[str]) -> Iterator[Staging]:
    """Open a staging place for a block; it is gone afterwards, since it holds what customers said."""
    with TemporaryDirectory(prefix="triage-import-") as folder:
        place = Staging(Path(folder) / "staged.db", columns)
        try:
            yield place
        finally:
            place.database.close()
