"""The sentence encoder: what a whole text means, as a vector; optional, the product runs without it."""

import hashlib
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

# Universal Sentence Encoder, multilingual, version 3 (Google; Yang et al. 2020, "Multilingual Universal Sentence Encoder
# for Semantic Retrieval"), as an ONNX file of 8-bit weights.
NAME = "universal-sentence-encoder-multilingual-3"
PLACE = ("share", "sentence-encoder", "model.onnx")  # in the virtual environment
SHA256 = "b8b05b01f0861094f0475cb288ad1b303ae8aee2ebe96e650d210805d5ca70f7"
WIDTH = 512
MOST_CHARACTERS = 500  # the matter is told by then, and the time for one text stays within bounds

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Encoder:
    """Gives a vector of unit length for each text. Threads may share it, and processes that are forked after loading."""

    session: Any
    sha256: str = SHA256
    name: str = NAME

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors (texts x 512) of normalised texts; each text is read by itself, so that its neighbours do not matter."""
        vectors = [self.session.run(["outputs"], {"inputs": [text[:MOST_CHARACTERS]]})[0][0] for text in texts]
        return np.array(vectors, dtype=np.float32).reshape(len(texts), WIDTH)


@lru_cache(maxsize=1)
def find_encoder() -> Encoder | None:
    """The encoder, or None where its packages are not installed or its file is not the one that is known."""
    path = encoder_file()
    if path is None:
        return None
    try:
        import onnxruntime
        from onnxruntime_extensions import get_library_path
    except ImportError:
        return None
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        log.warning("%s is not the known encoder (its SHA-256 is another); going on without it", path)
        return None
    options = onnxruntime.SessionOptions()
    # One thread: a pool would not survive the fork of a worker, and the workers are as many as there are cores.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.register_custom_ops_library(get_library_path())
    return Encoder(onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))


def encoder_file() -> Path | None:
    """Where the weights lie, if the installation has brought them (`scripts/environment.py`)."""
    path = Path(sys.prefix, *PLACE)
    return path if path.is_file() else None
