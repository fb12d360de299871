"""A model: answers for any text, comes back from its folder as it was, and is not loaded when it was changed."""

import io
import json
import math
import multiprocessing
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.artefact import from_terms, pack, to_terms, unpack
from classifier.corpus import Corpus
from classifier.errors import ModelBroken, ModelError, ModelMissing, ModelStale, OutputRefused
from classifier.manifest import FAST, FULL, Way, read_manifest
from classifier.model import TEXTS_AT_ONCE, Model, ModelFiles, Prediction, load_model, save_model, sha256
from classifier.words import as_file, digest

ODD = ["", "   \n\t", "!!!???", "hello world", "123", "😀😀", "\ud800", "\x00", "電錶壞了", "停" * 100_000]


def check(answer: Prediction) -> None:
    for ranked in answer.heads.values():
        chances = [chance for _, chance in ranked]
        assert all(math.isfinite(chance) for chance in chances)
        assert sum(chances) == pytest.approx(1.0, abs=1e-6)
        assert chances == sorted(chances, reverse=True)
        assert len({label for label, _ in ranked}) == len(ranked)
    assert 0 <= answer.gate_score <= 1
    assert all(math.isfinite(weight) for words in answer.words.values() for _, weight in words)


def alike(answers: Sequence[Prediction], others: Sequence[Prediction]) -> bool:
    """Whether answers are the same but for the last digits, which depend on how many texts are multiplied at once."""
    return len(answers) == len(others) and all(
        one.words.keys() == other.words.keys()
        and one.gate_score == pytest.approx(other.gate_score, abs=1e-5)
        and all(dict(one.heads[head]) == pytest.approx(dict(other.heads[head]), abs=1e-5) for head in one.heads)
        for one, other in zip(answers, others, strict=True)
    )


# Answers


def test_an_answer_has_all_labels_of_both_heads(two_heads: Model) -> None:
    (answer,) = two_heads.predict(["东街老楼突然停电了，请问什么时候能好"])
    assert answer.heads["topic"][0][0] == "outage"
    assert answer.heads["demand_type"][0][0] == "enquiry"
    assert {label for label, _ in answer.heads["topic"]} == {"bill", "meter", "outage"}
    assert answer.model_version == two_heads.version
    assert answer.threshold == two_heads.threshold
    check(answer)


@pytest.mark.parametrize("text", ODD, ids=lambda text: repr(text[:12]))
def test_an_odd_text_has_an_answer_too(two_heads: Model, text: str) -> None:
    check(two_heads.predict([text])[0])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(), max_size=60))
def test_any_text_has_probabilities(two_heads: Model, one_head: Model, text: str) -> None:
    check(two_heads.predict([text])[0])
    check(one_head.predict([text])[0])


def test_no_texts_have_no_answers(one_head: Model) -> None:
    assert one_head.predict([]) == []


@pytest.mark.parametrize("explain", [True, False], ids=["with reasons", "without"])
def test_an_answer_is_the_same_alone_and_among_others(two_heads: Model, corpus: Corpus, explain: bool) -> None:
    together = two_heads.predict([*corpus.texts, *ODD] * 10, explain=explain)
    assert len(together) > TEXTS_AT_ONCE
    alone = [two_heads.predict([text], explain=explain)[0] for text in [*corpus.texts, *ODD]]
    assert alike(together[: len(alone)], alone)
    assert alike(together[-len(alone) :], alone)


def test_without_explanation_only_the_reasons_are_missing(two_heads: Model) -> None:
    (full,), (bare,) = two_heads.predict(["电表黑屏"]), two_heads.predict(["电表黑屏"], explain=False)
    assert (bare.words, bare.sense) == ({}, {})
    assert (bare.heads, bare.gate_score) == (full.heads, full.gate_score)


@pytest.mark.parametrize("most", [1, 2, 3, 99])
@pytest.mark.parametrize("explain", [True, False], ids=["with reasons", "without"])
def test_only_so_many_of_the_likeliest_labels_are_given(two_heads: Model, most: int, explain: bool) -> None:
    (full,), (few,) = two_heads.predict(["电表黑屏"], explain=explain), two_heads.predict(["电表黑屏"], explain=explain, most=most)
    assert few.heads == {head: ranked[:most] for head, ranked in full.heads.items()}
    assert (few.words, few.gate_score) == (full.words, full.gate_score)


