"""Samples: strata, allotment, the same seed gives the same sample; what is kept; who may draw."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.samples import NOW, prediction, user
from triage.errors import Forbidden, InvalidInput, NotFound
from triage.people import User
from triage.samples import HIGH_SHARE, Candidate, allot, draw, pick, plan_and_draw, sample_of
from triage.terms import Risk, Role

AUDITOR = User("auditor", "陈静", Role.AUDITOR, "33", "")
BILL = prediction("business.tariff.bill", "complaint")
PERIOD = {"first_on": "2026-11-23", "last_on": "2026-11-24"}


def candidate(number: str = "1", **values) -> Candidate:
    plain = {"unit_code": "330101", "level": "ordinary", "satisfaction": "", "returns": 0, "reopenings": 0, "chases": 0}
    return Candidate(**{"number": number, **plain, "is_overdue": False, "has_attention": False, **values})


@pytest.mark.parametrize(
    ("values", "risk"),
    [
        pytest.param({}, Risk.ORDINARY, id="nothing"),
        pytest.param({"level": "major"}, Risk.HIGH, id="grave"),
        pytest.param({"level": "important"}, Risk.MIDDLE, id="important"),
        pytest.param({"reopenings": 1}, Risk.HIGH, id="reopened"),
        pytest.param({"returns": 2}, Risk.HIGH, id="returned twice"),
        pytest.param({"returns": 1}, Risk.ORDINARY, id="returned once"),
        pytest.param({"satisfaction": "4"}, Risk.HIGH, id="dissatisfied"),
        pytest.param({"satisfaction": "3"}, Risk.ORDINARY, id="neutral"),
        pytest.param({"is_overdue": True, "chases": 1}, Risk.HIGH, id="overdue"),
        pytest.param({"chases": 1}, Risk.MIDDLE, id="chased"),
        pytest.param({"has_attention": True}, Risk.MIDDLE, id="an attention rule held"),
    ],
)
def test_the_risk_is_told_from_what_is_on_the_ticket(values, risk):
    assert candidate(**values).risk is risk


FRAMES = st.dictionaries(st.tuples(st.sampled_from("ABC"), st.sampled_from(list(Risk))), st.integers(1, 60), min_size=1)


@given(FRAMES, st.integers(1, 120))
def test_an_allotment_has_the_wanted_size_a_floor_for_high_risk_and_nobody_left_out(counts, more):
    size = len(counts) + more
    given_ = allot(counts, size)
    assert sum(given_.values()) == min(size, sum(counts.values()))
    assert all(1 <= given_[key] <= counts[key] for key in counts)
    highs = sum(count for key, count in counts.items() if key[1] is Risk.HIGH)
    others = sum(key[1] is not Risk.HIGH for key in counts)
    drawn_high = sum(n for key, n in given_.items() if key[1] is Risk.HIGH)
    assert drawn_high >= min(highs, int(size * HIGH_SHARE), size - others)


@given(FRAMES, st.integers(0, 40), st.integers(0, 2**31 - 1), st.randoms())
def test_weights_add_up_to_the_frame_and_the_same_seed_gives_the_same_sample(counts, more, seed, random):
    levels = {Risk.HIGH: "special", Risk.MIDDLE: "important", Risk.ORDINARY: "ordinary"}
    frame = [(candidate(f"{unit}{risk}{n}", level=levels[risk]), unit) for (unit, risk), count in counts.items() for n in range(count)]
    drawn, plan = plan_and_draw(frame, len(counts) + more, seed)
    assert sum(one.weight for one in drawn) == pytest.approx(len(frame))
    assert sum(one.frame for one in plan) == len(frame)
    assert len({one.ticket_number for one in drawn}) == len(drawn)
    shuffled = random.sample(frame, len(frame))
    assert plan_and_draw(shuffled, len(counts) + more, seed) == (drawn, plan)


def test_another_seed_gives_another_sample():
    numbers = [str(n) for n in range(100)]
    assert pick(numbers, 10, 1) != pick(numbers, 10, 2)
    assert pick(numbers, 10, 1) == pick(numbers, 10, 1)


def test_fewer_than_there_are_strata_cannot_be_drawn():
    frame = [(candidate("1"), "A"), (candidate("2", level="special"), "A")]
    with pytest.raises(InvalidInput, match="共 2 层"):
        plan_and_draw(frame, 1, 7)


WAY = (
    ("accept", {}),
    ("contact", {}),
    ("resolve", {"reply": "已核实并退费", "finding": "upheld"}),
    ("review", {}),
    ("callback", {"satisfaction": "1"}),
    ("close", {}),
)


@pytest.fixture
def ended(take, move):
    """Six tickets that ended, of two cities; the first one was resolved weeks too late. And one that is still open."""
    (late,) = take("电费多算了", said=BILL, unit_code="330101")
    for code, values in WAY:
        late = move(late, code, minutes=20 * 1440, **values)
    made = [late]
    for n, unit in enumerate(("330101", "33010201", "33010201", "330201", "330201")):
        (ticket,) = take({"text": f"电费多算了{n}"}, said=prediction(sure=0.3), unit_code=unit)
        made.append(move(ticket, "answer", minutes=5, reply="已说明"))
    take("停电")
    return made


def test_a_sample_is_drawn_kept_with_its_plan_and_can_be_drawn_again(store, ended):
    asked = {**PERIOD, "last_on": "2026-12-31", "size": "5", "seed": "42"}
    sample = draw(asked, user=AUDITOR, store=store, now=NOW)
    assert (sample.seed, sample.size, sample.frame, sample.name) == (42, 5, 6, "2026-11-23 至 2026-12-31")
    assert (sample.first_on, sample.last_on) == (date(2026, 11, 23), date(2026, 12, 31))
    assert {(one.unit_code, one.risk): one.frame for one in sample.plan} == {
        ("3301", Risk.HIGH): 1,
        ("3301", Risk.ORDINARY): 3,
        ("3302", Risk.ORDINARY): 2,
    }
    drawn = store.sample_tickets(sample.id)
    assert ended[0].number in {one.ticket_number for one in drawn if one.risk is Risk.HIGH}
    assert sum(one.weight for one in drawn) == pytest.approx(6)
    again = draw(asked, user=AUDITOR, store=store, now=NOW + timedelta(days=9))
    assert store.sample_tickets(again.id) == drawn
    assert [one.id for one in store.latest_samples()] == [again.id, sample.id]


def test_a_sample_is_of_its_unit_and_period_alone(store, ended):
    sample = draw({**PERIOD, "size": "9", "unit_code": "3302"}, user=AUDITOR, store=store, now=NOW)
    assert {one.ticket_number for one in store.sample_tickets(sample.id)} == {ended[4].number, ended[5].number}
    assert sample.size == 2
    with pytest.raises(InvalidInput, match="没有办完的工单"):
        draw({"first_on": "2026-11-20", "last_on": "2026-11-22", "size": "9"}, user=AUDITOR, store=store, now=NOW)


def test_what_is_wrong_is_said_at_each_field(store):
    wrong = {"first_on": "gestern", "last_on": "1999-01-01", "size": "0", "seed": "-1", "unit_code": "99", "name": "长" * 81}
    with pytest.raises(InvalidInput) as error:
        draw(wrong, user=AUDITOR, store=store, now=NOW)
    assert {problem.field for problem in error.value.problems} == set(wrong)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR], ids=str)
def test_nobody_but_an_auditor_draws_or_reads_a_sample(store, ended, role):
    sample = draw({**PERIOD, "size": "6"}, user=AUDITOR, store=store, now=NOW)
    with pytest.raises(Forbidden):
        draw({**PERIOD, "size": "6"}, user=user(role), store=store, now=NOW)
    with pytest.raises(Forbidden):
        sample_of(sample.id, user=user(role), store=store)
    assert sample_of(sample.id, user=AUDITOR, store=store) == sample


def test_there_is_no_sample_of_another_number(store):
    for id in (7, 0, 2**40):
        with pytest.raises(NotFound):
            sample_of(id, user=AUDITOR, store=store)
