"""Signing a period (签认): its figures are frozen as of that moment; whatever is corrected later shows as a difference from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from triage.errors import Conflict, Forbidden, InvalidInput, NotFound, Problem
from triage.figures import Opens, Reading
from triage.moments import in_shanghai, read_day
from triage.people import User
from triage.store.facts import DIMENSIONS, NAMES, TIMED
from triage.store.rollups import EVERYTHING, Sum
from triage.terms import Role, Step, Watch
from triage.texts import clean
from triage.timeliness import period_of
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

LONGEST_NOTE = 500
# Facts that a metric judges only when they are old enough are frozen over the same earlier days that the board shows for the period.
JUDGED_BY = {"dispatch": "dispatch_accuracy", "return": "returned", "closed": "first_time_resolution", "resolved": "reopened"}
# Measures that came, together, after periods could be signed. Whatever is signed since then holds a row of each, if only an empty one; what was
# signed before holds none of either, and what they count today is no correction of it.
CAME_LATER = ("worked", "checked")
# What a measure counts; what counts for the numerator; what is summed beside.
WORDS = {
    "due": (say("Steps due"), say("In time"), say("Not yet done")),
    "duration": (say("Duration of completed steps"), "", say("Total seconds")),
    "worked": (say("Time used by completed steps, as their limits count"), "", say("Total seconds")),
    "received": (say("Tickets received"), say("Chased"), ""),
    "excluded": (say("Tickets not counted"), "", ""),
    "complaint": (say("Complaints"), "", ""),
    "handled": (say("Business handled"), "", ""),
    "event": (say("Events"), say("Two calls or more"), say("Three calls or more")),
    "dispatch": (say("Dispatch"), say("Neither returned nor reassigned"), ""),
    "return": (say("Return"), "", ""),
    "override": (say("Predictions that a person saw"), say("Overridden"), ""),
    "checked": (say("Automatic decisions that two auditors checked"), say("Found wrong"), ""),
    "satisfaction": (say("Callback rating"), say("Satisfied"), ""),
    "callback": (say("Callbacks due"), say("Rated"), say("Not yet done")),
    "resolved": (say("First resolutions"), say("Reopen"), ""),
    "closed": (say("First closings"), say("Resolved the first time"), ""),
    "upheld": (say("Complaints with a finding"), say("Upheld"), ""),
}


@dataclass(frozen=True)
class SignOff:
    """A signed period of a unit: who signed it and when, and what was noted."""

    id: int
    unit_code: str
    first_on: date
    last_on: date
    signed_by: str
    signed_at: datetime
    note: str


@dataclass(frozen=True)
class Difference:
    """A figure as it was signed and as it is today; `opens` lists today's tickets."""

    measure: str
    dimension: str
    value: str
    signed: Sum
    today: Sum
    opens: Opens

    @property
    def more(self) -> int:
        """How many more are counted today."""
        return self.today.n - self.signed.n

    @property
    def points(self) -> float | None:
        """By how many points (百分点) the share has moved; None where the measure has no share or either has nothing to judge."""
        is_share = WORDS[self.measure.split(".")[0]][1]
        return 100 * (self.today.met / self.today.n - self.signed.met / self.signed.n) if is_share and self.today.n and self.signed.n else None


def name_of(measure: str) -> str:
    """Give what a measure counts, in words: `due.customer.accept` is 到期环节（接单，客户时钟）."""
    head, *parts = measure.split(".")
    return say("{name} ({step}, {watch})", name=WORDS[head][0], step=Step(parts[1]).label, watch=Watch(parts[0]).label) if parts else WORDS[head][0]


def sign(values: Mapping[str, str], *, user: User, store: "Store", now: datetime) -> SignOff:
    """Sign a period of a unit, and freeze each of its measures as of now, all kinds together and by kind, in one transaction.

    Args:
        values: `unit_code` (with all below it; empty: everything, tickets of no known unit too), `first_on`, `last_on` (days of Shanghai, both
            counted), `note`.

    Raises:
        Forbidden: the user is no auditor.
        InvalidInput: a value is missing or wrong, or the period is not over.
        Conflict: the period is signed already, or the figures wait to be counted anew.
    """
    if user.role is not Role.AUDITOR:
        raise Forbidden(say("Periods are signed off by the role {role}; your role is {own_role}", role=Role.AUDITOR.label, own_role=user.role.label))
    unit, first, last, note = _read(values, store, now)
    with store.writing_from_one_state():
        if store.figures_are_stale():
            raise Conflict(
                say(
                    "Supply units have changed and the figures wait to be counted anew, so figures signed off now would "
                    "not be right; sign off after the recount (flask rebuild figures)"
                )
            )
        id = store.add_sign_off(unit, first, last, signed_by=user.username, signed_at=now, note=note)
        if id is None:
            raise Conflict(
                say(
                    "{first} to {last} has already been signed off, and figures signed off do not change; for later "
                    "corrections see the differences from them",
                    first=first,
                    last=last,
                )
            )
        figures = _figures(unit, first, last, store, now)
        counted = {(kind, one.measure) for kind, one in figures}
        empty = [("", Sum(0, 0, 0.0, measure)) for measure in CAME_LATER if ("", measure) not in counted]
        store.freeze(id, [*figures, *empty])
    return sign_off(id, store)


