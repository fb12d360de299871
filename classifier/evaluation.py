"""How good answers are: scores of a head, and the figures of a whole model on labelled rows."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.metrics import f1_score, precision_recall_fscore_support

from classifier.calibration import Array, Bools, expected_calibration_error
from classifier.columns import MOST_CANDIDATES
from classifier.model import Model, Prediction
from classifier.progress import Quiet

TEXTS_AT_ONCE = 256


def head_scores(truth: Sequence[str], chances: Array, labels: Sequence[str]) -> dict[str, float]:
    """Accuracy, macro-F1, top-3 and ECE of probabilities (texts x labels); a truth that is no label counts as wrong."""
    order = np.argsort(-chances, axis=1, kind="stable")
    guessed = [labels[place] for place in order[:, 0]]
    right = _same(truth, guessed)
    in_three = [name in {labels[place] for place in row[:3]} for name, row in zip(truth, order, strict=True)]
    return {
        **guess_scores(truth, guessed),
        "top3_accuracy": float(np.mean(in_three)),
        "ece": expected_calibration_error(chances.max(axis=1), right),
    }


def guess_scores(truth: Sequence[str], guessed: Sequence[str]) -> dict[str, float]:
    """Accuracy and macro-F1 of labels without probabilities."""
    return {"n": len(truth), "accuracy": float(_same(truth, guessed).mean()), "macro_f1": _macro_f1(truth, guessed)}


def label_scores(truth: Sequence[str], guessed: Sequence[str], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and number of rows of each label."""
    columns = precision_recall_fscore_support(truth, guessed, labels=list(labels), zero_division=0.0)
    names = ("precision", "recall", "f1", "rows")
    return {label: dict(zip(names, (float(p), float(r), float(f), int(n)), strict=True)) for label, p, r, f, n in zip(labels, *columns, strict=True)}


@dataclass(frozen=True)
class Labelled:
    """Rows to measure on: texts and true labels of the first head; `kinds` of the second and `also` (labels that are
    acceptable too) where they are known."""

    texts: Sequence[str]
    truth: Sequence[str]
    also: Sequence[frozenset[str]] | None = None
    kinds: Sequence[str] | None = None
    kinds_also: Mapping[str, frozenset[str]] = field(default_factory=dict)


def evaluate(model: Model, rows: Labelled, *, groups: Mapping[str, str], progress: Quiet | None = None) -> tuple[dict[str, Any], list[Prediction]]:
    """The figures of a model on labelled rows, and its answers.

    `groups` is label to group for the first head (topic to lead department; empty: none). A figure over no rows is
    null. An answer holds the three likeliest labels, which is all that a figure needs, and a tenth of the memory.
    """
    answers, seconds = _answer(model, rows.texts, progress or Quiet())
    head = next(iter(model.manifest.labels))
    labels = model.manifest.labels[head]
    chances = _chances(answers, head, labels)
    guessed = [answer.heads[head][0][0] for answer in answers]
    right = _same(rows.truth, guessed)
    passed = np.array([answer.passes_gate for answer in answers])
    figures: dict[str, Any] = head_scores(rows.truth, chances, labels)
    ece = figures.pop("ece")
    figures |= {"coverage": float(passed.mean()), "accuracy_when_confident": _share(right[passed]), "ece": ece}
    figures["docs_per_second"] = round(len(answers) / seconds, 1)
    figures["unknown_labels"] = {name: list(rows.truth).count(name) for name in sorted(set(rows.truth) - set(labels))}
    if groups:
        figures |= _group_figures(rows.truth, guessed, groups, passed)
    if rows.also is not None:
        loose = [guess in also for guess, also in zip(guessed, rows.also, strict=True)]
        figures["accuracy_with_alternatives"] = _share(right | np.array(loose, dtype=bool))
    if rows.kinds is not None:
        figures |= _type_figures(model, answers, rows.kinds, rows.kinds_also)
    return figures, answers


def _answer(model: Model, texts: Sequence[str], progress: Quiet) -> tuple[list[Prediction], float]:
    answers: list[Prediction] = []
    begin = time.perf_counter()
    with progress.count("predicting", len(texts)) as advance:
        for at in range(0, len(texts), TEXTS_AT_ONCE):
            block = texts[at : at + TEXTS_AT_ONCE]
            answers += model.predict(block, explain=False, most=MOST_CANDIDATES)
            advance(len(block))
    return answers, max(time.perf_counter() - begin, 1e-9)


def _chances(answers: Sequence[Prediction], head: str, labels: Sequence[str]) -> Array:
    places = {label: place for place, label in enumerate(labels)}
    chances = np.zeros((len(answers), len(labels)))
    for row, answer in enumerate(answers):
        for label, chance in answer.heads[head]:
            chances[row, places[label]] = chance
    return chances


def _group_figures(truth: Sequence[str], guessed: Sequence[str], groups: Mapping[str, str], passed: Bools) -> dict[str, float | None]:
    same = [t in groups and groups[t] == groups.get(g) for t, g in zip(truth, guessed, strict=True)]
    right = np.array(same, dtype=bool)
    return {"department_accuracy": _share(right), "dispatch_precision": _share(right[passed])}


def _type_figures(model: Model, answers: Sequence[Prediction], kinds: Sequence[str], also: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    head = list(model.manifest.labels)[1]
    known = set(model.manifest.labels[head])
    judged = [
        answer.heads[head][0][0] in also.get(kind, {kind})
        for answer, kind in zip(answers, kinds, strict=True)
        if kind and (kind in known or kind in also)
    ]
    unknown = sum(1 for kind in kinds if kind and kind not in known and kind not in also)
    return {"type_accuracy": _share(np.array(judged, dtype=bool)), "type_n": len(judged), "type_unknown": unknown}


def _same(truth: Sequence[str], guessed: Sequence[str]) -> Bools:
    return np.array([one == other for one, other in zip(truth, guessed, strict=True)], dtype=bool)


def _macro_f1(truth: Sequence[str], guessed: Sequence[str]) -> float:
    return float(f1_score(list(truth), list(guessed), average="macro", zero_division=0.0))


def _share(right: Bools) -> float | None:
    return float(right.mean()) if len(right) else None
