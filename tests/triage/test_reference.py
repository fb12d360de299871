"""Reference data: loaded whole or not at all, edits survive, and what governs deadlines moves those that are open."""

import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.triage.samples import NOW, prediction, shanghai
from triage.changes import key_columns
from triage.checks import SWITCHES
from triage.errors import InvalidInput, NotFound, ReferenceProblem
from triage.reference import DATA, add_row, edit_row, load_calendar, load_reference, read_year, remove_row, shown_rows
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


NEW: dict[str, tuple[str, dict[str, str]]] = {
    "a reason to return": ("return_reasons", {"code": "no_access", "name": "无法进入"}),
    "a reason to exempt": ("exemption_reasons", {"code": "strike", "name": "罢工"}),
    "a pause": ("pause_kinds", {"code": "road_closed", "name": "道路封闭", "steps": "arrive;resolve", "cap_hours": "24"}),
    "an extension": (
        "extension_rules",
        {"demand_type": "enquiry", "most_times": "1", "most_amount": "2", "unit": "workdays", "granted_by": "leader"},
    ),
    "a template": ("reply_templates", {"code": "mine", "name": "我的", "move": "resolve", "text": "{topic}已处理，{unit}"}),
    "advice": ("referral_advice", {"code": "lift", "name": "电梯", "owner": "物业", "words": "电梯|扶梯", "advice": "请联系物业"}),
    "an outlet": ("outlets", {"code": "log", "name": "文件", "address": "file:instance/other.ndjson", "is_on": "1"}),
    "an escalation": ("escalations", {"code": "x4", "mark": "multiple", "multiple": "4", "recipient": "auditor", "outlet": "console"}),
    "a limit": (
        "time_limits",
        {
            "demand_type": "complaint",
            "topic": "quality.voltage",
            "step": "resolve",
            "from_event": "received",
            "amount": "2",
            "unit": "workdays",
            "clock": "office",
            "yellow_fraction": "0.7",
        },
    ),
    "a pattern": ("attention_patterns", {"rule": "media", "pattern": "小红书"}),
    "an exception of routing": ("routing", {"demand_type": "complaint", "topic": "other.charging", "lead_department": "ev"}),
    "office hours": ("office_hours", {"unit_code": "330101", "weekday": "0", "spans": "08:30-12:00;14:00-17:30"}),
    "a unit's day": ("unit_days", {"unit_code": "330101", "day_on": "2026-12-05", "is_working": "1", "name": "迎峰度冬值班"}),
    "a holiday": ("fixed_holidays", {"month": "12", "day": "13", "name": "公祭日"}),
}


@pytest.mark.parametrize(("table", "values"), NEW.values(), ids=NEW)
def test_a_row_is_added_governs_at_once_and_is_taken_out_again(store, table: str, values: dict[str, str]):
    before, rules = rows(store), store.rules()
    add_row(store, table, values, actor="admin", now=NOW)
    assert replace(store.rules(), version=rules.version) != rules
    (row,) = [row for row in rows(store)[table] if row not in before[table]]
    assert (row["edited_by"], row["basis"]) == ("admin", "inferred")
    with pytest.raises(InvalidInput, match=r"已另?有"):
        add_row(store, table, values, actor="admin", now=NOW)
    remove_row(store, table, {name: str(row[name]) for name in key_columns(table)}, actor="admin", now=NOW)
    assert rows(store) == before


WRONG: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "nothing at all": ("return_reasons", {}, ["code", "name"]),
    "a Chinese code": ("return_reasons", {"code": "原因", "name": "原因"}, ["code"]),
    "a code too long": ("return_reasons", {"code": "x" * 65, "name": "原因"}, ["code"]),
    "no step": ("pause_kinds", {"code": "x", "name": "x", "steps": "sleep", "cap_hours": "1"}, ["steps"]),
    "a cap of nothing": ("pause_kinds", {"code": "x", "name": "x", "steps": "resolve", "cap_hours": "0"}, ["cap_hours"]),
    "an endless cap": ("pause_kinds", {"code": "x", "name": "x", "steps": "resolve", "cap_hours": "inf"}, ["cap_hours"]),
    "half a time": (
        "extension_rules",
        {"demand_type": "enquiry", "most_times": "1.5", "most_amount": "1", "unit": "hours", "granted_by": "leader"},
        ["most_times"],
    ),
    "granted by nobody": (
        "extension_rules",
        {"demand_type": "wish", "most_times": "1", "most_amount": "1", "unit": "hours", "granted_by": "agent"},
        ["granted_by"],
    ),
    "no such blank": ("reply_templates", {"code": "x", "name": "x", "move": "resolve", "text": "{phone}"}, ["text"]),
    "an open brace": ("reply_templates", {"code": "x", "name": "x", "move": "resolve", "text": "{topic"}, ["text"]),
    "no such move": ("reply_templates", {"code": "x", "name": "x", "move": "fly", "text": "x"}, ["move"]),
    "no such topic": ("reply_templates", {"code": "x", "name": "x", "move": "resolve", "text": "x", "topic": "sky"}, ["topic"]),
    "an empty word": ("referral_advice", {"code": "x", "name": "x", "owner": "x", "words": "灯||路灯", "advice": "x"}, ["words"]),
    "an address of no kind": ("outlets", {"code": "x", "name": "x", "address": "ftp://a:s3cret@b"}, ["address"]),
    "twice of yellow": ("escalations", {"code": "x", "mark": "yellow", "multiple": "2", "recipient": "auditor", "outlet": "console"}, ["multiple"]),
    "once the limit": ("escalations", {"code": "x", "mark": "multiple", "multiple": "1", "recipient": "auditor", "outlet": "console"}, ["multiple"]),
    "by no outlet": ("escalations", {"code": "x", "mark": "red", "multiple": "1", "recipient": "auditor", "outlet": "pigeon"}, ["outlet"]),
    "hours of no unit": ("office_hours", {"unit_code": "99", "weekday": "0", "spans": "08:00-12:00"}, ["unit_code"]),
    "an eighth day": ("office_hours", {"unit_code": "330101", "weekday": "8", "spans": "08:00-12:00"}, ["weekday"]),
    "no hours": ("office_hours", {"unit_code": "330101", "weekday": "0", "spans": ""}, ["spans"]),
    "hours that overlap": ("office_hours", {"unit_code": "330101", "weekday": "0", "spans": "08:00-12:00;11:00-13:00"}, ["spans"]),
    "hours on Saturdays only": ("office_hours", {"unit_code": "330101", "weekday": "6", "spans": "08:00-12:00"}, ["spans"]),
    "no date": ("unit_days", {"unit_code": "330101", "day_on": "2026-02-30", "is_working": "1"}, ["day_on"]),
    "neither on nor off": ("unit_days", {"unit_code": "330101", "day_on": "2026-12-05", "is_working": ""}, ["is_working"]),
    "the thirtieth of February": ("fixed_holidays", {"month": "2", "day": "30", "name": "x"}, ["day"]),
    "no word list": ("attention_patterns", {"rule": "media", "pattern": "{雷电}"}, ["pattern"]),
    "no such rule": ("attention_patterns", {"rule": "thunder", "pattern": "雷"}, ["rule"]),
    "an event that is none": ("time_limits", {**NEW["a limit"][1], "from_event": "moon"}, ["from_event"]),
    "no such column": ("return_reasons", {"code": "x", "name": "x", "colour": "red"}, ["colour"]),
    "all at once": ("time_limits", {"demand_type": "complaint", "step": "walk", "amount": "-1", "unit": "hours"}, ["step", "from_event", "amount"]),
}


