"""Which rows are held out together: one register at a time, or a fifth of the rows."""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold

from classifier.corpus import Corpus
from classifier.errors import CorpusError
from classifier.recipe import Recipe

MOST_FOLDS = 5

Rows = NDArray[np.intp]
Fold = tuple[Rows, Rows]


def folds(corpus: Corpus, recipe: Recipe) -> list[Fold]:
    """Rows to learn from and rows to hold out, so that each row is held out once.

    A corpus with parts (registers) holds out one part at a time, because real texts are unlike written ones;
    otherwise five stratified folds by the first head, fewer when a label has fewer rows.
    """
    rows = np.zeros(len(corpus.texts))
    if len(set(corpus.parts)) > 1:
        parts = list(LeaveOneGroupOut().split(rows, groups=list(corpus.parts)))
        if all(len({labels[row] for row in learn}) > 1 for learn, _ in parts for labels in corpus.labels.values()):
            return parts
    labels = next(iter(corpus.labels.values()))
    _, counts = np.unique(labels, return_counts=True)
    splitter = StratifiedKFold(int(min(MOST_FOLDS, counts.min())), shuffle=True, random_state=recipe.seed)
    parts = list(splitter.split(rows, labels))
    for head, names in corpus.labels.items():
        if any(len({names[row] for row in learn}) < 2 for learn, _ in parts):
            raise CorpusError(f"{head}: one label has so many of the rows that a part without it leaves a single one; add rows of other labels")
    return parts
