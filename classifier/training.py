"""Trains a model: one pass over held-out parts for its scores, factors and gates, then a fit on all rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold

from classifier import artefact
from classifier.baseline import Baseline, Observed, baseline_of
from classifier.calibration import Array, Bools, agree, calibration_curve, choose_gate, fit_scales, gate_scores, probabilities, stakes
from classifier.corpus import Corpus
from classifier.encoder import Encoder, Vectors
from classifier.errors import CorpusError
from classifier.evaluation import guess_scores, head_scores, label_scores
from classifier.features import Features, learn_features
from classifier.guarded import guarded_rows, outcomes
from classifier.manifest import FAST, FULL, HeadCard, Manifest, Way, library_versions, make_version
from classifier.model import ModelFiles, sha256
from classifier.progress import Quiet
from classifier.recipe import Linear, Recipe, agreement, learn_sense, learn_wording
from classifier.words import Cutter, Document, Terms, as_file, digest, weigh

MOST_FOLDS = 5
MOST_CONFUSIONS = 200

Rows = NDArray[np.intp]
Fold = tuple[Rows, Rows]


@dataclass(frozen=True)
class Decisions:
    """What labels decide, by head: of each label its group, and what it costs to miss it (1 where nothing is said)."""

    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Learnt:
    """What was learnt from some rows: the features, and for each head what learns from them and from the vectors."""

    features: Features
    wording: Mapping[str, Linear]
    sense: Mapping[str, Linear]


@dataclass(frozen=True)
class Material:
    """All that learning needs of the rows: their texts cut and encoded, and their labels."""

    documents: Sequence[Document]
    vectors: Vectors | None
    labels: Mapping[str, Sequence[str]]
    names: Mapping[str, tuple[str, ...]]

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways to answer that there can be."""
        return (FAST,) if self.vectors is None else (FAST, FULL)


# By head, the scores (texts x labels) of each machine, wording first; what all rows got while they were held out.
Scores = Mapping[str, list[NDArray[Any]]]


def train(
    corpus: Corpus,
    *,
    words: Sequence[str] = (),
    decisions: Decisions | None = None,
    recipe: Recipe | None = None,
    encoder: Encoder | None = None,
    jobs: int = 1,
    progress: Quiet | None = None,
) -> ModelFiles:
    """Learn all heads of a corpus.

    `words` is the trade's word list; `decisions` says what labels decide (topic: the lead department) and cost; without
    `encoder` the model has the fast way only. The same arguments give the same bytes. Raises `CorpusError`.
    """
    recipe, progress, decisions = recipe or Recipe(), progress or Quiet(), decisions or Decisions()
    terms = weigh(words)
    material = _prepare(corpus, terms, encoder, progress)
    parts = folds(corpus, recipe)
    kept, guarded = guarded_rows(corpus)
    everything = np.arange(len(corpus.texts))
    with progress.stage(f"learning {len(parts) + 2} times: without each held-out part, without the guarded rows, from all"):
        tasks = [*(learn for learn, _ in parts), kept, everything]
        done = Parallel(n_jobs=jobs)(delayed(_learn_from)(material, rows, recipe) for rows in progress.each(tasks, "learning", len(tasks)))
    seen, unknown = _hold_out(material, parts, done), _unknown(material, parts, done)
    together = _agreement(material, recipe)
    ways = {way: _way(corpus, material, _of_way(seen, way), unknown, together, decisions) for way in material.ways}
    unseen = _unseen(material, guarded, done[len(parts)], material.ways[-1])
    answered = _chances(unseen, ways[material.ways[-1]].heads, together)
    record = outcomes(corpus, guarded, answered, material.names, decisions.groups)
    content = artefact.pack(_arrays(material, done[-1], together))
    return ModelFiles(_manifest(corpus, terms, decisions, recipe, ways, encoder, record, material, content), content, as_file(terms))


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
    parts = list(splitter.split(rows, labels))
    for head, names in corpus.labels.items():
        if any(len({names[row] for row in learn}) < 2 for learn, _ in parts):
            raise CorpusError(f"{head}: one label has so many of the rows that a part without it leaves a single one; add rows of other labels")
    return parts


def _prepare(corpus: Corpus, terms: Terms, encoder: Encoder | None, progress: Quiet) -> Material:
    with progress.stage("cutting words"):
        cutter = Cutter(terms)
        documents = [cutter.document(text) for text in progress.each(corpus.texts, "cutting", len(corpus.texts))]
    vectors = None
    if encoder is not None:
        with progress.stage("reading with the encoder"):
            read = progress.each(documents, "encoding", len(documents))
            vectors = np.concatenate([encoder.encode([document.text]) for document in read])
    names = {head: tuple(sorted({*labels} - {""})) for head, labels in corpus.labels.items()}
    return Material(documents, vectors, corpus.labels, names)