def test_threads_get_the_same_answers(two_heads: Model, corpus: Corpus) -> None:
    expected = [two_heads.predict([text])[0] for text in corpus.texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: two_heads.predict([text])[0], corpus.texts)) == expected


def forked(model: Model, texts: Sequence[str]) -> list[Prediction]:
    """The answers of a forked process."""
    fork = multiprocessing.get_context("fork")
    queue = fork.SimpleQueue()
    process = fork.Process(target=lambda: queue.put(model.predict(texts)))
    process.start()
    answers: list[Prediction] = queue.get()
    process.join()
    return answers


def test_a_forked_process_gets_the_same_answers(two_heads: Model, corpus: Corpus) -> None:
    assert forked(two_heads, corpus.texts) == two_heads.predict(corpus.texts)


def test_the_gate_takes_labels_of_one_group_together(two_heads: Model) -> None:
    (answer,) = two_heads.predict(["电表不准电费多收"])
    topics, kinds = dict(answer.heads["topic"]), dict(answer.heads["demand_type"])
    assert answer.heads["topic"][0][0] != "outage"
    assert answer.gate_score == pytest.approx((topics["meter"] + topics["bill"]) * max(kinds.values()))


def test_a_label_that_is_costly_to_miss_makes_a_decision_less_sure(two_head_files: ModelFiles) -> None:
    costly = replace(two_head_files.manifest, costs={"demand_type": {"complaint": 50.0, "enquiry": 50.0}})
    text = ""  # of which nothing is known, so that nothing is sure
    (cheap,), (dear,) = two_head_files.open().predict([text]), replace(two_head_files, manifest=costly).open().predict([text])
    assert cheap.heads == dear.heads
    assert dear.gate_score < cheap.gate_score


# Two ways


def test_a_model_without_an_encoder_has_the_fast_way_alone(two_heads: Model) -> None:
    assert (two_heads.way, set(two_heads.manifest.ways)) == (FAST, {FAST})
    assert two_heads.predict(["停电了"])[0].sense == {}


def test_with_the_encoder_there_are_two_ways_each_with_its_gate_and_factors(full_files: ModelFiles) -> None:
    full, fast = full_files.open(), full_files.open(fast=True)
    assert (full.way, fast.way, full_files.manifest.best) == (FULL, FAST, FULL)
    ways = full_files.manifest.ways
    assert (full.threshold, fast.threshold) == (ways[FULL].gate.threshold, ways[FAST].gate.threshold)
    assert [len(card.scales) for card in ways[FULL].heads.values()] == [2, 2]
    assert [len(card.scales) for card in ways[FAST].heads.values()] == [1, 1]


def test_each_way_has_the_factors_and_the_gate_of_its_card(full_files: ModelFiles) -> None:
    manifest = full_files.manifest
    way = manifest.ways[FULL]
    heads = {head: replace(card, scales=(card.scales[0], 2 * card.scales[1])) for head, card in way.heads.items()}
    louder = replace(manifest, ways=manifest.ways | {FULL: Way(replace(way.gate, threshold=0.123), heads)})
    changed = replace(full_files, manifest=louder)
    assert (changed.open().threshold, changed.open(fast=True).threshold) == (0.123, manifest.ways[FAST].gate.threshold)
    (before,), (after,) = full_files.open().predict(["整栋楼都没电"]), changed.open().predict(["整栋楼都没电"])
    assert after.sense == pytest.approx({head: 2 * margin for head, margin in before.sense.items()}, rel=1e-4)
    assert {head: dict(words) for head, words in after.words.items()} == {head: dict(words) for head, words in before.words.items()}


def test_the_full_way_says_what_the_meaning_adds(full_files: ModelFiles) -> None:
    (answer,) = full_files.open().predict(["家里一片漆黑没有电"])
    check(answer)
    assert set(answer.sense) == set(answer.words) == {"topic", "demand_type"}
    assert answer.heads["topic"][0][0] == "outage"
    assert answer.sense["topic"] > 0


