"""The words that counted: they are words of the text, signed, and what all of them weigh is the whole margin."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier import artefact
from classifier.explanation import MOST_WORDS, explain_words, may_be_shown
from classifier.features import LONGEST_SEQUENCE, Features
from classifier.manifest import FAST
from classifier.model import Model, ModelFiles
from classifier.words import Cutter, Document, is_word, weigh
from tests.classifier.samples import WORDS

CUTTER = Cutter(weigh(WORDS))
TEXT = "幸福里小区电表走得太快，电费突然涨了三倍，请问是怎么回事？"


def test_the_words_are_of_the_text_and_the_strongest_come_first(two_heads: Model) -> None:
    (answer,) = two_heads.predict([TEXT])
    for words in answer.words.values():
        assert 0 < len(words) <= MOST_WORDS
        assert all(word in TEXT and is_word(word) for word, _ in words)
        assert [weight for _, weight in words] == sorted((weight for _, weight in words), reverse=True)


def test_a_telling_word_speaks_for_its_label(two_heads: Model) -> None:
    (answer,) = two_heads.predict(["东街老楼突然停电了"])
    assert answer.heads["topic"][0][0] == "outage"
    word, weight = answer.words["topic"][0]
    assert word == "停电"
    assert weight > 0


@pytest.mark.parametrize("text", ["", "。。。！", "   ", "\0"])
def test_a_text_without_words_has_no_reasons(two_heads: Model, text: str) -> None:
    assert two_heads.predict([text])[0].words == {"topic": (), "demand_type": ()}


@pytest.mark.parametrize(
    ("word", "may"), [("13800001234", False), ("3301000001", False), ("12345", False), ("95598", False), ("2026", True), ("3", True)]
)
def test_a_number_that_leads_to_a_person_is_no_reason(two_heads: Model, word: str, may: bool) -> None:
    assert may_be_shown(word) is may
    (answer,) = two_heads.predict([f"电表走得太快，我电话{word}"])
    assert may or not any(word in shown for words in answer.words.values() for shown, _ in words)


# By hand


def explained(pieces: list[str], *occurrences: tuple[int, int, float]) -> dict[str, float]:
    """The words of a text in which sequences stand: place, length, margin."""
    document = Document("".join(pieces), pieces)
    margins = nothing(document, 1)
    for place, length, margin in occurrences:
        margins[0, len(pieces) + sum(len(document.text) - shorter + 1 for shorter in range(1, length)) + place] += margin
    (words,) = explain_words(document, margins)
    return dict(words)


def nothing(document: Document, heads: int) -> np.ndarray:
    """No margin at any place: the pieces, then the sequences of one, two and three characters."""
    sequences = sum(max(0, len(document.text) - shorter) for shorter in range(LONGEST_SEQUENCE))
    return np.zeros((heads, len(document.pieces) + sequences))


HAND = {
    "a feature of one word": ([(0, 2, 3.0)], {"停电": 3.0, "停车": 0.0}),
    "a sequence over two words and a sign": ([(1, 3, 3.0)], {"停电": 1.0, "停车": 1.0}),
    "for and against": ([(0, 2, 3.0), (3, 2, -1.0), (0, 1, 0.5)], {"停电": 3.5, "停车": -1.0}),
    "the last sign": ([(4, 1, 2.0)], {"停电": 0.0, "停车": 2.0}),
}


@pytest.mark.parametrize(("occurrences", "expected"), HAND.values(), ids=HAND)
def test_each_sign_of_a_feature_has_the_same_share(occurrences: list[tuple[int, int, float]], expected: dict[str, float]) -> None:
    assert explained(["停电", ",", "停车"], *occurrences) == pytest.approx(expected)


def test_a_word_that_stands_twice_is_named_once_with_both_its_weights() -> None:
    assert explained(["停电", "又", "停电"], (0, 2, 1.0), (3, 2, 1.0), (2, 2, 0.5)) == pytest.approx({"停电": 2.25, "又": 0.25})


def test_the_strongest_six_are_kept_whatever_their_sign() -> None:
    weights = [0.1, -5.0, 0.3, 4.0, -0.2, 2.0, -1.0, 3.0]
    found = explained(list("abcdefgh"), *[(place, 1, weight) for place, weight in enumerate(weights)])
    assert list(found) == ["d", "h", "f", "c", "g", "b"]


def test_a_text_in_which_nothing_is_known_has_words_without_weight() -> None:
    for document, expected in ((Document("谢谢", ["谢谢"]), (("谢谢", 0.0),)), (Document("", []), ())):
        assert explain_words(document, nothing(document, 2)) == [expected] * 2


def test_a_piece_that_is_a_feature_has_its_margin_in_each_head() -> None:
    document = Document("国家电网,停电", ["国家电网", ",", "停电"])
    margins = nothing(document, 2)
    margins[0, 0], margins[1, 2] = 3.0, -2.0
    assert [dict(words) for words in explain_words(document, margins)] == [{"国家电网": 3.0, "停电": 0.0}, {"国家电网": 0.0, "停电": -2.0}]


# The sum


@st.composite
def marked(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, float]]]:
    """Up to six different words and the features that stand in them."""
    pieces = draw(st.lists(st.sampled_from(["停电", "了", "电费", "三倍", "请问", "小区"]), min_size=1, max_size=6, unique=True))
    length = len("".join(pieces))
    occurrences = draw(st.lists(st.tuples(st.integers(0, length - 1), st.integers(1, 3), st.floats(-9, 9)), min_size=1, max_size=20))
    return pieces, [(place, min(span, length - place), margin) for place, span, margin in occurrences]


@given(marked())
def test_all_words_together_weigh_what_all_features_do(given_text: tuple[list[str], list[tuple[int, int, float]]]) -> None:
    pieces, occurrences = given_text
    assert sum(explained(pieces, *occurrences).values()) == pytest.approx(sum(margin for *_, margin in occurrences), abs=1e-9)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(["停电", "电表箱", "账单", "请问", "投诉", "小区", "三"]), min_size=1, max_size=4))
def test_the_weights_of_a_short_text_are_the_margin_of_its_scores(two_head_files: ModelFiles, two_heads: Model, words: list[str]) -> None:
    document = CUTTER.document("".join(words))
    assert len(set(document.pieces)) <= MOST_WORDS
    (answer,) = two_heads.predict([document.text])
    arrays = artefact.unpack(two_head_files.artefact)
    features = Features(artefact.to_terms(arrays["words"]), arrays["sequences"], arrays["idf"])
    scores = (features.transform([document]) @ arrays["wording.weights"])[0]
    start = 0
    for head, labels in two_heads.manifest.labels.items():
        first, second = (start + labels.index(label) for label, _ in answer.heads[head][:2])
        margin = (scores[first] - scores[second]) * two_heads.manifest.ways[FAST].heads[head].scales[0]
        assert sum(weight for _, weight in answer.words[head]) == pytest.approx(margin, rel=1e-3, abs=1e-3)
        start += len(labels)
