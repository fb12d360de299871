"""The life of a ticket: one function carries a move out, after it is checked against the table of moves and how things stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from triage.attention import hear
from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, Problem
from triage.fields import read_fields
from triage.moments import in_shanghai
from triage.moves import BY_CODE, MOVES, Move
from triage.opinion import SecondOpinion, second_opinion
from triage.people import User, may_see
from triage.prediction import Predict
from triage.routing import EXTERNAL, team_unit
from triage.rules import Rules
from triage.standing import Standing, Undoable, hindrance
from triage.terms import State
from triage.tickets import CoHandling, Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store


def legal_moves(ticket: Ticket, user: User, standing: Standing, rules: Rules) -> tuple[Move, ...]:
    """Give the moves that a user may make of a ticket now, in the table's order."""
    possible = (move for move in MOVES if ticket.state in move.sources and user.role in move.roles)
    return tuple(move for move in possible if not hindrance(move, ticket, user, standing, rules))


def check(move_code: str, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> Move:
    """Give the move if the user may make it of the ticket now.

    Raises:
        InvalidInput: there is no such move.
        Forbidden: the user's role never makes it.
        IllegalMove: the ticket's state, a step still owed, or a rule does not allow it; says what is legal now.
    """
    move = BY_CODE.get(move_code)
    if move is None:
        raise InvalidInput(
            Problem("move", say("There is no action “{move}”; choose from {options}", move=move_code, options=say(", ").join(BY_CODE)))
        )
    if user.role not in move.roles:
        raise Forbidden(
            say(
                "“{move}” is done by {roles}; your role is {role}",
                move=move.label,
                roles=say(", ").join(role.label for role in move.roles),
                role=user.role.label,
            )
        )
    in_the_way = (
        hindrance(move, ticket, user, standing, rules)
        if ticket.state in move.sources
        else say("the ticket is now “{state}”", state=ticket.state.label)
    )
    if in_the_way:
        legal = legal_moves(ticket, user, standing, rules)
        now = say("You can now: {moves}", moves=say(", ").join(m.label for m in legal)) if legal else say("There is nothing you can do now")
        raise IllegalMove(say("Cannot “{move}”: {hindrance}. {now}", move=move.label, hindrance=in_the_way, now=now), tuple(m.code for m in legal))
    return move


def act(
    number: str,
    move_code: str,
    values: Mapping[str, str],
    *,
    user: User,
    version: int,
    store: "Store",
    rules: Rules,
    now: datetime,
    predict: Predict | None = None,
) -> Ticket:
    """Carry out a move: check it, end and start clocks, keep the state, the audit entry and its notes in one transaction.

    Args:
        number: the ticket's number.
        move_code: a move of the table.
        values: what the form, the API or the command sent with it.
        user: who makes it.
        version: the version of the ticket that the user saw.
        store: where everything is kept.
        rules: the reference data in force.
        now: the moment of the move.
        predict: what gives a second opinion on a ticket that is returned; None: none is asked for.

    Returns:
        The ticket as it stands after the move.

    Raises:
        NotFound, Forbidden, IllegalMove, InvalidInput: see `check` and `read_fields`.
        Conflict: somebody changed the ticket since the user read it; says who did what.
    """
    with store.writing():
        ticket = store.ticket(number)
        if not may_see(user, ticket, store):
            raise Forbidden(say("This ticket does not belong to your crew"))
        if ticket.version != version:
            raise Conflict(_what_changed(ticket, version, store))
        standing = store.standing(ticket, user, now)
        move = check(move_code, ticket, user, standing, rules)
        fields = read_fields(move, ticket, values, rules, now)
        store.keep_move(ticket, move, fields, _plan(move, fields, ticket, standing, store, rules, predict), rules, now, user.username)
    return store.ticket(number)


def _what_changed(ticket: Ticket, version: int, store: "Store") -> str:
    """Say who did what since the version that the user saw."""
    done = [
        f"{in_shanghai(entry['happened_at']):%m-%d %H:%M} {entry['actor']} {BY_CODE[entry['action']].label}"
        for entry in store.moves_since(ticket.number, version)
        if entry["action"] in BY_CODE
    ]
    said = say(": {done}", done=say("; ").join(done)) if done else ""
    return say(
        "The ticket has been updated by someone else{said} (it is now “{state}”, version {current}; you saw {seen}); refresh before you act",
        said=said,
        state=ticket.state.label,
        current=ticket.version,
        seen=version,
    )


@dataclass(frozen=True)
class Place:
    """Where a dispatcher sends a ticket."""

    topic: str
    demand_type: str
    department: str
    unit_code: str
    team_unit: str
    is_confidential: bool
    reason: str


@dataclass(frozen=True)
class Plan:
    """What a move needs to know beyond its fields: where to, who else, what the model thinks of it."""

    place: Place | None = None
    opinion: SecondOpinion | None = None
    co_unit: str = ""
    parent: Ticket | None = None
    mine: CoHandling | None = None
    heard: tuple[str, ...] = ()
    undoes: Undoable | None = None


def _plan(move: Move, fields: Mapping[str, str], ticket: Ticket, standing: Standing, store: "Store", rules: Rules, predict: Predict | None) -> Plan:
    """Find out what a move needs to know beyond its fields.

    Raises:
        InvalidInput: a field names what does not exist, or what cannot be.
    """
    if move.decides:
        return Plan(place=_place(fields, ticket, store, rules))
    if move.target is State.RETURNED and predict:
        return Plan(opinion=second_opinion(ticket, predict(ticket.text), rules))
    if move.code == "co_handle":
        return Plan(co_unit=_co_unit(fields["co_department"], ticket, store, rules))
    if move.code == "co_cancel":
        _check_helping(fields["co_department"], standing, rules)
    if move.code == "merge":
        return Plan(parent=_parent(fields["parent"], ticket, store))
    if move.undoes:
        return Plan(undoes=standing.undoable)
    if move.code == "supplement":
        return Plan(heard=tuple(rule for rule, _ in hear(fields["supplement"], rules.wordings) if rule in rules.attention))
    if move.code == "assign":
        store.check_assignment(ticket, fields["assignee"], fields["crew"])
    if move.code == "set_type":
        _check_handling(fields["demand_type"], ticket, rules)
    return Plan(mine=standing.mine)


def _place(fields: Mapping[str, str], ticket: Ticket, store: "Store", rules: Rules) -> Place:
    lead = rules.lead(fields["demand_type"], fields["topic"])
    if lead.department == EXTERNAL:
        raise InvalidInput(
            Problem("topic", say("For a ticket that is not the supplier's responsibility use “Refer to the responsible party” and name that party"))
        )
    unit = fields["unit_code"] or ticket.unit_code
    parents, teams = store.teams_and_parents()
    if not unit or unit not in parents:
        raise InvalidInput(Problem("unit_code", say("Supply unit: required; choose from the table of units")))
    team = team_unit(unit, lead.department, parents, teams)
    if team is None:
        raise InvalidInput(
            Problem(
                "unit_code",
                say(
                    "Neither this unit nor any unit above it has a {department} crew; choose another unit or ask the administrator to set one up",
                    department=rules.departments[lead.department],
                ),
            )
        )
    return Place(fields["topic"], fields["demand_type"], lead.department, unit, team, lead.is_confidential, lead.reason)


def _co_unit(department: str, ticket: Ticket, store: "Store", rules: Rules) -> str:
    """Give the unit whose team of the department helps: the ticket's own unit's, else its parent's."""
    if department == ticket.department:
        raise InvalidInput(Problem("co_department", say("Co-handling department: this is the lead department; choose another")))
    if department in {one.department for one in store.co_handlings_of(ticket.number) if one.is_open}:
        raise InvalidInput(
            Problem("co_department", say("Co-handling department: this department has already been asked and has not given feedback yet"))
        )
    parents, teams = store.teams_and_parents()
    unit = team_unit(ticket.unit_code or ticket.team_unit, department, parents, teams)
    if unit is None:
        raise InvalidInput(
            Problem(
                "co_department",
                say(
                    "Neither this unit nor any unit above it has a {department} crew; choose another department",
                    department=rules.departments[department],
                ),
            )
        )
    return unit


def _parent(number: str, ticket: Ticket, store: "Store") -> Ticket:
    """Give the ticket that another is merged into; one that was merged itself stands for its own parent."""
    parent = store.find_ticket(number)
    if parent is None:
        raise InvalidInput(Problem("parent", say("There is no ticket {number}; check the 16-digit ticket number", number=number)))
    if parent.parent_number:
        parent = store.ticket(parent.parent_number)
    if parent.number == ticket.number:
        raise InvalidInput(Problem("parent", say("A ticket cannot be merged into itself; enter another ticket")))
    if parent.state.is_end:
        raise InvalidInput(
            Problem(
                "parent", say("Ticket {number} is “{state}”; you can merge only into an open ticket", number=parent.number, state=parent.state.label)
            )
        )
    return parent


def _check_helping(department: str, standing: Standing, rules: Rules) -> None:
    """See that a department that is not to help any more is one that is asked."""
    asked = [one.department for one in standing.co_handlings]
    if department not in asked:
        raise InvalidInput(
            Problem(
                "co_department",
                say(
                    "Co-handling department: feedback is awaited from {departments}; choose one of these",
                    departments=say(", ").join(rules.departments.get(d, d) for d in asked),
                ),
            )
        )


def _check_handling(demand_type: str, ticket: Ticket, rules: Rules) -> None:
    """Keep a department from turning a ticket into a report or a fault: those go to others."""
    lead = rules.lead(demand_type, ticket.topic or "") if ticket.topic else None
    if lead is None or lead.department != ticket.department:
        raise InvalidInput(
            Problem(
                "demand_type",
                say("“{demand_type}” is for another department; return the ticket and say why", demand_type=rules.demand_types[demand_type]),
            )
        )
