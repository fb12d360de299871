"""The rules of triage as rows, read from the store: what leads, what is limited, what raises the level."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from triage.calendar import WorkingCalendar
from triage.clocks import Limit, PauseKind
from triage.terms import Level, Role
from triage.wording import say


@dataclass(frozen=True)
class Topic:
    """A leaf of the taxonomy: what a complaint is about, who leads and who supports."""

    code: str
    level1: str
    level2_code: str
    level2: str
    level3: str
    lead_department: str
    support_departments: tuple[str, ...]
    definition: str
    not_this: str
    basis: str

    @property
    def name(self) -> str:
        """The leaf's name with its parent's."""
        return f"{self.level2} · {self.level3}"


@dataclass(frozen=True)
class Override:
    """A row that sets the lead department by demand type and topic together."""

    demand_type: str
    topic: str
    lead_department: str
    is_confidential: bool
    note: str


LIST = re.compile(r"\{([^\W\d]\w*)\}")
LISTS_ALONE = re.compile(rf"(?:{LIST.pattern})+")
TURN = "转折"


@dataclass(frozen=True)
class Denial:
    """Words that take back an attention rule; `marker` names the word list that they are, if the row is nothing but one (`{否定}`)."""

    expression: re.Pattern[str]
    marker: str


@dataclass(frozen=True)
class Speech:
    """Words that speak for an attention rule; `needs` are word lists that a match cannot do without, looked for first because that costs little."""

    expression: re.Pattern[str]
    needs: tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Wording:
    """What a text says when an attention rule holds, what takes that back, and the words (`转折`) with which a tale comes back to here and now."""

    rule: str
    speaks: tuple[Speech, ...]
    denials: tuple[Denial, ...]
    turn: re.Pattern[str]


def expand(pattern: str, words: Mapping[str, str]) -> str:
    """Put word lists in the place of their names: `{人}触电` becomes `(?:人|孩子)触电`.

    Raises:
        ValueError: there is no list of that name, or what comes out is no regular expression.
    """
    unknown = [name for name in LIST.findall(pattern) if name not in words]
    if unknown:
        raise ValueError(say("There is no word list {names}", names=say(", ").join(unknown)))
    expanded = LIST.sub(lambda found: f"(?:{words[found[1]]})", pattern)
    try:
        re.compile(expanded)
    except re.error as error:
        raise ValueError(say("Not a valid regular expression ({error})", error=error)) from None
    return expanded


def _needs(pattern: str, words: Mapping[str, str]) -> tuple[re.Pattern[str], ...]:
    """The lists after the first, of a pattern of lists alone, the last one first; a list that may be nothing (`{近}`) is no need."""
    names = LIST.findall(pattern)[:0:-1] if LISTS_ALONE.fullmatch(pattern) else []
    lists = [re.compile(words[name]) for name in names]
    return tuple(one for one in lists if not one.match(""))


def read_wordings(rows: Iterable[tuple[str, str, bool]], words: Mapping[str, str]) -> tuple[Wording, ...]:
    """Compile the rows (rule, pattern, whether it denies), rule by rule in the order of the rows.

    Raises:
        ValueError: see `expand`.
    """
    speaks: dict[str, list[Speech]] = {}
    denials: dict[str, list[Denial]] = {}
    for rule, pattern, is_negation in rows:
        expression, marker = re.compile(expand(pattern, words)), LIST.fullmatch(pattern)
        if is_negation:
            denials.setdefault(rule, []).append(Denial(expression, marker[1] if marker else ""))
        else:
            speaks.setdefault(rule, []).append(Speech(expression, _needs(pattern, words)))
    turn = re.compile(words.get(TURN) or "(?!)")
    return tuple(Wording(rule, tuple(own), tuple(denials.get(rule, ())), turn) for rule, own in speaks.items())


@dataclass(frozen=True)
class AttentionRule:
    """What raises the level of a ticket and what else it brings about."""

    code: str
    name: str
    when: str
    level: Level | None
    lead_department: str
    co_department: str
    is_confidential: bool


@dataclass(frozen=True)
class Lead:
    """Who leads, whether the identity is kept from the handlers, and why."""

    department: str
    is_confidential: bool
    reason: str


@dataclass(frozen=True)
class ExtensionRule:
    """How often and how far a ticket's limit may be extended (延期) at most, in which unit, and who grants it."""

    most_times: int
    most_amount: float
    unit: str
    granted_by: Role


