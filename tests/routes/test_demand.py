"""The demand side on the board: places by count, each number opens to exactly its tickets, nobody's name or number is shown."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tests.routes.test_board import TOTAL
from triage.complaint import read_contact
from triage.customers import CustomerRecord
from triage.intake import receive
from triage.moments import in_shanghai, start_of
from triage.prediction import Prediction
from triage.terms import Locality, Supply

NOW = datetime.now(UTC)
LINK = re.compile(r'<a href="(/board/demand/list\?[^"]+)">(\d+)</a>')
PERIOD = f"since={in_shanghai(NOW - timedelta(days=40)).date()}&until={in_shanghai(NOW).date()}"


@pytest.fixture
def past(store):
    """Voltage and price complaints of a known area, and one of nobody known."""
    store.keep_customers(
        [CustomerRecord("3301000777", "江海明", "", "柳荫路", "330101", Locality.URBAN, "滨河01台区", "", Supply.ON, None, None)], NOW
    )
    for place, (topic, number) in enumerate(
        [("quality.voltage", "3301000777")] * 3 + [("business.tariff.price", "3301000777"), ("grid.capacity", "")]
    ):
        said = Prediction(((topic, 0.96), ("other.general", 0.04)), (("complaint", 1.0), ("enquiry", 0.0)), {"topic": ()}, "fake-1", 0.8)
        given = {"unit_code": "330101", "phone": f"1380000{place:04d}", "customer_number": number}
        contact = read_contact({"complaints": [{"text": "用电有问题"}], **given})
        then = start_of(in_shanghai(NOW).date() - timedelta(days=3 + place)) + timedelta(hours=7 + 3 * place)  # the same bands at any hour
        receive(contact, predict=lambda text, said=said: said, rules=store.rules(), store=store, now=then, actor="agent")


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize("query", ["", "&unit=3301", "&unit=330101"])
def test_every_number_opens_to_exactly_its_tickets(client_as, query):
    auditor = client_as("auditor")
    page = auditor.get(f"/board/demand?{PERIOD}{query}").text
    links = LINK.findall(page)
    for narrowed in ("kind=voltage", "band=", "season="):
        assert any(narrowed in link for link, _ in links), narrowed
    assert "滨河01台区" in page
    assert "台区不明" in page
    for link, number in links:
        listed = auditor.get(unescape(link))
        assert TOTAL.search(listed.text)[1] == number, link
        assert listed.text.count("/tickets/") >= int(number)


@pytest.mark.usefixtures("past")
def test_no_customer_is_shown(client_as):
    page = client_as("auditor").get(f"/board/demand?{PERIOD}").text
    assert "3301000777" not in page
    assert "江海明" not in page
    assert "不足 10 件，不判" in page
    assert "各省分时时段不同" in page


@pytest.mark.usefixtures("past")
def test_it_opens_with_twelve_months_and_the_other_pages_with_their_own(client_as):
    page = client_as("auditor").get("/board/demand").text
    yesterday = in_shanghai(NOW).date() - timedelta(days=1)
    assert f'name="since" value="{yesterday - timedelta(days=364)}"' in page
    assert "默认看最近十二个月" in page
    assert 'href="/board/trend?watch=' in page  # not the year: each page has its own usual days until some are chosen
    chosen = client_as("auditor").get(f"/board/demand?{PERIOD}").text
    assert f'href="/board/trend?{PERIOD.replace("&", "&amp;")}' in chosen
    assert "默认看最近十二个月" not in chosen


def test_a_leader_reads_their_own_unit_and_agents_nothing(client_as):
    leader = client_as("leader")
    assert "没有供电能力" in leader.get("/board/demand").text
    for path in ("/board/demand", "/board/demand/list"):
        assert leader.get(f"{path}?unit=3302").status_code == 403
        assert client_as("agent").get(path).status_code == 403


@pytest.mark.parametrize("query", ["kind=noise", "band=lunch", "season=rain"])
def test_what_is_asked_wrongly_is_said(client_as, query):
    assert client_as("auditor").get(f"/board/demand/list?{query}").status_code == 422
