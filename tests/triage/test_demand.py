"""The demand side: demands gather by transformer area, nothing is lost, every count opens to its tickets, a hint needs enough of them."""

from datetime import date, timedelta

import pytest

from tests.triage.samples import NOW, prediction
from triage import demand
from triage.customers import CustomerRecord
from triage.figures import Reading, wilson
from triage.terms import Locality, Supply

AREAS = {"3301000001": "滨河01台区", "3301000002": "滨河01台区", "3301000003": "柳荫07台区", "3301000004": ""}


@pytest.fixture
def calls(store, take):
    """Demands of three customers of two areas and of nobody known, at several hours and seasons; and an outage, which is none."""
    store.keep_customers(
        [CustomerRecord(number, "甲", "", "柳荫路", "330101", Locality.URBAN, area, "", Supply.ON, None, None) for number, area in AREAS.items()], NOW
    )
    place = 0

    def call(topic: str, number: str, hours: int, days: int = 0, unit: str = "330101"):
        nonlocal place
        place += 1
        said, at = prediction(topic, "complaint"), NOW + timedelta(hours=hours, days=days)
        take("用电有问题", said=said, now=at, customer_number=number, phone=f"1380000{place:04d}", unit_code=unit)

    call("quality.voltage", "3301000001", 0)
    call("grid.capacity", "3301000002", 9)
    call("quality.reliability", "3301000001", 14, days=-120)
    call("business.tariff.price", "3301000003", 4)
    call("quality.voltage", "3301000004", 0)
    call("quality.voltage", "", 0, unit="330201")
    call("outage.fault.single", "3301000001", 0)


def reading(store, unit="", **values):
    given = {"store": store, "first_on": date(2026, 1, 1), "last_on": date(2026, 12, 31), "now": NOW + timedelta(days=50), "units": (unit,)}
    return Reading(**{**given, **values})


@pytest.mark.usefixtures("calls")
def test_demands_gather_by_transformer_area_and_what_is_unknown_stands_apart(store):
    found = {(one.area, one.unit_code): one for one in demand.places(reading(store))}
    assert {key: one.n for key, one in found.items()} == {("滨河01台区", "330101"): 3, ("柳荫07台区", "330101"): 1, ("", "330101"): 1, ("", ""): 1}
    most = demand.places(reading(store))[0]
    assert most.area == "滨河01台区"
    assert dict(most.kinds) == {"voltage": 1, "capacity": 1, "reliability": 1}
    assert dict(most.bands) == {"peak": 2, "valley": 1}  # 10:00, 19:00; 00:00 of the next day
    assert dict(most.seasons) == {"autumn": 2, "summer": 1}


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("unit", ["", "3301", "330201"])
def test_every_count_opens_to_exactly_its_tickets(store, unit):
    read = reading(store, unit)
    found = demand.places(read)
    assert found
    for one in found:
        place = (one.area, one.unit_code)
        assert len(demand.listed(read, place)) == one.n
        for name, codes, counts in (("kind", demand.kinds(), one.kinds), ("band", demand.BANDS, one.bands), ("season", demand.SEASONS, one.seasons)):
            assert {code: len(demand.listed(read, place, **{name: code})) for code in codes} == {code: counts[code] for code in codes}


@pytest.mark.usefixtures("calls")
def test_only_the_unit_and_the_days_asked_for_are_counted(store):
    assert sum(one.n for one in demand.places(reading(store, "3301"))) == 5
    assert sum(one.n for one in demand.places(reading(store, "330201"))) == 1
    assert sum(one.n for one in demand.places(reading(store, first_on=date(2026, 11, 24)))) == 0
    assert sum(one.n for one in demand.places(reading(store, last_on=date(2026, 11, 1)))) == 1


def test_the_topics_are_known_ones_of_four_kinds(rules):
    assert {one.topic for one in demand.topics()} <= set(rules.topics)
    assert list(demand.kinds().values()) == ["供电能力", "电压质量", "供电可靠性", "电价"]


def test_the_bands_and_seasons_leave_no_hour_or_month_out_and_count_none_twice():
    assert sorted(hour for _, hours in demand.BANDS.values() for hour in hours) == list(range(24))
    assert sorted(month for _, months in demand.SEASONS.values() for month in months) == list(range(1, 13))


def area(peak: int, flat: int, valley: int) -> demand.Place:
    return demand.Place("甲", "330101", peak + flat + valley, {}, {"peak": peak, "flat": flat, "valley": valley}, {})


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (area(9, 0, 0), "不足 10 件"),
        (area(20, 0, 0), "集中在高峰时段（100%，全部台区 "),
        (area(0, 0, 20), "集中在低谷时段（100%，全部台区 "),
        (area(10, 5, 5), "没有明显差别"),
    ],
    ids=["too few", "peak", "valley", "as all"],
)
def test_a_hint_needs_enough_tickets_and_more_than_all_areas_have(place, words):
    assert words in demand.hint(place, [place, area(50, 30, 20)])


def test_a_hint_begins_where_the_interval_leaves_the_share_of_all_areas():
    others = area(5000, 5000, 0)
    below, above = (next(k for k in range(21) if (wilson(k, 20)[0] > 0.51) is is_above) for is_above in (False, True))
    assert "没有明显差别" in demand.hint(area(above - 1, 21 - above, 0), [others, area(above - 1, 21 - above, 0)])
    assert "高峰" in demand.hint(area(above, 20 - above, 0), [others, area(above, 20 - above, 0)])
    assert below < above
