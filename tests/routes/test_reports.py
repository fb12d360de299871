"""Reports over the web and the command line: pages whose numbers open, real workbooks, PDF with Chinese letters, each due file made once."""

import io
import re
import sqlite3
import stat
import subprocess
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from python_calamine import CalamineWorkbook

from routes.reporting import Due, make_asked, make_due
from triage import report_jobs
from triage.complaint import read_contact
from triage.errors import InvalidInput
from triage.exports import Export, entries
from triage.intake import receive
from triage.lifecycle import act
from triage.moments import in_shanghai
from triage.people import User
from triage.printing import PrinterMissing, check_font, find_chromium, to_pdf
from triage.quality_events import enter
from triage.reference import edit_row
from triage.report import due_periods, latest_complete, make_report, period_with
from triage.terms import ReportKind, Role
from triage.workbook import workbook

WEEK, MONTH = ReportKind.WEEK, ReportKind.MONTH
LINK = re.compile(r'<a href="(/board/list\?[^"]+)">(\d+)</a>')
TOTAL = re.compile(r"共 (\d+) 条")
PHONE, NAME, ADDRESS = "13812345678", "欧阳小美", "临江市城区柳荫路12号"


@pytest.fixture
def last_week(app, store):
    """Tickets of the last complete week, some late; gives that week."""
    parts, week = app.extensions["triage"], latest_complete(WEEK, datetime.now(UTC))
    rules = store.rules()
    for place in range(14):
        then = datetime(week.first_on.year, week.first_on.month, week.first_on.day, 2, tzinfo=UTC) + timedelta(minutes=place, days=-(place % 7))
        caller = {"phone": PHONE, "caller_name": NAME, "address": ADDRESS, "unit_code": "330101"}
        contact = read_contact({"complaints": [{"text": f"{'停电了' if place % 2 else '电表不准'}，我是{NAME}，电话{PHONE}"}], **caller})
        (ticket,) = receive(contact, predict=parts.predict, rules=rules, store=store, now=then, actor="agent")
        who = User("h", "h", Role.HANDLER, ticket.team_unit or "", ticket.department or "")
        late = timedelta(minutes=5 if place % 2 else 3000)
        act(ticket.number, "accept", {}, user=who, version=1, store=store, rules=rules, now=then + late)
    store.fold_figures()
    return week


@pytest.fixture
def run(app):
    """Run a command; gives its result."""
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=[str(argument) for argument in arguments])


def address(week, more: str = "") -> str:
    return f"/reports/week/{week.first_on}{more}"


@pytest.mark.parametrize("user", ["auditor", "admin", "dispatcher", "leader"])
def test_the_list_leads_to_reports_of_weeks_and_months(client_as, user):
    client = client_as(user)
    page = client.get("/reports")
    links = re.findall(r'href="(/reports/(?:week|month)/[^"]+)"', page.text)
    assert len(links) == 24
    for link in links[::12]:
        assert client.get(unescape(link)).status_code == 200


@pytest.mark.parametrize("query", ["", "?unit=33", "?unit=330101"])
def test_every_number_of_a_report_opens_down_to_exactly_its_tickets(client_as, last_week, query):
    auditor = client_as("auditor")
    page = auditor.get(address(last_week, query))
    assert page.status_code == 200
    found = LINK.findall(page.text)
    assert found
    for link, number in found:
        assert TOTAL.search(auditor.get(unescape(link)).text)[1] == number, link
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", page.text) == []


@pytest.fixture
def deducted(store, last_week):
    """Two cases of misconduct in the last week."""
    auditor = User("auditor", "质检员", Role.AUDITOR, "33", "")
    for text in ("推诿", "又一起"):
        values = {"kind": "misconduct", "unit_code": "330101", "happened_on": str(last_week.first_on), "text": text, "source": "录音"}
        enter(values, user=auditor, store=store, now=datetime.now(UTC))


