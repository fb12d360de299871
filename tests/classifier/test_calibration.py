"""Calibration: probabilities are probabilities, a curve keeps the likeliest label, and the gate holds what it says."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classifier.calibration import (
    BINS,
    NOTHING_PASSES,
    Curve,
    Stakes,
    agree,
    calibration_curve,
    choose_gate,
    expected_calibration_error,
    gate_scores,
    probabilities,
    stakes,
)

SCORES = hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(2, 6)), elements=st.floats(-1e6, 1e6))


@given(SCORES)
def test_probabilities_are_finite_sum_to_one_and_keep_the_order(scores: np.ndarray) -> None:
    chances = probabilities(scores)
    assert np.isfinite(chances).all()
    assert (chances >= 0).all()
    assert np.allclose(chances.sum(axis=1), 1.0, atol=1e-9)
    best = scores.argmax(axis=1)
    assert (chances[np.arange(len(best)), best] == chances.max(axis=1)).all()


# The curve of the likeliest label

CURVES = st.builds(Curve, st.floats(0.05, 20), st.floats(-20, 20))


@given(SCORES, CURVES)
def test_a_curve_keeps_probabilities_and_the_likeliest_label(scores: np.ndarray, curve: Curve) -> None:
    chances = probabilities(scores)
    bent = curve.bend_all(chances)
    assert np.isfinite(bent).all()
    assert (bent >= 0).all()
    assert np.allclose(bent.sum(axis=1), 1.0, atol=1e-9)
    assert (bent.argmax(axis=1) == chances.argmax(axis=1)).all()


@given(SCORES, CURVES)
def test_one_text_alone_is_bent_as_it_is_among_others(scores: np.ndarray, curve: Curve) -> None:
    chances = probabilities(scores)
    assert np.array([curve.bend(row) for row in chances]) == pytest.approx(curve.bend_all(chances), abs=1e-9)


def test_a_curve_by_hand() -> None:
    # Odds of 9 to 1, to the power of a half, are 3 to 1; what is left keeps its proportions.
    assert Curve(0.5, 0.0).bend(np.array([0.9, 0.06, 0.04])) == pytest.approx([0.75, 0.15, 0.1])
    assert Curve().bend(np.array([0.9, 0.06, 0.04])) == pytest.approx([0.9, 0.06, 0.04])


def test_a_curve_that_would_make_a_second_label_the_likeliest_stops_before() -> None:
    first, second = Curve(1.0, -3.0).bend(np.array([0.6, 0.4]))
    assert first == pytest.approx(0.5)
    assert first > second


# Two heads made consistent


@st.composite
def two_heads(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities of two heads for some texts, and how well their labels go together."""
    texts, first, second = draw(st.integers(1, 4)), draw(st.integers(2, 5)), draw(st.integers(2, 5))
    parts = [(texts, first), (texts, second), (first, second)]
    arrays = [draw(hnp.arrays(np.float64, shape, elements=st.floats(0.01, 10))) for shape in parts]
    chances = [array / array.sum(axis=1, keepdims=True) for array in arrays[:2]]
    return chances[0], chances[1], arrays[2]


