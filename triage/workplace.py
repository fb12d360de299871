"""What a ticket's page puts first: the move that is most likely next, and which clocks stand still."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from triage.clocks import Pause
from triage.moves import Move
from triage.rules import Rules
from triage.terms import State
from triage.tickets import Demand, Ticket, TimedStep, limit_of

# What somebody waits for comes before the ticket's own way.
ANSWERS = ("co_reply", "answer_chase", "inform")


def likely_move(moves: Sequence[Move], ticket: Ticket) -> Move | None:
    """Give the move that the user will most likely make next; None where nothing has to be done.

    A ticket that nobody has accepted is accepted first; then a request is decided or a question answered; then what ends the step that is due
    next; else the first that moves the ticket on.
    """
    main = [move for move in moves if move.is_main and not move.undoes]
    accepting = [move for move in main if move.code == "accept"]
    waited = [move for move in main if (move.settles and move.grants) or move.code in ANSWERS]
    due = [move for move in main if ticket.next_step in move.ends]
    onward = [move for move in main if move.target not in (None, State.RETURNED)]
    return next(iter([*accepting, *waited, *due, *onward, *main]), None)


def running_pause(pauses: Iterable[Pause], at: datetime) -> Pause | None:
    """Give the pause that is going on at a moment."""
    return next((one for one in pauses if one.ended_at is None and one.started_at <= at and (one.until_at is None or at < one.until_at)), None)


def stand_still(ticket: Ticket, steps: Iterable[TimedStep], demand: Demand, rules: Rules, at: datetime) -> frozenset[int]:
    """Give the steps (by id) whose clocks stand still at a moment: open, of a kind that the pause stops, and of a limit that may be paused."""
    pause = running_pause(demand.pauses, at) if ticket.is_paused(at) else None
    kind = rules.pause_kinds.get(pause.kind) if pause else None
    if kind is None:
        return frozenset()
    stopped = (step for step in steps if step.is_open and step.step in kind.steps)
    return frozenset(step.id for step in stopped if (limit := limit_of(step.step, demand, rules, step.started_at)) and limit.is_pausable)
