"""Known outages (已知停电): what is registered, where and when it holds, who is told beforehand, and each change of it."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, Problem
from triage.moments import floor_minute, in_shanghai, read_moment
from triage.people import User
from triage.terms import Role, Term
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

NUMBER_DIGITS = 12
LONGEST = timedelta(days=366)
MOST_AREAS = 500
SHORTEST_KEYWORD, LONGEST_KEYWORD = 2, 30
FIELDS = {
    "number": say("Outage number"),
    "kind": say("Outage type"),
    "unit_code": say("Supply unit"),
    "starts_at": say("Outage start"),
    "ends_at": say("Expected restoration"),
    "transformer_areas": say("Transformer areas without power"),
    "keywords": say("Address keywords"),
    "reason": say("Outage reason"),
    "notice": say("Notice text"),
    "restored_at": say("Actual restoration"),
}
LONGEST_TEXT = {"reason": 500, "notice": 4000}
REGISTERING = ("grid_control", "repair", "operations")


class OutageKind(Term):
    """Why the supply is off."""

    PLANNED = "planned"
    TEMPORARY = "temporary"
    FAULT = "fault"


class OutageState(Term):
    """How an outage stands. Only what people did is kept; that one is going on follows from the moment (`Outage.state_at`)."""

    REGISTERED = "registered"
    ANNOUNCED = "announced"
    ACTIVE = "active"
    RESTORED = "restored"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        """Whether nothing is left to do."""
        return self in (OutageState.RESTORED, OutageState.CANCELLED)


class AreaKind(Term):
    """What an outage's area is named by."""

    TRANSFORMER_AREA = "transformer_area"
    KEYWORD = "keyword"


class Taken(Term):
    """What became of a row that was sent: sending it twice changes nothing."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"


NOTICE_AHEAD = {OutageKind.PLANNED: timedelta(days=7), OutageKind.TEMPORARY: timedelta(hours=24)}


@dataclass(frozen=True, order=True)
class Area:
    """A transformer area, or words that stand in the addresses of those who are without supply; its value is `normal`."""

    kind: AreaKind
    value: str


@dataclass(frozen=True)
class Draft:
    """An outage as somebody sends it; `restored_at` where it is over already."""

    number: str
    kind: OutageKind
    unit_code: str
    reason: str
    notice: str
    starts_at: datetime
    ends_at: datetime
    areas: tuple[Area, ...]
    restored_at: datetime | None = None


@dataclass(frozen=True)
class Outage:
    """An outage as it is kept."""

    number: str
    kind: OutageKind
    state: OutageState
    unit_code: str
    reason: str
    notice: str
    starts_at: datetime
    ends_at: datetime
    areas: tuple[Area, ...]
    made_by: str
    made_at: datetime
    version: int
    announced_at: datetime | None = None
    restored_at: datetime | None = None
    cancelled_at: datetime | None = None

    def state_at(self, now: datetime) -> OutageState:
        """Say how it stands at a moment: one that has begun and is not over is going on."""
        return OutageState.ACTIVE if not self.state.is_end and self.starts_at <= now else self.state

    def is_overdue(self, now: datetime) -> bool:
        """Whether the supply should be back and nobody said that it is."""
        return not self.state.is_end and self.ends_at < now

    def values_of(self, kind: AreaKind) -> tuple[str, ...]:
        """Give the transformer areas, or the keywords."""
        return tuple(area.value for area in self.areas if area.kind is kind)


@dataclass(frozen=True)
class KnownOutage:
    """An outage that explains a call: its facts, and by what the caller's place matched (`matched`, e.g. 台区 滨河03台区)."""

    number: str
    kind: OutageKind
    state: OutageState
    reason: str
    notice: str
    starts_at: datetime
    ends_at: datetime
    matched: Area


@dataclass(frozen=True)
class OutageContext:
    """What is known at intake: the outages that hold there now, and how many the transformer area had of late (频繁停电)."""

    known: tuple[KnownOutage, ...]
    recent_count: int
    transformer_area: str


