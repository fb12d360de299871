"""Turns texts into numbers: TF-IDF of words and of character sequences, computed for many texts at once with arrays."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from classifier.errors import CorpusError
from classifier.table import EMPTY, Ints, Keys, Table
from classifier.words import Document, is_word

Floats = NDArray[np.float32]

LONGEST_SEQUENCE = 3
BITS = 21  # Unicode has code points up to 0x10FFFF, so three of them fit into one number of 64 bits
HALF, LOW = 32, (1 << 32) - 1


@dataclass(frozen=True)
class Found:
    """The known features at their places: of each occurrence its text, its column, its first character and its length.

    `text_starts` has for each text the place of its first character among the characters of all of them.
    """

    rows: Ints
    columns: Ints
    places: Ints
    lengths: Ints
    text_starts: Ints


@dataclass(frozen=True)
class Weighed:
    """Each feature of each text once, by row and column, with its weight; `counts` says how often it occurs."""

    rows: Ints
    columns: Ints
    counts: Ints
    values: Floats


@dataclass(frozen=True)
class Reading:
    """The known features of one text: each once, in the order of columns, with how often it occurs and its weight.

    A text has a place for each of its pieces, then one for each sequence of one, of two and of three characters, by where
    they begin; `at` says for the occurrences, feature after feature, at which of these `places` they stand.
    """

    columns: Ints
    counts: Ints
    values: Floats
    at: Ints
    places: int


class Features:
    """Two TF-IDF blocks side by side, words first: each of unit length, counts dampened by 1 + log.

    The figures are those of scikit-learn's `TfidfVectorizer(sublinear_tf=True)` for words and for characters (a test
    compares them); arrays instead of Python objects make it several times as fast.
    """

    def __init__(self, words: Sequence[str], sequences: Keys, idf: Floats) -> None:
        self.words = list(words)
        self.sequences = sequences
        self.idf = idf
        self.width = len(self.words) + len(sequences)
        self._columns = {word: column for column, word in enumerate(self.words)}
        self._table = Table(sequences, len(self.words))

    def find(self, documents: Sequence[Document]) -> Found:
        """All places at which a known feature stands."""
        codes, owners, starts = _characters(documents)
        keys, places, lengths = (np.concatenate(part) for part in zip(*_sequences(codes), strict=True))
        columns = self._table.look_up(keys)
        known = columns >= 0
        at = places[known]
        found = (self._find_words(documents), (owners[at], columns[known], at, lengths[known]))
        rows, columns, places, lengths = (np.concatenate(part) for part in zip(*found, strict=True))
        return Found(rows, columns, places, lengths, starts)

    def weigh(self, found: Found, texts: int) -> Weighed:
        """TF-IDF weights of what was found in so many texts."""
        keys, counts = np.unique(found.rows * self.width + found.columns, return_counts=True)
        rows, columns = np.divmod(keys, self.width)
        values = (1.0 + np.log(counts)) * self.idf[columns]
        block = 2 * rows + (columns >= len(self.words))
        norms = np.sqrt(np.bincount(block, values * values, 2 * texts))
        return Weighed(rows, columns, counts, (values / norms[block]).astype(np.float32))

    def read(self, document: Document) -> Reading:
        """What `find` and `weigh` give for one text, in fewer steps, since somebody waits for it with each sign that he types."""
        columns = np.concatenate([self._columns_of(document.pieces), self._table.look_up(_keys(document.text))])
        (known,) = (columns >= 0).nonzero()
        # A column and its place in one number, since numbers sort several times as fast as places by their columns.
        packed = (columns[known] << HALF) | known
        packed.sort()
        ordered = packed >> HALF
        edges = np.ones(len(ordered) + 1, dtype=np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=edges[1:-1])
        (bounds,) = edges.nonzero()
        found, counts = ordered[bounds[:-1]], bounds[1:] - bounds[:-1]
        values = (1.0 + np.log(counts)) * self.idf[found]
        words = int(found.searchsorted(len(self.words)))
        for block in (values[:words], values[words:]):
            block /= np.sqrt(block @ block)
        return Reading(found, counts, values.astype(np.float32), packed & LOW, len(columns))

    def transform(self, documents: Sequence[Document]) -> csr_matrix:
        """A sparse matrix of one row a document and one column a feature."""
        return as_matrix(self.weigh(self.find(documents), len(documents)), len(documents), self.width)

    def unknown(self, documents: Sequence[Document]) -> NDArray[Any]:
        """Of each text the shares of its words and of its characters that are none of the features (texts x 2)."""
        found = self.find(documents)
        is_of_words = found.columns < len(self.words)
        places = (is_of_words, ~is_of_words & (found.lengths == 1))
        known = np.column_stack([np.bincount(found.rows[chosen], minlength=len(documents)) for chosen in places])
        there = np.array([(sum(map(is_word, document.pieces)), len(document.text)) for document in documents]).reshape(-1, 2)
        return np.asarray((there - known) / np.maximum(there, 1))

    def _columns_of(self, pieces: Sequence[str]) -> Ints:
        return np.fromiter(map(self._columns.get, pieces, repeat(-1)), dtype=np.int64, count=len(pieces))

    def _find_words(self, documents: Sequence[Document]) -> tuple[Ints, Ints, Ints, Ints]:
        pieces = [piece for document in documents for piece in document.pieces]
        rows = np.repeat(np.arange(len(documents)), [len(document.pieces) for document in documents])
        columns = self._columns_of(pieces)
        lengths = np.array(list(map(len, pieces)), dtype=np.int64)
        # The pieces of a text are all of it, and one 0 stands between two texts.
        places = lengths.cumsum() - lengths + rows
        known = columns >= 0
        return rows[known], columns[known], places[known], lengths[known]


def learn_features(documents: Sequence[Document], *, least_texts: int) -> tuple[Features, csr_matrix]:
    """Learn from documents which features there are, and give their matrix.

    A feature must stand in `least_texts` of them. Raises `CorpusError` if nothing remains.
    """
    texts = len(documents)
    in_texts = Counter(word for document in documents for word in set(document.pieces) if is_word(word))
    words = sorted(word for word, count in in_texts.items() if count >= least_texts)
    sequences, sequence_texts = _distinct_sequences(documents, least_texts)
    if not words or not len(sequences):
        raise CorpusError(f"no words can be learnt from these {texts} texts; is it the right column?")
    seen_in = np.concatenate([np.array([in_texts[word] for word in words]), sequence_texts])
    # Smoothed as if one more text held every feature: scikit-learn's user guide, "Tf-idf term weighting".
    idf = (np.log((1 + texts) / (1 + seen_in)) + 1).astype(np.float32)
    features = Features(words, sequences, idf)
    return features, features.transform(documents)


def as_matrix(weighed: Weighed, texts: int, width: int) -> csr_matrix:
    """Weights as a sparse matrix (texts x features)."""
    ends = np.concatenate([[0], np.cumsum(np.bincount(weighed.rows, minlength=texts))])
    return csr_matrix((weighed.values, weighed.columns, ends), shape=(texts, width))


def _characters(documents: Sequence[Document]) -> tuple[Keys, Ints, Ints]:
    """The code points of all texts with a 0 after each, of each the row of its text, and where each text starts."""
    joined = "\0".join([document.text for document in documents]) + "\0"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    ends = np.flatnonzero(codes == EMPTY)
    starts = np.concatenate([[0], ends[:-1] + 1])
    return codes, np.repeat(np.arange(len(documents)), ends - starts + 1), starts


def _keys(text: str) -> Keys:
    """All sequences of one text as numbers: those of one character, of two, of three."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    shift, keys = np.uint64(BITS), [codes]
    for length in range(2, LONGEST_SEQUENCE + 1):
        keys.append((keys[-1][:-1] << shift) | codes[length - 1 :])
    return np.concatenate(keys)


