"""Signed periods: frozen as of their moment, never twice, never before the end; what is corrected later is a difference that opens to its tickets."""

from datetime import date, timedelta

import pytest

from tests.triage.samples import NOW, SECRET, prediction, user
from triage.errors import Conflict, Forbidden, InvalidInput, NotFound
from triage.sign_off import CAME_LATER, WORDS, differences, name_of, not_counted_then, sign, sign_off, sign_offs, signed
from triage.store import Store
from triage.store.facts import NAMES
from triage.terms import Role

BILL = prediction("business.tariff.bill", "complaint")
LATER = NOW + timedelta(days=30)
MONTH = {"unit_code": "3301", "first_on": "2026-11-01", "last_on": "2026-11-30", "note": "十一月"}


@pytest.fixture
def tickets(take, move):
    """Two complaints of a county, one accepted and one waiting, and one of another city."""
    (first,) = take("电费多算了", said=BILL, phone="13800000001")
    (second,) = take("停电了", phone="13800000002")
    take("停电了", phone="13800000003", unit_code="330201")
    return move(first, "accept", minutes=10), second


def sign_month(store, now=LATER, by=Role.AUDITOR, **values):
    return sign({**MONTH, **values}, user=user(by), store=store, now=now)


@pytest.fixture
def auditor(store):
    """The auditor who signs is a known user."""
    store.add_user(user(Role.AUDITOR), "!", NOW)
    store.add_user(user(Role.LEADER), "!", NOW)


def of_all(found, measure):
    return next(one for one in found if (one.measure, one.dimension) == (measure, ""))


def test_every_measure_has_words():
    assert set(WORDS) == set(NAMES)
    assert name_of("due.customer.accept") == "到期环节（接单，客户时钟）"
    assert name_of("complaint") == "投诉"


@pytest.mark.usefixtures("auditor", "tickets")
@pytest.mark.parametrize("unit", ["3301", "330101"])
def test_a_signed_period_keeps_its_figures_by_kind_and_has_no_differences(store, unit):
    made = sign_month(store, unit_code=unit)
    assert (made.unit_code, made.first_on, made.last_on) == (unit, date(2026, 11, 1), date(2026, 11, 30))
    assert (made.signed_by, made.signed_at, made.note) == ("a-auditor", LATER, "十一月")
    kept = {(kind, one.measure, one.value): one.n for kind, one in store.frozen_figures(made.id)}
    assert kept["", "received", ""] == 2
    assert kept["topic", "received", "business.tariff.bill"] == 1
    assert kept["department", "due.customer.accept", "billing"] == 1
    assert differences(made, store=store, now=LATER) == []


@pytest.mark.usefixtures("auditor")
@pytest.mark.parametrize("unit", ["3301", "330101"])
def test_what_is_corrected_later_is_a_difference_that_opens_to_its_tickets(store, take, move, tickets, unit):
    made = sign_month(store, unit_code=unit)
    before = store.frozen_figures(made.id)
    move(tickets[1], "withdraw", minutes=20, reason="客户撤回")
    take("又停电了", phone="13800000009", now=NOW + timedelta(days=3))
    move(tickets[0], "chase", minutes=30, reason="催")
    found = differences(made, store=store, now=LATER)
    received, excluded = of_all(found, "received"), of_all(found, "excluded")
    assert (received.signed.n, received.today.n, received.more) == (2, 2, 0)
    assert (received.signed.met, received.today.met, received.points) == (0, 1, 50)
    assert (excluded.signed.n, excluded.today.n, excluded.points) == (0, 1, None)
    assert {one.dimension for one in found} >= {"", "topic", "department", "trait"}
    for one in found:
        assert store.count_figure_list(one.opens.wanted(), LATER) == one.today.n, one
    assert store.frozen_figures(made.id) == before


@pytest.fixture
def signed_long_ago(store, tickets, auditor):
    """A month that was signed when steps did not keep yet how much of their time they used."""
    with store.writing():
        id = store.add_sign_off("3301", date(2026, 11, 1), date(2026, 11, 30), signed_by="a-auditor", signed_at=LATER, note="")
        then = sign_month(store, unit_code="330101")
        store.freeze(id, [(kind, one) for kind, one in store.frozen_figures(then.id) if one.measure.split(".")[0] not in CAME_LATER])
    return sign_off(id, store)


def test_what_nothing_counted_yet_when_a_period_was_signed_is_no_correction(store, signed_long_ago, move, tickets):
    move(tickets[1], "accept", minutes=20)
    found = differences(signed_long_ago, store=store, now=LATER)
    assert "duration" in {one.measure.split(".")[0] for one in found}
    assert {one.measure.split(".")[0] for one in found} & set(CAME_LATER) == set()
    assert not_counted_then(signed_long_ago, store) == CAME_LATER


