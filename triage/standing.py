"""What a ticket's moves depend on beside its state, and what stands in the way of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from triage.moments import in_shanghai
from triage.moves import HANDLERS, WITH_DISPATCHER, Move
from triage.people import User
from triage.rules import ExtensionRule, Rules
from triage.terms import Asked, Finding, Role, Satisfaction, State, Step
from triage.tickets import CoHandling, Request, Ticket

CONTENT = (Satisfaction.VERY, Satisfaction.SATISFIED, Satisfaction.NEUTRAL)


@dataclass(frozen=True)
class Dispatched:
    """A dispatch after which nothing was done yet: by whom, when, from which state, and how the ticket stood before it.

    `spared` are the co-handlings that it made needless, since who was asked to help leads from then on.
    """

    by: str
    at: datetime
    state: State
    before: Mapping[str, str | bool | None]
    spared: tuple[int, ...] = ()


@dataclass(frozen=True)
class Standing:
    """How things stand with a ticket for one user at one moment.

    `dues` are the steps that the customer still waits for, with their deadlines; `asked` the open requests by kind; `appealed` whether an
    appeal was decided already; `dispatched` the dispatch that can be taken back; `co_handlings` those not answered yet; `leads` whether the
    user's team leads; `mine` what it was asked to help with.
    """

    now: datetime
    dues: Mapping[Step, datetime] = field(default_factory=dict)
    asked: Mapping[Asked, Request] = field(default_factory=dict)
    appealed: bool = False
    is_paused: bool = False
    co_handlings: tuple[CoHandling, ...] = ()
    leads: bool = True
    mine: CoHandling | None = None
    tried_at: datetime | None = None
    resolved_at: datetime | None = None
    claimed_by: str = ""
    is_reachable: bool = True
    dispatched: Dispatched | None = None


def hindrance(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    """Say what stands in the way of a move that its state and the user's role allow, or nothing.

    Sources: the design's "Steps and clocks"; the rows of `data/` that `rules` was read from.
    """
    for look in (_of_others, _owed, _asked, *filter(None, (GUARDS.get(move.code),))):
        said = look(move, ticket, user, standing, rules)
        if said:
            return said
    return ""


def _of_others(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    if move.watched and not ticket.is_watched:
        return "此工单不在派单员关注之列"
    if user.role is Role.DISPATCHER and standing.claimed_by:
        return f"{standing.claimed_by} 正在处理此工单"
    if user.role in HANDLERS and move.of == "lead" and not standing.leads:
        return "您的班组是协办，由主办班组操作"
    return "您的班组没有待反馈的协办" if move.of == "co" and standing.mine is None else ""


def _owed(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    owed = [step.label for step in move.not_owing if step in standing.dues]
    if owed:
        return f"请先完成：{'、'.join(owed)}"
    if move.owing and not any(step in standing.dues for step in move.owing):
        return f"此工单不需要“{move.label}”"
    return ""


def _asked(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    if move.asks and move.asks in standing.asked:
        return f"已有待批的{move.asks.label}申请"
    if move.settles is None:
        return ""
    request = standing.asked.get(move.settles)
    if request is None:
        return f"没有待批的{move.settles.label}申请" if move.settles is not Asked.INFORM else "没有待告知的办理结果"
    return "不能审批自己的申请" if request.asked_by == user.username else ""


def _return(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return f"已退过 {ticket.returns} 次，再次退单须经派单员裁定，请用“申请再次退单”" if ticket.returns else ""


def _ask_return(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return "" if ticket.returns else "尚未退过单，可以直接“退单”"


def _set_type(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return "诉求类型已认定，如有异议请退单说明" if ticket.demand_type else ""


def _pause(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return "已在暂停中，请先“恢复计时”" if standing.is_paused else ""


def _resume(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    if not standing.is_paused:
        return "没有在暂停"
    owner = Role.AGENT if ticket.state is State.REVIEWED else None
    return "" if (user.role is Role.AGENT) == (owner is Role.AGENT) else "由暂停计时的一方恢复"


def _ask_extension(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    rule, due = extension_rule(ticket, rules), standing.dues[Step.RESOLVE]
    if rule is None or rule.most_times == 0:
        return "此类诉求不能延期"
    if ticket.extensions >= rule.most_times:
        return f"已延期 {ticket.extensions} 次，最多 {rule.most_times} 次"
    return "已过时限，延期须在到期前申请" if standing.now > due else ""


def extension_rule(ticket: Ticket, rules: Rules) -> ExtensionRule | None:
    """Give the row that says how far a ticket's limit may be extended (延期)."""
    return rules.extension_rules.get(ticket.demand_type or "") or rules.extension_rules.get("*")


