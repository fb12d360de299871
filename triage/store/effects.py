"""What a move brings about beside state and clocks: pauses, requests, co-handling, merging, counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from triage.clocks import UNITS
from triage.fields import CALLBACK_PAUSE
from triage.moves import UNDO_OF, Move
from triage.routing import DANGER
from triage.rules import Rules
from triage.standing import extension_rule
from triage.store.sql import block
from triage.terms import Asked, Level, Linked, State
from triage.tickets import CoHandling, Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.lifecycle import Plan
    from triage.store.moves import Moves

SET_COUNTS = block("""
    UPDATE tickets
    SET returns = returns + :returns, reopenings = reopenings + :reopenings, chases = chases + :chases, attempts = attempts + :attempts,
        extensions = extensions + :extensions
    WHERE number = :number""")
SET_PAUSED = block("""
    UPDATE tickets
    SET paused_until_at = :paused_until_at
    WHERE number = :number""")
SET_ASSIGNED = block("""
    UPDATE tickets
    SET assignee = :assignee, crew = :crew
    WHERE number = :number""")
SET_PARENT = block("""
    UPDATE tickets
    SET parent_number = :parent
    WHERE number = :number OR parent_number = :number""")
SET_TYPE = block("""
    UPDATE tickets
    SET demand_type = :demand_type
    WHERE number = :number""")
SET_RESPONSIBLE = block("""
    UPDATE tickets
    SET responsible_unit = :unit
    WHERE number = :number""")
SET_FINDING = block("""
    UPDATE tickets
    SET finding = :finding
    WHERE number = :number""")
SET_EXEMPT = block("""
    UPDATE tickets
    SET is_exempt = TRUE
    WHERE number = :number""")
SET_MALICIOUS = block("""
    UPDATE tickets
    SET is_malicious = TRUE
    WHERE number = :number""")
FORGET_ATTEMPTS = block("""
    UPDATE tickets
    SET attempts = 0, assignee = '', crew = '', unit_code = :unit_code, team_unit = :team_unit
    WHERE number = :number""")
RAISE = block("""
    UPDATE tickets
    SET level = :level, queue_rank = :queue_rank
    WHERE number = :number""")
COUNT_VERSION = block("""
    UPDATE tickets
    SET version = version + 1
    WHERE number = :number""")
WATCH = block("""
    UPDATE tickets
    SET is_watched = TRUE
    WHERE number = :number""")
CHILDREN = block("""
    SELECT number
    FROM tickets
    WHERE parent_number = :number
    ORDER BY number""")
COUNTS = ("returns", "reopenings", "chases", "attempts", "extensions")
FAR = timedelta(days=3660)


@dataclass(frozen=True)
class Made:
    """A move that is being kept: the ticket before it, its fields and plan, by whom and when."""

    ticket: Ticket
    move: Move
    fields: Mapping[str, str]
    plan: "Plan"
    rules: Rules
    now: datetime
    actor: str

    @property
    def number(self) -> str:
        """The ticket's number."""
        return self.ticket.number

    @property
    def target(self) -> State:
        """The state that the ticket goes to; a dispatch that is taken back leads to where it came from."""
        return self.plan.undoes.state if self.plan.undoes else self.move.target or self.ticket.state


def bring_about(store: "Moves", made: Made) -> None:
    """Keep what a move brings about beside state and clocks."""
    if made.move.asks:
        _ask(store, made, made.move.asks)
    if made.move.settles:
        store.settle(made.number, made.move.settles, "granted" if made.move.grants else "refused", made.now, made.actor)
    store.drop_requests(made.number, _without_object(made.move), made.now, made.actor)
    effect = EFFECTS.get(made.move.code)
    if effect:
        effect(store, made)
    if made.move.target and made.move.target.is_end:
        _cancel_all_help(store, made)


def _without_object(move: Move) -> tuple[Asked, ...]:
    """Give what has no object any more: what a department asked once the ticket has left it, an appeal once the finding is open again."""
    is_over = move.target is not None and move.target.is_end and move.target is not State.CLOSED
    of_department = (Asked.RETURN, Asked.EXTENSION) if move.leaves or is_over or move.code == "resolve" else ()
    return (*of_department, *((Asked.APPEAL,) if is_over or move.code == "reopen" else ()))


def count(store: "Moves", number: str, **more: int) -> None:
    """Count once more what happened to a ticket."""
    store.run(SET_COUNTS, number=number, **{name: more.get(name, 0) for name in COUNTS})


def _ask(store: "Moves", made: Made, kind: Asked) -> None:
    value = next((made.fields[name] for name in ("return_reason", "exemption_reason", "finding") if made.fields.get(name)), "")
    amount = made.fields.get("amount")
    store.ask(made.number, kind, made.now, made.actor, value=value, amount=float(amount) if amount else None)


