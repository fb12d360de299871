"""Classifies a whole table in blocks, on this machine's cores or on a Dask cluster, with the same output either way."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed, parallel_config

import tables
from classifier.columns import MOST_CANDIDATES, added_cells, added_columns, free_names
from classifier.errors import SchedulerUnavailable
from classifier.journal import SECONDS_AT_RISK, Block, open_output
from classifier.manifest import FULL
from classifier.model import Model, ModelFiles, load_model, read_model
from classifier.progress import Quiet

# A model answers a whole block at once, and in the last digits its sums depend on the neighbours: blocks begin at the same
# rows in every run, also in one that goes on after a kill, so that the bytes are the same.
ROWS_AT_ONCE = 256
BLOCKS_A_WORKER = 32  # while one window is written the workers wait for the next: few windows, little waiting

# Answers are written while others are still worked on; a window is small, so all of it is handed out at once.
AS_THEY_COME = {"return_as": "generator", "pre_dispatch": "all", "batch_size": 1}

_opening = threading.Lock()  # the threads of one worker share the model, and wait for the first of them to open it

Cells = list[list[str]]
Run = Callable[[Sequence[Sequence[str]]], Iterable[Cells]]


@dataclass(frozen=True)
class FromFolder:
    """A model that a worker on this machine opens from its folder; the worker ends with the process that called it."""

    folder: Path
    version: str
    fast: bool
    caller: int

    def open(self) -> Model:
        """The model."""
        if os.getpid() != self.caller:
            threading.Thread(target=_end_with, args=(self.caller,), daemon=True).start()
        return load_model(self.folder, fast=self.fast)


def _end_with(caller: int) -> None:
    """End this worker when its caller is gone: one that was killed cannot say so, and joblib waits for five minutes."""
    while os.getppid() == caller:
        time.sleep(1.0)
    os._exit(1)


class FromFiles:
    """A model that travels to workers on other machines, which have no such folder."""

    def __init__(self, files: ModelFiles, fast: bool) -> None:
        self.files = files
        self.fast = fast
        self.version = files.manifest.version

    def open(self) -> Model:
        """The model."""
        return self.files.open(fast=self.fast)

    def __hash__(self) -> int:
        return hash((self.version, self.fast))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FromFiles) and (other.files.manifest, other.fast) == (self.files.manifest, self.fast)


@dataclass(frozen=True)
class Workers:
    """How to run blocks of texts, on how many workers, and which way they answer (fast or full)."""

    run: Run
    count: int
    way: str


def classify_table(
    table: tables.Table,
    text: str,
    out: Path,
    folder: Path,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    fast: bool = False,
    restart: bool = False,
    seconds_at_risk: float = SECONDS_AT_RISK,
    progress: Quiet | None = None,
) -> int:
    """Write all rows of a table with the answers beside them, and give the number of rows.

    `text` is the column to read, `folder` the model's; `fast` leaves the encoder out. Rows are read and written in blocks, so the table may be
    longer than memory. What an earlier call left unfinished is gone on with, unless `restart` gives it up (see `open_output`); every
    `seconds_at_risk` what is done is saved. Raises `ModelError`, `TableError`, `SchedulerUnavailable`, `OutputRefused`.
    """
    tables.check_target(out)
    files, progress = read_model(folder), progress or Quiet()
    names = list(free_names(added_columns(files.manifest), table.columns).values())
    columns = [*table.columns, *names]
    with _workers(files, folder, jobs, scheduler, fast) as workers:
        if not fast and workers.way != files.manifest.best:
            progress.say("without the sentence encoder, which is not installed")
        made_with = {"model": files.manifest.version, "way": workers.way, "text column": text, "columns": columns}
        with open_output(out, columns, made_with, restart=restart, seconds_at_risk=seconds_at_risk, progress=progress) as output:
            blocks = _blocks(table, ROWS_AT_ONCE)
            output.go_behind(blocks, table.name)
            if output.rows:
                progress.say(f"going on after the first {output.rows:,} rows, which are done")
            with progress.count("classifying", table.total, output.rows) as advance:
                for block, answers in _answered(blocks, workers, text):
                    output.write(block, _written(block, answers, names))
                    advance(len(block))
    return output.rows


def _answered(blocks: Iterator[Block], workers: Workers, text: str) -> Iterator[tuple[Block, Cells]]:
    """Each block with its added cells, in order; while the workers are busy with one window, the next one is read."""
    size = BLOCKS_A_WORKER * workers.count
    window, trouble = _window(blocks, size)
    while window:
        answers = workers.run([[row.values[text] for row in block] for block in window])
        following: list[Block] = []
        if not trouble:
            following, trouble = _window(blocks, size)
        yield from zip(window, answers, strict=True)
        window = following
    if trouble:
        raise trouble


def _window(blocks: Iterator[Block], size: int) -> tuple[list[Block], tables.TableError | None]:
    """The next blocks, at most `size`, and the error behind the last of them, which must wait until what was read before is written."""
    window: list[Block] = []
    try:
        window.extend(islice(blocks, size))
    except tables.TableError as error:
        return window, error
    return window, None


def _written(block: Block, answers: Cells, names: Sequence[str]) -> Iterator[Mapping[str, str]]:
    for row, cells in zip(block, answers, strict=True):
        yield row.values | dict(zip(names, cells, strict=True))


@contextlib.contextmanager
def _workers(files: ModelFiles, folder: Path, jobs: int, scheduler: str | None, fast: bool) -> Iterator[Workers]:
    if scheduler is not None:
        with _cluster(files, scheduler, fast) as running:
            yield running
    elif jobs == 1:
        model = files.open(fast=fast)
        yield Workers(lambda blocks: (_cells(model, texts) for texts in blocks), 1, model.way)
    else:
        source = FromFolder(folder.resolve(), files.manifest.version, fast, os.getpid())
        with Parallel(n_jobs=jobs, **AS_THEY_COME) as parallel:
            yield _side_by_side(parallel, source, max(1, parallel._effective_n_jobs()))


@contextlib.contextmanager
def _cluster(files: ModelFiles, scheduler: str, fast: bool) -> Iterator[Workers]:
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
        source = FromFiles(files, fast)
        # Scattered, the model travels once to each worker instead of with every block.
        with parallel_config(backend="dask", client=client, scatter=[source]), Parallel(**AS_THEY_COME) as parallel:
            yield _side_by_side(parallel, source, workers)


def _side_by_side(parallel: Any, source: FromFolder | FromFiles, count: int) -> Workers:
    (way,) = parallel([delayed(way_of)(source)])

    def run(blocks: Sequence[Sequence[str]]) -> Iterable[Cells]:
        answers: Iterable[Cells] = parallel(delayed(classify_block)(source, way, texts) for texts in blocks)
        return answers

    return Workers(run, count, way)


def way_of(source: FromFolder | FromFiles) -> str:
    """Which way a worker answers: without the encoder's packages it is the fast one."""
    return _opened(source).way


def classify_block(source: FromFolder | FromFiles, way: str, texts: Sequence[str]) -> Cells:
    """The added cells for a block of texts; what a worker runs. Raises `SchedulerUnavailable` if it cannot answer this way."""
    model = _opened(source)
    if model.way != way:
        where = "this worker" if way == FULL else "the first worker"
        raise SchedulerUnavailable(f"{where} lacks the sentence encoder that others have; install it there, or leave it out with --fast")
    return _cells(model, texts)


def _opened(source: FromFolder | FromFiles) -> Model:
    with _opening:
        return _open(source)


@lru_cache(maxsize=1)
def _open(source: FromFolder | FromFiles) -> Model:
    return source.open()


def _cells(model: Model, texts: Sequence[str]) -> Cells:
    return [added_cells(model.manifest, answer) for answer in model.predict(texts, explain=False, most=MOST_CANDIDATES)]


def _blocks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while block := list(islice(iterator, size)):
        yield block
