"""Which model comes into use: by figures on guarded texts, against them with a reason, and the way back."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.errors import ClassifierError, ModelBroken, ModelError, ModelInUse, ModelMissing, ModelStale, PromotionRefused
from classifier.model import ModelFiles
from classifier.promotion import assess, difference, introduce, promote, rollback, who
from classifier.registry import current_version, history, models_dir, remove
from tests.classifier.kept import answers, keep, model

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
Make = Callable[..., ModelFiles]


@pytest.fixture
def make(two_head_files: ModelFiles) -> Make:
    return partial(model, two_head_files)


# the interval


def by_hand(before: list[bool], after: list[bool]) -> tuple[float, float]:
    """The bootstrap interval as the books draw it: texts with replacement, two thousand times."""
    chance, texts = random.Random(1), range(len(before))
    drawn = [[chance.choice(texts) for _ in texts] for _ in range(2_000)]
    points = sorted(100 * sum(after[text] - before[text] for text in sample) / len(before) for sample in drawn)
    return points[50], points[1_949]


@pytest.mark.parametrize(("gained", "lost"), [(12, 6), (2, 25), (0, 9), (30, 30), (0, 0), (120, 0)])
def test_the_interval_is_that_of_drawing_texts_by_hand(gained: int, lost: int) -> None:
    texts = 120
    before = [False] * gained + [True] * (texts - gained)
    after = [True] * (texts - lost) + [False] * lost
    found, (low, high) = difference("topic", before, after), by_hand(before, after)
    # One text is 0.8 points; two draws of two thousand do not end at the same text.
    assert (found.low, found.high) == (pytest.approx(low, abs=1.7), pytest.approx(high, abs=1.7))
    assert found.points == pytest.approx(100 * (gained - lost) / texts)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=300))
def test_the_difference_lies_in_its_interval_and_the_same_answers_give_the_same_interval(pairs: list[tuple[bool, bool]]) -> None:
    before, after = [then for then, _ in pairs], [now for _, now in pairs]
    found = difference("topic", before, after)
    assert found.low <= found.points + 1e-9
    assert found.points <= found.high + 1e-9
    assert not found.is_worse or found.points < 0
    assert difference("topic", before, after) == found


# the verdict

SOME_WORSE = answers(70)  # 10 of 100 lost: the interval ends below zero
NOISE = "0" * 3 + "1" * 79 + "0" * 18  # 3 lost and 2 gained
BETTER = answers(84)
VERDICTS = {
    "better and nowhere worse": ({"decision": BETTER}, "decision", []),
    "a little worse elsewhere is noise": ({"decision": BETTER, "topic": NOISE}, "decision", []),
    "better, and worse elsewhere": ({"decision": BETTER, "demand_type": SOME_WORSE}, "decision", [("worse", "demand_type")]),
    "all the same": ({}, "decision", [("not_better", "decision")]),
    "better at something else": ({"decision": BETTER}, "topic", [("not_better", "topic")]),
    "worse at the metric": ({"topic": SOME_WORSE}, "topic", [("worse", "topic"), ("not_better", "topic")]),
    "no such metric": ({"decision": BETTER}, "speed", [("no_metric", "speed")]),
    "no metric asked for": ({}, None, []),
}


@pytest.mark.parametrize(("right", "metric", "grounds"), VERDICTS.values(), ids=VERDICTS)
def test_a_candidate_is_refused_where_it_is_worse_beyond_noise_or_not_better_at_the_metric(
    make: Make, right: dict[str, str], metric: str | None, grounds: list[tuple[str, str]]
) -> None:
    verdict = assess(make("new", **right).manifest, make("old").manifest, metric)
    assert [(ground.code, ground.name) for ground in verdict.grounds] == grounds
    assert [each.name for each in verdict.differences] == ["topic", "demand_type", "decision"]


def test_models_are_compared_on_the_texts_that_both_have(make: Make) -> None:
    verdict = assess(make("new", first=40).manifest, make("old").manifest, "decision")
    assert (verdict.texts, verdict.guarded) == (60, {"new": 100, "old": 100})
    # Of the texts 40 to 99, the old model has the first 40 right, the new one all: its first 80 are 40 to 119.
    assert (verdict.differences[0].before, verdict.differences[0].after) == (pytest.approx(100 * 40 / 60), 100)


@pytest.mark.parametrize("first", [71, 200], ids=["29 texts in common", "none in common"])
def test_too_few_texts_in_common_are_no_ground_to_judge_on(make: Make, first: int) -> None:
    verdict = assess(make("new", first=first, decision=answers(100)).manifest, make("old").manifest, "decision")
    assert [ground.code for ground in verdict.grounds] == ["few_texts"]


def test_a_candidate_without_a_head_of_the_model_in_use_is_refused(make: Make, one_head_files: ModelFiles) -> None:
    verdict = assess(model(one_head_files, "new", decision=BETTER).manifest, make("old").manifest, "decision")
    assert [(ground.code, ground.name) for ground in verdict.grounds] == [("head_missing", "topic"), ("head_missing", "demand_type")]


@pytest.mark.parametrize("guarded", [{}, {"texts": ["a"]}, {"texts": ["a"], "right": {"decision": "11"}}, {"texts": 1, "right": []}], ids=str)
def test_a_malformed_record_counts_as_no_texts(make: Make, guarded: dict[str, object]) -> None:
    new = make("new").manifest
    object.__setattr__(new, "guarded", guarded)
    assert "few_texts" in [ground.code for ground in assess(new, make("old").manifest).grounds]


# coming into use


def test_the_first_model_comes_into_use_at_once_and_the_next_stays_a_candidate(tmp_path: Path, make: Make) -> None:
    assert introduce(make("m-a"), tmp_path, by="li", now=NOW)
    assert not introduce(make("m-b", decision=BETTER), tmp_path, by="li")
    assert not introduce(make("m-a"), tmp_path, by="li")
    assert current_version(tmp_path) == "m-a"
    (change,) = history(tmp_path)
    assert (change.version, change.before, change.by, change.at, change.figures) == ("m-a", None, "li", NOW, {})


def test_a_new_model_takes_the_place_of_one_that_cannot_be_loaded(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"), in_use="m-a")
    (models_dir(tmp_path) / "m-a" / "words.txt").write_text("x", encoding="utf-8")
    assert introduce(make("m-b"), tmp_path, by="li")
    # Made again, the same version is written anew; the pointer is written too, so that running servers notice.
    (models_dir(tmp_path) / "m-b" / "words.txt").write_text("x", encoding="utf-8")
    assert introduce(make("m-b"), tmp_path, by="li")
    assert current_version(tmp_path) == "m-b"


def test_a_better_candidate_comes_into_use_and_the_history_says_why(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"), make("m-b", decision=BETTER), in_use="m-a")
    change = promote(tmp_path, "m-b", by="li", now=NOW)
    assert history(tmp_path)[-1] == change
    line = json.loads((models_dir(tmp_path) / "history.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (line["at"], line["version"], line["from"], line["by"]) == ("2026-11-23T06:00:00+00:00", "m-b", "m-a", "li")
    assert (line["metric"], line["reason"], line["figures"]["texts"], line["figures"]["grounds"]) == ("decision", "", 100, [])
    assert promote(tmp_path, "m-b", by="li") is None


def test_a_refusal_says_the_figures_and_how_to_go_on_and_changes_nothing(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"), make("m-b", topic=SOME_WORSE), in_use="m-a")
    with pytest.raises(PromotionRefused) as refused:
        promote(tmp_path, "m-b", by="li")
    said = str(refused.value)
    assert "m-b does not take the place of m-a (on 100 guarded texts of both)" in said
    assert "topic is worse beyond noise (80.0 -> 70.0 %, -10.0 points, 95 % interval -16.0 to -4.0)" in said
    assert "decision is not better, though it is the metric named (80.0 -> 80.0 %, +0.0 points" in said
    assert "--force REASON" in said
    assert refused.value.figures["texts"] == 100
    assert (current_version(tmp_path), len(history(tmp_path))) == ("m-a", 1)


REFUSALS = {
    "few texts": ({"first": 90, "decision": answers(100)}, "decision", "10 guarded texts are too few to judge by, 30 are needed"),
    "no such metric": ({"decision": BETTER}, "speed", "there is no metric 'speed' (there are: topic, demand_type, decision)"),
}


@pytest.mark.parametrize(("made", "metric", "message"), REFUSALS.values(), ids=REFUSALS)
def test_every_ground_is_said_in_words(tmp_path: Path, make: Make, made: dict, metric: str, message: str) -> None:
    keep(tmp_path, make("m-a"), make("m-b", **made), in_use="m-a")
    with pytest.raises(PromotionRefused) as refused:
        promote(tmp_path, "m-b", by="li", metric=metric)
    assert message in str(refused.value)


def test_a_missing_head_is_said_in_words(tmp_path: Path, make: Make, one_head_files: ModelFiles) -> None:
    keep(tmp_path, make("m-a"), model(one_head_files, "m-b", decision=BETTER), in_use="m-a")
    with pytest.raises(PromotionRefused, match="it has no head 'topic'; it has no head 'demand_type'"):
        promote(tmp_path, "m-b", by="li")


def test_a_reason_overrules_the_figures_and_stands_in_the_history_with_them(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"), make("m-b", topic=SOME_WORSE), in_use="m-a")
    promote(tmp_path, "m-b", by="li", metric="speed", force="旧模型不认识新主题")
    last = history(tmp_path)[-1]
    assert (last.version, last.reason, last.metric) == ("m-b", "旧模型不认识新主题", None)
    assert {ground["code"] for ground in last.figures["grounds"]} == {"worse", "no_metric"}


def edit(old: str, new: str) -> Callable[[Path], object]:
    def apply(folder: Path) -> None:
        text = (folder / "manifest.json").read_text(encoding="utf-8")
        assert old in text
        (folder / "manifest.json").write_text(text.replace(old, new), encoding="utf-8")

    return apply


DAMAGE: dict[str, tuple[Callable[[Path], object], type[ModelError], str]] = {
    "artefact changed": (lambda folder: (folder / "model.npz").write_bytes(b"x"), ModelBroken, "changed since training"),
    "labels changed": (edit('"meter",', '"meter", "water",'), ModelBroken, "do not fit together"),
    "another dictionary": (edit('"jieba": "0', '"jieba": "9'), ModelStale, "trained with jieba 9"),
    "another format": (edit('"format": 2', '"format": 1'), ModelStale, "its format is 1"),
    "another model's name": (edit('"version": "m-b"', '"version": "m-x"'), ModelBroken, "holds m-x"),
    "gone": (lambda folder: (folder / "manifest.json").unlink(), ModelMissing, "flask models list"),
}


@pytest.mark.parametrize(("damage", "kind", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_candidate_that_cannot_be_loaded_is_refused_even_with_a_reason(
    tmp_path: Path, make: Make, damage: Callable[[Path], object], kind: type[ModelError], message: str
) -> None:
    keep(tmp_path, make("m-a"), make("m-b", decision=BETTER), in_use="m-a")
    damage(models_dir(tmp_path) / "m-b")
    with pytest.raises(kind, match=message):
        promote(tmp_path, "m-b", by="li", force="I want it")
    assert (current_version(tmp_path), len(history(tmp_path))) == ("m-a", 1)


# the way back


def test_rolling_back_twice_goes_back_two_models_and_then_there_is_none(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"), make("m-b"), make("m-c"), in_use="m-a")
    for version in ("m-b", "m-c"):
        promote(tmp_path, version, by="li", force="trial")
    assert rollback(tmp_path, by="wang", reason="错派多", now=NOW).version == "m-b"
    assert rollback(tmp_path, by="wang").version == "m-a"
    assert current_version(tmp_path) == "m-a"
    with pytest.raises(ModelMissing, match="no model was in use before m-a"):
        rollback(tmp_path, by="wang")
    last = history(tmp_path)[-2]
    assert (last.action, last.version, last.before, last.by, last.reason) == ("rolled back", "m-b", "m-c", "wang", "错派多")


def test_what_was_rolled_back_is_not_on_the_way_back(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, *map(make, ("m-a", "m-b", "m-c")), in_use="m-a")
    promote(tmp_path, "m-b", by="li", force="trial")
    rollback(tmp_path, by="li")
    promote(tmp_path, "m-c", by="li", force="trial")
    assert rollback(tmp_path, by="li").version == "m-a"


def test_a_model_that_was_removed_is_passed_over(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, *map(make, ("m-a", "m-b", "m-c")), in_use="m-a")
    for version in ("m-b", "m-c"):
        promote(tmp_path, version, by="li", force="trial")
    remove(tmp_path, "m-b")
    assert rollback(tmp_path, by="li").version == "m-a"


def test_who_saw_another_model_in_use_does_not_roll_back(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"), make("m-b"), in_use="m-a")
    promote(tmp_path, "m-b", by="li", force="trial")
    rollback(tmp_path, by="li", seen="m-b")
    with pytest.raises(ModelInUse, match="m-a is in use by now, not m-b"):
        rollback(tmp_path, by="wang", seen="m-b")


# at the same time


def test_changes_at_the_same_time_come_one_after_the_other(tmp_path: Path, make: Make) -> None:
    names = [f"m-{number}" for number in range(8)]
    keep(tmp_path, *map(make, names), in_use="m-0")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: promote(tmp_path, name, by="li", force="race"), names[1:]))
    changes = history(tmp_path)
    assert sorted(change.version for change in changes) == names
    assert [change.before for change in changes] == [None, *(change.version for change in changes[:-1])]
    assert current_version(tmp_path) == changes[-1].version


def test_of_two_equal_candidates_at_the_same_time_one_comes_into_use(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"), make("m-b", decision=BETTER), make("m-c", decision=BETTER), in_use="m-a")

    def attempt(version: str) -> str:
        try:
            promote(tmp_path, version, by="li")
        except ClassifierError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, ["m-b", "m-c"])) == ["done", "promotion_refused"]


def test_a_command_knows_who_runs_it() -> None:
    assert who()
