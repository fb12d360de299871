"""The card of each way to answer: how good it is on rows that neither its machines nor its calibration have seen, and its gate."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.baseline import Baseline, Observed, baseline_of
from classifier.calibration import Array, Bools, Stakes, calibration_curve, choose_gate, gate_scores
from classifier.corpus import Corpus
from classifier.evaluation import head_scores, label_scores
from classifier.fitting import Calibration, Scores, calibrate, equal_parts
from classifier.folds import Fold, Rows
from classifier.learning import Material, chosen
from classifier.manifest import HeadCard, Way
from classifier.recipe import Recipe, agreement

MOST_CONFUSIONS = 200


@dataclass(frozen=True)
class HeldOut:
    """What is known of all rows while they were held out: the folds, the shares of each text that were unknown, and
    what the labels of each head decide."""

    corpus: Corpus
    material: Material
    recipe: Recipe
    folds: Sequence[Fold]
    unknown: NDArray[Any]
    stakes: Mapping[str, Stakes]

    def agreement(self, rows: Sequence[int] | Rows) -> NDArray[np.float32] | None:
        """How well the labels of two heads go together in these rows; None unless there are two."""
        names = self.material.names
        if len(names) != 2:
            return None
        (first, ahead), (second, behind) = names.items()
        labels = self.corpus.labels
        both = [(labels[first][row], labels[second][row]) for row in rows if labels[first][row] and labels[second][row]]
        ones, others = [one for one, _ in both], [other for _, other in both]
        there = [[place for place, label in enumerate(each) if label in {*said}] for each, said in ((ahead, ones), (behind, others))]
        together = np.ones((len(ahead), len(behind)), dtype=np.float32)  # of a label without rows nothing is known
        together[np.ix_(*there)] = agreement(ones, others, ([ahead[i] for i in there[0]], [behind[i] for i in there[1]]), self.recipe)
        return together

    def calibration(self, seen: Scores, rows: Sequence[int] | Rows, together: NDArray[Any] | None) -> Calibration:
        """The calibration that the scores of these rows teach."""
        some = {head: [each[rows] for each in scores] for head, scores in seen.items()}
        weights = equal_parts(chosen(self.corpus.parts, rows) if self.corpus.parts else (), len(rows))
        return calibrate(some, self.truth(rows), weights, together)

    def truth(self, rows: Sequence[int] | Rows) -> dict[str, Rows]:
        """By head the columns of the true labels of these rows."""
        labels = self.corpus.labels
        return {head: np.array([names.index(label) for label in chosen(labels[head], rows)]) for head, names in self.material.names.items()}

    def chances(self, seen: Scores) -> dict[str, Array]:
        """Probabilities of all rows, of each fold by the calibration and agreement that the other folds teach."""
        made = {head: np.zeros_like(scores[0]) for head, scores in seen.items()}
        judged = set(self.corpus.judged)
        for learn, hold in self.folds:
            together = self.agreement(learn)
            taught = self.calibration(seen, [int(row) for row in learn if int(row) in judged], together)
            scores = {head: [each[hold] for each in machines] for head, machines in seen.items()}
            for head, chances in taught.chances(scores, together).items():
                made[head][hold] = chances
        return made


def make_way(held: HeldOut, seen: Scores, calibration: Calibration) -> Way:
    """The card of a way that will answer with this calibration, judged by what each fold gets from the other folds."""
    corpus, material = held.corpus, held.material
    chances = held.chances(seen)
    heads = {head: _card(corpus, head, names, calibration.scales[head], chances[head]) for head, names in material.names.items()}
    of_judged = {head: chances[head][corpus.judged] for head in chances}
    sure, right = _decided(held.truth(corpus.judged), of_judged, held.stakes)
    gate = choose_gate(sure, right)
    return Way(gate, heads, _baseline(held, of_judged, sure >= gate.threshold))


def _baseline(held: HeldOut, chances: Mapping[str, Array], passed: Bools) -> Baseline:
    names, judged = held.material.names, held.corpus.judged
    observed = Observed(
        answers={head: [labels[column] for column in chances[head].argmax(axis=1)] for head, labels in names.items()},
        confidence=chances[next(iter(names))].max(axis=1),
        passed=passed,
        lengths=np.array([len(held.material.documents[row].text) for row in judged]),
        unknown_words=held.unknown[judged, 0],
        unknown_characters=held.unknown[judged, 1],
    )
    return baseline_of(observed, names, {head: chosen(labels, judged) for head, labels in held.corpus.labels.items()})


def _card(corpus: Corpus, head: str, names: tuple[str, ...], scales: tuple[float, ...], chances: Array) -> HeadCard:
    by_part = _by_part(corpus.labels[head], chances, names, corpus.parts) if corpus.parts else {}
    truth, chances = chosen(corpus.labels[head], corpus.judged), chances[corpus.judged]
    scores: dict[str, Any] = {**head_scores(truth, chances, names), **({"by_part": by_part} if by_part else {})}
    guessed = [names[column] for column in chances.argmax(axis=1)]
    wrong = Counter((true, answered) for true, answered in zip(truth, guessed, strict=True) if true != answered)
    pairs = tuple((true, answered, count) for (true, answered), count in sorted(wrong.items(), key=lambda item: (-item[1], item[0])))
    right = np.array([true == answered for true, answered in zip(truth, guessed, strict=True)])
    curve = tuple(calibration_curve(chances.max(axis=1), right))
    return HeadCard(scales, scores, label_scores(truth, guessed, names), pairs[:MOST_CONFUSIONS], curve)


def _by_part(truth: Sequence[str], chances: Array, labels: Sequence[str], parts: Sequence[str]) -> dict[str, Any]:
    rows = {part: [row for row, one in enumerate(parts) if one == part and truth[row]] for part in sorted(set(parts))}
    return {part: head_scores(chosen(truth, some), chances[some], labels) for part, some in rows.items() if some}


def _decided(truth: Mapping[str, Rows], chances: Mapping[str, Array], at_stake: Mapping[str, Stakes]) -> tuple[Array, Bools]:
    """Of each text how sure the decision is, and whether it is right."""
    right = np.ones(len(next(iter(truth.values()))), dtype=bool)
    for head, each in at_stake.items():
        right &= each.groups[chances[head].argmax(axis=1)] == each.groups[truth[head]]
    return gate_scores([(chances[head], each) for head, each in at_stake.items()]), right
