"""Registering an outage and each change of it: announced, prolonged, restored, cancelled, corrected; who, when and why is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, Problem
from triage.moments import floor_minute, in_shanghai
from triage.outage_drafts import read_time
from triage.outages import (
    FIELDS,
    LONGEST,
    LONGEST_TEXT,
    NOTICE_AHEAD,
    AreaKind,
    Draft,
    KeyCustomer,
    Outage,
    OutageKind,
    OutageState,
    Taken,
    differences,
    may_register,
)
from triage.people import User
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store


def check_registrar(user: User, unit_code: str, store: "Store") -> None:
    """Let only those pass who may register an outage of this unit.

    Raises:
        Forbidden: the role or department does not register outages, or the unit is none of theirs.
    """
    if not may_register(user):
        raise Forbidden(say("Outages are registered and changed by dispatchers and the staff of grid control, repair and operations"))
    if not any(hat.role is Role.DISPATCHER or store.is_under(unit_code, hat.unit_code) for hat in user.hats):
        raise Forbidden(say("You can register and change outages of your own unit and the units below it only"))


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
