"""The commands: set-up that may run twice, imports that lose nothing, reports that agree with the pages."""

import csv
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from tables import open_writer
from triage.moments import in_shanghai

TEXTS = ["三楼停电了，楼上楼下都有电", "电表转得飞快，要求来查", "可能是电表的问题"]


@pytest.fixture
def run(app):
    """Run a command; gives its result."""
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=[str(argument) for argument in arguments])


def table_of(path, rows):
    with open_writer(path, list(rows[0])) as out:
        for row in rows:
            out.write(row)
    return path


def imported(result):
    assert result.exit_code == 0, result.output
    return tuple(int(n) for n in re.search(r"(\d+) tickets, (\d+) rows refused, (\d+) rows imported before", result.output).groups())


@pytest.mark.parametrize("name", ["calls.csv", "calls.tsv", "calls.ndjson", "calls.xlsx"])
def test_every_row_of_a_file_becomes_a_ticket_once_in_whatever_format_it_comes(run, tmp_path, name):
    file = table_of(tmp_path / name, [{"受理内容": text, "户号": "3301000001"} for text in TEXTS])
    assert imported(run("import", file, "--text", "受理内容", "--map", "customer_number=户号")) == (3, 0, 0)
    assert imported(run("import", file, "--text", "受理内容", "--map", "customer_number=户号")) == (0, 0, 3)


def test_a_row_that_is_refused_stands_in_a_file_with_its_number_and_the_reason(run, tmp_path):
    rows = [{"text": "停电了", "phone": "13800001234"}, {"text": "停电了", "phone": "abc"}, {"text": " ", "phone": ""}]
    file = table_of(tmp_path / "calls.csv", rows)
    assert imported(run("import", file, "--text", "text", "--map", "phone=phone")) == (1, 2, 0)
    with (tmp_path / "calls.csv.rejected.csv").open(encoding="utf-8-sig", newline="") as refused:
        rows = list(csv.DictReader(refused))
    assert [row["row"] for row in rows] == ["3", "4"]
    assert "5–15 位数字" in rows[0]["reason"]
    assert "受理内容" in rows[1]["reason"]


def test_a_file_that_cannot_be_read_to_its_end_changes_nothing(run, tmp_path, store):
    file = tmp_path / "calls.csv"
    file.write_text("text,phone\n停电了,\n一楼停电了,,多出来的\n", encoding="utf-8")
    result = run("import", file, "--text", "text")
    assert (result.exit_code, "row 3" in result.output) == (2, True), result.output
    assert store.taken_by("import") == []
    assert imported(run("import", table_of(tmp_path / "mended.csv", [{"text": "停电了"}]), "--text", "text")) == (1, 0, 0)
    assert len(store.taken_by("import")) == 1


def test_columns_of_any_name_are_staged(run, tmp_path):
    rows = [{"text": "停电了", "Text": "x", "rowid": "1", "第 1 列; DROP": "y"}]
    assert imported(run("import", table_of(tmp_path / "calls.csv", rows), "--text", "text")) == (1, 0, 0)


def test_a_time_of_receipt_in_the_file_is_shanghais_and_a_wrong_one_is_refused(run, tmp_path, store):
    rows = [{"text": "停电了", "when": "2026-03-02 09:30"}, {"text": "停电了", "when": "昨天"}]
    assert imported(run("import", table_of(tmp_path / "calls.csv", rows), "--text", "text", "--received", "when")) == (1, 1, 0)
    assert store.ticket("2026030200000001").received_at == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


