"""Who may import whom, where SQL may stand and how, and that time is an argument: read from the source, nothing is run."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PARTS = {"triage", "classifier", "routes"}
NEVER_IMPORTS = {
    "triage": {"flask", "flask_wtf", "werkzeug", "jieba", "rjieba", "sklearn", "onnxruntime", "classifier", "routes", "wsgi"},
    "classifier": {"flask", "flask_wtf", "werkzeug", "sqlalchemy", "sqlite3", "sqlite_utils", "psycopg", "alembic", "triage", "routes", "wsgi"},
    "routes": {"sqlalchemy", "sqlite3", "sqlite_utils", "psycopg", "alembic", "sklearn", "onnxruntime", "jieba", "rjieba", "classifier", "wsgi"},
    "tables.py": {*PARTS, "wsgi", "flask", "sqlalchemy", "sklearn", "jieba"},
}
# wsgi.py joins the parts; tests and benchmarks look at all of them; set-up runs before any of them is there.
MAY_JOIN = {"wsgi.py", "tests", "benchmarks", "scripts"}
NOT_OURS = {".venv", "node_modules", ".git", "instance", "build"}
CLOCKS = {f"datetime.{kind}.{call}" for kind, calls in (("datetime", ("now", "utcnow", "today")), ("date", ("today",))) for call in calls}
CLOCKS |= {"time.time", "time.time_ns"}
SQL = re.compile(
    r"\bSELECT\b.+?\bFROM\b|\bINSERT\s+(OR\s+\w+\s+)?INTO\b|\bUPDATE\b\s+\S+\s+SET\b|\bDELETE\s+FROM\b|\b(CREATE|ALTER|DROP)\s+(TABLE|INDEX|VIEW)\b",
    re.DOTALL,
)
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")


def imports(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """Give the full name of everything that a module imports, also inside of functions and by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and called(node).rpartition(".")[2] in ("import_module", "__import__"):
            yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def called(call: ast.Call) -> str:
    """Give the dotted name of what is called, or nothing where it is not that plain."""
    parts, node = [], call.func
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else ""


