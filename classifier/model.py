"""A trained model: saved as a folder, loaded after its manifest is checked, asked for labels with reasons."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from classifier import artefact, words
from classifier.calibration import Array, gate_scores, probabilities
from classifier.errors import ModelBroken, OutputRefused
from classifier.explanation import Explainer, Shares, Weights, contributions
from classifier.manifest import ARTEFACT, MANIFEST, WORDS, Manifest, check_files, read_manifest
from classifier.recipe import Features, restore_features

TEXTS_AT_ONCE = 512


@dataclass(frozen=True)
class Prediction:
    """The answer for one text.

    `heads` has for each head all labels with calibrated probabilities, the likeliest first; `words` for each head up
    to six words with their signed weight for the first label against the second (empty when not asked to explain).
    """

    heads: Mapping[str, tuple[tuple[str, float], ...]]
    words: Mapping[str, Weights]
    model_version: str
    threshold: float
    gate_score: float

    @property
    def passes_gate(self) -> bool:
        """Whether the decision is sure enough to go without a person."""
        return self.gate_score >= self.threshold


@dataclass(frozen=True)
class Head:
    """One head: weights (features x labels), and of each label its intercept and the number of its group."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    intercepts: NDArray[np.float32]
    temperature: float
    groups: NDArray[np.intp]


class Model:
    """Answers for texts; nothing in it changes after loading, so threads and forked processes may share it."""

    def __init__(self, manifest: Manifest, cutter: words.Cutter, features: Features, heads: Mapping[str, Head]) -> None:
        self.manifest = manifest
        self.version = manifest.version
        self.threshold = manifest.gate.threshold
        self._cutter = cutter
        self._features = features
        self._heads = heads
        self._explainer = Explainer(features)

    def predict(self, texts: Sequence[str], *, explain: bool = True) -> list[Prediction]:
        """An answer for each text, in order, an empty text too; `explain` adds the words that counted."""
        answers: list[Prediction] = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            answers.extend(self._predict(texts[start : start + TEXTS_AT_ONCE], explain))
        return answers

    def _predict(self, texts: Sequence[str], explain: bool) -> Iterator[Prediction]:
        documents = [self._cutter.document(text) for text in texts]
        matrix = self._features.transform(documents)
        chances = {name: probabilities(matrix @ head.weights + head.intercepts, head.temperature) for name, head in self._heads.items()}
        gate = gate_scores([(chances[name], head.groups) for name, head in self._heads.items()])
        orders = {name: np.argsort(-chance, axis=1, kind="stable") for name, chance in chances.items()}
        for row, document in enumerate(documents):
            order = {name: places[row] for name, places in orders.items()}
            shares = self._explainer.shares(document) if explain else None
            yield Prediction(
                {name: self._ranked(name, chances[name][row], order[name]) for name in self._heads},
                self._reasons(matrix[row], shares, order) if shares else {},
                self.version,
                self.threshold,
                float(gate[row]),
            )

    def _ranked(self, name: str, chances: Array, order: NDArray[np.intp]) -> tuple[tuple[str, float], ...]:
        labels = self._heads[name].labels
        return tuple(zip([labels[place] for place in order], chances[order].tolist(), strict=True))

    def _reasons(self, row: csr_matrix, shares: Shares, orders: Mapping[str, NDArray[np.intp]]) -> dict[str, Weights]:
        return {name: shares.weigh(contributions(row, head.weights, orders[name][0], orders[name][1])) for name, head in self._heads.items()}


@dataclass(frozen=True)
class ModelFiles:
    """A model as the content of its three files."""

    manifest: Manifest
    artefact: bytes
    words: bytes

    def open(self) -> Model:
        """The model itself, ready to answer. Raises `ModelBroken`."""
        arrays, manifest = artefact.unpack(self.artefact), self.manifest
        try:
            blocks = [(artefact.to_terms(arrays[f"{b}.terms"]), arrays[f"{b}.idf"]) for b in ("words", "chars")]
            heads = {name: _head(name, manifest, arrays) for name in manifest.heads}
            features = restore_features(blocks, manifest.recipe)
        except (KeyError, ValueError, TypeError) as error:
            raise ModelBroken(f"artefact and manifest do not fit together ({error}); train the model again") from error
        terms = self.words.decode().splitlines()
        cutter = words.Cutter(terms, guess_unknown=manifest.recipe.guess_unknown)
        return Model(manifest, cutter, features, heads)


def read_model(folder: Path) -> ModelFiles:
    """The checked files of a model's folder. Raises `ModelMissing`, `ModelBroken` or `ModelStale`."""
    manifest = read_manifest(folder)
    return ModelFiles(manifest, *check_files(folder, manifest))


def load_model(folder: Path) -> Model:
    """A model from its folder, ready to answer. Raises `ModelMissing`, `ModelBroken` or `ModelStale`."""
    return read_model(folder).open()


def refuse_to_overwrite(folder: Path) -> None:
    """Raise `OutputRefused` when a folder holds something that is not a model."""
    if not folder.exists() or (folder / MANIFEST).is_file():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise OutputRefused(f"{folder}: there is something that is not a model; name another folder")


def save_model(files: ModelFiles, folder: Path) -> None:
    """Write a model's folder, all or nothing; a model there is replaced, anything else raises `OutputRefused`."""
    refuse_to_overwrite(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
        fresh = Path(beside) / "new"
        fresh.mkdir()
        (fresh / ARTEFACT).write_bytes(files.artefact)
        (fresh / WORDS).write_bytes(files.words)
        (fresh / MANIFEST).write_text(files.manifest.as_json(), encoding="utf-8")
        if folder.exists():
            folder.rename(Path(beside) / "old")
        fresh.rename(folder)
        shutil.rmtree(Path(beside) / "old", ignore_errors=True)


def group_numbers(labels: Sequence[str], groups: Mapping[str, str]) -> NDArray[np.intp]:
    """A number for the group of each label; a label without a group is one of its own."""
    names = [("group", groups[label]) if label in groups else ("label", label) for label in labels]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.intp)


def sha256(content: bytes) -> str:
    """The hash under which a file stands in a manifest."""
    return hashlib.sha256(content).hexdigest()


def _head(name: str, manifest: Manifest, arrays: artefact.Arrays) -> Head:
    card = manifest.heads[name]
    weights, intercepts = arrays[f"{name}.weights"], arrays[f"{name}.intercepts"]
    features = sum(len(arrays[f"{block}.idf"]) for block in ("words", "chars"))
    if weights.shape != (features, len(card.labels)) or intercepts.shape != (len(card.labels),) or len(card.labels) < 2:
        raise ValueError(f"head {name!r} has other labels or features")
    groups = group_numbers(card.labels, manifest.groups.get(name, {}))
    return Head(card.labels, weights, intercepts, card.temperature, groups)
