"""The export of tickets: the period's own, masked, by names or codes, with or without steps."""

from datetime import timedelta

import pytest

from tests.triage.samples import NOW, prediction
from triage.extract import Scope
from triage.ticket_export import STEP, TICKET, Wanted, harmless, ticket_rows

DAY = NOW.date()
BILL = prediction("business.tariff.bill", "complaint")


@pytest.fixture
def rows(store):
    """Give what is exported."""

    def read(first=DAY, last=DAY, unit="", **how):
        with store.snapshot():
            found = ticket_rows(Wanted(Scope(first, last, unit), **how), store=store, rules=store.rules())
            return [row for of_ticket in found for row in of_ticket]

    return read


def test_a_row_says_in_chinese_what_became_of_a_ticket(rows, take):
    (ticket,) = take("电费多算了", said=BILL)
    (row,) = rows()
    assert list(row) == list(TICKET.values())
    assert (row["工单号"], row["受理时间"], row["状态"]) == (ticket.number, "2026-11-23 10:00:00", ticket.state.label)
    assert (row["诉求类型"], row["保密"], row["办结时间"]) == ("投诉", "否", "")
    assert row["供电单位"] != "330101"


def test_with_codes_heads_and_values_are_codes(rows, take):
    (ticket,) = take("电费多算了", said=BILL)
    (row,) = rows(as_codes=True)
    assert list(row) == list(TICKET)
    assert (row["number"], row["demand_type"], row["topic"], row["is_confidential"]) == (ticket.number, "complaint", "business.tariff.bill", "0")
    assert (row["unit_code"], row["state"]) == ("330101", ticket.state.value)


def test_with_steps_each_step_is_a_row_of_its_ticket(store, rows, take, move):
    (ticket,) = take("电费多算了", said=BILL)
    move(ticket, "accept", minutes=5)
    found = rows(with_steps=True, as_codes=True)
    assert list(found[0]) == [*TICKET, *STEP]
    assert {row["number"] for row in found} == {ticket.number}
    assert sorted((row["step"], row["watch"], row["step_department"]) for row in found) == sorted(
        (row["step"], row["watch"], row["department"] or "") for row in store.extract_steps([ticket.number])
    )
    assert "2026-11-23 10:05:00" in {row["ended_at"] for row in found if row["step"] == "accept"}


def test_only_tickets_of_the_period_and_of_the_unit_are_in_it(rows, take):
    (first,) = take("停电了", unit_code="330101")
    (other,) = take("停电了", unit_code="330102")
    (later,) = take("停电了", unit_code="330101", now=NOW + timedelta(days=1))
    assert [row["工单号"] for row in rows()] == [first.number, other.number]
    assert [row["工单号"] for row in rows(last=DAY + timedelta(days=1), unit="330101")] == [first.number, later.number]
    assert {row["工单号"] for row in rows(unit="3301")} == {first.number, other.number}
    assert rows(first=DAY - timedelta(days=1), last=DAY - timedelta(days=1)) == []


def test_nothing_personal_is_in_it_and_no_text_of_a_confidential_ticket(rows, take):
    said = {"phone": "13812345678", "caller_name": "欧阳小美", "customer_number": "3301000001234", "address": "临江市城区柳荫路12号3单元"}
    take("欧阳小美家停电了，电话13812345678，户号3301000001234，住临江市城区柳荫路12号3单元", **said)
    take("举报抄表员王大锤收钱", said=prediction("other.general", "report"))
    plain, secret = rows(as_codes=True)
    assert "停电了" in plain["text"]
    assert [value for value in said.values() if value in str(plain)] == []
    assert (secret["is_confidential"], secret["text"], secret["reply"]) == ("1", "", "")


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_text_file_is_a_formula(text):
    assert harmless({"a": text, "b": "电费=多"}) == {"a": f"'{text}", "b": "电费=多"}
