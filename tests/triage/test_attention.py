"""Attention rules: what they hear in a text, and what only sounds like it."""

from dataclasses import replace

import pytest

from tests.triage.samples import NOW, contact, nobody, prediction
from triage.attention import earlier_of_same_event, read_attention
from triage.complaint import Customer, EarlierCall
from triage.routing import decide
from triage.rules import Rules
from triage.terms import Channel, Level, Locality

HEARD = {
    "injury": (
        "路边高压线断落在地上",
        "有人触电了，快来",
        "变压器着火了",
        "配电箱冒黑烟",
        "电线掉下来砸到车上",
        "刚才电表箱爆炸",
        "孩子在楼下被电到了",
        "断了一根电线拖着",
        "昨晚台风，导线落地还带电",
        "工人抢修时受伤",
        "没有人管，表箱起火了",
        "电缆沟一直放炮",
        "电杆旁边漏电伤人",
        "摸了铁杆过电了",
    ),
    "media": (
        "我要找记者来",
        "再不处理就曝光你们",
        "已经联系了电视台",
        "我把视频发到抖音上",
        "发朋友圈让大家看看",
        "要上热搜了",
        "我打报社电话",
        "拍了小视频发出去",
        "你们等着媒体采访吧",
        "打新闻热线",
    ),
    "collective": (
        "我们小区业主联名反映",
        "几十户村民一起来的",
        "准备去上访",
        "居民要拉横幅",
        "已经有人聚集在供电所门口",
        "集体投诉电价",
        "全村一起反映电压低",
        "去信访局了",
        "上百户业主联合签字",
        "集体维权",
    ),
    "confidential": (
        "请为我保密",
        "我要匿名反映",
        "不要透露我的姓名",
        "别告诉他们是我说的",
        "怕打击报复",
        "不要告诉村里我的电话",
        "我怕报复",
        "不要泄露身份",
        "希望全程保密",
    ),
    "no_liability": (
        "路灯不亮了",
        "房东拉闸断了我的电",
        "开发商停了小区的电",
        "移动的光纤线断了",
        "联通线杆倒了",
        "二房东掐电",
        "小区路灯坏了半个月",
        "物业停了我们的电",
        "通信杆快倒了",
        "广电线垂下来",
    ),
    "life_support": (
        "停电三天了没人管，老人在家吸氧",
        "家里有呼吸机，突然没电了",
        "欠费停电，透析机用不了",
        "担心制氧机停了老人出事",
        "我爸去年查出尘肺，天天吸氧，停电受不了",
        "没有人来修，病人的吸痰器停了",
        "吸氧的电费优惠办过，今天停电了",
    ),
    "trapped": (
        "电梯里困着两个人，停电了",
        "停电，我妈还在电梯里",
        "我在电梯里出不来，快来电",
        "刚才一停电电梯就卡住了，里面有个老太太",
        "上次停电就困过人，这次又把我爸困在电梯里了，到现在没放出来",
    ),
}
NOT_HEARD = {
    "injury": (
        "有人绕过电表从杆上接线偷电",
        "家里停电了",
        "没有人受伤，只是停电",
        "线杆歪了，怕触电",
        "担心电线断落",
        "去年这里着火过，现在想换表",
        "业主群里炸了锅",
        "万一起火怎么办",
        "如果冒烟要不要拉闸",
        "急得冒烟",
        "未着火",
        "电线老化，容易起火，请来看看",
        "火冒三丈",
        "前年有人触电，问赔偿到哪一步",
    ),
    "media": (
        "看到新闻说电价要调",
        "听到媒体报道阶梯电价",
        "新闻里说要错峰",
        "我是做直播带货的，停电影响生意",
        "在网上国网上交费",
        "看电视的时候停电了",
        "电视机烧坏了",
        "我是主播，老是跳闸",
        "用手机拍了电表照片",
    ),
    "collective": (
        "我住集体宿舍",
        "集体户口能办过户吗",
        "变压器旁聚集蚊虫",
        "电箱里聚集灰尘",
        "集体土地上的电杆",
        "村集体经济合作社用电申请",
        "全家都没电",
        "我一户没电",
        "集体食堂电价",
    ),
    "confidential": (
        "不需要保密",
        "无需保密",
        "不用保密，可以公开",
        "不要求保密",
        "告诉我电话号码",
        "我的身份证号变了，要过户",
        "不保密",
        "请告诉我姓名写错怎么改",
    ),
    "no_liability": (
        "我家停电了",
        "电线杆倒了",
        "物业费交了，电费没交",
        "物业让我找供电局换表",
        "供电公司停了我的电",
        "路边电线断了",
        "开发商没有办好一户一表",
        "移动电表箱的位置",
    ),
    "life_support": (
        "以前用过呼吸机，现在只是停电",
        "老人不用吸氧，只是停电",
        "没有呼吸机、制氧机这些",
        "鱼塘的增氧机停了",
        "听说有人吸氧的时候停电了",
        "如果家里有人吸氧，停电会通知吗",
        "制氧机的电费有没有优惠",
        "制氧机早就送人了",
        "卖呼吸机的店停电了",
    ),
    "trapped": (
        "上次停电把人困在电梯里",
        "电梯停了老人下不了楼",
        "昨天停电我被困在电梯里四十分钟",
        "万一停电把人困在电梯里谁负责",
        "电梯里困的人已经救出来了，什么时候来电",
        "没有人困在电梯里，就是停电",
        "这个月第三次停电，电梯又困人",
        "电梯一停就有人被关在里面",
        "物业把电梯关了",
    ),
}


