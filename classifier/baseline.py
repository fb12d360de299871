"""What texts and answers are like over a time: at training on held-out texts, or in a period; what drift is measured from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import Array, Bools

TAIL = 0.05  # the most unusual twentieth of the texts is what a new kind of text is looked for in
BINS = 10


@dataclass(frozen=True)
class Observed:
    """Of each text: by head the label that was answered, how probable that of the first head was, whether the gate let
    it pass, its length in characters, and the shares of its words and of its characters that the model does not know."""

    answers: Mapping[str, Sequence[str]]
    confidence: Array
    passed: Bools
    lengths: NDArray[Any]
    unknown_words: Array
    unknown_characters: Array


@dataclass(frozen=True)
class Tail:
    """A figure of many texts: its mean, the bound of its worst twentieth, and the share of texts that lie beyond it
    (less than a twentieth where many lie on the bound itself)."""

    mean: float
    bound: float
    beyond: float


@dataclass(frozen=True)
class Baseline:
    """What many texts and their answers were like.

    `answers` has the shares of the labels by head, `labels` those of the true ones (empty: not known); `lengths` the
    shares of ten bins between `length_bounds`; `doubt` is one minus confidence; `passed` the share that passed the gate.
    """

    texts: int
    answers: Mapping[str, Mapping[str, float]]
    labels: Mapping[str, Mapping[str, float]]
    mean_length: float
    length_bounds: tuple[float, ...]
    lengths: tuple[float, ...]
    unknown_words: Tail
    unknown_characters: Tail
    doubt: Tail
    passed: float


def baseline_of(observed: Observed, names: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]] | None = None) -> Baseline:
    """The baseline of what was observed, one text at least; `names` are the labels that each head has, `labels` the true
    ones of the texts by head."""
    bounds = np.quantile(observed.lengths, np.arange(1, BINS) / BINS)
    return Baseline(
        texts=len(observed.lengths),
        answers={head: label_shares(answered, names[head]) for head, answered in observed.answers.items()},
        labels={head: label_shares(true, names[head]) for head, true in (labels or {}).items()},
        mean_length=float(observed.lengths.mean()),
        length_bounds=tuple(bounds.tolist()),
        lengths=tuple(length_shares(observed.lengths, bounds.tolist())),
        unknown_words=_tail(observed.unknown_words),
        unknown_characters=_tail(observed.unknown_characters),
        doubt=_tail(1.0 - observed.confidence),
        passed=float(observed.passed.mean()),
    )


def read_baseline(content: Mapping[str, Any]) -> Baseline:
    """A baseline from what JSON made of it. Raises `KeyError`, `TypeError` or `ValueError`."""
    tails = {name: Tail(**content[name]) for name in ("unknown_words", "unknown_characters", "doubt")}
    tuples = {name: tuple(content[name]) for name in ("length_bounds", "lengths")}
    return Baseline(**{**content, **tails, **tuples})


def label_shares(answered: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """The share of each label among the answers."""
    counts = Counter(answered)
    return {label: counts[label] / len(answered) for label in labels}


def length_shares(lengths: NDArray[Any], bounds: Sequence[float]) -> list[float]:
    """The share of the texts in each bin between the bounds."""
    counts = np.bincount(np.searchsorted(bounds, lengths), minlength=len(bounds) + 1)
    return [float(share) for share in counts / len(lengths)]


def beyond(values: Array, bound: float) -> Bools:
    """Which values lie beyond a bound, by more than the last digits of a float."""
    return np.asarray(values > bound + 1e-9)


def _tail(values: Array) -> Tail:
    bound = float(np.quantile(values, 1 - TAIL))
    return Tail(float(values.mean()), bound, float(beyond(values, bound).mean()))
