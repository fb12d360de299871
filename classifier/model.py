"""A trained model: saved as a folder, loaded after its manifest is checked, asked for labels with reasons."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import artefact
from classifier.calibration import AS_IT_IS, Array, Curve, Gate, Stakes, agree, gate_scores, probabilities, stakes
from classifier.encoder import Encoder, find_encoder
from classifier.errors import ModelBroken, OutputRefused
from classifier.explanation import Weights, explain_words
from classifier.features import Features, Reading
from classifier.manifest import ARTEFACT, FAST, FULL, MANIFEST, WORDS, Manifest, check_files, read_manifest
from classifier.words import Cutter, Document, from_file

TEXTS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one text.

    `heads` has for each head its labels with calibrated probabilities, the likeliest first; `words` for each head up
    to six words with their signed weight for the first label against the second, and `sense` what the whole text's
    meaning adds to that (both empty when not asked to explain, `sense` also without an encoder).
    """

    heads: Mapping[str, tuple[tuple[str, float], ...]]
    words: Mapping[str, Weights]
    model_version: str
    threshold: float
    gate_score: float
    sense: Mapping[str, float]

    @property
    def passes_gate(self) -> bool:
        """Whether the decision is sure enough to go without a person."""
        return self.gate_score >= self.threshold


@dataclass(frozen=True)
class Machine:
    """What one way has learnt of all heads side by side: weights (features x labels), and intercepts (labels)."""

    weights: NDArray[np.float32]
    intercepts: NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """One head: its labels, their columns among those of all heads, what they decide, and how often the likeliest is right."""

    labels: tuple[str, ...]
    columns: slice
    stakes: Stakes
    curve: Curve


@dataclass(frozen=True)
class Parts:
    """All that a model answers with; `sense` and `encoder` are None on the fast way."""

    cutter: Cutter
    features: Features
    heads: Mapping[str, Head]
    wording: Machine
    sense: Machine | None
    encoder: Encoder | None
    agreement: Array | None
    gate: Gate


class Model:
    """Answers for texts; nothing in it changes after loading, so threads and forked processes may share it."""

    def __init__(self, manifest: Manifest, parts: Parts) -> None:
        self.manifest = manifest
        self.version = manifest.version
        self.threshold = parts.gate.threshold
        self.way = FULL if parts.encoder else FAST
        self._parts = parts

    def predict(self, texts: Sequence[str], *, explain: bool = True, most: int | None = None) -> list[Prediction]:
        """An answer for each text, in order, an empty text too.

        `explain` adds the words that counted; `most` leaves out all but so many of the likeliest labels.
        """
        answers: list[Prediction] = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            answers.extend(self._predict(texts[start : start + TEXTS_AT_ONCE], explain, most))
        return answers

    def unknown(self, texts: Sequence[str]) -> NDArray[Any]:
        """Of each text the shares of its words and of its characters that were not learnt (texts x 2)."""
        return self._parts.features.unknown([self._parts.cutter.document(text) for text in texts])

    def _predict(self, texts: Sequence[str], explain: bool, most: int | None) -> Iterator[Prediction]:
        documents = [self._parts.cutter.document(text) for text in texts]
        sense = self._scores_of_sense(documents)
        if explain or len(texts) == 1:  # reasons are of one text each, and one text is the one that somebody is typing
            for row, document in enumerate(documents):
                yield self._alone(document, None if sense is None else sense[row], explain, most)
        else:
            yield from self._together(documents, sense, most)

    def _alone(self, document: Document, sense: NDArray[Any] | None, explain: bool, most: int | None) -> Prediction:
        reading, wording = self._parts.features.read(document), self._parts.wording
        weights = wording.weights.take(reading.columns, axis=0)
        scores = reading.values @ weights + wording.intercepts
        chances = self._chances(scores if sense is None else scores + sense)
        orders = {name: (-chance).argsort(kind="stable") for name, chance in chances.items()}
        pairs = [self._parts.heads[name].columns.start + order[:2] for name, order in orders.items()] if explain else []
        words = explain_words(document, _margins(reading, weights, pairs)) if explain else []
        return Prediction(
            {name: self._ranked(name, chances[name], order[:most]) for name, order in orders.items()},
            dict(zip(orders, words, strict=True)) if explain else {},
            self.version,
            self.threshold,
            float(self._gate_scores(chances)),
            {} if sense is None else {name: float(sense[first] - sense[second]) for name, (first, second) in zip(orders, pairs, strict=False)},
        )

    def _together(self, documents: Sequence[Document], sense: NDArray[Any] | None, most: int | None) -> Iterator[Prediction]:
        matrix, wording = self._parts.features.transform(documents), self._parts.wording
        scores = np.asarray(matrix @ wording.weights + wording.intercepts)
        chances = self._chances(scores if sense is None else scores + sense)
        orders = {name: np.argsort(-chance, axis=1, kind="stable") for name, chance in chances.items()}
        for row, gate in enumerate(self._gate_scores(chances).tolist()):
            heads = {name: self._ranked(name, chances[name][row], order[row][:most]) for name, order in orders.items()}
            yield Prediction(heads, {}, self.version, self.threshold, gate, {})

    def _scores_of_sense(self, documents: Sequence[Document]) -> NDArray[Any] | None:
        machine, encoder = self._parts.sense, self._parts.encoder
        if machine is None or encoder is None:
            return None
        return np.asarray(encoder.encode([document.text for document in documents]) @ machine.weights + machine.intercepts)

    def _chances(self, scores: NDArray[Any]) -> dict[str, Array]:
        chances = {name: probabilities(scores[..., head.columns]) for name, head in self._parts.heads.items()}
        if self._parts.agreement is not None:
            (first, ahead), (second, behind) = chances.items()
            chances[first], chances[second] = agree(ahead, behind, self._parts.agreement)
        for name, head in self._parts.heads.items():
            chances[name] = head.curve.bend(chances[name]) if scores.ndim == 1 else head.curve.bend_all(chances[name])
        return chances

    def _gate_scores(self, chances: Mapping[str, Array]) -> Array:
        return gate_scores([(chances[name], head.stakes) for name, head in self._parts.heads.items()])

    def _ranked(self, name: str, chances: Array, order: NDArray[np.intp]) -> tuple[tuple[str, float], ...]:
        labels = self._parts.heads[name].labels
        return tuple(zip([labels[place] for place in order], chances[order].tolist(), strict=True))