def cases(table: dict[str, tuple[str, ...]]) -> list:
    """A case a text, named by rule and place: pytest would escape the Chinese."""
    return [pytest.param(rule, text, id=f"{rule} {n}") for rule, texts in table.items() for n, text in enumerate(texts, 1)]


def heard(rules: Rules, text: str, **context) -> set[str]:
    """The codes of the rules that hold."""
    made = contact(text)
    return {a.rule for a in read_attention(made.complaints[0], made, nobody(**context), "outage.fault.single", rules)}


@pytest.mark.parametrize(("rule", "text"), cases(HEARD))
def test_it_is_heard(rules: Rules, rule: str, text: str):
    assert rule in heard(rules, text)


@pytest.mark.parametrize(("rule", "text"), cases(NOT_HEARD))
def test_it_only_sounds_like_it(rules: Rules, rule: str, text: str):
    assert rule not in heard(rules, text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        pytest.param("injury", "我怕停电，现在电线着火了。", id="a fear of something else before the comma"),
        pytest.param("no_liability", "物业把我家电停了", id="the verb after the object"),
    ],
)
def test_it_should_be_heard(rules: Rules, rule: str, text: str):
    assert rule in heard(rules, text)


def test_a_figure_of_speech_that_reaches_past_its_negation(rules: Rules):
    assert "injury" not in heard(rules, "电费高得我气炸了")


def test_the_evidence_is_the_words_themselves(rules: Rules):
    made = contact("下雨后变压器着火了，快来")
    (found,) = read_attention(made.complaints[0], made, nobody(), None, rules)
    assert (found.rule, found.name, found.evidence) == ("injury", "人身安全", "原文“着火”")


@pytest.mark.parametrize(
    ("channel", "holds"),
    [(channel, channel in ("12398", "12345", "other")) for channel in Channel],
    ids=[channel.value for channel in Channel],
)
def test_what_an_authority_hands_on_is_marked(rules: Rules, channel: Channel, holds: bool):
    made = contact("没电", channel=channel)
    found = read_attention(made.complaints[0], made, nobody(), None, rules)
    assert [(a.rule, a.evidence) for a in found] == ([("authority", f"渠道：{channel.label}")] if holds else [])


def test_a_box_that_the_agent_ticked_is_a_wish_for_confidence(rules: Rules):
    made = contact("没电", is_confidential=True)
    assert [a.evidence for a in read_attention(made.complaints[0], made, nobody(), None, rules)] == ["客户要求保密"]


@pytest.mark.parametrize(("kind", "holds"), [("医院", True), ("低保户", True), ("", False)], ids=["hospital", "low income", "ordinary"])
def test_a_key_customer_is_known_by_the_record(rules: Rules, kind: str, holds: bool):
    customer = Customer("3301000001", "330101", Locality.URBAN, kind)
    assert ("key_customer" in heard(rules, "没电", customer=customer)) is holds


def earlier(*topics: str | None) -> tuple[EarlierCall, ...]:
    """Earlier calls, the latest first."""
    return tuple(EarlierCall(f"2026112300{n:06d}", topic, NOW) for n, topic in enumerate(topics))


@pytest.mark.parametrize(
    ("topics", "holds"),
    [
        pytest.param((), False, id="first call"),
        pytest.param(("outage.fault.single",), False, id="second"),
        pytest.param(("outage.fault.single", "outage.fault.area"), True, id="third, of the same second level"),
        pytest.param(("outage.fault.single", "business.tariff.bill"), False, id="third, but another matter"),
        pytest.param((None, None, None), False, id="nobody said what they were about"),
        pytest.param(("gone.long", "gone.long"), False, id="topics no longer in force"),
        pytest.param(("outage.fault.single",) * 4, True, id="fifth"),
        pytest.param(("outage.repair.delay", "outage.repair.delay"), False, id="the repair, not the fault"),
    ],
)
def test_a_third_call_about_the_same_is_a_repeat(rules: Rules, topics: tuple[str | None, ...], holds: bool):
    assert ("repeat_caller" in heard(rules, "没电", earlier=earlier(*topics))) is holds


def test_a_complaint_about_nothing_known_has_no_earlier_calls(rules: Rules):
    assert earlier_of_same_event("没电", nobody(earlier=earlier("outage.fault.single", None)), None, rules) == ()


@pytest.mark.parametrize("topic", ["outage.repair.delay", "business.reading.arrears", "outage.notice.plan"])
def test_a_machine_that_keeps_somebody_alive_raises_the_level_and_brings_in_emergency_power(rules: Rules, topic: str):
    made = contact("停电三天了没人管，老人在家吸氧")
    decision = decide(made.complaints[0], made, prediction(topic, "complaint", 0.5), nobody(), rules)
    assert (decision.level, decision.co_departments) == (Level.MAJOR, ("operations",))
    assert "居家医疗用电：原文“吸氧”" in decision.reasons


def test_somebody_in_a_lift_raises_the_level_and_brings_in_the_repair_that_gives_power_back(rules: Rules):
    made = contact("停电了，电梯里困着两个人，快来")
    decision = decide(made.complaints[0], made, prediction("business.tariff.bill", "complaint", 0.5), nobody(), rules)
    assert (decision.level, decision.co_departments) == (Level.MAJOR, ("repair",))
    assert "电梯困人：原文“电梯里困着”" in decision.reasons


def test_a_rule_taken_out_of_the_table_is_not_heard(rules: Rules):
    made = contact("变压器着火了")
    without = replace(rules, attention={code: rule for code, rule in rules.attention.items() if code != "injury"})
    assert read_attention(made.complaints[0], made, nobody(), None, without) == ()
