"""The metrics of `data/metrics.csv`: one function each. What stands behind 口径 in its docstring is what pages and docs say of it.

All count facts (`triage/store/facts.py`), from which tickets that were merged, withdrawn or exempted (剔除) are left out; those are counted
apart (`excluded`).
"""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from triage.figures import Figure, Opens, Reading
from triage.quality_events import POINTS, Asked
from triage.store.facts import CLASSES
from triage.store.rollups import EVERYTHING, Sum
from triage.terms import Step, Watch
from triage.wording import say

DEFINITION = re.compile(r"口径：(.*?)(?=\n\n|\Z)", re.DOTALL)
METRICS: dict[str, Callable[..., list[Figure]]] = {}
UNTRUE_POINTS = 0.1  # what an untrue record (不实记录) takes from the service index
TARGET = 0.95  # 回访满意率 below it costs points of the service index


def metric(function: Callable[..., list[Figure]]) -> Callable[..., list[Figure]]:
    """Enter a function as the metric of its name."""
    METRICS[function.__name__] = function
    return function


def definition(code: str) -> str:
    """Give what a metric counts, in the words of its function's docstring."""
    function = METRICS.get(code) or OTHERS[code]
    found = DEFINITION.search(inspect.getdoc(function) or "")
    assert found, f"{code} has no definition"
    return re.sub(r"\s*\n\s*", "", found[1])


def maturity(reading: Reading, code: str) -> int:
    """Give how many days an event must be old before this metric judges it."""
    return reading.store.maturity_days().get(code, 0)


def shares(
    reading: Reading,
    code: str,
    measures: Sequence[str],
    *,
    met: str = "yes",
    over: Sequence[str] = (),
    shift: int = 0,
    by_step: bool = False,
) -> list[Figure]:
    """Give shares over the facts of `measures`: those that met, did not, or are open; or the facts of `over` for each of them."""
    counted = {_key(one, by_step): one for one in reading.sums(measures, shift, by_measure=by_step)}
    others = {_key(one, False): one for one in reading.sums(over, shift)} if over else {}
    figures = []
    for key, one in sorted(counted.items(), key=lambda item: str(item[0])):
        own = (one.measure,) if by_step else tuple(measures)
        of_n = opens(reading, own, one, shift)
        of_k = opens(reading, tuple(over), one, shift) if over else replace(of_n, met=met)
        k = others[key].n if over and key in others else 0 if over else count(one, met)
        step = one.measure.rsplit(".", 1)[-1] if by_step else ""
        figures.append(Figure(code, k, one.n, of_k, of_n, step, one.unit_code or reading.units[0], one.value, one.day_on))
    return figures


def _key(one: Sum, by_measure: bool) -> tuple[str, str, str, date | None]:
    return (one.measure if by_measure else "", one.unit_code, one.value, one.day_on)


def count(one: Sum, met: str) -> int:
    """Give how many of a sum's facts met, did not, or are open."""
    return {"yes": one.met, "no": one.n - one.met, "open": round(one.amount), "": one.n}[met]


def opens(reading: Reading, measures: Sequence[str], one: Sum, shift: int = 0) -> Opens:
    """Give what lists the facts of a sum."""
    wanted = reading.wanted(measures, shift)
    first, last = (one.day_on, one.day_on) if one.day_on else (wanted.first_on, wanted.last_on)
    unit = one.unit_code or reading.units[0]
    return Opens(tuple(measures), first, last, unit_code=unit, dimension=reading.dimension, value=one.value)


def due(watch: Watch, steps: Sequence[Step] = ()) -> tuple[str, ...]:
    """Name the measures of steps that fall due on a clock."""
    return tuple(f"due.{watch.value}.{step.value}" for step in (steps or Step))


@metric
def timeliness(reading: Reading, watch: Watch = Watch.CUSTOMER, steps: Sequence[Step] = ()) -> list[Figure]:
    """Of the steps that fell due in the period, ended or not, those that ended within their limit; a figure for each step.

    口径：处理及时率 = 时限内完成的环节数 ÷ 统计期内到期的环节数（无论是否完成）。到期的那一分钟内完成也算及时；
    作废的环节（退单、转告、办结即答等）不计；已合并、已撤诉和经批准剔除的工单不计，另行列出。派单环节可按自动、人工分开。

    Source: `data/metrics.csv`, `timeliness`.
    """
    return shares(reading, "timeliness", due(watch, steps), by_step=True)


