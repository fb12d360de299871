"""Reports: which days a period has, what stands in it, and that the sentences call nothing news that chance alone does."""

from datetime import date, datetime, timedelta

import pytest

from tests.triage.samples import NOW, prediction, shanghai, user
from triage import metrics
from triage.errors import InvalidInput
from triage.figures import Figure, Opens, Reading
from triage.quality_events import enter
from triage.report import latest_complete, make_report, missed, period_from, period_with, recent
from triage.report_words import Words
from triage.service_index import Index, IndexRow, Points
from triage.terms import ReportKind, Role

MONDAY = date(2026, 11, 23)
BILL = prediction("business.tariff.bill", "complaint")
WEEK, MONTH = ReportKind.WEEK, ReportKind.MONTH
LATER = NOW + timedelta(days=100)


def share(k: int, n: int) -> Figure:
    nothing = Opens((), MONDAY, MONDAY)
    return Figure("satisfaction", k, n, nothing, nothing)


@pytest.mark.parametrize(
    ("kind", "day", "first", "last", "name"),
    [
        pytest.param(WEEK, date(2026, 11, 29), MONDAY, date(2026, 11, 29), "2026年11月23日至29日", id="a Sunday ends its week"),
        pytest.param(WEEK, date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 3), "2026年12月28日至2027年1月3日", id="a week over New Year"),
        pytest.param(WEEK, date(2026, 11, 30), date(2026, 11, 30), date(2026, 12, 6), "2026年11月30日至12月6日", id="a week over two months"),
        pytest.param(MONTH, date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29), "2028年2月", id="February of a leap year"),
        pytest.param(MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31), "2026年12月", id="December"),
    ],
)
def test_a_period_is_a_week_from_monday_or_a_calendar_month(kind, day, first, last, name):
    period = period_with(kind, day)
    assert (period.first_on, period.last_on, period.name) == (first, last, name)


@pytest.mark.parametrize(
    ("kind", "first", "mends"),
    [
        pytest.param(WEEK, date(2026, 11, 24), "请改为 2026-11-23", id="no week begins on a Tuesday"),
        pytest.param(MONTH, date(2026, 11, 2), "请改为 2026-11-01", id="no month begins on the second"),
        pytest.param(WEEK, date(2026, 11, 30), "还没有开始", id="a week that lies ahead"),
        pytest.param(WEEK, date(1900, 1, 1), "2001", id="a year that nobody means"),
    ],
)
def test_a_day_on_which_no_period_begins_is_refused_with_one_that_does(kind, first, mends):
    with pytest.raises(InvalidInput, match=mends):
        period_from(kind, first, NOW)


def test_the_latest_complete_period_ends_at_midnight_in_shanghai():
    assert latest_complete(WEEK, shanghai("2026-11-22 23:59")).first_on == date(2026, 11, 9)
    assert latest_complete(WEEK, shanghai("2026-11-23 00:00")).first_on == date(2026, 11, 16)
    assert latest_complete(MONTH, shanghai("2026-12-01 00:00")).name == "2026年11月"
    assert [one.first_on.month for one in recent(MONTH, NOW, 3)] == [11, 10, 9]


@pytest.fixture
def week(take, move):
    """Twelve complaints a week in three weeks: in time in the first, late in the second and third; one merged apart."""
    for days, minutes in ((-7, 10), (0, 3000), (7, 3000)):
        for place in range(12):
            (ticket,) = take("电费多算了", said=BILL, now=NOW + timedelta(days=days, minutes=place))
            move(ticket, "accept", minutes=days * 1440 + place + minutes)
    (ticket,) = take("电费多算了", said=BILL, now=NOW + timedelta(hours=1))
    move(ticket, "withdraw", minutes=90, reason="客户撤诉")


def report(store, first: date = MONDAY, unit: str = "33", now: datetime = LATER):
    return make_report(period_from(WEEK, first, now), unit, store=store, rules=store.rules(), now=now)


def test_a_report_has_the_figures_of_the_board(store, week):
    made = report(store)
    reading = Reading(store, MONDAY, MONDAY + timedelta(days=6), LATER, ("33",))
    by_step = {row.compared.figure.step: row.compared.figure for row in made.steps}
    assert {step: (one.k, one.n) for step, one in by_step.items() if one.n} == {one.step: (one.k, one.n) for one in metrics.timeliness(reading)}
    assert by_step["accept"].n == 12
    assert made.received == (12, 12)
    assert [(one.name, one.n) for one in made.excluded] == [("已撤诉", 1)]
    assert (made.topics[0].name, made.topics[0].n, made.topics[0].share) == (store.rules().topics["business.tariff.bill"].name, 12, 1)
    assert (made.title, made.is_over) == (f"{made.unit_name}投诉处理周报", True)


def test_the_index_stands_beside_the_period_before_and_last_year_line_by_line(store, week):
    event = {"kind": "misconduct", "unit_code": "330101", "happened_on": "2026-11-24", "text": "推诿", "source": "录音"}
    auditor = user(Role.AUDITOR)
    store.add_user(auditor, "!", NOW)
    for day in ("2026-11-24", "2026-11-25"):
        enter({**event, "happened_on": day}, user=auditor, store=store, now=LATER)
    enter({**event, "happened_on": "2026-11-17", "kind": "negative_publicity"}, user=auditor, store=store, now=LATER)
    made = report(store)
    board_says = metrics.service_index(Reading(store, MONDAY, MONDAY + timedelta(days=6), LATER, ("33",)))
    before = metrics.service_index(Reading(store, MONDAY - timedelta(days=7), MONDAY - timedelta(days=1), LATER, ("33",)))
    assert (made.index.whole.now, made.index.whole.before, made.index.whole.last_year) == (board_says.value, before.value, None)
    lines = {row.code: (row.points.now, row.points.before, row.points.since_before, row.line.cases if row.line else 0) for row in made.index.rows}
    assert lines["misconduct"] == pytest.approx((-0.4, 0, -0.4, 2))
    assert lines["negative_publicity"] == pytest.approx((0, -5, 5, 0))
    assert sum(row.points.now for row in made.index.rows) == pytest.approx(board_says.value)
    (said,) = [one for one in made.summary if one.startswith(made.index_name)]
    assert f"{made.index_name} {board_says.value:.2f} 分；上周 {before.value:.2f} 分" in said
    assert said.endswith("升降不作好坏判断。")


