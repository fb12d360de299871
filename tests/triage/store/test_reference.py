"""Reference tables in the store: as rules, with units' own calendars; changed with a trail that tells no secret; one editor after the other."""

import threading
from datetime import date, timedelta

import pytest

from tests.triage.samples import NOW, SECRET, shanghai
from triage.demo import FOLDER
from triage.errors import InvalidInput, NotFound
from triage.reference import add_row, edit_row, load_file, load_reference, remove_row
from triage.store import Store
from triage.store.reference import TABLES, Change, key_of, row_key
from triage.terms import Role, Step

ADMIN = {"actor": "admin", "now": NOW}
ADDRESS = "https://im.example.com/hooks/1#a-secret"


def test_pauses_extensions_and_reasons_are_rules(store):
    rules = store.rules()
    kind = rules.pause_kinds["site_unsafe"]
    assert (kind.name, kind.steps, kind.cap) == ("现场不具备安全条件", {Step.ARRIVE, Step.RESOLVE}, timedelta(hours=72))
    assert (rules.extension_rules["*"].most_amount, rules.extension_rules["fault"].granted_by) == (5, Role.LEADER)
    assert (rules.return_reasons["duplicate"], rules.exemption_reasons["government"]) == ("重复工单", "政府要求停电或限电")


def test_templates_advice_and_escalation_are_rules(store):
    rules = store.rules()
    assert any("产权分界点" in advice.advice and "内部线路" in advice.words for advice in rules.referral_advice)
    assert {template.move for template in rules.reply_templates} >= {"resolve", "contact", "callback", "return", "refer", "chase"}
    assert {escalation.outlet for escalation in rules.escalations} <= set(rules.outlets)


def test_a_limit_says_whether_it_may_be_paused(store):
    said = {limit.step: limit.is_pausable for limit in store.rules().limits if (limit.demand_type, limit.channel) == ("complaint", "")}
    assert (said[Step.RESOLVE], said[Step.ACCEPT]) == (True, False)


def test_help_that_is_asked_for_has_a_limit(store):
    said = {limit.demand_type: limit.text for limit in store.rules().limits if limit.step is Step.CO_HANDLE}
    assert said == {"*": "2 个工作日", "fault": "2 小时"}


def test_a_switch_is_a_number_and_the_default_where_it_is_not_set(store):
    rules = store.rules()
    assert (rules.number("callback_attempts", 9), rules.number("gate_threshold", 7), rules.number("nothing", 5)) == (3, 7, 5)


# --- units' own calendars


@pytest.fixture
def rules(store):
    """With the days and hours of the demo organisation."""
    for table in ("office_hours", "unit_days"):
        assert load_file(store, table, FOLDER / f"{table}.csv") > 0
        assert load_file(store, table, FOLDER / f"{table}.csv") == 0
    return store.rules()


@pytest.mark.parametrize(
    ("unit", "weekday", "spans"),
    [
        pytest.param("3301", 1, ((510, 720), (840, 1050)), id="its own"),
        pytest.param("330101", 1, ((510, 720), (840, 1050)), id="its city's"),
        pytest.param("330102", 1, ((480, 720), (870, 1050)), id="a county with its own"),
        pytest.param("33010201", 6, ((540, 720),), id="a station has its county's Saturday"),
        pytest.param("33", 1, ((0, 1440),), id="nobody above has any"),
        pytest.param("", 1, ((0, 1440),), id="no unit"),
        pytest.param(None, 1, ((0, 1440),), id="none"),
        pytest.param("99", 1, ((0, 1440),), id="a unit that is not there"),
    ],
)
def test_a_unit_has_its_own_hours_or_those_of_the_nearest_above(rules, unit, weekday, spans):
    assert rules.calendar_of(unit).spans("office", weekday) == spans


def test_a_units_own_day_wins_over_that_of_the_unit_above(rules):
    festival = date(2026, 4, 20)
    works = {unit: rules.calendar_of(unit).is_working(festival) for unit in ("33", "3302", "330202", "33020201")}
    assert works == {"33": True, "3302": True, "330202": False, "33020201": True}


def test_a_unit_without_hours_of_its_own_keeps_those_above_beside_its_days(rules):
    assert rules.calendar_of("330202").spans("office", 1) == rules.calendar_of("3302").spans("office", 1) != ((0, 1440),)


