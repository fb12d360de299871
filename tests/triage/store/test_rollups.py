"""Figures kept ready: what moves append is what a recount gives, before and after folding; every figure's list has as many rows as it says."""

from collections import Counter
from datetime import date, timedelta
from itertools import product

import pytest

from tests.triage.metric_lists import MEASURES, facts_that_differ
from tests.triage.samples import NOW, prediction, user
from triage.store.facts import DIMENSIONS
from triage.store.rollups import EVERYTHING, Wanted
from triage.terms import Role

TODAY = date(2026, 11, 23)
BILL = prediction("business.tariff.bill", "complaint")


@pytest.fixture
def lives(store, take, move):
    """Tickets of several units, kinds and fates."""
    (good,) = take("电费多算了", said=BILL, phone="13800000001")
    for code, minutes, more in [
        ("accept", 30, {}),
        ("contact", 60, {}),
        ("resolve", 90, {"reply": "已核实并退费", "finding": "upheld"}),
        ("review", 100, {}),
        ("callback", 110, {"satisfaction": "1"}),
        ("close", 120, {}),
    ]:
        good = move(good, code, minutes=minutes, **more)
    (again,) = take("电费又多算了", said=BILL, phone="13800000001", unit_code="33010201", now=NOW + timedelta(days=2))
    (returned,) = take("停电了", unit_code="330201", phone="13800000002")
    returned = move(returned, "return", minutes=5, reason="不归我们")
    returned = move(returned, "dispatch", minutes=9, topic="outage.fault.area", demand_type="fault")
    (merged,) = take("停电", unit_code="330201")
    move(merged, "merge", minutes=6, parent=returned.number)
    returned = move(returned, "accept", minutes=200)
    (doubtful,) = take("好像有问题", said=prediction(sure=0.4), unit_code="")
    move(doubtful, "chase", minutes=50, reason="又来催")
    return good, again, returned, merged, doubtful


def everything(**values) -> Wanted:
    return Wanted(**{"measures": MEASURES, "first_on": TODAY - timedelta(days=400), "last_on": TODAY + timedelta(days=400), **values})


def at(days: float = 30):
    return NOW + timedelta(days=days)


def sums(store, **values) -> dict:
    wanted = everything(**values)
    return {tuple(getattr(one, name) for name in wanted.by): (one.n, one.met, one.amount) for one in store.figure_sums(wanted, at())}


def test_what_moves_append_is_what_a_recount_gives(store, lives):
    assert store.unfolded()
    assert store.check_figures() == []


def test_folding_changes_no_figure(store, lives):
    before = sums(store)
    assert before
    assert store.fold_figures() > 0
    assert store.unfolded() == 0
    assert sums(store) == before
    assert store.fold_figures() == 0
    assert store.check_figures() == []


def test_rebuilding_changes_no_figure(store, lives):
    before = sums(store)
    store.fold_figures()
    store.rebuild_figures()
    assert sums(store) == before
    assert store.check_figures() == []


def test_moves_after_a_fold_are_added_to_it(store, lives, move):
    store.fold_figures()
    move(lives[4], "chase", minutes=300, reason="再催")
    move(lives[2], "arrive", minutes=400)
    assert store.unfolded()
    assert store.check_figures() == []


def test_a_figure_that_was_spoilt_is_found(store, lives):
    store.fold_figures()
    store.connection.exec_driver_sql("UPDATE figures SET n = n + 1 WHERE measure = 'received' AND dimension = '+' AND unit_code = '3301'")
    (wrong,) = {found["figure"][2] for found in store.check_figures()}
    assert wrong == "3301"


UNITS = (EVERYTHING, "33", "3301", "330101", "330102", "3302", "330201")


@pytest.mark.parametrize("folded", [True, False], ids=["folded", "as appended"])
@pytest.mark.parametrize("unit", UNITS)
def test_a_figure_and_its_list_are_the_same_facts(store, lives, unit: str, folded: bool):
    if folded:
        store.fold_figures()
    for dimension in ("", *DIMENSIONS):
        wanted = everything(units=(unit,), dimension=dimension)
        read = Counter({(one.measure, one.value): one.n for one in store.figure_sums(wanted, at())})
        rows = store.figure_list(wanted, at(), most=10_000)
        listed = Counter((row["measure"], row[dimension] if dimension else "") for row in rows)
        assert read == listed
        assert store.count_figure_list(wanted, at()) == len(rows)


