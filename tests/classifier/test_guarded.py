"""The guarded set: the same texts as the corpus grows, never a correction, never all that is known of a label."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.corpus import Corpus, read_bundled
from classifier.guarded import DECISION, ONE_IN, guarded_rows, identity, outcomes
from classifier.model import ModelFiles
from classifier.registry import PROJECT
from classifier.training import train


def corpus_of(texts: Sequence[str], labels: Sequence[str] | None = None, corrections: Sequence[bool] = ()) -> Corpus:
    """Texts with two labels in turn, if no others are given."""
    names = labels or ["xy"[number % 2] for number in range(len(texts))]
    return Corpus(tuple(texts), {"label": tuple(names)}, is_correction=tuple(corrections))


NUMBERED = tuple(f"第{number}通来电" for number in range(400))


def guarded_texts(corpus: Corpus) -> set[str]:
    return {corpus.texts[row] for row in guarded_rows(corpus)[1]}


def test_each_row_is_either_learnt_from_or_guarded_and_a_tenth_is() -> None:
    learn, guard = guarded_rows(corpus_of(NUMBERED))
    assert sorted([*learn, *guard]) == list(range(len(NUMBERED)))
    assert 0.06 < len(guard) / len(NUMBERED) < 0.14
    assert ONE_IN == 10


def test_a_tenth_of_every_register_of_the_bundled_corpus_is_guarded() -> None:
    corpus = read_bundled(PROJECT / "data")
    _, guard = guarded_rows(corpus)
    for register in set(corpus.parts):
        rows = [row for row, part in enumerate(corpus.parts) if part == register]
        assert 0.07 < len(set(rows) & set(guard.tolist())) / len(rows) < 0.13


@given(st.integers(100, 399), st.randoms())
def test_a_text_stays_where_it_is_when_the_corpus_grows_or_is_sorted_anew(some: int, chance: object) -> None:
    before, after = corpus_of(NUMBERED[:some]), list(NUMBERED)
    chance.shuffle(after)  # type: ignore[attr-defined]
    assert guarded_texts(before) == guarded_texts(corpus_of(after)) & set(before.texts)


def test_a_correction_is_never_guarded() -> None:
    guarded = guarded_texts(corpus_of(NUMBERED))
    corrected = [text in guarded and number % 2 == 0 for number, text in enumerate(NUMBERED)]
    left = guarded_texts(corpus_of(NUMBERED, corrections=corrected))
    assert left == {text for text, taken in zip(NUMBERED, corrected, strict=True) if text in guarded and not taken}


def hashed(*, guarded: bool, count: int) -> list[str]:
    chosen = guarded_texts(corpus_of(NUMBERED))
    return [text for text in NUMBERED if (text in chosen) == guarded][:count]


def test_a_label_whose_rows_would_all_be_guarded_keeps_them() -> None:
    out, in_ = hashed(guarded=True, count=3), hashed(guarded=False, count=3)
    learn, guard = guarded_rows(corpus_of([*out, *in_], [*"xx", "y", *"yyy"]))
    assert (learn.tolist(), guard.tolist()) == ([0, 1, 3, 4, 5], [2])


@pytest.mark.parametrize("corrections", [(), (False, False, True, True)], ids=["no corrections", "the last two"])
def test_where_chance_guards_none_the_last_row_that_is_no_correction_is(corrections: tuple[bool, ...]) -> None:
    _, guard = guarded_rows(corpus_of(hashed(guarded=False, count=4), "xyxy", corrections))
    assert guard.tolist() == [1 if corrections else 3]


def test_an_identity_does_not_tell_the_text() -> None:
    assert identity("停电") == identity("停电") != identity("停电了")
    assert len(identity("\ud800")) == 16


def test_outcomes_by_hand() -> None:
    corpus = Corpus(tuple("abcd"), {"topic": ("bill", "meter", "outage", "bill"), "kind": tuple("pqpq")})
    names = {"topic": ("bill", "meter", "outage"), "kind": ("p", "q")}
    chances = {"topic": np.eye(3)[[0, 0, 0]], "kind": np.eye(2)[[1, 1, 0]]}  # bill q, bill q, bill p
    found = outcomes(corpus, np.array([0, 1, 2]), chances, names, {"topic": {"bill": "metering", "meter": "metering"}})
    assert found["texts"] == [identity(text) for text in "abc"]
    # Of the second text the topic is wrong and its department is not: the decision is right.
    assert found["right"] == {"topic": "100", "kind": "011", DECISION: "010"}


def test_a_model_keeps_what_it_answered_on_guarded_texts_that_it_had_not_learnt(two_head_files: ModelFiles, corpus: Corpus) -> None:
    record = two_head_files.manifest.guarded
    assert record["texts"] == [identity(corpus.texts[row]) for row in guarded_rows(corpus)[1]]
    assert set(record["right"]) == {"topic", "demand_type", DECISION}
    assert all(len(digits) == len(record["texts"]) and set(digits) <= {"0", "1"} for digits in record["right"].values())


def test_what_is_kept_are_answers_to_texts_that_were_not_learnt() -> None:
    # Labels that nothing in a text tells: who has learnt them knows them all, who has not can only guess.
    chance = random.Random(0)
    noise = corpus_of(NUMBERED, [chance.choice("xy") for _ in NUMBERED])
    files = train(noise)
    right = files.manifest.guarded["right"]["label"]
    learnt = [answer.heads["label"][0][0] for answer in files.open().predict(noise.texts)]
    assert np.mean([guess == label for guess, label in zip(learnt, noise.labels["label"], strict=True)]) > 0.9
    assert right.count("1") / len(right) < 0.75


def test_models_of_a_growing_corpus_have_guarded_texts_in_common(two_head_files: ModelFiles, corpus: Corpus) -> None:
    more = {"topic": ("outage", "bill"), "demand_type": ("complaint", "complaint")}
    labels = {head: (*corpus.labels[head], *added) for head, added in more.items()}
    grown = replace(corpus, texts=(*corpus.texts, "又是我家停电", "账单又错了"), labels=labels, parts=(*corpus.parts, "note", "note"))
    assert set(two_head_files.manifest.guarded["texts"]) <= set(train(grown).manifest.guarded["texts"])
