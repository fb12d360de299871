"""Why a label: the words of a text that counted most for the first candidate against the second."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from classifier.recipe import Features
from classifier.words import Document

MOST_WORDS = 6

Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """Of each word of a text the features that it stands for, and which part of each is its own."""

    by_word: Mapping[str, list[tuple[int, float]]]

    def weigh(self, contributions: Mapping[int, float]) -> Weights:
        """The six words of the largest weight either way, from the most for to the most against."""
        weights = {word: sum(contributions.get(column, 0.0) * share for column, share in parts) for word, parts in self.by_word.items()}
        strongest = sorted(weights.items(), key=lambda item: (-abs(item[1]), item[0]))[:MOST_WORDS]
        return tuple(sorted(strongest, key=lambda item: -item[1]))


class Explainer:
    """Divides what the features of a text contribute among its words."""

    def __init__(self, features: Features) -> None:
        self._words: Mapping[str, int] = features.words.vocabulary_
        self._chars: Mapping[str, int] = features.chars.vocabulary_
        self._grams = features.chars.build_analyzer()

    def shares(self, document: Document) -> Shares:
        """A word owns its own feature, and of each character sequence in it the share that it holds."""
        in_text = Counter[str](self._grams(document.text))
        counts = Counter(document.words.split())
        return Shares({word: self._parts(word, count, in_text) for word, count in counts.items()})

    def _parts(self, word: str, count: int, in_text: Counter[str]) -> list[tuple[int, float]]:
        parts = [(self._words[word], 1.0)] if word in self._words else []
        for gram in self._grams(word):
            if gram in self._chars and in_text[gram]:
                parts.append((len(self._words) + self._chars[gram], count / in_text[gram]))
        return parts


def contributions(row: csr_matrix, weights: NDArray[np.float32], first: int, second: int) -> dict[int, float]:
    """What each feature of one text (a row of the matrix) adds to the score of a label over that of another."""
    difference = weights[row.indices, first].astype(np.float64) - weights[row.indices, second]
    return dict(zip(row.indices.tolist(), (row.data * difference).tolist(), strict=True))
