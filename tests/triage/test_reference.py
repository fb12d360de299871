"""Reference data: loaded whole or not at all, edits survive, and what governs deadlines moves those that are open."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.triage.samples import NOW, prediction, shanghai
from triage.errors import InvalidInput, NotFound, ReferenceProblem
from triage.reference import DATA, edit_row, key_columns, load_calendar, load_reference, read_year
from triage.store.reference import TABLES
from triage.terms import Step, Watch

BILL = prediction("business.tariff.bill", "complaint")
YEAR_2027 = "date,is_working,name\n2027-01-01,0,元旦\n2027-01-02,0,元旦\n2027-01-03,0,元旦\n2027-01-04,0,元旦\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the bundled files that a test may change."""
    folder = tmp_path / "data"
    folder.mkdir()
    for file in DATA.glob("*.csv"):
        shutil.copyfile(file, folder / file.name)
    return folder


def change(file: Path, old: str, new: str) -> None:
    """Replace the first place of a text in a file that holds it."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def rows(store) -> dict[str, list[dict]]:
    """All rows of all reference tables."""
    return {name: [dict(row) for row in store.reference_rows(name)] for name in TABLES}


def resolve_clock(store, number: str):
    """The customer's clock for the reply."""
    return next(s for s in store.steps_of(number) if (s.step, s.watch) == (Step.RESOLVE, Watch.CUSTOMER))


def limit_id(store, demand_type: str, step: str) -> str:
    """The key of a type's own row."""
    return next(
        str(limit.id) for limit in store.rules().limits if (limit.demand_type, limit.topic, limit.channel, limit.step) == (demand_type, "", "", step)
    )


def test_loading_again_changes_nothing(store):
    before, version = rows(store), store.reference_version()
    assert load_reference(store, NOW) == 0
    assert (rows(store), store.reference_version()) == (before, version)


def test_a_changed_file_changes_the_row_and_tells_the_other_processes(store, data):
    version = store.reference_version()
    change(data / "departments.csv", "电费管理中心", "电费核算中心")
    assert load_reference(store, NOW, data) == 1
    assert store.rules().departments["billing"] == "电费核算中心"
    assert store.reference_version() > version


def test_a_row_that_a_person_edited_survives_a_reload(store, data):
    edit_row(store, "departments", {"code": "billing"}, {"name": "电费班"}, actor="admin", now=NOW)
    change(data / "departments.csv", "电费管理中心", "电费核算中心")
    assert load_reference(store, NOW, data) == 0
    assert store.rules().departments["billing"] == "电费班"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        pytest.param("time_limits", "received,20,minutes", "received,twenty,minutes", "time_limits.csv:2：amount “twenty”", id="a word for a number"),
        pytest.param(
            "time_limits", "received,20,minutes", "received,-1,minutes", "time_limits.csv:2：amount “-1”：应为大于 0 的数", id="less than none"
        ),
        pytest.param("time_limits", "received,20,minutes", "received,20,moons", "time_limits.csv:2：unit “moons”：可选", id="a unit"),
        pytest.param("time_limits", ",dispatch,received", ",despatch,received", "time_limits.csv:2：step “despatch”：可选", id="a step"),
        pytest.param("time_limits", "natural,0.5", "natural,1.5", "time_limits.csv:2：yellow_fraction “1.5”", id="yellow after red"),
        pytest.param("time_limits", "minutes,natural", "minutes,lunar", "time_limits.csv:2：clock “lunar”", id="a clock"),
        pytest.param("attention", ",special,", ",gravest,", "attention.csv:2：level “gravest”", id="a level"),
        pytest.param("attention_patterns", "injury,{触电}", "injury,({触电}", "attention_patterns.csv:2：pattern", id="a pattern"),
        pytest.param(
            "attention_patterns", "injury,{触电}", "injury,{雷电}", "attention_patterns.csv:2：pattern “{雷电}”：没有词表 雷电", id="no list"
        ),
        pytest.param("attention_words", '近,"[', '近,"([', "attention_words.csv:2：words", id="words"),
        pytest.param("attention_words", '近,"[', '近,"{人}[', "attention_words.csv:2：words", id="a list in a list"),
        pytest.param("departments", "code,name", "code,colour", "departments.csv:2：没有列 colour", id="a column"),
        pytest.param("fixed_holidays", "1,1,元旦", "一,1,元旦", "fixed_holidays.csv:2：month “一”", id="a month"),
    ],
)
def test_a_wrong_file_names_line_and_column_and_nothing_is_loaded(store, data, file: str, old: str, new: str, says: str):
    before = rows(store)
    change(data / "departments.csv", "电费管理中心", "电费核算中心")
    change(data / f"{file}.csv", old, new)
    with pytest.raises(ReferenceProblem) as error:
        load_reference(store, NOW, data)
    assert error.value.message.startswith(says)
    assert rows(store) == before


