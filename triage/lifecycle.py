"""The life of a ticket: which move is legal from which state for which role is one table, and one function carries a move out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, Problem
from triage.people import User, may_see
from triage.routing import EXTERNAL, team_unit
from triage.rules import Rules
from triage.terms import Finding, Role, Satisfaction, State, Step
from triage.texts import clean
from triage.tickets import Ticket

if TYPE_CHECKING:
    from triage.store import Store

S, R = State, Role
HANDLERS = (R.HANDLER, R.LEADER)
FIELDS = {
    "topic": "主题",
    "demand_type": "诉求类型",
    "unit_code": "供电单位",
    "reason": "原因",
    "note": "说明",
    "reply": "答复内容",
    "finding": "调查结论",
    "satisfaction": "回访评价",
    "owner": "责任主体",
}
CHOICES = {"finding": tuple(Finding), "satisfaction": tuple(Satisfaction)}
TEXTS = ("reason", "note", "reply", "owner")
MAX_TEXT = 4000


@dataclass(frozen=True)
class Move:
    """One row of the table.

    `sources` → `target` (None: the state stays); who may; the fields it needs and those it may carry; the clocks it ends,
    stops (void) and lets run on; the event that starts clocks; what must not be owed any more.
    """

    code: str
    label: str
    sources: tuple[State, ...]
    target: State | None
    roles: tuple[Role, ...]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ("note",)
    ends: tuple[Step, ...] = ()
    voids: tuple[Step, ...] = ()
    reopens: tuple[Step, ...] = ()
    event: str = ""
    not_owing: tuple[Step, ...] = ()
    owing: tuple[Step, ...] = ()
    decides: bool = False
    watched: bool = False


MOVES = (
    Move("dispatch", "派单", (S.PENDING_REVIEW, S.RETURNED), S.DISPATCHED, (R.DISPATCHER,), ("topic", "demand_type"), ("unit_code", "note"),
         ends=(Step.DISPATCH, Step.REDISPATCH), event="dispatched", decides=True),
    Move("reroute", "改派", (S.DISPATCHED,), S.DISPATCHED, (R.DISPATCHER,), ("topic", "demand_type", "reason"), ("unit_code",),
         voids=(Step.ACCEPT,), event="dispatched", decides=True),
    Move("acknowledge", "已阅", tuple(s for s in S if not s.is_end), None, (R.DISPATCHER,), watched=True),
    Move("accept", "接单", (S.DISPATCHED,), S.ACCEPTED, HANDLERS, ends=(Step.ACCEPT,), event="accepted"),
    Move("return", "退单", (S.DISPATCHED, S.ACCEPTED), S.RETURNED, HANDLERS, ("reason",), (), voids=(Step.ACCEPT,), event="returned"),
    Move("contact", "联系客户", (S.ACCEPTED,), S.CONTACTED, HANDLERS, ends=(Step.CONTACT,), event="contacted"),
    Move("arrive", "到达现场", (S.ACCEPTED, S.CONTACTED), S.ARRIVED, HANDLERS, ends=(Step.CONTACT, Step.ARRIVE),
         event="arrived", owing=(Step.ARRIVE,)),
    Move("resolve", "办结回单", (S.ACCEPTED, S.CONTACTED, S.ARRIVED), S.RESOLVED, HANDLERS, ("reply", "finding"), (), ends=(Step.RESOLVE,),
         event="resolved", not_owing=(Step.CONTACT, Step.ARRIVE)),
    Move("review", "审核通过", (S.RESOLVED,), S.REVIEWED, (R.DISPATCHER,), ends=(Step.REVIEW,), event="reviewed"),
    Move("send_back", "审核不通过", (S.RESOLVED,), S.ACCEPTED, (R.DISPATCHER,), ("reason",), (), voids=(Step.REVIEW,), reopens=(Step.RESOLVE,)),
    Move("callback", "回访", (S.REVIEWED,), S.CALLED_BACK, (R.AGENT,), ("satisfaction",), ends=(Step.CALLBACK,), event="called_back"),
    Move("close", "归档", (S.REVIEWED, S.CALLED_BACK), S.CLOSED, (R.AGENT, R.DISPATCHER), not_owing=(Step.CALLBACK,)),
    Move("answer", "办结即答", (S.PENDING_REVIEW, S.RETURNED), S.ANSWERED, (R.AGENT,), ("reply",), (),
         ends=(Step.CONTACT, Step.RESOLVE), voids=(Step.DISPATCH, Step.REDISPATCH, Step.ARRIVE)),
    Move("refer", "转告责任主体", (S.PENDING_REVIEW, S.RETURNED), S.REFERRED, (R.AGENT, R.DISPATCHER), ("owner",), ("reply", "note"),
         ends=(Step.CONTACT, Step.RESOLVE), voids=(Step.DISPATCH, Step.REDISPATCH, Step.ARRIVE)),
)  # fmt: skip
BY_CODE = {move.code: move for move in MOVES}


def legal_moves(ticket: Ticket, user: User, open_steps: frozenset[Step]) -> tuple[Move, ...]:
    """Give the moves that a user may make of a ticket now, in the table's order."""
    return tuple(m for m in MOVES if ticket.state in m.sources and user.role in m.roles and not _hindrance(m, ticket, open_steps))


