"""The queues: the special first, then the next deadline; each sees what is its own."""

from datetime import timedelta

from tests.triage.samples import LIUHE, NOW, prediction

DOUBT = prediction(sure=0.5)
MINUTE = timedelta(minutes=1)
WIRE = "高压线断落在地上"


def texts(tickets) -> list[str]:
    """What the tickets say, in their order."""
    return [ticket.text for ticket in tickets]


def test_the_special_comes_first_then_the_next_deadline(store, take):
    take("第二", said=DOUBT, now=NOW)
    take("第一", said=DOUBT, now=NOW - 5 * MINUTE)
    take("要曝光你们", said=DOUBT, now=NOW + 5 * MINUTE)
    take(WIRE, now=NOW + 60 * MINUTE)
    assert texts(store.dispatcher_queue()) == [WIRE, "第一", "第二", "要曝光你们"]


def test_a_type_with_less_time_comes_before_one_that_waits_longer(store, take):
    take("问电价", said=prediction("business.tariff.price", "enquiry", 0.5), now=NOW)
    take("没电", said=DOUBT, now=NOW + 10 * MINUTE)
    assert texts(store.dispatcher_queue()) == ["没电", "问电价"]


def test_the_same_deadline_is_in_the_order_of_numbers(store, take):
    take("一", "二", "三", said=DOUBT)
    assert texts(store.dispatcher_queue()) == ["一", "二", "三"]


def test_a_dispatcher_has_the_doubtful_the_returned_and_the_watched(store, take, move):
    take("一切清楚")
    (returned,) = take("退回来")
    move(returned, "return", reason="不是我们的")
    (wire,) = take(WIRE)
    take("说不清", said=DOUBT)
    assert set(texts(store.dispatcher_queue())) == {"退回来", WIRE, "说不清"}
    move(wire, "acknowledge")
    assert set(texts(store.dispatcher_queue())) == {"退回来", "说不清"}


def test_a_team_has_its_own(store, take, move):
    (first,) = take("城里没电")
    take("村里没电", address=LIUHE, unit_code="")
    take("电费高", said=prediction("business.tariff.bill", "complaint"))
    take("说不清", said=DOUBT)
    assert texts(store.team_queue("330101", "repair")) == ["城里没电"]
    assert texts(store.team_queue("330101", "billing")) == ["电费高"]
    assert texts(store.team_queue("33010201", "repair")) == ["村里没电"]
    for code in ("accept", "arrive"):
        move(first, code)
        assert texts(store.team_queue("330101", "repair")) == ["城里没电"]
    move(first, "resolve", reply="好了", finding="upheld")
    assert store.team_queue("330101", "repair") == []
    assert texts(store.review_queue()) == ["城里没电"]
    move(first, "review")
    assert texts(store.callback_queue()) == ["城里没电"]
    assert store.review_queue() == []


def test_a_leader_has_the_unit_and_all_below_it(store, take):
    take("城里没电")
    take("村里没电", address=LIUHE, unit_code="")
    take("港城没电", unit_code="330201")
    take("电费高", said=prediction("business.tariff.bill", "complaint"))
    assert set(texts(store.unit_queue("3301", ""))) == {"城里没电", "村里没电", "电费高"}
    assert set(texts(store.unit_queue("3301", "repair"))) == {"城里没电", "村里没电"}
    assert set(texts(store.unit_queue("330102", ""))) == {"村里没电"}
    assert len(store.unit_queue("33", "")) == 4


def test_a_queue_is_as_long_as_was_asked(store, take):
    take("一", "二", "三", said=DOUBT)
    assert texts(store.dispatcher_queue(most=2)) == ["一", "二"]


def test_an_agent_sees_what_was_taken_the_latest_first(store, take):
    take("早", now=NOW)
    take("晚一", "晚二", now=NOW + MINUTE)
    assert texts(store.taken_by("agent")) == ["晚二", "晚一", "早"]
    assert store.taken_by("another") == []