@dataclass(frozen=True)
class OutageRules:
    """The scalars that outages are judged by; source: `data/switches.csv`. Three in two months is a frequent outage (频繁停电)."""

    grace: timedelta = timedelta(minutes=120)
    frequent_count: int = 3
    frequent_days: int = 60
    repeat_days: int = 60


@dataclass(frozen=True)
class KeyCustomer:
    """A customer that is told beforehand (重要及敏感客户), as far as its place needs it; area and address are `normal`."""

    number: str
    unit_code: str
    transformer_area: str
    address: str


@dataclass(frozen=True)
class NoticeCounts:
    """How many key customers were told, how many not, and how many of those should have been by now."""

    notified: int
    open: int
    overdue: int


def read_outage_rules(switches: Mapping[str, str]) -> OutageRules:
    """Read the scalars from the switches; one that is missing or no number keeps its default."""
    usual = OutageRules()

    def number(code: str, default: int) -> int:
        value = switches.get(code, "").strip()
        return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else default

    return OutageRules(
        grace=timedelta(minutes=number("outage_grace_minutes", int(usual.grace.total_seconds() // 60))),
        frequent_count=number("frequent_outage_count", usual.frequent_count),
        frequent_days=number("frequent_outage_days", usual.frequent_days),
        repeat_days=number("planned_repeat_days", usual.repeat_days),
    )


def normal(text: str) -> str:
    """Give a text as it is compared: full width as half width, without blanks, in small letters."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def parts_of(address: str) -> list[str]:
    """Give every stretch of a normal address that a keyword could be, so that keywords are found by index and not by trying each."""
    ends = range(SHORTEST_KEYWORD, LONGEST_KEYWORD + 1)
    return sorted({address[start : start + size] for start in range(len(address)) for size in ends if start + size <= len(address)})


def is_related(unit: str, other: str, parents: Mapping[str, str | None]) -> bool:
    """Say whether one unit is the other or stands above or below it; an unknown one (empty) excludes nothing.

    The names of transformer areas and streets repeat from county to county.
    """
    return not unit or not other or unit in _upward(other, parents) or other in _upward(unit, parents)


def _upward(unit: str, parents: Mapping[str, str | None]) -> list[str]:
    line: list[str] = []
    step: str | None = unit
    while step and step not in line:
        line.append(step)
        step = parents.get(step)
    return line


def frequent(outages: Iterable[Outage], rules: OutageRules, now: datetime) -> bool:
    """Say whether a transformer area's outages are frequent (频繁停电): by default three or more of any kind that began in the last 60 days."""
    since = now - timedelta(days=rules.frequent_days)
    numbers = {one.number for one in outages if one.state is not OutageState.CANCELLED and since <= one.starts_at <= now}
    return len(numbers) >= rules.frequent_count


def notice_due(outage: Outage, now: datetime) -> datetime | None:
    """Give the moment by which key customers are told: planned 7 days ahead, temporary 24 hours, never before now; None where nobody is.

    Source: the trade's facts (`docs/design.md`): planned outages are announced 7 days ahead, temporary ones 24 hours ahead to key customers.
    """
    ahead = NOTICE_AHEAD.get(outage.kind)
    return None if ahead is None or outage.state.is_end else max(outage.starts_at - ahead, now)


def told(outage: Outage, customers: Iterable[KeyCustomer], parents: Mapping[str, str | None]) -> list[str]:
    """Give the numbers of the key customers in an outage's area, by transformer area or by a keyword in the address."""
    areas, keywords = outage.values_of(AreaKind.TRANSFORMER_AREA), outage.values_of(AreaKind.KEYWORD)
    return [
        one.number
        for one in customers
        if (one.transformer_area in areas or any(word in one.address for word in keywords)) and is_related(one.unit_code, outage.unit_code, parents)
    ]


def count_notices(notices: Iterable[Mapping[str, Any]], now: datetime) -> NoticeCounts:
    """Count who was told, who not, and who should have been by now."""
    every = list(notices)
    waiting = [one for one in every if one["notified_at"] is None]
    return NoticeCounts(len(every) - len(waiting), len(waiting), sum(one["due_at"] < now for one in waiting))


def may_register(user: User) -> bool:
    """Dispatchers, and those of grid control (调度), repair and operations register outages and change them; so does a leader of all departments."""
    return any(
        hat.role is Role.DISPATCHER
        or (hat.role in (Role.HANDLER, Role.LEADER) and hat.department in REGISTERING)
        or (hat.role is Role.LEADER and not hat.department)
        for hat in user.hats
    )


def may_read(user: User) -> bool:
    """Whoever registers them, and agents, leaders and quality staff, read outages."""
    return may_register(user) or user.role in (Role.AGENT, Role.LEADER, Role.AUDITOR)


def check_reader(user: User) -> None:
    """Let only those who read outages pass.

    Raises:
        Forbidden: the role does not.
    """
    if not may_read(user):
        raise Forbidden(say("Outages are for agents, dispatchers, crew leaders, auditors and the staff of grid control, repair and operations"))


def check_registrar(user: User, unit_code: str, store: "Store") -> None:
    """Let only those pass who may register an outage of this unit.

    Raises:
        Forbidden: the role or department does not register outages, or the unit is none of theirs.
    """
    if not may_register(user):
        raise Forbidden(say("Outages are registered and changed by dispatchers and the staff of grid control, repair and operations"))
    if not any(hat.role is Role.DISPATCHER or store.is_under(unit_code, hat.unit_code) for hat in user.hats):
        raise Forbidden(say("You can register and change outages of your own unit and the units below it only"))


# --- reading what is sent


def read_draft(values: Mapping[str, object], units: Mapping[str, str], now: datetime) -> Draft:
    """Build a draft from what a form, the API or a file sent; lists may come as texts with a separator between.

    Args:
        values: by the names in `FIELDS`.
        units: the names of the supply units by code.
        now: a restoration cannot lie after it.

    Raises:
        InvalidInput: one problem a wrong field, all at once.
    """
    problems: list[Problem] = []
    unknown = [Problem(name, say("There is no such field; use: {fields}", fields=say(", ").join(FIELDS))) for name in values if name not in FIELDS]
    texts = {name: _text(values.get(name), name, problems) for name in FIELDS if name not in ("transformer_areas", "keywords")}
    kind, unit = _kind(texts["kind"], problems), _unit(texts["unit_code"], units, problems)
    if not any(problem.field == "number" for problem in problems):
        _check_number(texts["number"], problems)
    moments = {name: _moment(texts[name], name, problems) for name in ("starts_at", "ends_at", "restored_at")}
    areas = _areas(values, problems)
    _check_order(moments, now, problems)
    if unknown or problems:
        raise InvalidInput(*unknown, *problems)
    starts, ends = moments["starts_at"], moments["ends_at"]
    if kind is None or starts is None or ends is None:  # said above
        raise InvalidInput(*problems)
    return Draft(
        normal(texts["number"]),
        kind,
        unit,
        texts["reason"],
        texts["notice"],
        starts,
        ends,
        areas,
        moments["restored_at"],
    )


def _text(value: object, name: str, problems: list[Problem]) -> str:
    if value is not None and not isinstance(value, str):
        problems.append(Problem(name, say("{field}: must be text", field=FIELDS[name])))
        return ""
    text = str(clean(value or "")).strip()
    most = LONGEST_TEXT.get(name, 200)
    if len(text) > most:
        problems.append(Problem(name, say("{field}: at most {most} characters; it now has {count}", field=FIELDS[name], most=most, count=len(text))))
    return text


def _check_number(value: str, problems: list[Problem]) -> None:
    digits = normal(value)
    if not (len(digits) == NUMBER_DIGITS and digits.isascii() and digits.isdigit()):
        problems.append(
            Problem(
                "number",
                say("Outage number: must be {digits} digits", digits=NUMBER_DIGITS)
                + (say(", and “{value}” is not", value=value) if value else say(", fill it in")),
            )
        )


def _kind(value: str, problems: list[Problem]) -> OutageKind | None:
    found = next((kind for kind in OutageKind if value in (kind.value, kind.label, kind.label.removesuffix("停电"))), None)
    if found is None:
        problems.append(Problem("kind", say("Type of outage: choose {kinds}", kinds=say(", ").join(kind.label for kind in OutageKind))))
    return found


def _unit(value: str, units: Mapping[str, str], problems: list[Problem]) -> str:
    found = value if value in units else next((code for code, name in units.items() if value and name == value), "")
    if not found:
        problems.append(
            Problem(
                "unit_code",
                say("Supply unit: there is no “{value}”; choose one from the list", value=value)
                if value
                else say("Supply unit: required, choose one"),
            )
        )
    return found


def _moment(value: str, name: str, problems: list[Problem]) -> datetime | None:
    if not value:
        if name != "restored_at":
            problems.append(Problem(name, say("{field}: required, such as 2026-11-23 08:00", field=FIELDS[name])))
        return None
    try:
        moment = floor_minute(read_moment(value, name))
        if not 2000 <= moment.year <= 2100:
            raise OverflowError
    except InvalidInput as error:
        problems.extend(
            Problem(name, say("{field}: {problem}", field=FIELDS.get(name, say("Time")), problem=problem.message)) for problem in error.problems
        )
    except OverflowError:
        problems.append(Problem(name, say("{field}: the year of “{value}” is not right", field=FIELDS.get(name, say("Time")), value=value)))
    else:
        return moment
    return None


def read_time(name: str, value: str) -> datetime:
    """Read a moment to the minute, one without a zone as Shanghai's.

    Raises:
        InvalidInput: it is none, or in a year that no outage is in.
    """
    problems: list[Problem] = []
    moment = _moment(value, name, problems)
    if moment is None:
        raise InvalidInput(*problems)
    return moment


def _check_order(moments: Mapping[str, datetime | None], now: datetime, problems: list[Problem]) -> None:
    starts, ends, restored = moments["starts_at"], moments["ends_at"], moments["restored_at"]
    if starts and ends and not starts < ends <= starts + LONGEST:
        problems.append(Problem("ends_at", say("Expected restoration: must be after the start of the outage, and within a year of it")))
    if starts and restored and not starts <= restored <= now:
        problems.append(Problem("restored_at", say("Actual restoration: must be neither before the start of the outage nor in the future")))


SEPARATORS = str.maketrans(dict.fromkeys("，,、；;|\r\t", "\n"))


def _areas(values: Mapping[str, object], problems: list[Problem]) -> tuple[Area, ...]:
    found: set[Area] = set()
    for name, kind in (("transformer_areas", AreaKind.TRANSFORMER_AREA), ("keywords", AreaKind.KEYWORD)):
        sent = values.get(name) or ""
        several = [sent] if isinstance(sent, str) else sent
        if not (isinstance(several, (list, tuple)) and all(isinstance(one, str) for one in several)):
            problems.append(Problem(name, say("{field}: must be text or a list of texts", field=FIELDS[name])))
            continue
        found |= {Area(kind, value) for one in several for part in str(clean(one)).translate(SEPARATORS).split("\n") if (value := normal(part))}
    problems.extend(_area_problems(found))
    if not found and not any(problem.field in ("transformer_areas", "keywords") for problem in problems):
        problems.append(Problem("transformer_areas", say("Area of the outage: give at least one transformer area or address keyword")))
    return tuple(sorted(found))


def _area_problems(areas: Iterable[Area]) -> Iterable[Problem]:
    every = sorted(areas)
    if len(every) > MOST_AREAS:
        yield Problem(
            "transformer_areas",
            say("Area of the outage: at most {most} items, there are {count}; register it as several outages", most=MOST_AREAS, count=len(every)),
        )
    for area in every:
        if area.kind is AreaKind.KEYWORD and not SHORTEST_KEYWORD <= len(area.value) <= LONGEST_KEYWORD:
            yield Problem(
                "keywords",
                say(
                    "Address keywords: “{keyword}” must have {least}–{most} characters",
                    keyword=area.value[:40],
                    least=SHORTEST_KEYWORD,
                    most=LONGEST_KEYWORD,
                ),
            )
        elif len(area.value) > 64:
            yield Problem(
                "transformer_areas", say("Transformer areas without power: “{area}…” is too long, at most 64 characters", area=area.value[:40])
            )


# --- registering and changing


def register(draft: Draft, *, user: User, store: "Store", now: datetime) -> tuple[Taken, Outage]:
    """Keep a new outage; the same one again is harmless.

    Raises:
        Forbidden: see `check_registrar`.
        InvalidInput: the number is there with other values; they are changed where one sees them.
    """
    check_registrar(user, draft.unit_code, store)
    known = store.find_outage(draft.number)
    if known and corrected(known, draft, now) != known:
        raise InvalidInput(
            Problem(
                "number",
                say(
                    "Outage number: {number} is already registered with other contents. To change it, open that outage and use “Correct”",
                    number=draft.number,
                ),
            )
        )
    return (Taken.SAME, known) if known else (Taken.ADDED, store.add_outage(fresh(draft, user.username, now), "register", now))


def take(
    draft: Draft, *, actor: str, store: "Store", now: datetime, customers: Sequence[KeyCustomer] | None = None
) -> tuple[Taken, Outage, tuple[str, ...]]:
    """Keep a row of a file: new, changed (says which fields), or the same as it is, or as the last file had it.

    A row that the last file had just so is no news: what people changed since then stays.

    Args:
        customers: the key customers, read once for many rows.

    Raises:
        IllegalMove: it is over (restored or cancelled) and the row says something else.
    """
    known = store.find_outage(draft.number)
    if known is None:
        return Taken.ADDED, store.add_outage(fresh(draft, actor, now), "import", now, draft=draft, customers=customers), ()
    changed = corrected(known, draft, now)
    if changed == known or store.is_last_imported(draft):
        return Taken.SAME, known, ()
    if known.state.is_end:
        raise IllegalMove(say("Outage {number} ({state}) can no longer be changed", number=known.number, state=known.state.label))
    kept = store.change_outage(known, changed, "import", actor, now, draft=draft, customers=customers)
    return Taken.CHANGED, kept, tuple(name for name in FIELDS if name in differences(known, kept))


def correct(number: str, draft: Draft, *, version: int, user: User, store: "Store", now: datetime) -> Outage:
    """Put other values in the place of what is registered; who was to be told is worked out again.

    Raises:
        NotFound, Forbidden, Conflict: as with `change`.
        IllegalMove: it is over.
        InvalidInput: the draft has another number.
    """
    known = _seen(number, version, user, store)
    check_registrar(user, draft.unit_code, store)
    if draft.number != known.number:
        raise InvalidInput(Problem("number", say("Outage number: cannot be changed; if it is wrong, cancel this outage and register another one")))
    if known.state.is_end:
        raise IllegalMove(say("Outage {number} ({state}) can no longer be changed", number=known.number, state=known.state.label))
    changed = corrected(known, draft, now)
    return known if changed == known else store.change_outage(known, changed, "correct", user.username, now)


def fresh(draft: Draft, actor: str, now: datetime) -> Outage:
    """Make a new outage of a draft."""
    state = OutageState.RESTORED if draft.restored_at else OutageState.REGISTERED
    values = {field.name: getattr(draft, field.name) for field in fields(Draft)}
    return Outage(**values, state=state, made_by=actor, made_at=now, version=1)


def corrected(known: Outage, draft: Draft, now: datetime) -> Outage:
    """Give an outage with a draft's values. One announced that has not begun must be announced anew when its area or its start is another."""
    values = {field.name: getattr(draft, field.name) for field in fields(Draft) if field.name != "restored_at"}
    changed = replace(known, **values)
    if known.state is OutageState.ANNOUNCED and known.starts_at > now and (known.areas, known.starts_at) != (changed.areas, changed.starts_at):
        changed = replace(changed, state=OutageState.REGISTERED, announced_at=None)
    if draft.restored_at:
        changed = replace(changed, state=OutageState.RESTORED, restored_at=draft.restored_at)
    return changed


def differences(before: Outage, after: Outage) -> dict[str, tuple[object, object]]:
    """Give what differs, by the names of the fields; areas as `transformer_areas` and `keywords`."""
    found = {
        field.name: (getattr(before, field.name), getattr(after, field.name))
        for field in fields(Outage)
        if field.name not in ("areas", "version") and getattr(before, field.name) != getattr(after, field.name)
    }
    for name, kind in (("transformer_areas", AreaKind.TRANSFORMER_AREA), ("keywords", AreaKind.KEYWORD)):
        if before.values_of(kind) != after.values_of(kind):
            found[name] = (before.values_of(kind), after.values_of(kind))
    return found


@dataclass(frozen=True)
class OutageMove:
    """A change beside correcting: its code and name, the field that it takes, and what comes of it."""

    code: str
    label: str
    takes: tuple[str, ...]
    needs: tuple[str, ...]
    apply: Callable[[Outage, Mapping[str, str], datetime], Outage]


MOVE_FIELDS = {"why": say("Grounds"), "ends_at": say("New expected restoration"), "restored_at": say("Actual restoration")}


def change(number: str, code: str, values: Mapping[str, str], *, version: int, user: User, store: "Store", now: datetime) -> Outage:
    """Announce an outage, move its expected end, restore or cancel it, and keep who, when and why.

    Raises:
        NotFound: there is no outage of that number.
        Forbidden: see `check_registrar`.
        Conflict: somebody else changed it since it was read.
        IllegalMove: it does not stand so; says what is possible now.
        InvalidInput: a value is missing or wrong; a planned outage of an area that has another near it is announced only with a reason.
    """
    outage = _seen(number, version, user, store)
    legal = legal_changes(outage, now)
    move = next((one for one in legal if one.code == code), None)
    if move is None:
        possible = say(", ").join(one.label for one in legal) or say("None")
        raise IllegalMove(
            say(
                "Outage {number} ({state}): this cannot be done; what can be done now: {possible}",
                number=outage.number,
                state=outage.state_at(now).label,
                possible=possible,
            ),
            tuple(one.code for one in legal),
        )
    sent = {name: str(clean(values.get(name) or "")).strip() for name in (*move.needs, *move.takes)}
    problems = [Problem(name, say("{field}: required, please fill it in", field=MOVE_FIELDS[name])) for name in move.needs if not sent[name]]
    if len(sent["why"]) > LONGEST_TEXT["reason"]:
        problems.append(Problem("why", say("Reason: at most {most} characters", most=LONGEST_TEXT["reason"])))
    if code == "announce" and not sent["why"] and (others := repeats(outage, store)):
        problems.append(
            Problem(
                "why",
                say("Reason: {warning} If they must be separate, state the reason", warning=repeat_warning(others, store.outage_rules().repeat_days)),
            )
        )
    if problems:
        raise InvalidInput(*problems)
    return store.change_outage(outage, move.apply(outage, sent, now), code, user.username, now, why=sent["why"])


def _seen(number: str, version: int, user: User, store: "Store") -> Outage:
    outage = store.outage(clean(number))
    check_registrar(user, outage.unit_code, store)
    if outage.version != version:
        raise Conflict(say("This outage has been changed by someone else; refresh the page and try again"))
    return outage


def legal_changes(outage: Outage, now: datetime) -> tuple[OutageMove, ...]:
    """Give what may be done with an outage as it stands."""
    if outage.state.is_end:
        return ()
    has_begun = outage.starts_at <= now
    codes = {"announce": outage.state is OutageState.REGISTERED, "prolong": True, "restore": has_begun, "cancel": True}
    return tuple(move for move in MOVES if codes[move.code])


def repeats(outage: Outage, store: "Store") -> list[Outage]:
    """Give the other planned outages near a planned one in the same area: each area should be off once (一停多用)."""
    return store.repeated_planned(outage.areas, outage.starts_at, outage.number) if outage.kind is OutageKind.PLANNED else []


def repeat_warning(others: Sequence[Outage], days: int) -> str:
    """Say in plain words which other planned outages an area has."""
    named = say(", ").join(
        say("{number} (from {starts_at:%m-%d %H:%M})", number=one.number, starts_at=in_shanghai(one.starts_at)) for one in others[:5]
    )
    more = say("; {count} outages in all", count=len(others)) if len(others) > 5 else ""
    return say(
        "There is another planned outage of the same area within {days} days: {named}{more}; combine them into one if possible.",
        days=days,
        named=named,
        more=more,
    )


def warnings_of(outage: Outage, store: "Store", now: datetime) -> list[str]:
    """Say in plain words what one should know before announcing an outage, and of one that should be over."""
    said = []
    if outage.state is OutageState.REGISTERED:
        if others := repeats(outage, store):
            said.append(repeat_warning(others, store.outage_rules().repeat_days) + say("To announce it all the same, state the reason."))
        ahead = NOTICE_AHEAD.get(outage.kind)
        if ahead and outage.starts_at - ahead < now:
            said.append(
                say(
                    "{kind} requires {notice}; there is no longer time for that.",
                    kind=outage.kind.label,
                    notice=say("7 days' public announcement") if outage.kind is OutageKind.PLANNED else say(" 24 hours' notice to key customers"),
                )
            )
    if outage.is_overdue(now):
        said.append(say("The expected restoration time has passed: confirm that power is restored, or change the expected restoration time."))
    return said


def frequent_areas(outage: Outage, store: "Store", now: datetime) -> dict[str, int]:
    """Give the transformer areas of an outage whose outages are frequent (频繁停电), with how many they had."""
    rules = store.outage_rules()
    counts = store.recent_counts(outage.values_of(AreaKind.TRANSFORMER_AREA), now - timedelta(days=rules.frequent_days), now)
    return {area: times for area, times in counts.items() if times >= rules.frequent_count}


def _announce(outage: Outage, sent: Mapping[str, str], now: datetime) -> Outage:
    return replace(outage, state=OutageState.ANNOUNCED, announced_at=now)


def _prolong(outage: Outage, sent: Mapping[str, str], now: datetime) -> Outage:
    ends = read_time("ends_at", sent["ends_at"])
    if not max(outage.starts_at, now) < ends <= outage.starts_at + LONGEST:
        raise InvalidInput(
            Problem(
                "ends_at", say("New expected restoration: must be after now and after the start of the outage, and the outage must not exceed a year")
            )
        )
    return replace(outage, ends_at=ends)


def _restore(outage: Outage, sent: Mapping[str, str], now: datetime) -> Outage:
    restored = read_time("restored_at", sent["restored_at"]) if sent["restored_at"] else floor_minute(now)
    if not outage.starts_at <= restored <= now:
        raise InvalidInput(Problem("restored_at", say("Actual restoration: must be neither before the start of the outage nor in the future")))
    return replace(outage, state=OutageState.RESTORED, restored_at=restored)


def _cancel(outage: Outage, sent: Mapping[str, str], now: datetime) -> Outage:
    return replace(outage, state=OutageState.CANCELLED, cancelled_at=now)


MOVES = (
    OutageMove("announce", say("Announce"), ("why",), (), _announce),
    OutageMove("prolong", say("Change the expected restoration"), ("why",), ("ends_at",), _prolong),
    OutageMove("restore", say("Power restored"), ("restored_at", "why"), (), _restore),
    OutageMove("cancel", say("Cancel"), (), ("why",), _cancel),
)
