"""Why a label: the words of a text that counted most for the first candidate against the second."""

from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.features import LONGEST_SEQUENCE
from classifier.words import Document, is_word

MOST_WORDS = 6
MOST_DIGITS = 4  # a longer number is somebody's: of a phone, a meter, a customer; it explains nothing and must not stand in a decision's reasons

Weights = tuple[tuple[str, float], ...]


def explain_words(document: Document, margins: NDArray[Any]) -> list[Weights]:
    """For each head the six words of the largest weight either way, from the most for to the most against.

    `margins` has for each head and each place of the text (`classifier.features.Reading`) what the feature that stands
    there adds to the score of the first label over the second. A piece has its own margin, and of each sequence over it the
    share of its characters, which share a margin evenly; a word's weight is the sum wherever it stands. So the weights
    of all words and signs together are the whole margin.
    """
    pieces = document.pieces
    if not pieces:
        return [()] * len(margins)
    numbers: dict[str, int] = {}
    which = np.array([numbers.setdefault(piece, len(numbers)) for piece in pieces])
    lengths = np.fromiter(map(len, pieces), dtype=np.intp, count=len(pieces))
    shares = _shares(margins[:, len(pieces) :], len(document.text))
    weights = margins[:, : len(pieces)] + np.add.reduceat(shares, lengths.cumsum() - lengths, axis=1)
    words = list(numbers)
    return [_strongest(words, np.bincount(which, own, len(words))) for own in weights]


def _shares(margins: NDArray[Any], length: int) -> NDArray[Any]:
    """What each character has of the margins of the sequences over it (heads x characters)."""
    shares, start = margins[:, :length].copy(), length
    for size in range(2, LONGEST_SEQUENCE + 1):
        count = max(0, length - size + 1)
        share = margins[:, start : start + count] / size
        for shift in range(size):
            shares[:, shift : shift + count] += share
        start += count
    return shares


def may_be_shown(word: str) -> bool:
    """Say whether a word may be told as a reason: it says something, and is no number that leads to a person."""
    return is_word(word) and sum(character.isdigit() for character in word) <= MOST_DIGITS


def _strongest(words: list[str], weights: NDArray[Any]) -> Weights:
    ranked = (-np.abs(weights)).argsort(kind="stable").tolist()
    chosen = [(words[number], float(weights[number])) for number in islice((n for n in ranked if may_be_shown(words[n])), MOST_WORDS)]
    return tuple(sorted(chosen, key=lambda item: -item[1]))
