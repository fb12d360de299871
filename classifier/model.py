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
from classifier.calibration import Array, Gate, Stakes, agree, gate_scores, probabilities, stakes
from classifier.encoder import Encoder, find_encoder
from classifier.errors import ModelBroken, OutputRefused
from classifier.explanation import Weights, explain_words
from classifier.features import Features, Found, Weighed, as_matrix
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
    """One head: its labels, their columns among those of all heads, and what they decide."""

    labels: tuple[str, ...]
    columns: slice
    stakes: Stakes


@dataclass(frozen=True)
class Parts:
    """All that a model answers with; `sense` and `encoder` are None on the fast way."""

    cutter: Cutter
    features: Features
    heads: Mapping[str, Head]
    wording: Machine
    sense: Machine | None
    encoder: Encoder | None
    agreement: NDArray[np.float32] | None
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
        parts = self._parts
        documents = [parts.cutter.document(text) for text in texts]
        found = parts.features.find(documents)
        weighed = parts.features.weigh(found, len(texts))
        scores = self._scores_of_wording(weighed, len(texts))
        sense = self._scores_of_sense(documents)
        chances = self._chances(scores if sense is None else scores + sense)
        gate = gate_scores([(chances[name], head.stakes) for name, head in parts.heads.items()])
        orders = {name: np.argsort(-chance, axis=1, kind="stable") for name, chance in chances.items()}
        words = self._words(documents, found, weighed, orders) if explain else [{}] * len(texts)
        for row in range(len(texts)):
            yield Prediction(
                {name: _ranked(parts.heads[name].labels, chances[name][row], order[row][:most]) for name, order in orders.items()},
                words[row],
                self.version,
                self.threshold,
                float(gate[row]),
                {name: self._margin(sense[row], name, order[row]) for name, order in orders.items()} if explain and sense is not None else {},
            )

    def _scores_of_wording(self, weighed: Weighed, texts: int) -> NDArray[Any]:
        machine = self._parts.wording
        if texts == 1:
            return (weighed.values @ machine.weights[weighed.columns] + machine.intercepts)[None, :]
        return np.asarray(as_matrix(weighed, texts, self._parts.features.width) @ machine.weights + machine.intercepts)

    def _scores_of_sense(self, documents: Sequence[Document]) -> NDArray[Any] | None:
        machine, encoder = self._parts.sense, self._parts.encoder
        if machine is None or encoder is None:
            return None
        return np.asarray(encoder.encode([document.text for document in documents]) @ machine.weights + machine.intercepts)

    def _chances(self, scores: NDArray[Any]) -> dict[str, Array]:
        chances = {name: probabilities(scores[:, head.columns]) for name, head in self._parts.heads.items()}
        if self._parts.agreement is not None:
            (first, ahead), (second, behind) = chances.items()
            chances[first], chances[second] = agree(ahead, behind, self._parts.agreement)
        return chances

    def _words(
        self, documents: Sequence[Document], found: Found, weighed: Weighed, orders: Mapping[str, NDArray[np.intp]]
    ) -> list[dict[str, Weights]]:
        """For each text the words of each head; one text at a time, since it is asked as somebody types."""
        answers = []
        for row, document in enumerate(documents):
            of_text, at = weighed.rows == row, found.rows == row
            columns, counts, values = weighed.columns[of_text], weighed.counts[of_text], weighed.values[of_text]
            where = np.searchsorted(columns, found.columns[at])
            places, lengths = found.places[at] - found.text_starts[row], found.lengths[at]
            starts = [self._parts.heads[name].columns.start for name in orders]
            pairs = np.array([start + order[row][:2] for start, order in zip(starts, orders.values(), strict=True)])
            weights = self._parts.wording.weights[columns[:, None], pairs.ravel()]
            margins = (weights[:, ::2] - weights[:, 1::2]) * (values / counts)[:, None]
            answers.append(dict(zip(orders, explain_words(document, places, lengths, margins[where]), strict=True)))
        return answers

    def _margin(self, scores: NDArray[Any], name: str, order: NDArray[np.intp]) -> float:
        of_head = scores[self._parts.heads[name].columns]
        return float(of_head[order[0]] - of_head[order[1]])


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
    for name, labels in manifest.labels.items():
        at_stake = stakes(labels, manifest.groups.get(name, {}), manifest.costs.get(name, {}))
        heads[name] = Head(labels, slice(start, start + len(labels)), at_stake)
        start += len(labels)
    scales = [manifest.ways[way].heads[name].scales for name in heads]
    return Parts(
        cutter=Cutter(terms),
        features=features,
        heads=heads,
        wording=_machine(arrays, "wording", heads, [scale[0] for scale in scales], features.width),
        sense=_machine(arrays, "sense", heads, [scale[1] for scale in scales], arrays["sense.weights"].shape[0]) if encoder else None,
        encoder=encoder,
        agreement=arrays["agreement"] if len(heads) == 2 else None,
        gate=manifest.ways[way].gate,
    )


def _machine(arrays: artefact.Arrays, name: str, heads: Mapping[str, Head], scales: Sequence[float], features: int) -> Machine:
    """The machine with each head's factor already in its weights."""
    weights, intercepts = arrays[f"{name}.weights"], arrays[f"{name}.intercepts"]
    labels = sum(len(head.labels) for head in heads.values())
    if weights.shape != (features, labels) or intercepts.shape != (labels,) or any(len(head.labels) < 2 for head in heads.values()):
        raise ValueError(f"{name!r} has other labels or features")
    factors = np.concatenate([np.full(len(head.labels), scale, dtype=np.float32) for head, scale in zip(heads.values(), scales, strict=True)])
    return Machine(np.ascontiguousarray(weights * factors), intercepts * factors)


def _ranked(labels: Sequence[str], chances: Array, order: NDArray[np.intp]) -> tuple[tuple[str, float], ...]:
    return tuple(zip([labels[place] for place in order], chances[order].tolist(), strict=True))
