"""The encoder: the same vector for the same text wherever it is asked, and no harm where it is missing or another."""

import multiprocessing
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from classifier.corpus import Corpus
from classifier.encoder import MOST_CHARACTERS, NAME, PLACE, SHA256, WIDTH, Encoder, encoder_file, find_encoder
from classifier.manifest import FAST, FULL
from classifier.registry import PROJECT
from classifier.training import train
from classifier.words import normalise

TEXTS = ["整个小区停电了", "电费突然涨了三倍", "师傅上门态度很好", "", "😀", "a+b=?"]


def test_every_text_has_a_vector_of_unit_length(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), WIDTH), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_have_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, WIDTH)


def test_the_same_text_has_the_same_vector_whatever_its_neighbours(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    assert np.array_equal(together, encoder.encode(TEXTS))
    assert np.array_equal(together[::-1], encoder.encode(TEXTS[::-1]))
    assert all(np.array_equal(together[row], encoder.encode([text])[0]) for row, text in enumerate(TEXTS))


def test_texts_of_one_meaning_are_nearer_than_others(encoder: Encoder) -> None:
    dark, outage, bill = encoder.encode(["家里一片漆黑", "我家没有电了", "这个月账单多收了钱"])
    assert dark @ outage > dark @ bill


def test_a_long_text_is_read_to_its_limit(encoder: Encoder) -> None:
    start = "停电" * (MOST_CHARACTERS // 2)
    assert np.array_equal(encoder.encode([start]), encoder.encode([f"{start}，请查电费"]))


def test_half_a_surrogate_pair_can_be_read_once_normalised(encoder: Encoder) -> None:
    assert encoder.encode([normalise("停\ud800电")]).shape == (1, WIDTH)


def test_threads_get_the_same_vectors(encoder: Encoder) -> None:
    expected = encoder.encode(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        assert all(np.array_equal(vectors, expected) for vectors in pool.map(lambda _: encoder.encode(TEXTS), range(32)))


def test_a_forked_process_gets_the_same_vectors(encoder: Encoder) -> None:
    expected = encoder.encode(TEXTS)  # before the fork, so that whatever it starts on first use is running
    fork = multiprocessing.get_context("fork")
    queue = fork.SimpleQueue()
    process = fork.Process(target=lambda: queue.put(encoder.encode(TEXTS)))
    process.start()
    vectors = queue.get()
    process.join()
    assert np.array_equal(vectors, expected)


def test_it_is_loaded_once_and_known_by_its_hash(encoder: Encoder) -> None:
    assert find_encoder() is encoder
    assert (encoder.name, encoder.sha256) == (NAME, SHA256)


# Without it


def encoder_at(prefix: Path, *, missing: str = "nothing") -> subprocess.CompletedProcess[str]:
    """Look for the encoder as a Python would that is installed at another place, and lacks a package."""
    program = (
        "import logging, sys\n"
        "logging.basicConfig(format='%(message)s')\n"
        f"sys.prefix, sys.modules[{missing!r}] = {str(prefix)!r}, None\n"
        "from classifier.encoder import encoder_file, find_encoder\n"
        "print(encoder_file(), find_encoder())\n"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=True)


def test_an_installation_without_the_file_has_no_encoder_and_says_nothing(tmp_path: Path) -> None:
    done = encoder_at(tmp_path)
    assert (done.stdout, done.stderr) == ("None None\n", "")


@pytest.mark.parametrize("missing", ["onnxruntime", "onnxruntime_extensions"])
def test_a_file_without_the_packages_that_read_it_is_no_encoder(encoder: Encoder, missing: str) -> None:
    done = encoder_at(Path(sys.prefix), missing=missing)
    assert (done.stdout, done.stderr) == (f"{encoder_file()} None\n", "")


def test_a_file_that_is_not_the_known_one_is_refused_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path.joinpath(*PLACE)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"something else")
    done = encoder_at(tmp_path)
    assert done.stdout == f"{path} None\n"
    assert "is not the known encoder (its SHA-256 is another); going on without it" in done.stderr


def test_a_file_of_which_one_byte_was_changed_is_refused(encoder: Encoder, tmp_path: Path) -> None:
    known = encoder_file()
    assert known is not None
    content = bytearray(known.read_bytes())
    content[len(content) // 2] ^= 1
    path = tmp_path.joinpath(*PLACE)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert encoder_at(tmp_path).stdout == f"{path} None\n"


def test_training_and_answering_go_on_without_it(corpus: Corpus) -> None:
    files = train(corpus, encoder=None)
    assert (files.manifest.encoder, files.manifest.best, set(files.manifest.ways)) == (None, FAST, {FAST})
    model = files.open()
    assert model.way == FAST
    assert model.predict(["又停电两小时"])[0].sense == {}


class Lengths:
    """A session that knows of a text how long it is and whether it asks."""

    def run(self, _names: list[str], inputs: dict[str, list[str]]) -> list[list[np.ndarray]]:
        vector = np.zeros(WIDTH, dtype=np.float32)
        (text,) = inputs["inputs"]
        vector[[len(text), 400 + ("请问" in text)]] = 0.5**0.5
        return [[vector]]


def test_a_model_of_another_encoder_answers_by_words_alone(corpus: Corpus) -> None:
    files = train(corpus, encoder=Encoder(Lengths(), sha256="another", name="lengths"))
    assert files.manifest.encoder == {"name": "lengths", "sha256": "another"}
    assert set(files.manifest.ways) == {FAST, FULL}
    model = files.open()
    assert model.way == FAST
    assert model.threshold == files.manifest.ways[FAST].gate.threshold
