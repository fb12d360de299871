"""Words: the trade's terms stay whole, the fast cutter cuts as jieba does, and odd texts do no harm."""

import random
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jieba
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from classifier.corpus import read_bundled
from classifier.errors import WordListError
from classifier.registry import PROJECT
from classifier.words import Cutter, Terms, as_file, digest, from_file, is_word, normalise, read_words, rjieba, weigh
from tests import engines

PUNCTUATION = re.compile(r"[，。！？；：、,.!?;:\s…]+")
ENOUGH = 20_000
# 嗡嗡嗡 and 一一一: two cuts are equally likely, and the two programs take different ones where a sum of logarithms is
# rounded the other way. All differences that were found are of this kind: one sign thrice, two of which are a word.
THRICE = re.compile(r"(.)\1\1")

needs_rjieba = pytest.mark.usefixtures("fast_cutter")


@pytest.fixture(scope="module")
def fast_cutter() -> None:
    """Without rjieba both cutters would be the same one, and equal whatever it does."""
    if rjieba is None:
        engines.leave_out("rjieba is not installed; it has no wheel for this machine")


def test_a_sentence_is_cut_into_words_without_punctuation() -> None:
    assert Cutter().cut("整个小区停电了,  怎么办?!") == ["整个", "小区", "停电", "了", "怎么办"]


def test_a_document_is_all_its_pieces_joined() -> None:
    document = Cutter().document("整个小区 停电了，怎么办？")
    assert document.text == "整个小区 停电了,怎么办?"
    assert document.pieces == ["整个", "小区", " ", "停电", "了", ",", "怎么办", "?"]


@pytest.mark.parametrize("fast", [True, False], ids=["rjieba", "jieba"])
def test_a_term_of_the_word_list_stays_whole(fast: bool) -> None:
    text = "申请峰谷平电价"
    assert "峰谷平电价" not in Cutter(fast=fast).cut(text)
    assert "峰谷平电价" in Cutter(weigh(["峰谷平电价"]), fast=fast).cut(text)


def test_another_user_of_jieba_changes_nothing() -> None:
    for cutter in (Cutter(), Cutter(fast=False)):
        before = cutter.cut("整个小区停电")
        jieba.initialize()
        jieba.add_word("整个小区停电")
        try:
            assert cutter.cut("整个小区停电") == before == Cutter().cut("整个小区停电") == Cutter(fast=False).cut("整个小区停电")
        finally:
            jieba.del_word("整个小区停电")


def test_one_cutter_does_not_learn_the_words_of_another() -> None:
    Cutter(weigh(["整个小区停电"]))
    assert Cutter().cut("整个小区停电") == ["整个", "小区", "停电"]


SHOWN = {
    "full-width and capital": ("ＡＢＣ１２３　Kw\n\n·  h", "abc123 kw · h"),
    "NUL is a space": ("停\0电", "停 电"),
    "half a surrogate pair": ("停\ud800电", "停?电"),
    "nothing": (" \u3000\t", ""),
}


@pytest.mark.parametrize(("text", "expected"), SHOWN.values(), ids=SHOWN)
def test_a_text_is_normalised(text: str, expected: str) -> None:
    assert normalise(text) == expected
    assert Cutter().document(text).text == expected


@given(st.text(st.one_of(st.characters(), st.sampled_from("，！？；：（）,!?;:()\u0338\u3099ｶﾞ㈱Ａa \0\ud800"))))
def test_that_the_usual_signs_are_changed_first_changes_nothing(text: str) -> None:
    whole = unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())
    assert normalise(text) == " ".join(whole.lower().replace("\0", " ").split())


def test_several_threads_cut_the_same() -> None:
    cutter, texts = Cutter(weigh(["表前开关"])), ["表前开关跳闸，整栋楼停电", "电费突然涨了三倍"] * 50
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(cutter.cut, texts)) == [cutter.cut(text) for text in texts]


# rjieba against jieba


