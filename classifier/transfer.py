"""How like the texts that we learn from are to real ones: how well a classifier tells the two apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import tables
from classifier.corpus import Corpus
from classifier.errors import CorpusError
from classifier.features import learn_features
from classifier.words import Cutter

FOLDS = 5


@dataclass(frozen=True)
class Apart:
    """The area under the curve of telling real texts from those of a corpus, as a whole and by its parts."""

    area: float
    by_part: dict[str, float]
    texts: int


def tell_apart(corpus: Corpus, real: Sequence[str], *, seed: int = 0) -> Apart:
    """Say how well real texts are told from those of a corpus, each judged by a classifier that has not seen it.

    The area under the ROC curve is the chance that a real text looks more real than a written one: 0.5 if nothing
    tells them apart. Raises `CorpusError` for fewer than five real texts.
    """
    if len(real) < FOLDS:
        raise CorpusError(f"--against: {len(real)} texts are too few, there must be {FOLDS} at least")
    cutter = Cutter()
    _, matrix = learn_features([cutter.document(text) for text in [*corpus.texts, *real]], least_texts=2)
    truth = np.array([0] * len(corpus.texts) + [1] * len(real))
    machine = LogisticRegression(C=10.0, class_weight="balanced", max_iter=500)
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    chances = cross_val_predict(machine, matrix, truth, cv=splitter, method="predict_proba")[:, 1]
    parts = np.array([*corpus.parts, *[""] * (len(truth) - len(corpus.parts))])
    by_part = {part: _area(truth, chances, (parts == part) | (truth == 1)) for part in sorted(set(corpus.parts))}
    return Apart(float(roc_auc_score(truth, chances)), by_part, len(real))


def read_texts(path: Path, column: str) -> list[str]:
    """The texts of one column of a table, without empty ones."""
    return [row.values[column] for row in tables.read_rows(path, need=(column,)) if row.values[column].strip()]


def _area(truth: np.ndarray, chances: np.ndarray, chosen: np.ndarray) -> float:
    return float(roc_auc_score(truth[chosen], chances[chosen]))
