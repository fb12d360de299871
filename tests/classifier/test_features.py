"""Features: the figures of scikit-learn, every sequence that a plain loop finds, and nothing that depends on neighbours."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from classifier.corpus import read_bundled
from classifier.errors import CorpusError
from classifier.features import BITS, LONGEST_SEQUENCE, Features, as_matrix, learn_features
from classifier.registry import PROJECT
from classifier.words import Cutter, Document, is_word, read_words, weigh

DOCUMENTS = [Document("停电了", ["停电", "了"]), Document("电费多", ["电费", "多"]), Document("停电 停电", ["停电", " ", "停电"])]
CUTTER = Cutter()
ODD = st.text(st.one_of(st.characters(), st.sampled_from("停电费表了0a -\0\ud800😀𠮷")), max_size=40)


def key(sequence: str) -> int:
    """A sequence as the number under which it is known."""
    number = 0
    for sign in sequence:
        number = number << BITS | ord(sign)
    return number


def sequences_of(text: str) -> list[tuple[int, str]]:
    """All sequences of one to three signs with their places, by a plain loop."""
    lengths = range(1, LONGEST_SEQUENCE + 1)
    return [(place, text[place : place + length]) for length in lengths for place in range(len(text) - length + 1)]


def knowing(words: Sequence[str], sequences: Sequence[str]) -> Features:
    """Features that know just these, all of the same weight."""
    keys = np.array(sorted(map(key, sequences)), dtype=np.uint64)
    return Features(words, keys, np.ones(len(words) + len(keys), dtype=np.float32))


# Beside scikit-learn


@pytest.fixture(scope="module")
def bundled() -> list[Document]:
    cutter = Cutter(weigh(read_words(PROJECT / "data" / "words" / "power.txt")))
    return [cutter.document(text) for text in read_bundled(PROJECT / "data").texts[:500]]


def words_of(document: Document) -> list[str]:
    return [piece for piece in document.pieces if is_word(piece)]


def text_of(document: Document) -> str:
    return document.text


@pytest.mark.parametrize("least_texts", [1, 2])
def test_the_figures_are_those_of_scikit_learn(bundled: list[Document], least_texts: int) -> None:
    features, found = learn_features(bundled, least_texts=least_texts)
    words = TfidfVectorizer(analyzer=words_of, sublinear_tf=True, min_df=least_texts)
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), lowercase=False, preprocessor=text_of, sublinear_tf=True, min_df=least_texts)
    left, right = words.fit_transform(bundled), characters.fit_transform(bundled)
    in_our_order = np.array([characters.vocabulary_[sequence] for sequence in sorted(characters.vocabulary_, key=key)])
    assert features.words == words.get_feature_names_out().tolist()
    assert features.sequences.tolist() == sorted(map(key, characters.vocabulary_))
    width = len(features.words)
    assert abs(found[:, :width] - left).max() < 1e-6
    assert abs(found[:, width:] - right[:, in_our_order]).max() < 1e-6


def test_new_texts_have_the_figures_of_scikit_learn_too(bundled: list[Document]) -> None:
    features, _ = learn_features(bundled[:300], least_texts=2)
    words = TfidfVectorizer(analyzer=words_of, sublinear_tf=True, min_df=2).fit(bundled[:300])
    assert abs(features.transform(bundled[300:])[:, : len(features.words)] - words.transform(bundled[300:])).max() < 1e-6


# What is found


@settings(max_examples=300, deadline=None)
@given(st.lists(ODD, min_size=1, max_size=4))
@example(["", "停\ud800电", "😀😀😀", "a\0b"])
@example(["电", "电"])
def test_exactly_the_sequences_of_a_plain_loop_are_found(texts: list[str]) -> None:
    documents = [CUTTER.document(text) for text in texts]
    # Every other sequence is known, so that there is something to pass over.
    known = sorted({sequence for document in documents for _, sequence in sequences_of(document.text)})[::2]
    found = knowing([], known).find(documents)
    columns = {number: column for column, number in enumerate(sorted(map(key, known)))}
    expected = Counter(
        (row, columns[key(sequence)], place + int(found.text_starts[row]), len(sequence))
        for row, document in enumerate(documents)
        for place, sequence in sequences_of(document.text)
        if sequence in set(known)
    )
    parts = (found.rows, found.columns, found.places, found.lengths)
    assert Counter(zip(*(part.tolist() for part in parts), strict=True)) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(ODD, min_size=2, max_size=6))
def test_what_is_learnt_is_what_stands_in_enough_texts(texts: list[str]) -> None:
    documents = [CUTTER.document(text) for text in [*texts, "停电", "停电"]]
    features, _ = learn_features(documents, least_texts=2)
    in_texts = Counter(sequence for document in documents for sequence in {sequence for _, sequence in sequences_of(document.text)})
    in_words = Counter(word for document in documents for word in set(words_of(document)))
    assert sorted(features.sequences.tolist()) == sorted(key(sequence) for sequence, count in in_texts.items() if count > 1)
    assert features.words == sorted(word for word, count in in_words.items() if count > 1)


def test_a_document_may_hold_half_a_surrogate_pair() -> None:
    document = Document("\ud800\udfff", ["\ud800\udfff"])
    found = knowing([], ["\ud800", "\ud800\udfff"]).find([document])
    assert found.places.tolist() == [0, 0]


def test_what_is_unknown_is_ignored() -> None:
    features = knowing(["停电"], ["停"])
    assert features.transform([CUTTER.document("谢谢")]).nnz == 0
    assert features.transform([CUTTER.document("谢谢停电")]).toarray().tolist() == features.transform([CUTTER.document("停电")]).toarray().tolist()


def test_no_sequence_crosses_from_one_text_into_the_next() -> None:
    found = knowing([], ["停电", "电停"]).find([CUTTER.document("停"), CUTTER.document("电停"), CUTTER.document("电")])
    assert (found.rows.tolist(), found.places.tolist(), found.text_starts.tolist()) == ([1], [2], [0, 2, 5])


def test_a_word_is_found_at_its_place_whenever_it_stands_there() -> None:
    found = knowing(["停电"], ["x"]).find([Document("又停电,停电", ["又", "停电", ",", "停电"])])
    assert (found.columns.tolist(), found.places.tolist(), found.lengths.tolist()) == ([0, 0], [1, 4], [2, 2])


# What it weighs


def test_both_blocks_are_of_unit_length() -> None:
    features, matrix = learn_features(DOCUMENTS, least_texts=1)
    for block in (matrix[:, : len(features.words)], matrix[:, len(features.words) :]):
        assert np.allclose(np.sqrt(block.multiply(block).sum(axis=1)), 1.0, atol=1e-6)


def test_learning_gives_the_matrix_that_transforming_gives() -> None:
    features, matrix = learn_features(DOCUMENTS, least_texts=1)
    assert abs(features.transform(DOCUMENTS) - matrix).max() == 0


def test_features_made_again_from_what_was_learnt_are_the_same() -> None:
    features, matrix = learn_features(DOCUMENTS, least_texts=1)
    again = Features(features.words, features.sequences, features.idf)
    assert abs(again.transform(DOCUMENTS) - matrix).max() == 0


def test_a_feature_counts_by_the_logarithm_of_how_often_it_stands() -> None:
    features = knowing(["停电", "了"], ["x"])
    weighed = features.weigh(features.find([Document("停电停电停电了", ["停电", "停电", "停电", "了"])]), 1)
    assert weighed.counts.tolist() == [3, 1]
    assert weighed.values[0] / weighed.values[1] == pytest.approx(1 + np.log(3), rel=1e-6)


# One text alone


@settings(max_examples=200, deadline=None)
@given(ODD, ODD)
@example("", "停电")
@example("停电停电停电", "停电")
@example("\ud800\udfff", "\ud800")
def test_one_text_reads_as_it_is_found_and_weighed_among_others(text: str, learnt: str) -> None:
    document = CUTTER.document(text)
    features, _ = learn_features([CUTTER.document(known) for known in (learnt, text[::2], "停电了")], least_texts=1)
    reading, weighed = features.read(document), features.weigh(features.find([document]), 1)
    assert (reading.columns.tolist(), reading.counts.tolist()) == (weighed.columns.tolist(), weighed.counts.tolist())
    assert reading.values.tolist() == pytest.approx(weighed.values.tolist(), abs=1e-7)


def test_a_reading_says_at_which_place_each_occurrence_stands() -> None:
    reading = knowing(["停电"], ["停", "停电", "电停电"]).read(Document("停电停电", ["停电", "停电"]))
    # Two pieces, then four sequences of one character, three of two and two of three.
    assert reading.places == 2 + 4 + 3 + 2
    assert (reading.columns.tolist(), reading.counts.tolist()) == ([0, 1, 2, 3], [2, 2, 2, 1])
    assert reading.at.tolist() == [0, 1, 2, 4, 6, 8, 10]


def same(one: csr_matrix, other: csr_matrix) -> bool:
    return one.shape == other.shape and one.toarray().tolist() == other.toarray().tolist()


@settings(max_examples=100, deadline=None)
@given(st.lists(ODD, min_size=1, max_size=5))
def test_a_text_weighs_the_same_alone_and_among_others(texts: list[str]) -> None:
    features, _ = learn_features([CUTTER.document(text) for text in [*texts[::2], "停电了", "电费多"]], least_texts=1)
    documents = [CUTTER.document(text) for text in texts]
    together = features.transform(documents)
    assert all(same(together[row], features.transform([document])) for row, document in enumerate(documents))


def test_weights_become_a_matrix_with_a_row_for_a_text_without_any() -> None:
    features = knowing(["停电"], ["停"])
    documents = [CUTTER.document(text) for text in ("", "停电", "", "停", "")]
    matrix = as_matrix(features.weigh(features.find(documents), 5), 5, features.width)
    assert matrix.toarray().tolist() == [[0, 0], [1, 1], [0, 0], [0, 1], [0, 0]]


FEW = {"nothing but signs": ["!", ""], "nothing that stands twice": ["停", "费"]}


@pytest.mark.parametrize("texts", FEW.values(), ids=FEW)
def test_texts_without_words_cannot_be_learnt_from(texts: list[str]) -> None:
    with pytest.raises(CorpusError, match="no words can be learnt from these 2 texts"):
        learn_features([CUTTER.document(text) for text in texts], least_texts=2)