@metric
def overdue(reading: Reading, watch: Watch = Watch.CUSTOMER, steps: Sequence[Step] = ()) -> list[Figure]:
    """Steps of the period that are past their limit (k) of those that fell due (n); a figure for each step.

    口径：超时件数 = 统计期内到期、未在时限内完成的环节数；其中尚未完成的另行列出。不计的工单与处理及时率相同。

    Source: `data/metrics.csv`, `overdue`.
    """
    return [replace(one, metric="overdue") for one in shares(reading, "overdue", due(watch, steps), met="no", by_step=True)]


@metric
def dispatch_accuracy(reading: Reading) -> list[Figure]:
    """Of the dispatches old enough to be judged, those never returned or re-routed.

    口径：派单准确率 = 从未被退单或改派的派单数 ÷ 派单数。派出满观察期（天数见指标表）才评判，观察期满日落在统计期内；
    退回后再派、改派各算一次新的派单，撤销的派单不计；自动与人工可分开。

    Source: `data/metrics.csv`, `dispatch_accuracy`.
    """
    return shares(reading, "dispatch_accuracy", ("dispatch",), shift=maturity(reading, "dispatch_accuracy"))


@metric
def returned(reading: Reading) -> list[Figure]:
    """Dispatches returned by departments, over dispatches.

    口径：退单率 = 观察期满日落在统计期内的退单数 ÷ 同一时间的派单数；可按退单原因（特征）分开。改派不算退单。

    Source: `data/metrics.csv`, `returned`.
    """
    return shares(reading, "returned", ("dispatch",), over=("return",), shift=maturity(reading, "returned"))


@metric
def first_time_resolution(reading: Reading) -> list[Figure]:
    """Of the tickets first closed 60 days before a day of the period, those neither reopened nor called for again within these 60 days.

    口径：一次办结率 = 首次归档（或办结即答）后 60 天内未重新办理、客户也未就同一事再次来电的工单数 ÷ 首次归档满 60 天且满期日落在统计期内的工单数。

    Source: `data/metrics.csv`, `first_time_resolution`.
    """
    return shares(reading, "first_time_resolution", ("closed",), shift=maturity(reading, "first_time_resolution"))


@metric
def satisfaction(reading: Reading) -> list[Figure]:
    """Of the answers on return visits in the period, those 满意 and above.

    口径：回访满意率 = 回访评价为“非常满意”或“满意”的次数 ÷ 统计期内回访得到评价的次数；未接通、拒绝回访的不计，另见回访成功率。

    Source: `data/metrics.csv`, `satisfaction`.
    """
    return shares(reading, "satisfaction", ("satisfaction",))


@metric
def upheld(reading: Reading) -> list[Figure]:
    """Of the complaints whose last investigation ended in the period, those found 属实.

    口径：属实率 = 调查结论为“属实”的投诉数 ÷ 统计期内办结、有调查结论的投诉数。“部分属实”不算属实，可按结论（特征）分开看；申诉成立后按改定的结论计。

    Source: `data/metrics.csv`, `upheld`.
    """
    return shares(reading, "upheld", ("upheld",))


@metric
def repeat(reading: Reading) -> list[Figure]:
    """Of the events that began in the period, those with two calls or more.

    口径：重复来电率 = 来电两次及以上的事件数 ÷ 统计期内首次来电的事件数。
    同一客户、电话或地址在窗口期内就同一事再次来电，以及催办，都计入该事件的来电次数。

    Source: `data/metrics.csv`, `repeat`.
    """
    return shares(reading, "repeat", ("event",))


@metric
def chased(reading: Reading) -> list[Figure]:
    """Of the tickets of the period, those that were chased.

    口径：催办率 = 被催办过的工单数 ÷ 统计期内受理的工单数。

    Source: `data/metrics.csv`, `chased`.
    """
    return shares(reading, "chased", ("received",))


