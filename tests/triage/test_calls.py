"""Call records: read, kept once, and found for a ticket by call number, phone and time."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.triage.samples import NOW
from triage.calls import Direction, Taken, read_call, take_call
from triage.errors import InvalidInput
from triage.terms import State

MINUTE = timedelta(minutes=1)
PHONE, BACK = "13900000001", "05718888000"
USERS = frozenset({"agent"})


def row(call_id="c1", direction="in", minutes=0, phone=PHONE, **values):
    """A row of a file: a call that began so long after NOW and was answered for two minutes."""
    began = NOW + minutes * MINUTE
    times = {"started_at": began, "answered_at": began + MINUTE, "ended_at": began + 3 * MINUTE}
    texts = {name: moment.isoformat() for name, moment in times.items()}
    return {"call_id": call_id, "direction": direction, "phone": phone, "agent": "agent", "recording": "rec-1", **texts, **values}


def read(now=NOW + 1000 * MINUTE, **values):
    return read_call(row(**values), USERS, now)


@pytest.fixture
def called(store):
    """Keep a call: `called("c1", "out", minutes=5)`."""

    def kept(*args, **values):
        return take_call(read_call(row(*args, **values), USERS, NOW + 10_000 * MINUTE), store=store, now=NOW)

    return kept


def found(store, ticket) -> list[str]:
    return [call.call_id for call in store.calls_of_ticket(ticket.number)]


def test_a_record_is_read_with_the_phone_as_contacts_hold_it():
    call = read(phone="+86 139-0000-0001", direction="呼出")
    assert (call.call_id, call.direction, call.phone, call.actor, call.seconds) == ("c1", Direction.OUT, PHONE, "agent", 120)


def test_a_hidden_number_nobody_answered_is_a_call_too():
    call = read(phone="", agent="", answered_at="", ended_at="")
    assert (call.phone, call.actor, call.seconds) == ("", "", None)


def test_a_time_without_a_zone_is_shanghais():
    assert read(started_at="2026-11-23 10:00").started_at == NOW


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        pytest.param({"call_id": " "}, "call_id", "必填", id="no number"),
        pytest.param({"call_id": "c" * 65}, "call_id", "最多 64 个字", id="a number too long"),
        pytest.param({"direction": ""}, "direction", "必填", id="no direction"),
        pytest.param({"direction": "sideways"}, "direction", "in（呼入）或 out（呼出）", id="no such direction"),
        pytest.param({"phone": "一三九"}, "phone", "5–15 位数字", id="no phone"),
        pytest.param({"agent": "nobody"}, "agent", "没有用户“nobody”", id="no such agent"),
        pytest.param({"recording": "r" * 201}, "recording", "最多 200 个字", id="a recording too long"),
        pytest.param({"started_at": ""}, "started_at", "必填", id="no beginning"),
        pytest.param({"started_at": "soon"}, "started_at", "不是时间", id="no time"),
        pytest.param({"answered_at": "2026-11-23 09:59"}, "answered_at", "不能早于开始时间", id="answered before it rang"),
        pytest.param({"ended_at": "2026-11-23 10:00:30"}, "ended_at", "不能早于接通时间", id="over before it was answered"),
        pytest.param({"answered_at": "", "ended_at": "2026-11-23 09:00"}, "ended_at", "不能早于开始时间", id="over before it rang"),
        pytest.param({"now": NOW - 30 * MINUTE}, "ended_at", "还没有到", id="a call to come"),
    ],
)
def test_what_is_wrong_with_a_record_is_said_at_its_field(values, field, said):
    with pytest.raises(InvalidInput) as error:
        read(**values)
    assert said in {problem.field: problem.message for problem in error.value.problems}[field]


def test_a_record_sent_twice_is_kept_once_and_a_fuller_one_takes_its_place(store, called):
    assert called(answered_at="", ended_at="") is Taken.ADDED
    assert called(answered_at="", ended_at="") is Taken.SAME
    assert called() is Taken.CHANGED
    assert called() is Taken.SAME
    assert store.find_call("c1").seconds == 120


def test_the_phone_is_found_by_a_digest_alone(store, called):
    called()
    kept = store.row(text("SELECT phone_digest FROM calls"))["phone_digest"]
    assert kept == store.digest(PHONE)
    assert PHONE not in kept


def test_a_contacts_own_call_is_found_by_its_number_whenever_it_was(store, take, called):
    ticket = take("楼道停电", phone=PHONE, call_id="c1")[0]
    called("c1", minutes=-300, phone="")
    assert found(store, ticket) == ["c1"]


@pytest.mark.parametrize(
    ("minutes", "phone", "is_found"),
    [
        pytest.param(-15, PHONE, True, id="a quarter of an hour before"),
        pytest.param(-15.1, PHONE, False, id="a little earlier"),
        pytest.param(15, PHONE, True, id="a quarter of an hour after"),
        pytest.param(15.1, PHONE, False, id="a little later"),
        pytest.param(0, "13900000002", False, id="another phone"),
        pytest.param(0, BACK, False, id="the phone to call back on"),
    ],
)
def test_without_a_number_the_call_is_the_one_from_the_phone_around_the_receipt(store, take, called, minutes, phone, is_found):
    ticket = take("楼道停电", phone=PHONE, callback_phone=BACK)[0]
    called(minutes=minutes, phone=phone)
    assert found(store, ticket) == (["c1"] if is_found else [])


@pytest.mark.parametrize(
    ("minutes", "phone", "is_found"),
    [
        pytest.param(0, PHONE, True, id="as it was registered"),
        pytest.param(3000, PHONE, True, id="days later"),
        pytest.param(3000, BACK, True, id="to the phone to call back on"),
        pytest.param(-1, PHONE, False, id="before the receipt"),
        pytest.param(60, "13900000002", False, id="to another phone"),
    ],
)
def test_calls_made_since_then_to_the_customer_belong_to_the_ticket(store, take, called, minutes, phone, is_found):
    ticket = take("楼道停电", phone=PHONE, callback_phone=BACK)[0]
    called(direction="out", minutes=minutes, phone=phone)
    assert found(store, ticket) == (["c1"] if is_found else [])


def test_a_caller_without_a_phone_has_no_calls_of_other_hidden_numbers(store, take, called):
    ticket = take("楼道停电")[0]
    called("a", "in", phone="")
    called("b", "out", phone="")
    assert found(store, ticket) == []
    assert store.calls_of_ticket("2026112399999999") == []


def test_the_phone_of_the_customers_record_counts_where_none_was_given(store, take, called):
    ticket = take("楼道停电", customer_number="3301000001")[0]
    called(direction="out", minutes=5, phone="13800001001")
    assert found(store, ticket) == ["c1"]


def test_calls_after_the_ticket_was_closed_belong_to_another_one(store, take, move, called):
    ticket = take("楼道停电", phone=PHONE)[0]
    for minutes, code, fields in (
        (1, "accept", {}),
        (2, "contact", {}),
        (3, "arrive", {}),
        (4, "resolve", {"reply": "已恢复", "finding": "upheld"}),
        (5, "review", {}),
        (6, "callback", {"satisfaction": "1"}),
        (7, "close", {}),
    ):
        closed = move(ticket, code, minutes=minutes, **fields)
    assert closed.state is State.CLOSED
    called("before", "out", minutes=6)
    called("after", "out", minutes=8)
    assert found(store, ticket) == ["before"]


@pytest.mark.parametrize(
    ("since", "until", "direction", "there"),
    [
        pytest.param(9, 14, Direction.OUT, True, id="around it"),
        pytest.param(12, 14, Direction.OUT, True, id="while they talked"),
        pytest.param(13, 14, Direction.OUT, True, id="as it ended"),
        pytest.param(14, 20, Direction.OUT, False, id="after it"),
        pytest.param(0, 9, Direction.OUT, False, id="before it"),
        pytest.param(9, 14, Direction.IN, False, id="the other way"),
    ],
)
def test_the_audit_can_ask_whether_there_was_a_call(store, take, called, since, until, direction, there):
    ticket = take("楼道停电", phone=PHONE)[0]
    called(direction="out", minutes=10)
    assert store.has_call(ticket.number, NOW + since * MINUTE, NOW + until * MINUTE, direction) is there