def test_the_fast_way_answers_as_a_model_that_never_had_an_encoder(full_files: ModelFiles, two_heads: Model, corpus: Corpus) -> None:
    fast = [replace(answer, model_version="any") for answer in full_files.open(fast=True).predict(corpus.texts)]
    assert fast == [replace(answer, model_version="any") for answer in two_heads.predict(corpus.texts)]


def test_the_full_way_is_safe_for_threads_and_after_a_fork(full_files: ModelFiles, corpus: Corpus) -> None:
    model, texts = full_files.open(), [*corpus.texts[:6], *ODD]
    expected = model.predict(texts)
    with ThreadPoolExecutor(4) as pool:
        assert all(answers == expected for answers in pool.map(lambda _: model.predict(texts), range(8)))
    assert alike([replace(answer, words={}, sense={}) for answer in expected], model.predict(texts, explain=False))
    assert forked(model, texts) == expected
    assert alike([model.predict([text])[0] for text in texts], expected)


# Folders


def test_a_saved_model_answers_as_before(two_head_dir: Path, two_head_files: ModelFiles, two_heads: Model, corpus: Corpus) -> None:
    assert load_model(two_head_dir).predict(corpus.texts) == two_heads.predict(corpus.texts)
    ((word, _),) = two_heads._parts.cutter.terms
    assert word == "电表箱"
    assert (two_head_dir / "words.txt").read_bytes() == as_file(two_heads._parts.cutter.terms)
    assert sorted(path.name for path in two_head_dir.iterdir()) == ["manifest.json", "model.npz", "words.txt"]
    assert list(two_head_dir.parent.iterdir()) == [two_head_dir]


