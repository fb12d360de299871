"""The board as JSON: the pages' figures, each with a list of exactly what it counts; a leader's own unit; what is asked wrongly is said."""

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from triage import sign_off
from triage.complaint import read_contact
from triage.figures import Reading
from triage.intake import receive
from triage.lifecycle import act
from triage.metrics import timeliness
from triage.moments import in_shanghai
from triage.people import User
from triage.surveys import Survey, take_surveys
from triage.terms import Role, Scope, SurveyMethod

V1 = "/api/v1"
PLACES = ["", "/trend", "/units", "/kinds", "/times"]
EVERYWHERE = [*PLACES, "/satisfaction", "/demand", "/signed", "/list", "/satisfaction/list", "/demand/list", "/signed/1"]


@pytest.fixture
def ask(app, store):
    """Ask the API in a user's name, with a token of their own."""

    def as_user(username):
        token = secrets.token_urlsafe()
        store.add_token(token, username, "tests", datetime.now(UTC))
        return lambda path: app.test_client().get(path if path.startswith("/api") else V1 + path, headers={"Authorization": f"Bearer {token}"})

    return as_user


@pytest.fixture
def past(app, store):
    """Tickets of the last weeks in several units; some accepted, some late, one with an answer on its return visit."""
    parts, now = app.extensions["triage"], datetime.now(UTC)
    for place, (text, unit) in enumerate([("停电了", "330101"), ("电表不准", "330101"), ("停电了", "330201"), ("可能有问题", "330102")] * 2):
        then = now - timedelta(days=3 + place)
        contact = read_contact({"complaints": [{"text": text}], "unit_code": unit, "phone": f"1380000{place:04d}"})
        (ticket,) = receive(contact, predict=parts.predict, rules=store.rules(), store=store, now=then, actor="agent")
        if ticket.state == "dispatched" and place % 3:
            who = User("h", "h", Role.HANDLER, ticket.team_unit or "", ticket.department or "")
            act(ticket.number, "accept", {}, user=who, version=1, store=store, rules=store.rules(), now=then + timedelta(minutes=10 * place))
    store.fold_figures()
    return now


def days(now, back: int = 40) -> str:
    return f"since={in_shanghai(now - timedelta(days=back)).date()}&until={in_shanghai(now).date()}"


def lists(said):
    """Every address of a list in an answer, with the number that it belongs to."""
    if isinstance(said, list):
        return [found for one in said for found in lists(one)]
    if not isinstance(said, dict):
        return []
    number = said.get("due", said.get("complaints", said.get("n")))
    own = [(said[name], said[of] if of else number) for name, of in (("list_of_n", "n"), ("list_of_k", "k"), ("list", "")) if name in said]
    return own + [found for one in said.values() for found in lists(one)]


@pytest.mark.parametrize("query", ["", "&unit=3301", "&unit=330101&watch=department", "&metric=dispatch_accuracy&step=accept"])
@pytest.mark.parametrize("place", PLACES)
def test_every_number_has_a_list_of_exactly_what_it_counts(ask, past, place, query):
    auditor = ask("auditor")
    known = {"": ("unit", "watch"), "/times": ("unit", "watch", "step")}.get(place, ("unit", "watch", "metric", "step"))
    asked = "".join(f"&{part}" for part in query.split("&") if part.split("=")[0] in known)
    said = auditor(f"/board{place}?{days(past)}{asked}")
    assert said.status_code == 200, said.text
    found = lists(said.json)
    assert found or query
    for address, number in found:
        assert auditor(address).json["count"] == number, address


def test_a_figure_is_the_metric_s_with_interval_and_comparison(ask, store, past):
    said = ask("auditor")(f"/board?{days(past)}").json
    today = in_shanghai(past).date()
    found = timeliness(Reading(store, today - timedelta(days=40), today, datetime.now(UTC)))
    assert {(one["step"], one["k"], one["n"]) for one in said["steps"] if one["n"]} == {(one.step, one.k, one.n) for one in found}
    accept = next(one for one in said["steps"] if one["step"] == "accept")
    assert (accept["step_label"], accept["rate"]) == ("接单", round(accept["k"] / accept["n"], 6))
    assert accept["interval"][0] <= accept["rate"] <= accept["interval"][1]
    assert accept["before"] is None
    assert accept["since_before"] is None
    assert "÷ 统计期内到期的环节数" in said["definitions"]["timeliness"]
    assert {one["metric"] for one in said["quality"]} <= set(said["definitions"])


def test_the_pages_of_a_list_are_the_whole_list(ask, past):
    auditor, place = ask("auditor"), f"/board/list?measures=received&{days(past)}"
    whole = auditor(place).json
    assert whole["count"] == len(whole["facts"]) == 8
    assert [fact for skip in range(0, 8, 3) for fact in auditor(f"{place}&skip={skip}&limit=3").json["facts"]] == whole["facts"]


def test_times_are_given_by_the_wall_clock_and_as_the_limits_count(ask, past):
    wall, used = (ask("auditor")(f"/board/times?{days(past)}&step=accept&time={time}").json for time in ("duration", "worked"))
    of = [{one["step"]: one for one in said["durations"]} for said in (wall, used)]
    assert of[0]["accept"]["n"] == of[1]["accept"]["n"] > 0
    assert of[1]["accept"]["mean_seconds"] <= of[0]["accept"]["mean_seconds"]
    assert wall["survival"]
    assert not used["survival"]
    assert sum(map(sum, wall["received_by_weekday_and_hour"])) == 8