def test_the_national_calendar_holds_in_every_unit(rules):
    assert not any(rules.calendar_of(unit).is_working(date(2026, 2, 17)) for unit in (None, "3301", "33020201"))


# --- rules that are not kept yet


def test_rules_from_other_rows_leave_those_that_are_kept(store):
    rows = [{**row, "value": "9"} if row["code"] == "callback_attempts" else row for row in store.reference_rows("switches")]
    assert store.rules({"switches": rows}).number("callback_attempts", 0) == 9
    assert store.rules().number("callback_attempts", 0) == 3


def test_a_change_applied_to_rows_is_what_the_table_becomes(store):
    change = Change(
        "return_reasons",
        updates=(({"code": "other"}, {"name": "别的"}),),
        adds=({"code": "new", "name": "新原因", "basis": "inferred"},),
        removes=({"code": "duplicate"},),
    )
    planned = {row["code"]: row["name"] for row in change.applied(store.reference_rows("return_reasons"))}
    store.keep_change(change, "admin", NOW)
    kept = {row["code"]: row["name"] for row in store.reference_rows("return_reasons")}
    assert planned == kept
    assert (kept["other"], kept["new"], "duplicate" in kept) == ("别的", "新原因", False)


def test_a_change_of_which_a_part_cannot_be_changes_nothing(store):
    before, version = store.reference_rows("return_reasons"), store.reference_version()
    adds = ({"code": "new", "name": "新"}, {"code": "other", "name": "已有"})
    with pytest.raises(InvalidInput, match="已有同样的一行"):
        store.keep_change(Change("return_reasons", adds=adds), "admin", NOW)
    with pytest.raises(NotFound):
        store.keep_change(Change("return_reasons", adds=adds[:1], removes=({"code": "nothing"},)), "admin", NOW)
    assert (store.reference_rows("return_reasons"), store.reference_version(), store.reference_trail("return_reasons")) == (before, version, [])


# --- the trail


def test_what_is_added_changed_and_taken_out_leaves_a_trail(store):
    add_row(store, "return_reasons", {"code": "new", "name": "新原因"}, **ADMIN)
    edit_row(store, "return_reasons", {"code": "new"}, {"name": "改过"}, **ADMIN)
    remove_row(store, "return_reasons", {"code": "new"}, **ADMIN)
    removed, changed, added = store.reference_trail("return_reasons")
    assert {entry["row_key"] for entry in (removed, changed, added)} == {"new"}
    assert (added["before_json"], '"name":"新原因"' in added["after_json"]) == ("null", True)
    assert (changed["before_json"], changed["after_json"]) == ('{"name":"新原因"}', '{"name":"改过"}')
    assert ('"name":"改过"' in removed["before_json"], removed["after_json"]) == (True, "null")


def test_the_secret_of_an_outlet_is_in_no_trail(store):
    add_row(store, "outlets", {"code": "im", "name": "即时通信", "address": ADDRESS, "is_on": "1"}, **ADMIN)
    edit_row(store, "outlets", {"code": "im"}, {"address": ADDRESS.replace("a-secret", "another-secret")}, **ADMIN)
    remove_row(store, "outlets", {"code": "im"}, **ADMIN)
    trail = "".join(entry["before_json"] + entry["after_json"] for entry in store.reference_trail("outlets"))
    assert "im.example.com" in trail
    assert "secret" not in trail


def test_an_address_left_empty_is_the_old_one(store):
    add_row(store, "outlets", {"code": "im", "name": "即时通信", "address": ADDRESS}, **ADMIN)
    edit_row(store, "outlets", {"code": "im"}, {"address": "", "is_on": "1"}, **ADMIN)
    row = store.rules().outlets["im"]
    assert (row.address, row.is_on, "secret" in repr(row)) == (ADDRESS, True, False)


# --- loading again


