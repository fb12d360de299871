"""Calibration: probabilities are probabilities, the temperature is the best one, and the gate holds what it says."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classifier.calibration import (
    NOTHING_PASSES,
    choose_gate,
    expected_calibration_error,
    fit_temperature,
    gate_scores,
    probabilities,
)

SCORES = hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(2, 6)), elements=st.floats(-1e6, 1e6))


@given(SCORES, st.floats(0.01, 100))
def test_probabilities_are_finite_sum_to_one_and_keep_the_order(scores: np.ndarray, temperature: float) -> None:
    chances = probabilities(scores, temperature)
    assert np.isfinite(chances).all()
    assert (chances >= 0).all()
    assert np.allclose(chances.sum(axis=1), 1.0, atol=1e-9)
    best = scores.argmax(axis=1)
    assert (chances[np.arange(len(best)), best] == chances.max(axis=1)).all()


def loss(scores: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    return -float(np.log(probabilities(scores, temperature)[np.arange(len(truth)), truth]).mean())


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 4.0])
def test_the_temperature_of_drawn_labels_is_found(true_temperature: float) -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=(20_000, 4)) * 2
    chances = probabilities(scores, true_temperature)
    truth = np.array([random.choice(4, p=row) for row in chances])
    found = fit_temperature(scores, truth)
    assert found == pytest.approx(true_temperature, rel=0.06)
    for other in (found * 0.9, found * 1.1):
        assert loss(scores, truth, found) < loss(scores, truth, other)


def test_scores_without_any_error_give_a_finite_temperature() -> None:
    assert 0 < fit_temperature(np.eye(3), np.arange(3)) < 1


def test_calibration_error_by_hand() -> None:
    # Two bins: 0.9 twice, one right (gap 0.4); 0.5 twice, both right (gap 0.5).
    found = expected_calibration_error(np.array([0.9, 0.9, 0.5, 0.5]), np.array([True, False, True, True]))
    assert found == pytest.approx(0.45)


def test_confidence_of_one_belongs_to_the_last_bin_and_no_text_has_no_error() -> None:
    assert expected_calibration_error(np.array([1.0]), np.array([True])) == 0.0
    assert expected_calibration_error(np.array([]), np.array([], dtype=bool)) == 0.0


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


def test_the_gate_score_is_the_least_sure_head_by_its_group() -> None:
    topic = (np.array([[0.4, 0.35, 0.25], [0.1, 0.2, 0.7]]), np.array([0, 0, 1]))
    kind = (np.array([[0.9, 0.1], [0.45, 0.55]]), np.array([0, 1]))
    assert gate_scores([topic]).tolist() == pytest.approx([0.75, 0.7])
    assert gate_scores([topic, kind]).tolist() == pytest.approx([0.75, 0.55])


def test_a_group_of_all_labels_has_no_chance_above_one() -> None:
    chances = np.full((1, 10), 0.1) + 1e-9
    assert gate_scores([(chances, np.zeros(10, dtype=np.intp))]).tolist() == [1.0]
