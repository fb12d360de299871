"""Long lists: no row is left out silently; each page says which rows it shows and of how many, and leads to the next."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest

from triage.audit_tasks import AuditTask
from triage.samples import Sample, Stratum
from triage.surveys import Survey, take_surveys
from triage.terms import Risk, Scope, SurveyMethod, TaskState

NOW = datetime.now(UTC)
MANY = 205
DAYS = [date(2020, 1, 1) + timedelta(days=n) for n in range(MANY)]


def sign_offs(store):
    with store.writing():
        for day in DAYS:
            store.add_sign_off("3301", day, day, signed_by="auditor", signed_at=NOW, note=f"row{day}.")


def surveys(store):
    rows = [Survey("3301", Scope(next(iter(Scope))), SurveyMethod(next(iter(SurveyMethod))), "总体", day, day, 10, 9, f"row{day}.") for day in DAYS]
    take_surveys(rows, "调查.csv", store=store, actor="tests", now=NOW)


def samples(store):
    with store.writing():
        for day in DAYS:
            store.keep_sample(Sample(0, f"row{day}.", 1, "33", day, day, 1, (Stratum("3301", Risk.HIGH, 1, 1),), "auditor", NOW), ())


def tasks(store):
    with store.writing():
        for day in DAYS:
            store.keep_task(AuditTask(0, None, None, None, "330101", "repair", f"row{day}.", day, TaskState.OPEN, 1, "auditor", NOW))


def reports(store):
    for day in DAYS:
        store.keep_report(kind="week", unit_code="3301", days=(day, day), format="html", name=f"row{day}.", data=b"", now=NOW)


@pytest.mark.parametrize(
    ("path", "fill"),
    [
        pytest.param("/board/signed", sign_offs, id="signed periods"),
        pytest.param("/board/satisfaction", surveys, id="surveys"),
        pytest.param("/audit", samples, id="samples"),
        pytest.param("/audit/tasks", tasks, id="tasks"),
        pytest.param("/reports", reports, id="reports"),
    ],
)
def test_every_row_of_a_long_list_is_reached_page_by_page(client_as, store, path, fill):
    fill(store)
    client, seen, pages = client_as("auditor"), [], 0
    while path:
        page = client.get(path).text
        assert f"共 {MANY} 条" in page
        seen += dict.fromkeys(re.findall(r"row([\d-]{10})\.", page))
        pages += 1
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = unescape(following[1]) if following else ""
    assert sorted(seen) == [day.isoformat() for day in DAYS]
    assert pages == 3


def test_a_page_keeps_what_else_the_address_says(client_as, store):
    sign_offs(store)
    page = client_as("auditor").get("/board/signed?unit=3301&skip=100").text
    assert "第 101 – 200 条" in page
    links = [unescape(link) for link in re.findall(r'rel="(?:prev|next)" href="([^"]+)"', page)]
    assert links == ["/board/signed?unit=3301&skip=0", "/board/signed?unit=3301&skip=200"]


@pytest.mark.parametrize("skip", ["-1", "x", "１", "99999999999"])
def test_nonsense_shows_the_first_page(client_as, store, skip):
    sign_offs(store)
    assert "第 1 – 100 条" in client_as("auditor").get(f"/board/signed?skip={skip}").text


def test_a_program_pages_the_samples_too(app, store):
    samples(store)
    store.add_token("t" * 40, "auditor", "tests", NOW)
    answer = app.test_client().get("/api/v1/audit/samples?skip=200", headers={"Authorization": f"Bearer {'t' * 40}"}).json
    assert (len(answer["samples"]), answer["total"]) == (5, MANY)
