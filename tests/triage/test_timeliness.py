"""Timeliness: what counts, to the minute; and every figure opens to exactly the steps that it counts."""

from datetime import date, timedelta

import pytest

from tests.triage.samples import NOW, prediction
from triage.errors import InvalidInput
from triage.terms import Step, Watch
from triage.timeliness import NOBODY, Figure, opened, period_of, timeliness

MINUTE = timedelta(minutes=1)
TODAY = period_of(date(2026, 11, 23), date(2026, 11, 23))
LATER = NOW + timedelta(days=60)
DOUBT = prediction(sure=0.5)
FAULT = {"topic": "outage.fault.single", "demand_type": "fault"}


def figure(store, step: Step, *, period=TODAY, now=LATER, machine: bool = False, watch: Watch = Watch.CUSTOMER) -> Figure | None:
    """The one figure of a step."""
    found = [f for f in timeliness(store, period, watch, now) if f.step is step and f.is_by_machine is machine]
    assert len(found) < 2
    return found[0] if found else None


@pytest.mark.parametrize(
    ("minutes", "met"),
    [
        pytest.param(0, 1, id="at once"),
        pytest.param(3, 1, id="at the deadline"),
        pytest.param(3 + 59 / 60, 1, id="in the deadline's minute"),
        pytest.param(4, 0, id="a minute later"),
        pytest.param(999, 0, id="much later"),
    ],
)
def test_a_deadline_met_to_the_minute_is_met(store, take, move, minutes: float, met: int):
    (ticket,) = take("家里没电", said=DOUBT)
    move(ticket, "dispatch", minutes=minutes, **FAULT)
    found = figure(store, Step.DISPATCH)
    assert found is not None
    assert (found.due, found.met, found.missed, found.still_open, found.rate) == (1, met, 1 - met, 0, met)


def test_what_was_never_done_is_missed_and_still_open(store, take):
    take("家里没电", said=DOUBT)
    found = figure(store, Step.DISPATCH)
    assert found is not None
    assert (found.department, found.due, found.met, found.still_open) == ("command", 1, 0, 1)


@pytest.mark.parametrize(("minutes", "counts"), [(3, False), (3.99, False), (4, True)], ids=["due now", "in its minute", "past it"])
def test_what_is_not_yet_due_is_left_out(store, take, minutes: float, counts: bool):
    take("家里没电", said=DOUBT)
    assert (figure(store, Step.DISPATCH, now=NOW + minutes * MINUTE) is not None) is counts


def test_what_was_voided_is_left_out(store, take, move):
    (ticket,) = take("家里没电")
    move(ticket, "return", minutes=2, reason="不是我们的")
    assert figure(store, Step.ACCEPT) is None
    assert figure(store, Step.ARRIVE, watch=Watch.DEPARTMENT) is None
    assert figure(store, Step.REDISPATCH) is not None


def test_a_step_counts_in_the_period_that_it_fell_due_in(store, take):
    take("家里没电", said=DOUBT, now=NOW.replace(hour=15, minute=58))  # 23:58 in Shanghai, due at 00:01
    tomorrow = period_of(date(2026, 11, 24), date(2026, 11, 24))
    assert figure(store, Step.DISPATCH) is None
    assert figure(store, Step.DISPATCH, period=tomorrow) is not None


def test_machine_and_people_are_counted_apart(store, take, move):
    take("家里没电")
    (ticket,) = take("家里没电", said=DOUBT)
    move(ticket, "dispatch", minutes=10, **FAULT)
    machine, people = (figure(store, Step.DISPATCH, machine=machine) for machine in (True, False))
    assert machine is not None
    assert people is not None
    assert ((machine.due, machine.met), (people.due, people.met)) == ((1, 1), (1, 0))


@pytest.fixture
def history(store, take, move):
    """Tickets of every fate: undecided, returned, answered, done in time and late, of several departments."""
    (undecided,) = take("说不清", said=prediction("gone.long", gone__too=0.05))
    assert undecided.department is None
    take("要答复", "还要答复", said=prediction("business.tariff.bill", "complaint"))
    for n, text in enumerate(("快", "慢", "停")):
        (ticket,) = take(text)
        for code, minutes in (("accept", 1 + n * 5), ("arrive", 20 + n * 40)):
            ticket = move(ticket, code, minutes=minutes)
        if n < 2:
            move(ticket, "resolve", minutes=100 + n * 500, reply="好了", finding="upheld")
    (returned,) = take("退")
    move(returned, "return", minutes=2, reason="不是我们的")
    take({"text": "问电价", "topic": "business.tariff.price", "demand_type": "enquiry", "answer": "每度 0.538 元"})


@pytest.mark.parametrize("watch", Watch, ids=str)
def test_every_figure_opens_to_exactly_what_it_counts(store, history, watch: Watch):
    period = period_of(date(2026, 11, 1), date(2026, 12, 31))
    figures = timeliness(store, period, watch, LATER)
    assert len(figures) > 2
    for one in figures:
        of = {"step": one.step.value, "department": one.department, "machine": "yes" if one.is_by_machine else "no"}
        everything = opened(store, period, watch, LATER, **of)
        assert (everything.total, len(everything.rows)) == (one.due, one.due)
        assert all((row["step"], row["department"] or NOBODY) == (one.step, one.department) for row in everything.rows)
        assert sum(row["is_met"] for row in everything.rows) == one.met
        assert sum(row["ended_at"] is None for row in everything.rows) == one.still_open
        assert opened(store, period, watch, LATER, **of, met="open").total == one.still_open
        assert (opened(store, period, watch, LATER, **of, met="yes").total, opened(store, period, watch, LATER, **of, met="no").total) == (
            one.met,
            one.missed,
        )
    assert opened(store, period, watch, LATER).total == sum(one.due for one in figures)


def test_a_figure_of_nobody_opens_to_what_nobody_answers_for(store, history):
    period = period_of(date(2026, 11, 1), date(2026, 12, 31))
    nobodys = [f for f in timeliness(store, period, Watch.CUSTOMER, LATER) if f.department == NOBODY]
    assert {f.step for f in nobodys} == {Step.CONTACT, Step.RESOLVE}
    assert all(opened(store, period, Watch.CUSTOMER, LATER, step=f.step.value, department=NOBODY).total == f.due for f in nobodys)


def test_the_pages_of_a_list_are_the_whole_list(store, history):
    period = period_of(date(2026, 11, 1), date(2026, 12, 31))
    whole = opened(store, period, Watch.CUSTOMER, LATER)
    pages = [opened(store, period, Watch.CUSTOMER, LATER, most=3, skip=skip) for skip in range(0, whole.total, 3)]
    assert [row for page in pages for row in page.rows] == list(whole.rows)
    assert {page.total for page in pages} == {whole.total}


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        pytest.param(date(2026, 11, 24), date(2026, 11, 23), "until", id="ends before it begins"),
        pytest.param(date(2010, 1, 1), date(2026, 1, 1), "until", id="longer than ten years"),
        pytest.param(date(1999, 12, 31), date(2000, 1, 1), "since", id="before 2000"),
        pytest.param(date(2999, 12, 31), date(3000, 1, 1), "until", id="after 2999"),
    ],
)
def test_a_period_that_cannot_be_is_refused(first: date, last: date, field: str):
    with pytest.raises(InvalidInput) as error:
        period_of(first, last)
    assert [p.field for p in error.value.problems] == [field]


def test_a_period_holds_its_last_day_whole():
    assert TODAY.until - TODAY.since == timedelta(days=1)
    assert TODAY.since.hour == 16