def test_each_line_of_the_index_opens_to_its_cases_for_those_who_read_them(client_as, last_week, deducted):
    auditor = client_as("auditor")
    page = auditor.get(address(last_week)).text
    ((link, count),) = re.findall(r'<a href="(/audit/events[^"]+)">(\d+)</a>', page)
    assert count == "2"
    assert re.search(r"<small>共 2 [条件]</small>", auditor.get(unescape(link)).text)
    index = page[page.index('<h2 id="index">') : page.index('<h2 id="units">')]
    assert len(LINK.findall(index)) >= 1  # the business handled
    assert "<td>每件扣 0.2 分</td>" in index
    assert "/audit/events" not in client_as("dispatcher").get(address(last_week)).text


def test_a_leader_reads_their_own_unit_and_no_other(client_as, last_week, store):
    leader = client_as("leader")
    own = next(row["unit_code"] for row in store.users() if row["username"] == "leader")
    other = "3302" if own.startswith("3301") else "3301"
    assert leader.get(address(last_week)).status_code == 200
    for path in (f"/reports?unit={other}", address(last_week, f"?unit={other}"), address(last_week, f"/file?format=xlsx&unit={other}")):
        assert leader.get(path).status_code == 403


@pytest.mark.parametrize("user", ["agent", "repair"])
def test_who_does_not_read_figures_gets_no_report(client_as, last_week, user):
    for path in ("/reports", address(last_week), address(last_week, "/file?format=xlsx"), "/report-files/1"):
        assert client_as(user).get(path).status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        pytest.param("/reports/week/2026-01-06", 422, "请改为 2026-01-05", id="no Monday"),
        pytest.param("/reports/week/nonsense", 422, "不是日期", id="no date"),
        pytest.param("/reports/year/2026-01-01", 404, "周报", id="no such kind"),
        pytest.param("/reports/month/2026-01-01?unit=9999", 422, "没有供电单位", id="no such unit"),
        pytest.param("/reports/month/2026-01-01/file?format=doc", 422, "可选：pdf、xlsx、html", id="no such format"),
        pytest.param("/report-files/99999999999", 404, "没有这份报告", id="no such file"),
    ],
)
def test_what_is_asked_wrongly_is_said(client_as, path, status, says):
    answer = client_as("auditor").get(path)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text


def sheets(data: bytes) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_workbook_holds_the_figures_as_numbers_with_formats_heads_and_charts(client_as, last_week, store, deducted):
    answer = client_as("auditor").get(address(last_week, "/file?format=xlsx"))
    made = make_report(last_week, "", store=store, rules=store.rules(), now=datetime.now(UTC))
    read = sheets(answer.data)
    steps = {row[0]: row[1:4] for row in read["处理及时率"][1:] if row[0]}
    assert steps == {row.name: [row.compared.figure.n, row.compared.figure.k, row.compared.figure.rate] for row in made.steps}
    assert [row[0] for row in read["摘要"][3:]] == list(made.summary)
    missed = sum(row.compared.figure.n - row.compared.figure.k for row in made.steps)
    assert len(read["超时明细"]) - 1 == missed > 0
    index = {row[0]: row[1:] for row in read["优质服务评价指数"][1:]}
    assert index["违规行为"][:4] == ["每件扣 0.2 分", 2, "", pytest.approx(-0.4)]
    whole = made.index.whole
    points = (whole.now, whole.before, whole.since_before, whole.last_year, whole.since_last_year)
    assert index["指数"][3:] == ["" if one is None else pytest.approx(one) for one in points]
    assert read["趋势"][0] == ["起始日", "到期", "及时", "处理回复及时率"]  # too few cases for control limits, which is said
    assert "不画控制限" in read["趋势"][-1][0]
    parts = {name: content.decode() for name, content in unzipped(answer.data).items() if name.endswith(".xml")}
    assert sum(name.startswith("xl/charts/chart") for name in parts) == 2
    assert 'formatCode="0.0%"' in parts["xl/styles.xml"]
    assert 'state="frozen"' in parts["xl/worksheets/sheet2.xml"]


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("format", ["xlsx", "html"])
def test_nothing_of_a_customer_stands_in_a_file(client_as, last_week, format):
    data = client_as("auditor").get(address(last_week, f"/file?format={format}")).data
    whole = "".join(part.decode(errors="replace") for part in unzipped(data).values()) if format == "xlsx" else data.decode()
    assert "处理及时率" in whole
    assert [one for one in (PHONE, NAME, ADDRESS, "柳荫路") if one in whole] == []


