"""A team's queue page: filters in the address, filters kept by name, many accepted at once, pages."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from triage.complaint import read_contact
from triage.intake import receive
from triage.terms import State

PHONE = "13800001001"


@pytest.fixture
def taken(app, store):
    """Take complaints about an outage and give their numbers."""
    rules, predict = store.rules(), app.extensions["triage"].predict

    def take(many=1, text="家里停电"):
        now = datetime.now(UTC)
        call = read_contact({"complaints": [{"text": text}], "unit_code": "330101", "phone": PHONE})
        return [
            receive(call, predict=predict, rules=rules, store=store, now=now - timedelta(minutes=n), actor="agent")[0].number for n in range(many)
        ]

    return take


def shown(page):
    """The numbers of the tickets on a page, in their order."""
    return [a + b for a, b in re.findall(r">(\d{8})<wbr>(\d{8})</a>", page)]


def chosen(store, *numbers):
    return [f"{number}:{store.ticket(number).version}" for number in numbers]


def test_the_counts_lead_to_what_they_count(client_as, store, taken):
    accepted, *waiting = taken(3)
    team = client_as("repair")
    team.post(f"/tickets/{accepted}/moves/accept", data={"version": store.ticket(accepted).version})
    page = team.get("/queue").text
    link, count = re.search(r'href="([^"]*step=accept)"[^>]*>接单 (\d+)<', page).groups()
    assert count == "2"
    assert sorted(shown(team.get(link).text)) == sorted(waiting)


def test_filters_add_up_and_a_second_click_takes_one_away(client_as, taken):
    taken()
    page = client_as("repair").get("/queue?zone=green&step=accept").text
    assert 'href="/queue?step=accept" aria-current="true"' in page
    assert 'href="/queue?zone=green" aria-current="true"' in page


@pytest.mark.parametrize("query", ["state=nowhere", "zone=blue", f"whose={PHONE}", "after=x"])
def test_an_address_that_says_nothing_is_answered_in_words(client_as, query):
    answer = client_as("repair").get(f"/queue?{query}")
    assert answer.status_code == 422
    assert "请从列表中选择" in answer.text or "回到第一页" in answer.text


def test_nothing_found_says_so_and_leads_back(client_as, taken):
    taken()
    page = client_as("repair").get("/queue?state=arrived").text
    assert "没有符合筛选的工单" in page
    assert "查看全部 1 张" in page


def test_a_filter_is_kept_under_a_name_used_and_forgotten(client_as, taken):
    taken()
    team = client_as("repair")
    assert team.post("/queue/filters", data={"zone": "green", "step": "accept", "name": "刚派来的"}).location == "/queue?zone=green&step=accept"
    page = team.get("/queue").text
    path = re.search(r'href="(/queue/filters/[^"]+)"[^>]*>☆ 刚派来的', page)[1]
    assert "green" not in path
    assert team.get(path).location == "/queue?zone=green&step=accept"
    assert client_as("leader").get(path).status_code == 404
    assert client_as("leader").post(f"{path}/remove").status_code == 404
    assert team.post(f"{path}/remove").status_code == 303
    assert "☆" not in team.get("/queue").text


def test_a_filter_without_a_name_keeps_what_was_chosen(client_as, taken):
    taken()
    answer = client_as("repair").post("/queue/filters", data={"zone": "green", "name": " "})
    assert answer.status_code == 422
    assert "筛选名称：必填" in answer.text
    assert '<input type="hidden" name="zone" value="green">' in answer.text


def test_several_are_accepted_at_once(client_as, store, taken):
    numbers, team = taken(3), client_as("repair")
    answer = team.post("/queue/accept", data={"chosen": chosen(store, *numbers[:2]), "zone": "green"})
    assert answer.location == "/queue?zone=green"
    assert [store.ticket(number).state for number in numbers] == [State.ACCEPTED, State.ACCEPTED, State.DISPATCHED]
    assert "已接单 2 张" in team.get("/queue").text


def test_those_that_changed_meanwhile_are_listed_and_the_others_accepted(client_as, store, taken):
    changed, free, gone = taken(3)
    team, sent = client_as("repair"), chosen(store, changed, free, gone)
    for number, code, fields in ((changed, "accept", {}), (gone, "return", {"return_reason": "not_our_department", "reason": "不归我们"})):
        client_as("repair").post(f"/tickets/{number}/moves/{code}", data={"version": store.ticket(number).version, **fields})
    answer = team.post("/queue/accept", data={"chosen": sent})
    assert answer.status_code == 200
    assert "已接单 1 张，另有 2 张未接" in answer.text
    assert f'href="/tickets/{changed}"' in answer.text
    assert "已被他人更新" in answer.text
    assert store.ticket(free).state is State.ACCEPTED
    assert store.ticket(gone).state is State.RETURNED


@pytest.mark.parametrize("sent", [[], ["2026010100000001:1"], ["nonsense"], ["2026010100000001:x"], ["\x00:1"]], ids=str)
def test_what_cannot_be_accepted_is_said_and_nothing_happens(client_as, taken, sent):
    taken()
    answer = client_as("repair").post("/queue/accept", data={"chosen": sent})
    assert answer.status_code == 409
    assert "没有接单" in answer.text


def test_another_teams_ticket_is_not_accepted(client_as, store, taken):
    (number,) = taken()
    answer = client_as("billing").post("/queue/accept", data={"chosen": chosen(store, number)})
    assert answer.status_code == 409
    assert store.ticket(number).state is State.DISPATCHED


def test_the_queue_is_paged_by_fifty(client_as, taken):
    numbers, team = taken(53), client_as("repair")
    first = team.get("/queue").text
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = team.get(following).text
    assert (len(shown(first)), len(shown(second))) == (50, 3)
    assert set(shown(first) + shown(second)) == set(numbers)
    assert "在办 53 张" in second
    assert "第一页" in second


def test_what_a_team_helps_with_is_marked_with_who_leads(client_as, store, taken):
    (number,) = taken()
    team = client_as("repair")
    for code, fields in (("accept", {}), ("co_handle", {"co_department": "billing", "task": "请核对电费"})):
        team.post(f"/tickets/{number}/moves/{code}", data={"version": store.ticket(number).version, **fields})
    page = client_as("billing").get("/queue?share=co").text
    assert shown(page) == [number]
    assert "配电抢修班主办" in page
    assert 'type="checkbox"' not in page