def _learn_from(material: Material, rows: Rows, recipe: Recipe) -> Learnt:
    features, matrix = learn_features([material.documents[row] for row in rows], least_texts=recipe.least_texts(len(rows)))
    known = {head: [labels[row] for row in rows] for head, labels in material.labels.items()}
    said = {head: np.flatnonzero([bool(label) for label in labels]) for head, labels in known.items()}
    wording = {head: learn_wording(matrix[said[head]], _chosen(labels, said[head]), recipe) for head, labels in known.items()}
    vectors = material.vectors
    if vectors is None:
        return Learnt(features, wording, {})
    sense = {head: learn_sense(vectors[rows[said[head]]], _chosen(labels, said[head]), recipe) for head, labels in known.items()}
    return Learnt(features, wording, sense)


def _unseen(material: Material, rows: Rows, learnt: Learnt, way: str) -> Scores:
    """The scores of rows that were not learnt from."""
    matrix: csr_matrix = learnt.features.transform([material.documents[row] for row in rows])
    made = {}
    for head, names in material.names.items():
        scores = [_spread(learnt.wording[head], matrix, names)]
        if way == FULL and material.vectors is not None:
            scores.append(_spread(learnt.sense[head], material.vectors[rows], names))
        made[head] = scores
    return made


def _hold_out(material: Material, parts: Sequence[Fold], learnt: Sequence[Learnt]) -> Scores:
    machines = len(material.ways)
    seen = {head: [np.zeros((len(material.documents), len(names))) for _ in range(machines)] for head, names in material.names.items()}
    for (_, hold), from_part in zip(parts, learnt, strict=False):
        for head, scores in _unseen(material, hold, from_part, material.ways[-1]).items():
            for number, each in enumerate(scores):
                seen[head][number][hold] = each
    return seen


def _unknown(material: Material, parts: Sequence[Fold], learnt: Sequence[Learnt]) -> NDArray[Any]:
    """Of each text the shares of its words and characters that stand in no other part (texts x 2)."""
    shares = np.zeros((len(material.documents), 2))
    for (_, hold), from_part in zip(parts, learnt, strict=False):
        shares[hold] = from_part.features.unknown([material.documents[row] for row in hold])
    return shares


def _chosen(labels: Sequence[str], rows: Sequence[int] | Rows) -> list[str]:
    return [labels[row] for row in rows]


def _spread(machine: Linear, matrix: Any, names: Sequence[str]) -> NDArray[Any]:
    """Scores in the order of all labels; a label that was not learnt has a little less than all that were."""
    scores = machine.scores(matrix)
    full = np.repeat(scores.min(axis=1, keepdims=True) - 1.0, len(names), axis=1)
    full[:, [names.index(label) for label in machine.labels]] = scores
    return np.asarray(full)


def _of_way(seen: Scores, way: str) -> Scores:
    return {head: scores[:1] if way == FAST else scores for head, scores in seen.items()}


def _agreement(material: Material, recipe: Recipe) -> NDArray[np.float32] | None:
    if len(material.names) != 2:
        return None
    (first, ahead), (second, behind) = material.names.items()
    both = [pair for pair in zip(material.labels[first], material.labels[second], strict=True) if all(pair)]
    return agreement([one for one, _ in both], [other for _, other in both], (ahead, behind), recipe)


def _way(corpus: Corpus, material: Material, seen: Scores, unknown: NDArray[Any], together: NDArray[Any] | None, decisions: Decisions) -> Way:
    judged = corpus.judged
    truth = {head: np.array([names.index(label) for label in _chosen(corpus.labels[head], judged)]) for head, names in material.names.items()}
    cards = {head: HeadCard(fit_scales([each[judged] for each in scores], truth[head]), {}, {}, (), ()) for head, scores in seen.items()}
    chances = _chances(seen, cards, together)
    heads = {head: _card(corpus, head, material.names[head], cards[head].scales, chances[head]) for head in seen}
    of_judged = {head: chances[head][judged] for head in chances}
    sure, right = _decided(material.names, truth, of_judged, decisions)
    gate = choose_gate(sure, right)
    return Way(gate, heads, _baseline(corpus, material, of_judged, unknown[judged], sure >= gate.threshold))


def _baseline(corpus: Corpus, material: Material, chances: Mapping[str, Array], unknown: NDArray[Any], passed: Bools) -> Baseline:
    judged = corpus.judged
    observed = Observed(
        answers={head: [names[column] for column in chances[head].argmax(axis=1)] for head, names in material.names.items()},
        confidence=chances[next(iter(material.names))].max(axis=1),
        passed=passed,
        lengths=np.array([len(material.documents[row].text) for row in judged]),
        unknown_words=unknown[:, 0],
        unknown_characters=unknown[:, 1],
    )
    return baseline_of(observed, material.names, {head: _chosen(labels, judged) for head, labels in corpus.labels.items()})


