"""Training: the same rows give the same bytes, each row is held out once, and the card says how good the model is."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier import artefact
from classifier.calibration import NOTHING_PASSES, Curve
from classifier.cards import HeldOut
from classifier.corpus import Corpus
from classifier.encoder import Encoder
from classifier.fitting import Scores
from classifier.learning import hold_out, learn_from, prepare
from classifier.manifest import FAST, FULL, LIBRARIES, library_versions
from classifier.model import ModelFiles, save_model
from classifier.progress import Quiet
from classifier.recipe import Recipe
from classifier.training import Decisions, folds, train
from classifier.words import weigh
from tests.classifier.samples import DECISIONS, GROUPS, WORDS


def test_training_twice_gives_the_same_bytes_and_version(corpus: Corpus, two_head_files: ModelFiles, tmp_path: Path) -> None:
    again = train(corpus, words=WORDS, decisions=DECISIONS)
    assert again == two_head_files
    for name, files in [("a", again), ("b", two_head_files)]:
        save_model(files, tmp_path / name)
    for file in ("model.npz", "manifest.json", "words.txt"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_as_many_processes_as_one_likes_give_the_same_bytes(corpus: Corpus, two_head_files: ModelFiles) -> None:
    assert train(corpus, words=WORDS, decisions=DECISIONS, jobs=2) == two_head_files


def test_the_encoder_too_gives_the_same_bytes_twice(corpus: Corpus, full_files: ModelFiles, encoder: Encoder) -> None:
    assert train(corpus, words=WORDS, decisions=DECISIONS, encoder=encoder, jobs=2) == full_files


CHANGES = {
    "another row": {"corpus": True},
    "another word": {"words": ["电表"]},
    "another recipe": {"recipe": Recipe(penalty=2.0)},
    "other groups": {"decisions": Decisions()},
    "other costs": {"decisions": replace(DECISIONS, costs={"topic": {"outage": 2.0}})},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_it_is_made_of_makes_the_version(corpus: Corpus, two_head_files: ModelFiles, change: dict[str, object]) -> None:
    arguments: dict[str, object] = {"words": WORDS, "decisions": DECISIONS} | change
    rows = corpus
    if arguments.pop("corpus", False):
        rows = replace(corpus, texts=("又停电了", *corpus.texts[1:]))
    version = train(rows, **arguments).manifest.version  # type: ignore[arg-type]
    assert version.startswith("m-")
    assert len(version) == 10
    assert version != two_head_files.manifest.version


def test_the_encoder_makes_another_version(full_files: ModelFiles, two_head_files: ModelFiles, encoder: Encoder) -> None:
    assert full_files.manifest.version != two_head_files.manifest.version
    assert full_files.manifest.encoder == {"name": encoder.name, "sha256": encoder.sha256}


# Parts that are held out


def test_registers_are_held_out_one_at_a_time(corpus: Corpus) -> None:
    parts = folds(corpus, Recipe())
    assert [{corpus.parts[row] for row in hold} for _, hold in parts] == [{"note"}, {"speech"}]
    assert all(not set(learn) & set(hold) for learn, hold in parts)


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
    files = train(Corpus(texts, labels, parts=(*corpus.parts, "note", "note")))
    card = files.manifest.ways[FAST].heads["topic"]
    assert card.per_label["praise"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "rows": 2}
    assert sum(count for true, _, count in card.confusions if true == "praise") == 2
    assert files.open().predict(["谢谢师傅"])[0].heads["topic"][0][0] == "praise"  # the model itself has learnt from all rows


def test_a_corpus_with_a_single_head_has_no_agreement(one_head_files: ModelFiles, corpus: Corpus) -> None:
    assert set(one_head_files.manifest.labels) == {"label"}
    model = one_head_files.open()
    assert model._parts.agreement is None
    assert model.predict([corpus.texts[0]])[0].heads["label"][0][0] == corpus.labels["topic"][0]


# The card


def held_out(corpus: Corpus) -> tuple[HeldOut, Scores]:
    """What is known of all rows while they were held out, and their scores."""
    recipe = Recipe()
    material, parts = prepare(corpus, weigh(WORDS), None, Quiet()), folds(corpus, recipe)
    seen = hold_out(material, parts, [learn_from(material, learn, recipe) for learn, _ in parts])
    return HeldOut(corpus, material, recipe, parts, np.zeros((len(corpus.texts), 2)), {}), seen


def test_a_part_is_judged_by_a_calibration_that_has_not_seen_it(corpus: Corpus) -> None:
    held, seen = held_out(corpus)
    notes = np.array(corpus.parts) == "note"
    labels = {head: tuple(np.where(notes, np.roll(names, 1), names).tolist()) for head, names in corpus.labels.items()}
    turned = replace(held, corpus=replace(corpus, labels=labels))
    for head, chances in held.chances(seen).items():
        others = turned.chances(seen)[head]
        assert np.array_equal(chances[notes], others[notes])  # its own labels say nothing of how sure the model is of it
        assert not np.allclose(chances[~notes], others[~notes], atol=1e-3)


def test_the_card_has_scores_beside_a_dummys(corpus: Corpus, two_head_files: ModelFiles) -> None:
    manifest = two_head_files.manifest
    assert manifest.labels == {"topic": ("bill", "meter", "outage"), "demand_type": ("complaint", "enquiry")}
    for head, labels in corpus.labels.items():
        card, dummy = manifest.ways[FAST].heads[head], manifest.dummy[head]
        assert card.scores["n"] == dummy["n"] == len(corpus.texts)
        assert dummy["accuracy"] == max(Counter(labels).values()) / len(labels)
        assert card.scores["accuracy"] > dummy["accuracy"]
        assert set(card.scores["by_part"]) == {"note", "speech"}
        assert sum(part["n"] for part in card.scores["by_part"].values()) == len(corpus.texts)
        assert {label: scores["rows"] for label, scores in card.per_label.items()} == Counter(labels)
        assert all(scale > 0 for scale in card.scales)


def test_every_error_is_a_confusion_and_every_text_is_on_the_curve(two_head_files: ModelFiles, full_files: ModelFiles) -> None:
    for files in (two_head_files, full_files):
        for way in files.manifest.ways.values():
            for card in way.heads.values():
                wrong = round(card.scores["n"] * (1 - card.scores["accuracy"]))
                assert sum(count for *_, count in card.confusions) == wrong
                assert sum(point["texts"] for point in card.curve) == card.scores["n"]
                assert [count for *_, count in card.confusions] == sorted((count for *_, count in card.confusions), reverse=True)


def test_a_model_answers_with_the_curves_that_it_was_taught(two_head_files: ModelFiles) -> None:
    arrays = artefact.unpack(two_head_files.artefact)
    assert arrays["curves.fast"].shape == (2, 2)
    plain = artefact.pack({name: array for name, array in arrays.items() if not name.startswith("curves")})
    answers = [files.open().predict(["整栋楼都没电"])[0] for files in (two_head_files, replace(two_head_files, artefact=plain))]
    for number, head in enumerate(two_head_files.manifest.labels):
        bent, straight = (dict(answer.heads[head]) for answer in answers)
        curve = Curve(*arrays["curves.fast"][number])
        assert list(bent.values()) == pytest.approx(curve.bend(np.array(list(straight.values()))).tolist())


def test_both_ways_have_the_scores_of_the_same_rows(full_files: ModelFiles, two_head_files: ModelFiles) -> None:
    ways = full_files.manifest.ways
    assert list(ways) == [FAST, FULL]
    assert ways[FAST] == two_head_files.manifest.ways[FAST]
    assert ways[FULL].heads["topic"].scores["n"] == ways[FAST].heads["topic"].scores["n"]


def test_the_manifest_says_what_the_model_was_made_from(corpus: Corpus, two_head_files: ModelFiles) -> None:
    manifest = two_head_files.manifest
    assert manifest.made_from["corpus_sha256"] == corpus.digest
    assert manifest.made_from["corrections"] == 0
    assert manifest.rows == len(corpus.texts)
    assert manifest.groups == GROUPS
    assert {"jieba", "numpy", "scikit-learn", "scipy"} <= set(manifest.libraries) <= set(LIBRARIES)
    assert manifest.libraries == library_versions()


def test_what_goes_together_makes_the_heads_agree(corpus: Corpus) -> None:
    # Every outage is an enquiry here, and every other topic a complaint, whatever the words say.
    kinds = tuple("enquiry" if topic == "outage" else "complaint" for topic in corpus.labels["topic"])
    files = train(replace(corpus, labels={"topic": corpus.labels["topic"], "demand_type": kinds}))
    together = files.open()._parts.agreement
    assert together is not None
    bill, meter, outage = together
    complaint, enquiry = 0, 1
    assert outage[enquiry] > 1 > outage[complaint]
    assert min(bill[complaint], meter[complaint]) > 1 > max(bill[enquiry], meter[enquiry])


def test_too_few_texts_give_a_gate_that_nothing_passes(corpus: Corpus) -> None:
    few = Corpus(corpus.texts[:8], {"label": tuple("xyxyxyxy")})
    files = train(few)
    gate = files.manifest.ways[FAST].gate
    assert (gate.threshold, gate.precision) == (NOTHING_PASSES, None)
    assert not any(answer.passes_gate for answer in files.open().predict(few.texts))