@metric
def reopened(reading: Reading) -> list[Figure]:
    """Of the tickets first resolved long enough ago, those that were reopened.

    口径：二次派单率 = 重新办理过的工单数 ÷ 首次办结回单满观察期（天数见指标表）、满期日落在统计期内的工单数。

    Source: `data/metrics.csv`, `reopened`.
    """
    return shares(reading, "reopened", ("resolved",), shift=maturity(reading, "reopened"))


@metric
def override(reading: Reading) -> list[Figure]:
    """Of the predictions that a person saw when deciding, those whose topic or demand type that person changed.

    口径：人工改派率 = 主题或诉求类型被人改动的预测数 ÷ 坐席或派单员看过并作出决定的预测数。自动派出、无人看过的不计。

    Source: `data/metrics.csv`, `override`; the automatic ones are judged by sample, apart: `machine_errors`.
    """
    return shares(reading, "override", ("override",))


@metric
def machine_errors(reading: Reading) -> list[Figure]:
    """Of the automatic decisions that two auditors checked in a sample, those that either of them found wrong; never added to `override`.

    口径：自动派单抽查差错率 = 判错的自动派单数 ÷ 抽样质检中两名质检员都评过的自动派单数，按派单之日计。两人的“派单准确”项（主题、部门、单位）
    都给满分才算对，任一人扣分即为判错；一张工单只计一次，只有一人评过的不计。样本按风险分层、高风险多抽，此比率未加权，不能直接推算全部自动派单；
    与人工改派率分开，互不合并。

    Source: `data/metrics.csv`, `machine_errors`.
    """
    return shares(reading, "machine_errors", ("checked",))


@metric
def callback_reach(reading: Reading) -> list[Figure]:
    """Of the callbacks that fell due, those that reached the customer.

    口径：回访成功率 = 得到客户评价的回访数 ÷ 统计期内到期的回访数；可按未接通次数（特征）分开。

    Source: `data/metrics.csv`, `callback_reach`.
    """
    return shares(reading, "callback_reach", ("callback",))


@metric
def arrival(reading: Reading) -> list[Figure]:
    """Of the arrivals of the repair crew that fell due, those within their limit; `mean_duration` gives the mean beside it.

    口径：抢修到达及时率 = 时限内到达现场的次数 ÷ 统计期内应到达现场的次数。对外承诺的是平均到达时间，故同时列出平均值。

    Source: `data/metrics.csv`, `arrival`.
    """
    return [replace(one, metric="arrival", step="") for one in shares(reading, "arrival", due(Watch.CUSTOMER, (Step.ARRIVE,)))]


@dataclass(frozen=True)
class PerCustomers:
    """Complaints of a unit, its customers as of a day, and complaints per 10,000 of them (None where nobody has imported how many)."""

    complaints: Figure
    customers: int | None
    as_of_on: date | None

    @property
    def value(self) -> float | None:
        """Complaints per 10,000 customers."""
        return 10_000 * self.complaints.n / self.customers if self.customers else None


def per_10k_customers(reading: Reading) -> list[PerCustomers]:
    """Complaints of the period for each 10,000 customers of each unit asked for.

    口径：万户投诉量 = 统计期内受理的投诉数 × 10 000 ÷ 本单位服务的客户户数（统计期末或此前最近一次导入的户数）。恶意诉求不计。

    Source: `data/metrics.csv`, `per_10k_customers`.
    """
    result = []
    for unit in reading.units:
        found = shares(replace(reading, units=(unit,), by=(), dimension=""), "per_10k_customers", ("complaint",), met="")
        nothing = Opens(("complaint",), reading.first_on, reading.last_on, unit_code=unit)
        complaints = found[0] if found else Figure("per_10k_customers", 0, 0, nothing, nothing, unit_code=unit)
        served = reading.store.customers_served(unit, reading.last_on)
        result.append(PerCustomers(complaints, *(served or (None, None))))
    return result


