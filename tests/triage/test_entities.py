"""Entities in free text: what is found in cases written without sight of the code, and what holds for any text at all."""

import csv
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.entities import Entity, EntityKind, find_entities
from triage.errors import InvalidInput
from triage.moments import SHANGHAI

CASES = Path(__file__).parent / "entity_cases.csv"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=SHANGHAI)
# A little under what was measured: docs/attention.md has the figures.
FLOORS = {
    EntityKind.CUSTOMER_NUMBER: 0.9,
    EntityKind.PHONE: 1.0,
    EntityKind.METER_NUMBER: 1.0,
    EntityKind.OUTAGE_EVENT: 0.9,
    EntityKind.ADDRESS: 0.8,
    EntityKind.TRANSFORMER_AREA: 1.0,
    EntityKind.MOMENT: 1.0,
}


def found(text: str, kind: EntityKind, now: datetime = NOW) -> list[str]:
    return [entity.value for entity in find_entities(text, now=now) if entity.kind is kind]


def test_the_cases_are_read_as_they_were_meant(capsys: pytest.CaptureFixture[str]):
    right, cases = Counter[EntityKind](), Counter[EntityKind]()
    with CASES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kind, called = EntityKind(row["kind"]), datetime.fromisoformat(row["call_time"]).replace(tzinfo=SHANGHAI)
            values = found(row["text"], kind, called)
            right[kind] += row["expected"] in values if row["expected"] else not values
            cases[kind] += 1
    with capsys.disabled():
        print("\nentities: " + ", ".join(f"{kind.value} {right[kind]}/{cases[kind]}" for kind in EntityKind))
    assert {kind: right[kind] / cases[kind] >= FLOORS[kind] for kind in EntityKind} == dict.fromkeys(EntityKind, True)


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("户号3301000001，电话13800001001", EntityKind.CUSTOMER_NUMBER, ["3301000001"]),
        ("户号3301000001，电话13800001001", EntityKind.PHONE, ["13800001001"]),
        ("身份证330106199001011234", EntityKind.CUSTOMER_NUMBER, []),
        ("表号A2019DD00417是老式的", EntityKind.METER_NUMBER, ["A2019DD00417"]),
        ("交了13900块钱", EntityKind.PHONE, []),
        ("滨河街12号3栋2单元501没电", EntityKind.ADDRESS, ["滨河街12号3栋2单元501"]),
        ("王楼村2号台区电压低", EntityKind.TRANSFORMER_AREA, ["王楼村2号台区"]),
        ("公变和专变有什么区别", EntityKind.TRANSFORMER_AREA, []),
    ],
    ids=["customer", "phone", "identity card", "letters", "an amount", "address", "area", "no area"],
)
def test_numbers_and_places_are_known_by_their_names(text: str, kind: EntityKind, values: list[str]):
    assert found(text, kind) == values


LETTERED = {
    "of eight": ("A2019DD0", True),
    "of seven": ("A2019DD", False),
    "of twenty-four": ("A2019DD0" * 3, True),
    "of twenty-five": ("A2019DD0" * 3 + "1", False),
    "a digit after six letters": ("ABCDEF12", True),
    "a digit after seven letters": ("ABCDEFG1", False),
    "letters alone": ("ABCDEFGH", False),
}


@pytest.mark.parametrize(("number", "is_one"), LETTERED.values(), ids=LETTERED)
def test_a_meter_number_with_letters_has_eight_to_twenty_four_signs_and_soon_a_digit(number: str, is_one: bool):
    assert found(f"表号{number}，麻烦看一下", EntityKind.METER_NUMBER) == ([number] if is_one else [])


@pytest.mark.parametrize("said", ["13800001001", "(0571)87654321", "+86 13800001001", "幺三八零零零零幺零零幺"])
def test_a_number_is_found_wherever_it_stands(said: str):
    assert [found(text, EntityKind.PHONE) for text in (said, f"请打{said}", f"{said}找我")] == [found(said, EntityKind.PHONE)] * 3
    assert len(found(said, EntityKind.PHONE)) == 1


@pytest.mark.parametrize("before", ["停电了，", "停电了。", "我家住", "家在"])
def test_an_address_begins_after_the_clause_before_it(before: str):
    assert found(f"{before}滨河街12号3栋2单元501", EntityKind.ADDRESS) == ["滨河街12号3栋2单元501"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("昨晚八点停的", "2026-11-22T20:00"),
        ("上周三报的修", "2026-11-18"),
        ("星期六来过人", "2026-11-21"),
        ("11月20日14:35打的电话", "2026-11-20T14:35"),
        ("11月5日至7日没电", "2026-11-05/2026-11-07"),
        ("从今天早上七点到现在没电", "2026-11-23T07:00/2026-11-23T09:30"),
        ("两小时前跳闸", "2026-11-23T07:30"),
        ("国庆期间停了三次", "2026-10-01/2026-10-07"),
        ("晚上十二点停的", "2026-11-24T00:00"),
    ],
)
def test_moments_are_meant_from_the_call(text: str, value: str):
    assert found(text, EntityKind.MOMENT) == [value]


@pytest.mark.parametrize("text", ["我提三点意见", "三天两头停电", "24小时热线没人接", "七点五千瓦的机器", "13月40日", ""])
def test_what_only_looks_like_a_moment_is_none(text: str):
    assert found(text, EntityKind.MOMENT) == []


