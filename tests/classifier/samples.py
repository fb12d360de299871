"""A small invented corpus: three topics, two demand types, two registers."""

from classifier.corpus import Corpus
from classifier.training import Decisions

WHERE = ("幸福里小区", "柳树湾村", "东街老楼", "河西新村", "码头旁边", "学校对面", "三号院", "菜市场后面")
WHAT = {
    "meter": ("电表走得太快", "电表黑屏看不清", "电表箱门坏了", "电表转得不对劲", "装的新电表不准"),
    "outage": ("突然停电了", "一片漆黑没有电", "又停电两小时", "整栋楼都没电", "半夜停电到现在"),
    "bill": ("电费突然涨了三倍", "电费账单看不懂", "这个月电费多收", "电费发票开不出", "交了电费没到账"),
}
HOW = {"complaint": ("没人管我要投诉", "太不负责任了要求处理"), "enquiry": ("请问是怎么回事", "请问什么时候能好")}
GROUPS = {"topic": {"meter": "metering", "outage": "repair", "bill": "metering"}}
DECISIONS = Decisions(groups=GROUPS)
WORDS = ("电表箱",)


def made_up_corpus() -> Corpus:
    rows = [
        (f"{where}{what}，{how}", topic, kind, ("note", "speech")[(number + turn) % 2])
        for topic, whats in WHAT.items()
        for number, what in enumerate(whats)
        for kind, hows in HOW.items()
        for turn, (where, how) in enumerate(zip(WHERE[number : number + 2], hows, strict=True))
    ]
    texts, topics, kinds, parts = zip(*rows, strict=True)
    return Corpus(texts, {"topic": topics, "demand_type": kinds}, parts=parts, files=("made-up",))
