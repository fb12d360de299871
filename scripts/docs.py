"""Write docs/reference.md from the code: commands, routes, settings, error codes, moves; `make check` fails where it has fallen behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from routes.errors import STATUS
from triage.errors import TriageError
from triage.moves import MOVES
from triage.settings import SETTINGS
from wsgi import create_app

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference.md"
HEAD = """# Reference 参考

Written from the code by `python -m scripts.docs`; do not edit by hand.
"""


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Make a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines)


def commands(group: click.Group, prefix: str = "flask") -> Iterator[tuple[str, str]]:
    """Give every command of ours with the first line of its help."""
    for name in sorted(group.commands):
        command = group.commands[name]
        if prefix == "flask" and name in ("run", "shell", "routes"):
            continue
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"`{prefix} {name}`", (command.help or "").split("\n\n")[0]


def errors(kind: type[TriageError]) -> Iterator[type[TriageError]]:
    """Give an error and all below it."""
    yield kind
    for below in kind.__subclasses__():
        yield from errors(below)


def status_of_kind(kind: type[TriageError]) -> int:
    """Give the status of the nearest class in the table."""
    return next(STATUS[above] for above in kind.__mro__ if above in STATUS)


def reference() -> str:
    """Give the whole page."""
    app = create_app()
    routes: dict[str, list[str]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        routes.setdefault(rule.rule, []).append(f"{', '.join(methods)} `{rule.endpoint}`")
    moves = (
        (
            f"`{m.code}` {m.label}",
            "、".join(s.label for s in m.sources) if len(m.sources) < 6 else "任何未结束的状态",
            m.target.label if m.target else "不变",
            "、".join(r.label for r in m.roles),
            ", ".join(m.needs) or "–",
        )
        for m in MOVES
    )
    failures = ((f"`{e.code}`", str(status_of_kind(e)), (e.__doc__ or "").split("\n")[0]) for e in errors(TriageError))
    parts = [
        HEAD,
        "## Commands 命令\n\n" + table(("command", "what it does"), iter(commands(app.cli))),
        "## Settings 设置\n\n" + table(("variable", "default", "what for"), ((f"`{s.name}`", f"`{s.default}`", s.help) for s in SETTINGS)),
        "## Routes 路由\n\n" + table(("route", "methods and endpoints"), ((f"`{rule}`", "; ".join(ways)) for rule, ways in routes.items())),
        "## Error codes 错误码\n\n" + table(("code", "HTTP status", "what it means"), failures),
        "## Moves 操作\n\n" + table(("move", "from", "to", "who", "needs"), moves),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(REFERENCE.read_text(encoding="utf-8") != reference())
    REFERENCE.write_text(reference(), encoding="utf-8")