def _pause(store: "Moves", made: Made) -> None:
    kind = made.fields.get("pause_kind") or CALLBACK_PAUSE
    until = datetime.fromisoformat(made.fields["until"]) if made.fields.get("until") else None
    store.end_pause(made.number, made.now)  # one that ended by itself is closed in the books
    store.begin_pause(made.number, kind, until, made.now, made.actor)
    row, used = made.rules.pause_kinds.get(kind), timedelta(0)
    for one in store.pauses_of(made.number)[:-1]:
        if one.kind == kind:
            ends = [moment for moment in (one.ended_at, one.until_at) if moment]
            used += min(ends, default=made.now) - one.started_at
    cap = made.now + max(row.cap - used, timedelta(0)) if row else made.now + FAR
    store.run(SET_PAUSED, number=made.number, paused_until_at=min(cap, until or cap))


def _return(store: "Moves", made: Made) -> None:
    count(store, made.number, returns=1)
    if made.plan.opinion:
        store.keep_opinion(made.ticket, made.plan.opinion, made.now)


def _grant_extension(store: "Moves", made: Made) -> None:
    asked = max((one for one in store.requests_of(made.number) if one.kind is Asked.EXTENSION), key=lambda one: one.id)
    rule = extension_rule(made.ticket, made.rules)
    store.extend(made.number, (asked.amount or 0) * UNITS[rule.unit if rule else "workdays"][0])
    count(store, made.number, extensions=1)


def _co_handle(store: "Moves", made: Made) -> None:
    demand = store.demand(made.number)
    store.start_help(made.number, made.fields["co_department"], made.plan.co_unit, made.fields["task"], demand, made.rules, made.now, made.actor)


def _co_reply(store: "Moves", made: Made) -> None:
    mine = made.plan.mine
    assert mine is not None  # the guard has seen to it
    store.keep_help(mine.id, made.fields["reply"], made.now)
    store.end_co_clock(made.number, mine.id, made.rules, made.now)


def _co_cancel(store: "Moves", made: Made) -> None:
    for one in store.co_handlings_of(made.number):
        if one.is_open and one.department == made.fields["co_department"]:
            store.cancel_help(one.id, made.now)
            store.void_co_clock(one.id, made.now)


def _cancel_all_help(store: "Moves", made: Made) -> None:
    for one in store.co_handlings_of(made.number):
        if one.is_open:
            store.cancel_help(one.id, made.now)
            store.void_co_clock(one.id, made.now)


def _dispatch(store: "Moves", made: Made) -> None:
    """Ask those for help that an attention rule names (协办), once the ticket has a department; who leads from here on need not help as well."""
    assert made.plan.place is not None
    for one in own_help(store, made.number, made.plan.place.department):
        store.cancel_help(one.id, made.now)
        store.void_co_clock(one.id, made.now)
    there = {one.department for one in store.co_handlings_of(made.number) if one.cancelled_at is None}
    parents, teams = store.teams_and_parents()
    for department in store.named_to_help(made.number):
        unit = store.team_for(made.plan.place.unit_code, department, parents, teams)
        if unit and department not in there and department != made.plan.place.department:
            store.start_help(
                made.number, department, unit, say("Co-handling by attention rule"), store.demand(made.number), made.rules, made.now, "system"
            )


def own_help(store: "Moves", number: str, department: str) -> list[CoHandling]:
    """Give where a department is still asked to help with a ticket."""
    return [one for one in store.co_handlings_of(number) if one.is_open and one.department == department]


def _undo(store: "Moves", made: Made) -> None:
    """Put back what the move changed: what it ended goes on, what it began is let go, and a merged ticket stands by itself again."""
    done = made.plan.undoes
    assert done is not None  # the guard has seen to it
    store.put_back(made.number, done, made.now, made.actor)
    if done.move == "dispatch":
        store.take_back_decision(made.number, done.at)
    if done.into:
        store.part(made.number, done, made.now, made.actor)
        store.lower_level(store.ticket(done.into), done)
        store.append_audit(done.into, "give_back", made.actor, made.now, detail={"child": made.number, "merged_at": done.at.isoformat()})


def _assign(store: "Moves", made: Made) -> None:
    store.run(SET_ASSIGNED, number=made.number, assignee=made.fields["assignee"], crew=made.fields["crew"])


def _set_type(store: "Moves", made: Made) -> None:
    store.run(SET_TYPE, number=made.number, demand_type=made.fields["demand_type"])
    store.keep_typing(made.ticket, made.fields, made.now, made.actor)


