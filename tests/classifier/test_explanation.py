"""The words that counted: they are words of the text, signed, and what they weigh adds up."""

import pytest

from classifier.explanation import Explainer, Shares
from classifier.model import Model
from classifier.recipe import Recipe, learn_features
from classifier.words import Cutter, is_word

TEXT = "幸福里小区电表走得太快，电费突然涨了三倍，请问是怎么回事？"


def test_the_words_are_of_the_text_and_the_strongest_come_first(two_heads: Model) -> None:
    (answer,) = two_heads.predict([TEXT])
    for words in answer.words.values():
        assert 0 < len(words) <= 6
        assert all(word in TEXT and is_word(word) for word, _ in words)
        assert [weight for _, weight in words] == sorted((weight for _, weight in words), reverse=True)


def test_a_telling_word_speaks_for_its_label(two_heads: Model) -> None:
    (answer,) = two_heads.predict(["东街老楼突然停电了"])
    assert answer.heads["topic"][0][0] == "outage"
    word, weight = answer.words["topic"][0]
    assert word == "停电"
    assert weight > 0


@pytest.mark.parametrize("text", ["", "。。。！", "   "])
def test_a_text_without_words_has_no_reasons(two_heads: Model, text: str) -> None:
    assert two_heads.predict([text])[0].words == {"topic": (), "demand_type": ()}


def test_the_strongest_six_are_kept_whatever_their_sign() -> None:
    shares = Shares({word: [(column, 1.0)] for column, word in enumerate("abcdefgh")})
    weights = dict(enumerate([0.1, -5.0, 0.3, 4.0, -0.2, 2.0, -1.0, 3.0]))
    assert [word for word, _ in shares.weigh(weights)] == ["d", "h", "f", "c", "g", "b"]


def test_a_word_owns_its_feature_and_its_part_of_each_character_sequence() -> None:
    cutter = Cutter()
    document = cutter.document("停电,停车")
    features, _ = learn_features([document], Recipe())
    shares = Explainer(features).shares(document).by_word
    words, chars = features.terms()
    of_outage = dict(shares["停电"])
    assert of_outage[words.index("停电")] == 1.0
    assert of_outage[len(words) + chars.index("停电")] == 1.0
    assert of_outage[len(words) + chars.index("停")] == 0.5  # the other half belongs to 停车


def test_the_shares_of_a_feature_never_exceed_one() -> None:
    document = Cutter().document("电表电表,电表走得快的电表,停电停电停电")
    features, _ = learn_features([document], Recipe())
    total: dict[int, float] = {}
    for parts in Explainer(features).shares(document).by_word.values():
        for column, share in parts:
            total[column] = total.get(column, 0.0) + share
    assert max(total.values()) <= 1.0 + 1e-9
