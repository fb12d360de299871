"""The invented corpus, and models trained on it once for all tests; without the encoder, so that they are quick."""

from pathlib import Path

import pytest

import tables
from classifier.corpus import Corpus
from classifier.encoder import Encoder, find_encoder
from classifier.model import Model, ModelFiles, save_model
from classifier.training import train
from tests import engines
from tests.classifier.samples import DECISIONS, WORDS, made_up_corpus


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return made_up_corpus()


@pytest.fixture(scope="session")
def one_head_corpus(corpus: Corpus) -> Corpus:
    return Corpus(corpus.texts, {"label": corpus.labels["topic"]})


@pytest.fixture(scope="session")
def two_head_files(corpus: Corpus) -> ModelFiles:
    return train(corpus, words=WORDS, decisions=DECISIONS)


@pytest.fixture(scope="session")
def one_head_files(one_head_corpus: Corpus) -> ModelFiles:
    return train(one_head_corpus)


@pytest.fixture(scope="session")
def two_heads(two_head_files: ModelFiles) -> Model:
    return two_head_files.open()


@pytest.fixture(scope="session")
def one_head(one_head_files: ModelFiles) -> Model:
    return one_head_files.open()


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The sentence encoder; where it is not installed, the few tests that need it are left out."""
    found = find_encoder()
    if found is None:
        engines.leave_out("the sentence encoder is not installed (python3 -m scripts.environment)")
    return found


@pytest.fixture(scope="session")
def full_files(corpus: Corpus, encoder: Encoder) -> ModelFiles:
    """The model of two heads, with the encoder: its two ways."""
    return train(corpus, words=WORDS, decisions=DECISIONS, encoder=encoder)


@pytest.fixture
def two_head_dir(two_head_files: ModelFiles, tmp_path: Path) -> Path:
    save_model(two_head_files, tmp_path / "two")
    return tmp_path / "two"


@pytest.fixture
def one_head_dir(one_head_files: ModelFiles, tmp_path: Path) -> Path:
    save_model(one_head_files, tmp_path / "one")
    return tmp_path / "one"


@pytest.fixture
def labelled(corpus: Corpus, tmp_path: Path) -> Path:
    """The invented corpus as a table with a true label, a type, an id, and columns that an answer is also called by."""
    path = tmp_path / "labelled.csv"
    with tables.open_writer(path, ["id", "text", "topic", "demand_type", "also", "label"]) as out:
        for number, text in enumerate(corpus.texts):
            topic, kind = corpus.labels["topic"][number], corpus.labels["demand_type"][number]
            also = "outage;bill" if number == 0 else ""
            row = {"id": f"r{number}", "text": text, "topic": topic, "demand_type": kind, "also": also, "label": topic}
            out.write(row)
    return path
