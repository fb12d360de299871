"""The machines: rows weigh as they are told to, and labels weigh the same where nothing is said."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from classifier.machines import FEWEST, WEIGHT, learn_sense, learn_wording, within_parts
from classifier.recipe import Recipe

SAME = np.ones((6, 2), dtype=np.float32)
LABELS = ["often"] * 5 + ["once"]


def lead(weights: np.ndarray | None) -> dict[str, float]:
    """By machine, by how much "once" is ahead of "often" for the one vector that all rows share."""
    words, vectors = learn_wording(csr_matrix(SAME), LABELS, Recipe(), weights), learn_sense(SAME, LABELS, Recipe(), weights)
    scores = {"words": words.scores(SAME[:1])[0], "vectors": vectors.scores(SAME[:1])[0]}
    return {name: float(each[words.labels.index("once")] - each[words.labels.index("often")]) for name, each in scores.items()}


def test_without_weights_a_rare_label_weighs_as_much_as_a_frequent_one() -> None:
    assert lead(None) == pytest.approx({"words": 0.0, "vectors": 0.0}, abs=1e-3)


def test_with_weights_a_row_counts_as_it_is_told_to() -> None:
    even, favoured = lead(np.ones(6)), lead(np.array([1.0] * 5 + [50.0]))
    assert all(each < -0.5 for each in even.values())
    assert all(each > 0.5 for each in favoured.values())


def test_a_label_weighs_the_same_in_a_part_that_is_full_of_it() -> None:
    # Part "a" holds 80 x and 20 y, part "b" 20 and 80: over all they are even, so that only the parts tell them apart.
    labels = ["x"] * 80 + ["y"] * 20 + ["x"] * 20 + ["y"] * 80
    weights = within_parts(labels, ["a"] * 100 + ["b"] * 100)
    full, empty = weights[0], weights[80]
    assert full == pytest.approx(WEIGHT * np.sqrt(100 / 160))
    assert empty == pytest.approx(WEIGHT * np.sqrt(100 / 40))
    assert (weights[199], weights[100]) == (full, empty)


def test_a_label_with_a_few_rows_in_a_part_does_not_outweigh_it() -> None:
    labels = ["x"] * 99 + ["y"] + ["y"] * 100
    weights = within_parts(labels, ["a"] * 100 + ["b"] * 100)
    assert weights[99] == pytest.approx(WEIGHT * np.sqrt(200 / (2 * 101) * 100 / (2 * FEWEST)))
