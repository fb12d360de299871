"""From scores to probabilities that can be believed, and the gate that lets a decision pass without a person."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

BINS = 15
TARGET_PRECISION = 0.95
LEAST_TEXTS = 30
NOTHING_PASSES = 1.01


def probabilities(scores: NDArray[Any], temperature: float) -> Array:
    """Softmax of scores (texts x labels) divided by a temperature: each row is positive and sums to 1."""
    scaled = np.asarray(scores, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(scores: NDArray[Any], truth: NDArray[np.intp]) -> float:
    """The temperature at which held-out scores (texts x labels) give the true columns the least negative log-
    likelihood.

    Temperature scaling: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
    """

    def loss(log_temperature: float) -> float:
        chances = probabilities(scores, float(np.exp(log_temperature)))
        return -float(np.log(np.maximum(chances[np.arange(len(truth)), truth], 1e-300)).mean())

    best = minimize_scalar(loss, bounds=(-5.0, 5.0), method="bounded", options={"xatol": 1e-6})
    # Rounded, because the last digits are not worth a different file on another processor.
    return round(float(np.exp(best.x)), 6)


def expected_calibration_error(confidence: Array, right: Bools) -> float:
    """Mean distance of confidence from accuracy over 15 equal bins, weighted by their texts (Guo et al. 2017)."""
    if not len(confidence):
        return 0.0
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    weight = np.bincount(bins, minlength=BINS)
    gap = np.abs(np.bincount(bins, confidence, BINS) - np.bincount(bins, right, BINS))
    return float(gap[weight > 0].sum() / len(confidence))


@dataclass(frozen=True, slots=True)
class Gate:
    """The threshold that a text's gate score must reach, and what it held on held-out texts.

    With no threshold that held the target, `threshold` is 1.01 and `precision` is null: nothing passes.
    """

    threshold: float
    precision: float | None
    coverage: float
    texts: int
    target_precision: float = TARGET_PRECISION
    least_texts: int = LEAST_TEXTS

    def as_dict(self) -> dict[str, Any]:
        """The values for a manifest."""
        return asdict(self)


def choose_gate(scores: Array, right: Bools) -> Gate:
    """The lowest threshold at or above which 95 % of the held-out texts are right and at least 30 stand."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    passed = np.arange(1, len(ranked) + 1)
    precision = np.cumsum(right[order]) / passed
    # A threshold takes all texts of the same score, so only the last one of each score is a place to cut.
    last_of_score = np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)]
    places = np.flatnonzero(last_of_score & (precision >= TARGET_PRECISION) & (passed >= LEAST_TEXTS))
    if not len(places):
        return Gate(NOTHING_PASSES, None, 0.0, 0)
    place = places[-1]
    coverage = float(passed[place] / len(ranked))
    return Gate(float(ranked[place]), float(precision[place]), coverage, int(passed[place]))


def gate_scores(heads: list[tuple[Array, NDArray[np.intp]]]) -> Array:
    """Of each text the chance that the least sure head has the right group.

    A head is its probabilities (texts x labels) and the group number of each label; a head without groups has each
    label as its own. The group judged is the one of the likeliest label, its chance the sum over all labels of that
    group.
    """
    return np.asarray(np.min([_group_chance(chances, groups) for chances, groups in heads], axis=0))


def _group_chance(chances: Array, groups: NDArray[np.intp]) -> Array:
    best = groups[chances.argmax(axis=1)]
    return np.asarray(np.minimum((chances * (groups[None, :] == best[:, None])).sum(axis=1), 1.0))