def test_a_row_that_a_person_took_out_does_not_come_back_with_the_files(store):
    remove_row(store, "return_reasons", {"code": "duplicate"}, **ADMIN)
    remove_row(store, "fixed_holidays", {"month": "10", "day": "3"}, **ADMIN)
    routing = next(row for row in store.reference_rows("routing") if row["topic"] == "other.damage")
    remove_row(store, "routing", {"id": str(routing["id"])}, **ADMIN)
    assert load_reference(store, NOW) == 0
    assert "duplicate" not in store.rules().return_reasons
    assert (10, 3) not in store.rules().calendar.fixed


def test_a_row_that_was_taken_out_may_be_added_again(store):
    remove_row(store, "return_reasons", {"code": "duplicate"}, **ADMIN)
    add_row(store, "return_reasons", {"code": "duplicate", "name": "重复派单"}, **ADMIN)
    assert load_reference(store, NOW) == 0
    assert store.rules().return_reasons["duplicate"] == "重复派单"


# --- two at once


@pytest.mark.parametrize("dates", [("2026-12-01", "2026-12-01"), ("2026-12-02", "2026-12-01")], ids=["the same date", "two dates"])
def test_two_who_change_a_limit_at_once_leave_one_row_for_each_day(database, store, dates):
    key = {"id": str(next(row["id"] for row in store.reference_rows("time_limits") if (row["demand_type"], row["step"]) == ("complaint", "resolve")))}
    start, said = threading.Barrier(2), []

    def change(amount: str, from_on: str) -> None:
        with database.connect() as connection:
            start.wait()
            try:
                edit_row(Store(connection, SECRET), "time_limits", key, {"amount": amount, "valid_from_on": from_on}, **ADMIN)
            except InvalidInput as error:
                said.append(error.problems[0].field)

    threads = [threading.Thread(target=change, args=pair) for pair in zip(("2", "3"), dates, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = [
        row
        for row in store.reference_rows("time_limits")
        if (row["demand_type"], row["step"], row["topic"], row["channel"]) == ("complaint", "resolve", "", "")
    ]
    for day in (date(2026, 11, 1), date(2026, 12, 1), date(2026, 12, 2), date(2027, 1, 1)):
        holds = [r for r in rows if (r["valid_from_on"] or day) <= day and (r["valid_until_on"] is None or day < r["valid_until_on"])]
        assert len(holds) == 1, (day, rows)
    assert set(said) <= {"valid_from_on"}


# --- what holds on to a row


def test_a_reason_for_which_a_ticket_was_returned_stays(store, take, move):
    (ticket,) = take("家里停电", locality="urban")
    move(ticket, "return", return_reason="duplicate", reason="与另一张工单重复")
    with pytest.raises(InvalidInput, match="退单"):
        remove_row(store, "return_reasons", {"code": "duplicate"}, **ADMIN)
    remove_row(store, "return_reasons", {"code": "other"}, **ADMIN)


def test_a_ground_on_which_clocks_stood_still_stays(store, take, move):
    (ticket,) = take("家里停电", locality="urban")
    move(move(ticket, "accept"), "pause", pause_kind="site_unsafe", reason="雷雨", until="2026-11-23 12:00")
    with pytest.raises(InvalidInput, match="暂停记录"):
        remove_row(store, "pause_kinds", {"code": "site_unsafe"}, **ADMIN)
    remove_row(store, "pause_kinds", {"code": "waiting_customer"}, **ADMIN)


def test_an_outlet_that_an_escalation_goes_out_by_stays(store):
    add_row(store, "outlets", {"code": "im", "name": "即时通信", "address": ADDRESS}, **ADMIN)
    edit_row(store, "escalations", {"code": "red-assignee"}, {"outlet": "im"}, **ADMIN)
    with pytest.raises(InvalidInput, match="升级规则"):
        remove_row(store, "outlets", {"code": "im"}, **ADMIN)


def test_every_table_tells_its_rows_apart(store):
    for name, table in TABLES.items():
        rows = store.reference_rows(name)
        assert len({row_key(table, row) for row in rows}) == len(rows), (name, key_of(table))


def test_moments_of_edits_are_kept(store):
    edit_row(store, "return_reasons", {"code": "other"}, {"note": "写明"}, actor="admin", now=shanghai("2026-12-01 08:00"))
    row = next(row for row in store.reference_rows("return_reasons") if row["code"] == "other")
    assert (row["edited_by"], row["edited_at"]) == ("admin", shanghai("2026-12-01 08:00"))
