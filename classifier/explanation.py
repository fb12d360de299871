"""Why a label: the words of a text that counted most for the first candidate against the second."""

from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.words import Document, is_word

MOST_WORDS = 6
NOTHING = np.zeros(1)

Weights = tuple[tuple[str, float], ...]


def explain_words(document: Document, places: NDArray[Any], lengths: NDArray[Any], margins: NDArray[Any]) -> list[Weights]:
    """For each head the six words of the largest weight either way, from the most for to the most against.

    Each occurrence of a feature stands at a place of the text, has a length in characters and adds its margins (occurrences
    x heads) to the score of the first label over the second; its characters share a margin evenly, and a word's weight is
    the sum over its characters wherever it stands. So the weights of all words and signs together are the whole margin.
    """
    numbers: dict[str, int] = {}
    which = np.array([numbers.setdefault(piece, len(numbers)) for piece in document.pieces], dtype=np.intp)
    ends = np.cumsum([0, *map(len, document.pieces)])
    where = np.concatenate([places, places + lengths])
    words = list(numbers)
    answers = []
    shares = margins / lengths[:, None]
    for begins in np.concatenate([shares, -shares]).T:
        # Running sums of what begins and what ends at each place give every character its share without a loop.
        upto = np.concatenate([NOTHING, np.bincount(where, begins, len(document.text) + 1).cumsum().cumsum()])[ends]
        answers.append(_strongest(words, np.bincount(which, upto[1:] - upto[:-1], len(words))))
    return answers


def _strongest(words: list[str], weights: NDArray[Any]) -> Weights:
    ranked = np.argsort(-np.abs(weights), kind="stable").tolist()
    chosen = [(words[number], float(weights[number])) for number in islice((n for n in ranked if is_word(words[n])), MOST_WORDS)]
    return tuple(sorted(chosen, key=lambda item: -item[1]))
