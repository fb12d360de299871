"""Training: the same rows give the same bytes, each row is held out once, and the card says how good the model is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier.corpus import Corpus
from classifier.model import ModelFiles, save_model
from classifier.recipe import Recipe
from classifier.training import folds, train
from tests.classifier.samples import GROUPS


def test_training_twice_gives_the_same_bytes_and_version(corpus: Corpus, two_head_files: ModelFiles, tmp_path: Path) -> None:
    again = train(corpus, words=["电表箱"], groups=GROUPS)
    assert again == two_head_files
    for name, files in [("a", again), ("b", two_head_files)]:
        save_model(files, tmp_path / name)
    for file in ("model.skops", "manifest.json", "words.txt"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


CHANGES = {
    "another row": {"corpus": True},
    "another word": {"words": ["电表"]},
    "another recipe": {"recipe": Recipe(penalty=2.0)},
    "other groups": {"groups": {}},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_it_is_made_of_makes_the_version(corpus: Corpus, two_head_files: ModelFiles, change: dict[str, object]) -> None:
    arguments: dict[str, object] = {"words": ["电表箱"], "groups": GROUPS} | change
    rows = corpus
    if arguments.pop("corpus", False):
        rows = replace(corpus, texts=("又停电了", *corpus.texts[1:]))
    version = train(rows, **arguments).manifest.version  # type: ignore[arg-type]
    assert version.startswith("m-")
    assert len(version) == 10
    assert version != two_head_files.manifest.version


def test_registers_are_held_out_one_at_a_time(corpus: Corpus) -> None:
    parts = folds(corpus, Recipe())
    assert [{corpus.parts[row] for row in hold} for _, hold in parts] == [{"note"}, {"speech"}]


@pytest.mark.parametrize(("smallest", "expected"), [(2, 2), (4, 4), (9, 5)], ids=["two rows", "four rows", "many rows"])
def test_without_registers_there_are_as_many_folds_as_the_smallest_label_allows(smallest: int, expected: int) -> None:
    labels = ("a",) * 20 + ("b",) * smallest
    parts = folds(Corpus(tuple(map(str, range(len(labels)))), {"label": labels}), Recipe())
    assert len(parts) == expected
    assert sorted(np.concatenate([hold for _, hold in parts])) == list(range(len(labels)))
    assert all({labels[row] for row in learn} == {"a", "b"} for learn, _ in parts)


def test_registers_that_hold_all_of_a_label_do_not_make_folds() -> None:
    corpus = Corpus(tuple("abcdef"), {"label": tuple("xxxyyy")}, parts=tuple("mmmnnn"))
    assert all(len({corpus.labels["label"][row] for row in learn}) == 2 for learn, _ in folds(corpus, Recipe()))


def test_a_label_that_only_one_register_has_is_counted_as_wrong(corpus: Corpus) -> None:
    texts = (*corpus.texts, "谢谢师傅真好", "感谢抢修师傅")
    labels = {"topic": (*corpus.labels["topic"], "praise", "praise")}
    card = train(Corpus(texts, labels, parts=(*corpus.parts, "note", "note"))).manifest.heads["topic"]
    assert card.per_label["praise"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "rows": 2}


def test_the_card_has_scores_beside_a_dummys(corpus: Corpus, two_head_files: ModelFiles) -> None:
    card = two_head_files.manifest.heads["topic"]
    assert card.labels == ("bill", "meter", "outage")
    assert card.scores["n"] == len(corpus.texts)
    assert card.scores["accuracy"] > card.dummy["accuracy"]
    assert set(card.scores["by_part"]) == {"note", "speech"}
    assert sum(part["n"] for part in card.scores["by_part"].values()) == len(corpus.texts)
    assert card.per_label["bill"]["rows"] == corpus.labels["topic"].count("bill")
    assert card.temperature > 0


def test_the_manifest_says_what_the_model_was_made_from(corpus: Corpus, two_head_files: ModelFiles) -> None:
    manifest = two_head_files.manifest
    assert manifest.made_from["corpus_sha256"] == corpus.digest
    assert manifest.rows == len(corpus.texts)
    assert manifest.groups == GROUPS
    assert set(manifest.libraries) == {"jieba", "numpy", "scikit-learn", "scipy", "skops"}


def test_too_few_texts_give_a_gate_that_nothing_passes(one_head_files: ModelFiles, corpus: Corpus) -> None:
    few = Corpus(corpus.texts[:8], {"label": tuple("xyxyxyxy")})
    gate = train(few).manifest.gate
    assert (gate.threshold, gate.precision) == (1.01, None)
    assert one_head_files.manifest.gate.threshold <= 1.01
