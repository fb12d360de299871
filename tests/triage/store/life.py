"""A second, small account of a ticket's life, written from the trade's procedure and not from the guards, and the life that is led beside it.

`Life` takes contacts, lets time pass and makes moves in the real store; of each move it says beforehand whether it will be let through, and
afterwards what must have come of it. `tests/triage/store/holds.py` says what must hold of any ticket at any time.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice, product
from typing import Any

from tests.triage.samples import NOW, Says, contact, prediction
from triage.claims import claim
from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, TriageError
from triage.intake import receive
from triage.lifecycle import act
from triage.moments import SHANGHAI
from triage.people import User
from triage.reference import edit_row, load_calendar
from triage.store import Store
from triage.terms import Role, State, Step
from triage.tickets import Ticket

WAITING, TEAMS = "pending_review returned", "dispatched accepted contacted arrived"
WORKED = "accepted contacted arrived"
OPEN = f"{WAITING} {TEAMS} resolved reviewed called_back"
ENDS = "closed answered referred merged withdrawn"
TEAM, DESK = "team's-handler team's-leader", "agent dispatcher"
# What may be done: in which states, which state follows (=: none), by whom; `team's` is the team that leads, `asked` one that was asked to help.
PROCEDURE = {
    "dispatch": (WAITING, "dispatched", "dispatcher"),
    "undo_dispatch": ("dispatched", "as before", "dispatcher"),
    "reroute": ("dispatched", "dispatched", "dispatcher"),
    "acknowledge": (OPEN, "=", "dispatcher"),
    "accept": ("dispatched", "accepted", TEAM),
    "assign": (TEAMS, "=", TEAM),
    "set_type": (TEAMS, "=", TEAM),
    "return": ("dispatched accepted", "returned", TEAM),
    "ask_return": ("dispatched accepted", "=", TEAM),
    "grant_return": ("dispatched accepted", "returned", "dispatcher"),
    "refuse_return": ("dispatched accepted", "=", "dispatcher"),
    "contact": ("accepted", "contacted", TEAM),
    "arrive": ("accepted contacted", "arrived", TEAM),
    "pause": (WORKED, "=", TEAM),
    "resume": (f"{WORKED} reviewed", "=", f"{TEAM} agent"),
    "ask_extension": (TEAMS, "=", TEAM),
    "grant_extension": (TEAMS, "=", "dispatcher team's-leader"),
    "refuse_extension": (TEAMS, "=", "dispatcher team's-leader"),
    "co_handle": (TEAMS, "=", f"{TEAM} dispatcher"),
    "co_reply": (TEAMS, "=", "asked-handler asked-leader"),
    "co_cancel": (TEAMS, "=", f"{TEAM} dispatcher"),
    "resolve": (WORKED, "resolved", TEAM),
    "review": ("resolved", "reviewed", "dispatcher"),
    "send_back": ("resolved", "accepted", "dispatcher"),
    "callback": ("reviewed", "called_back", "agent"),
    "undo_callback": ("called_back", "as before", "agent"),
    "attempt": ("reviewed", "=", "agent"),
    "postpone": ("reviewed", "=", "agent"),
    "close": ("reviewed called_back", "closed", DESK),
    "undo_close": ("closed", "as before", DESK),
    "reopen": ("called_back closed", "dispatched", DESK),
    "chase": (OPEN, "=", DESK),
    "answer_chase": (OPEN, "=", f"{TEAM} dispatcher"),
    "supplement": (OPEN, "=", DESK),
    "answer": (WAITING, "answered", "agent"),
    "refer": (WAITING, "referred", DESK),
    "merge": (f"{WAITING} dispatched accepted", "merged", "dispatcher"),
    "undo_merge": ("merged", "as before", "dispatcher"),
    "inform": ("merged", "=", "agent"),
    "withdraw": (f"{WAITING} {TEAMS}", "withdrawn", DESK),
    "appeal": ("reviewed called_back closed", "=", "team's-leader"),
    "grant_appeal": ("resolved reviewed called_back closed", "=", "auditor"),
    "refuse_appeal": ("resolved reviewed called_back closed", "=", "auditor"),
    "ask_exemption": (f"{OPEN} {ENDS}", "=", "leader dispatcher"),
    "grant_exemption": (f"{OPEN} {ENDS}", "=", "auditor"),
    "refuse_exemption": (f"{OPEN} {ENDS}", "=", "auditor"),
    "ask_malicious": (f"{OPEN} {ENDS}", "=", "agent dispatcher leader"),
    "grant_malicious": (f"{OPEN} {ENDS}", "=", "auditor"),
    "refuse_malicious": (f"{OPEN} {ENDS}", "=", "auditor"),
}
CAN_BE_TAKEN_BACK = ("dispatch", "callback", "close", "merge")
TAKEN_BACK = ("state", "demand_type", "department", "team_unit", "is_watched", "satisfaction", "parent", "pause")
STANDING_STILL_ENDS = ["return", "grant_return", "contact", "arrive", "resume", "resolve", "callback", "close", "merge", "withdraw"]
COUNTED = {
    "returns": ("return", "grant_return"),
    "reopenings": ("reopen",),
    "chases": ("chase",),
    "extensions": ("grant_extension",),
}
TELLS_CHILDREN = ("review", "answer", "refer", "withdraw")
SENT = [
    ("outage.fault.single", "fault"),
    ("business.tariff.bill", "complaint"),
    ("business.metering.device", "request"),
    ("other.damage", "request"),
    ("business.tariff.bill", "enquiry"),
    ("other.general", "report"),
]
UNSURE = replace(prediction("business.tariff.bill", "complaint"), demand_types=(("complaint", 0.5), ("enquiry", 0.5)))
PRAISE = replace(prediction("service.conduct.field", "praise"), demand_types=(("praise", 1.0),))
CALLS = {  # what is said, what the model says of it
    "fault": ("整栋楼停电了", prediction()),
    "complaint": ("电费多算了", prediction("business.tariff.bill", "complaint")),
    "open type": ("电费怎么算的", UNSURE),
    "doubtful": ("好像有点问题", prediction(sure=0.5)),
    "danger": ("电线掉地上冒火花，有人触电了", prediction()),
    "no model": ("没有模型时打来的", None),
    "damage": ("停电把冰箱烧坏了", prediction("other.damage", "request")),
    "report": ("举报抄表员收钱", prediction("other.general", "report")),
    "praise": ("师傅来得快，表扬", PRAISE),
}
AT_ONCE = {"answered": {"answer": "已当即答复"}, "referred": {"owner": "物业公司"}}
UNITS = ("330101", "330102", "33010201", "330201", "")
FOREIGN = (User("far-leader", "外市班长", Role.LEADER, "3302", "ev"), User("far-handler", "外单位", Role.HANDLER, "330202", "construction"))
DESKS = tuple(User(f"a-{role}", role, Role(role), "33", "") for role in ("agent", "dispatcher", "auditor", "admin"))
SECOND = User("dispatcher", "王建国", Role.DISPATCHER, "33", "")
HELPERS = ("metering", "operations", "inspection", "business_hall")
WRONG: dict[str, dict[str, str]] = {
    "dispatch": {"topic": "no.such"},
    "reroute": {"unit_code": "99"},
    "assign": {"assignee": "nobody"},
    "set_type": {"demand_type": "report"},
    "return": {"return_reason": "no_such"},
    "ask_return": {"reason": "长" * 4001},
    "pause": {"until": "昨天"},
    "ask_extension": {"amount": "99"},
    "co_handle": {"co_department": "external"},
    "co_cancel": {"co_department": "planning"},
    "resolve": {"finding": "perhaps"},
    "callback": {"satisfaction": "10"},
    "attempt": {"result": "asleep"},
    "postpone": {"until": "2020-01-01T10:00"},
    "merge": {"parent": "2026112399999999"},
    "ask_exemption": {"exemption_reason": "rain"},
    "chase": {"reason": " \u3000"},
}


@dataclass
class Done:
    """A move that can be taken back: which, by whom, when, how things stood before it; of a merger also into what, and who came along."""

    code: str
    by: str
    at: datetime
    stood: dict[str, Any]
    into: str | None = None
    came: list[str] = field(default_factory=list)
    to_tell: list[str] = field(default_factory=list)  # those that came along whose customers somebody was asked to tell because of it
    is_told: bool = False
    rows: Any = None  # what the watcher saw before it, and by which rules


@dataclass
class Expected:
    """What should be true of a ticket by now."""

    number: str
    state: str
    demand_type: str | None
    department: str | None
    team_unit: str | None
    is_reachable: bool
    is_watched: bool
    is_dangerous: bool = False
    version: int = 1
    parent: str | None = None
    returns: int = 0
    reopenings: int = 0
    chases: int = 0
    extensions: int = 0
    attempts: int = 0
    tried_at: datetime | None = None
    satisfaction: str = ""
    finding: str = ""
    appealed_to: str = ""
    is_appealed: bool = False
    is_exempt: bool = False
    is_malicious: bool = False
    asked: dict[str, str] = field(default_factory=dict)  # the kind, who asked
    helping: list[tuple[str, str]] = field(default_factory=list)  # department and unit, in the order in which they were asked
    helped: list[tuple[str, str]] = field(default_factory=list)
    pause: tuple[str, datetime, datetime] | None = None  # the kind, since, until at most
    rested: dict[str, timedelta] = field(default_factory=dict)  # how long each kind has stopped the clocks
    owed: set[str] = field(default_factory=set)  # the steps that the customer waits for: read from the store, which alone knows the limits
    reply_due_at: datetime | None = None
    resolved_at: datetime | None = None
    held: tuple[str, datetime] | None = None  # the dispatcher who works on it, until when
    done: list[str] = field(default_factory=list)
    undoable: list[Done] = field(default_factory=list)  # the last things done, as far as they can be taken back one after the other
    undone: Done | None = None  # what was taken back just now
    told: int = 0  # how often an agent was asked to tell this merged ticket's customer

    def is_resting(self, now: datetime) -> bool:
        return self.pause is not None and now < self.pause[2]

    def end_rest(self, now: datetime) -> None:
        if self.pause:
            kind, since, until = self.pause
            self.rested[kind] = self.rested.get(kind, timedelta(0)) + max(timedelta(0), min(now, until) - since)
            self.pause = None


def is_of(who: User, department: str | None, unit: str | None) -> bool:
    """Whether a team is the user's own (a handler) or stands under the user (a leader); a unit's code begins with that of the one above."""
    if who.role is Role.HANDLER:
        return (who.unit_code, who.department) == (unit, department)
    return unit is not None and unit.startswith(who.unit_code) and who.department in ("", department)


def sees(who: User, ticket: Expected) -> bool:
    """Departments see what they lead or help with; all others see all."""
    if who.role not in (Role.HANDLER, Role.LEADER):
        return True
    return any(is_of(who, *team) for team in [(ticket.department, ticket.team_unit), *ticket.helping, *ticket.helped])


def is_allowed(who: User, ticket: Expected, code: str) -> bool:
    """Whether the procedure lets such a person do such a thing, whatever stands in the way of it now."""
    leads, asked = is_of(who, ticket.department, ticket.team_unit), any(is_of(who, *team) for team in ticket.helping)
    ways = [who.role.value, *([f"team's-{who.role.value}"] if leads else []), *([f"asked-{who.role.value}"] if asked else [])]
    return any(way in PROCEDURE[code][2].split() for way in ways)


def is_role(who: User, code: str) -> bool:
    """Whether anybody of the role ever does such a thing."""
    return who.role.value in PROCEDURE[code][2].replace("team's-", "").replace("asked-", "").split()


def is_quiet(now: datetime) -> bool:
    """Nobody is called between nine in the evening and eight in the morning."""
    return not 8 <= now.astimezone(SHANGHAI).hour < 21


def is_possible(code: str, who: User, ticket: Expected, now: datetime) -> bool:
    """Whether a person may do a thing to a ticket now, as the procedure has it."""
    states, _, _ = PROCEDURE[code]
    if ticket.state not in states.split() or not is_allowed(who, ticket, code):
        return False
    if who.role is Role.DISPATCHER and ticket.held and ticket.held[0] != who.username and now < ticket.held[1]:
        return False
    return _is_in_order(code, who, ticket, now)


def _is_in_order(code: str, who: User, ticket: Expected, now: datetime) -> bool:
    verb, _, kind = code.partition("_")
    if verb in ("grant", "refuse") or code == "inform":
        asker = ticket.asked.get(kind or code)
        extension = kind != "extension" or who.role is (Role.LEADER if ticket.demand_type == "fault" else Role.DISPATCHER)
        return asker is not None and asker != who.username and extension
    if (verb == "ask" or code == "appeal") and (kind or code) in ticket.asked:
        return False
    match code:
        case "acknowledge":
            return ticket.is_watched
        case "undo_dispatch" | "undo_callback" | "undo_close" | "undo_merge":
            return can_be_taken_back(code, who, ticket, now)
        case "set_type":
            return ticket.demand_type is None
        case "return":
            return ticket.returns == 0
        case "ask_return":
            return ticket.returns > 0
        case "arrive":
            return "arrive" in ticket.owed
        case "pause" | "postpone":
            return not ticket.is_resting(now)
        case "resume":
            return ticket.is_resting(now) and (who.role is Role.AGENT) == (ticket.state == "reviewed")
        case "ask_extension":
            in_time = ticket.reply_due_at is not None and now <= ticket.reply_due_at
            return in_time and ticket.extensions == 0 and ticket.demand_type != "praise"
        case "co_cancel":
            return bool(ticket.helping)
        case "resolve":
            return not ticket.helping and ticket.owed.isdisjoint({"contact", "arrive"})
        case "callback":
            return not is_quiet(now)
        case "attempt":
            again = ticket.tried_at is None or now - ticket.tried_at >= timedelta(hours=2)
            return ticket.attempts < 3 and again and not is_quiet(now)
        case "close":
            return "callback" not in ticket.owed or ticket.attempts == 3 or not ticket.is_reachable
        case "reopen":
            return who.role is Role.DISPATCHER if ticket.state == "closed" else ticket.satisfaction in tuple("456789")
        case "answer_chase":
            return "chase" in ticket.owed and (who.role is Role.DISPATCHER) == (ticket.state in WAITING.split())
        case "appeal":
            in_time = ticket.resolved_at is not None and now <= ticket.resolved_at + timedelta(days=5)
            return ticket.finding in ("upheld", "partly") and not ticket.is_appealed and in_time
        case "ask_exemption":
            return not ticket.is_exempt
        case "ask_malicious":
            return not ticket.is_malicious
    return True


def can_be_taken_back(code: str, who: User, ticket: Expected, now: datetime) -> bool:
    """Whoever did the last thing takes it back within a minute, unless its customer was told, or the other ticket was merged itself."""
    if not ticket.undoable:
        return False
    last = ticket.undoable[-1]
    is_mine = (last.code, last.by) == (code.removeprefix("undo_"), who.username) and now - last.at <= timedelta(minutes=1)
    return is_mine and not last.is_told and (last.into is None or ticket.parent == last.into)


class Life:
    """Tickets of one store and what is expected of them; every step checks what it did."""

    def __init__(self, store: Store, now: datetime = NOW) -> None:
        self.store, self.now = store, now
        self.rules = store.rules()
        self.tickets: dict[str, Expected] = {}
        self.made = self.refused = 0
        self.done: Counter[str] = Counter()

    def take(self, kind: str, unit: str = "330101", channel: str = "phone", phone: str = "13800000001") -> list[str]:
        """Take a contact, and give its tickets' numbers."""
        at_once = AT_ONCE.get(kind)
        text, said = CALLS.get(kind, CALLS["complaint"])
        complaint = {"text": text, **({"topic": "business.tariff.bill", "demand_type": "complaint", **at_once} if at_once else {})}
        made = contact(complaint, unit_code=unit, channel=channel, phone=phone)
        tickets = receive(made, predict=Says(said), rules=self.rules, store=self.store, now=self.now, actor="a-agent")
        for ticket in tickets:
            first = "pending_review" if kind in ("doubtful", "no model") or not unit else "dispatched"
            assert ticket.state == (kind if at_once else first), (kind, unit)
            new = Expected(ticket.number, ticket.state.value, ticket.demand_type, ticket.department, ticket.team_unit, bool(phone), ticket.is_watched)
            new.is_dangerous = kind == "danger"
            assert (ticket.is_watched, ticket.demand_type is None) == (new.is_dangerous, kind == "no model" or (kind == "open type" and bool(unit)))
            self.tickets[ticket.number] = new
            if new.is_dangerous and ticket.state is State.DISPATCHED:
                self._ask_safety(new)
            self.look(new)
        return [ticket.number for ticket in tickets]

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time

    def recent(self, most: int) -> list[Expected]:
        """Give the tickets that came in last, the last one last."""
        return list(islice(reversed(self.tickets.values()), most))[::-1]

    def people(self, number: str) -> list[User]:
        """Give one of everybody who could have to do with a ticket, or should not."""
        ticket = self.tickets[number]
        unit, department = ticket.team_unit or "330101", ticket.department or "repair"
        teams = [
            User("lead-handler", "主办", Role.HANDLER, unit, department),
            User("lead-leader", "主办班长", Role.LEADER, unit, department),
            User("city-leader", "市公司负责人", Role.LEADER, unit[:4], ""),
            User("other-handler", "别的班组", Role.HANDLER, unit, "ev" if department != "ev" else "digital"),
        ]
        for asked, at in [*ticket.helping, *ticket.helped][:2]:
            teams += [User(f"co-{asked}", "协办", Role.HANDLER, at, asked), User(f"co-{asked}-leader", "协办班长", Role.LEADER, at, asked)]
        return [*DESKS, SECOND, *FOREIGN, *teams]

    def possible(self, number: str) -> list[tuple[str, User]]:
        """Give what somebody may do to a ticket now."""
        ticket, people = self.tickets[number], [who for who in self.people(number) if sees(who, self.tickets[number])]
        return [(code, who) for code, who in product(PROCEDURE, people) if is_possible(code, who, ticket, self.now)]

    def hold(self, number: str) -> None:
        """Let the second dispatcher open a ticket to work on it, if nobody else does."""
        ticket = self.tickets[number]
        is_free = ticket.held is None or ticket.held[0] == SECOND.username or self.now >= ticket.held[1]
        try:
            claim(self.store.ticket(number), user=SECOND, store=self.store, rules=self.rules, now=self.now)
        except Conflict:
            assert not is_free
            return
        assert is_free
        ticket.held = (SECOND.username, self.now + timedelta(minutes=5))

    def edit_limit(self, pick: int, factor: float, days_ago: int) -> bool:
        """Let a limit be another one from a day on; open tickets are computed again. Say whether it was taken."""
        rows = self.store.reference_rows("time_limits")
        row = rows[pick % len(rows)]
        from_on = (self.now.astimezone(SHANGHAI) - timedelta(days=days_ago)).date()
        values = {"amount": f"{max(1.0, round(row['amount'] * factor)):g}", "valid_from_on": str(from_on)}
        try:
            edit_row(self.store, "time_limits", {"id": str(row["id"])}, values, actor="admin", now=self.now)
        except InvalidInput:
            return False
        self._rules_changed()
        return True

    def load_holiday(self, day: int) -> None:
        """Announce the coming year, with one more day off."""
        year = self.now.astimezone(SHANGHAI).year + 1
        text = f"date,is_working,name\n{year}-01-01,0,元旦\n{year}-01-{2 + day % 27:02},0,临时放假\n"
        load_calendar(self.store, text, year=year, source="国办发明电〔试〕1 号", actor="admin", now=self.now)
        self._rules_changed()

    def _rules_changed(self) -> None:
        self.rules = self.store.rules()
        for ticket in self.tickets.values():
            self.look(ticket)

    def try_move(self, number: str, code: str, who: User, *, spoil: str = "", stale: bool = False, pick: int = 0) -> bool:
        """Make a move, with fields that are right or spoilt; say whether it was let through, which is as it was expected."""
        ticket = self.tickets[number]
        fields, are_right = self._fields(ticket, code, spoil, pick)
        expected = self._refusal(ticket, code, who, are_right, stale)
        what = f"{code} by {who.username} ({fields}) on {ticket}"
        left = refused = None
        try:
            left = act(
                number,
                code,
                fields,
                user=who,
                version=ticket.version - stale,
                store=self.store,
                rules=self.rules,
                now=self.now,
                predict=Says(CALLS["complaint"][1]),
            )
        except TriageError as error:
            refused = error
        assert type(refused) is (expected or type(None)), f"expected {expected}, got {refused!r}: {what}"
        if left is None:
            self.refused += 1
            return False
        self._done(ticket, code, who, fields, left)
        self.made += 1
        return True

    def _refusal(self, ticket: Expected, code: str, who: User, are_right: bool, stale: bool) -> type[TriageError] | None:
        if not sees(who, ticket):
            return Forbidden
        if stale:
            return Conflict
        if code not in PROCEDURE:
            return InvalidInput
        if not is_role(who, code):
            return Forbidden
        if not is_possible(code, who, ticket, self.now):
            return IllegalMove
        return None if are_right else InvalidInput

    def _fields(self, ticket: Expected, code: str, spoil: str, pick: int) -> tuple[Mapping[str, str], bool]:
        """Give what is sent with a move, and whether it is right: all that is sent is needed, so that to leave out any of it is wrong."""
        right, are_right = self._right(ticket, code, pick)
        if spoil == "missing" and right:
            return {name: value for name, value in right.items() if name != list(right)[pick % len(right)]}, False
        if spoil == "wrong" and code in WRONG:
            return {**right, **WRONG[code]}, False
        return right, are_right

    def _right(self, ticket: Expected, code: str, pick: int) -> tuple[dict[str, str], bool]:
        later = (self.now + timedelta(hours=1 + pick % 100)).isoformat()
        match code:
            case "dispatch" | "reroute":
                topic, kind = SENT[pick % len(SENT)]
                unit = {} if self.store.ticket(ticket.number).unit_code else {"unit_code": UNITS[pick % 4]}
                return {"topic": topic, "demand_type": kind, **unit, **({"reason": "改派他处"} if code == "reroute" else {})}, True
            case "assign":
                name = self._member(ticket)
                return {"assignee": name or "nobody"}, name is not None
            case "set_type":
                return {"demand_type": ("complaint", "enquiry", "opinion")[pick % 3], "reason": "已向客户核实"}, True
            case "return" | "ask_return":
                return {"return_reason": "not_our_department", "reason": "不归我们"}, True
            case "pause":
                if pick % 2:
                    return {"pause_kind": "appointed", "until": later, "reason": "客户约时"}, True
                return {"pause_kind": ("waiting_customer", "site_unsafe")[pick // 2 % 2], "reason": "等"}, True
            case "postpone":
                return {"until": later}, True
            case "ask_extension":
                return {"amount": "1", "reason": "需要时间"}, True
            case "co_handle":
                asked = {department for department, _ in ticket.helping}
                free = [one for one in HELPERS if one not in asked and one != ticket.department]
                return {"co_department": free[0] if free else HELPERS[0], "task": "请协助"}, bool(free)
            case "co_cancel":
                return {"co_department": ticket.helping[pick % len(ticket.helping)][0] if ticket.helping else "metering", "reason": "不用了"}, True
            case "resolve":
                return {"reply": "已办妥", "finding": ("upheld", "partly", "not_upheld")[pick % 3]}, True
            case "callback":
                return {"satisfaction": ("2", "8", "5")[pick % 3]}, True
            case "attempt":
                return {"result": "no_answer"}, True
            case "merge":
                recent = self.recent(30)
                into = recent[pick % len(recent)]
                stands_for = self.tickets[into.parent] if into.parent else into
                return {"parent": into.number}, stands_for is not ticket and stands_for.state not in ENDS.split()
            case "refer":
                return {"owner": "物业公司"}, True
            case "supplement":
                return {"supplement": "刚才电表箱冒烟起火了" if pick % 7 == 0 else "上月也一样"}, True
            case "co_reply" | "answer_chase" | "answer":
                return {"reply": "已答复"}, True
            case "appeal":
                return {"finding": "not_upheld", "reason": "与事实不符"}, True
            case "ask_exemption":
                return {"exemption_reason": "system", "reason": "系统中断"}, True
        says_why = code.startswith(("refuse_", "ask_")) or code in ("send_back", "reopen", "chase", "withdraw", "grant_appeal")
        return ({"reason": "原因如此"} if says_why else {}), True

    def _member(self, ticket: Expected) -> str | None:
        """Give somebody who is on record as a member of the ticket's team."""
        for row in self.store.connection.exec_driver_sql("SELECT username, unit_code, department_code FROM users ORDER BY username").all():
            if row[1] == ticket.team_unit and row[2] in ("", ticket.department):
                return str(row[0])
        return None

    def _done(self, ticket: Expected, code: str, who: User, fields: Mapping[str, str], left: Ticket) -> None:
        """Write down what a move should have brought about, and see whether it did."""
        follows = PROCEDURE[code][1]
        stood = {name: getattr(ticket, name) for name in TAKEN_BACK}
        stood |= {"helping": list(ticket.helping), "asked": dict(ticket.asked), "rested": dict(ticket.rested)}
        ticket.undone = None
        if follows == "as before":
            self._take_back(ticket)
        elif follows != "=":
            ticket.state = follows
        if code in CAN_BE_TAKEN_BACK:
            ticket.undoable.append(Done(code, who.username, self.now, stood))
        elif follows != "as before":
            ticket.undoable.clear()
        ticket.version += 1
        ticket.done.append(code)
        self.done[code] += 1
        if ticket.held and ticket.held[0] == who.username:
            ticket.held = None
        for name, codes in COUNTED.items():
            setattr(ticket, name, getattr(ticket, name) + (code in codes))
        if code in STANDING_STILL_ENDS:
            ticket.end_rest(self.now)
        self._asked(ticket, code, who, fields)
        self._beside(ticket, code, who, fields)
        if code in ("dispatch", "reroute"):
            ticket.demand_type, ticket.department, ticket.team_unit = fields["demand_type"], left.department, left.team_unit
            ticket.helping = [team for team in ticket.helping if team[0] != left.department]  # who leads need not help as well
            if ticket.is_dangerous and "safety" not in [left.department, *(asked for asked, _ in [*ticket.helping, *ticket.helped])]:
                self._ask_safety(ticket)
        ends = ticket.state in ENDS.split()
        if code in ("acknowledge", "dispatch", "reroute") or ends:
            ticket.is_watched = False
        if ends:
            ticket.helping.clear()
        self.look(ticket)

    def _take_back(self, ticket: Expected) -> None:
        """Put everything back as it stood before the last thing that was done; who came along with a merger goes back as well."""
        ticket.undone = done = ticket.undoable.pop()
        for name, value in done.stood.items():
            setattr(ticket, name, value)
        for child in (self.tickets[number] for number in done.came):
            child.parent = ticket.number
            if child.number in done.to_tell:
                child.asked.pop("inform", None)
        if done.into:
            parent = self.tickets[done.into]
            parent.version += 1
            parent.undoable.clear()

    def _asked(self, ticket: Expected, code: str, who: User, fields: Mapping[str, str]) -> None:
        verb, _, kind = code.partition("_")
        if code == "inform":
            for one in self.tickets.values():
                for done in one.undoable:
                    done.is_told |= ticket.number in done.to_tell
        if verb == "ask" or code == "appeal":
            ticket.asked[kind or code] = who.username
            ticket.appealed_to = fields.get("finding", ticket.appealed_to)
        if verb in ("grant", "refuse") or code == "inform":
            del ticket.asked[kind or code]
            ticket.is_appealed |= kind == "appeal"
        if code == "grant_appeal":
            ticket.finding = ticket.appealed_to
        ticket.is_exempt |= code == "grant_exemption"
        ticket.is_malicious |= code == "grant_malicious"
        if code in ("return", "grant_return", "reroute", "resolve", "merge", "withdraw"):
            for gone in ("return", "extension"):
                ticket.asked.pop(gone, None)
        if code == "reopen" or ticket.state in ("answered", "referred", "merged", "withdrawn"):
            ticket.asked.pop("appeal", None)  # an appeal is about a finding, and there is none any more

    def _beside(self, ticket: Expected, code: str, who: User, fields: Mapping[str, str]) -> None:
        match code:
            case "set_type":
                ticket.demand_type = fields["demand_type"]
            case "pause" | "postpone":
                ticket.end_rest(self.now)
                kind = fields.get("pause_kind", "callback_appointed")
                left = max(timedelta(0), self.rules.pause_kinds[kind].cap - ticket.rested.get(kind, timedelta(0)))
                until = datetime.fromisoformat(fields["until"]) if "until" in fields else self.now + left
                ticket.pause = (kind, self.now, min(until, self.now + left))
            case "co_handle":
                ticket.helping.append((fields["co_department"], self.store.co_handlings_of(ticket.number)[-1].team_unit))
            case "co_reply":
                mine = next(team for team in ticket.helping if is_of(who, *team))
                ticket.helping.remove(mine)
                ticket.helped.append(mine)
            case "co_cancel":
                ticket.helping = [team for team in ticket.helping if team[0] != fields["co_department"]]
            case "resolve":
                ticket.finding, ticket.resolved_at = fields["finding"], self.now
            case "callback":
                ticket.satisfaction = fields["satisfaction"]
            case "attempt":
                ticket.attempts, ticket.tried_at = ticket.attempts + 1, self.now
            case "reopen":
                ticket.attempts, ticket.tried_at, ticket.satisfaction = 0, None, ""
            case "supplement":
                ticket.is_watched |= "冒烟" in fields["supplement"]
            case "merge":
                self._merge(ticket, fields["parent"])
        if code in TELLS_CHILDREN:
            for child in self.tickets.values():
                if child.parent == ticket.number and self._tell(child):
                    child.undoable.clear()  # it stands in its trail

    def _merge(self, ticket: Expected, into: str) -> None:
        parent = self.tickets[self.tickets[into].parent or into]
        parent.version += 1
        parent.undoable.clear()
        done = ticket.undoable[-1]
        done.into, done.came = parent.number, [one.number for one in self.tickets.values() if one.parent == ticket.number]
        for child in (self.tickets[number] for number in [*done.came, ticket.number]):
            child.parent = parent.number
            if parent.state in ("reviewed", "called_back") and self._tell(child) and child is not ticket:
                done.to_tell.append(child.number)
        self.look(parent)

    def _tell(self, child: Expected) -> bool:
        """Ask that a customer be told, and say whether that was not asked before."""
        is_new = "inform" not in child.asked
        child.told += is_new
        child.asked.setdefault("inform", "system")
        return is_new

    def _ask_safety(self, ticket: Expected) -> None:
        (row,) = [one for one in self.store.co_handlings_of(ticket.number) if one.department == "safety" and one.is_open]
        ticket.helping.append((row.department, row.team_unit))

    def look(self, ticket: Expected) -> None:
        """Read what only the limits know: which steps the customer waits for, and when the reply is due."""
        open_steps = [step for step in self.store.steps_of(ticket.number) if step.is_open and step.watch == "customer"]
        ticket.owed = {step.step.value for step in open_steps}
        ticket.reply_due_at = min((step.due_at for step in open_steps if step.step is Step.RESOLVE), default=None)
