"""The metrics: what each counts on tickets whose fate is known, and that each figure opens down to exactly what it counts."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.triage.metric_lists import lists_that_differ
from tests.triage.samples import NOW, prediction, user
from triage.figures import Figure, Opens, Reading, change, control_limits, wilson
from triage.metrics import (
    METRICS,
    OTHERS,
    definition,
    durations,
    excluded,
    per_10k_customers,
    previous,
    service_index,
    year_before,
)
from triage.people import User
from triage.samples import draw
from triage.scorecards import assess, items
from triage.terms import Role, Step, Watch

TODAY = date(2026, 11, 23)
BILL = prediction("business.tariff.bill", "complaint")
WAY = ("accept", "contact", "resolve", "review", "callback", "close")


@pytest.fixture
def done(take, move):
    """Close a complaint: `done(satisfaction="1", finding="upheld", late=False)`; a late one is accepted after a day."""

    def made(satisfaction: str = "1", finding: str = "upheld", *, late: bool = False, phone: str = "", start: float = 0):
        (ticket,) = take("电费多算了", said=BILL, phone=phone, now=NOW + timedelta(minutes=start))
        values = {"resolve": {"reply": "已核实并退费", "finding": finding}, "callback": {"satisfaction": satisfaction}}
        for place, code in enumerate(WAY):
            ticket = move(ticket, code, minutes=start + (1500 if late else 0) + 10 * (place + 1), **values.get(code, {}))
        return ticket

    return made


def reading(store, **values) -> Reading:
    return Reading(**{"store": store, "first_on": TODAY, "last_on": TODAY + timedelta(days=29), "now": NOW + timedelta(days=100), **values})


def figures(store, code: str, **values) -> list[Figure]:
    return METRICS[code](reading(store, **values))


def one(store, code: str, **values) -> tuple[int, int]:
    (found,) = figures(store, code, **values)
    return found.k, found.n


def test_timeliness_is_given_for_each_step_and_a_late_one_is_missed(store, done):
    done()
    done(late=True, start=1)
    by_step = {found.step: (found.k, found.n) for found in figures(store, "timeliness")}
    assert by_step["accept"] == (1, 2)
    assert by_step["dispatch"] == (2, 2)
    assert {found.step: found.k for found in figures(store, "overdue")}["accept"] == 1


def test_satisfaction_counts_the_answers_satisfied_and_above(store, done):
    for place, answer in enumerate(("1", "2", "3", "5")):
        done(answer, start=place)
    assert one(store, "satisfaction") == (2, 4)


def test_partly_upheld_is_not_upheld_and_stands_apart(store, done):
    for place, finding in enumerate(("upheld", "partly", "not_upheld")):
        done(finding=finding, start=place)
    assert one(store, "upheld") == (1, 3)
    by_finding = {found.value: found.n for found in figures(store, "upheld", dimension="trait", by=("value",))}
    assert by_finding == {"upheld": 1, "partly": 1, "not_upheld": 1}


def test_a_returned_and_a_rerouted_dispatch_were_not_accurate(store, take, move):
    for code in ("accept", "return", "reroute"):
        (ticket,) = take("停电了", unit_code="330101")
        more = {
            "return": {"reason": "不归我们", "return_reason": "other"},
            "reroute": {"topic": "business.metering.device", "demand_type": "request", "reason": "派错"},
        }
        move(ticket, code, minutes=5, **more.get(code, {}))
    assert one(store, "dispatch_accuracy") == (2, 4)  # accepted, and the second dispatch of the re-routed one
    assert one(store, "returned") == (1, 4)


def test_a_dispatch_is_judged_only_when_it_is_old_enough(store, take):
    take("停电了", unit_code="330101")
    day = NOW + timedelta(days=2)
    assert figures(store, "dispatch_accuracy", now=day, last_on=TODAY + timedelta(days=2)) == []
    assert one(store, "dispatch_accuracy", now=NOW + timedelta(days=3), last_on=TODAY + timedelta(days=3)) == (1, 1)


def test_who_calls_again_within_sixty_days_was_not_served_at_once(store, done, take):
    done(phone="13800000001")
    done(phone="13800000002", start=1)
    take("电费又多算了", said=BILL, phone="13800000001", now=NOW + timedelta(days=20))
    window = {"first_on": TODAY, "last_on": TODAY + timedelta(days=61)}
    assert one(store, "first_time_resolution", **window) == (1, 2)
    assert one(store, "repeat") == (1, 2)


def test_a_reopened_ticket_was_dispatched_twice(store, done, move):
    ticket = done("5")
    done(start=1)
    move(ticket, "reopen", minutes=300, reason="客户不认可", by=user(Role.DISPATCHER))
    assert one(store, "reopened") == (1, 2)
    assert one(store, "first_time_resolution", last_on=TODAY + timedelta(days=61))[0] == 1


def test_chasing_makes_a_ticket_chased_and_its_event_called_for_twice(store, take, move):
    (ticket,) = take("停电了", unit_code="330101")
    take("电费多算了", said=BILL)
    move(ticket, "chase", minutes=10, reason="还没来")
    assert one(store, "chased") == (1, 2)
    assert one(store, "repeat") == (1, 2)


def test_what_a_dispatcher_changes_overrides_the_prediction(store, take, move):
    for topic, kind in [("business.tariff.bill", "complaint"), ("business.metering.device", "complaint")]:
        (ticket,) = take("电费好像不对", said=replace(BILL, topics=(("business.tariff.bill", 0.4), ("other.general", 0.3))), unit_code="330101")
        move(ticket, "dispatch", minutes=5, topic=topic, demand_type=kind)
    assert one(store, "override") == (1, 2)


@pytest.fixture
def judge(store, move):
    """Answer a ticket, draw it in a sample and let auditors score its routing: `judge(ticket, 10, 5)`."""

    def judged(ticket, *points):
        days = {"first_on": TODAY.isoformat(), "last_on": (TODAY + timedelta(days=90)).isoformat()}
        auditors = [User(name, name, Role.AUDITOR, "33", "") for name in ("auditor", "auditor2")]
        sample = draw({**days, "size": "50", "seed": "1"}, user=auditors[0], store=store, now=NOW + timedelta(days=95))
        rows = {row["code"]: str(row["points"]) for row in items(store)}
        for who, given in zip(auditors, points, strict=False):
            values = {**rows, "routing": str(given)}
            assess(sample.id, ticket.number, values, user=who, store=store, now=NOW + timedelta(days=96))

    return judged


def test_automatic_decisions_are_judged_wrong_by_either_auditor_once_both_have_scored_and_stand_apart(store, done, judge):
    right, wrong, half = (done(start=place) for place in range(3))
    judge(right, 10, 10)
    judge(wrong, 10, 5)
    judge(half, 0)
    assert one(store, "machine_errors") == (1, 2)
    assert figures(store, "override") == []
    judge(wrong, 0, 0)  # drawn again in another sample: a ticket counts once
    judge(right, 5, 5)
    assert one(store, "machine_errors") == (1, 2)
    assert lists_that_differ(reading(store)) == []
    assert store.check_figures() == []
    store.fold_figures()
    assert one(store, "machine_errors") == (1, 2)
    store.rebuild_figures()
    assert one(store, "machine_errors") == (1, 2)


def test_what_a_person_decided_is_no_automatic_decision_however_auditors_judge_it(store, take, move, judge):
    (ticket,) = take("电费好像不对", said=replace(BILL, topics=(("business.tariff.bill", 0.4), ("other.general", 0.3))), unit_code="330101")
    ticket = move(ticket, "dispatch", minutes=5, topic="business.tariff.bill", demand_type="complaint")
    for place, code in enumerate(WAY):
        values = {"resolve": {"reply": "已退费", "finding": "upheld"}, "callback": {"satisfaction": "1"}}
        ticket = move(ticket, code, minutes=10 * (place + 1), **values.get(code, {}))
    judge(ticket, 0, 0)
    assert figures(store, "machine_errors") == []
    assert one(store, "override") == (0, 1)


def test_a_callback_that_nobody_answered_reached_nobody(store, take, move, done):
    done()
    (ticket,) = take("电费多算了", said=BILL)
    for place, (code, more) in enumerate([("accept", {}), ("contact", {}), ("resolve", {"reply": "已退费", "finding": "upheld"}), ("review", {})]):
        move(ticket, code, minutes=10 * (place + 1), **more)
    assert one(store, "callback_reach") == (1, 2)


def test_arrivals_of_the_crew_are_judged_when_they_fall_due(store, take, move):
    for minutes in (20, 300):
        (ticket,) = take("停电了", unit_code="330101")
        move(ticket, "accept", minutes=2)
        move(ticket, "arrive", minutes=minutes)
    assert one(store, "arrival") == (1, 2)


def test_merged_withdrawn_and_exempt_tickets_are_counted_apart(store, take, move):
    (kept,) = take("停电了", unit_code="330101")
    (merged,) = take("停电", unit_code="330101")
    (withdrawn,) = take("电费多算了", said=BILL)
    move(merged, "merge", minutes=3, parent=kept.number)
    move(withdrawn, "withdraw", minutes=4, reason="客户撤诉")
    assert {found.why: found.n for found in excluded(reading(store))} == {"merged": 1, "withdrawn": 1}
    assert one(store, "chased") == (0, 1)


def test_durations_have_a_median_within_their_class_and_an_exact_mean(store, take, move):
    for minutes in (10, 20, 40, 600):
        (ticket,) = take("停电了", unit_code="330101")
        move(ticket, "accept", minutes=minutes)
    (found,) = durations(reading(store), Watch.CUSTOMER, (Step.ACCEPT,))
    assert (found.n, found.mean) == (4, 60 * (10 + 20 + 40 + 600) / 4)
    assert 15 * 60 <= found.quantile(0.5) <= 20 * 60
    assert 480 * 60 <= found.quantile(0.9) <= 720 * 60
    assert found.classes[found.longest] == (720 * 60, 1)


def test_complaints_are_set_against_the_customers_of_the_unit(store, done):
    done()
    insert = "INSERT INTO unit_customers (unit_code, as_of_on, customers, source, imported_at) VALUES ('330101', '2026-11-01', 50000, '', '{0}')"
    store.connection.exec_driver_sql(insert.format("2026-11-01T00:00:00.000000Z"))
    known, unknown = per_10k_customers(reading(store, units=("330101", "330102")))
    assert (known.complaints.n, known.customers, known.value) == (1, 50_000, 0.2)
    assert (unknown.complaints.n, unknown.value) == (0, None)


def test_the_service_index_shows_each_deduction_as_a_line(store, done, take):
    for place, answer in enumerate(["1"] * 9 + ["5"]):
        done(answer, start=place, phone=f"138000001{place:02d}")
    for days in (1, 2):
        take("电费又多算了", said=BILL, phone="13800000100", now=NOW + timedelta(days=days))
    index = service_index(reading(store))
    assert [line.label for line in index.lines] == ["基础分：三次及以上来电", "回访满意率低于 95%"]
    assert index.lines[0].points == pytest.approx(100 * (1 - 1 / 12))
    assert index.lines[1].points == pytest.approx(-5)
    assert index.value == pytest.approx(100 * (1 - 1 / 12) - 5)


def test_without_business_there_is_no_index(store):
    assert service_index(reading(store)).value is None


@pytest.mark.parametrize("dimension", ["", "department", "topic", "demand_type", "channel", "agent", "trait"])
def test_every_figure_opens_down_to_exactly_what_it_counts(store, done, take, move, dimension: str):
    done()
    done("5", "not_upheld", late=True, start=1, phone="13800000001")
    take("电费又多算了", said=BILL, phone="13800000001", now=NOW + timedelta(days=3))
    (ticket,) = take("停电了", unit_code="330201")
    move(ticket, "return", minutes=5, reason="不归我们", return_reason="other")
    for unit in ("", "3301", "330101"):
        asked = reading(store, units=(unit,), dimension=dimension, by=("value",) if dimension else ())
        assert lists_that_differ(asked) == []


@pytest.mark.parametrize("code", [*METRICS, *OTHERS])
def test_every_metric_says_what_it_counts(code: str):
    assert "。" in definition(code)


def test_every_row_of_the_metrics_table_is_a_function(store):
    assert set(store.maturity_days()) == set(METRICS) | (set(OTHERS) - {"excluded"})


def test_wilsons_interval_is_that_of_the_textbook():
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)  # Brown, Cai, DasGupta (2001), by their formula (4)
    assert wilson(0, 20)[0] == 0
    assert wilson(20, 20)[1] == 1


def test_a_change_of_few_tickets_is_no_news_and_one_of_many_is():
    def share(k: int, n: int) -> Figure:
        nothing = Opens((), TODAY, TODAY)
        return Figure("timeliness", k, n, nothing, nothing)

    few, many = change(share(4, 4), share(3, 4)), change(share(960, 1000), share(900, 1000))
    assert few.points == 25
    assert not few.is_news
    assert round(many.points, 6) == 6
    assert many.is_news
    assert change(share(0, 0), share(1, 2)) is None


def test_newcombes_interval_is_that_of_his_example():
    def share(k: int, n: int) -> Figure:
        nothing = Opens((), TODAY, TODAY)
        return Figure("timeliness", k, n, nothing, nothing)

    found = change(share(56, 70), share(48, 80))  # Newcombe 1998, table II (a), method 10: .0524 to .3339
    assert (round(found.low / 100, 4), round(found.high / 100, 4)) == (0.0524, 0.3339)


def test_control_limits_are_wider_for_smaller_samples():
    wide, narrow = control_limits(950, 1000, 25), control_limits(950, 1000, 400)
    assert (wide.centre, narrow.centre) == (0.95, 0.95)
    assert wide.low < narrow.low < narrow.centre < narrow.high < wide.high <= 1


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        pytest.param("2026-11-01", "2026-11-30", ("2026-10-01", "2026-10-31"), id="a month"),
        pytest.param("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28"), id="after a short month"),
        pytest.param("2026-11-16", "2026-11-22", ("2026-11-09", "2026-11-15"), id="a week"),
        pytest.param("2026-11-01", "2026-11-22", ("2026-10-10", "2026-10-31"), id="a month to date"),
    ],
)
def test_the_period_before_is_as_long(store, first: str, last: str, before: tuple[str, str]):
    found = previous(reading(store, first_on=date.fromisoformat(first), last_on=date.fromisoformat(last)))
    assert (found.first_on.isoformat(), found.last_on.isoformat()) == before


def test_the_same_days_a_year_ago_exist_in_a_leap_year_too(store):
    found = year_before(reading(store, first_on=date(2028, 2, 29), last_on=date(2028, 3, 1)))
    assert (found.first_on, found.last_on) == (date(2027, 2, 28), date(2027, 3, 1))