@pytest.mark.parametrize("files", ["two_head_files", "full_files"])
def test_a_manifest_reads_back_as_it_was_written(files: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    written: ModelFiles = request.getfixturevalue(files)
    save_model(written, tmp_path / "m")
    assert read_manifest(tmp_path / "m") == written.manifest


def test_a_model_takes_the_place_of_another_or_of_an_empty_folder(one_head_files: ModelFiles, two_head_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (two_head_dir, tmp_path / "empty"):
        save_model(one_head_files, folder)
        assert load_model(folder).version == one_head_files.manifest.version


def test_a_folder_that_is_not_a_model_is_not_overwritten(one_head_files: ModelFiles, tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    for place in (tmp_path, tmp_path / "thesis.doc"):
        with pytest.raises(OutputRefused, match="not a model"):
            save_model(one_head_files, place)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


# Refused


def edit(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        change(content)
        (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")

    return apply


def spoil(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b" ")


def replace_file(name: str, entry: str, content: bytes) -> Callable[[Path], None]:
    """Put another file there, and its hash into the manifest, as one could who may write to the folder."""

    def apply(folder: Path) -> None:
        (folder / name).write_bytes(content)
        edit(lambda manifest: manifest.update({entry: sha256(content)}))(folder)

    return apply


def replace_artefact(content: bytes) -> Callable[[Path], None]:
    return replace_file("model.npz", "artefact_sha256", content)


def replace_array(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        arrays = unpack((folder / "model.npz").read_bytes())
        replace_artefact(pack(arrays | {name: change(arrays[name])}))(folder)

    return apply


class Runs:
    """What a pickle would run on loading."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('it ran')",)


def with_objects() -> bytes:
    """An npz file with an array of Python objects, which numpy writes as a pickle."""
    target = io.BytesIO()
    np.savez(target, words=np.array([Runs()], dtype=object))
    return target.getvalue()


DAMAGE: dict[str, tuple[Callable[[Path], object], type[ModelError], str]] = {
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), ModelMissing, "flask train"),
    "manifest cut off": (lambda folder: (folder / "manifest.json").write_text('{"a": '), ModelBroken, "cannot be read"),
    "manifest is a list": (lambda folder: (folder / "manifest.json").write_text("[]"), ModelStale, "format is None"),
    "other format": (edit(lambda manifest: manifest.update(format=1)), ModelStale, "format is 1, this program reads 2"),
    "entry missing": (edit(lambda manifest: manifest.pop("ways")), ModelBroken, "entry is missing"),
    "entry of another kind": (edit(lambda manifest: manifest.update(ways=[1])), ModelBroken, "entry is missing or wrong"),
    "no such recipe": (edit(lambda manifest: manifest["recipe"].update(magic=1)), ModelBroken, "entry is missing or wrong"),
    "other dictionary": (edit(lambda manifest: manifest["libraries"].update(jieba="0.1")), ModelStale, r"jieba 0\.1, installed is"),
    "no dictionary": (edit(lambda manifest: manifest["libraries"].pop("jieba")), ModelStale, "jieba None"),
    "label taken out": (edit(lambda manifest: manifest["labels"]["topic"].pop()), ModelBroken, "other labels or features"),
    "head taken out": (edit(lambda manifest: manifest["labels"].pop("topic")), ModelBroken, "other labels or features"),
    "way taken out": (edit(lambda manifest: manifest["ways"].pop("fast")), ModelBroken, "do not fit together"),
    "artefact changed": (spoil("model.npz"), ModelBroken, "changed since training"),
    "words changed": (spoil("words.txt"), ModelBroken, "changed since training"),
    "artefact gone": (lambda folder: (folder / "model.npz").unlink(), ModelBroken, "cannot be read"),
    "artefact is no zip": (replace_artefact(b"x"), ModelBroken, "cannot be loaded"),
    "artefact is empty": (replace_artefact(b""), ModelBroken, "cannot be loaded"),
    "artefact is a pickle": (replace_artefact(pickle.dumps(Runs())), ModelBroken, "cannot be loaded"),
    "artefact holds objects": (replace_artefact(with_objects()), ModelBroken, r"cannot be loaded \(ValueError\)"),
    "artefact without arrays": (replace_artefact(pack({})), ModelBroken, "do not fit together"),
    "weights of fewer features": (replace_array("wording.weights", lambda weights: weights[:-1]), ModelBroken, "other labels or features"),
    "weights of fewer labels": (replace_array("wording.weights", lambda weights: weights[:, :-1]), ModelBroken, "other labels or features"),
    "fewer sequences": (replace_array("sequences", lambda keys: keys[:-1]), ModelBroken, "not as many weights as features"),
    "words without weights": (replace_file("words.txt", "words_sha256", "电表箱\n".encode()), ModelBroken, "do not fit together"),
}


@pytest.mark.parametrize(("damage", "kind", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_model_is_refused(two_head_dir: Path, damage: Callable[[Path], object], kind: type[ModelError], message: str) -> None:
    damage(two_head_dir)
    with pytest.raises(kind, match=message):
        load_model(two_head_dir)


def test_other_versions_of_libraries_that_only_learn_are_no_reason_to_refuse(two_head_dir: Path, two_heads: Model) -> None:
    edit(lambda manifest: manifest["libraries"].update({"scikit-learn": "0.1"}))(two_head_dir)
    assert load_model(two_head_dir).version == two_heads.version


def test_a_folder_that_does_not_exist_has_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        load_model(tmp_path / "none")


# Bytes


def test_the_same_arrays_are_the_same_bytes_in_whatever_order() -> None:
    arrays = {"b": np.arange(3), "a": np.ones((2, 2), dtype=np.float32)}
    assert pack(arrays) == pack(dict(reversed(arrays.items())))
    again = unpack(pack(arrays))
    assert {name: (array.dtype, array.tolist()) for name, array in again.items()} == {
        name: (array.dtype, array.tolist()) for name, array in sorted(arrays.items())
    }


def test_an_array_of_objects_is_not_written_either() -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        pack({"a": np.array([Runs()], dtype=object)})


@given(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1), min_size=1))
def test_terms_survive_as_bytes(terms: list[str]) -> None:
    assert to_terms(from_terms(terms)) == terms


def test_the_hash_of_the_words_is_that_of_their_file(two_head_files: ModelFiles, two_heads: Model) -> None:
    assert two_head_files.manifest.words_sha256 == sha256(two_head_files.words) == digest(two_heads._parts.cutter.terms)
