"""Why a label: the words of a text that counted most for the first candidate against the second."""

from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.words import Document, is_word

MOST_WORDS = 6

Weights = tuple[tuple[str, float], ...]


def explain_words(document: Document, places: NDArray[Any], lengths: NDArray[Any], margins: NDArray[Any]) -> Weights:
    """The six words of the largest weight either way, from the most for to the most against.

    Each occurrence of a feature stands at a place of the text, has a length in characters and adds its margin to the
    score of the first label over the second; its characters share the margin evenly, and a word's weight is the sum
    over its characters wherever it stands. So the weights of all words and signs together are the whole margin.
    """
    shares = margins / lengths
    # Running sums of what begins and what ends at each place give every character its share without a loop.
    steps = np.bincount(np.concatenate([places, places + lengths]), np.concatenate([shares, -shares]), len(document.text) + 1)
    upto = [0.0, *steps.cumsum().cumsum().tolist()]
    weights: dict[str, float] = {}
    start = 0
    for piece in document.pieces:
        end = start + len(piece)
        weights[piece] = weights.get(piece, 0.0) + upto[end] - upto[start]
        start = end
    ranked = sorted(weights.items(), key=lambda item: (-abs(item[1]), item[0]))
    strongest = islice((item for item in ranked if is_word(item[0])), MOST_WORDS)
    return tuple(sorted(strongest, key=lambda item: -item[1]))
