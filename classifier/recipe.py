"""The choices of a training, the linear machine as a value, and how two heads agree."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every choice that changes what is learnt; its values are part of a model's version."""

    many_rows: int = 2_000
    least_texts_when_many: int = 2
    penalty: float = 1.0
    sense_penalty: float = 20.0
    agreement: float = 0.5
    seed: int = 0

    def least_texts(self, rows: int) -> int:
        """In how many texts a feature must be found: a large corpus can leave out what stands in one text only."""
        return self.least_texts_when_many if rows >= self.many_rows else 1

    def as_dict(self) -> dict[str, Any]:
        """The values for a manifest."""
        return asdict(self)


@dataclass(frozen=True)
class Linear:
    """A linear machine: weights (features x labels) and intercepts (labels), with the labels in column order."""

    labels: tuple[str, ...]
    weights: Floats
    intercepts: Floats

    def scores(self, matrix: Any) -> Floats:
        """Scores (texts x labels) of a matrix (texts x features)."""
        scores: Floats = matrix @ self.weights + self.intercepts
        return scores


def agreement(first: Sequence[str], second: Sequence[str], labels: tuple[Sequence[str], Sequence[str]], recipe: Recipe) -> Floats:
    """How much more often two labels of two heads go together than by chance (labels x labels), dampened by an exponent.

    A pair that was never seen is unlikely and not impossible.
    """
    places = [{label: place for place, label in enumerate(names)} for names in labels]
    counts = np.zeros((len(labels[0]), len(labels[1])))
    for one, other in zip(first, second, strict=True):
        counts[places[0][one], places[1][other]] += 1
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum() ** 2
    # For each label of the first head one imagined row, spread over all pairs as chance would have it.
    imagined = len(labels[0])
    share = (counts + by_chance * imagined) / (counts.sum() + imagined)
    return np.asarray((share / by_chance) ** recipe.agreement, dtype=np.float32)