def test_what_takes_most_from_the_index_is_named():
    rows = (IndexRow("base", Points(99.5, 100, 98), None), IndexRow("misconduct", Points(-0.4, 0, 0), None))
    said = Words(WEEK, 10).index("指数", Index(rows, Points(99.1, 100, 98), 200))
    assert said == [
        "指数 99.10 分；上周 100.00 分（-0.90）；去年同期 98.00 分（+1.10）；扣分最多的是“基础分：三次及以上来电”，扣 0.50 分。"
        "指数没有区间，升降不作好坏判断。"
    ]


@pytest.mark.parametrize(
    ("points", "handled", "says"),
    [
        pytest.param(None, 0, [], id="no business"),
        pytest.param(80.0, 9, ["指数 80.00 分：办理业务量只有 9 件，件数少，不作评判。"], id="too few"),
        pytest.param(100.0, 10, ["指数 100.00 分。指数没有区间，升降不作好坏判断。"], id="nothing before, nothing taken"),
    ],
)
def test_an_index_of_little_business_is_not_judged(points, handled, says):
    rows = (IndexRow("base", Points(points, None, None), None),) if points is not None else ()
    assert Words(WEEK, 10).index("指数", Index(rows, Points(points, None, None), handled)) == says


def test_what_got_worse_beyond_noise_is_said_with_points_and_interval(store, week):
    said = " ".join(report(store).summary)
    assert "接单及时率 0.0%（0/12），较上周 -100.0 个百分点（95% 区间 -100.0 至" in said
    assert "变差" in said
    assert "每 20 项也约有 1 项会标出" in said
    assert "显著" not in said


def test_what_stayed_the_same_is_called_noise(store, week):
    said = " ".join(report(store, MONDAY + timedelta(days=7)).summary)
    assert "在偶然波动之内的：" in said
    assert "变差" not in said
    assert "变好" not in said


def test_an_empty_week_says_that_there_is_nothing_to_judge(store):
    made = report(store, date(2026, 3, 2))
    assert made.received == (0, 0)
    assert any("件数少，不比较增减" in one for one in made.summary)
    assert any("不比较升降" in one for one in made.summary)


def test_a_running_week_says_that_it_is_not_over(store, week):
    made = report(store, now=NOW + timedelta(days=2))
    assert not made.is_over
    assert "统计期尚未结束" in made.summary[0]


def test_the_missed_steps_are_listed_one_for_one(store, week):
    made = report(store)
    rows = missed(made, store, LATER)
    assert len(rows) == sum(row.compared.figure.n - row.compared.figure.k for row in made.steps)
    assert {row["measure"] for row in rows} >= {"due.customer.accept"}


def test_units_of_which_nobody_knows_are_refused(store):
    with pytest.raises(InvalidInput, match="没有供电单位 9999"):
        report(store, unit="9999")


def test_the_units_below_are_ranked(store, week):
    made = report(store)
    assert any(row.figure.n for row in made.units)
    assert all(row.places is None for row in made.units if row.figure.n < 10)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        pytest.param([("甲", share(50, 50)), ("乙", share(10, 50))], "甲的处理回复及时率（100.0%，50/50）高于乙", id="far apart"),
        pytest.param([("甲", share(48, 50)), ("乙", share(47, 50))], "分不出先后", id="overlapping"),
    ],
)
def test_units_are_told_apart_only_where_their_intervals_are(rows, says):
    (said,) = Words(WEEK, 10).units(rows)
    assert says in said


@pytest.mark.parametrize(
    ("counts", "days", "says"),
    [
        pytest.param((200, 100), (7, 7), "日均件数增加，超出偶然波动", id="twice as many"),
        pytest.param((100, 200), (7, 7), "日均件数减少，超出偶然波动", id="half as many"),
        pytest.param((105, 100), (7, 7), "在偶然波动之内", id="a few more"),
        pytest.param((310, 280), (31, 28), "在偶然波动之内", id="a longer month with as many a day"),
        pytest.param((9, 100), (7, 7), "不比较增减", id="too few"),
    ],
)
def test_more_calls_are_news_only_beyond_noise_and_a_day(counts, days, says):
    assert says in Words(WEEK, 10).received("本周", "省公司", counts, days)


def test_nothing_is_judged_on_too_few_cases():
    words = Words(MONTH, 10)
    assert words.changes([("回访满意率", share(9, 9), share(0, 500), False)]) == ["没有一项在本期和上月都够件数，不比较升降。"]
    assert words.too_few([("回访满意率", share(9, 9)), ("重复来电率", share(1, 10))]) == ["不足 10 件、不作评判的：回访满意率（9 件）。"]


def test_a_rate_that_is_good_neither_way_only_rises_or_falls():
    rows = [(name, share(90, 100), share(10, 100), less) for name, less in (("属实率", None), ("退单率", True), ("满意率", False))]
    said = Words(MONTH, 10).changes(rows)
    assert [one[-3:] for one in said[:3]] == ["上升。", "变差。", "变好。"]
    assert Words(MONTH, 10).last_year(rows)[0].startswith("属实率 90.0%（90/100），较去年同期 +80.0 个百分点")
