"""Classifies a whole table in blocks, on this machine's cores or on a Dask cluster, with the same output either way."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed, parallel_config

import tables
from classifier.columns import added_cells, added_columns, free_names
from classifier.errors import SchedulerUnavailable
from classifier.model import Model, ModelFiles, load_model, read_model
from classifier.progress import Quiet

ROWS_AT_ONCE = 256
BLOCKS_A_WORKER = 4

Cells = list[list[str]]
Run = Callable[[Sequence[Sequence[str]]], Iterable[Cells]]


@dataclass(frozen=True)
class FromFolder:
    """A model that a worker on this machine opens from its folder."""

    folder: Path
    version: str

    def open(self) -> Model:
        """The model."""
        return load_model(self.folder)


class FromFiles:
    """A model that travels to workers on other machines, which have no such folder."""

    def __init__(self, files: ModelFiles) -> None:
        self.files = files
        self.version = files.manifest.version

    def open(self) -> Model:
        """The model."""
        return self.files.open()

    def __hash__(self) -> int:
        return hash(self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FromFiles) and other.files.manifest == self.files.manifest


def classify_table(
    table: tables.Table,
    text: str,
    out: Path,
    folder: Path,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Quiet | None = None,
) -> int:
    """Write all rows of a table with the answers beside them, and give the number of rows.

    `text` is the column to read, `folder` the model's. Rows are read and written in blocks, so the table may be
    longer than memory. Raises `ModelError`, `TableError`, `SchedulerUnavailable`.
    """
    files = read_model(folder)
    added = added_columns(files.manifest)
    names = list(free_names(added, table.columns).values())
    rows = (progress or Quiet()).each(table, "classifying")
    count = 0
    with (
        _workers(files, folder, jobs, scheduler) as (run, workers),
        tables.open_writer(out, [*table.columns, *names]) as writer,
    ):
        for window in _blocks(rows, ROWS_AT_ONCE * BLOCKS_A_WORKER * workers):
            blocks = list(_blocks(window, ROWS_AT_ONCE))
            answers = run([[row.values[text] for row in block] for block in blocks])
            for row, cells in zip(window, (cells for block in answers for cells in block), strict=True):
                writer.write(row.values | dict(zip(names, cells, strict=True)))
            count += len(window)
    return count


@contextlib.contextmanager
def _workers(files: ModelFiles, folder: Path, jobs: int, scheduler: str | None) -> Iterator[tuple[Run, int]]:
    """How to run blocks of texts, and on how many workers."""
    if scheduler is not None:
        with _cluster(files, scheduler) as running:
            yield running
    elif jobs == 1:
        model = files.open()
        yield lambda blocks: (_cells(model, texts) for texts in blocks), 1
    else:
        source = FromFolder(folder.resolve(), files.manifest.version)
        with Parallel(n_jobs=jobs) as parallel:
            yield _runner(parallel, source), max(1, parallel._effective_n_jobs())


@contextlib.contextmanager
def _cluster(files: ModelFiles, scheduler: str) -> Iterator[tuple[Run, int]]:
    try:
        from distributed import Client
    except ImportError as error:
        raise SchedulerUnavailable("--scheduler needs Dask; install it with: pip install dask distributed") from error
    try:
        client = Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise SchedulerUnavailable(f"{scheduler}: no Dask scheduler answers there ({type(error).__name__})") from error
    with client:
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not workers:
            raise SchedulerUnavailable(f"{scheduler}: it has no workers; start some with: dask worker {scheduler}")
        source = FromFiles(files)
        # Scattered, the model travels once to each worker instead of with every block.
        with parallel_config(backend="dask", client=client, scatter=[source]), Parallel() as parallel:
            yield _runner(parallel, source), workers


def _runner(parallel: Any, source: FromFolder | FromFiles) -> Run:
    def run(blocks: Sequence[Sequence[str]]) -> Iterable[Cells]:
        answers: Iterable[Cells] = parallel(delayed(classify_block)(source, texts) for texts in blocks)
        return answers

    return run


def classify_block(source: FromFolder | FromFiles, texts: Sequence[str]) -> Cells:
    """The added cells for a block of texts; what a worker runs."""
    return _cells(_opened(source), texts)


@lru_cache(maxsize=1)
def _opened(source: FromFolder | FromFiles) -> Model:
    return source.open()


def _cells(model: Model, texts: Sequence[str]) -> Cells:
    return [added_cells(model.manifest, answer) for answer in model.predict(texts, explain=False)]


def _blocks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while block := list(islice(iterator, size)):
        yield block