def _grant_extension(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    rule = extension_rule(ticket, rules)
    if user.role is Role.LEADER and not standing.leads:
        return "延期由主办班组的负责人审批"
    return f"延期由{rule.granted_by.label}审批" if rule and user.role is not rule.granted_by else ""


def _resolve(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    waiting = [rules.departments.get(one.department, one.department) for one in standing.co_handlings]
    return f"请先完成：协办反馈（{'、'.join(waiting)}），或取消协办" if waiting else ""


def _co_cancel(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return "" if standing.co_handlings else "没有待反馈的协办"


def _quiet(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    since, until = (time.fromisoformat(rules.switches.get(code, usual)) for code, usual in QUIET)
    at = in_shanghai(standing.now).time()
    quiet = since <= at or at < until if since > until else since <= at < until
    return f"{since:%H:%M}–{until:%H:%M} 不打扰客户，请在此之外回访" if quiet else ""


QUIET = (("callback_quiet_from", "21:00"), ("callback_quiet_until", "08:00"))


def _attempt(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    most, apart = rules.number("callback_attempts", 3), rules.number("callback_interval_minutes", 120)
    if ticket.attempts >= most:
        return f"已尝试 {ticket.attempts} 次，可以“归档”"
    if standing.tried_at and standing.now - standing.tried_at < timedelta(minutes=apart):
        return f"距上次不足 {apart} 分钟，请稍后再试"
    return _quiet(move, ticket, user, standing, rules)


def _close(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    most = rules.number("callback_attempts", 3)
    if Step.CALLBACK not in standing.dues or ticket.attempts >= most or not standing.is_reachable:
        return ""
    return f"请先完成：回访（未接通满 {most} 次可归档，现 {ticket.attempts} 次）"


def _reopen(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    if ticket.state is State.CLOSED:
        return "" if user.role is Role.DISPATCHER else "已归档的工单由派单员重新办理"
    return "客户未表示不满意，可以“归档”" if ticket.satisfaction in CONTENT else ""


def _appeal(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    days = rules.number("appeal_days", 5)
    if ticket.finding not in (Finding.UPHELD, Finding.PARTLY):
        return "调查结论不是“属实”或“部分属实”，无须申诉"
    if standing.appealed:
        return "此工单的申诉已裁定"
    late = standing.resolved_at is None or standing.now > standing.resolved_at + timedelta(days=days)
    return f"申诉须在办结后 {days} 天内提出" if late else ""


def _answer_chase(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    with_dispatcher = ticket.state in WITH_DISPATCHER
    return "" if (user.role is Role.DISPATCHER) == with_dispatcher else "催办由工单现在的承办方答复"


def _ask_exemption(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return "此工单已剔除" if ticket.is_exempt else ""


def _ask_malicious(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return "此工单已认定为恶意诉求" if ticket.is_malicious else ""


def _undo_dispatch(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    """Undo for a minute is our rule (inferred); its length is the switch `undo_seconds`."""
    done, seconds = standing.dispatched, rules.number("undo_seconds", 60)
    if done is None:
        return "派单之后已有其他操作，请用“改派”"
    if done.by != user.username:
        return f"由派单的人（{done.by}）撤销"
    return "" if standing.now - done.at <= timedelta(seconds=seconds) else f"派单已超过 {seconds} 秒，请用“改派”"


Guard = Callable[[Move, Ticket, User, Standing, Rules], str]
GUARDS: Mapping[str, Guard] = {
    "undo_dispatch": _undo_dispatch,
    "return": _return,
    "ask_return": _ask_return,
    "set_type": _set_type,
    "pause": _pause,
    "postpone": _pause,
    "resume": _resume,
    "ask_extension": _ask_extension,
    "grant_extension": _grant_extension,
    "refuse_extension": _grant_extension,
    "resolve": _resolve,
    "co_cancel": _co_cancel,
    "callback": _quiet,
    "attempt": _attempt,
    "close": _close,
    "reopen": _reopen,
    "appeal": _appeal,
    "answer_chase": _answer_chase,
    "ask_exemption": _ask_exemption,
    "ask_malicious": _ask_malicious,
}
