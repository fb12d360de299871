"""Learns from some rows and scores the others: the features, and the machines of each head."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from classifier.corpus import Corpus
from classifier.encoder import Encoder, Vectors
from classifier.features import Features, learn_features
from classifier.fitting import Scores
from classifier.folds import Fold, Rows
from classifier.machines import learn_sense, learn_wording, within_parts
from classifier.manifest import FAST, FULL
from classifier.progress import Quiet
from classifier.recipe import Linear, Recipe
from classifier.words import Cutter, Document, Terms


@dataclass(frozen=True)
class Learnt:
    """What was learnt from some rows: the features, and for each head what learns from them and from the vectors."""

    features: Features
    wording: Mapping[str, Linear]
    sense: Mapping[str, Linear]


@dataclass(frozen=True)
class Material:
    """All that learning needs of the rows: their texts cut and encoded, their labels, and the parts that they belong to."""

    documents: Sequence[Document]
    vectors: Vectors | None
    labels: Mapping[str, Sequence[str]]
    names: Mapping[str, tuple[str, ...]]
    parts: Sequence[str]

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways to answer that there can be."""
        return (FAST,) if self.vectors is None else (FAST, FULL)


def prepare(corpus: Corpus, terms: Terms, encoder: Encoder | None, progress: Quiet) -> Material:
    """The texts of a corpus cut into words, and read with the encoder if there is one."""
    with progress.stage("cutting words"):
        cutter = Cutter(terms)
        documents = [cutter.document(text) for text in progress.each(corpus.texts, "cutting", len(corpus.texts))]
    vectors = None
    if encoder is not None:
        with progress.stage("reading with the encoder"):
            read = progress.each(documents, "encoding", len(documents))
            vectors = np.concatenate([encoder.encode([document.text]) for document in read])
    names = {head: tuple(sorted({*labels} - {""})) for head, labels in corpus.labels.items()}
    return Material(documents, vectors, corpus.labels, names, corpus.parts)


def learn_from(material: Material, rows: Rows, recipe: Recipe) -> Learnt:
    """What these rows teach; a row without a label in a head teaches nothing there. Raises `CorpusError`."""
    features, matrix = learn_features([material.documents[row] for row in rows], least_texts=recipe.least_texts(len(rows)))
    wording, sense = {}, {}
    for head, labels in material.labels.items():
        said = np.array([place for place, row in enumerate(rows) if labels[row]], dtype=np.intp)
        known, weights = chosen(labels, rows[said]), _weights(material, head, rows[said])
        wording[head] = learn_wording(matrix[said], known, recipe, weights)
        if material.vectors is not None:
            sense[head] = learn_sense(material.vectors[rows[said]], known, recipe, weights)
    return Learnt(features, wording, sense)


def score(material: Material, rows: Rows, learnt: Learnt, way: str) -> Scores:
    """The scores of rows that were not learnt from."""
    matrix: csr_matrix = learnt.features.transform([material.documents[row] for row in rows])
    made = {}
    for head, names in material.names.items():
        scores = [_spread(learnt.wording[head], matrix, names)]
        if way == FULL and material.vectors is not None:
            scores.append(_spread(learnt.sense[head], material.vectors[rows], names))
        made[head] = scores
    return made


def hold_out(material: Material, parts: Sequence[Fold], learnt: Sequence[Learnt]) -> Scores:
    """The scores that all rows got while they were held out."""
    machines = len(material.ways)
    seen = {head: [np.zeros((len(material.documents), len(names))) for _ in range(machines)] for head, names in material.names.items()}
    for (_, hold), from_part in zip(parts, learnt, strict=False):
        for head, scores in score(material, hold, from_part, material.ways[-1]).items():
            for number, each in enumerate(scores):
                seen[head][number][hold] = each
    return seen


def unknown(material: Material, parts: Sequence[Fold], learnt: Sequence[Learnt]) -> NDArray[Any]:
    """Of each text the shares of its words and characters that stand in no other part (texts x 2)."""
    shares = np.zeros((len(material.documents), 2))
    for (_, hold), from_part in zip(parts, learnt, strict=False):
        shares[hold] = from_part.features.unknown([material.documents[row] for row in hold])
    return shares


def of_way(seen: Scores, way: str) -> Scores:
    """The scores of those machines that a way to answer hears."""
    return {head: scores[:1] if way == FAST else scores for head, scores in seen.items()}


def chosen(labels: Sequence[str], rows: Sequence[int] | Rows) -> list[str]:
    """The labels of some rows."""
    return [labels[row] for row in rows]


def _weights(material: Material, head: str, rows: Rows) -> NDArray[Any] | None:
    """None for the first head, whose labels registers share alike, and for a corpus without parts."""
    if head == next(iter(material.names)) or not material.parts:
        return None
    return within_parts(chosen(material.labels[head], rows), chosen(material.parts, rows))


def _spread(machine: Linear, matrix: Any, names: Sequence[str]) -> NDArray[Any]:
    """Scores in the order of all labels; a label that was not learnt has a little less than all that were."""
    scores = machine.scores(matrix)
    full = np.repeat(scores.min(axis=1, keepdims=True) - 1.0, len(names), axis=1)
    full[:, [names.index(label) for label in machine.labels]] = scores
    return np.asarray(full)