def test_a_name_that_looks_like_a_formula_stays_a_text(store, last_week):
    edit_row(store, "departments", {"code": "repair"}, {"name": "=1+1"}, actor="admin", now=datetime.now(UTC))
    now = datetime.now(UTC)
    made = make_report(last_week, "", store=store, rules=store.rules(), now=now)
    data = workbook(made, store=store, rules=store.rules(), now=now)
    assert any("=1+1" in row for row in sheets(data)["超时明细"])
    assert not any(b"<f>" in part for name, part in unzipped(data).items() if name.startswith("xl/worksheets/"))


def test_a_report_as_html_stands_alone(run, tmp_path, last_week):
    made = run("report", "week", "--date", last_week.first_on, "--format", "html", "--out", tmp_path / "r.html")
    assert made.exit_code == 0, made.output
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert re.findall(r"<script|<link|<img|<a |src=|url\(", text) == []
    assert "default-src 'none'" in text


@pytest.fixture
def ask(client_as, last_week):
    """Ask for last week's PDF; gives the client and the page that waits for it."""

    def asked(username="auditor", query=""):
        client = client_as(username)
        answer = client.post(address(last_week, f"/file{query}"))
        assert answer.status_code == 303, answer.text
        return client, answer.headers["Location"]

    return asked


def test_a_pdf_is_asked_for_made_by_the_sweep_and_shows_chinese_letters(ask, run, store, chromium_path):
    auditor, page = ask()
    assert "已排队" in auditor.get(page).text
    assert auditor.get(f"{page}/file").status_code == 404
    assert "1 asked for" in run("sweep").output
    assert f'href="{page}/file"' in auditor.get(page).text
    answer = auditor.get(f"{page}/file")
    assert (answer.status_code, answer.mimetype, answer.data[:5]) == (200, "application/pdf", b"%PDF-"), answer.text[:300]
    assert b"CJK" in answer.data  # a font with Chinese letters is embedded
    assert "attachment" in answer.headers["Content-Disposition"]


def test_whoever_asks_twice_waits_for_one_file_and_nobody_else_fetches_it(ask, store):
    page = ask()[1]
    assert ask()[1] == page
    other, second = ask("admin")
    assert second != page
    assert other.get(page).status_code == 404
    assert len(store.waiting_report_jobs(datetime.now(UTC))) == 2


def test_a_leader_asks_for_their_own_unit_only(client_as, last_week):
    leader = client_as("leader")
    assert leader.post(address(last_week, "/file?unit=33")).status_code == 403
    assert client_as("agent").post(address(last_week, "/file")).status_code == 403
    made_at_once = client_as("auditor").get(address(last_week, "/file?format=pdf"))
    assert (made_at_once.status_code, "请打开" in made_at_once.text) == (422, True)


def test_a_request_survives_whoever_was_cut_off_while_making_it(ask, store):
    ask()
    now = datetime.now(UTC)
    taken = report_jobs.take(store, now)
    assert taken
    assert report_jobs.take(store, now + timedelta(minutes=4)) is None  # somebody is at it
    assert not store.take_report_job(taken, now)  # as it was read before it was taken
    assert report_jobs.take(store, now + timedelta(minutes=6)).id == taken.id


def test_a_pdf_that_fails_says_why_and_is_asked_for_again(ask, run, store, monkeypatch, tmp_path):
    auditor, page = ask()
    monkeypatch.setenv("PATH", str(tmp_path))  # a machine without a browser
    assert run("sweep").exit_code == 0
    assert "请管理员安装 Debian 软件包 chromium" in auditor.get(page).text
    assert ask()[1] == page
    assert "已排队" in auditor.get(page).text