@dataclass(frozen=True)
class Durations:
    """How long a step took: the classes (upper bound in seconds, count), how many ended, the mean in seconds."""

    step: str
    classes: tuple[tuple[float, int], ...]
    n: int
    mean: float
    of_n: Opens

    def quantile(self, share: float) -> float | None:
        """Give the duration in seconds within which this share of the steps ended: interpolated inside its class, so exact to the class's width."""
        if not self.n:
            return None
        wanted, below, low = share * self.n, 0, 0.0
        for high, count in self.classes:
            if count and below + count >= wanted:
                return low + (high - low) * (wanted - below) / count
            below, low = below + count, high
        return low

    @property
    def longest(self) -> int:
        """The longest class that holds a step, by its place among the classes."""
        return max((place for place, (_, count) in enumerate(self.classes) if count), default=0)

    def of_class(self, place: int) -> Opens:
        """List the steps of a class."""
        return replace(self.of_n, dimension="trait", value=f"{place:02d}")


LONGEST = 2 * CLASSES[-1]  # the last class is open: whatever took longer than a month is drawn as up to two


def bounds() -> list[float]:
    """Give the upper bounds of the classes of durations in seconds."""
    return [60.0 * bound for bound in (*CLASSES, LONGEST)]


def durations(reading: Reading, watch: Watch = Watch.CUSTOMER, steps: Sequence[Step] = (), took: str = "duration") -> list[Durations]:
    """How long the steps took that fell due in the period and have ended; one for each step.

    `took` says in which time: `duration` the time of the clock on the wall, `worked` what the step's own clock counted (`triage.clocks.used`).

    口径：时长 = 统计期内到期并已完成的环节，自起算到完成的时间；列出中位数、九成分位数和最长一档。
    “按钟表时间”是自然时间，夜间、节假日、暂停都算在内；“按计时规则”是该环节时限所数的时间（自然、工作日或办公时间，可暂停的扣除暂停），用去的时间少于时限必为及时，多于时限必已过期限；
    本功能启用前完成的环节没有按规则计的时长，不计入“按计时规则”。分位数按时长分档内插，误差不超过所在档的宽度；平均值为精确值。尚未完成的见“在办”。

    Source: `data/metrics.csv`, `durations`.
    """
    by_step: dict[str, list[Sum]] = {}
    measures = tuple(f"{took}.{watch.value}.{step.value}" for step in (steps or Step))
    for one in reading.sums(measures, by_measure=True, dimension="trait"):
        by_step.setdefault(one.measure, []).append(one)
    found = []
    for measure in measures:
        if sums := by_step.get(measure):
            counts = {int(one.value): one.n for one in sums}
            classes = tuple((bound, counts.get(place, 0)) for place, bound in enumerate(bounds()))
            n = sum(one.n for one in sums)
            opened = Opens((measure,), reading.first_on, reading.last_on, unit_code=reading.units[0])
            found.append(Durations(measure.rsplit(".", 1)[-1], classes, n, sum(one.amount for one in sums) / n, opened))
    return found


@dataclass(frozen=True)
class Line:
    """One line of the service index: what it is, how many points it gives or takes, and the figure, or the cases, behind it."""

    code: str
    label: str
    points: float
    figure: Figure | None = None
    note: str = ""
    behind: "Behind | None" = None
    cases: int = 0


@dataclass(frozen=True)
class Behind:
    """What lists the cases that a line deducts for: untrue records (`untrue`) or quality events of a kind, of a unit and these days."""

    kind: str
    unit_code: str
    first_on: date
    last_on: date


@dataclass(frozen=True)
class ServiceIndex:
    """The index as its lines: the basis and each deduction; None for the whole where no business was handled."""

    lines: tuple[Line, ...]

    @property
    def value(self) -> float | None:
        """The sum of the lines, in points."""
        return sum(line.points for line in self.lines) if self.lines else None