@pytest.fixture(scope="module")
def terms() -> Terms:
    return weigh(read_words(PROJECT / "data" / "words" / "power.txt"))


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    """Sentences of the bundled corpus, and such with their signs in disorder, which make rarer paths through the dictionary."""
    texts = read_bundled(PROJECT / "data").texts
    ordered = [part for part in dict.fromkeys(part for text in texts for part in PUNCTUATION.split(text)) if part]
    chance = random.Random(0)
    three = ["".join(chance.sample(ordered, 3)) for _ in range(max(2_000, ENOUGH - len(ordered)))]
    return ordered + ["".join(chance.sample(signs, len(signs))) for signs in three]


@needs_rjieba
def test_rjieba_cuts_as_jieba_does(terms: Terms, sentences: list[str]) -> None:
    fast, plain = Cutter(terms), Cutter(terms, fast=False)
    differing = [sentence for sentence in sentences if fast.document(sentence) != plain.document(sentence)]
    assert len(sentences) >= ENOUGH
    assert [sentence for sentence in differing if not THRICE.search(normalise(sentence))] == []
    assert len(differing) <= len(sentences) // 10_000


@needs_rjieba
def test_a_tie_is_the_only_known_difference_and_its_words_are_the_same() -> None:
    fast, plain = Cutter().cut("天花板嗡嗡嗡的一整面墙"), Cutter(fast=False).cut("天花板嗡嗡嗡的一整面墙")
    assert sorted(fast) == sorted(plain)


ODD = st.text(st.one_of(st.characters(), st.sampled_from("停电费表箱线路供电局一二三嗡0９aＺ+#&._%- \n\t\u3000\0\ud800😀𠮷，。")), max_size=60)
CUTTERS = Cutter(), Cutter(fast=False)


@needs_rjieba
@settings(max_examples=400, deadline=None)
@given(ODD)
@example("a+b 3.5% c++ C# 电表&电费")
@example("\ud83d\ude00\0停电")
def test_rjieba_cuts_any_text_as_jieba_does(text: str) -> None:
    assume(not THRICE.search(normalise(text)))
    fast, plain = (cutter.document(text) for cutter in CUTTERS)
    assert fast == plain


@pytest.mark.parametrize("cutter", CUTTERS, ids=["rjieba", "jieba"])
@settings(max_examples=200, deadline=None)
@given(text=st.one_of(ODD, st.text()))
def test_any_text_can_be_cut_and_joined_again(cutter: Cutter, text: str) -> None:
    document = cutter.document(text)
    assert "".join(document.pieces) == document.text == normalise(text)
    assert cutter.cut(text) == [piece for piece in document.pieces if is_word(piece)]
    assert not {"\n", "\0"} & set(document.text)


# word lists


def test_a_word_list_is_read_without_remarks_blanks_and_repeats(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("\ufeff户号\n\n# 计量\n 表箱 \n户号\n", encoding="utf-8")
    assert read_words(path) == ("户号", "表箱")


def test_two_terms_on_a_line_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("户号\n表箱 电表\n", encoding="utf-8")
    with pytest.raises(WordListError, match="line 2: more than one term"):
        read_words(path)


@pytest.mark.parametrize("content", [None, "户号".encode("gb18030")], ids=["missing", "not UTF-8"])
def test_a_word_list_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(WordListError, match=r"words\.txt"):
        read_words(tmp_path / "words.txt")


def test_a_term_weighs_what_jieba_itself_would_give_it() -> None:
    assert weigh(["峰谷平电价"]) == (("峰谷平电价", jieba.suggest_freq("峰谷平电价")),)
    assert [word for word, _ in weigh(["ＵＰＳ", "ups", "表箱"])] == ["ups", "表箱"]


def test_a_weighed_list_survives_as_a_file_and_has_its_hash() -> None:
    listed = (("户号", 3), ("表箱", 2_147))
    assert as_file(listed) == "户号 3\n表箱 2147\n".encode()
    assert from_file(as_file(listed)) == listed
    assert from_file(b"") == ()
    assert digest(listed) != digest(listed[:1])


@pytest.mark.parametrize("content", [b"\xff 3\n", "户号\n".encode(), "户号 x\n".encode()], ids=["not UTF-8", "no weight", "no number"])
def test_a_weighed_list_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_file(content)
