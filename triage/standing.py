"""What a ticket's moves depend on beside its state, and what stands in the way of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from triage.moments import in_shanghai
from triage.moves import BY_CODE, HANDLERS, UNDO_OF, WITH_DISPATCHER, Move
from triage.people import User
from triage.rules import ExtensionRule, Rules
from triage.terms import Asked, Finding, Role, Satisfaction, State, Step
from triage.tickets import CoHandling, Request, Ticket
from triage.wording import say

CONTENT = (Satisfaction.VERY, Satisfaction.SATISFIED, Satisfaction.NEUTRAL)


@dataclass(frozen=True)
class Undoable:
    """A move that can be taken back (撤销): which, by whom, when, from which state, and what is put back.

    `before` is how the ticket's row stood; `running` the clocks, requests, co-handlings and pauses that were open, by kind; `children` the tickets
    that came along with a merged one; `then` who did something after it, if anybody did: what was done stays then.
    """

    move: str
    by: str
    at: datetime
    state: State
    before: Mapping[str, Any]
    running: Mapping[str, Sequence[int]] = field(default_factory=dict)
    into: str = ""
    parent_level: str = ""
    children: tuple[str, ...] = ()
    then: str = ""


@dataclass(frozen=True)
class Standing:
    """How things stand with a ticket for one user at one moment.

    `dues` are the steps that the customer still waits for, with their deadlines; `asked` the open requests by kind; `appealed` whether an
    appeal was decided already; `undoable` the move that can be taken back; `co_handlings` those not answered yet; `leads` whether the
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
    undoable: Undoable | None = None


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
        return say("This ticket is not among those the dispatchers watch")
    if user.role is Role.DISPATCHER and standing.claimed_by:
        return say("{user} is working on this ticket", user=standing.claimed_by)
    if user.role in HANDLERS and move.of == "lead" and not standing.leads:
        return say("Your crew is co-handling; the lead crew does this")
    return say("Your crew has no co-handling that waits for feedback") if move.of == "co" and standing.mine is None else ""


