"""The recipe: words and characters side by side, the same after learning and after restoring."""

import numpy as np
import pytest

from classifier.errors import CorpusError
from classifier.recipe import Recipe, learn_features, learn_head, linear, restore_features
from classifier.words import Document

DOCUMENTS = [Document("停电了", "停电 了"), Document("电费多", "电费 多"), Document("停电 停电", "停电 停电")]
RECIPE = Recipe()


def test_both_blocks_are_of_unit_length() -> None:
    features, matrix = learn_features(DOCUMENTS, RECIPE)
    words, _ = features.terms()
    left, right = matrix[:, : len(words)], matrix[:, len(words) :]
    for block in (left, right):
        assert np.allclose(np.sqrt(block.multiply(block).sum(axis=1)), 1.0, atol=1e-6)


def test_learning_gives_the_matrix_that_transforming_gives() -> None:
    features, matrix = learn_features(DOCUMENTS, RECIPE)
    assert abs(features.transform(DOCUMENTS) - matrix).max() < 1e-6


def test_restored_features_are_the_learnt_ones() -> None:
    features, matrix = learn_features(DOCUMENTS, RECIPE)
    words, chars = features.terms()
    restored = restore_features([(words, features.words.idf_), (chars, features.chars.idf_)], RECIPE)
    assert restored.terms() == (words, chars)
    assert abs(restored.transform(DOCUMENTS) - matrix).max() < 1e-6


def test_a_large_corpus_leaves_out_what_stands_in_one_text_only() -> None:
    few, _ = learn_features(DOCUMENTS, RECIPE)
    many, _ = learn_features(DOCUMENTS, Recipe(many_rows=3))
    assert few.terms()[0] == ["了", "停电", "多", "电费"]
    assert many.terms()[0] == ["停电"]
    assert [RECIPE.min_df(rows) for rows in (1_999, 2_000)] == [1, 2]


def test_texts_without_words_cannot_be_learnt_from() -> None:
    with pytest.raises(CorpusError, match="no words can be learnt from these 2 texts"):
        learn_features([Document("!", ""), Document("", "")], RECIPE)


@pytest.mark.parametrize("labels", [["a", "b", "a"], ["a", "b", "c"]], ids=["two labels", "three labels"])
def test_a_head_has_one_column_a_label(labels: list[str]) -> None:
    _, matrix = learn_features(DOCUMENTS, RECIPE)
    machine = learn_head(matrix, labels, RECIPE)
    weights, intercepts = linear(machine)
    assert weights.shape == (matrix.shape[1], len(set(labels)))
    assert weights.flags.c_contiguous
    guessed = [machine.classes_[column] for column in (matrix @ weights + intercepts).argmax(axis=1)]
    assert guessed == list(machine.predict(matrix))
