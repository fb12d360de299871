"""What the commands read from labelled tables and what they print and write of a model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import tables
from classifier.calibration import Gate
from classifier.columns import prediction_row
from classifier.corpus import Corpus
from classifier.errors import CorpusError
from classifier.evaluation import Labelled
from classifier.manifest import FAST, Manifest
from classifier.model import Prediction
from classifier.transfer import Apart

IDENTITY = "id"


@dataclass(frozen=True)
class Read:
    """Labelled rows of a table, with their row numbers and ids, and how many had no label."""

    rows: Labelled
    known: Sequence[dict[str, str]]
    skipped: int


def read_labelled(path: Path, text: str, label: str, also: str | None, kind: str | None, kinds_also: Sequence[str]) -> Read:
    """The rows of a table that have a label. Raises `TableError`, and `CorpusError` for a malformed `--type-also`."""
    need = [column for column in (text, label, also, kind) if column]
    columns: dict[str, list[str]] = {column: [] for column in need}
    known, skipped = list[dict[str, str]](), 0
    for row in tables.read_rows(path, need=need):
        if not row.values[label].strip():
            skipped += 1
            continue
        known.append(_known(row, label))
        for column, cells in columns.items():  # of a wide table only these cells are kept
            cells.append(row.values[column])
    labelled = Labelled(
        texts=columns[text],
        truth=[cell.strip() for cell in columns[label]],
        also=[_names(cell) for cell in columns[also]] if also else None,
        kinds=[cell.strip() for cell in columns[kind]] if kind else None,
        kinds_also=dict(_type_also(kinds_also)),
    )
    return Read(labelled, known, skipped)


def write_predictions(path: Path, manifest: Manifest, read: Read, answers: Sequence[Prediction]) -> None:
    """A table with a row per text: row number, id if there is one, true label, and what the model says."""
    rows = (prediction_row(manifest, answer, known) for known, answer in zip(read.known, answers, strict=True))
    first = next(rows)
    with tables.open_writer(path, list(first)) as writer:
        for row in chain([first], rows):
            writer.write(row)


def rows_used(corpus: Corpus, rare: Mapping[str, str]) -> Iterator[str]:
    """Lines that say what is learnt from and what is not."""
    labels = ", ".join(f"{len(set(labels))} labels of {head}" for head, labels in corpus.labels.items())
    yield f"{len(corpus.texts)} rows, {labels}"
    if corpus.left_out:
        yield f"{corpus.left_out} rows left out: no text, no label, or a rare label"
    for label, head in rare.items():
        yield f"label {label!r} of {head} left out: a single row"


def corrections_used(corpus: Corpus, left_out: Mapping[str, int]) -> Iterator[str]:
    """Lines that say how many corrections are learnt from and why others are not."""
    yield f"{corpus.corrections} corrections by people"
    yield from (f"{count} corrections left out: {why}" for why, count in sorted(left_out.items()))


def trained(manifest: Manifest) -> str:
    """Scores on held-out texts beside the dummy's, and the gate, of each way as a small table."""
    lines = [f"{'held-out scores':<16}{'accuracy':>10}{'macro-F1':>10}{'top-3':>10}{'ECE':>10}"]
    for name, way in manifest.ways.items():
        lines.append(f"-- {name}: {'words and sequences' if name == FAST else 'with the encoder'}")
        for head, card in way.heads.items():
            lines.append(_line(head, card.scores))
            lines += [_line(f"  {part}", scores) for part, scores in card.scores.get("by_part", {}).items()]
        lines.append(_gate(way.gate))
    lines += [_line(f"dummy {head}", scores) for head, scores in manifest.dummy.items()]
    return "\n".join(lines)


def _gate(gate: Gate) -> str:
    if gate.precision is None:
        return f"gate: nothing passes; no threshold held {gate.target_precision:.0%} on {gate.least_texts} texts"
    return f"gate: {gate.threshold:.4f}, held {gate.precision:.1%} precision on the {gate.coverage:.1%} of texts that pass"


def told_apart(apart: Apart) -> str:
    """How easily the texts learnt from are told from real ones."""
    parts = ", ".join(f"{part} {area:.3f}" for part, area in apart.by_part.items())
    return f"told from {apart.texts} real texts with an area under the curve of {apart.area:.3f} (0.5: not at all){f'; {parts}' if parts else ''}"


def figures(content: Mapping[str, Any]) -> str:
    """The figures of an evaluation, one a line."""
    return "\n".join(f"{name:<26}{_shown(value)}" for name, value in content.items())


def _line(name: str, scores: Mapping[str, Any]) -> str:
    keys = ("accuracy", "macro_f1", "top3_accuracy", "ece")
    return f"{name:<16}" + "".join(f"{scores[key]:>10.3f}" if key in scores else f"{'–':>10}" for key in keys)


def _shown(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "–" if value is None else str(value)


def _known(row: tables.Row, label: str) -> dict[str, str]:
    identity = {IDENTITY: row.values[IDENTITY]} if IDENTITY in row.values else {}
    return {"row": str(row.number), **identity, "true_label": row.values[label].strip()}


def _names(cell: str) -> frozenset[str]:
    return frozenset(name.strip() for name in cell.split(";") if name.strip())


def _type_also(pairs: Sequence[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for pair in pairs:
        kind, _, labels = pair.partition("=")
        if not kind.strip() or not _names(labels):
            raise CorpusError(f"--type-also {pair!r}: write TYPE=LABEL;LABEL, like grievance=complaint;opinion")
        yield kind.strip(), _names(labels)
