"""The guarded set: a tenth of the corpus that stays the same as it grows, on which a candidate is held against the model in use."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import Array, stakes
from classifier.corpus import Corpus

ONE_IN = 10
DECISION = "decision"


def identity(text: str) -> str:
    """A short name of a text that does not tell what it says."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def guarded_rows(corpus: Corpus) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to learn from and rows to guard: by the hash of its text, so that a text is guarded once and for all.

    Corrections of people are never guarded: whoever corrects must not choose what is measured. A label whose rows would
    all be guarded keeps them to learn from.
    """
    ours = ~np.array(corpus.is_correction or [False] * len(corpus.texts))
    chosen = ours & np.array([int(identity(text), 16) % ONE_IN == 0 for text in corpus.texts])
    for labels in corpus.labels.values():
        left = {label for label, out in zip(labels, chosen, strict=True) if not out}
        chosen &= np.array([label in left for label in labels])
    if not chosen.any():
        chosen[np.flatnonzero(ours)[-1:]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def outcomes(
    corpus: Corpus, rows: NDArray[np.intp], chances: Mapping[str, Array], names: Mapping[str, Sequence[str]], groups: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Of each guarded text whether each head was right and whether the decision (the groups of all heads) was: `texts`
    their identities, `right` by head a string of 0 and 1."""
    decided = np.ones(len(rows), dtype=bool)
    right = {}
    for head, labels in names.items():
        truth = np.array([labels.index(corpus.labels[head][row]) for row in rows])
        answered = chances[head].argmax(axis=1)
        numbers = stakes(labels, groups.get(head, {}), {}).groups
        decided &= numbers[answered] == numbers[truth]
        right[head] = _as_digits(answered == truth)
    return {"texts": [identity(corpus.texts[row]) for row in rows], "right": right | {DECISION: _as_digits(decided)}}


def _as_digits(right: NDArray[np.bool_]) -> str:
    return "".join("1" if one else "0" for one in right)