def test_files_that_were_asked_for_are_taken_away_after_a_day(ask, app, store, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    auditor, page = ask()
    now = datetime.now(UTC)
    with app.app_context():
        make_asked(store, store.rules(), now)
        make_asked(store, store.rules(), now + timedelta(hours=23))
        assert auditor.get(page).status_code == 200
        make_asked(store, store.rules(), now + timedelta(hours=25))
    assert auditor.get(page).status_code == 404


def test_without_a_browser_or_a_font_it_says_what_to_install(tmp_path):
    with pytest.raises(PrinterMissing, match="安装 Debian 软件包 chromium"):
        find_chromium(lambda name: None)
    with pytest.raises(PrinterMissing, match="fonts-noto-cjk"):
        check_font(lambda name: None)
    silent = program(tmp_path / "fc-list", "exit 0")
    with pytest.raises(PrinterMissing, match="fonts-noto-cjk"):
        check_font(lambda name: silent)


def test_a_browser_that_prints_nothing_is_said_to_have_failed(tmp_path):
    broken = program(tmp_path / "chromium", "echo /font.ttf; exit 1")
    with pytest.raises(PrinterMissing, match="没有生成 PDF"):
        to_pdf("<p>一</p>", lambda name: broken)


def program(path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    subprocess.run([str(path)], check=False, capture_output=True)
    return str(path)


def test_the_command_says_what_is_missing(run, tmp_path):
    for arguments, says in (
        (("report", "week"), "--out"),
        (("report", "week", "--out", tmp_path / "none" / "r.pdf"), "文件夹须已存在"),
        (("report", "month", "--date", "2026-13-01", "--out", tmp_path / "r.pdf"), "不是日期"),
        (("report", "month", "--unit", "9999", "--format", "xlsx", "--out", tmp_path / "r.xlsx"), "没有供电单位"),
    ):
        result = run(*arguments)
        assert (result.exit_code, says in result.output) == (2, True), result.output
    assert not any(tmp_path.glob("*r.*"))


def switch_on(store, code: str, **values: str) -> None:
    edit_row(store, "report_schedules", {"code": code}, {"is_on": "1", "formats": "xlsx", **values}, actor="admin", now=datetime.now(UTC))


def test_what_is_due_is_made_once_and_can_be_opened(run, store, client_as, last_week):
    assert "0 reports made" in run("report", "--due").output  # off by default
    switch_on(store, "weekly")
    switch_on(store, "monthly", formats="xlsx;html")
    assert "3 reports made" in run("report", "--due").output
    assert "0 reports made" in run("report", "--due").output
    auditor = client_as("auditor")
    files = re.findall(r"/report-files/\d+", auditor.get("/reports").text)
    assert len(files) == 3
    for file in files:
        answer = auditor.get(file)
        assert (answer.status_code, len(answer.data) > 1000) == (200, True)
    assert client_as("leader").get(files[0]).status_code == 403  # it is the province's


def test_every_file_that_is_taken_leaves_an_entry_that_auditors_read(run, store, client_as, last_week, tmp_path):
    auditor = client_as("auditor")
    assert "还没有人取过数" in auditor.get("/audit/exports").text
    book = auditor.get(address(last_week, "/file?format=xlsx&unit=3301"))
    missed = len(CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_name("超时明细").to_python()) - 1
    run("report", "week", "--format", "html", "--out", tmp_path / "week.html")
    switch_on(store, "weekly")
    run("report", "--due")
    auditor.get(re.search(r"/report-files/\d+", auditor.get("/reports").text)[0])
    found = entries(User("auditor", "", Role.AUDITOR, "33", ""), store)
    days = (last_week.first_on, last_week.last_on)
    assert [one.export for one in found] == [
        Export("week", "xlsx", "33", *days, missed),
        Export("week", "html", "", *days, 0),
        Export("week", "xlsx", "3301", *days, missed),
    ]
    assert missed > 0
    assert [one.actor.split(":")[0] for one in found] == ["auditor", "shell", "auditor"]
    page = auditor.get("/audit/exports").text
    assert page.count("<td>周报") == 3
    assert client_as("leader").get("/audit/exports").status_code == 403


def test_a_schedule_that_did_not_run_makes_up_for_it(store, last_week):
    switch_on(store, "weekly")
    now, rules = datetime.now(UTC), store.rules()
    assert len(make_due(store, rules, now - timedelta(days=14)).made) == 1
    assert len(make_due(store, rules, now).made) == 2
    assert make_due(store, rules, now) == Due((), ())


def test_one_report_that_fails_holds_up_neither_the_others_nor_the_sweep_and_says_why(run, store, client_as, last_week, monkeypatch, tmp_path):
    switch_on(store, "weekly", formats="pdf;xlsx")
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path))  # a machine without a browser
        swept = run("sweep")
        assert (swept.exit_code, "1 scheduled reports made" in swept.output) == (0, True), swept.output
        assert "Debian 软件包 chromium" in swept.output
        page = client_as("auditor").get("/reports").text
        assert "没有生成的定期报告" in page
        assert "请管理员安装 Debian 软件包 chromium" in page
        assert "chromium" not in run("sweep").output  # not each minute
        due = run("report", "--due")
        assert (due.exit_code, "chromium" in due.output) == (2, True)  # whoever asks is told
    (failure,) = store.report_failures("")
    assert report_jobs.may_try(last_week, "33", "pdf", store=store, now=failure.changed_at + timedelta(hours=1))