def sign_off(id: int, store: "Store") -> SignOff:
    """Give a signed period.

    Raises:
        NotFound: there is none of that number.
    """
    row = store.sign_off_row(id)
    if row is None:
        raise NotFound(say("There is no such sign-off"))
    return SignOff(**row)


def signed(unit_code: str, first: date, last: date, store: "Store") -> SignOff | None:
    """Give the signature of exactly this unit and period, if there is one."""
    row = store.sign_off_of(unit_code, first, last)
    return SignOff(**row) if row else None


def sign_offs(unit_code: str, store: "Store", most: int = 100, skip: int = 0) -> list[SignOff]:
    """Give the signed periods of a unit and those below it (`''`: all), the latest period first, `most` of them after the first `skip`."""
    return [SignOff(**row) for row in store.sign_off_rows(unit_code, most, skip)]


def differences(one: SignOff, *, store: "Store", now: datetime) -> list[Difference]:
    """Give every figure that is not what was signed, those of all kinds together first; none where nothing was corrected.

    What was not counted yet when it was signed (`not_counted_then`) is left out.
    """
    then = {(figure.measure, kind, figure.value): figure for kind, figure in store.frozen_figures(one.id)}
    unknown = _not_among(measure for measure, _, _ in then)
    today = {(figure.measure, kind, figure.value): figure for kind, figure in _figures(one.unit_code, one.first_on, one.last_on, store, now)}
    found = []
    for key in sorted(then.keys() | today.keys(), key=lambda key: (key[1], key[0], key[2])):
        before, after = then.get(key, Sum(0, 0, 0.0)), today.get(key, Sum(0, 0, 0.0))
        if key[0].split(".")[0] not in unknown and (before.n, before.met, before.amount) != (after.n, after.met, after.amount):
            found.append(Difference(*key, before, after, _opens(one, key, store, now)))
    return found


def not_counted_then(one: SignOff, store: "Store") -> tuple[str, ...]:
    """Give the measures that nothing counted yet when a period was signed, so that there is nothing to compare them with."""
    return _not_among(figure.measure for _, figure in store.frozen_figures(one.id))


def _not_among(measures: Iterable[str]) -> tuple[str, ...]:
    return () if any(measure.split(".")[0] in CAME_LATER for measure in measures) else CAME_LATER


def _figures(unit: str, first: date, last: date, store: "Store", now: datetime) -> list[tuple[str, Sum]]:
    """Give the sums of all measures of a unit's period, each with its dimension (`''`: all kinds together)."""
    every = [*(f"{head}.{watch}.{step}" for head in TIMED for watch in Watch for step in Step), *(name for name in NAMES if name not in TIMED)]
    days, by_shift = store.maturity_days(), dict[int, list[str]]()
    for measure in every:
        by_shift.setdefault(days.get(JUDGED_BY.get(measure, ""), 0), []).append(measure)
    found = []
    for dimension in ("", *DIMENSIONS):
        reading = Reading(store, first, last, now, (unit,), dimension, ("measure", "value"))
        found += [(dimension, one) for shift, measures in by_shift.items() for one in reading.sums(measures, shift)]
    return found


def _opens(one: SignOff, key: tuple[str, str, str], store: "Store", now: datetime) -> Opens:
    measure, dimension, value = key
    shift = store.maturity_days().get(JUDGED_BY.get(measure, ""), 0)
    wanted = Reading(store, one.first_on, one.last_on, now).wanted((measure,), shift)
    return Opens((measure,), wanted.first_on, wanted.last_on, unit_code=one.unit_code, dimension=dimension, value=value)


def _read(values: Mapping[str, str], store: "Store", now: datetime) -> tuple[str, date, date, str]:
    unit, note = clean(values.get("unit_code") or ""), clean(values.get("note") or "").strip()
    period = period_of(read_day(values.get("first_on") or "", "first_on"), read_day(values.get("last_on") or "", "last_on"))
    problems = []
    if unit not in {EVERYTHING, *(row["code"] for row in store.units())}:
        wrong = say("There is no supply unit “{unit}”; choose one from the list, or sign off everything", unit=unit[:30])
        problems.append(Problem("unit_code", wrong))
    if period.last >= in_shanghai(now).date():
        problems.append(Problem("last_on", say("The period ends only on {last}; sign it off on the day after or later", last=period.last)))
    if len(note) > LONGEST_NOTE:
        problems.append(Problem("note", say("The note may have at most {most} characters; shorten it", most=LONGEST_NOTE)))
    if problems:
        raise InvalidInput(*problems)
    return unit, period.first, period.last, note
