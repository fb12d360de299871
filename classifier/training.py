"""Trains a model: one pass over held-out parts for its scores, temperatures and gate, then a fit on all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold

from classifier import artefact
from classifier.calibration import Array, Gate, choose_gate, fit_temperature, gate_scores, probabilities
from classifier.corpus import Corpus
from classifier.evaluation import guess_scores, head_scores, label_scores
from classifier.manifest import HeadCard, Manifest, library_versions, make_version
from classifier.model import ModelFiles, group_numbers, sha256
from classifier.progress import Quiet
from classifier.recipe import Features, Recipe, learn_features, learn_head, linear
from classifier.words import Cutter, Document, as_file, digest

MOST_FOLDS = 5

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
Groups = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class HeldOut:
    """One head on texts that it had not learnt from: scores (texts x labels), and what a dummy said."""

    labels: tuple[str, ...]
    scores: Array
    dummy: list[str]


def train(
    corpus: Corpus,
    *,
    words: Sequence[str] = (),
    groups: Groups | None = None,
    recipe: Recipe | None = None,
    progress: Quiet | None = None,
) -> ModelFiles:
    """Learn all heads of a corpus.

    `words` is the trade's word list; `groups` has label to group for the heads whose decision is the group (topic to
    lead department). The same arguments give the same bytes. Raises `CorpusError`.
    """
    recipe, progress, groups = recipe or Recipe(), progress or Quiet(), groups or {}
    with progress.stage("cutting words"):
        cutter = Cutter(words, guess_unknown=recipe.guess_unknown)
        documents = [cutter.document(text) for text in progress.each(corpus.texts, "cutting", len(corpus.texts))]
    parts = folds(corpus, recipe)
    with progress.stage(f"measuring on {len(parts)} held-out parts"):
        held_out = _hold_out(documents, corpus, parts, recipe, progress)
    cards = {head: _card(corpus.labels[head], seen, corpus.parts) for head, seen in held_out.items()}
    gate = _gate(corpus, held_out, cards, groups)
    with progress.stage("learning from all rows"):
        content = artefact.pack(_learn(documents, corpus, recipe))
    return ModelFiles(_manifest(corpus, words, groups, recipe, cards, gate, content), content, as_file(words))


def folds(corpus: Corpus, recipe: Recipe) -> list[Fold]:
    """Rows to learn from and rows to hold out, so that each row is held out once.

    A corpus with parts (registers) holds out one part at a time, because real texts are unlike written ones;
    otherwise five stratified folds by the first head, fewer when a label has fewer rows.
    """
    rows = np.zeros(len(corpus.texts))
    if len(set(corpus.parts)) > 1:
        parts = list(LeaveOneGroupOut().split(rows, groups=list(corpus.parts)))
        if all(len({labels[row] for row in learn}) > 1 for learn, _ in parts for labels in corpus.labels.values()):
            return parts
    labels = next(iter(corpus.labels.values()))
    _, counts = np.unique(labels, return_counts=True)
    splitter = StratifiedKFold(int(min(MOST_FOLDS, counts.min())), shuffle=True, random_state=recipe.seed)
    return list(splitter.split(rows, labels))


def _hold_out(documents: Sequence[Document], corpus: Corpus, parts: Sequence[Fold], recipe: Recipe, progress: Quiet) -> dict[str, HeldOut]:
    seen = {head: _unseen(labels) for head, labels in corpus.labels.items()}
    for learn, hold in progress.each(parts, "held-out parts", len(parts)):
        features, matrix = learn_features([documents[row] for row in learn], recipe)
        unseen = features.transform([documents[row] for row in hold])
        for head, labels in corpus.labels.items():
            known = [labels[row] for row in learn]
            machine = learn_head(matrix, known, recipe)
            weights, intercepts = linear(machine)
            _put(seen[head], hold, list(machine.classes_), unseen @ weights + intercepts)
            for row, guess in zip(hold, DummyClassifier().fit(matrix, known).predict(unseen), strict=True):
                seen[head].dummy[row] = str(guess)
    return seen


def _unseen(labels: Sequence[str]) -> HeldOut:
    names = tuple(sorted(set(labels)))
    return HeldOut(names, np.zeros((len(labels), len(names))), [""] * len(labels))


def _put(seen: HeldOut, rows: NDArray[np.intp], names: Sequence[str], scores: NDArray[Any]) -> None:
    """A label that none of the other parts has scores a little less than all that they have."""
    seen.scores[rows] = scores.min(axis=1, keepdims=True) - 1.0
    for column, name in enumerate(names):
        seen.scores[rows, seen.labels.index(str(name))] = scores[:, column]


def _card(truth: Sequence[str], seen: HeldOut, parts: Sequence[str]) -> HeadCard:
    columns = {label: column for column, label in enumerate(seen.labels)}
    temperature = fit_temperature(seen.scores, np.array([columns[label] for label in truth]))
    chances = probabilities(seen.scores, temperature)
    scores: dict[str, Any] = dict(head_scores(truth, chances, seen.labels))
    if parts:
        scores["by_part"] = _by_part(truth, chances, seen.labels, parts)
    guessed = [seen.labels[column] for column in chances.argmax(axis=1)]
    return HeadCard(seen.labels, temperature, scores, guess_scores(truth, seen.dummy), label_scores(truth, guessed, seen.labels))


def _by_part(truth: Sequence[str], chances: Array, labels: Sequence[str], parts: Sequence[str]) -> dict[str, Any]:
    rows = {part: [row for row, one in enumerate(parts) if one == part] for part in sorted(set(parts))}
    return {part: head_scores([truth[row] for row in chosen], chances[chosen], labels) for part, chosen in rows.items()}


def _gate(corpus: Corpus, held_out: Mapping[str, HeldOut], cards: Mapping[str, HeadCard], groups: Groups) -> Gate:
    heads = []
    right = np.ones(len(corpus.texts), dtype=bool)
    for head, seen in held_out.items():
        numbers = group_numbers(seen.labels, groups.get(head, {}))
        chances = probabilities(seen.scores, cards[head].temperature)
        truth = np.array([seen.labels.index(label) for label in corpus.labels[head]])
        right &= numbers[chances.argmax(axis=1)] == numbers[truth]
        heads.append((chances, numbers))
    return choose_gate(gate_scores(heads), right)


def _learn(documents: Sequence[Document], corpus: Corpus, recipe: Recipe) -> dict[str, NDArray[Any]]:
    features, matrix = learn_features(documents, recipe)
    arrays = _feature_arrays(features)
    for head, labels in corpus.labels.items():
        machine = learn_head(matrix, labels, recipe)
        arrays[f"{head}.weights"], arrays[f"{head}.intercepts"] = linear(machine)
    return arrays


def _feature_arrays(features: Features) -> dict[str, NDArray[Any]]:
    words, chars = features.terms()
    return {
        "words.terms": artefact.from_terms(words),
        "words.idf": features.words.idf_.astype(np.float32),
        "chars.terms": artefact.from_terms(chars),
        "chars.idf": features.chars.idf_.astype(np.float32),
    }


def _manifest(
    corpus: Corpus,
    words: Sequence[str],
    groups: Groups,
    recipe: Recipe,
    cards: Mapping[str, HeadCard],
    gate: Gate,
    content: bytes,
) -> Manifest:
    made_from = {"corpus_sha256": corpus.digest, "files": list(corpus.files), "words_sha256": digest(words)}
    libraries = library_versions()
    made_of = [made_from["corpus_sha256"], made_from["words_sha256"], recipe.as_dict(), libraries, groups]
    return Manifest(
        version=make_version({"made_of": made_of}),
        heads=cards,
        groups=groups,
        gate=gate,
        recipe=recipe,
        rows=len(corpus.texts),
        made_from=made_from,
        artefact_sha256=sha256(content),
        words_sha256=digest(words),
        libraries=libraries,
    )