def _hindrance(move: Move, ticket: Ticket, open_steps: frozenset[Step]) -> str:
    """Say what stands in the way of a move that its state allows, or nothing."""
    owed = [step.label for step in move.not_owing if step in open_steps]
    if owed:
        return f"请先完成：{'、'.join(owed)}"
    if move.owing and not any(step in open_steps for step in move.owing):
        return f"此工单不需要“{move.label}”"
    if move.watched and not ticket.is_watched:
        return "此工单不在派单员关注之列"
    return ""


def check(move_code: str, ticket: Ticket, user: User, open_steps: frozenset[Step]) -> Move:
    """Give the move if the user may make it of the ticket now.

    Raises:
        InvalidInput: there is no such move.
        Forbidden: the user's role never makes it.
        IllegalMove: the ticket's state, or a step still owed, does not allow it; says what is legal now.
    """
    move = BY_CODE.get(move_code)
    if move is None:
        raise InvalidInput(Problem("move", f"没有操作“{move_code}”，可用：{'、'.join(BY_CODE)}"))
    if user.role not in move.roles:
        raise Forbidden(f"“{move.label}”由{'、'.join(role.label for role in move.roles)}操作，您的角色是{user.role.label}")
    hindrance = _hindrance(move, ticket, open_steps) if ticket.state in move.sources else f"工单现为“{ticket.state.label}”"
    if hindrance:
        legal = legal_moves(ticket, user, open_steps)
        now = f"现在可以：{'、'.join(m.label for m in legal)}" if legal else "您现在没有可做的操作"
        raise IllegalMove(f"不能“{move.label}”：{hindrance}。{now}", tuple(m.code for m in legal))
    return move


def read_fields(move: Move, values: Mapping[str, str], rules: Rules) -> dict[str, str]:
    """Give the values that a move needs or takes, checked.

    Raises:
        InvalidInput: one is missing, too long or not among the choices; all problems at once.
    """
    fields = {name: clean(str(values.get(name) or "")).strip() for name in (*move.needs, *move.takes)}
    problems = [Problem(name, f"{FIELDS[name]}：必填，请补上") for name in move.needs if not fields[name]]
    for name, value in fields.items():
        allowed = {"topic": tuple(rules.topics), "demand_type": tuple(rules.demand_types)}.get(name, CHOICES.get(name))
        if value and allowed is not None and value not in allowed:
            problems.append(Problem(name, f"{FIELDS[name]}：没有“{value}”，请从列表中选择"))
        if len(value) > MAX_TEXT:
            problems.append(Problem(name, f"{FIELDS[name]}：最多 {MAX_TEXT} 个字"))
    if problems:
        raise InvalidInput(*problems)
    return fields


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

    Returns:
        The ticket as it stands after the move.

    Raises:
        NotFound, Forbidden, IllegalMove, InvalidInput: see `check` and `read_fields`.
        Conflict: somebody changed the ticket since the user read it.
    """
    with store.writing():
        ticket = store.ticket(number)
        if not may_see(user, ticket, store):
            raise Forbidden("这张工单不属于您的班组")
        if ticket.version != version:
            raise Conflict(f"工单已被他人更新（现为“{ticket.state.label}”，版本 {ticket.version}），请刷新后再操作")
        move = check(move_code, ticket, user, store.open_steps(number))
        fields = read_fields(move, values, rules)
        place = _place(move, fields, ticket, store, rules) if move.decides else None
        store.keep_move(ticket, move, fields, place, rules, now, user.username)
    return store.ticket(number)


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


def _place(move: Move, fields: Mapping[str, str], ticket: Ticket, store: "Store", rules: Rules) -> Place:
    lead = rules.lead(fields["demand_type"], fields["topic"])
    if lead.department == EXTERNAL:
        raise InvalidInput(Problem("topic", "非供电责任的工单请用“转告责任主体”，并写明责任主体"))
    unit = fields["unit_code"] or ticket.unit_code
    parents, teams = store.teams_and_parents()
    if not unit or unit not in parents:
        raise InvalidInput(Problem("unit_code", "供电单位：必填，请从单位表中选择"))
    team = team_unit(unit, lead.department, parents, teams)
    if team is None:
        raise InvalidInput(Problem("unit_code", f"该单位及其上级都没有{rules.departments[lead.department]}的班组，请改选单位或请管理员设置"))
    return Place(fields["topic"], fields["demand_type"], lead.department, unit, team, lead.is_confidential, lead.reason)
