"""Write docs/lifecycle.md from the table of moves: who may do what in which state, and what of the clocks; `--check` fails where it is old."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from triage.moves import BY_CODE, EVERY, FIELDS, MOVES, OPEN, Move
from triage.terms import State

LIFECYCLE = Path(__file__).resolve().parent.parent / "docs" / "lifecycle.md"
HEAD = """# Life of a ticket 工单流转

Written from `triage/moves.py` by `python -m scripts.lifecycle_docs`; do not edit by hand. What else can stand in the way of a move (a step still
owed, a request already open, a rule's limit) is in `triage/standing.py`, what is sent with it is checked in `triage/fields.py`."""
DIAGRAM = """## Diagram 流转图

Moves that change the state; what is done beside the way is in the table below."""
READING = """## Moves 操作

Clocks: *ends* 完成, *voids* 不再需要, *reopens* 继续计, *starts* 起算于; *pauses* 暂停 and *resumes* 恢复 the clocks. A move marked *lead* is for
the team that leads (主办), one marked *helps* for a team that was asked to help (协办). A ticket that *leaves* its department takes that department's
own clocks with it. A move that takes another one back (撤销) leaves everything *as before* that one: for `undo_seconds` (a minute), by whoever made
it, and only while nobody has done anything since."""


def table(head: tuple[str, ...], lines: Iterator[tuple[str, ...]]) -> str:
    """Make a Markdown table."""
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, tuple("---" for _ in head), *lines))


def states(move: Move) -> str:
    """Name the states from which a move is made."""
    if set(move.sources) == set(State):
        return "任何状态"
    return "任何未结束的状态" if move.sources == OPEN else "、".join(state.label for state in move.sources)


def target(move: Move) -> str:
    """Name the state that follows."""
    if move.undoes:
        return f"{BY_CODE[move.undoes].label}前的状态"
    return move.target.label if move.target else "不变"


def who(move: Move) -> str:
    """Name the roles, and which team's."""
    of = {"lead": "（lead）", "co": "（helps）"}.get(move.of, "")
    return "、".join(role.label for role in move.roles) + of


def fields(names: Sequence[str]) -> str:
    """Name fields."""
    return "、".join(FIELDS[name] for name in names) or "–"


def clocks(move: Move) -> str:
    """Say what a move does to the clocks."""
    said = [
        (f"{what} " + ("全部" if steps == EVERY else "、".join(step.label for step in steps)))
        for what, steps in (("ends", move.ends), ("voids", move.voids), ("reopens", move.reopens))
        if steps
    ]
    said += [f"starts `{event}`" for event in move.events]
    said += [f"as before `{move.undoes}`"] if move.undoes else []
    said += [word for word, holds in (("pauses", move.pauses), ("resumes", move.resumes), ("leaves", move.leaves)) if holds]
    return "; ".join(said) or "–"


def beside(move: Move) -> str:
    """Say what a move asks for or decides beside the way, and what must or must not be owed."""
    said = [f"asks {move.asks.label}"] if move.asks else []
    if move.settles:
        said.append(f"{'grants' if move.grants else 'refuses'} {move.settles.label}")
    said += [f"needs {step.label} owed" for step in move.owing] + [f"needs {step.label} done" for step in move.not_owing]
    return "; ".join(said) or "–"


def rows() -> Iterator[tuple[str, ...]]:
    """Give the table's lines."""
    for move in MOVES:
        yield f"`{move.code}` {move.label}", states(move), target(move), who(move), fields(move.needs), fields(move.takes), clocks(move), beside(move)


def arrows_of(move: Move) -> Iterator[tuple[State, State]]:
    """Give from where to where a move leads; what is taken back leads to where it came from."""
    ends = BY_CODE[move.undoes].sources if move.undoes else (move.target,) if move.target else ()
    return ((source, end) for source in move.sources for end in ends)


def diagram() -> str:
    """Draw the states and the moves between them."""
    lines = ["stateDiagram-v2", *(f"    {state.value}: {state.label} {state.value}" for state in State)]
    lines += ["    [*] --> pending_review: 受理，待派单员", "    [*] --> dispatched: 受理，自动派单", "    [*] --> answered: 受理，办结即答"]
    lines += ["    [*] --> referred: 受理，转告"]
    arrows: dict[tuple[str, str], list[str]] = {}
    for move in MOVES:
        for source, end in arrows_of(move):
            arrows.setdefault((source.value, end.value), []).append(move.label)
    lines += [f"    {source} --> {end}: {'、'.join(dict.fromkeys(labels))}" for (source, end), labels in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state in State if state.is_end]
    return "```mermaid\n" + "\n".join(lines) + "\n```"


def page() -> str:
    """Give the whole page."""
    head = ("move", "from", "to", "who", "needs", "may carry", "clocks", "beside the way")
    stages = table(("state", "name", "end"), ((f"`{state.value}`", state.label, "是" if state.is_end else "–") for state in State))
    return "\n\n".join([HEAD, DIAGRAM, diagram(), "## States 状态\n\n" + stages, READING, table(head, rows())]) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(LIFECYCLE.read_text(encoding="utf-8") != page())
    LIFECYCLE.write_text(page(), encoding="utf-8")
