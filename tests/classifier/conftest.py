"""A small invented corpus, and models trained on it once for all tests."""

from pathlib import Path

import pytest

import tables
from classifier.corpus import Corpus
from classifier.model import Model, ModelFiles, save_model
from classifier.training import train

WHERE = ("幸福里小区", "柳树湾村", "东街老楼", "河西新村", "码头旁边", "学校对面", "三号院", "菜市场后面")
WHAT = {
    "meter": ("电表走得太快", "电表黑屏看不清", "电表箱门坏了", "电表转得不对劲", "装的新电表不准"),
    "outage": ("突然停电了", "一片漆黑没有电", "又停电两小时", "整栋楼都没电", "半夜停电到现在"),
    "bill": ("电费突然涨了三倍", "电费账单看不懂", "这个月电费多收", "电费发票开不出", "交了电费没到账"),
}
HOW = {"complaint": ("没人管我要投诉", "太不负责任了要求处理"), "enquiry": ("请问是怎么回事", "请问什么时候能好")}
GROUPS = {"topic": {"meter": "metering", "outage": "repair", "bill": "metering"}}


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


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return made_up_corpus()


@pytest.fixture(scope="session")
def one_head_corpus(corpus: Corpus) -> Corpus:
    return Corpus(corpus.texts, {"label": corpus.labels["topic"]})


@pytest.fixture(scope="session")
def two_head_files(corpus: Corpus) -> ModelFiles:
    return train(corpus, words=["电表箱"], groups=GROUPS)


@pytest.fixture(scope="session")
def one_head_files(one_head_corpus: Corpus) -> ModelFiles:
    return train(one_head_corpus)


@pytest.fixture(scope="session")
def two_heads(two_head_files: ModelFiles) -> Model:
    return two_head_files.open()


@pytest.fixture(scope="session")
def one_head(one_head_files: ModelFiles) -> Model:
    return one_head_files.open()


@pytest.fixture
def two_head_dir(two_head_files: ModelFiles, tmp_path: Path) -> Path:
    save_model(two_head_files, tmp_path / "two")
    return tmp_path / "two"


@pytest.fixture
def one_head_dir(one_head_files: ModelFiles, tmp_path: Path) -> Path:
    save_model(one_head_files, tmp_path / "one")
    return tmp_path / "one"


@pytest.fixture
def labelled(corpus: Corpus, tmp_path: Path) -> Path:
    """The invented corpus as a table with a true label, a type, an id, and columns that an answer is also called by."""
    path = tmp_path / "labelled.csv"
    with tables.open_writer(path, ["id", "text", "topic", "demand_type", "also", "label"]) as out:
        for number, text in enumerate(corpus.texts):
            topic, kind = corpus.labels["topic"][number], corpus.labels["demand_type"][number]
            also = "outage;bill" if number == 0 else ""
            row = {"id": f"r{number}", "text": text, "topic": topic, "demand_type": kind, "also": also, "label": topic}
            out.write(row)
    return path