def _margins(reading: Reading, weights: NDArray[Any], pairs: Sequence[NDArray[np.intp]]) -> NDArray[Any]:
    """For each pair of labels what the feature at each place adds to the score of the first over the second."""
    shares, margins = reading.values / reading.counts, np.zeros((len(pairs), reading.places))
    for margin, (first, second) in zip(margins, pairs, strict=True):
        margin[reading.at] = ((weights[:, first] - weights[:, second]) * shares).repeat(reading.counts)
    return margins


@dataclass(frozen=True)
class ModelFiles:
    """A model as the content of its three files."""

    manifest: Manifest
    artefact: bytes
    words: bytes

    def open(self, *, fast: bool = False) -> Model:
        """The model itself, ready to answer; `fast` leaves the encoder out. Raises `ModelBroken`."""
        arrays, manifest = artefact.unpack(self.artefact), self.manifest
        encoder = None if fast or FULL not in manifest.ways else find_encoder()
        if encoder and manifest.encoder and encoder.sha256 != manifest.encoder["sha256"]:
            encoder = None
        try:
            parts = _parts(manifest, arrays, from_file(self.words), encoder)
        except (KeyError, ValueError, TypeError) as error:
            raise ModelBroken(f"artefact and manifest do not fit together ({error}); train the model again") from error
        return Model(manifest, parts)


def read_model(folder: Path) -> ModelFiles:
    """The checked files of a model's folder. Raises `ModelMissing`, `ModelBroken` or `ModelStale`."""
    manifest = read_manifest(folder)
    return ModelFiles(manifest, *check_files(folder, manifest))


def load_model(folder: Path, *, fast: bool = False) -> Model:
    """A model from its folder, ready to answer. Raises `ModelMissing`, `ModelBroken` or `ModelStale`."""
    return read_model(folder).open(fast=fast)


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


def sha256(content: bytes) -> str:
    """The hash under which a file stands in a manifest."""
    return hashlib.sha256(content).hexdigest()


def _parts(manifest: Manifest, arrays: artefact.Arrays, terms: tuple[tuple[str, int], ...], encoder: Encoder | None) -> Parts:
    way = FULL if encoder else FAST
    features = Features(artefact.to_terms(arrays["words"]), arrays["sequences"], arrays["idf"])
    if len(features.idf) != features.width:
        raise ValueError("not as many weights as features")
    heads, start = {}, 0
    curves = _curves(arrays, way, len(manifest.labels))
    for (name, labels), curve in zip(manifest.labels.items(), curves, strict=True):
        at_stake = stakes(labels, manifest.groups.get(name, {}), manifest.costs.get(name, {}))
        heads[name] = Head(labels, slice(start, start + len(labels)), at_stake, curve)
        start += len(labels)
    scales = [manifest.ways[way].heads[name].scales for name in heads]
    return Parts(
        cutter=Cutter(terms),
        features=features,
        heads=heads,
        wording=_machine(arrays, "wording", heads, [scale[0] for scale in scales], features.width),
        sense=_machine(arrays, "sense", heads, [scale[1] for scale in scales], arrays["sense.weights"].shape[0]) if encoder else None,
        encoder=encoder,
        agreement=arrays["agreement"].astype(np.float64) if len(heads) == 2 else None,
        gate=manifest.ways[way].gate,
    )


def _curves(arrays: artefact.Arrays, way: str, heads: int) -> list[Curve]:
    """The curve of each head; a model from before there were curves answers as it did."""
    lines = arrays.get(f"curves.{way}")
    if lines is None:
        return [AS_IT_IS] * heads
    if lines.shape != (heads, 2):
        raise ValueError("the curves are those of other labels or features")
    return [Curve(float(slope), float(offset)) for slope, offset in lines]


def _machine(arrays: artefact.Arrays, name: str, heads: Mapping[str, Head], scales: Sequence[float], features: int) -> Machine:
    """The machine with each head's factor already in its weights."""
    weights, intercepts = arrays[f"{name}.weights"], arrays[f"{name}.intercepts"]
    labels = sum(len(head.labels) for head in heads.values())
    if weights.shape != (features, labels) or intercepts.shape != (labels,) or any(len(head.labels) < 2 for head in heads.values()):
        raise ValueError(f"{name!r} has other labels or features")
    factors = np.concatenate([np.full(len(head.labels), scale, dtype=np.float32) for head, scale in zip(heads.values(), scales, strict=True)])
    return Machine(np.ascontiguousarray(weights * factors), intercepts * factors)
