"""Signing a period (签认): its figures are frozen as of that moment; whatever is corrected later shows as a difference from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from triage.errors import Conflict, Forbidden, InvalidInput, NotFound, Problem
from triage.figures import Opens, Reading
from triage.moments import in_shanghai, read_day
from triage.people import User
from triage.store.facts import DIMENSIONS, NAMES
from triage.store.rollups import Sum
from triage.terms import Role, Step, Watch
from triage.texts import clean
from triage.timeliness import period_of

if TYPE_CHECKING:
    from triage.store import Store

LONGEST_NOTE = 500
MOST = 200
TIMED = ("due", "duration")
# Facts that a metric judges only when they are old enough are frozen over the same earlier days that the board shows for the period.
JUDGED_BY = {"dispatch": "dispatch_accuracy", "return": "returned", "closed": "first_time_resolution", "resolved": "reopened"}
# What a measure counts; what counts for the numerator; what is summed beside.
WORDS = {
    "due": ("到期环节", "及时", "尚未完成"),
    "duration": ("完成环节的时长", "", "合计秒数"),
    "received": ("受理工单", "被催办", ""),
    "excluded": ("不计入的工单", "", ""),
    "complaint": ("投诉", "", ""),
    "handled": ("办理业务量", "", ""),
    "event": ("事件", "来电两次及以上", "来电三次及以上"),
    "dispatch": ("派单", "未被退单或改派", ""),
    "return": ("退单", "", ""),
    "override": ("有人看过的预测", "被改动", ""),
    "satisfaction": ("回访评价", "满意", ""),
    "callback": ("到期回访", "得到评价", "尚未完成"),
    "resolved": ("首次办结回单", "重新办理", ""),
    "closed": ("首次归档", "一次办结", ""),
    "upheld": ("有调查结论的投诉", "属实", ""),
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
    return f"{WORDS[head][0]}（{Step(parts[1]).label}，{Watch(parts[0]).label}）" if parts else WORDS[head][0]


def sign(values: Mapping[str, str], *, user: User, store: "Store", now: datetime) -> SignOff:
    """Sign a period of a unit, and freeze each of its measures as of now, all kinds together and by kind, in one transaction.

    Args:
        values: `unit_code`, `first_on`, `last_on` (days of Shanghai, both counted), `note`.

    Raises:
        Forbidden: the user is no auditor.
        InvalidInput: a value is missing or wrong, or the period is not over.
        Conflict: the period is signed already, or the figures wait to be counted anew.
    """
    if user.role is not Role.AUDITOR:
        raise Forbidden(f"统计期由{Role.AUDITOR.label}签认，您的角色是{user.role.label}")
    unit, first, last, note = _read(values, store, now)
    with store.writing_from_one_state():
        if store.figures_are_stale():
            raise Conflict("供电单位有变动，统计正待重算，现在签认的数字会不准；请在重算后（flask rebuild figures）再签认")
        id = store.add_sign_off(unit, first, last, signed_by=user.username, signed_at=now, note=note)
        if id is None:
            raise Conflict(f"{first} 至 {last} 已经签认过，签认的数字不再改动；以后的更正请看与签认数的差异")
        store.freeze(id, _figures(unit, first, last, store, now))
    return sign_off(id, store)


def sign_off(id: int, store: "Store") -> SignOff:
    """Give a signed period.

    Raises:
        NotFound: there is none of that number.
    """
    row = store.sign_off_row(id)
    if row is None:
        raise NotFound("没有这次签认")
    return SignOff(**row)


def signed(unit_code: str, first: date, last: date, store: "Store") -> SignOff | None:
    """Give the signature of exactly this unit and period, if there is one."""
    row = store.sign_off_of(unit_code, first, last)
    return SignOff(**row) if row else None


def sign_offs(unit_code: str, store: "Store") -> list[SignOff]:
    """Give the signed periods of a unit and those below it (`''`: all), the latest period first, at most `MOST`."""
    return [SignOff(**row) for row in store.sign_off_rows(unit_code, MOST)]


def differences(one: SignOff, *, store: "Store", now: datetime) -> list[Difference]:
    """Give every figure that is not what was signed, those of all kinds together first; none where nothing was corrected."""
    then = {(figure.measure, kind, figure.value): figure for kind, figure in store.frozen_figures(one.id)}
    today = {(figure.measure, kind, figure.value): figure for kind, figure in _figures(one.unit_code, one.first_on, one.last_on, store, now)}
    found = []
    for key in sorted(then.keys() | today.keys(), key=lambda key: (key[1], key[0], key[2])):
        before, after = then.get(key, Sum(0, 0, 0.0)), today.get(key, Sum(0, 0, 0.0))
        if (before.n, before.met, before.amount) != (after.n, after.met, after.amount):
            found.append(Difference(*key, before, after, _opens(one, key, store, now)))
    return found


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
    if unit not in {row["code"] for row in store.units()}:
        problems.append(Problem("unit_code", "请先选定一个供电单位再签认"))
    if period.last >= in_shanghai(now).date():
        problems.append(Problem("last_on", f"统计期到 {period.last} 才结束，请在次日之后签认"))
    if len(note) > LONGEST_NOTE:
        problems.append(Problem("note", f"备注最多 {LONGEST_NOTE} 个字，请改短"))
    if problems:
        raise InvalidInput(*problems)
    return unit, period.first, period.last, note