def _owed(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    owed = [step.label for step in move.not_owing if step in standing.dues]
    if owed:
        return say("First complete: {steps}", steps=say(", ").join(owed))
    if move.owing and not any(step in standing.dues for step in move.owing):
        return say("This ticket does not need “{move}”", move=move.label)
    return ""


def _asked(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    if move.asks and move.asks in standing.asked:
        return say("There is already a pending request: {asked}", asked=move.asks.label)
    if move.settles is None:
        return ""
    request = standing.asked.get(move.settles)
    if request is None:
        return (
            say("There is no pending request: {asked}", asked=move.settles.label)
            if move.settles is not Asked.INFORM
            else say("There is no outcome waiting to be told to the customer")
        )
    return say("You cannot decide on your own request") if request.asked_by == user.username else ""


def _return(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return (
        say("Already returned {count} times; a further return is decided by a dispatcher, use “Request another return”", count=ticket.returns)
        if ticket.returns
        else ""
    )


def _ask_return(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return "" if ticket.returns else say("Not returned yet; use “Return” directly")


def _set_type(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return say("The demand type has been set; if you disagree, return the ticket and say why") if ticket.demand_type else ""


def _pause(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return say("Already paused; use “Resume the clock” first") if standing.is_paused else ""


def _resume(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    if not standing.is_paused:
        return say("It is not paused")
    owner = Role.AGENT if ticket.state is State.REVIEWED else None
    return "" if (user.role is Role.AGENT) == (owner is Role.AGENT) else say("To be resumed by the side that paused the clock")


def _ask_extension(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    rule, due = extension_rule(ticket, rules), standing.dues[Step.RESOLVE]
    if rule is None or rule.most_times == 0:
        return say("Demands of this type cannot be extended")
    if ticket.extensions >= rule.most_times:
        return say("Already extended {count} times, at most {most} times", count=ticket.extensions, most=rule.most_times)
    return say("The limit has passed; an extension must be asked for before it is due") if standing.now > due else ""


def extension_rule(ticket: Ticket, rules: Rules) -> ExtensionRule | None:
    """Give the row that says how far a ticket's limit may be extended (延期)."""
    return rules.extension_rules.get(ticket.demand_type or "") or rules.extension_rules.get("*")


def _grant_extension(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    rule = extension_rule(ticket, rules)
    if user.role is Role.LEADER and not standing.leads:
        return say("Extensions are decided by the leader of the lead crew")
    return say("Extensions are decided by: {role}", role=rule.granted_by.label) if rule and user.role is not rule.granted_by else ""


def _resolve(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    waiting = [rules.departments.get(one.department, one.department) for one in standing.co_handlings]
    return (
        say("First complete: feedback on co-handling ({departments}), or cancel the co-handling", departments=say(", ").join(waiting))
        if waiting
        else ""
    )


def _co_cancel(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return "" if standing.co_handlings else say("No co-handling waits for feedback")


def _quiet(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    since, until = (time.fromisoformat(rules.switches.get(code, usual)) for code, usual in QUIET)
    at = in_shanghai(standing.now).time()
    quiet = since <= at or at < until if since > until else since <= at < until
    return (
        say("Customers are not disturbed from {since:%H:%M} to {until:%H:%M}; make the callback at another time", since=since, until=until)
        if quiet
        else ""
    )


QUIET = (("callback_quiet_from", "21:00"), ("callback_quiet_until", "08:00"))


def _attempt(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    most, apart = rules.number("callback_attempts", 3), rules.number("callback_interval_minutes", 120)
    if ticket.attempts >= most:
        return say("Already attempted {count} times; you can “Close”", count=ticket.attempts)
    if standing.tried_at and standing.now - standing.tried_at < timedelta(minutes=apart):
        return say("Less than {minutes} minutes since the last attempt; try again later", minutes=apart)
    return _quiet(move, ticket, user, standing, rules)


def _close(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    most = rules.number("callback_attempts", 3)
    if Step.CALLBACK not in standing.dues or ticket.attempts >= most or not standing.is_reachable:
        return ""
    return say(
        "First complete: callback (the ticket can be closed after {most} failed attempts; so far {attempts})", most=most, attempts=ticket.attempts
    )


def _reopen(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    if ticket.state is State.CLOSED:
        return "" if user.role is Role.DISPATCHER else say("A closed ticket is reopened by a dispatcher")
    return say("The customer has not said they are dissatisfied; you can “Close”") if ticket.satisfaction in CONTENT else ""


def _appeal(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    days = rules.number("appeal_days", 5)
    if ticket.finding not in (Finding.UPHELD, Finding.PARTLY):
        return say("The finding is neither “Upheld” nor “Partly upheld”, so no appeal is needed")
    if standing.appealed:
        return say("The appeal of this ticket has been decided")
    late = standing.resolved_at is None or standing.now > standing.resolved_at + timedelta(days=days)
    return say("An appeal must be made within {days} days of the resolution", days=days) if late else ""


def _answer_chase(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    with_dispatcher = ticket.state in WITH_DISPATCHER
    return "" if (user.role is Role.DISPATCHER) == with_dispatcher else say("A chase is answered by whoever handles the ticket now")


def _ask_exemption(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return say("This ticket is already exempt") if ticket.is_exempt else ""


def _ask_malicious(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    return say("This ticket has already been found to be malicious") if ticket.is_malicious else ""


def _undo(move: Move, ticket: Ticket, user: User, standing: Standing, rules: Rules) -> str:
    """Undo for a minute is our rule (inferred); its length is the switch `undo_seconds`. What somebody has acted upon since stays as it is."""
    done, seconds = standing.undoable, rules.number("undo_seconds", 60)
    what, instead = BY_CODE[move.undoes].label, INSTEAD[move.undoes]
    if done is None or done.move != move.undoes:
        return say("Something else was done after “{what}”; {instead}", what=what, instead=instead)
    if done.by != user.username:
        return say("To be undone by the person who did “{what}” ({user})", what=what, user=done.by)
    if standing.now - done.at > timedelta(seconds=seconds):
        return say("“{what}” was more than {seconds} seconds ago; {instead}", what=what, seconds=seconds, instead=instead)
    if done.then:
        return say("After “{what}” {user} worked on the ticket; {instead}", what=what, user=done.then, instead=instead)
    if done.into and ticket.parent_number != done.into:
        return say("The ticket that it was merged into was merged into {number} itself; {instead}", number=ticket.parent_number, instead=instead)
    return ""


INSTEAD = {
    "dispatch": say("use “Reroute”"),
    "merge": say("it stays merged"),
    "callback": say("say so by “Supplement the demand”"),
    "close": say("a dispatcher can “Reopen” it"),
}


Guard = Callable[[Move, Ticket, User, Standing, Rules], str]
GUARDS: Mapping[str, Guard] = {
    **{move.code: _undo for move in UNDO_OF.values()},
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