def _chances(seen: Scores, cards: Mapping[str, HeadCard], together: NDArray[Any] | None) -> dict[str, Array]:
    chances = {
        head: probabilities(sum(scale * each for scale, each in zip(cards[head].scales, scores, strict=True)))  # type: ignore[arg-type]
        for head, scores in seen.items()
    }
    if together is not None:
        (first, ahead), (second, behind) = chances.items()
        chances[first], chances[second] = agree(ahead, behind, together)
    return chances


def _card(corpus: Corpus, head: str, names: tuple[str, ...], scales: tuple[float, ...], chances: Array) -> HeadCard:
    by_part = _by_part(corpus.labels[head], chances, names, corpus.parts) if corpus.parts else {}
    truth, chances = _chosen(corpus.labels[head], corpus.judged), chances[corpus.judged]
    scores: dict[str, Any] = {**head_scores(truth, chances, names), **({"by_part": by_part} if by_part else {})}
    guessed = [names[column] for column in chances.argmax(axis=1)]
    wrong = Counter((true, answered) for true, answered in zip(truth, guessed, strict=True) if true != answered)
    pairs = tuple((true, answered, count) for (true, answered), count in sorted(wrong.items(), key=lambda item: (-item[1], item[0])))
    right = np.array([true == answered for true, answered in zip(truth, guessed, strict=True)])
    curve = tuple(calibration_curve(chances.max(axis=1), right))
    return HeadCard(scales, scores, label_scores(truth, guessed, names), pairs[:MOST_CONFUSIONS], curve)


def _by_part(truth: Sequence[str], chances: Array, labels: Sequence[str], parts: Sequence[str]) -> dict[str, Any]:
    rows = {part: [row for row, one in enumerate(parts) if one == part and truth[row]] for part in sorted(set(parts))}
    return {part: head_scores(_chosen(truth, chosen), chances[chosen], labels) for part, chosen in rows.items() if chosen}


def _decided(
    heads_labels: Mapping[str, Sequence[str]], truth: Mapping[str, Rows], chances: Mapping[str, Array], decisions: Decisions
) -> tuple[Array, Bools]:
    """Of each text how sure the decision is, and whether it is right."""
    heads = []
    right = np.ones(len(next(iter(truth.values()))), dtype=bool)
    for head, names in heads_labels.items():
        at_stake = stakes(names, decisions.groups.get(head, {}), decisions.costs.get(head, {}))
        right &= at_stake.groups[chances[head].argmax(axis=1)] == at_stake.groups[truth[head]]
        heads.append((chances[head], at_stake))
    return gate_scores(heads), right


def _arrays(material: Material, learnt: Learnt, together: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
    features = learnt.features
    arrays: dict[str, NDArray[Any]] = {"words": artefact.from_terms(features.words), "sequences": features.sequences, "idf": features.idf}
    for name, machines in (("wording", learnt.wording), ("sense", learnt.sense)):
        if machines:
            arrays[f"{name}.weights"] = np.hstack([machines[head].weights for head in material.names])
            arrays[f"{name}.intercepts"] = np.concatenate([machines[head].intercepts for head in material.names])
    if together is not None:
        arrays["agreement"] = together
    return arrays


def _manifest(
    corpus: Corpus,
    terms: Terms,
    decisions: Decisions,
    recipe: Recipe,
    ways: Mapping[str, Way],
    encoder: Encoder | None,
    record: Mapping[str, Any],
    material: Material,
    content: bytes,
) -> Manifest:
    judged = {head: _chosen(labels, corpus.judged) for head, labels in corpus.labels.items()}
    made_from = {"corpus_sha256": corpus.digest, "files": list(corpus.files), "words_sha256": digest(terms), "corrections": corpus.corrections}
    read_by = {"name": encoder.name, "sha256": encoder.sha256} if encoder else None
    libraries = library_versions()
    # The arrays count too: a change of the code that learns gives another model from the same ingredients.
    made_of = [
        made_from["corpus_sha256"],
        made_from["words_sha256"],
        recipe.as_dict(),
        libraries,
        decisions.groups,
        decisions.costs,
        read_by,
        sha256(content),
    ]
    return Manifest(
        version=make_version({"made_of": made_of}),
        labels=material.names,
        groups=decisions.groups,
        costs=decisions.costs,
        ways=ways,
        dummy={head: guess_scores(labels, [Counter(labels).most_common(1)[0][0]] * len(labels)) for head, labels in judged.items()},
        encoder=read_by,
        recipe=recipe,
        rows=len(corpus.texts),
        made_from=made_from,
        artefact_sha256=sha256(content),
        words_sha256=digest(terms),
        libraries=libraries,
        guarded=record,
    )
