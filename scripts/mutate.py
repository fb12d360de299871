"""Mutation run: change one thing of the clocks and the life cycle at a time, in a copy of the project, and see whether a test notices.

`python -m scripts.mutate --seed 1 --sample 200` prints each mutant that no test killed, as file:line and what was changed; `tests/mutations.md`
explains those that change nothing. Nothing of the checkout is edited: every mutant lives in a temporary copy.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import argon2  # noqa: F401 - here so that each mutant's process, a copy of this one, has it
import click
import hypothesis.stateful  # noqa: F401
import playwright.sync_api  # noqa: F401
import pydantic  # noqa: F401
import pytest
import sqlalchemy  # noqa: F401
import sqlite_utils  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
KEPT = (
    "triage",
    "tests",
    "data",
    "routes",
    "classifier",
    "scripts",
    "pyproject.toml",
    "tables.py",
    "wsgi.py",
    "docs",
    "gunicorn.conf.py",
    "README.md",
)
# Which tests should kill the mutants of a file: few and fast ones, without PostgreSQL.
CLOCKS = ("tests/triage/test_clocks.py", "tests/triage/test_calendar.py", "tests/triage/test_clock_oracle.py", "tests/triage/test_mutants.py")
LIFE = (
    "tests/triage/test_lifecycle.py",
    "tests/triage/test_mutants.py",
    "tests/triage/store/test_moves.py",
    "tests/triage/store/test_beside.py",
    "tests/triage/store/test_dispatching.py",
    "tests/triage/test_wishes.py",
)
TESTS = {
    "triage/clocks.py": CLOCKS,
    "triage/calendar.py": CLOCKS,
    "triage/moves.py": LIFE,
    "triage/standing.py": LIFE,
    "triage/fields.py": LIFE,
    "triage/tickets.py": LIFE,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
SIGNS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult}
# To make the demo organisation (and its passwords) takes longer than the tests of a mutant: it is made once in the copy, before anything is changed.
FILL = """from pathlib import Path
from tests import engines
from tests.triage.conftest import fill
from triage.migrate import migrate
fill(engines.fresh_sqlite_database(engines.make_sqlite_template(Path("template.db"), migrate), Path()))
Path("triage-1.db").rename("filled.db")"""
FILLED = """

@pytest.fixture(scope="session")
def filled_sqlite() -> Path:
    return Path(__file__).parent.parent.parent / "filled.db"
"""


@dataclass(frozen=True)
class Mutant:
    """One change of one file: where, what was there, what is there instead, and the whole text of the file with it."""

    file: str
    line: int
    was: str
    now: str
    text: str

    def __str__(self) -> str:
        """The mutant as the list of survivors has it."""
        return f"{self.file}:{self.line}  {self.was}  →  {self.now}"


Change = tuple[ast.AST, Callable[[], None], Callable[[], None]]


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Give every mutant of a file: each is the file with one change."""
    tree = ast.parse(source)
    for node, change, undo in list(_changes(tree)):
        shown = _shown(tree, node)
        was = ast.unparse(shown)
        change()
        now, text = ast.unparse(shown), ast.unparse(ast.fix_missing_locations(tree))
        undo()
        if was != now:
            yield Mutant(file, getattr(node, "lineno", 0), _short(was, now), _short(now, was), text)


def _short(text: str, other: str, around: int = 30) -> str:
    """Cut a text to where it differs from the other one."""
    text, other = " ".join(text.split()), " ".join(other.split())
    first = next((n for n, (one, two) in enumerate(zip(text, other, strict=False)) if one != two), min(len(text), len(other)))
    same = next((n for n, (one, two) in enumerate(zip(text[::-1], other[::-1], strict=False)) if one != two), 0)
    return text[max(0, first - around) : max(len(text) - same, first) + around]


def _shown(tree: ast.AST, node: ast.AST) -> ast.AST:
    """Give the smallest statement that a node stands in: what a person wants to read."""
    holding = [one for one in ast.walk(tree) if isinstance(one, (ast.stmt, ast.Call)) and any(node is below for below in ast.walk(one))]
    return min(holding, key=lambda one: sum(1 for _ in ast.walk(one)))


def _changes(tree: ast.AST) -> Iterator[Change]:
    """Give what can be changed: comparisons, signs, and/or, numbers, truths, tuples of terms, and what a guard says."""
    left_out = set(_left_out(tree))
    for node in ast.walk(tree):
        if node in left_out:
            continue
        match node:
            case ast.Compare(ops=[operator]) if type(operator) in COMPARISONS:
                yield _set(node, "ops", [COMPARISONS[type(operator)]()])
            case ast.Compare(ops=[first, second]):
                yield _set(node, "ops", [COMPARISONS[type(first)](), second])
                yield _set(node, "ops", [first, COMPARISONS[type(second)]()])
            case ast.BinOp(op=operator) if type(operator) in SIGNS:
                yield _set(node, "op", SIGNS[type(operator)]())
            case ast.BoolOp(op=operator):
                yield _set(node, "op", ast.Or() if isinstance(operator, ast.And) else ast.And())
            case ast.UnaryOp(op=ast.Not()):
                yield _set(node, "op", ast.UAdd())
            case ast.Constant(value=bool(value)):
                yield _set(node, "value", not value)
            case ast.Constant(value=int(value)):
                yield _set(node, "value", value + 1)
                yield _set(node, "value", value - 1)
            case ast.Tuple(elts=elements, ctx=ast.Load()) if elements and all(_is_term(one) for one in elements):
                for n in range(len(elements)):
                    yield _set(node, "elts", elements[:n] + elements[n + 1 :])
            case ast.FunctionDef(returns=ast.Name(id="str")):
                yield _set(node, "body", [ast.Return(ast.Constant(""))])
            case ast.IfExp(test=test):
                yield _set(node, "test", ast.UnaryOp(ast.Not(), test))


