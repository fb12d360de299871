"""Finds on held-out texts what makes scores into probabilities: the factors of the machines and each head's curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from classifier.calibration import Array, Bools, Curve, agree, probabilities

# By head, the scores (texts x labels) of each machine, and the true labels as columns.
Scores = Mapping[str, Sequence[NDArray[Any]]]
Truth = Mapping[str, NDArray[np.intp]]

LOUDEST = 8.0  # no factor is more than e to this, nor less than its inverse
PULL = 1e-3  # how much a curve is held to what it would be without texts; matters with a handful of them only
DIGITS = 4  # the last digits are not worth a different file on another processor


@dataclass(frozen=True)
class Calibration:
    """What makes scores into probabilities, by head: the factor of each machine, and the curve of the likeliest label."""

    scales: Mapping[str, tuple[float, ...]]
    curves: Mapping[str, Curve]

    def chances(self, scores: Scores, together: NDArray[Any] | None) -> dict[str, Array]:
        """By head the probabilities (texts x labels); `together` says how well the labels of two heads go together."""
        agreed = _agreed(self.scales, scores, together)
        return {head: self.curves[head].bend_all(chances) for head, chances in agreed.items()}


def equal_parts(parts: Sequence[str], texts: int) -> Array:
    """Weights of texts that sum to 1, each part weighing the same, so that the largest does not speak for all."""
    if not len(parts):
        return np.full(texts, 1 / max(texts, 1))
    names, owners, counts = np.unique(np.array(parts), return_inverse=True, return_counts=True)
    return np.asarray(1 / (len(names) * counts[owners]))


def calibrate(scores: Scores, truth: Truth, weights: Array, together: NDArray[Any] | None) -> Calibration:
    """The calibration at which held-out labels are likeliest, once the heads have been made consistent.

    Making two heads consistent makes them surer, so the factors of all are found at once and behind it.
    """
    scales = fit_scales(scores, truth, weights, together)
    agreed = _agreed(scales, scores, together)
    curves = {head: fit_curve(chances.max(axis=1), chances.argmax(axis=1) == truth[head], weights) for head, chances in agreed.items()}
    return Calibration(scales, curves)


def fit_scales(scores: Scores, truth: Truth, weights: Array, together: NDArray[Any] | None = None) -> dict[str, tuple[float, ...]]:
    """By head the factor of each machine's scores at which the true labels are likeliest.

    For one machine it is temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks", section
    4.2; the factor is one over the temperature); for several it also says how much each of them is heard.
    """
    rows = np.arange(len(weights))

    def factors(logarithms: NDArray[Any]) -> dict[str, tuple[float, ...]]:
        left = iter(np.exp(np.clip(logarithms, -LOUDEST, LOUDEST)).tolist())
        return {head: tuple(next(left) for _ in machines) for head, machines in scores.items()}

    def loss(logarithms: NDArray[Any]) -> float:
        agreed = _agreed(factors(logarithms), scores, together)
        return -sum(float(weights @ np.log(np.maximum(chances[rows, truth[head]], 1e-300))) for head, chances in agreed.items())

    found = minimize(loss, np.zeros(sum(map(len, scores.values()))), method="L-BFGS-B").x
    return {head: tuple(round(scale, DIGITS) for scale in scales) for head, scales in factors(found).items()}


def fit_curve(confidence: Array, right: Bools, weights: Array) -> Curve:
    """The curve at which it is likeliest that these answers were right and wrong; it never falls."""
    sure = np.clip(confidence, 1e-6, 1 - 1e-6)
    odds = np.log(sure / (1 - sure))

    def loss(line: NDArray[Any]) -> float:
        bent = line[0] * odds + line[1]
        return float(weights @ (np.logaddexp(0, bent) - right * bent)) + PULL * float((line[0] - 1) ** 2 + line[1] ** 2)

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0.05, 20.0), (-20.0, 20.0)]).x
    return Curve(round(float(slope), DIGITS), round(float(offset), DIGITS))


def _agreed(scales: Mapping[str, tuple[float, ...]], scores: Scores, together: NDArray[Any] | None) -> dict[str, Array]:
    chances = {
        head: probabilities(sum(scale * each for scale, each in zip(scales[head], machines, strict=True)))  # type: ignore[arg-type]
        for head, machines in scores.items()
    }
    if together is not None:
        (first, ahead), (second, behind) = chances.items()
        chances[first], chances[second] = agree(ahead, behind, together)
    return chances
