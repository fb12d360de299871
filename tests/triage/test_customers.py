"""Looking customers up: by what, what comes with one, who looked, and which tickets a call may belong to."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.triage.samples import CITY, NOW, Says, contact, prediction, user
from triage.calls import Taken
from triage.customer_files import UnitCount, read_count, read_customer, take_counts, take_customers, units_by_word
from triage.customers import By, look_alikes, look_up, pick, read_query
from triage.errors import Forbidden, InvalidInput, NotFound
from triage.intake import consider
from triage.outage_changes import register
from triage.outage_drafts import read_draft
from triage.outages import AreaKind
from triage.similarity import LIKE_ENOUGH
from triage.store import Database
from triage.store.customers import OF_TEAM
from triage.terms import Locality, Role, State, Supply

AGENT = user(Role.AGENT)
NUMBER, PHONE, NAME, HOSPITAL = "3301000001", "13800001001", "林建国", "3301000003"


@pytest.fixture
def look(store):
    """Look somebody up now: `look("13800001001")`."""
    return lambda query, who=AGENT, now=NOW: look_up(query, user=who, store=store, now=now)


@pytest.fixture
def three_meters(store):
    """A phone with three meters."""
    row = {"name": "江海明", "phone": "13900002222", "unit_code": "330101", "locality": "urban", "transformer_area": "滨河03台区", "key_kind": ""}
    rows = [{**row, "number": f"330100990{n}", "address": f"{CITY}{n}室"} for n in (1, 2, 3)]
    with store.writing():
        store.add_missing("customers", rows)


@pytest.mark.parametrize(
    ("query", "by", "value"),
    [
        ("13800001001", By.DIGITS, "13800001001"),
        (" +86 138-0000-1001 ", By.DIGITS, "13800001001"),
        ("0571-88880000", By.DIGITS, "057188880000"),
        ("3301000001", By.DIGITS, "3301000001"),
        ("3301000001234", By.DIGITS, "3301000001234"),
        (" 林建国 ", By.NAME, "林建国"),
        ("临江市第二人民医院", By.NAME, "临江市第二人民医院"),
    ],
    ids=["mobile", "mobile with signs", "landline", "ten digits", "thirteen digits", "person", "house"],
)
def test_a_query_is_read_as_records_hold_it(query, by, value):
    assert read_query(query) == (by, value)


@pytest.mark.parametrize("query", ["", " ", "1", "1234", "1" * 16, "林", "%%", "!!", "一" * 51])
def test_a_query_that_finds_nobody_in_particular_is_refused(query):
    with pytest.raises(InvalidInput, match="查找客户"):
        read_query(query)


@pytest.mark.parametrize("query", [PHONE, NUMBER, NAME, "林建"])
def test_one_match_comes_with_its_dossier(look, query):
    found = look(query)
    assert [one.number for one in found.customers] == [NUMBER]
    assert found.dossier
    assert found.dossier.customer.transformer_area == "滨河03台区"


def test_a_key_customer_says_what_makes_it_one(look):
    assert look(HOSPITAL).customers[0].key_kind == "医院"


def test_several_meters_of_a_phone_are_a_list_to_pick_from(look, three_meters, store):
    found = look("13900002222")
    assert [one.number for one in found.customers] == ["3301009901", "3301009902", "3301009903"]
    assert found.dossier is None
    assert not found.is_masked
    chosen = pick("3301009902", user=AGENT, store=store, now=NOW)
    assert chosen.dossier
    assert chosen.dossier.customer.number == "3301009902"


def test_people_of_one_name_are_strangers_to_the_caller_and_masked(look, three_meters):
    assert look("江海").is_masked


def test_more_than_there_are_keys_for_is_said(look, store):
    row = {"name": "王强", "phone": "", "address": "", "unit_code": "330101", "locality": "urban", "transformer_area": "", "key_kind": ""}
    with store.writing():
        store.add_missing("customers", [{**row, "number": f"33010088{n:02d}"} for n in range(12)])
    found = look("王强")
    assert (len(found.customers), found.is_more) == (9, True)


@pytest.mark.parametrize("query", ["林%", "%国", "林_国", "林!国"])
def test_signs_of_patterns_are_nothing_but_signs(look, query):
    assert look(query).customers == ()


def test_nobody_found_is_an_answer(look):
    found = look("13912340000")
    assert (found.customers, found.dossier) == ((), None)


def test_a_strange_phone_leads_to_the_customer_that_it_called_for(look, take):
    take(contact("停电", phone="13912340000", customer_number=NUMBER, unit_code="330101"))
    assert [one.number for one in look("13912340000").customers] == [NUMBER]


def test_a_confidential_call_leads_nowhere(look, take):
    take(contact("停电", phone="13912340000", customer_number=NUMBER, unit_code="330101", is_confidential=True))
    assert look("13912340000").customers == ()


@pytest.mark.parametrize("role", [Role.HANDLER, Role.LEADER, Role.AUDITOR, Role.ADMIN])
def test_who_takes_no_calls_looks_nobody_up(look, store, role):
    with pytest.raises(Forbidden):
        look(PHONE, who=user(role))
    with pytest.raises(Forbidden):
        pick(NUMBER, user=user(role), store=store, now=NOW)
    assert store.look_ups() == []


def test_a_customer_that_is_not_there_cannot_be_picked(store):
    with pytest.raises(NotFound, match="户号"):
        pick("9999999999", user=AGENT, store=store, now=NOW)


def test_who_looked_whom_up_is_kept_as_digests_only(look, store, three_meters):
    look(PHONE)
    look("13900002222")
    pick("3301009902", user=AGENT, store=store, now=NOW + timedelta(minutes=1))
    kept = store.look_ups()
    assert [row["row_key"] for row in kept] == [store.digest(v) for v in ("3301009902", "13900002222", NUMBER, PHONE)]
    assert {row["actor"] for row in kept} == {AGENT.username}
    assert kept[0]["happened_at"] == NOW + timedelta(minutes=1)
    everything = "".join(str(dict(row)) for row in kept)
    assert [personal for personal in (PHONE, NUMBER, NAME, "13900002222") if personal in everything] == []


def test_a_look_up_changes_no_rules(look, store):
    version = store.reference_version()
    look(PHONE)
    assert store.reference_version() == version


def test_the_dossier_has_open_tickets_however_old_and_ended_ones_of_sixty_days(look, take, move):
    old = take(contact("电表快", customer_number=NUMBER), now=NOW - timedelta(days=90))[0]
    answer = {"text": "问缴费", "topic": "business.tariff.bill", "demand_type": "enquiry", "answer": "已告知"}
    take(contact(answer, customer_number=NUMBER), now=NOW - timedelta(days=61))
    recent = take(contact(answer, customer_number=NUMBER), now=NOW - timedelta(days=3))[0]
    by_phone = take(contact(answer, phone=PHONE), now=NOW - timedelta(days=2))[0]
    take(contact(answer, phone=PHONE, customer_number=HOSPITAL), now=NOW - timedelta(days=1))
    dossier = look(NUMBER).dossier
    assert [ticket.number for ticket in dossier.open_tickets] == [old.number]
    assert [ticket.number for ticket in dossier.earlier_tickets] == [by_phone.number, recent.number]


def test_known_outages_at_the_address_come_along(look, store):
    values = {
        "number": "261123000001",
        "kind": "fault",
        "unit_code": "330101",
        "reason": "线路故障",
        "starts_at": (NOW - timedelta(hours=1)).isoformat(),
        "ends_at": (NOW + timedelta(hours=2)).isoformat(),
        "transformer_areas": ["滨河03台区"],
    }
    draft = read_draft(values, {row["code"]: row["name"] for row in store.units()}, NOW)
    register(draft, user=user(Role.DISPATCHER), store=store, now=NOW)
    known = look(PHONE).dossier.outages.known
    assert [(one.number, one.matched.kind) for one in known] == [("261123000001", AreaKind.TRANSFORMER_AREA)]


OUTAGE = "柳荫路整条街停电，路灯也不亮，已经两个小时"


@pytest.fixture
def alike(store, rules):
    """Give what a call may belong to: `alike("停电", phone=…)`."""

    def of(text, now=NOW, said=None, **values):
        made = contact(text, **{"unit_code": "330101", **values})
        (opening,) = consider(made, predict=Says(said or prediction()), rules=rules, store=store, now=now)
        return look_alikes(text, opening.decision, store, now)

    return of


def test_the_callers_own_ticket_of_the_same_event_comes_first_with_its_reason(alike, take):
    other = take(contact(OUTAGE, unit_code="330101"))[0]
    own = take(contact("停电两小时没人来", phone="13912340000", unit_code="330101"))[0]
    found = alike(OUTAGE, phone="13912340000")
    assert [(one.ticket.number, one.is_same_caller) for one in found] == [(own.number, True), (other.number, False)]
    assert "同一电话" in found[0].reason
    assert "内容相似" in found[1].reason


def test_a_ticket_is_named_once_though_both_ways_lead_to_it(alike, take):
    own = take(contact(OUTAGE, phone="13912340000", unit_code="330101"))[0]
    assert [one.ticket.number for one in alike(OUTAGE, phone="13912340000")] == [own.number]


@pytest.mark.parametrize(
    ("values", "minutes"),
    [
        ({}, 24 * 60 + 1),
        ({"unit_code": "330102"}, 0),
        ({"is_confidential": True}, 0),
        ({"text": "空调外机漏水滴到楼下，物业不管"}, 0),
    ],
    ids=["of yesterday", "of another unit", "confidential", "about something else"],
)
def test_strangers_tickets_that_are_not_the_same_event_are_left_out(alike, take, values, minutes):
    values = dict(values)
    take(contact(values.pop("text", OUTAGE), **{"unit_code": "330101", **values}))
    assert alike(OUTAGE, now=NOW + timedelta(minutes=minutes)) == ()


def test_a_strangers_ticket_of_another_topic_is_left_out(alike, take):
    take(contact(OUTAGE, unit_code="330101"))
    assert alike(OUTAGE, said=prediction("outage.repair.delay", "complaint")) == ()


def test_an_ended_stranger_is_left_out_but_the_callers_own_is_named_without_a_way_to_chase(alike, take):
    answer = {"text": OUTAGE, "topic": "outage.fault.single", "demand_type": "fault", "answer": "已告知"}
    take(contact(answer, phone="13912340000", unit_code="330101"))
    assert alike(OUTAGE) == ()
    (own,) = alike(OUTAGE, phone="13912340000")
    assert not own.is_open


def test_a_merged_ticket_stands_for_what_it_was_merged_into(alike, take, move):
    parent = take(contact(OUTAGE, unit_code="330101"))[0]
    child = take(contact("停电了快来", phone="13912340000", unit_code="330101"))[0]
    assert move(child, "merge", parent=parent.number).state is State.MERGED
    found = alike(OUTAGE, phone="13912340000")
    assert [one.ticket.number for one in found] == [parent.number]
    assert found[0].is_same_caller


def test_a_confidential_call_is_compared_with_nobodys(alike, take):
    take(contact(OUTAGE, unit_code="330101"))
    assert alike(OUTAGE, is_confidential=True) == ()


def test_without_a_decision_of_place_or_topic_nothing_is_compared(store, rules, take):
    take(contact(OUTAGE, unit_code="330101"))
    (opening,) = consider(contact(OUTAGE), predict=Says(prediction()), rules=rules, store=store, now=NOW)
    assert look_alikes(OUTAGE, opening.decision, store, NOW) == ()
    assert look_alikes(OUTAGE, replace(opening.decision, topic=None), store, NOW) == ()


def test_no_more_than_three_strangers_the_most_alike_first(alike, take):
    for n in range(5):
        take(contact(f"{OUTAGE}{'，冰箱里的东西都坏了' * n}", unit_code="330101"))
    found = alike(OUTAGE)
    scores = [float(one.reason.rpartition(" ")[2]) for one in found]
    assert len(found) == 3
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= LIKE_ENOUGH


def test_the_look_for_likes_reads_the_teams_index_and_no_more(filled_sqlite):
    database = Database(f"sqlite:///{filled_sqlite}")
    values = {"department": "repair", "team_unit": "330101", "unit_code": "330101", "topic": "x", "since": "2026", "most": 50}
    with database.connect() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {OF_TEAM.element.text}"), values).all()
    database.dispose()
    assert "ix_tickets_team" in str(plan)


@pytest.fixture
def cut(store):
    """Say that a customer has no supply since 1 November: `cut(Supply.CUT_ARREARS)`."""

    def keep(supply):
        record = replace(store.find_customer(NUMBER), supply=supply, supply_since_on=date(2026, 11, 1))
        store.keep_customers([record], NOW)

    return keep


@pytest.mark.parametrize(
    ("supply", "words"), [(Supply.CUT_ARREARS, "结清电费后 24 小时内恢复供电"), (Supply.CUT_OTHER, "暂停或销户")], ids=["arrears", "other"]
)
def test_a_customer_without_supply_comes_with_what_to_say_and_since_when(look, cut, supply, words):
    cut(supply)
    customer = look(NUMBER).customers[0]
    assert (customer.supply, customer.supply_since_on, customer.imported_at) == (supply, date(2026, 11, 1), NOW)
    assert words in customer.advice
    assert "照常登记" in customer.advice


def test_a_customer_with_supply_needs_no_advice(look):
    customer = look(NUMBER).customers[0]
    assert (customer.supply, customer.advice) == (Supply.ON, "")


def test_records_of_a_file_are_added_changed_or_known(store):
    row = {"number": "3301000777", "name": "江海明", "address": CITY, "unit_code": "330101", "supply": Supply.CUT_ARREARS}
    bring = lambda *rows: take_customers(rows, "档案.csv", store=store, actor="admin", now=NOW)  # noqa: E731
    assert bring(row) == {Taken.ADDED: 1}
    assert bring(row) == {Taken.SAME: 1}
    assert bring({**row, "name": "江海清"}) == {Taken.CHANGED: 1}
    assert store.find_customer("3301000777").name == "江海清"


def test_what_a_file_says_nothing_about_stays(store):
    row = {"number": NUMBER, "name": "林建国", "address": CITY, "unit_code": "330101"}
    take_customers([row], "档案.csv", store=store, actor="admin", now=NOW)
    customer = store.find_customer(NUMBER)
    assert (customer.phone, customer.transformer_area, customer.locality) == (PHONE, "滨河03台区", Locality.URBAN)


def test_the_day_of_a_cut_goes_when_supply_is_on_again(store, cut):
    cut(Supply.CUT_ARREARS)
    row = {"number": NUMBER, "name": NAME, "address": CITY, "unit_code": "330101", "supply": Supply.ON}
    take_customers([row], "档案.csv", store=store, actor="admin", now=NOW)
    assert (store.find_customer(NUMBER).supply, store.find_customer(NUMBER).supply_since_on) == (Supply.ON, None)


def test_an_import_is_kept_with_who_and_how_many_but_not_the_files_name(store):
    row = {"number": "3301000777", "name": "江海明", "address": CITY, "unit_code": "330101"}
    take_customers([row], "江海明.csv", store=store, actor="admin", now=NOW)
    (entry,) = store.reference_trail("customers_file")
    assert (entry["actor"], entry["happened_at"], entry["after_json"]) == ("admin", NOW, '{"added":1}')
    assert entry["row_key"] == store.digest("江海明.csv")


def test_rows_and_their_entry_are_kept_together_or_not_at_all(store):
    rows = [{"number": f"330100077{n}", "name": "江海明", "address": CITY, "unit_code": unit} for n, unit in ((1, "330101"), (2, "99"))]
    with pytest.raises(IntegrityError):
        take_customers(rows, "档案.csv", store=store, actor="admin", now=NOW)
    assert store.find_customer("3301000771") is None
    assert store.reference_trail("customers_file") == []


def test_how_many_customers_a_unit_has_is_kept_for_its_day(store):
    count = UnitCount("330101", date(2026, 11, 1), 900_000, "营销系统")
    assert take_counts([count], "户数.csv", store=store, actor="admin", now=NOW) == {Taken.ADDED: 1}
    assert take_counts([count], "户数.csv", store=store, actor="admin", now=NOW) == {Taken.SAME: 1}
    assert take_counts([replace(count, customers=905_000)], "户数.csv", store=store, actor="admin", now=NOW) == {Taken.CHANGED: 1}
    assert store.unit_count("330101", date(2026, 11, 1)) == (905_000, "营销系统")


GOOD = {"number": "3301000777", "name": "江海明", "address": CITY, "unit_code": "330101"}


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"number": "3.301E+09"}, "number", "10 位或 13 位"),
        ({"name": " "}, "name", "户名：必填"),
        ({"unit_code": "临江"}, "unit_code", "没有“临江”"),
        ({"phone": "13800001001/13800001002"}, "phone", "5–15 位"),
        ({"locality": "郊区"}, "locality", "城区（urban）"),
        ({"supply": "停电"}, "supply", "欠费停电（cut_arrears）"),
        ({"supply_since_on": "11月1日"}, "supply_since_on", "不是日期"),
        ({"supply_since_on": "2036-11-01"}, "supply_since_on", "还没有到"),
        ({"address": "路" * 201}, "address", "最多 200 个字"),
    ],
    ids=["number of a sheet", "no name", "no unit", "two phones", "locality", "supply", "no date", "day to come", "long"],
)
def test_a_wrong_value_is_named_by_its_column_and_how_to_mend_it(store, values, field, words):
    with pytest.raises(InvalidInput) as error:
        read_customer({**GOOD, **values}, units_by_word(store), NOW)
    (problem,) = error.value.problems
    assert problem.field == field
    assert words in problem.message


def test_units_supply_and_places_are_read_by_code_or_by_name(store):
    said = {**GOOD, "unit_code": "临江市城区供电中心", "supply": "欠费停电", "locality": "城区", "supply_since_on": "2026-11-01 00:00:00"}
    read = read_customer(said, units_by_word(store), NOW)
    assert (read["unit_code"], read["supply"], read["locality"]) == ("330101", Supply.CUT_ARREARS, Locality.URBAN)
    assert read["supply_since_on"] == date(2026, 11, 1)


def test_a_merged_unit_leads_to_its_heir(store):
    store.move_unit("33010202", "330102", NOW.date())
    assert read_customer({**GOOD, "unit_code": "33010202"}, units_by_word(store), NOW)["unit_code"] == "330102"


@pytest.mark.parametrize("customers", ["", "-1", "1.5", "一万", "1000000001"])
def test_a_count_that_is_no_whole_number_is_refused(store, customers):
    with pytest.raises(InvalidInput, match="客户数"):
        read_count({"unit_code": "330101", "as_of_on": "2026-11-01", "customers": customers}, units_by_word(store), NOW)