def names_of_imports(tree: ast.AST) -> dict[str, str]:
    """Give what each imported name stands for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {(alias.asname or alias.name): alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {(alias.asname or alias.name): f"{node.module}.{alias.name}" for alias in node.names}
    return names


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give every text of a module that is no docstring, with its line."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def forbidden_imports(path: Path, tree: ast.AST) -> Iterator[str]:
    """Say which imports the place of a file does not allow."""
    place = path.parts[0]
    found = list(imports(tree, path.with_suffix("").parts[:-1]))
    for name in found:
        if name.partition(".")[0] in NEVER_IMPORTS.get(place, ()):
            yield f"{path}: {place} never imports {name}"
    joined = {name.partition(".")[0] for name in found} & PARTS
    if place not in MAY_JOIN and "classifier" in joined and len(joined) > 1:
        yield f"{path}: only wsgi.py joins {' and '.join(sorted(joined))}"


def sql_in_routes(path: Path, tree: ast.AST) -> Iterator[str]:
    """Say where a way in holds SQL: all of it is in triage/."""
    if path.parts[0] in ("routes", "classifier"):
        yield from (f"{path}:{line}: SQL belongs in triage/" for line, text in strings(tree) if SQL.search(text))


# These put the SQL of figures together from the declared sources of facts; all that comes from outside is a parameter there too (test_rollups.py).
# The benchmark's copies are of whole tables, by their names.
COMPOSED = (
    *(Path("triage/store") / name for name in ("facts.py", "rollups.py", "folding.py", "demand.py", "surveys.py")),
    Path("benchmarks/copies.py"),
)


def sql_put_together(path: Path, tree: ast.AST) -> Iterator[str]:
    """Say where SQL is put together from values: they are parameters; only constants of the module may be joined in."""
    if path.parts[0] == "tests" or "migrations" in path.parts or path in COMPOSED:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
            values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            is_put_together = any(not (isinstance(value, ast.Name) and CONSTANT.fullmatch(value.id)) for value in values)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            text, is_put_together = next((t for _, t in strings(node.left)), ""), True
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            text, is_put_together = next((t for _, t in strings(node.func.value)), ""), True
        else:
            continue
        if is_put_together and SQL.search(text):
            yield f"{path}:{node.lineno}: a value is a parameter of SQL, not a part of its text"


def clocks_read(path: Path, tree: ast.AST) -> Iterator[str]:
    """Say where the domain asks a clock: time is an argument."""
    if path.parts[0] != "triage":
        return
    names = names_of_imports(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := called(node)):
            first, dot, rest = name.partition(".")
            if f"{names.get(first, first)}{dot}{rest}" in CLOCKS:
                yield f"{path}:{node.lineno}: {name}() in triage/: time is an argument"


CHINESE = re.compile("[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
# What these look for in people's own words is no wording of ours.
RECOGNISERS = {"attention.py", "calendar.py", "masking.py", "metrics.py", "rules.py", "search.py", "similarity.py"}
MATCHED = {("outage_drafts.py", "，,、；;|\r\t"), ("outage_drafts.py", "停电"), ("reference.py", "停电")}


def chinese_in_code(path: Path, tree: ast.AST) -> Iterator[str]:
    """Say where code holds what people read: it says it in English, and the catalogue in Chinese (triage/wording.py); templates are free."""
    if path.parts[0] not in ("triage", "routes", "wsgi.py") or path.name in RECOGNISERS or "entities" in path.parts:
        return
    shown = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in shown
        if is_text and CHINESE.search(node.value) and (path.name, node.value) not in MATCHED:
            yield f"{path}:{node.lineno}: Chinese belongs in the catalogue: say(...)"


RULES: tuple[Callable[[Path, ast.AST], Iterator[str]], ...] = (forbidden_imports, sql_in_routes, sql_put_together, clocks_read, chinese_in_code)


def breaches(root: Path, rule: Callable[[Path, ast.AST], Iterator[str]]) -> list[str]:
    """Apply a rule to every file of a tree."""
    paths = [path.relative_to(root) for path in sorted(root.rglob("*.py"))]
    ours = [path for path in paths if not NOT_OURS & set(path.parts)]
    return [breach for path in ours for breach in rule(path, ast.parse((root / path).read_text(encoding="utf-8")))]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule):
    assert breaches(ROOT, rule) == []


def test_the_parts_are_where_the_rules_look():
    assert [name for name in NEVER_IMPORTS if not (ROOT / name).exists()] == []


BAD = [
    ("triage/a.py", "import flask", forbidden_imports),
    ("triage/a.py", "def f():\n    from sklearn.svm import SVC", forbidden_imports),
    ("triage/store/a.py", "from ..routes import app\nfrom ...routes import app", forbidden_imports),
    ("triage/a.py", "import importlib\nimportlib.import_module('classifier.model')", forbidden_imports),
    ("classifier/a.py", "import sqlite3", forbidden_imports),
    ("classifier/a.py", "from triage.terms import Role", forbidden_imports),
    ("routes/web/a.py", "import sqlalchemy as sa", forbidden_imports),
    ("routes/a.py", "import jieba.analyse", forbidden_imports),
    ("tables.py", "from triage import terms", forbidden_imports),
    ("another.py", "import classifier\nimport routes", forbidden_imports),
    ("deploy/a.py", "from classifier import model\nfrom triage import terms", forbidden_imports),
    ("routes/a.py", "ROWS = 'SELECT number\\nFROM tickets'", sql_in_routes),
    ("routes/a.py", "store.run('DELETE FROM tickets')", sql_in_routes),
    ("triage/a.py", "f'SELECT * FROM tickets WHERE number = {number}'", sql_put_together),
    ("triage/a.py", "f'SELECT * FROM {table.name}'", sql_put_together),
    ("triage/a.py", "'SELECT * FROM tickets WHERE number = ' + number", sql_put_together),
    ("triage/a.py", "'UPDATE tickets SET state = %s' % state", sql_put_together),
    ("triage/a.py", "'INSERT INTO tickets VALUES ({})'.format(number)", sql_put_together),
    ("triage/a.py", "from datetime import datetime\ndatetime.now()", clocks_read),
    ("triage/a.py", "import datetime as d\nd.datetime.utcnow()", clocks_read),
    ("triage/a.py", "from datetime import date as day\nday.today()", clocks_read),
    ("triage/a.py", "from time import time as t\nt()", clocks_read),
    ("routes/web/a.py", "raise NotFound('没有这张工单')", chinese_in_code),
    ("triage/a.py", "f'已派给{name}'", chinese_in_code),
]
GOOD = [
    ("wsgi.py", "import classifier\nimport routes\nimport triage", forbidden_imports),
    ("tests/test_a.py", "import classifier\nimport triage", forbidden_imports),
    ("routes/a.py", "import tables\nfrom triage.terms import Role", forbidden_imports),
    ("routes/a.py", "'''Select what the user reads from the list.'''\nLABEL = 'please select one'", sql_in_routes),
    ("triage/a.py", "COLUMNS = 'number, topic'\nQUEUE = f'SELECT {COLUMNS} FROM tickets'", sql_put_together),
    ("triage/a.py", "'SELECT number FROM tickets WHERE number = :number'", sql_put_together),
    ("triage/a.py", "def f(now, store):\n    return store.now()", clocks_read),
    ("routes/a.py", "from datetime import UTC, datetime\ndatetime.now(UTC)", clocks_read),
    ("triage/a.py", "'''Dispatch (派单).'''\nraise NotFound(say('No such ticket'))", chinese_in_code),
    (".venv/lib/a.py", "import flask\nimport triage\nimport classifier", forbidden_imports),
]


def written(root: Path, name: str, source: str) -> Path:
    (root / name).parent.mkdir(parents=True)
    (root / name).write_text(source, encoding="utf-8")
    return root


@pytest.mark.parametrize(("name", "source", "rule"), BAD, ids=[f"{rule.__name__}-{n}" for n, (_, _, rule) in enumerate(BAD)])
def test_a_breach_is_found(tmp_path, name, source, rule):
    assert breaches(written(tmp_path / "tree", name, source), rule)


@pytest.mark.parametrize(("name", "source", "rule"), GOOD, ids=[f"{rule.__name__}-{n}" for n, (_, _, rule) in enumerate(GOOD)])
def test_what_is_allowed_passes(tmp_path, name, source, rule):
    assert breaches(written(tmp_path / "tree", name, source), rule) == []
