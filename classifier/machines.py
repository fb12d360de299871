"""The two machines that learn: a linear support vector machine on words, a logistic regression on the encoder's vectors."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from classifier.recipe import Floats, Linear, Recipe

# A head's rows of one part and label count as so many at least, lest a handful of them outweighs hundreds.
FEWEST = 10
# Texts of another register are answered best, and with the truest probabilities, with half of the usual weight (docs/model.md).
WEIGHT = 0.5


def learn_wording(matrix: csr_matrix, labels: Sequence[str], recipe: Recipe, weights: NDArray[Any] | None = None) -> Linear:
    """A linear support vector machine on words and sequences, one label against the rest; without `weights` of the rows
    each label weighs the same."""
    from sklearn.svm import LinearSVC  # here, because a server that only answers starts a second sooner without it

    # More rounds than the default 1,000, because a long corpus needs some more; it stops as soon as it has converged.
    machine = LinearSVC(C=recipe.penalty, class_weight=_class_weight(weights), random_state=recipe.seed, max_iter=20_000)
    return _linear(machine.fit(matrix, list(labels), sample_weight=weights))


def learn_sense(vectors: Floats, labels: Sequence[str], recipe: Recipe, weights: NDArray[Any] | None = None) -> Linear:
    """A logistic regression on the encoder's vectors; without `weights` of the rows each label weighs the same."""
    from sklearn.linear_model import LogisticRegression

    machine = LogisticRegression(C=recipe.sense_penalty, class_weight=_class_weight(weights), max_iter=1_000)
    return _linear(machine.fit(vectors, list(labels), sample_weight=weights))


def within_parts(labels: Sequence[str], parts: Sequence[str]) -> NDArray[Any]:
    """Weights of rows that stand half-way between each label weighing the same in all, and in each part.

    Where one register holds more complaints than another, its manner of speaking is otherwise learnt as a sign of complaint.
    """
    kinds, of_part, of_label = len(set(labels)), Counter(parts), Counter(labels)
    of_both = Counter(zip(parts, labels, strict=True))
    in_all = np.array([len(labels) / (kinds * of_label[label]) for label in labels])
    pairs = zip(parts, labels, strict=True)
    in_part = np.array([of_part[part] / (kinds * max(of_both[part, label], FEWEST)) for part, label in pairs])
    return np.asarray(WEIGHT * np.sqrt(in_all * in_part))


def _class_weight(weights: NDArray[Any] | None) -> str | None:
    return "balanced" if weights is None else None


def _linear(machine: Any) -> Linear:
    """Weights and intercepts of a fitted machine; two labels are two columns, like any number."""
    weights, intercepts = machine.coef_.T, machine.intercept_
    if weights.shape[1] == 1:
        weights, intercepts = np.hstack([-weights, weights]), np.concatenate([-intercepts, intercepts])
    labels = tuple(str(label) for label in machine.classes_)
    return Linear(labels, np.ascontiguousarray(weights, dtype=np.float32), intercepts.astype(np.float32))