def test_demands_open_down_to_their_tickets(ask, app, store, past):
    contact = read_contact({"complaints": [{"text": "又停电", "topic": "grid.capacity", "demand_type": "complaint"}], "unit_code": "330101"})
    now = datetime.now(UTC) - timedelta(days=1)
    receive(contact, predict=app.extensions["triage"].predict, rules=store.rules(), store=store, now=now, actor="agent")
    said = ask("auditor")(f"/board/demand?{days(past)}").json
    assert said["count"] == len(said["places"]) > 0
    assert [ask("auditor")(one["list"]).json["count"] for one in said["places"]] == [one["n"] for one in said["places"]]


def test_surveys_come_a_page_at_a_time(ask, store, past):
    days = [in_shanghai(past).date() - timedelta(days=place) for place in range(1, 104)]
    rows = [Survey("3301", next(iter(Scope)), next(iter(SurveyMethod)), "总体", day, day, 10, 9, "调查") for day in days]
    take_surveys(rows, "调查.csv", store=store, actor="tests", now=past)
    first, rest = (ask("auditor")(f"/board/satisfaction?skip={skip}").json for skip in (0, 100))
    assert [first["count"], len(first["surveys"]), rest["count"], len(rest["surveys"])] == [103, 100, 103, 3]
    assert ask("auditor")("/board/satisfaction?skip=some").status_code == 422


def test_a_signed_period_is_given_with_what_differs_today(ask, store, past):
    today = in_shanghai(past).date()
    values = {"unit_code": "3301", "first_on": str(today - timedelta(days=20)), "last_on": str(today - timedelta(days=1)), "note": ""}
    made = sign_off.sign(values, user=User("auditor", "质检", Role.AUDITOR, "", ""), store=store, now=past)
    assert [one["id"] for one in ask("auditor")("/board/signed").json["signed"]] == [made.id]
    assert ask("auditor")(f"/board/signed/{made.id}").json["differences"] == []
    overview = ask("auditor")(f"/board?unit=3301&since={values['first_on']}&until={values['last_on']}").json
    assert (overview["signed"]["id"], overview["signed"]["differences"]) == (made.id, 0)
    number = ask("auditor")(f"/board/list?measures=received&unit=3301&{days(past)}").json["facts"][0]["ticket"]
    with store.writing():
        store.touch(number)
        store.connection.exec_driver_sql("UPDATE tickets SET chases = 1 WHERE number = ?", (number,))
    said = ask("auditor")(f"/board/signed/{made.id}").json
    assert said["count"] == len(said["differences"]) > 0
    changed = next(one for one in said["differences"] if (one["measure"], one["by"]) == ("received", ""))
    assert changed["today"]["met"] == changed["signed"]["met"] + 1
    assert said["not_counted_then"] == []


def test_what_nothing_counted_yet_when_a_period_was_signed_is_said_and_not_compared(ask, store, past, client_as):
    day = in_shanghai(past).date() - timedelta(days=1)
    with store.writing():
        id = store.add_sign_off("3301", day, day, signed_by="auditor", signed_at=past, note="")
    said = ask("auditor")(f"/board/signed/{id}").json
    assert [one["measure"] for one in said["not_counted_then"]] == ["worked", "checked"]
    assert {one["measure"].split(".")[0] for one in said["differences"]} & {"worked", "checked"} == set()
    assert "签认时尚无此指标，不作比较" in client_as("auditor").get(f"/board/signed/{id}").text


@pytest.mark.parametrize("place", EVERYWHERE)
def test_those_who_read_no_figures_are_refused(ask, place):
    for username in ("agent", "repair"):
        assert ask(username)(f"/board{place}").status_code == 403


@pytest.mark.parametrize("place", [*PLACES, "/satisfaction", "/demand", "/signed", "/list", "/satisfaction/list", "/demand/list"])
def test_a_leader_sees_the_own_unit_and_no_other(ask, store, place):
    measures = "&measures=received" if place == "/list" else ""
    own = next(row["unit_code"] for row in store.users() if row["username"] == "leader")
    assert own == "3301"
    assert ask("leader")(f"/board{place}?unit=330101{measures}").status_code == 200
    assert ask("leader")(f"/board{place}?unit=3302{measures}").status_code == 403


def test_what_a_leader_sees_unasked_is_the_own_unit(ask, past):
    said = ask("leader")(f"/board?{days(past)}").json
    assert said["unit_code"] == "3301"
    assert ask("leader")(f"/timeliness/steps?{days(past)}").json["count"] < ask("auditor")(f"/timeliness/steps?{days(past)}").json["count"]


WRONG = {
    "no date": "?since=gestern",
    "no unit": "?unit=99",
    "no clock": "?watch=both",
    "a misspelt name": "?sinse=2026-01-01",
    "no metric": "/trend?metric=luck",
    "no step": "/units?step=lunch",
    "no kind": "/kinds?by=weather",
    "no time": "/times?time=sideral",
    "a name that times do not take": "/times?metric=timeliness",
    "no measure": "/list",
    "a measure that is none": "/list?measures=due.customer",
    "neither met nor not": "/list?measures=received&met=perhaps",
    "no number to skip": "/list?measures=received&skip=-1",
    "a page too long": "/list?measures=received&limit=1001",
    "backwards": "/list?measures=received&since=2026-02-01&until=2026-01-01",
    "no answer of that sort": "/satisfaction/list?timely=perhaps",
    "no band": "/demand/list?band=noon",
}


@pytest.mark.parametrize("path", WRONG.values(), ids=WRONG)
def test_what_is_asked_wrongly_is_said(ask, path):
    answer = ask("auditor")(f"/board{path}")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_input"), answer.text
    assert answer.json["error"]["problems"][0]["message"]


def test_a_period_that_nobody_signed_is_not_there(ask):
    assert ask("auditor")("/board/signed/7").status_code == 404


def test_addresses_name_nobody(ask, past):
    for address, _ in lists(ask("auditor")(f"/board?{days(past)}").json):
        assert "138" not in urlsplit(address).query
