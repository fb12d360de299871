"""Outages as they are kept: found by place and time, told to key customers in time, changed with a trail, imported twice without harm."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import bindparam, text

from tests.triage.samples import NOW, user
from triage.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound
from triage.outage_changes import change, correct, register, take
from triage.outage_drafts import read_draft
from triage.outages import Area, AreaKind, OutageState, Taken, count_notices, frequent
from triage.store.outages import HOLDING, NAMED
from triage.store.sql import block
from triage.terms import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DISPATCHER = user(Role.DISPATCHER)
AREA, ADDRESS, HOSPITAL, BREATHES = "滨河03台区", "临江市滨河街道柳荫路12号3单元502", "3301000003", "3301000006"
CUSTOMER = "3301000001"  # of that transformer area and address, in 330101


@pytest.fixture
def draft(store):
    """Make a draft that begins so long from now: `draft(1, at=-HOUR)`."""
    units = {row["code"]: row["name"] for row in store.units()}

    def made(serial=1, at=-HOUR, last=4 * HOUR, **values):
        moments = {"starts_at": (NOW + at).isoformat(), "ends_at": (NOW + at + last).isoformat()}
        place = {} if "keywords" in values else {"transformer_areas": AREA}
        sent = {"number": f"{serial:012d}", "kind": "planned", "unit_code": "330101", **moments, **place, **values}
        return read_draft(sent, units, NOW + DAY)

    return made


@pytest.fixture
def registered(store, draft):
    """Register an outage and give it."""
    return lambda serial=1, **values: register(draft(serial, **values), user=DISPATCHER, store=store, now=NOW)[1]


@pytest.fixture
def changed(store):
    """Change an outage as it stands now."""

    def made(number, code, now=NOW, by=DISPATCHER, **values):
        return change(number, code, values, version=store.outage(number).version, user=by, store=store, now=now)

    return made


def numbers(some):
    return [one.number for one in some]


def test_what_is_registered_is_read_back_and_stands_in_the_list(store, registered):
    one = registered(reason="更换变压器")
    assert store.outage(one.number) == one
    assert store.outages(NOW) == [one]
    with pytest.raises(NotFound, match="12 位"):
        store.outage("999999999999")


def test_the_list_can_be_narrowed_to_how_they_stand_now(store, registered, changed):
    registered(1), registered(2, at=DAY), registered(3, at=DAY), registered(4), registered(5, at=DAY)
    changed("000000000003", "announce", why="分两次")
    changed("000000000004", "restore")
    changed("000000000005", "cancel", why="改期")
    found = {state.value: numbers(store.outages(NOW, state.value)) for state in OutageState}
    assert found == {
        "active": ["000000000001"],
        "registered": ["000000000002"],
        "announced": ["000000000003"],
        "restored": ["000000000004"],
        "cancelled": ["000000000005"],
    }


@pytest.mark.parametrize(
    ("minutes", "holds"),
    [(-61, False), (-60, True), (0, True), (180, True), (300, True), (301, False)],
    ids=["before it", "as it begins", "now", "at its expected end", "at the end of the grace", "after the grace"],
)
def test_one_that_is_not_restored_holds_until_its_end_and_the_grace(store, registered, minutes, holds):
    registered()
    assert bool(store.outages_at(AREA, "", NOW + timedelta(minutes=minutes))) is holds


def test_the_grace_is_a_switch(store, registered):
    registered()
    store.connection.execute(text("DELETE FROM switches WHERE code = 'outage_grace_minutes'"))
    store.connection.execute(text("INSERT INTO switches (code, name, value) VALUES ('outage_grace_minutes', '', '0')"))
    assert not store.outages_at(AREA, "", NOW + 3 * HOUR + timedelta(minutes=1))


def test_a_restored_one_holds_no_more_and_a_cancelled_one_never_did(store, registered, changed):
    registered(1), registered(2)
    changed("000000000001", "restore", now=NOW + HOUR)
    changed("000000000002", "cancel", why="未停")
    assert numbers(store.outages_at(AREA, "", NOW + HOUR - DAY / 1440)) == ["000000000001"]
    assert store.outages_at(AREA, "", NOW + HOUR) == ()


@pytest.mark.parametrize(
    ("area", "address", "found"),
    [
        pytest.param(AREA, "", "000000000001", id="by transformer area"),
        pytest.param("滨河 ０３台区", "", "000000000001", id="in full width and with a blank"),
        pytest.param(AREA, "柳荫路12号", "000000000001", id="the transformer area goes before the address"),
        pytest.param("滨河09台区", ADDRESS, "000000000002", id="by keyword where the area has none"),
        pytest.param("", "柳 荫 路１２号", "000000000002", id="keyword in full width and with blanks"),
        pytest.param("", "柳荫", "", id="less than the keyword"),
        pytest.param("", "", "", id="nowhere"),
    ],
)
def test_an_outage_is_known_by_transformer_area_else_by_words_of_the_address(store, registered, area, address, found):
    registered(1)
    registered(2, keywords="柳荫路 12号")
    assert numbers(store.outages_at(area, address, NOW)) == ([found] if found else [])


def test_the_same_name_in_another_county_is_another_place(store, registered):
    registered()
    assert store.outages_at(AREA, "", NOW, unit_code="330101")
    assert store.outages_at(AREA, "", NOW, unit_code="3301")
    assert not store.outages_at(AREA, "", NOW, unit_code="330202")


def test_what_matched_is_said_by_its_longest_words_and_each_outage_once(store, registered):
    registered(keywords="滨河街道、滨河街道柳荫路")
    (known,) = store.outages_at("", ADDRESS, NOW)
    assert (known.matched, known.state) == (Area(AreaKind.KEYWORD, "滨河街道柳荫路"), OutageState.ACTIVE)


def test_intake_learns_what_is_known_and_how_often_it_happened_there(store, registered):
    registered(1), registered(2, at=-20 * DAY, kind="fault"), registered(3, at=-59 * DAY), registered(4, at=-61 * DAY), registered(5, at=DAY)
    context = store.outage_context(CUSTOMER, "", NOW)
    assert (numbers(context.known), context.recent_count, context.transformer_area) == (["000000000001"], 3, AREA)
    assert frequent(store.outages_of_area(AREA, NOW - 60 * DAY), store.outage_rules(), NOW)
    assert store.recent_counts([AREA, "x"], NOW - 60 * DAY, NOW) == {AREA: 3}


def test_of_a_caller_without_a_record_the_address_and_the_unit_are_all(store, registered):
    registered(1), registered(2, keywords="柳荫路")
    context = store.outage_context("", ADDRESS, NOW)
    assert (numbers(context.known), context.recent_count, context.transformer_area) == (["000000000002"], 0, "")
    assert store.outage_context("", ADDRESS, NOW, unit_code="3302").known == ()
    assert store.outage_context("9999999999", "", NOW).known == ()


def test_a_customer_who_names_no_address_is_found_by_the_one_in_the_record(store, registered):
    registered(keywords="柳荫路")
    assert store.outage_context(CUSTOMER, "", NOW).known


@pytest.mark.parametrize(("sql", "index"), [(NAMED, "ix_outage_areas_kind_value"), (HOLDING, "outages")], ids=["areas", "outages"])
def test_finding_goes_through_indexes_and_never_through_all_there_were(store, sql, index):
    name = store.connection.dialect.name
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}[name]
    lists = [bindparam(one, expanding=True) for one in ("places", "numbers") if f":{one}" in sql.element.text]
    values = {"kind": "keyword", "places": ["柳荫", "荫路"], "numbers": ["1", "2"], "now": NOW, "since": NOW}
    with store.writing():
        if name == "postgresql":  # the tables are too small for it to look at an index by itself
            store.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = "\n".join(str(row) for row in store.connection.execute(block(explain + sql.element.text).bindparams(*lists), values))
    assert index in plan, plan
    assert re.findall(r"SCAN outage|Seq Scan|ix_outages_starts_at", plan) == [], plan


# --- announcing


def test_another_planned_outage_near_it_is_named_and_announcing_then_needs_a_reason(store, registered, changed):
    registered(1, at=DAY), registered(2, at=61 * DAY), registered(3, at=62 * DAY), registered(4, at=10 * DAY, kind="fault")
    first = store.outage("000000000001")
    assert numbers(store.repeated_planned(first.areas, first.starts_at, first.number)) == ["000000000002"]
    with pytest.raises(InvalidInput, match="000000000002") as refused:
        changed(first.number, "announce")
    assert refused.value.problems[0].field == "why"
    announced = changed(first.number, "announce", why="两段线路无法同停")
    assert (announced.state, announced.announced_at, announced.version) == (OutageState.ANNOUNCED, NOW, 2)
    assert store.outage_trail(first.number)[-1]["why"] == "两段线路无法同停"


def test_a_cancelled_one_is_no_repeat(store, registered, changed):
    registered(1, at=DAY), registered(2, at=9 * DAY)
    changed("000000000002", "cancel", why="并入前一次")
    assert changed("000000000001", "announce").state is OutageState.ANNOUNCED


# --- changing


def test_each_change_keeps_who_when_and_what(store, registered, changed):
    number = registered(reason="检修").number
    end = NOW + 5 * HOUR
    changed(number, "prolong", ends_at=end.isoformat(), why="现场复杂")
    changed(number, "restore", now=NOW + HOUR)
    first, second, third = store.outage_trail(number)
    assert (first["actor"], first["action"], first["changes"]) == ("a-dispatcher", "register", [])
    assert (second["action"], second["why"], second["changes"]) == ("prolong", "现场复杂", [("ends_at", NOW + 3 * HOUR, end)])
    assert (third["happened_at"], [name for name, _, _ in third["changes"]]) == (NOW + HOUR, ["restored_at", "state"])


@pytest.mark.parametrize(
    ("code", "values", "field"),
    [
        ("prolong", {}, "ends_at"),
        ("prolong", {"ends_at": "2026-11-23 09:30"}, "ends_at"),
        ("restore", {"restored_at": "2026-11-23 08:00"}, "restored_at"),
        ("restore", {"restored_at": "2026-11-23 11:00"}, "restored_at"),
        ("restore", {"restored_at": "刚才"}, "restored_at"),
        ("cancel", {}, "why"),
        ("cancel", {"why": "长" * 501}, "why"),
    ],
)
def test_a_change_with_a_wrong_value_changes_nothing(store, registered, changed, code, values, field):
    one = registered()
    with pytest.raises(InvalidInput) as refused:
        changed(one.number, code, **values)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert store.outage(one.number) == one


def test_what_does_not_fit_how_it_stands_is_refused_with_what_does(store, registered, changed):
    registered(at=DAY)
    with pytest.raises(IllegalMove, match="现在可以：公告、更改预计送电时间、取消") as refused:
        changed("000000000001", "restore")
    assert refused.value.legal == ("announce", "prolong", "cancel")


def test_of_two_who_change_what_they_read_the_second_is_told(store, registered, draft):
    one = registered()
    change(one.number, "cancel", {"why": "x"}, version=1, user=DISPATCHER, store=store, now=NOW)
    for late in (
        lambda: change(one.number, "restore", {}, version=1, user=DISPATCHER, store=store, now=NOW),
        lambda: correct(one.number, draft(), version=1, user=DISPATCHER, store=store, now=NOW),
        lambda: store.change_outage(one, one, "restore", "x", NOW),
    ):
        with pytest.raises(Conflict):
            late()
    assert [entry["action"] for entry in store.outage_trail(one.number)] == ["register", "cancel"]


def test_an_outage_is_the_unit_s_and_of_those_above_it(store, registered, changed):
    one = registered()
    for who in (user(Role.HANDLER, "3302", "grid_control"), user(Role.HANDLER, "330101", "billing"), user(Role.AGENT, "33", "hotline")):
        with pytest.raises(Forbidden):
            changed(one.number, "cancel", by=who, why="x")
    assert changed(one.number, "cancel", by=user(Role.HANDLER, "3301", "grid_control"), why="x").state is OutageState.CANCELLED


# --- sending twice


def test_registering_twice_is_harmless_and_with_other_values_refused(store, draft):
    assert register(draft(), user=DISPATCHER, store=store, now=NOW)[0] is Taken.ADDED
    assert register(draft(), user=DISPATCHER, store=store, now=NOW)[0] is Taken.SAME
    with pytest.raises(InvalidInput, match="已登记，内容不同"):
        register(draft(reason="另一个"), user=DISPATCHER, store=store, now=NOW)


def test_a_row_of_a_file_is_added_known_again_or_changes_what_it_says(store, draft):
    def taken(one):
        outcome, _, changes = take(one, actor="import", store=store, now=NOW)
        return outcome, changes

    assert taken(draft()) == (Taken.ADDED, ())
    assert taken(draft()) == (Taken.SAME, ())
    assert taken(draft(reason="检修", transformer_areas="文昌11台区")) == (Taken.CHANGED, ("transformer_areas", "reason"))
    assert store.outage("000000000001").version == 2
    assert len(store.outage_trail("000000000001")) == 2


def test_a_file_that_comes_again_does_not_undo_what_people_changed_since(store, draft, changed):
    take(draft(), actor="import", store=store, now=NOW)
    end = NOW + 9 * HOUR
    changed("000000000001", "prolong", ends_at=end.isoformat())
    assert take(draft(), actor="import", store=store, now=NOW)[0] is Taken.SAME
    assert store.outage("000000000001").ends_at == end
    assert take(draft(last=5 * HOUR), actor="import", store=store, now=NOW)[0] is Taken.CHANGED


def test_a_file_may_say_that_it_is_over_and_then_no_other_row_changes_it(store, draft):
    take(draft(), actor="import", store=store, now=NOW)
    over = draft(restored_at=NOW.isoformat())
    assert take(over, actor="import", store=store, now=NOW)[1].state is OutageState.RESTORED
    assert take(over, actor="import", store=store, now=NOW)[0] is Taken.SAME
    with pytest.raises(IllegalMove, match="已送电"):
        take(draft(reason="x"), actor="import", store=store, now=NOW)


# --- key customers


def due(store, number="000000000001"):
    return {notice["customer_number"]: notice["due_at"] for notice in store.notices(number)}


def test_key_customers_of_the_area_are_to_be_told_by_transformer_area_or_address(store, registered):
    registered(at=10 * DAY, keywords="济民路", transformer_areas="专变")
    assert due(store) == {HOSPITAL: NOW + 3 * DAY}  # the school's 专变 is another county's, the neighbours are no key customers


def test_the_list_follows_area_and_time(store, registered, draft):
    registered(at=10 * DAY, unit_code="3301", keywords="济民路")
    correct("000000000001", draft(at=5 * DAY, unit_code="3301", keywords="云顶寨、济民路"), version=1, user=DISPATCHER, store=store, now=NOW)
    assert due(store) == {HOSPITAL: NOW, BREATHES: NOW}
    correct("000000000001", draft(at=9 * DAY, unit_code="3301", keywords="云顶寨"), version=2, user=DISPATCHER, store=store, now=NOW)
    assert due(store) == {BREATHES: NOW + 2 * DAY}


def test_who_was_told_is_kept_with_who_told_and_when_and_told_anew_when_it_moves(store, registered, draft):
    registered(at=10 * DAY, unit_code="3301", keywords="济民路、云顶寨")
    key = next(notice["key"] for notice in store.notices("000000000001") if notice["customer_number"] == HOSPITAL)
    assert store.mark_notified("000000000001", key, "wang", NOW)
    assert not store.mark_notified("000000000001", key, "li", NOW + HOUR)
    told = store.notices("000000000001")[-1]
    assert (told["customer_number"], told["actor"], told["notified_at"]) == (HOSPITAL, "wang", NOW)
    counts = count_notices(store.notices("000000000001"), NOW + 4 * DAY)
    assert (counts.notified, counts.open, counts.overdue) == (1, 1, 1)
    entry = store.outage_trail("000000000001")[-1]
    assert (entry["action"], entry["actor"]) == ("notify", "wang")
    moved = draft(at=12 * DAY, unit_code="3301", keywords="济民路、云顶寨")
    correct("000000000001", moved, version=1, user=DISPATCHER, store=store, now=NOW)
    assert count_notices(store.notices("000000000001"), NOW).notified == 0


def test_no_customer_s_number_stands_in_the_trail(store, registered):
    registered(at=10 * DAY, keywords="济民路")
    store.mark_notified("000000000001", store.notices("000000000001")[0]["key"], "wang", NOW)
    kept = store.connection.execute(text("SELECT after_json FROM reference_audit WHERE table_name = 'outages'")).scalars().all()
    assert len(kept) == 2
    assert HOSPITAL not in "".join(kept)


def test_somebody_who_is_not_on_the_list_cannot_be_marked(store, registered):
    registered(at=10 * DAY)
    with pytest.raises(NotFound):
        store.mark_notified("000000000001", "0" * 24, "wang", NOW)


# --- tickets


def test_the_tickets_of_an_outage_are_found(store, registered, take):
    one, other = take("停电")[0], take("又停电")[0]
    registered()
    store.connection.execute(text("UPDATE tickets SET outage_number = '000000000001' WHERE number = :n"), {"n": one.number})
    assert numbers(store.tickets_of_outage("000000000001")) == [one.number]
    assert other.outage_number is None