def _resolve(store: "Moves", made: Made) -> None:
    is_theirs = made.fields["finding"] in ("upheld", "partly")
    unit = made.fields.get("responsible_unit") or (made.ticket.team_unit if is_theirs else None)
    store.run(SET_RESPONSIBLE, number=made.number, unit=unit)


def _attempt(store: "Moves", made: Made) -> None:
    store.keep_attempt(made.number, made.fields["result"], made.now, made.actor)
    count(store, made.number, attempts=1)


def _reopen(store: "Moves", made: Made) -> None:
    """Open the ticket again, at the unit that stands for its own today (units may have been merged since)."""
    unit, team = (store.unit_now(code) if code else None for code in (made.ticket.unit_code, made.ticket.team_unit))
    store.run(FORGET_ATTEMPTS, number=made.number, unit_code=unit, team_unit=team)
    count(store, made.number, reopenings=1)


def _chase(store: "Moves", made: Made) -> None:
    count(store, made.number, chases=1)


def _merge(store: "Moves", made: Made) -> None:
    parent = made.plan.parent
    assert parent is not None
    coming = [made.number, *(row["number"] for row in store.rows(CHILDREN, number=made.number))]
    store.run(SET_PARENT, number=made.number, parent=parent.number)
    store.link(made.number, parent.number, Linked.MERGED.value, made.now, made.actor)
    if parent.state in (State.REVIEWED, State.CALLED_BACK):  # its reply has passed review: there is something to tell at once
        for number in coming:
            ask_to_inform(store, number, "review", made.now)
    store.run(COUNT_VERSION, number=parent.number)
    raise_level(store, parent, made.ticket.level)
    store.append_audit(parent.number, "absorb", made.actor, made.now, detail={"child": made.number, "level": made.ticket.level.value})


def raise_level(store: "Moves", ticket: Ticket, level: Level) -> None:
    """Make a ticket as grave as a level says, never less."""
    if level.rank < ticket.level.rank:
        store.run(RAISE, number=ticket.number, level=level.value, queue_rank=min(level.rank, 1))


def _supplement(store: "Moves", made: Made) -> None:
    """What a supplement says may raise the level; danger to life puts the ticket on top of the dispatcher's queue."""
    for code in made.plan.heard:
        level = made.rules.attention[code].level
        if level:
            raise_level(store, store.ticket(made.number), level)
    if DANGER in made.plan.heard:
        store.run(WATCH, number=made.number)


def ask_to_inform(store: "Moves", number: str, why: str, now: datetime) -> bool:
    """Ask the agents to tell a merged ticket's customer, unless that is asked already; give whether it was asked now."""
    if any(one.kind is Asked.INFORM and one.decided_at is None for one in store.requests_of(number)):
        return False
    store.ask(number, Asked.INFORM, now, "system", value=why)
    return True


def tell_children(store: "Moves", made: Made) -> None:
    """Ask the agents to tell the customers of the tickets that were merged into this one how it ended."""
    for row in store.rows(CHILDREN, number=made.number):
        if ask_to_inform(store, row["number"], made.move.code, made.now):
            store.append_audit(row["number"], "parent_ended", "system", made.now, detail={"parent": made.number, "move": made.move.code})


def _grant_appeal(store: "Moves", made: Made) -> None:
    asked = max((one for one in store.requests_of(made.number) if one.kind is Asked.APPEAL), key=lambda one: one.id)
    store.run(SET_FINDING, number=made.number, finding=asked.value)
    store.run(SET_RESPONSIBLE, number=made.number, unit=made.fields.get("responsible_unit") or None)


def _grant_exemption(store: "Moves", made: Made) -> None:
    store.run(SET_EXEMPT, number=made.number)


def _grant_malicious(store: "Moves", made: Made) -> None:
    store.run(SET_MALICIOUS, number=made.number)


EFFECTS: Mapping[str, Callable[["Moves", Made], None]] = {
    "dispatch": _dispatch,
    "reroute": _dispatch,
    **{move.code: _undo for move in UNDO_OF.values()},
    "assign": _assign,
    "set_type": _set_type,
    "return": _return,
    "grant_return": _return,
    "pause": _pause,
    "postpone": _pause,
    "grant_extension": _grant_extension,
    "co_handle": _co_handle,
    "co_reply": _co_reply,
    "co_cancel": _co_cancel,
    "resolve": _resolve,
    "attempt": _attempt,
    "reopen": _reopen,
    "chase": _chase,
    "supplement": _supplement,
    "merge": _merge,
    "review": tell_children,
    "answer": tell_children,
    "refer": tell_children,
    "withdraw": tell_children,
    "grant_appeal": _grant_appeal,
    "grant_exemption": _grant_exemption,
    "grant_malicious": _grant_malicious,
}
