"""Words: the trade's terms stay whole, other users of jieba change nothing, and odd texts do no harm."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jieba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.errors import WordListError
from classifier.words import Cutter, as_file, digest, normalise, read_words


def test_a_sentence_is_cut_into_words_without_punctuation() -> None:
    assert Cutter().cut("整个小区停电了,  怎么办?!") == ["整个", "小区", "停电", "了", "怎么办"]


def test_a_term_of_the_word_list_stays_whole() -> None:
    text = "申请峰谷平电价"
    assert "峰谷平电价" not in Cutter().cut(text)
    assert "峰谷平电价" in Cutter(["峰谷平电价"]).cut(text)


def test_another_user_of_jieba_changes_nothing() -> None:
    cutter = Cutter()
    before = cutter.cut("整个小区停电")
    jieba.initialize()
    jieba.add_word("整个小区停电")
    try:
        assert cutter.cut("整个小区停电") == before == Cutter().cut("整个小区停电")
    finally:
        jieba.del_word("整个小区停电")


def test_full_width_and_capital_letters_are_the_same_word() -> None:
    assert normalise("ＡＢＣ１２３　Kw\n\n·  h") == "abc123 kw · h"
    assert Cutter().cut("９５５９８") == ["95598"]


def test_several_threads_cut_the_same() -> None:
    cutter, texts = Cutter(["表前开关"]), ["表前开关跳闸，整栋楼停电", "电费突然涨了三倍"] * 50
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(cutter.cut, texts)) == [cutter.cut(text) for text in texts]


CUTTER = Cutter()


@given(st.text())
def test_any_text_can_be_cut_and_joined_by_spaces(text: str) -> None:
    document = CUTTER.document(text)
    assert document.words.split() == CUTTER.cut(text)
    assert "\n" not in document.text


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


def test_a_list_has_the_hash_of_its_file() -> None:
    assert as_file(["户号", "表箱"]) == "户号\n表箱\n".encode()
    assert digest(["户号"]) != digest(["户号", "表箱"])