def _left_out(tree: ast.AST) -> Iterator[ast.AST]:
    """Give what no test is asked to notice: types, decorators, and what is unpacked name by name (`A, B = 1, 2`)."""
    for node in ast.walk(tree):
        named: list[ast.AST | None] = []
        match node:
            case ast.FunctionDef():
                named = [node.returns, *node.decorator_list]
            case ast.ClassDef():
                named = [*node.decorator_list]
            case ast.arg() | ast.AnnAssign():
                named = [node.annotation]
            case ast.Assign(targets=[ast.Tuple()], value=ast.Tuple()):
                yield node.value
            case ast.Subscript():
                named = [node.slice]
        for one in filter(None, named):
            yield from ast.walk(one)


def _is_term(node: ast.AST) -> bool:
    """Whether an element of a tuple is a state, a role, a step, a tuple of them put in, or a field's name."""
    inner = node.value if isinstance(node, ast.Starred) else node
    return isinstance(inner, (ast.Attribute, ast.Name)) or (isinstance(inner, ast.Constant) and isinstance(inner.value, str))


def _set(node: ast.AST, name: str, value: object) -> Change:
    was = getattr(node, name)
    return node, lambda: setattr(node, name, value), lambda: setattr(node, name, was)


class Copy:
    """A copy of the project in which mutants live one after the other; the tests' own databases are made anew in it by each run."""

    def __init__(self, folder: Path) -> None:
        """Copy what the tests need."""
        self.folder = folder
        for name in KEPT:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "corpus", "words", "screenshots"))
            elif source.exists():
                shutil.copy(source, folder / name)
        with (folder / "tests" / "triage" / "conftest.py").open("a", encoding="utf-8") as file:
            file.write(FILLED)
        subprocess.run([sys.executable, "-c", FILL], cwd=folder, check=True)

    def survives(self, mutant: Mutant, tests: Sequence[str], seconds: float) -> bool:
        """Say whether no test notices a mutant; one that hangs is noticed."""
        path = self.folder / mutant.file
        kept = path.read_text(encoding="utf-8")
        path.write_text(mutant.text, encoding="utf-8")
        try:
            return self.passes(tests, seconds)
        finally:
            path.write_text(kept, encoding="utf-8")

    def passes(self, tests: Sequence[str], seconds: float) -> bool:
        """Say whether the tests pass in time."""
        child = os.fork()
        if child == 0:
            self._run(tests)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status) == 0
            time.sleep(0.05)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return False

    def _run(self, tests: Sequence[str]) -> NoReturn:
        """Run the tests in a process that has the libraries already, and nothing of the project."""
        os.setsid()
        os.chdir(self.folder)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(quiet, stream)
        os.environ |= {"TRIAGE_ORACLE_CASES": "300"}
        sys.dont_write_bytecode = True
        sys.path[:] = [str(self.folder), *(path for path in sys.path if path not in ("", str(ROOT)))]
        for name in [name for name in sys.modules if name.partition(".")[0] in ("triage", "tests", "scripts", "routes", "classifier")]:
            del sys.modules[name]
        there = [test for test in tests if (self.folder / test).exists()]
        os._exit(int(pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-k", "not postgres and not slow", *there])))


def chosen(files: Sequence[str], sample: int, seed: int) -> list[Mutant]:
    """Give the mutants to run: all of the files, or so many drawn by the seed, in the order of the files."""
    everything = [mutant for file in files for mutant in mutants(file, (ROOT / file).read_text(encoding="utf-8"))]
    if 0 < sample < len(everything):
        kept = set(random.Random(seed).sample(range(len(everything)), sample))
        return [mutant for n, mutant in enumerate(everything) if n in kept]
    return everything


@click.command()
@click.option("--file", "files", multiple=True, help="A file to mutate; all of them where none is named.")
@click.option("--sample", default=0, help="How many mutants to draw; 0: all.")
@click.option("--seed", default=95598, help="What the mutants are drawn by.")
@click.option("--line", "lines", multiple=True, type=int, help="Only mutants of these lines.")
@click.option("--seconds", default=120.0, help="How long the tests of one mutant may take.")
def main(files: tuple[str, ...], sample: int, seed: int, lines: tuple[int, ...], seconds: float) -> None:
    """Run the mutants and print those that survived."""
    todo = [mutant for mutant in chosen(files or tuple(TESTS), sample, seed) if not lines or mutant.line in lines]
    click.echo(f"seed {seed}, {len(todo)} mutants")
    began, survivors = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="triage-mutants-") as folder:
        copy = Copy(Path(folder))
        for file in dict.fromkeys(mutant.file for mutant in todo):
            if not copy.passes(TESTS[file], seconds * 3):
                raise click.ClickException(f"the tests of {file} fail before anything is changed")
        for mutant in todo:
            if copy.survives(mutant, TESTS[mutant.file], seconds):
                survivors += 1
                click.echo(f"survived  {mutant}")
    click.echo(f"{len(todo)} mutants, {len(todo) - survivors} killed, {survivors} survived, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