def test_a_unit_for_the_whole_file_lets_sure_ones_go_out(run, tmp_path):
    file = table_of(tmp_path / "calls.csv", [{"text": "三楼停电了"}, {"text": "可能是电表的问题"}])
    result = run("import", file, "--text", "text", "--unit", "330101")
    assert "待接单 1" in result.output
    assert "待审核 1" in result.output
    refused = run("import", table_of(tmp_path / "more.csv", [{"text": "停电了"}]), "--text", "text", "--unit", "999")
    assert imported(refused) == (0, 1, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--text", "nothing"], "nothing", id="a column that is not there"),
        pytest.param(["--text", "text", "--map", "colour=text"], "colour", id="a field that no contact has"),
    ],
)
def test_a_wrong_call_says_in_one_line_what_is_wrong(run, tmp_path, arguments, said):
    result = run("import", table_of(tmp_path / "calls.csv", [{"text": "停电"}]), *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_the_report_counts_what_fell_due(run, tmp_path):
    then = datetime.now(UTC) - timedelta(days=20)
    file = table_of(tmp_path / "calls.csv", [{"text": text, "when": then.isoformat(), "n": "3301000001"} for text in TEXTS])
    imported(run("import", file, "--text", "text", "--received", "when", "--map", "customer_number=n"))
    day = in_shanghai(then).date()
    figures = json.loads(run("report", "--since", day, "--json").output)["figures"]
    dispatched = [f for f in figures if f["step"] == "dispatch"]
    assert [(f["by_machine"], f["due"], f["met"], f["still_open"]) for f in dispatched] == [(False, 1, 0, 1), (True, 2, 2, 0)]
    assert "派单" in run("report", "--since", day).output
    assert run("report", "--since", "2026-02-30").exit_code == 2


def test_migrate_and_demo_change_nothing_the_second_time(run):
    assert "0 rows of reference data changed" in run("migrate").output
    run("demo", "--history", "0")
    assert "nothing changed" in run("demo", "--history", "0").output


def test_users_and_tokens_are_made_listed_and_taken_away(run, store):
    added = run("users", "add", "wang", "--name", "王", "--role", "handler", "--unit", "330101", "--department", "repair")
    assert added.exit_code == 0, added.output
    token = run("tokens", "add", "wang", "--label", "tablet").output.strip()
    assert store.user_of_token(token).department == "repair"
    assert "tablet" in run("tokens", "list").output
    assert "1 revoked" in run("tokens", "revoke", "wang", "--label", "tablet").output
    assert store.user_of_token(token) is None
    assert run("users", "switch", "wang", "off").exit_code == 0
    assert store.user("wang") is None
    assert "(off)" in run("users", "list").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["add", "agent", "--name", "x", "--role", "agent", "--unit", "33"], "已有用户 agent", id="a name that is taken"),
        pytest.param(["add", "x", "--name", "x", "--role", "agent", "--unit", "99"], "没有在用的单位 99", id="no such unit"),
        pytest.param(["add", "x", "--name", "x", "--role", "handler", "--unit", "33010201"], "必须有部门", id="a handler without a team"),
        pytest.param(["password", "nobody"], "没有用户 nobody", id="no such user"),
    ],
)
def test_a_wrong_user_is_refused_with_the_reason(run, arguments, said):
    result = run("users", *arguments)
    assert (result.exit_code, said in result.output) == (2, True), result.output


def test_a_loaded_year_confirms_the_deadlines_that_reach_into_it(run, tmp_path, store):
    file = table_of(tmp_path / "calls.csv", [{"text": "电表转得飞快", "when": "2026-12-30 15:00", "n": "3301000001"}])
    imported(run("import", file, "--text", "text", "--received", "when", "--map", "customer_number=n"))
    number = "2026123000000001"
    before = {s.step: s for s in store.steps_of(number) if s.watch == "customer"}["resolve"]
    assert not before.is_confirmed
    year = tmp_path / "2027.csv"
    year.write_text("date,is_working,name\n2027-01-01,0,元旦\n2027-01-02,1,元旦（调休上班）\n", encoding="utf-8")
    result = run("calendar", "load", year, "--year", "2027", "--source", "an invented notice")
    assert "1 open tickets changed" in result.output, result.output
    after = {s.step: s for s in store.steps_of(number) if s.watch == "customer"}["resolve"]
    assert after.is_confirmed
    assert after.due_at < before.due_at
    assert "an invented notice" in run("calendar", "show").output


def test_a_year_with_a_wrong_line_loads_nothing_and_names_the_line(run, tmp_path):
    year = tmp_path / "2027.csv"
    year.write_text("date,is_working,name\n2027-01-01,0,元旦\n2026-01-02,1,x\n", encoding="utf-8")
    result = run("calendar", "load", year, "--year", "2027", "--source", "x")
    assert (result.exit_code, "第 3 行" in result.output) == (2, True)
    assert "2027" not in run("calendar", "show").output


def test_the_chains_are_checked(run):
    assert "every chain holds" in run("verify-audit").output
