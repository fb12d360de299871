"""Scorecards: two auditors, each blind to the other; agreement; items changed later leave earlier cards as they are."""

import pytest

from tests.triage.samples import NOW, prediction, user
from triage.errors import Conflict, Forbidden, InvalidInput, NotFound
from triage.people import User
from triage.reference import edit_row
from triage.samples import draw
from triage.scorecards import assess, items, progress, visible_cards
from triage.terms import Role

FIRST, SECOND, THIRD = (User(name, name, Role.AUDITOR, "33", "") for name in ("auditor", "auditor2", "auditor3"))
FULL = {"record": "10", "routing": "10", "contact": "20", "handling": "30", "reply": "20", "callback": "10"}


@pytest.fixture
def sample(store, take, move):
    """A sample of two tickets of one stratum; three auditors are there, two of them of the demo organisation."""
    store.add_user(THIRD, "!", NOW)
    for n in range(2):
        (ticket,) = take(f"电费多算了{n}", said=prediction(sure=0.3))
        move(ticket, "answer", minutes=5, reply="已说明")
    return draw({"first_on": "2026-11-23", "last_on": "2026-11-23", "size": "2", "seed": "1"}, user=FIRST, store=store, now=NOW)


@pytest.fixture
def numbers(store, sample):
    return [one.ticket_number for one in store.sample_tickets(sample.id)]


@pytest.fixture
def give(store, sample):
    """Keep a card: `give(number, FIRST, record="5")`."""
    return lambda number, who, **values: assess(sample.id, number, {**FULL, **values}, user=who, store=store, now=NOW)


def test_the_second_auditor_does_not_see_the_first_ones_points_before_both_are_in(store, sample, numbers, give):
    give(numbers[0], FIRST, record="5", note="漏记地址")
    cards = store.cards(sample.id, numbers[0])
    assert [one.auditor for one in visible_cards(cards, FIRST)] == ["auditor"]
    assert visible_cards(cards, SECOND) == []
    half = progress(sample, store)
    assert (half.begun, half.done, half.overall, half.by_item, half.estimate) == (1, 0, None, {}, None)
    give(numbers[0], SECOND)
    cards = store.cards(sample.id, numbers[0])
    for who in (FIRST, SECOND, THIRD):
        assert [(one.auditor, one.share) for one in visible_cards(cards, who)] == [("auditor", 0.95), ("auditor2", 1.0)]


def test_agreement_and_estimate_come_from_the_tickets_with_both_cards(store, sample, numbers, give):
    for number, points in zip(numbers, ("5", "10"), strict=True):
        give(number, FIRST, record=points)
        give(number, SECOND, record=points)
    done = progress(sample, store)
    assert (done.tickets, done.begun, done.done) == (2, 0, 2)
    assert (done.overall.n, done.overall.raw, done.overall.kappa) == (12, 1.0, 1.0)
    assert (done.by_item["record"].n, done.by_item["record"].kappa) == (2, 1.0)
    assert done.by_item["reply"].kappa is None
    assert done.estimate.mean == pytest.approx((0.95 + 1) / 2)


def test_disagreement_by_hand(store, sample, numbers, give):
    give(numbers[0], FIRST, record="10")
    give(numbers[0], SECOND, record="0")
    give(numbers[1], FIRST, record="0")
    give(numbers[1], SECOND, record="0")
    found = progress(sample, store).by_item["record"]
    # seen (1 + 0)/2; by chance {1, 0} × {0, 0}: (1 + 1 + 0 + 0)/4 = 1/2; kappa 0
    assert (found.raw, found.kappa) == (0.5, 0.0)


def test_items_changed_later_do_not_change_cards_filled_earlier(store, sample, numbers, give):
    give(numbers[0], FIRST, record="10")
    edit_row(store, "scorecard_items", {"code": "record"}, {"points": "50"}, actor="admin", now=NOW)
    edit_row(store, "scorecard_items", {"code": "reply"}, {"is_on": "0"}, actor="admin", now=NOW)
    (card,) = store.cards(sample.id, numbers[0])
    assert card.share == 1.0
    assert {one.item: one.most for one in card.scores}["record"] == 10
    assert [row["code"] for row in items(store)] == ["record", "routing", "contact", "handling", "callback"]
    with pytest.raises(InvalidInput, match="没有评分项“reply”"):
        give(numbers[0], SECOND)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({"record": ""}, "record", id="missing"),
        pytest.param({"record": "10.5"}, "record", id="too many"),
        pytest.param({"record": "-1"}, "record", id="less than nothing"),
        pytest.param({"record": "nan"}, "record", id="no number"),
        pytest.param({"record": "1.25"}, "record", id="too fine"),
        pytest.param({"charm": "3"}, "charm", id="no such item"),
        pytest.param({"note": "长" * 2001}, "note", id="a note too long"),
    ],
)
def test_a_wrong_card_is_refused_at_its_field_and_nothing_is_kept(store, sample, numbers, give, values, field):
    with pytest.raises(InvalidInput) as error:
        give(numbers[0], FIRST, **values)
    assert [problem.field for problem in error.value.problems] == [field]
    assert store.cards(sample.id, numbers[0]) == []


def test_nobody_judges_twice_and_nobody_a_third_time(numbers, give):
    give(numbers[0], FIRST)
    with pytest.raises(Conflict, match="您已提交过"):
        give(numbers[0], FIRST)
    give(numbers[0], SECOND)
    with pytest.raises(Conflict, match="两名质检员"):
        give(numbers[0], THIRD)


def test_only_auditors_judge_and_only_what_was_drawn(store, sample, numbers, give, take):
    with pytest.raises(Forbidden):
        give(numbers[0], user(Role.HANDLER, "330101", "repair"))
    with pytest.raises(NotFound):
        give(take("停电")[0].number, FIRST)