@pytest.mark.parametrize(("table", "values", "fields"), WRONG.values(), ids=WRONG)
def test_a_row_that_cannot_be_is_refused_at_its_fields_in_chinese(store, table: str, values: dict[str, str], fields: list[str]):
    before, version = rows(store), store.reference_version()
    with pytest.raises(InvalidInput) as error:
        add_row(store, table, values, actor="admin", now=NOW)
    said = {problem.field: problem.message for problem in error.value.problems}
    assert set(fields) <= set(said)
    assert all(re.search(r"[\u4e00-\u9fff]", message) and "s3cret" not in message for message in said.values()), said
    assert (rows(store), store.reference_version()) == (before, version)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        pytest.param("pause_kinds", {"code": "callback_appointed"}, id="a pause that the product makes"),
        pytest.param("extension_rules", {"demand_type": "*"}, id="the rule of all other types"),
        pytest.param("outlets", {"code": "console"}, id="the outlet of last resort"),
    ],
)
def test_what_the_product_cannot_do_without_is_not_taken_out(store, table: str, key: dict[str, str]):
    with pytest.raises(InvalidInput, match="不能删除"):
        remove_row(store, table, key, actor="admin", now=NOW)


@pytest.mark.parametrize("table", ["topics", "switches", "users"])
def test_a_table_that_does_not_grow_takes_no_rows_and_gives_none(store, table: str):
    with pytest.raises(NotFound):
        add_row(store, table, {"code": "x"}, actor="admin", now=NOW)
    with pytest.raises(NotFound):
        remove_row(store, table, {"code": "gate_threshold"}, actor="admin", now=NOW)


def test_hours_that_others_rest_on_are_not_taken_out(store):
    for weekday, spans in (("0", "08:00-12:00"), ("6", "09:00-11:00")):
        add_row(store, "office_hours", {"unit_code": "330101", "weekday": weekday, "spans": spans}, actor="admin", now=NOW)
    with pytest.raises(InvalidInput, match="永不到期"):
        remove_row(store, "office_hours", {"unit_code": "330101", "weekday": "0"}, actor="admin", now=NOW)


def test_an_exception_is_not_edited_into_another_one(store):
    first = next(row for row in store.reference_rows("routing") if row["topic"] == "other.damage")
    with pytest.raises(InvalidInput, match="已有同样的一行"):
        edit_row(store, "routing", {"id": str(first["id"])}, {"topic": "grid.safety"}, actor="admin", now=NOW)


@pytest.mark.parametrize("code", SWITCHES)
def test_every_switch_takes_its_own_value_and_refuses_nonsense(store, code: str):
    assert code in store.rules().switches
    edit_row(store, "switches", {"code": code}, {"value": store.rules().switches[code]}, actor="admin", now=NOW)
    for value in ("nonsense", "-1", "²", "24:00"):
        with pytest.raises(InvalidInput) as error:
            edit_row(store, "switches", {"code": code}, {"value": value}, actor="admin", now=NOW)
        assert [problem.field for problem in error.value.problems] == ["value"]


def test_the_secret_of_an_outlet_is_not_shown(store):
    edit_row(store, "outlets", {"code": "webhook"}, {"address": "https://im.example.com/a#s3cret"}, actor="admin", now=NOW)
    assert "s3cret" not in str(shown_rows(store, "outlets"))
    assert "im.example.com" in str(shown_rows(store, "outlets"))


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