def test_the_years_that_the_library_knows_are_there(store):
    assert {row["year"] for row in store.calendar_years()} >= {2024, 2025, 2026}
    names = {row["day_on"]: (row["is_working"], row["name"]) for row in store.calendar_days()}
    assert names[date(2026, 2, 17)] == (False, "春节")
    assert names[date(2026, 2, 14)] == (True, "春节（调休上班）")


def test_an_announced_year_makes_an_unconfirmed_deadline_a_confirmed_one(store, take):
    (ticket,) = take("电费太高", said=BILL, now=shanghai("2026-12-30 15:00"))
    before = resolve_clock(store, ticket.number)
    assert (before.due_at, before.is_confirmed) == (shanghai("2027-01-06 15:00"), False)
    assert not ticket.is_confirmed

    changed = load_calendar(store, YEAR_2027, year=2027, source="国办发明电〔2026〕1号", actor="admin", now=NOW)
    after = resolve_clock(store, ticket.number)
    assert changed == 1
    assert (after.due_at, after.is_confirmed) == (shanghai("2027-01-07 15:00"), True)
    assert store.ticket(ticket.number).is_confirmed


def test_an_announced_year_says_whence(store):
    with pytest.raises(InvalidInput, match="文号"):
        load_calendar(store, YEAR_2027, year=2027, source="  ", actor="admin", now=NOW)
    assert 2027 not in {row["year"] for row in store.calendar_years()}


def test_a_year_announced_anew_takes_the_place_of_the_old(store):
    for text in (YEAR_2027, "date,is_working,name\n2027-05-01,0,劳动节\n"):
        load_calendar(store, text, year=2027, source="国办发明电〔2026〕1号", actor="admin", now=NOW)
    assert [row["day_on"] for row in store.calendar_days() if row["year"] == 2027] == [date(2027, 5, 1)]


def test_an_edited_limit_moves_open_tickets_and_ended_ones_keep_theirs(store, take, move):
    (open_one,) = take("电费太高", said=BILL)
    (ended,) = take("电费太高", said=BILL)
    for code, values in (("accept", {}), ("contact", {}), ("resolve", {"reply": "已解释", "finding": "upheld"})):
        ended = move(ended, code, **values)
    kept = resolve_clock(store, ended.number)

    key = {"id": limit_id(store, "complaint", "resolve")}
    changed = edit_row(store, "time_limits", key, {"amount": "2"}, actor="admin", now=NOW + timedelta(hours=1))
    assert changed == 1
    assert resolve_clock(store, open_one.number).due_at == shanghai("2026-11-25 10:00")
    assert resolve_clock(store, open_one.number).limit_text == "2 个工作日"
    assert resolve_clock(store, ended.number) == kept
    assert kept.due_at == shanghai("2026-11-27 10:00")
    assert store.ticket(open_one.number).next_due_at == open_one.next_due_at  # the acceptance is still the next


def test_an_edit_leaves_a_trail(store):
    edit_row(store, "switches", {"code": "gate_threshold"}, {"value": "0.9"}, actor="admin", now=NOW)
    (entry,) = store.reference_trail("switches")
    assert (entry["happened_at"], entry["actor"], entry["row_key"]) == (NOW, "admin", "gate_threshold")
    assert (entry["before_json"], entry["after_json"]) == ('{"value":""}', '{"value":"0.9"}')
    assert store.rules().gate_threshold == 0.9