@given(two_heads())
def test_agreeing_is_the_sum_over_all_pairs(heads: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    first, second, together = heads
    ahead, behind = agree(first, second, together)
    for row in range(len(first)):
        pairs = {(a, b): first[row, a] * second[row, b] * together[a, b] for a, b in product(range(first.shape[1]), range(second.shape[1]))}
        whole = sum(pairs.values())
        assert ahead[row] == pytest.approx([sum(pairs[a, b] for b in range(second.shape[1])) / whole for a in range(first.shape[1])])
        assert behind[row] == pytest.approx([sum(pairs[a, b] for a in range(first.shape[1])) / whole for b in range(second.shape[1])])


def test_heads_that_go_together_by_chance_stay_as_they_are() -> None:
    first, second = np.array([[0.7, 0.3]]), np.array([[0.2, 0.5, 0.3]])
    ahead, behind = agree(first, second, np.ones((2, 3)))
    assert ahead == pytest.approx(first)
    assert behind == pytest.approx(second)


def test_a_sure_head_decides_for_a_doubtful_one() -> None:
    ahead, behind = agree(np.array([[0.99, 0.01]]), np.array([[0.45, 0.55]]), np.array([[1.5, 0.5], [0.5, 1.5]]))
    assert behind[0].argmax() == 0
    assert ahead[0].argmax() == 0


# How far off


def test_calibration_error_by_hand() -> None:
    # Two bins: 0.9 twice, one right (gap 0.4); 0.5 twice, both right (gap 0.5).
    found = expected_calibration_error(np.array([0.9, 0.9, 0.5, 0.5]), np.array([True, False, True, True]))
    assert found == pytest.approx(0.45)


def test_confidence_of_one_belongs_to_the_last_bin_and_no_text_has_no_error() -> None:
    assert expected_calibration_error(np.array([1.0]), np.array([True])) == 0.0
    assert expected_calibration_error(np.array([]), np.array([], dtype=bool)) == 0.0


TEXTS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(TEXTS)
def test_the_calibration_curve_holds_every_text_once_and_gives_the_error(texts: list[tuple[float, bool]]) -> None:
    confidence, right = (np.array(column) for column in zip(*texts, strict=True))
    curve = calibration_curve(confidence, right)
    assert sum(point["texts"] for point in curve) == len(texts)
    assert len(curve) <= BINS
    assert all(point["texts"] > 0 for point in curve)
    gaps = sum(point["texts"] * abs(point["confidence"] - point["accuracy"]) for point in curve)
    assert gaps / len(texts) == pytest.approx(expected_calibration_error(confidence, right), abs=2e-4)  # points have four places


def test_a_calibration_curve_by_hand() -> None:
    curve = calibration_curve(np.array([0.5, 0.5, 0.9]), np.array([True, False, True]))
    assert curve == [{"texts": 2, "confidence": 0.5, "accuracy": 0.5}, {"texts": 1, "confidence": 0.9, "accuracy": 1.0}]


# The gate


def test_the_gate_is_the_lowest_threshold_that_holds() -> None:
    scores = np.linspace(1, 0.01, 100)
    right = np.arange(100) < 60
    gate = choose_gate(scores, right)
    assert gate.texts == 63  # 60 of 63 are right, 60 of 64 are less than 95 %
    assert gate.threshold == scores[62]
    assert gate.precision == pytest.approx(60 / 63)
    assert gate.coverage == pytest.approx(0.63)


def test_a_gate_needs_thirty_texts() -> None:
    right = np.arange(100) < 29
    assert choose_gate(np.linspace(1, 0.01, 100), right).threshold < 1  # 29 of 30
    right = np.arange(100) < 28
    gate = choose_gate(np.linspace(1, 0.01, 100), right)
    assert (gate.threshold, gate.precision, gate.coverage, gate.texts) == (NOTHING_PASSES, None, 0.0, 0)


def test_texts_of_one_score_pass_together_or_not_at_all() -> None:
    scores = np.array([0.9] * 40 + [0.8] * 40)
    right = np.array([True] * 42 + [False] * 38)
    assert choose_gate(scores, right).threshold == 0.9


def test_no_texts_give_a_gate_that_nothing_passes() -> None:
    assert choose_gate(np.array([]), np.array([], dtype=bool)).threshold == NOTHING_PASSES


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), st.booleans()), min_size=1, max_size=200))
def test_the_gate_holds_its_target_and_no_lower_one_does(texts: list[tuple[float, bool]]) -> None:
    scores, right = (np.array(column) for column in zip(*texts, strict=True))
    gate = choose_gate(scores, right)

    def holds(threshold: float) -> bool:
        passed = right[scores >= threshold]
        return len(passed) >= 30 and Fraction(int(passed.sum()), len(passed)) >= Fraction(95, 100)

    assert holds(gate.threshold) or gate.threshold == NOTHING_PASSES
    assert not any(holds(score) for score in set(scores) if score < gate.threshold)


# What is at stake


def alike(*groups: int, costs: tuple[float, ...] | None = None) -> Stakes:
    return Stakes(np.array(groups, dtype=np.intp), np.array(costs or [1.0] * len(groups)))


def test_the_gate_score_is_the_chance_that_every_head_has_the_right_group() -> None:
    topic = (np.array([[0.4, 0.35, 0.25], [0.1, 0.2, 0.7]]), alike(0, 0, 1))
    kind = (np.array([[0.9, 0.1], [0.45, 0.55]]), alike(0, 1))
    assert gate_scores([topic]).tolist() == pytest.approx([0.75, 0.7])
    assert gate_scores([topic, kind]).tolist() == pytest.approx([0.75 * 0.9, 0.7 * 0.55])


def test_one_text_alone_has_the_figures_that_it_has_among_others() -> None:
    raw, together = np.random.default_rng(4).normal(size=(50, 5)), np.ones((5, 5)) + np.eye(5)
    at_stake = alike(0, 1, 1, 2, 0, costs=(1.0, 2.0, 3.0, 4.0, 0.5))
    chances, scores = agree(probabilities(raw), probabilities(raw**2), together), []
    for row in raw:
        alone = agree(probabilities(row), probabilities(row**2), together)
        scores.append(float(gate_scores([(own, at_stake) for own in alone])))
    assert gate_scores([(each, at_stake) for each in chances]).tolist() == pytest.approx(scores)


def test_what_is_costly_to_miss_takes_away_more_certainty() -> None:
    chances = np.array([[0.9, 0.1]])
    assert gate_scores([(chances, alike(0, 1, costs=(1.0, 5.0)))]).tolist() == pytest.approx([0.9 / (0.9 + 0.5)])
    assert gate_scores([(chances, alike(0, 1, costs=(5.0, 1.0)))]).tolist() == pytest.approx([0.9])


def test_a_costly_label_of_the_same_group_costs_nothing() -> None:
    assert gate_scores([(np.array([[0.6, 0.4]]), alike(0, 0, costs=(1.0, 9.0)))]).tolist() == pytest.approx([1.0])


@given(hnp.arrays(np.float64, (3, 5), elements=st.floats(0, 1)), st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_a_gate_score_is_a_share(raw: np.ndarray, groups: list[int]) -> None:
    scores = gate_scores([(probabilities(raw * 1e3), alike(*groups, costs=(1.0, 2.0, 3.0, 4.0, 0.5)))])
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_group_of_all_labels_has_no_chance_above_one() -> None:
    chances = np.full((1, 10), 0.1) + 1e-9
    assert gate_scores([(chances, alike(*[0] * 10))]).tolist() == [1.0]


def test_a_label_without_a_group_is_one_of_its_own_even_if_a_group_has_its_name() -> None:
    found = stakes(["a", "b", "c", "d"], {"a": "x", "c": "x", "d": "b"}, {"c": 4.0})
    assert found.groups.tolist() == [0, 1, 0, 2]
    assert found.costs.tolist() == [1.0, 1.0, 4.0, 1.0]
