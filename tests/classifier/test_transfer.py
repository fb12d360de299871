"""Transfer: texts of one kind cannot be told apart, texts of two kinds can, each judged by what has not seen it."""

import random
from pathlib import Path

import pytest

import tables
from classifier.corpus import Corpus
from classifier.errors import CorpusError
from classifier.transfer import FOLDS, read_texts, tell_apart
from tests.classifier.samples import HOW, WHAT, WHERE

SAID = [how for hows in HOW.values() for how in hows]
CHINESE = [f"{where}{what}，{how}" for where in WHERE for whats in WHAT.values() for what in whats for how in SAID]
ENGLISH = [
    f"{noun} {verb} {when}" for noun in ("the meter", "power", "a bill", "a line") for verb in ("fails", "is wrong") for when in ("now", "again")
]


def written(texts: list[str], parts: tuple[str, ...] = ()) -> Corpus:
    return Corpus(tuple(texts), {"label": ("x",) * len(texts)}, parts=parts)


def test_texts_of_one_kind_cannot_be_told_apart() -> None:
    texts = random.Random(0).sample(CHINESE, 400)
    apart = tell_apart(written(texts[:200]), texts[200:])
    assert apart.area == pytest.approx(0.5, abs=0.1)
    assert (apart.texts, apart.by_part) == (200, {})


def test_texts_of_two_languages_are_told_apart() -> None:
    assert tell_apart(written(CHINESE[:100]), ENGLISH).area > 0.99


def test_the_parts_that_look_real_are_named() -> None:
    texts = random.Random(1).sample(CHINESE, 200)
    apart = tell_apart(written([*texts[:100], *ENGLISH], ("speech",) * 100 + ("letter",) * len(ENGLISH)), texts[100:])
    assert apart.by_part.keys() == {"letter", "speech"}
    assert apart.by_part["speech"] < 0.7
    assert apart.by_part["letter"] > 0.99
    assert apart.by_part["speech"] < apart.area < apart.by_part["letter"]


def test_the_same_texts_give_the_same_area() -> None:
    texts = random.Random(2).sample(CHINESE, 100)
    assert tell_apart(written(texts[:60]), texts[60:]) == tell_apart(written(texts[:60]), texts[60:])


@pytest.mark.parametrize("count", [0, FOLDS - 1])
def test_too_few_real_texts_are_an_error_that_says_how_many_are_needed(count: int) -> None:
    with pytest.raises(CorpusError, match=f"{count} texts are too few, there must be 5 at least"):
        tell_apart(written(CHINESE[:50]), CHINESE[50 : 50 + count])


def test_empty_cells_are_no_texts(tmp_path: Path) -> None:
    path = tmp_path / "real.csv"
    path.write_text("内容\n停电\n \n电费\n", encoding="utf-8")
    assert read_texts(path, "内容") == ["停电", "电费"]
    with pytest.raises(tables.TableError, match="text"):
        read_texts(path, "text")
