"""Signing a period on the board: who may, what is said, and that each difference opens to exactly today's tickets."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tests.routes.test_board import LINK, TOTAL
from triage.complaint import read_contact
from triage.intake import receive
from triage.moments import in_shanghai

NOW = datetime.now(UTC)
FIRST, LAST = (in_shanghai(NOW - timedelta(days=days)).date().isoformat() for days in (20, 2))
FORM = {"unit_code": "3301", "first_on": FIRST, "last_on": LAST, "note": "本期无异议"}
HERE = f"/board/signed?since={FIRST}&until={LAST}&unit=3301"
OVERVIEW = f"/board?since={FIRST}&until={LAST}&unit=3301"


@pytest.fixture
def receives(app, store):
    """Take complaints of a unit ten days ago."""

    def taken(*texts, unit="330101"):
        parts, then = app.extensions["triage"], NOW - timedelta(days=10)
        for place, text in enumerate(texts):
            contact = read_contact({"complaints": [{"text": text}], "unit_code": unit, "phone": f"1380000{place:04d}"})
            receive(contact, predict=parts.predict, rules=store.rules(), store=store, now=then, actor="agent")

    return taken


def test_an_auditor_signs_and_sees_what_was_corrected_since(client_as, receives):
    auditor = client_as("auditor")
    receives("停电了", "电表不准")
    assert "数字与签认时相同" not in auditor.get(OVERVIEW).text
    made = auditor.post(HERE, data=FORM)
    assert made.status_code == 303
    page = auditor.get(made.headers["Location"]).text
    assert "今天的数字与签认时完全相同" in page
    assert "本期无异议" in page
    assert "由 auditor " not in page  # the person's name, not the login
    assert "✓ 数字与签认时相同" in auditor.get(OVERVIEW).text
    receives("电表又不准")
    page = auditor.get(made.headers["Location"]).text
    assert "个数字在签认后更正过" in page
    assert "受理工单" in page
    links = LINK.findall(page)
    assert links
    for link, number in links:
        assert TOTAL.search(auditor.get(unescape(link)).text)[1] == number, link
    count = re.search(r"有 (\d+) 个数字在签认后更正过", page)[1]
    assert f"▲ 此后有 {count} 个数字更正过" in auditor.get(OVERVIEW).text
    assert made.headers["Location"] in auditor.get(HERE).text


def test_a_period_is_signed_once_and_what_was_typed_stays(client_as):
    auditor = client_as("auditor")
    auditor.post(HERE, data=FORM)
    again = auditor.post(HERE, data={**FORM, "note": "再签一次"})
    assert again.status_code == 412
    assert "已经签认过" in again.text
    assert 'value="再签一次"' in again.text


def test_a_period_that_is_not_over_is_refused_at_its_field(client_as):
    answer = client_as("auditor").post(HERE, data={**FORM, "last_on": in_shanghai(NOW).date().isoformat()})
    assert answer.status_code == 422
    assert "请在次日之后签认" in answer.text
    assert 'aria-describedby="last_on-problem"' in answer.text


def test_without_a_unit_everything_is_signed_and_a_leader_does_not_see_it(client_as, receives):
    receives("停电了")
    auditor, leader = client_as("auditor"), client_as("leader")
    everything = f"/board/signed?since={FIRST}&until={LAST}"
    assert "全部单位（含单位不明的工单）" in auditor.get(everything).text
    made = auditor.post(everything, data={**FORM, "unit_code": ""}).headers["Location"]
    assert "全部单位" in auditor.get(made).text
    assert "✓ 数字与签认时相同" in auditor.get(f"/board?since={FIRST}&until={LAST}").text
    assert made in auditor.get("/board/signed").text
    assert "只能查看本单位及下属单位的签认" in leader.get(made).text
    assert made not in leader.get("/board/signed").text


@pytest.mark.parametrize("username", ["dispatcher", "leader", "admin"])
def test_others_read_and_do_not_sign(client_as, username):
    client = client_as(username)
    assert "签认本期" not in client.get("/board/signed").text
    assert client.post("/board/signed", data=FORM).status_code == 403


def test_a_leader_sees_the_signatures_of_their_own_unit(client_as, store):
    own = next(row["unit_code"] for row in store.users() if row["username"] == "leader")
    other = "3302" if own.startswith("3301") else "3301"
    auditor, leader = client_as("auditor"), client_as("leader")
    theirs = auditor.post("/board/signed", data={**FORM, "unit_code": own}).headers["Location"]
    foreign = auditor.post("/board/signed", data={**FORM, "unit_code": other}).headers["Location"]
    assert leader.get(theirs).status_code == 200
    assert leader.get(foreign).status_code == 403
    page = leader.get("/board/signed").text
    assert theirs in page
    assert foreign not in page


def test_agents_do_not_see_signatures_and_one_that_is_not_there_is_said(client_as):
    assert client_as("agent").get("/board/signed").status_code == 403
    assert client_as("agent").get("/board/signed/1").status_code == 403
    assert client_as("auditor").get("/board/signed/99").status_code == 404