def test_a_report_that_failed_before_is_forgotten_once_it_is_made(app, store, client_as, last_week):
    switch_on(store, "weekly", formats="html")
    report_jobs.failed(last_week, "33", "html", "没有字体", store=store, now=datetime.now(UTC))
    assert "没有字体" in client_as("auditor").get("/reports").text
    with app.app_context():
        assert len(make_due(store, store.rules(), datetime.now(UTC)).made) == 1
    assert "没有字体" not in client_as("auditor").get("/reports").text


def test_no_more_than_eight_periods_are_made_up_for():
    now = datetime.now(UTC)
    found = due_periods(MONTH, period_with(MONTH, in_shanghai(now).date() - timedelta(days=800)).first_on, now)
    assert len(found) == 8
    assert found[-1] == latest_complete(MONTH, now)


def test_who_is_named_in_a_schedule_is_told_once(store, last_week):
    switch_on(store, "weekly", recipients="auditor;leader")
    now, rules = datetime.now(UTC), store.rules()
    (name,) = make_due(store, rules, now).made
    make_due(store, rules, now)
    for username in ("auditor", "leader"):
        assert [row["subject"] for row in store.messages_of(username) if row["kind"] == "report"] == [f"{name} 已生成，请到“报告”页下载"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"formats": "doc"}, "pdf、xlsx、html"),
        ({"kind": "year"}, "week"),
        ({"unit_code": "9999"}, "没有"),
        ({"recipients": "auditor;nobody"}, "没有用户“nobody”"),
    ],
)
def test_a_schedule_that_nobody_could_keep_is_refused(store, values, says):
    with pytest.raises(InvalidInput, match=says):
        edit_row(store, "report_schedules", {"code": "weekly"}, values, actor="admin", now=datetime.now(UTC))


def test_an_extract_is_written_once_and_opens_in_any_sqlite_tool(run, tmp_path, last_week):
    file, period = tmp_path / "extract.db", ("--since", last_week.first_on - timedelta(days=10), "--until", last_week.last_on)
    written = run("extract", file, *period)
    assert (written.exit_code, "14 tickets" in written.output) == (0, True), written.output
    again = run("extract", file, *period)
    assert (again.exit_code, "--force" in again.output) == (2, True)
    assert run("extract", file, *period, "--force", "--unit", "3302").exit_code == 0
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("SELECT COUNT(*) FROM tickets").fetchone() == (0,)
    assert run("extract", file, "--since", "2026-02-30", "--force").exit_code == 2
