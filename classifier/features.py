"""Turns texts into numbers: TF-IDF of words and of character sequences, computed for many texts at once with arrays."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from classifier.errors import CorpusError
from classifier.words import Document, is_word

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

LONGEST_SEQUENCE = 3
BITS = 21  # Unicode has code points up to 0x10FFFF, so three of them fit into one number of 64 bits
WORDS, SEQUENCES = 0, 1
EMPTY = np.uint64(0)
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing (Knuth, The Art of Computer Programming, vol. 3, section 6.4)


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
        self._table = _Table(sequences)

    def find(self, documents: Sequence[Document]) -> Found:
        """All places at which a known feature stands."""
        codes, owners, starts = _characters(documents)
        keys, places, lengths = (np.concatenate(part) for part in zip(*_sequences(codes), strict=True))
        columns = self._table.look_up(keys)
        known = columns >= 0
        at = places[known]
        found = (self._find_words(documents), (owners[at], columns[known] + len(self.words), at, lengths[known]))
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

    def _find_words(self, documents: Sequence[Document]) -> tuple[Ints, Ints, Ints, Ints]:
        pieces = [piece for document in documents for piece in document.pieces]
        rows = np.repeat(np.arange(len(documents)), [len(document.pieces) for document in documents])
        look_up = self._columns.get
        columns = np.array([look_up(piece, -1) for piece in pieces], dtype=np.int64)
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


class _Table:
    """Finds the columns of many keys at once: open addressing in one array, at most half full, so that it stays in the cache."""

    def __init__(self, keys: Keys) -> None:
        bits = max(4, int(np.ceil(np.log2(max(1, len(keys)) * 2))))
        self._shift, self._mask = np.uint64(64 - bits), (1 << bits) - 1
        self._keys = np.zeros(1 << bits, dtype=np.uint64)
        self._columns = np.full(1 << bits, -1, dtype=np.int32)
        waiting, columns = keys, np.arange(len(keys))
        slots = self._slots(keys)
        while len(waiting):
            free = self._columns[slots] < 0
            taken, first = np.unique(slots[free], return_index=True)
            self._keys[taken], self._columns[taken] = waiting[free][first], columns[free][first]
            late = self._keys[slots] != waiting
            waiting, columns, slots = waiting[late], columns[late], (slots[late] + 1) & self._mask

    def look_up(self, keys: Keys) -> Ints:
        """The column of each key, -1 for one that is not there."""
        slots = self._slots(keys)
        there = self._keys[slots]
        columns: Ints = np.where(there == keys, self._columns[slots], -1)
        pending = np.flatnonzero((there != keys) & (there != EMPTY))
        while len(pending):
            slots[pending] = (slots[pending] + 1) & self._mask
            there = self._keys[slots[pending]]
            hit = there == keys[pending]
            columns[pending[hit]] = self._columns[slots[pending[hit]]]
            pending = pending[~hit & (there != EMPTY)]
        return columns

    def _slots(self, keys: Keys) -> NDArray[Any]:
        return ((keys * SPREAD) >> self._shift).astype(np.int64)
