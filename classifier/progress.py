"""Tells a person at the terminal how far a long piece of work is, on standard error."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
QUIET_SECONDS = 2.0


class Quiet:
    """Says nothing; what libraries and tests use."""

    def say(self, line: str) -> None:
        """Nothing."""

    def each(self, items: Iterable[Item], name: str, total: int | None = None) -> Iterable[Item]:
        """The items as they are."""
        return items

    @contextlib.contextmanager
    def count(self, name: str, total: int | None = None, done: int = 0) -> Iterator[Callable[[int], object]]:
        """What to call with the number of rows that are done since the last call; so many of `total` were `done` before."""
        yield lambda rows: None

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """The block as it is."""
        yield


class Spoken(Quiet):
    """Speaks on standard error: a line a stage with its seconds, a bar on a terminal or when it takes over 2 s."""

    def say(self, line: str) -> None:
        """Write one line."""
        print(line, file=sys.stderr, flush=True)

    def each(self, items: Iterable[Item], name: str, total: int | None = None) -> Iterable[Item]:
        """The items, with a bar that counts them."""
        bar: Iterable[Item] = _bar(name, total, iterable=items)
        return bar

    @contextlib.contextmanager
    def count(self, name: str, total: int | None = None, done: int = 0) -> Iterator[Callable[[int], object]]:
        """The same with a bar: rows, rate, and the time that is left if the total is known."""
        with _bar(name, total, initial=done, unit=" rows", unit_scale=True) as bar:
            yield bar.update

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Write the name of the stage and its seconds when it is done."""
        start = time.perf_counter()
        yield
        self.say(f"{name}: {time.perf_counter() - start:.1f} s")


def _bar(name: str, total: int | None, **options: Any) -> Any:
    terminal = sys.stderr.isatty()
    delay, interval = (0.0, 0.2) if terminal else (QUIET_SECONDS, 5.0)
    return tqdm(desc=name, total=total, delay=delay, mininterval=interval, file=sys.stderr, leave=False, **({"unit": ""} | options))
