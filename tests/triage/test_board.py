"""The board: what is compared with what, when a change is news, who leads a ranking, what is open now."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.samples import NOW, prediction
from triage.board import (
    OPEN_ZONES,
    Point,
    children,
    compared,
    default_period,
    enough_to_judge,
    funnel,
    heat,
    of_heat,
    open_list,
    open_now,
    pareto,
    ranking,
    side_by_side,
    survival,
    trend,
)
from triage.figures import Figure, Opens, Reading
from triage.metrics import satisfaction, timeliness
from triage.terms import Step, Zone

TODAY = date(2026, 11, 23)
BILL = prediction("business.tariff.bill", "complaint")


def reading(store, **values) -> Reading:
    return Reading(**{"store": store, "first_on": TODAY, "last_on": TODAY, "now": NOW + timedelta(days=40), **values})


def unit(code: str, k: int, n: int) -> Figure:
    nothing = Opens((), TODAY, TODAY)
    return Figure("timeliness", k, n, nothing, nothing, unit_code=code)


def accepts(found) -> dict[str, tuple[int, int]]:
    return {one.figure.step: (one.figure.k, one.figure.n) for one in found}


def test_a_period_stands_beside_the_one_before_and_the_same_days_of_last_year(store, take, move):
    for days, minutes in ((0, 10), (-1, 3000), (-365, 10)):
        (ticket,) = take("电费多算了", said=BILL, now=NOW + timedelta(days=days))
        move(ticket, "accept", minutes=days * 1440 + minutes)
    accept = next(one for one in compared(timeliness, reading(store)) if one.figure.step == "accept")
    assert (accept.figure.rate, accept.before.rate, accept.last_year.rate) == (1, 0, 1)
    assert accept.since_before.points == 100
    assert not accept.since_before.is_news  # one ticket against one
    assert accept.since_last_year.points == 0


def test_what_there_was_only_last_year_is_listed_with_nothing_to_judge(store, take):
    take("电费多算了", said=BILL, now=NOW - timedelta(days=365))
    found = compared(timeliness, reading(store))
    assert found
    assert all(one.figure.n == 0 and one.figure.rate is None and one.last_year for one in found)


def test_a_trend_has_a_point_a_day_and_judges_only_days_with_enough_cases(store, take, move):
    for place in range(12):
        (ticket,) = take("电费多算了", said=BILL, now=NOW + timedelta(minutes=place))
        move(ticket, "accept", minutes=place + (10 if place % 2 else 2000))
    take("电费多算了", said=BILL, now=NOW + timedelta(days=2))
    days = trend(lambda one: [f for f in timeliness(one) if f.step == "accept"], reading(store, last_on=TODAY + timedelta(days=5)))
    assert [(point.figure.day_on.day, point.figure.n) for point in days] == [(23, 12), (25, 1)]
    assert days[0].limits is not None
    assert days[1].limits is None
    assert not days[1].is_news


def test_days_with_too_few_cases_are_drawn_as_weeks(store, take, move):
    for place in range(24):
        (ticket,) = take("电费多算了", said=BILL, now=NOW + timedelta(days=place))
        move(ticket, "accept", minutes=1440 * place + (10 if place % 2 else 3000))
    asked = reading(store, last_on=TODAY + timedelta(days=27))
    weeks = trend(lambda one: timeliness(one, steps=(Step.ACCEPT,)), asked)
    assert [(point.figure.day_on, point.figure.n) for point in weeks] == [
        (TODAY, 7),
        (TODAY + timedelta(days=7), 7),
        (TODAY + timedelta(days=14), 7),
        (TODAY + timedelta(days=21), 3),
    ]
    opens = weeks[0].figure.of_n
    assert store.count_figure_list(opens.wanted(), asked.now) == 7


def test_weeks_with_too_few_cases_are_drawn_as_months(store, take, move):
    for place in range(24):
        (ticket,) = take("电费多算了", said=BILL, now=NOW + timedelta(days=4 * place))
        move(ticket, "accept", minutes=4 * 1440 * place + (10 if place % 2 else 3000))
    asked = reading(store, first_on=date(2026, 11, 1), last_on=date(2027, 2, 28), now=NOW + timedelta(days=120))
    months = trend(lambda one: timeliness(one, steps=(Step.ACCEPT,)), asked)
    assert {point.span for point in months} == {"month"}
    assert [point.figure.day_on for point in months] == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    assert sum(point.figure.n for point in months) == 24
    assert [store.count_figure_list(point.figure.of_n.wanted(), asked.now) for point in months] == [point.figure.n for point in months]


@pytest.mark.parametrize(("k", "n", "enough"), [(90, 100, 50), (50, 100, 10), (100, 100, 0), (0, 0, 0)])
def test_a_chart_says_how_many_cases_a_point_needs(k, n, enough):
    assert enough_to_judge([Point(unit("a", k, n), None)]) == enough


def test_a_unit_with_four_cases_does_not_lead_the_ranking():
    ranked = ranking([unit("a", 4, 4), unit("b", 95, 100), unit("c", 50, 100), unit("d", 93, 100)])
    assert [one.unit_code for one in ranked.units] == ["b", "d", "c"]
    assert [one.unit_code for one in ranked.too_few] == ["a"]
    assert ranked.places == {"b": (1, 2), "d": (1, 2), "c": (3, 3)}


def test_the_most_frequent_kinds_come_first_with_what_they_make_up_together(store, take):
    for _ in range(3):
        take("电费多算了", said=BILL)
    take("停电了")
    assert [(one.value, one.n, one.together) for one in pareto(reading(store))] == [
        ("business.tariff.bill", 3, 0.75),
        ("outage.fault.single", 1, 1.0),
    ]


def test_the_heat_map_counts_by_shanghais_weekday_and_hour(store, take):
    take("停电了")  # Monday, 10:00
    take("停电了", now=NOW + timedelta(hours=15))  # Tuesday, 01:00
    table = heat(reading(store, last_on=TODAY + timedelta(days=1)))
    assert (table[0][10], table[1][1], sum(map(sum, table))) == (1, 1, 2)


def test_each_cell_of_the_heat_map_opens_to_its_tickets(store, take):
    take("停电了")  # Monday, 10:00
    take("停电了", now=NOW + timedelta(hours=15))  # Tuesday, 01:00
    take("停电了", now=NOW + timedelta(days=1))  # Tuesday, 10:00
    asked = reading(store, last_on=TODAY + timedelta(days=1))
    for weekday, hours in enumerate(heat(asked)):
        for hour, n in enumerate(hours):
            assert store.count_figure_list(of_heat(asked, weekday, hour).wanted(), asked.now) == n, (weekday, hour)


def test_what_is_open_is_listed_as_it_is_counted(store, take):
    for minutes in (0, 5, 90):
        take("电费多算了", said=BILL, now=NOW + timedelta(minutes=minutes))
    turns = store.ticket(open_list(store, "", "", NOW, most=9, skip=0)[0]["number"]).red_at
    for moment in (NOW, turns - timedelta(minutes=1), turns, turns + timedelta(days=1)):
        counts = open_now(store, ["3301"], moment)
        for zone in OPEN_ZONES:
            listed = open_list(store, "3301", zone, moment, most=9, skip=0)
            assert len(listed) == counts.of(zone), (moment, zone)
            assert [row["red_at"] for row in listed] == sorted(row["red_at"] for row in listed)


def test_what_is_open_is_counted_by_zone_with_what_turns_red_today(store, take, move):
    (early,) = take("电费多算了", said=BILL)
    assert open_now(store, [""], NOW).total == 1
    assert open_now(store, ["3302"], NOW).total == 0
    late = store.ticket(early.number).red_at
    assert open_now(store, ["3301"], late).zones[Zone.RED] == 1
    assert open_now(store, [""], late - timedelta(minutes=1)).red_today == 1
    move(early, "withdraw", minutes=1, reason="客户撤诉")
    assert open_now(store, [""], late).total == 0


def test_the_funnel_follows_the_key_steps(store, take, move):
    (ticket,) = take("电费多算了", said=BILL)
    take("电费多算了", said=BILL)
    move(ticket, "accept", minutes=10)
    stages = {stage.step: (stage.due, stage.ended, stage.met) for stage in funnel(reading(store))}
    assert stages["dispatch"] == (2, 2, 2)
    assert stages["accept"] == (2, 1, 1)


def test_survival_is_that_of_a_hand_reckoned_example():
    curve = survival([(60, 2), (120, 1), (180, 0)], [(90, 1), (150, 1)])
    assert [(one.after, round(one.share, 4), one.at_risk) for one in curve] == [(60, 0.6, 5), (120, 0.4, 3), (180, 0.4, 1)]


@given(
    counts=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    ages=st.lists(st.integers(0, 600) | st.sampled_from([60, 120, 180]), max_size=20),
)
def test_survival_is_that_of_counting_who_leaves_class_by_class(counts: list[int], ages: list[float]):
    at_risk, share = sum(counts) + len(ages), 1.0
    found = survival([(60.0 * (place + 1), count) for place, count in enumerate(counts)], [(age, 1) for age in ages])
    for place, (count, one) in enumerate(zip(counts, found, strict=True)):
        share *= 1 - count / at_risk if at_risk and count else 1
        assert (one.after, one.at_risk, one.share) == (60 * (place + 1), at_risk, share)
        at_risk -= count + sum(60 * place <= age < 60 * (place + 1) for age in ages)


def test_a_board_opens_with_whole_days():
    assert default_period(NOW) == (date(2026, 11, 1), date(2026, 11, 22))
    assert default_period(NOW.replace(day=1, month=12)) == (date(2026, 11, 1), date(2026, 11, 30))


def test_units_are_opened_one_level_at_a_time(store):
    assert children(store, "") == ["33"]
    assert children(store, "33") == ["3301", "3302"]
    assert side_by_side(store, "") == ["3301", "3302"]  # one province beside nothing says nothing
    assert side_by_side(store, "3301") == children(store, "3301")
    assert children(store, "330102") == ["33010201", "33010202"]


def test_a_metric_without_cases_has_nothing_to_compare(store):
    assert compared(satisfaction, reading(store)) == []