def test_what_happened_in_a_unit_on_a_day_is_found_without_looking_at_all_others(store, lives, move):
    days = [TODAY + timedelta(days=n) for n in range(5)]
    assert facts_that_differ(store, UNITS[1:], days, at()) == []
    move(lives[0], "reopen", minutes=3 * 24 * 60, reason="客户又来电", by=user(Role.DISPATCHER))  # its life has no end any more
    assert facts_that_differ(store, UNITS[1:], days, at()) == []


def test_a_list_may_be_narrowed_to_what_met_or_not(store, lives):
    for measure, met in product(("due.customer.accept", "dispatch", "satisfaction"), ("yes", "no")):
        wanted = everything(measures=(measure,))
        rows = store.figure_list(wanted, at(), met=met, most=100)
        assert store.count_figure_list(wanted, at(), met=met) == len(rows)
        n, kept, _ = sums(store, measures=(measure,))[(measure, "")]
        assert len(rows) == (kept if met == "yes" else n - kept)


def test_what_is_not_due_yet_is_in_no_figure(store, take):
    take("停电了")
    wanted = everything(measures=("due.customer.arrive",))
    assert store.figure_sums(wanted, NOW) == []
    (late,) = store.figure_sums(wanted, at())
    assert (late.n, late.met, late.amount) == (1, 0, 1)


def test_a_unit_has_all_that_is_below_it_and_everything_has_what_nobody_knows_the_unit_of(store, lives):
    received = {unit: sums(store, measures=("received",), units=(unit,)).get(("received", ""), (0, 0, 0))[0] for unit in UNITS}
    assert received == {EVERYTHING: 4, "33": 3, "3301": 2, "330101": 1, "330102": 1, "3302": 1, "330201": 1}


def test_units_are_compared_side_by_side(store, lives):
    found = sums(store, measures=("received",), units=("3301", "3302"), by=("unit_code",))
    assert {key[0]: n for key, (n, _, _) in found.items()} == {"3301": 2, "3302": 1}


def test_two_repeat_calls_at_once_count_once_each(store, take):
    (first,) = take("电费多算了", said=BILL, phone="13800000001")
    for days in (1, 2):
        take("电费多算了，又打一次", said=BILL, phone="13800000001", now=NOW + timedelta(days=days))
    (event,) = store.figure_list(everything(measures=("event",)), at())
    assert (event["ticket_number"], event["met"], event["amount"], event["trait"]) == (first.number, 1, 1, "3")
    assert store.check_figures() == []


def test_an_exempt_ticket_leaves_every_rate_and_is_counted_apart(store, take, move):
    (ticket,) = take("停电了")
    move(ticket, "ask_exemption", minutes=1, exemption_reason="force_majeure", reason="台风", by=user(Role.DISPATCHER))
    move(store.ticket(ticket.number), "grant_exemption", minutes=2, by=user(Role.AUDITOR))
    assert {one.measure: one.value for one in store.figure_sums(everything(dimension="trait"), at())} == {"excluded": "exempt"}
    assert store.check_figures() == []


def test_units_that_change_their_place_make_figures_stale_until_they_are_rebuilt(store, lives):
    assert sums(store, measures=("received",), units=("3301",))[("received", "")][0] == 2
    with store.writing():
        store.move_unit("330201", "330101", TODAY)
    assert store.figures_are_stale()
    store.rebuild_figures()
    assert not store.figures_are_stale()
    assert store.check_figures() == []
    assert sums(store, measures=("received",), units=("3301",))[("received", "")][0] == 3


@pytest.mark.parametrize("name", ["received') OR ('1' = '1", "due.customer.accept; DROP TABLE tickets", "Received", ""])
def test_what_is_no_name_of_a_measure_never_gets_into_the_sql(store, lives, name: str):
    kept = everything(measures=(name,), last_on=TODAY - timedelta(days=1))
    assert store.figure_sums(kept, NOW) == []  # of what is kept: there the name is a parameter
    for read in (store.figure_list, store.count_figure_list):
        with pytest.raises(ValueError, match="not names of measures"):
            read(everything(measures=("received", name)), NOW)


def test_a_kind_that_is_asked_for_is_a_parameter(store, lives):
    odd = "repair' OR '1' = '1"
    assert store.figure_list(everything(dimension="department", only={"department": odd}), at()) == []