def _sequences(codes: Keys) -> list[tuple[Keys, Ints, Ints]]:
    """Of each length the sequences as numbers, their places and the length; none crosses the 0 between two texts."""
    shift = np.uint64(BITS)
    known = codes != EMPTY
    keys, inside, made = codes, known, []
    for length in range(1, LONGEST_SEQUENCE + 1):
        if length > 1:
            keys = (keys[:-1] << shift) | codes[length - 1 :]
            inside = inside[:-1] & known[length - 1 :]
        places = np.flatnonzero(inside)
        made.append((keys[places], places, np.full(len(places), length)))
    return made


def _distinct_sequences(documents: Sequence[Document], least_texts: int) -> tuple[Keys, Ints]:
    """All sequences that stand in enough texts, in order, and in how many they stand."""
    codes, owners, _ = _characters(documents)
    kept = []
    for keys, places, _ in _sequences(codes):
        order = np.lexsort((owners[places], keys))
        keys, rows = keys[order], owners[places][order]
        first = np.concatenate([[True], (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])])[: len(keys)]
        distinct, texts = np.unique(keys[first], return_counts=True)
        kept.append((distinct[texts >= least_texts], texts[texts >= least_texts]))
    sequences, counts = (np.concatenate(part) for part in zip(*kept, strict=True))
    return sequences, counts
