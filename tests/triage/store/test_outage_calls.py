"""Calls from where an outage is known: linked to it, told when it ends, and grave when outages are frequent."""

from datetime import timedelta

import pytest

from tests.triage.samples import NOW, prediction, user
from triage.outage_changes import register
from triage.outage_drafts import read_draft
from triage.terms import Level, Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CUSTOMER, AREA = "3301000001", "滨河03台区"
BILL = prediction("business.tariff.bill", "complaint")


@pytest.fixture
def outage(store):
    """Register an outage of the customer's transformer area that began so long ago and lasts four hours."""
    units = {row["code"]: row["name"] for row in store.units()}

    def made(serial: int, ago: timedelta, kind: str = "fault") -> str:
        begun = NOW - ago
        moments = {"starts_at": begun.isoformat(), "ends_at": (begun + 4 * HOUR).isoformat()}
        sent = {"number": f"{serial:012d}", "kind": kind, "unit_code": "330101", "reason": "线路故障", "transformer_areas": AREA, **moments}
        return register(read_draft(sent, units, NOW + DAY), user=user(Role.DISPATCHER), store=store, now=NOW)[1].number

    return made


def test_a_call_from_a_known_outage_is_linked_to_it_and_says_when_it_ends(store, take, outage):
    number = outage(1, HOUR)
    (ticket,) = take("家里没电", customer_number=CUSTOMER)
    assert ticket.outage_number == number
    assert [t.number for t in store.tickets_of_outage(number)] == [ticket.number]
    reasons = store.decisions_of(ticket.number)[0]["reasons"]
    assert any("已知停电" in reason and number in reason and "11-23 13:00" in reason for reason in reasons)


def test_a_complaint_about_something_else_is_not_explained_by_the_outage(take, outage):
    outage(1, HOUR)
    (ticket,) = take("电费多算了", said=BILL, customer_number=CUSTOMER)
    assert ticket.outage_number is None


def test_an_outage_elsewhere_explains_nothing(take, outage):
    outage(1, HOUR)
    (ticket,) = take("家里没电", customer_number="3301000002")
    assert ticket.outage_number is None


def test_three_outages_in_two_months_raise_the_level_and_ask_operations_for_help(store, take, outage):
    outage(1, 50 * DAY, "planned"), outage(2, 20 * DAY)
    (second,) = take("家里没电", customer_number=CUSTOMER)
    assert second.level is Level.ORDINARY
    outage(3, HOUR)
    (third,) = take("家里又没电", customer_number=CUSTOMER)
    assert third.level is Level.IMPORTANT
    assert [one.department for one in store.co_handlings_of(third.number)] == ["operations"]
    assert any("近两月停电 3 次" in reason for reason in store.decisions_of(third.number)[0]["reasons"])


def test_outages_of_more_than_two_months_ago_count_no_more(take, outage):
    outage(1, 61 * DAY), outage(2, 20 * DAY), outage(3, HOUR)
    (ticket,) = take("家里没电", customer_number=CUSTOMER)
    assert ticket.level is Level.ORDINARY