NAMELESS = (
    "昨晚八点开始整个小区停电",
    "整个小区停电",
    "全小区都没电了",
    "我们小区停电了",
    "咱们小区又停电",
    "这栋楼没电",
    "这一栋楼都没电",
    "附近几栋楼都停了",
    "全村没电",
    "我们全村从早上六点停到现在",
    "我家停电了",
    "今晚7点20分整个小区突然停电",
    "昨天下午四点多小区全部停电",
    "11月5日晚小区停电，抢修队来换变压器",
    "上个礼拜三全村停电",
    "第二天全小区都知道了",
    "从上周五开始这个小区天天停电",
    "两个小时前整栋楼突然没电",
    "前年邻村就有人修过",
    "隔壁小区有电，就我们小区没电",
    "周边三个村都没电",
    "同一个村为什么别人有电",
    "租住城中村，房东收一块五",
    "老旧小区改造要不要换表",
    "这个农村电网什么时候改造",
    "物业电工检查称小区内没有异常",
    "请问去年两个村说的不一样是为什么",
    "村便民服务中心没电",
    "抢修车压坏村道",
    "半夜整条街都黑了",
    "从早上开始整个单元都没电",
    "酒店式公寓停电断网",
    "我们一栋18户都交了",
    "园区总表10月28日被拉闸",
    "花车进村的时候停的电",
    "突然整个村子都黑了",
    "晚上十点左右全镇停电",
    "上礼拜渔村停了大半天",
    "我们这个小区停电",
    "昨晚附近几栋楼全黑了",
)
NAMED = {
    "滨河花园小区3号楼没电": "滨河花园小区3号楼",
    "昨晚八点开始滨河花园小区3号楼停电": "滨河花园小区3号楼",
    "滨河小区停电": "滨河小区",
    "昨晚八点滨河小区整个停电": "滨河小区",
    "人民路12号停电": "人民路12号",
    "从今天早上六点起人民路12号一直没电": "人民路12号",
    "柳河镇前进村三组停电": "柳河镇前进村三组",
    "11月5日晚柳河镇前进村全村没电": "柳河镇前进村",
    "2019年搬进锦绣花园3栋": "锦绣花园3栋",
    "投诉城东雅苑物业": "城东雅苑",
    "另外胜利街58号有一个箱子冒烟": "胜利街58号",
    "解决沙湾村机井用电": "沙湾村",
    "第三天石门乡大坳村还没有电": "石门乡大坳村",
    "地址是临江市柳河区建设东路39号院5号楼2单元801": "临江市柳河区建设东路39号院5号楼2单元801",
    "我住丰台区文昌路6号": "丰台区文昌路6号",
    "明珠公寓A座B座都停了": "明珠公寓A座",
    "青石巷12号没电": "青石巷12号",
    "两小时前周庄镇停电，具体在周庄镇北街7号": "周庄镇北街7号",
    "刚才兴隆小区3栋2单元跳闸": "兴隆小区3栋2单元",
    "前进村没电": "前进村",
    "刚才隔壁说翠湖名邸也停了": "翠湖名邸",
    "金沙路阳光水岸停电": "金沙路阳光水岸",
    "荔湾新村12座5楼B室": "荔湾新村12座5楼B室",
    "晚上八点多桂花巷19号顶楼没电": "桂花巷19号",
}


@pytest.mark.parametrize("text", NAMELESS, ids=range(1, len(NAMELESS) + 1))
def test_a_place_that_anybody_may_mean_is_no_address_whatever_time_stands_before_it(text: str):
    assert found(text, EntityKind.ADDRESS) == []


@pytest.mark.parametrize(("text", "value"), NAMED.items(), ids=range(1, len(NAMED) + 1))
def test_an_address_with_a_name_stays_and_the_time_before_it_is_none_of_it(text: str, value: str):
    assert found(text, EntityKind.ADDRESS)[-1:] == [value]


def test_an_address_tells_its_parts():
    (address,) = (e for e in find_entities("在槐荫市柳河区建设东路39号院5号楼2单元801", now=NOW) if e.kind is EntityKind.ADDRESS)
    assert {"city", "county", "road", "number", "building", "unit", "room"} <= set(address.parts)
    assert address.parts["road"] == "建设东路"


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(InvalidInput, match="没有时区"):
        find_entities("昨天停电", now=datetime(2026, 11, 23, 9, 30))


def check_shape(text: str, entities: tuple[Entity, ...]) -> None:
    ends: dict[EntityKind, int] = {}
    for entity in entities:
        start, end = entity.span
        assert text[start:end] == entity.text
        assert start >= ends.get(entity.kind, 0)
        ends[entity.kind] = end
        if entity.kind is EntityKind.MOMENT:
            assert all(datetime.fromisoformat(part) for part in entity.value.split("/"))


SAYINGS = st.lists(
    st.sampled_from([*"昨今前晚早上下周月日号点半到至现在零一二三四五六七八九十两0123456789-/:.个小时前路街村镇号栋单元台区户电话表是在，。 "]),
    max_size=60,
)


@given(st.one_of(st.text(max_size=80), SAYINGS.map("".join)))
@settings(max_examples=400, deadline=None)
def test_any_text_gives_entities_that_quote_it(text: str):
    check_shape(text, find_entities(text, now=NOW))


@pytest.mark.parametrize("piece", ["1 ", "十月", "路", "一二三四五六七八九零", "昨晚", "号楼", "户号", "上上个月"])
def test_a_hostile_text_ends_in_bounded_time(piece: str):
    text = (piece * 100_000)[:100_000]
    began = time.process_time()
    check_shape(text, find_entities(text, now=NOW))
    assert time.process_time() - began < 30