@pytest.mark.parametrize(
    ("table", "key", "values", "field"),
    [
        pytest.param("topics", {"code": "grid.safety"}, {"lead_department": "nobody"}, "lead_department", id="a department"),
        pytest.param("routing", {"id": "1"}, {"demand_type": "wish"}, "demand_type", id="a demand type"),
        pytest.param("time_limits", {"id": "1"}, {"topic": "nothing"}, "topic", id="a topic"),
        pytest.param("time_limits", {"id": "1"}, {"amount": "soon"}, "amount", id="no number"),
        pytest.param("time_limits", {"id": "1"}, {"colour": "red"}, "colour", id="no column"),
        pytest.param("attention_patterns", {"id": "1"}, {"pattern": "(触电"}, "pattern", id="no pattern"),
        pytest.param("attention_patterns", {"id": "1"}, {"pattern": "{雷电}"}, "pattern", id="no word list"),
        pytest.param("attention_words", {"name": "触电"}, {"words": "触电("}, "words", id="no words"),
        pytest.param("attention_words", {"name": "触电"}, {"words": "{人}"}, "words", id="a list in a list"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_and_changes_nothing(store, table: str, key: dict, values: dict, field: str):
    before = rows(store)
    with pytest.raises(InvalidInput) as error:
        edit_row(store, table, key, values, actor="admin", now=NOW)
    assert [p.field for p in error.value.problems] == [field]
    assert rows(store) == before


def test_an_edited_word_list_is_heard_at_once_in_every_pattern_that_names_it(store):
    edit_row(store, "attention_words", {"name": "触电"}, {"words": "打雷"}, actor="admin", now=NOW)
    wording = next(wording for wording in store.rules().wordings if wording.rule == "injury")
    assert any(speech.expression.search("打雷") for speech in wording.speaks)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        pytest.param("users", {"username": "admin"}, id="a table that is no reference"),
        pytest.param("topics", {"code": "nothing"}, id="a row that is not there"),
        pytest.param("fixed_holidays", {"month": "10"}, id="half a key"),
        pytest.param("topics", {}, id="no key"),
    ],
)
def test_what_is_not_there_cannot_be_edited(store, table: str, key: dict[str, str]):
    with pytest.raises(NotFound):
        edit_row(store, table, key, {"name": "x"} if table == "fixed_holidays" else {}, actor="admin", now=NOW)


def test_the_key_of_a_table():
    assert (key_columns("topics"), key_columns("time_limits"), key_columns("fixed_holidays")) == (["code"], ["id"], ["month", "day"])
    with pytest.raises(NotFound):
        key_columns("users")


def test_a_year_is_read_with_or_without_a_byte_order_mark():
    assert read_year("\ufeff" + YEAR_2027.replace("\n", "\r\n"), 2027) == read_year(YEAR_2027, 2027)
    assert read_year(YEAR_2027, 2027)[date(2027, 1, 4)] == (False, "元旦")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "第 1 行应为列名", id="nothing"),
        pytest.param("day,free\n", "第 1 行应为列名", id="other columns"),
        pytest.param("date,is_working,name\n", "文件里没有日期", id="no dates"),
        pytest.param("date,is_working,name\n2026-01-01,0,元旦\n", "第 2 行：2026-01-01 不在 2027 年", id="another year"),
        pytest.param("date,is_working,name\n2027-01-01,0,\n2027-01-01,0,\n", "第 3 行：2027-01-01 重复", id="twice"),
        pytest.param("date,is_working,name\n2027-01-01,maybe,\n", "第 2 行：is_working 应为 0", id="maybe"),
        pytest.param("date,is_working,name\n2027-13-01,0,\n", "第 2 行", id="month thirteen"),
        pytest.param("date,is_working,name\n2027-01-01\n", "第 2 行", id="a short line"),
    ],
)
def test_a_wrong_year_says_which_line(text: str, says: str):
    with pytest.raises(InvalidInput, match=says):
        read_year(text, 2027)


def test_all_wrong_lines_are_said_at_once():
    with pytest.raises(InvalidInput) as error:
        read_year("date,is_working,name\nx,0,\n2027-01-01,0,\ny,0,\n", 2027)
    assert [p.field for p in error.value.problems] == ["line 2", "line 4"]
