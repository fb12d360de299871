"""From scores to probabilities that can be believed, and the gate that lets a decision pass without a person."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from math import exp, log, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

BINS = 15
TARGET_PRECISION = 0.95
LEAST_TEXTS = 30
NOTHING_PASSES = 1.01
SUREST = 1e-6  # nothing is surer than this is small: beyond it odds say nothing
BARELY = 1 + 1e-9


def probabilities(scores: NDArray[Any]) -> Array:
    """Softmax of scores (texts x labels, or those of one text alone): each row is positive and sums to 1."""
    scaled = np.asarray(scores, dtype=np.float64)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def agree(first: Array, second: Array, agreement: NDArray[Any]) -> tuple[Array, Array]:
    """Probabilities of two heads made consistent: the sums over the products of both and of how well two labels go together."""
    ahead, behind = first * (second @ agreement.T), second * (first @ agreement)
    return ahead / ahead.sum(axis=-1, keepdims=True), behind / behind.sum(axis=-1, keepdims=True)


@dataclass(frozen=True, slots=True)
class Curve:
    """How often the likeliest label is right, from its probability: log odds times `slope`, plus `offset`.

    This is Platt scaling of the top label (Platt 1999; Gupta & Ramdas 2022, "Top-label calibration"): factors alone leave
    linear machines too sure where they are very sure and not sure enough where they doubt.
    """

    slope: float = 1.0
    offset: float = 0.0

    def bend_all(self, chances: Array) -> Array:
        """Probabilities (texts x labels) with the likeliest on the curve and all others in their proportions; no label
        overtakes the likeliest."""
        rows, best = np.arange(len(chances)), chances.argmax(axis=1)
        top = np.clip(chances[rows, best], SUREST, 1 - SUREST)
        bent = 1 / (1 + np.exp(-(self.slope * np.log(top / (1 - top)) + self.offset)))
        second = np.partition(chances, -2, axis=1)[:, -2]
        bent = np.maximum(bent, BARELY * second / (1 - top + second))
        made = chances * ((1 - bent) / (1 - top))[:, None]
        made[rows, best] = bent
        return np.asarray(made / made.sum(axis=1, keepdims=True))

    def bend(self, chances: Array) -> Array:
        """The same for one text, in plain numbers, since somebody waits for it."""
        best = int(chances.argmax())
        top = chances.item(best)
        bent = 1 / (1 + exp(-(self.slope * log(top / (1 - top)) + self.offset))) if top < 1 - SUREST else 0.0
        if bent < top and bent <= 0.5:  # surest of all, or a second label could overtake it: both are rare
            return np.asarray(self.bend_all(chances[None])[0])
        made: Array = chances * ((1 - bent) / (1 - top))
        made[best] = bent
        return made


AS_IT_IS = Curve()


def expected_calibration_error(confidence: Array, right: Bools) -> float:
    """Mean distance of confidence from accuracy over 15 equal bins, weighted by their texts (Guo et al. 2017)."""
    if not len(confidence):
        return 0.0
    _, sums, hits = _binned(confidence, right)
    return float(np.abs(sums - hits).sum() / len(confidence))


def calibration_curve(confidence: Array, right: Bools) -> list[dict[str, float]]:
    """For each bin with texts in it: their number, their mean confidence, and the share of them that is right."""
    texts, sums, hits = _binned(confidence, right)
    return [
        {"texts": int(n), "confidence": round(float(s / n), 4), "accuracy": round(float(h / n), 4)}
        for n, s, h in zip(texts, sums, hits, strict=True)
        if n
    ]


def _binned(confidence: Array, right: Bools) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Of each bin the number of its texts, the sum of their confidence, and how many of them are right."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return np.bincount(bins, minlength=BINS), np.bincount(bins, confidence, BINS), np.bincount(bins, right, BINS).astype(np.float64)


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


@dataclass(frozen=True)
class Stakes:
    """What a head's labels decide: of each its group (labels of one group lead to the same decision), and what it costs
    to miss it (1: as much as any other)."""

    groups: NDArray[np.intp]
    costs: Array

    @cached_property
    def meant(self) -> Array:
        """For each label which labels lead to the same decision (labels x labels, 1 or 0)."""
        return np.asarray(self.groups[:, None] == self.groups[None, :], dtype=np.float64)

    @cached_property
    def missed(self) -> Array:
        """For each label what it costs to miss those that lead to another decision (labels x labels)."""
        return (1.0 - self.meant) * self.costs


def stakes(labels: Sequence[str], groups: Mapping[str, str], costs: Mapping[str, float]) -> Stakes:
    """The stakes of a head's labels; a label without a group is one of its own, one without a cost costs 1."""
    names = [("group", groups[label]) if label in groups else ("label", label) for label in labels]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    prices = np.array([costs.get(label, 1.0) for label in labels], dtype=np.float64)
    return Stakes(np.array([numbers[name] for name in names], dtype=np.intp), prices)


def gate_scores(heads: Sequence[tuple[Array, Stakes]]) -> Array:
    """Of each text how sure the decision is: the chance that every head has the right group, were they independent.

    The group judged is the one of the likeliest label, its chance the sum over all labels of that group against the
    sum over all others, each weighed by what it costs to miss it.
    """
    return np.asarray(prod(_group_chance(chances, at_stake) for chances, at_stake in heads))


def _group_chance(chances: Array, at_stake: Stakes) -> Array:
    likeliest = chances.argmax(axis=-1)
    meant, missed = np.vecdot(chances, at_stake.meant[likeliest]), np.vecdot(chances, at_stake.missed[likeliest])
    return np.asarray(meant / np.maximum(meant + missed, 1e-300))
