"""Fitting: the factors and curves are the best ones, parts weigh the same, and a handful of texts gives finite figures."""

import numpy as np
import pytest

from classifier.calibration import Curve, agree, probabilities
from classifier.fitting import calibrate, equal_parts, fit_curve, fit_scales


def drawn(scores: np.ndarray, seed: int = 0) -> np.ndarray:
    """Labels drawn as the softmax of the scores says."""
    return picked(probabilities(scores), seed)


def picked(chances: np.ndarray, seed: int = 0) -> np.ndarray:
    """Labels drawn with these probabilities."""
    random = np.random.default_rng(seed)
    return np.array([random.choice(chances.shape[1], p=row) for row in chances])


def evenly(texts: int) -> np.ndarray:
    return equal_parts((), texts)


def factors(machines: list[np.ndarray], truth: np.ndarray) -> tuple[float, ...]:
    return fit_scales({"head": machines}, {"head": truth}, evenly(len(truth)))["head"]


def loss(scores: np.ndarray, truth: np.ndarray) -> float:
    return -float(np.log(probabilities(scores)[np.arange(len(truth)), truth]).mean())


@pytest.mark.parametrize("factor", [0.25, 1.0, 3.0])
def test_the_factor_of_drawn_labels_is_found(factor: float) -> None:
    scores = np.random.default_rng(1).normal(size=(20_000, 4)) * 2
    truth = drawn(scores * factor)
    (found,) = factors([scores], truth)
    assert found == pytest.approx(factor, rel=0.06)
    assert all(loss(scores * found, truth) < loss(scores * other, truth) for other in (found * 0.9, found * 1.1))


def test_of_two_machines_each_is_heard_as_much_as_it_knows() -> None:
    random = np.random.default_rng(2)
    first, second, idle = (random.normal(size=(20_000, 4)) * 2 for _ in range(3))
    truth = drawn(first * 0.5 + second * 1.5)
    assert factors([first, second], truth) == pytest.approx((0.5, 1.5), rel=0.08)
    loud, silent = factors([first + 3 * second, idle], truth)
    assert loud == pytest.approx(0.5, rel=0.08)
    assert silent < 0.05


def test_fitting_twice_gives_the_same_factors() -> None:
    scores = np.random.default_rng(3).normal(size=(50, 3))
    truth = drawn(scores)
    assert factors([scores, scores**2], truth) == factors([scores, scores**2], truth)


ALWAYS = {"right": np.arange(3), "wrong": np.array([1, 2, 0])}


@pytest.mark.parametrize("truth", ALWAYS.values(), ids=ALWAYS)
def test_scores_that_are_always_right_or_wrong_give_finite_figures(truth: np.ndarray) -> None:
    made = calibrate({"head": [np.eye(3)]}, {"head": truth}, evenly(3), None)
    assert 0 < made.scales["head"][0] < 3_000
    assert np.isfinite(made.chances({"head": [np.eye(3)]}, None)["head"]).all()


def test_the_factors_are_those_behind_the_agreement_of_two_heads() -> None:
    random = np.random.default_rng(5)
    scores, together = {"one": [random.normal(size=(20_000, 3)) * 2], "other": [random.normal(size=(20_000, 3)) * 2]}, np.ones((3, 3)) + 4 * np.eye(3)
    ahead, behind = agree(probabilities(scores["one"][0] * 0.5), probabilities(scores["other"][0] * 1.5), together)
    truth = {"one": picked(ahead, 1), "other": picked(behind, 2)}
    found = fit_scales(scores, truth, evenly(20_000), together)
    assert [*found["one"], *found["other"]] == pytest.approx([0.5, 1.5], rel=0.08)


def test_a_small_part_is_heard_as_much_as_a_large_one() -> None:
    assert equal_parts(("a", "a", "a", "b"), 4).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    assert equal_parts((), 4).tolist() == [0.25] * 4


# The curve


def test_the_curve_of_drawn_answers_is_found() -> None:
    random = np.random.default_rng(6)
    sure = random.uniform(0.2, 0.99, 20_000)
    truly = 1 / (1 + np.exp(-(0.6 * np.log(sure / (1 - sure)) - 0.4)))
    found = fit_curve(sure, random.random(20_000) < truly, evenly(20_000))
    assert (found.slope, found.offset) == pytest.approx((0.6, -0.4), abs=0.06)


def test_answers_that_are_right_as_often_as_they_say_need_no_curve() -> None:
    random = np.random.default_rng(7)
    sure = random.uniform(0.2, 0.99, 20_000)
    found = fit_curve(sure, random.random(20_000) < sure, evenly(20_000))
    assert (found.slope, found.offset) == pytest.approx((1.0, 0.0), abs=0.06)


@pytest.mark.parametrize("right", [True, False], ids=["all right", "all wrong"])
def test_a_curve_stays_finite_and_never_falls(right: bool) -> None:
    found = fit_curve(np.array([1.0, 0.6, 0.9]), np.full(3, right), evenly(3))
    assert isinstance(found, Curve)
    assert found.slope > 0
    assert np.isfinite([found.slope, found.offset]).all()
    assert (found.offset > 0) == right