@pytest.mark.usefixtures("auditor")
def test_what_was_counted_when_a_period_was_signed_is_compared_even_where_it_was_nothing(store, take, move):
    made = sign_month(store)
    (ticket,) = take("电费多算了", said=BILL)
    move(ticket, "accept", minutes=10)
    assert not_counted_then(made, store) == ()
    assert "worked" in {one.measure.split(".")[0] for one in differences(made, store=store, now=LATER)}


@pytest.mark.usefixtures("auditor", "tickets")
def test_everything_is_signed_as_a_unit_is_with_the_tickets_of_no_known_unit(store, take):
    take("不知道哪里停电了", phone="13800000004", unit_code="")
    made = sign_month(store, unit_code="")
    kept = {(kind, one.measure, one.value): one.n for kind, one in store.frozen_figures(made.id)}
    assert kept["", "received", ""] == 4
    assert differences(made, store=store, now=LATER) == []
    take("又停电了", phone="13800000009", unit_code="330201")
    received = of_all(differences(made, store=store, now=LATER), "received")
    assert (received.signed.n, received.today.n) == (4, 5)
    assert store.count_figure_list(received.opens.wanted(), LATER) == 5
    assert signed("", made.first_on, made.last_on, store) == made
    assert sign_offs("", store) == [made]
    assert sign_offs("33", store) == []
    with pytest.raises(Conflict, match="已经签认过"):
        sign_month(store, unit_code="")


@pytest.mark.usefixtures("auditor", "tickets")
def test_the_figures_are_those_that_the_board_shows_for_the_period(store):
    early = sign_month(store, first_on="2026-11-20", last_on="2026-11-24", now=NOW + timedelta(days=2))
    late = sign_month(store, first_on="2026-11-20", last_on="2026-11-26", now=NOW + timedelta(days=4))
    dispatches = [[one.n for kind, one in store.frozen_figures(made.id) if (kind, one.measure) == ("", "dispatch")] for made in (early, late)]
    assert dispatches == [[], [2]]  # three days after a dispatch it is judged


@pytest.mark.usefixtures("auditor")
def test_a_period_is_signed_once(store, tickets, move):
    made = sign_month(store)
    move(tickets[1], "accept", minutes=20)
    before = store.frozen_figures(made.id)
    with pytest.raises(Conflict, match="已经签认过"):
        sign_month(store, now=LATER + timedelta(days=1))
    assert store.frozen_figures(made.id) == before
    assert [one.id for one in sign_offs("", store)] == [made.id]
    sign_month(store, unit_code="330101")
    sign_month(store, first_on="2026-11-23", last_on="2026-11-29")
    assert len(sign_offs("", store)) == 3


@pytest.mark.usefixtures("auditor", "tickets")
def test_of_two_who_sign_at_the_same_moment_one_is_told(store, database):
    if store.connection.dialect.name == "sqlite":
        pytest.skip("SQLite lets one write at a time")

    def sign_too_late():
        with store.writing_from_one_state():
            store.units()  # from here on this is what is seen; and then somebody else is faster
            made.append(sign_month(Store(connection, SECRET)))
            sign_month(store)

    made = []
    with database.connect() as connection, pytest.raises(Conflict, match="已经签认过"):
        sign_too_late()
    assert sign_offs("", store) == made


@pytest.mark.usefixtures("auditor")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"unit_code": "99"}, "没有供电单位“99”"),
        ({"last_on": "2026-12-23"}, "2026-12-23 才结束"),
        ({"first_on": "昨天"}, "不是日期"),
        ({"first_on": "2026-12-01"}, "请对调"),
        ({"note": "长" * 501}, "最多 500"),
    ],
    ids=["no such unit", "not over", "no day", "backwards", "long note"],
)
def test_what_cannot_be_signed_is_said_and_nothing_is_kept(store, wrong, words):
    with pytest.raises(InvalidInput, match=words):
        sign_month(store, **wrong)
    assert sign_offs("", store) == []


@pytest.mark.usefixtures("auditor")
def test_only_an_auditor_signs(store):
    with pytest.raises(Forbidden, match="质检签认"):
        sign_month(store, by=Role.LEADER)


@pytest.mark.usefixtures("auditor", "tickets")
def test_figures_that_wait_to_be_counted_anew_are_not_signed(store):
    with store.writing():
        store.move_unit("330201", "330101", date(2026, 11, 24))
    with pytest.raises(Conflict, match="重算"):
        sign_month(store)
    store.rebuild_figures()
    assert sign_month(store).id


@pytest.mark.usefixtures("auditor", "tickets")
def test_signed_periods_are_found_by_unit_and_period(store):
    made = sign_month(store, unit_code="330101")
    assert signed("330101", made.first_on, made.last_on, store) == made
    assert signed("3301", made.first_on, made.last_on, store) is None
    assert sign_offs("3301", store) == [made]
    assert sign_offs("3302", store) == []
    with pytest.raises(NotFound):
        sign_off(made.id + 1, store)
