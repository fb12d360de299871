"""The import of customers and of their number per unit: heads in both languages, wrong rows named, twice is harmless."""

import csv
from datetime import date

import pytest

from tables import open_writer
from triage.terms import Supply

ROW = {"户号": "3301000777", "户名": "江海明", "电话": "139-0000-0777", "地址": "滨河街道柳荫路7号", "供电单位": "330101", "供电状态": "欠费停电"}
COUNT = {"供电单位": "330101", "统计日期": "2026-10-01", "客户数": "905,000"}


@pytest.fixture
def run(app):
    """Run a command; gives its result."""
    return lambda *arguments: app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path):
    """Write a table and give its path."""

    def written(*rows, name="customers.csv"):
        path = tmp_path / name
        with open_writer(path, list(rows[0])) as out:
            for row in rows:
                out.write(row)
        return path

    return written


@pytest.mark.parametrize("name", ["customers.csv", "customers.tsv", "customers.ndjson", "customers.xlsx"])
def test_customers_come_in_from_any_table_and_twice_is_harmless(run, file, store, name):
    path = file(ROW, name=name)
    assert "1 added, 0 updated, 0 known already, 0 rows refused" in run("import", "customers", path).output
    assert "0 added, 0 updated, 1 known already, 0 rows refused" in run("import", "customers", path).output
    customer = store.find_customer("3301000777")
    assert (customer.name, customer.phone, customer.supply) == ("江海明", "13900000777", Supply.CUT_ARREARS)
    assert [entry["actor"] for entry in store.reference_trail("customers_file")] == ["import", "import"]


def test_english_heads_are_read_too_and_columns_that_nobody_reads_are_said(run, file, store):
    path = file({"number": "3301000777", "name": "江海明", "address": "柳荫路7号", "unit_code": "330101", "容量": "8"})
    assert "未读取的列: 容量" in run("import", "customers", path).output
    assert store.find_customer("3301000777")


def test_wrong_rows_are_named_by_file_row_and_column_and_the_others_come_in(run, file, store):
    path = file(ROW, {**ROW, "户名": "另一人"}, {**ROW, "户号": "12", "供电单位": "99"})
    result = run("import", "customers", path)
    assert "1 added, 0 updated, 0 known already, 2 rows refused" in result.output
    assert "customers.csv 第 3 行：户号：与第 2 行重复" in result.output
    with path.with_name("customers.csv.rejected.csv").open(encoding="utf-8-sig", newline="") as rejects:
        refused = list(csv.DictReader(rejects))
    assert [row["row"] for row in refused] == ["3", "4"]
    assert "户号：“12”不是 10 位或 13 位数字" in refused[1]["reason"]
    assert "供电单位：没有“99”" in refused[1]["reason"]
    assert store.find_customer("3301000777").name == "江海明"


def test_a_mended_file_of_rejects_can_be_imported_as_it_is(run, file):
    path = file(ROW, {**ROW, "户号": "12"})
    run("import", "customers", path)
    rejects = path.with_name("customers.csv.rejected.csv")
    rejects.write_text(rejects.read_text(encoding="utf-8").replace(",12,", ",3301000778,"), encoding="utf-8")
    assert "1 added, 0 updated, 0 known already, 0 rows refused" in run("import", "customers", rejects).output


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"户号": "3301000777", "户名": "江海明", "地址": "柳荫路7号"}, "缺少列“供电单位”"),
        ({**ROW, "number": "3301000777"}, "列“户号”与“number”是同一项"),
    ],
    ids=["missing", "twice"],
)
def test_a_head_that_is_missing_or_there_twice_changes_nothing(run, file, store, row, words):
    result = run("import", "customers", file(row))
    assert (result.exit_code, words in result.output) == (2, True)
    assert store.find_customer("3301000777") is None


def test_the_number_of_customers_of_a_unit_comes_in(run, file, store):
    path = file(COUNT, COUNT, {**COUNT, "统计日期": "十月", "客户数": "很多"})
    result = run("import", "unit-customers", path)
    assert "1 added, 0 updated, 0 known already, 2 rows refused" in result.output
    assert "第 3 行：供电单位：与第 2 行是同一单位同一天" in result.output
    assert "统计日期：“十月”不是日期" in result.output
    assert store.unit_count("330101", date(2026, 10, 1)) == (905_000, "")


def test_a_file_right_behind_import_still_holds_complaints(run, file, store):
    assert "1 tickets, 0 rows refused" in run("import", file({"text": "停电了"}), "--text", "text", "--unit", "330101").output
    assert "complaints" in run("import", "--help").output


def test_the_demo_has_thousands_of_customers_once(run):
    assert "新增虚构客户 4000 户" in run("demo", "--history", "0").output
    assert "nothing changed" in run("demo", "--history", "0").output


def test_an_empty_cell_gives_nobody_their_supply_back(run, file, store):
    run("import", "customers", file({**ROW, "停电日期": "2026-11-01"}))
    assert "1 updated" in run("import", "customers", file({**ROW, "供电状态": "", "地址": "柳荫路9号"})).output
    customer = store.find_customer("3301000777")
    assert (customer.supply, customer.address) == (Supply.CUT_ARREARS, "柳荫路9号")
