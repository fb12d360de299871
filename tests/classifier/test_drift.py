"""Drift: a storm week and a new topic are seen, a sample of what was learnt from is not taken for a change, and few texts prove little."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from scipy.stats import binomtest

from classifier.baseline import Baseline, Observed, baseline_of
from classifier.commands import bundled_decisions
from classifier.corpus import Corpus, read_bundled
from classifier.drift import Flag, Seen, by_chance, compare, observe, override_rates, stability_index, wilson
from classifier.drift_commands import drift
from classifier.manifest import read_manifest
from classifier.model import Model, ModelFiles, save_model
from classifier.registry import PROJECT
from classifier.sources import EXTENSION, Sources
from classifier.training import train

LEARNT_OF_TOPIC, NEW_OF_TOPIC = 24, 8
HYDROGEN = """\
加氢站昨天起压力不足，氢能源车排队两小时加不上
我是氢燃料重卡司机，撬装加氢机报氢气纯度不合格
想问家用电解水制氢机要不要备案
绿氢项目的电解槽夜里啸叫，整个镇都睡不着
储氢罐区离幼儿园太近，家长都担心氢气泄漏
氢能公交停运了，说是燃料电池电堆没有氢
加氢枪冻住拔不下来，站长说等氢温回升
氢车年检要求查储氢瓶，哪里能检
制氢站用的绿电比例怎么查
站里氢气涨到四十五块一公斤，谁定的氢价
输氢管道从我家地里过，没人跟我谈
氢燃料电池热电联供机组并网要什么手续
氢冷发电机漏氢，车间里报警器一直叫
我的氢能自行车换氢瓶的柜子坏了三天
加氢站的氢压缩机跳闸，十几辆氢车趴窝
燃料电池叉车的氢瓶到期没人换
氨氢转换的味道太冲，河边都闻得到
氢能示范线说好八月通车，到现在没有氢源
液氢槽车夜里停在小区门口，排空阀呲呲响
氢气储能电站什么时候能投运
加了氢以后车子报电堆湿度故障，站里不认账
掺氢天然气烧起来火苗发红，会不会出事
站里的氢传感器坏了还在加氢，太危险
氢电耦合项目把我们村的电解制氢设备断了
固态储氢的车到底能不能进地下车库
""".splitlines()


@pytest.fixture(scope="module")
def bundled() -> Corpus:
    return read_bundled(PROJECT / "data")


def of_topic(bundled: Corpus, start: int, stop: int) -> list[int]:
    """Some rows of every topic, in an order that mixes registers."""
    order = np.random.default_rng(0).permutation(len(bundled.texts))
    topics = bundled.labels["topic"]
    return sorted(row for topic in set(topics) for row in [row for row in order if topics[row] == topic][start:stop])


@pytest.fixture(scope="module")
def learnt(bundled: Corpus) -> list[int]:
    return of_topic(bundled, 0, LEARNT_OF_TOPIC)


@pytest.fixture(scope="module")
def fresh(bundled: Corpus) -> list[int]:
    return of_topic(bundled, LEARNT_OF_TOPIC, LEARNT_OF_TOPIC + NEW_OF_TOPIC)


@pytest.fixture(scope="module")
def model(bundled: Corpus, learnt: list[int]) -> Model:
    texts, parts = (tuple(column[row] for row in learnt) for column in (bundled.texts, bundled.parts))
    labels = {head: tuple(column[row] for row in learnt) for head, column in bundled.labels.items()}
    return train(Corpus(texts, labels, parts), decisions=bundled_decisions()).open()


def flags(model: Model, texts: Sequence[str]) -> tuple[str, ...]:
    then = model.manifest.ways["fast"].baseline
    assert then is not None
    return compare(then, observe(model, texts)).flags


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rows", ["learnt", "fresh"])
def test_a_sample_of_the_corpus_is_no_drift(request: pytest.FixtureRequest, bundled: Corpus, model: Model, rows: str, seed: int) -> None:
    chosen = np.random.default_rng(seed).choice(request.getfixturevalue(rows), 250, replace=False)
    assert flags(model, [bundled.texts[row] for row in chosen]) == ()


def test_a_storm_week_is_seen(bundled: Corpus, model: Model, fresh: list[int]) -> None:
    outages = [row for row in fresh if bundled.labels["topic"][row].startswith("outage.fault")]
    storm = [bundled.texts[row] for row in [*fresh, *outages * 9]]
    then = model.manifest.ways["fast"].baseline
    assert then is not None
    found = compare(then, observe(model, storm))
    assert "answers: topic" in found.flags
    assert next(one for one in found.findings if one.name == "answers: topic").flag is Flag.SHIFTED
    assert {"outage.fault.area", "outage.fault.single"} <= set(list(found.moved)[:3])


def test_a_new_topic_is_seen_by_what_the_model_does_not_know(bundled: Corpus, model: Model, fresh: list[int]) -> None:
    normal = [bundled.texts[row] for row in fresh[:100]]
    assert "texts of unknown characters" in flags(model, [*normal, *HYDROGEN])


# The parts of the report


def observed(texts: int = 400, *, seed: int = 0, **changed: object) -> Observed:
    random = np.random.default_rng(seed)
    made = Observed(
        answers={"topic": [str(label) for label in random.choice(["a", "b", "c"], texts, p=[0.6, 0.3, 0.1])]},
        confidence=random.uniform(0.5, 1.0, texts),
        passed=random.uniform(size=texts) < 0.6,
        lengths=random.integers(10, 100, texts),
        unknown_words=random.uniform(0, 0.2, texts),
        unknown_characters=random.uniform(0, 0.1, texts),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


@pytest.fixture
def then() -> Baseline:
    return baseline_of(observed(4000, seed=1), {"topic": ["a", "b", "c"]})


CHANGES = {
    "nothing": ({}, ()),
    "other labels": ({"answers": {"topic": ["c"] * 200 + ["a"] * 200}}, ("answers: topic",)),
    "longer texts": ({"lengths": np.full(400, 95)}, ("text length",)),
    "doubt": ({"confidence": np.array([0.3] * 80 + [0.9] * 320)}, ("doubtful texts",)),
    "more confidence": ({"confidence": np.full(400, 0.99)}, ()),
    "unknown words": ({"unknown_words": np.array([0.5] * 80 + [0.0] * 320)}, ("texts of unknown words",)),
    "a single strange text": ({"unknown_words": np.array([0.9] + [0.1] * 399)}, ()),
    "fewer pass": ({"passed": np.arange(400) < 100}, ("passing the gate",)),
    "more pass": ({"passed": np.full(400, True)}, ()),
}


@pytest.mark.parametrize(("changed", "expected"), CHANGES.values(), ids=CHANGES)
def test_each_change_for_the_worse_is_flagged_under_its_name(then: Baseline, changed: dict[str, object], expected: tuple[str, ...]) -> None:
    assert compare(then, observed(**changed)).flags == expected


def test_that_a_model_errs_towards_a_label_is_no_drift(then: Baseline) -> None:
    truth = replace(then, labels={"topic": {"a": 0.1, "b": 0.1, "c": 0.8}})
    right = observed(answers={"topic": ["a"] * 40 + ["b"] * 40 + ["c"] * 320})
    assert (compare(then, right).flags, compare(truth, right).flags) == (("answers: topic",), ())


def test_the_index_is_the_one_of_the_books() -> None:
    then, now = [0.5, 0.3, 0.2], [0.4, 0.3, 0.3]
    expected = -0.1 * np.log(0.4 / 0.5) + 0.1 * np.log(0.3 / 0.2)
    assert stability_index(then, now, (10**7, 10**7)) == pytest.approx(expected, abs=1e-5)


def test_what_chance_gives_is_passed_about_once_in_a_hundred_times() -> None:
    random, shares = np.random.default_rng(3), np.full(20, 0.05)
    draws = [(random.multinomial(2000, shares) / 2000, random.multinomial(500, shares) / 500) for _ in range(2000)]
    passed = sum(stability_index(then, now, (2000, 500)) > by_chance(20, (2000, 500)) for then, now in draws)
    assert 5 <= passed <= 40


@pytest.mark.parametrize(("hits", "texts"), [(0, 10), (5, 10), (50, 1000), (7, 7)], ids=["none", "half", "few", "all"])
def test_an_interval_is_wilsons(hits: int, texts: int) -> None:
    assert wilson(hits, texts) == pytest.approx(tuple(binomtest(hits, texts).proportion_ci(0.99, "wilson")), abs=1e-4)


def test_overrides_are_counted_over_all_that_the_model_said() -> None:
    seen = [Seen("", "a", "b")] * 30 + [Seen("", "a", "a")] * 10 + [Seen("", "a", None)] * 60 + [Seen("", "b", None)] * 5 + [Seen("", None, "a")]
    first, second = override_rates(seen, {"a": 0.1, "b": 0.1})
    assert (first.label, first.said, first.overridden, first.rate, first.flag) == ("a", 100, 30, 0.3, Flag.WATCH)
    assert (second.label, second.rate, second.flag) == ("b", 0.0, Flag.STEADY)


def test_the_baseline_is_kept_with_the_model(two_head_files: ModelFiles, tmp_path: Path) -> None:
    save_model(two_head_files, tmp_path / "m")
    assert read_manifest(tmp_path / "m") == two_head_files.manifest
    assert two_head_files.manifest.ways["fast"].baseline is not None


# The command


class Running:
    """An application that gives the same texts for every period."""

    def __init__(self, seen: Sequence[Seen]) -> None:
        self.extensions = {EXTENSION: Sources(lambda: [], lambda since, until, most: seen if until - since > timedelta(0) else [])}

    def load_app(self) -> "Running":
        return self


@pytest.fixture
def run(two_head_dir: Path) -> Callable[..., Result]:
    def invoke(seen: Sequence[Seen], *options: str) -> Result:
        return CliRunner().invoke(drift, ["--model", str(two_head_dir), *options], obj=Running(seen))

    return invoke


@pytest.fixture
def recent(corpus: Corpus) -> list[Seen]:
    return [Seen(text, topic, "bill") for text, topic in zip(corpus.texts, corpus.labels["topic"], strict=True)]


def test_the_command_prints_figures_and_no_text(run: Callable[..., Result], recent: list[Seen]) -> None:
    done = run(recent)
    assert done.exit_code == 0, done.output
    assert "answers: topic" in done.stdout
    assert "100.0%" in done.stdout.partition("overruled by people")[2]
    assert not [one for one in recent if one.text in done.stdout]


def test_the_report_is_one_object_on_request(run: Callable[..., Result], recent: list[Seen]) -> None:
    found = json.loads(run(recent, "--json", "--before", "60").stdout)
    assert found["texts"] == found["then_texts"] == len(recent)
    assert found["flags"] == []


def test_too_few_texts_are_refused_with_the_way_out(run: Callable[..., Result], recent: list[Seen]) -> None:
    done = run(recent[:49], "--days", "7")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "49 texts are too few" in done.stderr


def test_outside_of_the_application_it_says_so(two_head_dir: Path) -> None:
    done = CliRunner().invoke(drift, ["--model", str(two_head_dir)])
    assert done.exit_code == 2
    assert "as a command of `flask`" in done.stderr
