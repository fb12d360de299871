"""Answers as the cells of a table."""

from collections.abc import Mapping, Sequence

from classifier.manifest import Manifest
from classifier.model import Prediction

MOST_CANDIDATES = 3
PREFIX = "predicted_"


def added_columns(manifest: Manifest) -> list[str]:
    """The columns that `classify` adds: three candidates of the first head, the best of each other, and the gate.

    A model of one head calls it `label` and `probability`.
    """
    first, *others = manifest.labels
    if not others:
        return [*_candidates("label", "probability"), "confident", "model_version"]
    names = _candidates(first, f"{first}_probability")
    for head in others:
        names += [head, f"{head}_probability"]
    return [*names, "department", "gate_score", "passes_gate", "model_version"]


def added_cells(manifest: Manifest, answer: Prediction) -> list[str]:
    """The cells of `added_columns` for one answer; a candidate that does not exist is empty."""
    first, *others = manifest.labels
    cells = candidates(answer, first)
    passes = "1" if answer.passes_gate else "0"
    if not others:
        return [*cells, passes, answer.model_version]
    for head in others:
        label, chance = answer.heads[head][0]
        cells += [label, number(chance)]
    group = manifest.groups.get(first, {}).get(answer.heads[first][0][0], "")
    return [*cells, group, number(answer.gate_score), passes, answer.model_version]


def candidates(answer: Prediction, head: str) -> list[str]:
    """The three likeliest labels with their probabilities, as cells."""
    best = [(label, number(chance)) for label, chance in answer.heads[head][:MOST_CANDIDATES]]
    return [cell for pair in [*best, *[("", "")] * (MOST_CANDIDATES - len(best))] for cell in pair]


def free_names(added: Sequence[str], there: Sequence[str]) -> dict[str, str]:
    """For each added column the name under which it is written: with `predicted_` in front if the name is taken."""
    names: dict[str, str] = {}
    for column in added:
        name = column
        while name in there or name in names.values():
            name = PREFIX + name
        names[column] = name
    return names


def prediction_row(manifest: Manifest, answer: Prediction, known: Mapping[str, str]) -> dict[str, str]:
    """One row of the predictions file of `evaluate`: what is known of the text beside what the model says."""
    first, *others = manifest.labels
    row = dict(known) | dict(zip(_candidates("label", "probability"), candidates(answer, first), strict=True))
    for head in others:
        label, chance = answer.heads[head][0]
        row |= {head: label, f"{head}_probability": number(chance)}
    return row | {"gate_score": number(answer.gate_score), "passed": "1" if answer.passes_gate else "0"}


def number(chance: float) -> str:
    """A probability as a cell, to six places."""
    return format(chance, ".6f")


def _candidates(label: str, chance: str) -> list[str]:
    """The columns of the first three candidates: label, probability, label_2, probability_2, …"""
    return [f"{name}{place}" for place in ("", "_2", "_3") for name in (label, chance)]
