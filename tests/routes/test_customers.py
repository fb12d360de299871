"""Looking customers up by the API: what a call centre's own screen gets, and that it is kept who looked."""

import secrets
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from triage.terms import Supply

PATH = "/api/v1/customers/find"
PHONE, NAME, NUMBER = "13800001001", "林建国", "3301000001"


@pytest.fixture
def find(app, store):
    """Ask as a user: `find("agent", query="13800001001")`."""

    def ask(username, **body):
        token = secrets.token_urlsafe()
        store.add_token(token, username, "tests", datetime.now(UTC))
        return app.test_client().post(PATH, json=body, headers={"Authorization": f"Bearer {token}"})

    return ask


@pytest.mark.parametrize("username", ["agent", "dispatcher"])
@pytest.mark.parametrize("body", [{"query": PHONE}, {"query": NAME}, {"number": NUMBER}], ids=["phone", "name", "picked"])
def test_one_match_comes_with_its_dossier(find, username, body):
    found = find(username, **body).json
    assert (found["count"], found["is_more"]) == (1, False)
    assert found["customers"][0]["name"] == NAME
    assert found["customers"][0]["unit_code_label"] == "临江市城区供电中心"
    assert set(found["dossier"]) == {"open_tickets", "earlier_tickets", "outages", "recent_outages"}


def test_strangers_of_one_name_are_masked_but_for_the_number_to_pick_by(find, store):
    row = {"name": "江海明", "phone": "13900002222", "unit_code": "330101", "locality": "urban", "transformer_area": "", "key_kind": ""}
    with store.writing():
        store.add_missing("customers", [{**row, "number": f"330100990{n}", "address": f"滨河街道柳荫路{n}号"} for n in (1, 2)])
    found = find("agent", query="江海明").json
    assert [one["number"] for one in found["customers"]] == ["3301009901", "3301009902"]
    assert {one["name"] for one in found["customers"]} == {"江**"}
    assert {one["phone"] for one in found["customers"]} == {"139****2222"}
    assert found["dossier"] is None


@pytest.mark.parametrize(
    ("username", "body", "status", "code"),
    [
        ("agent", {"query": "1"}, 422, "invalid_input"),
        ("agent", {}, 422, "invalid_input"),
        ("agent", {"phone": PHONE}, 422, "invalid_input"),
        ("agent", {"number": "9999999999"}, 404, "not_found"),
        ("repair", {"query": PHONE}, 403, "forbidden"),
        ("auditor", {"number": NUMBER}, 403, "forbidden"),
    ],
    ids=["too short", "nothing", "unknown field", "nobody's number", "a handler", "an auditor"],
)
def test_what_cannot_be_looked_up_is_said_and_nobody_is_shown(find, store, username, body, status, code):
    answer = find(username, **body)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert NAME not in answer.text
    assert store.look_ups() == []


def test_it_is_kept_who_looked(find, store):
    find("dispatcher", query=PHONE)
    assert [row["actor"] for row in store.look_ups()] == ["dispatcher", "dispatcher"]


def test_a_cut_for_arrears_is_shown_with_since_when_and_what_to_say(find, store, client_as):
    cut = replace(store.find_customer(NUMBER), supply=Supply.CUT_ARREARS, supply_since_on=date(2026, 11, 1))
    store.keep_customers([cut], datetime.now(UTC))
    shown = find("agent", query=NUMBER).json["customers"][0]
    assert (shown["supply"], shown["supply_label"], shown["supply_since_on"]) == ("cut_arrears", "欠费停电", "2026-11-01")
    assert "照常登记" in shown["advice"]
    page = client_as("agent").post("/complaints/customer", data={"lookup": NUMBER}, headers={"HX-Request": "true"}).text
    assert "欠费停电</strong> 自 2026-11-01 起" in page
    assert shown["advice"] in page
