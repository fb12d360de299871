"""The invented customers: the same each time, in the demo's units, none of them anybody real, and loaded once."""

import re
from datetime import date, timedelta

from tests.triage.samples import NOW
from triage.demo import FOLDER, fill_demo, rows
from triage.demo_customers import HOW_MANY, invented
from triage.terms import Supply


def test_they_are_thousands_and_the_same_each_time():
    first = list(invented(NOW))
    assert len(first) == HOW_MANY >= 4000
    assert first == list(invented(NOW))
    assert len({one.number for one in first}) == len({one.phone for one in first}) == HOW_MANY


def test_no_phone_can_be_somebodys():
    assert all(re.fullmatch(r"1000\d{7}", one.phone) for one in invented(NOW))


def test_some_are_key_customers_and_some_are_cut_since_a_day_that_has_been():
    people = list(invented(NOW))
    cut = [one for one in people if one.supply is not Supply.ON]
    assert 50 < sum(one.supply is Supply.CUT_ARREARS for one in people) < 120
    assert 50 < sum(bool(one.key_kind) for one in people) < 150
    assert all(one.supply_since_on and one.supply_since_on < NOW.date() for one in cut)
    assert not any(one.key_kind for one in cut)


def test_every_address_is_in_an_area_of_its_unit():
    areas = {row["keyword"]: row["unit_code"] for row in rows("areas")}
    for one in invented(NOW):
        longest = max((keyword for keyword in areas if keyword in one.address), key=len)
        assert one.unit_code.startswith(areas[longest])


def test_none_takes_the_number_of_one_in_the_file():
    assert not {row["number"] for row in rows("customers")} & {one.number for one in invented(NOW)}


def test_they_are_added_once_with_all_that_belongs_to_a_whole_organisation(store):
    assert (fill_demo(store, NOW, 300), fill_demo(store, NOW + timedelta(days=1), 300)) == (300, 0)
    assert store.unit_count("330101", date(2026, 1, 1)) == (905_000, "演示数据（虚构）")
    for table in ("office_hours", "unit_days"):
        assert len(store.reference_rows(table)) == len((FOLDER / f"{table}.csv").read_text(encoding="utf-8").splitlines()) - 1


def test_a_customer_that_a_file_changed_stays_changed(store):
    one = next(invented(NOW))
    fill_demo(store, NOW, 10)
    with store.writing():
        store.keep_customers([type(one)(**{**vars(one), "name": "改名后"})], NOW)
    fill_demo(store, NOW, 10)
    assert store.find_customer(one.number).name == "改名后"


def test_customers_of_a_merged_unit_belong_to_its_heir(store):
    store.move_unit("33010202", "330102", NOW.date())
    fill_demo(store, NOW, 300)
    moved = [one for one in invented(NOW, 300) if one.unit_code == "33010202"]
    assert moved
    assert {store.find_customer(one.number).unit_code for one in moved} == {"330102"}