@dataclass(frozen=True)
class Escalation:
    """Whom a clock's mark (yellow, red, a multiple of its limit) is told to, and by which outlet; an empty step or level is any."""

    code: str
    step: str
    level: str
    mark: str
    multiple: float
    recipient: str
    outlet: str


@dataclass(frozen=True)
class OutletRow:
    """A way out for messages as an administrator keeps it; the address may hold a secret (`triage.sending.describe` leaves it out)."""

    name: str
    address: str = field(repr=False)
    is_on: bool = False


@dataclass(frozen=True)
class ReplyTemplate:
    """A text to start a reply from, with `{topic}`, `{due}`, `{unit}` to be filled in; an empty topic or demand type is any."""

    code: str
    name: str
    move: str
    topic: str
    demand_type: str
    text: str


@dataclass(frozen=True)
class ReferralAdvice:
    """What an agent can say where somebody else answers for the trouble (非供电责任), and the words of the caller that call it up."""

    code: str
    name: str
    owner: str
    topic: str
    words: tuple[str, ...]
    advice: str


@dataclass(frozen=True)
class Rules:
    """All reference data that a decision needs, as one value; `version` says which state of the tables it was read from.

    `handling` has for each demand type how it is handled (report, fault, or like most); `costs` has for each topic and
    demand type what it costs to take it for something else. `extension_rules` are by demand type, `*` any other; reasons are
    code and Chinese name. `calendars` has the units with days or hours of their own, `parents` the unit above each.
    """

    version: int
    topics: Mapping[str, Topic]
    demand_types: Mapping[str, str]
    handling: Mapping[str, str]
    costs: Mapping[str, float]
    departments: Mapping[str, str]
    overrides: tuple[Override, ...]
    limits: tuple[Limit, ...]
    attention: Mapping[str, AttentionRule]
    wordings: tuple[Wording, ...]
    switches: Mapping[str, str]
    calendar: WorkingCalendar = field(default_factory=WorkingCalendar)
    calendars: Mapping[str, WorkingCalendar] = field(default_factory=dict)
    parents: Mapping[str, str | None] = field(default_factory=dict)
    pause_kinds: Mapping[str, PauseKind] = field(default_factory=dict)
    extension_rules: Mapping[str, ExtensionRule] = field(default_factory=dict)
    return_reasons: Mapping[str, str] = field(default_factory=dict)
    exemption_reasons: Mapping[str, str] = field(default_factory=dict)
    escalations: tuple[Escalation, ...] = ()
    outlets: Mapping[str, OutletRow] = field(default_factory=dict)
    reply_templates: tuple[ReplyTemplate, ...] = ()
    referral_advice: tuple[ReferralAdvice, ...] = ()

    def calendar_of(self, unit_code: str | None) -> WorkingCalendar:
        """Give the calendar of a unit: its own, else that of the nearest unit above it that has one, else the national one."""
        while unit_code and unit_code not in self.calendars:
            unit_code = self.parents.get(unit_code)
        return self.calendars[unit_code] if unit_code else self.calendar

    def number(self, code: str, default: int) -> int:
        """Give a switch that is a whole number, or the default where it is not set."""
        return int(self.switches.get(code, "").strip() or default)

    def lead(self, demand_type: str, topic: str) -> Lead:
        """Give the lead department of a demand: the override that names both wins over one that names the type, that over the topic's own.

        Source: `data/routing.csv`, `data/taxonomy.csv`.
        """
        for wanted in (topic, ""):
            for row in self.overrides:
                if row.demand_type == demand_type and row.topic == wanted:
                    return Lead(row.lead_department, row.is_confidential, row.note)
        entry = self.topics[topic]
        return Lead(
            entry.lead_department,
            False,
            say("The topic “{topic}” is led by {department}", topic=entry.name, department=self.departments[entry.lead_department]),
        )

    @property
    def is_automatic_dispatch_on(self) -> bool:
        """The one switch that stops automatic dispatch."""
        return self.switches.get("automatic_dispatch", "on") == "on"

    @cached_property
    def gate_threshold(self) -> float | None:
        """The administrator's threshold, or None where the model's own, measured one holds."""
        value = self.switches.get("gate_threshold", "").strip()
        return float(value) if value else None

    @property
    def repeat_window_days(self) -> int:
        """How many days back an earlier call counts as the same event."""
        return self.number("repeat_window_days", 60)
