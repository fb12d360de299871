"""The predictor of a server: never in the way of a ticket, and up to date when the pointer changes."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from classifier.manifest import FULL
from classifier.model import Model, ModelFiles, Prediction
from classifier.predictor import Predictor, _State
from classifier.registry import current_model_dir, models_dir, register, set_current

TEXT = "东街老楼突然停电了"


def in_use(instance: Path, files: ModelFiles) -> None:
    register(files, instance)
    set_current(instance, files.manifest.version)


def test_without_a_model_there_is_no_answer_but_a_reason(tmp_path: Path) -> None:
    predictor = Predictor(tmp_path)
    assert predictor(TEXT) is None
    assert predictor.many([TEXT, TEXT]) == [None, None]
    assert "flask train" in str(predictor.trouble)


def test_the_model_in_use_answers(tmp_path: Path, two_head_files: ModelFiles) -> None:
    in_use(tmp_path, two_head_files)
    predictor = Predictor(tmp_path)
    predictor.preload()
    answer = predictor(TEXT)
    assert answer is not None
    assert answer.words
    assert answer.model_version == two_head_files.manifest.version
    assert predictor.many([TEXT, ""], explain=False)[0] is not None
    assert predictor.trouble is None


def test_a_model_that_comes_later_is_noticed(tmp_path: Path, one_head_files: ModelFiles, two_head_files: ModelFiles) -> None:
    predictor = Predictor(tmp_path)
    assert predictor(TEXT) is None
    for files in (one_head_files, two_head_files, one_head_files):
        in_use(tmp_path, files)
        answer = predictor(TEXT)
        assert answer is not None
        assert answer.model_version == files.manifest.version


def test_a_model_with_two_ways_answers_with_the_encoder(tmp_path: Path, full_files: ModelFiles) -> None:
    in_use(tmp_path, full_files)
    answer = Predictor(tmp_path)(TEXT)
    assert answer is not None
    assert answer.threshold == full_files.manifest.ways[FULL].gate.threshold
    assert answer.sense


def test_the_model_is_loaded_once(tmp_path: Path, two_head_files: ModelFiles) -> None:
    in_use(tmp_path, two_head_files)
    predictor = Predictor(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: predictor.model, range(32)))
    assert models[0] is not None
    assert {id(model) for model in models} == {id(models[0])}


def test_a_broken_model_is_trouble_until_the_pointer_changes(tmp_path: Path, two_head_files: ModelFiles) -> None:
    in_use(tmp_path, two_head_files)
    artefact = current_model_dir(tmp_path) / "model.npz"
    artefact.write_bytes(b"changed")
    predictor = Predictor(tmp_path)
    assert predictor(TEXT) is None
    assert "changed since training" in str(predictor.trouble)
    in_use(tmp_path, two_head_files)
    assert predictor(TEXT) is not None
    assert predictor.trouble is None


def test_a_pointer_that_is_taken_away_takes_the_model_away(tmp_path: Path, two_head_files: ModelFiles) -> None:
    in_use(tmp_path, two_head_files)
    predictor = Predictor(tmp_path)
    assert predictor(TEXT) is not None
    (models_dir(tmp_path) / "current").unlink()
    assert predictor(TEXT) is None


class Stumbling(Model):
    """A model that fails at one text."""

    def predict(self, texts: Sequence[str], *, explain: bool = True, most: int | None = None) -> list[Prediction]:
        if any("张三" in text for text in texts):
            raise RuntimeError(f"cannot read {texts}")
        return super().predict(texts, explain=explain, most=most)


def test_a_failure_at_one_text_is_told_without_the_text(tmp_path: Path, two_heads: Model, caplog: pytest.LogCaptureFixture) -> None:
    model = Stumbling(two_heads.manifest, two_heads._parts)
    predictor = Predictor(tmp_path)
    predictor._state = _State(predictor._signature(), model, None)
    with caplog.at_level(logging.DEBUG):
        answers = predictor.many([TEXT, "张三家停电", TEXT])
        assert [answer is None for answer in answers] == [False, True, False]
        assert predictor("张三家停电") is None
    assert predictor.trouble == "prediction failed (RuntimeError)"
    assert "RuntimeError" in caplog.text
    assert "张三" not in caplog.text
    assert predictor(TEXT) is not None
    assert predictor.trouble is None


def test_while_the_next_model_loads_the_last_one_answers(tmp_path: Path, one_head_files: ModelFiles, two_head_files: ModelFiles) -> None:
    in_use(tmp_path, one_head_files)
    predictor = Predictor(tmp_path)
    predictor.preload()
    in_use(tmp_path, two_head_files)
    with predictor._loading:
        answer = predictor(TEXT)
    assert answer is not None
    assert answer.model_version == one_head_files.manifest.version
    later = predictor(TEXT)
    assert later is not None
    assert later.model_version == two_head_files.manifest.version
