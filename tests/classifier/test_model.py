"""A model: answers for any text, comes back from its folder as it was, and is not loaded when it was changed."""

import json
import math
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.artefact import from_terms, pack, to_terms, unpack
from classifier.corpus import Corpus
from classifier.errors import ModelBroken, ModelError, ModelMissing, ModelStale, OutputRefused
from classifier.manifest import read_manifest
from classifier.model import Model, ModelFiles, Prediction, group_numbers, load_model, save_model, sha256

ODD = ["", "   \n\t", "!!!???", "hello world", "123", "😀😀", "\ud800", "\x00", "電錶壞了", "停" * 100_000]


def check(answer: Prediction) -> None:
    for ranked in answer.heads.values():
        chances = [chance for _, chance in ranked]
        assert all(math.isfinite(chance) for chance in chances)
        assert sum(chances) == pytest.approx(1.0, abs=1e-6)
        assert chances == sorted(chances, reverse=True)
        assert len({label for label, _ in ranked}) == len(ranked)
    assert 0 <= answer.gate_score <= 1


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
@given(text=st.text(max_size=60))
def test_any_text_has_probabilities(two_heads: Model, one_head: Model, text: str) -> None:
    check(two_heads.predict([text])[0])
    check(one_head.predict([text])[0])


def test_no_texts_have_no_answers(one_head: Model) -> None:
    assert one_head.predict([]) == []


def test_an_answer_is_the_same_alone_and_among_others(two_heads: Model, corpus: Corpus) -> None:
    together = two_heads.predict(corpus.texts * 30)
    assert together[: len(corpus.texts)] == [two_heads.predict([text])[0] for text in corpus.texts]


def test_without_explanation_only_the_words_are_missing(two_heads: Model) -> None:
    (full,), (bare,) = two_heads.predict(["电表黑屏"]), two_heads.predict(["电表黑屏"], explain=False)
    assert bare.words == {}
    assert (bare.heads, bare.gate_score) == (full.heads, full.gate_score)


def test_threads_get_the_same_answers(two_heads: Model, corpus: Corpus) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: two_heads.predict([text])[0], corpus.texts))
    assert answers == two_heads.predict(corpus.texts)


def test_a_forked_process_gets_the_same_answers(two_heads: Model, corpus: Corpus) -> None:
    fork = multiprocessing.get_context("fork")
    queue = fork.SimpleQueue()
    process = fork.Process(target=lambda: queue.put(two_heads.predict(corpus.texts)))
    process.start()
    answers = queue.get()
    process.join()
    assert answers == two_heads.predict(corpus.texts)


def test_the_gate_takes_labels_of_one_group_together(two_heads: Model) -> None:
    (answer,) = two_heads.predict(["电表不准电费多收"])
    topics, kinds = dict(answer.heads["topic"]), dict(answer.heads["demand_type"])
    assert answer.heads["topic"][0][0] != "outage"
    assert answer.gate_score == pytest.approx(min(topics["meter"] + topics["bill"], max(kinds.values())))


def test_a_label_without_a_group_is_one_of_its_own() -> None:
    assert group_numbers(["a", "b", "c", "d"], {"a": "x", "c": "x", "d": "b"}).tolist() == [0, 1, 0, 2]


def test_a_saved_model_answers_as_before(two_head_dir: Path, two_heads: Model, corpus: Corpus) -> None:
    assert load_model(two_head_dir).predict(corpus.texts) == two_heads.predict(corpus.texts)
    assert (two_head_dir / "words.txt").read_text(encoding="utf-8") == "电表箱\n"
    assert sorted(path.name for path in two_head_dir.iterdir()) == ["manifest.json", "model.skops", "words.txt"]
    assert list(two_head_dir.parent.iterdir()) == [two_head_dir]


def test_a_manifest_reads_back_as_it_was_written(two_head_dir: Path, two_head_files: ModelFiles) -> None:
    assert read_manifest(two_head_dir) == two_head_files.manifest


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


def edit(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        change(content)
        (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")

    return apply


def spoil(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b" ")


def replace_artefact(content: bytes) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / "model.skops").write_bytes(content)
        edit(lambda manifest: manifest.update(artefact_sha256=sha256(content)))(folder)

    return apply


DAMAGE: dict[str, tuple[Callable[[Path], object], type[ModelError], str]] = {
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), ModelMissing, "flask train"),
    "manifest cut off": (lambda folder: (folder / "manifest.json").write_text('{"a": '), ModelBroken, "cannot be read"),
    "manifest is a list": (lambda folder: (folder / "manifest.json").write_text("[]"), ModelStale, "format is None"),
    "other format": (edit(lambda manifest: manifest.update(format=99)), ModelStale, "format is 99"),
    "entry missing": (edit(lambda manifest: manifest.pop("gate")), ModelBroken, "entry is missing"),
    "other library": (edit(lambda manifest: manifest["libraries"].update({"scikit-learn": "0.1"})), ModelStale, r"0\.1"),
    "labels swapped out": (edit(lambda manifest: manifest["heads"]["topic"]["labels"].pop()), ModelBroken, "labels"),
    "artefact changed": (spoil("model.skops"), ModelBroken, "changed since training"),
    "words changed": (spoil("words.txt"), ModelBroken, "changed since training"),
    "artefact gone": (lambda folder: (folder / "model.skops").unlink(), ModelBroken, "cannot be read"),
    "artefact is no zip": (replace_artefact(b"x"), ModelBroken, "cannot be loaded"),
    "artefact without arrays": (replace_artefact(pack({})), ModelBroken, "do not fit together"),
}


@pytest.mark.parametrize(("damage", "kind", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_model_is_refused(two_head_dir: Path, damage: Callable[[Path], object], kind: type[ModelError], message: str) -> None:
    damage(two_head_dir)
    with pytest.raises(kind, match=message):
        load_model(two_head_dir)


def test_a_folder_that_does_not_exist_has_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        load_model(tmp_path / "none")


def test_an_artefact_with_other_types_than_arrays_is_refused() -> None:
    import skops.io
    from sklearn.svm import LinearSVC

    for content in ({"a": LinearSVC()}, [1], {"a": Path("x").exists}):
        with pytest.raises(ModelBroken):
            unpack(skops.io.dumps(content))


@given(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1), min_size=1))
def test_terms_survive_as_bytes(terms: list[str]) -> None:
    assert to_terms(from_terms(terms)) == terms