def service_index(reading: Reading) -> ServiceIndex:
    """The service index (优质服务评价指数) of one unit, line by line.

    口径：优质服务评价指数 =（1 − 来电三次及以上的事件数 ÷ 办理业务量）× 100，再逐项扣分：回访满意率低于 95% 的，每低 0.1 个百分点扣 0.1 分；
    每一件在统计期内经质检认定的不实记录（可疑情形“联系无通话”判为属实）扣 0.1 分，每起负面舆情扣 5 分，每起违规行为扣 0.2 分。负面舆情和违规行为
    以质检登记的质量事件为准，按发生日期计，已撤销的不计。办理业务量不含故障报修、表扬、当场答复的咨询和恶意诉求。

    Source: `data/metrics.csv`, `service_index`.
    """
    plain = replace(reading, by=(), dimension="")
    handled = plain.sums(("handled",))
    if not handled or not handled[0].n:
        return ServiceIndex(())
    events = plain.sums(("event",))
    thrice = round(events[0].amount) if events else 0
    of_n = opens(plain, ("handled",), handled[0])
    of_k = Opens(("event",), plain.first_on, plain.last_on, "open", plain.units[0])
    basis = Figure("service_index", thrice, handled[0].n, of_k, of_n, unit_code=plain.units[0])
    lines = [Line("base", say("Base score: three or more calls"), 100 * (1 - thrice / handled[0].n), basis)]
    answers = satisfaction(plain)
    if answers and answers[0].rate is not None and answers[0].rate < TARGET:
        lines.append(Line("satisfaction", say("Callback satisfaction below 95%"), -100 * (TARGET - answers[0].rate), answers[0]))
    return ServiceIndex((*lines, *_deductions(plain)))


def _deductions(reading: Reading) -> Iterator[Line]:
    """Give a line for each kind of case that auditors found: how many, by the points of one."""
    unit, first, last, asked = reading.units[0], reading.first_on, reading.last_on, reading.wanted(())
    untrue = reading.store.count_untrue_records(unit, asked.since, asked.until)
    found = [("untrue", say("Records found untrue"), untrue, UNTRUE_POINTS)]
    for kind, points in POINTS.items():
        events = reading.store.count_quality_events(Asked(kind.value, unit, first, last, is_valid=True))
        found.append((kind.value, kind.label, events, points))
    for code, label, n, points in found:
        if n:
            note = say("{count} × {points} points", count=n, points=points)
            yield Line(code, label, -points * n, None, note, Behind(code, unit, first, last), n)


@dataclass(frozen=True)
class Excluded:
    """How many tickets of the period stand in no rate, and why."""

    why: str
    n: int
    of_n: Opens


def excluded(reading: Reading) -> list[Excluded]:
    """Tickets received in the period that are left out of every rate, by why.

    口径：统计期内受理、不计入各项比率的工单：已合并、已撤诉、经批准剔除，各列其数。

    Source: `data/metrics.csv`, `timeliness`.
    """
    found = replace(reading, by=()).sums(("excluded",), dimension="trait")
    opened = Opens(("excluded",), reading.first_on, reading.last_on, unit_code=reading.units[0], dimension="trait")
    return [Excluded(one.value, one.n, replace(opened, value=one.value)) for one in sorted(found, key=lambda one: one.value)]


OTHERS: dict[str, Callable[..., object]] = {
    "per_10k_customers": per_10k_customers,
    "durations": durations,
    "service_index": service_index,
    "excluded": excluded,
}


def previous(reading: Reading) -> Reading:
    """Give the same reading of the period just before, as long as this one; a whole calendar month is compared with the whole month before."""
    first, last = reading.first_on, reading.last_on
    if first.day == 1 and (last + timedelta(days=1)).day == 1 and (first.year, first.month) == (last.year, last.month):
        return replace(reading, first_on=(first - timedelta(days=1)).replace(day=1), last_on=first - timedelta(days=1))
    length = last - first + timedelta(days=1)
    return replace(reading, first_on=first - length, last_on=last - length)


def year_before(reading: Reading) -> Reading:
    """Give the same reading of the same days a year ago (同期); 29 February becomes the 28th."""
    return replace(reading, first_on=_year_back(reading.first_on), last_on=_year_back(reading.last_on))


def _year_back(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


__all__ = ["EVERYTHING", "METRICS", "definition", "previous", "year_before"]
