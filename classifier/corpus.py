"""The rows to learn from: the bundled corpus of the power hotline, or anybody's table."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import tables
from classifier.errors import CorpusError, RareLabel

TOPIC = "topic"
DEMAND_TYPE = "demand_type"
LABEL = "label"


@dataclass(frozen=True)
class Corpus:
    """Texts, their labels for each head, and of each text the part that is held out together (empty: no parts).

    A correction may have an empty label in a head: the person did not say it.
    """

    texts: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    parts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    left_out: int = 0
    is_correction: tuple[bool, ...] = ()

    @property
    def corrections(self) -> int:
        """How many of the rows are corrections by people (派单员、责任部门改派)."""
        return sum(self.is_correction)

    @property
    def judged(self) -> list[int]:
        """The rows by which a model is judged: all but corrections, which are no fair sample (people see the doubtful ones)."""
        return [row for row in range(len(self.texts)) if not (self.is_correction and self.is_correction[row])]

    @property
    def digest(self) -> str:
        """SHA-256 over all rows in order, whatever the files are called."""
        rows = zip(self.texts, *self.labels.values(), *([self.parts] if self.parts else []), strict=True)
        content = json.dumps([list(self.labels), list(rows)], ensure_ascii=False)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def read_table(path: Path, text: str, label: str) -> Corpus:
    """One head from two columns of a table; rows without text or label are left out and counted."""
    rows = [(row.values[text], row.values[label].strip()) for row in tables.read_rows(path, need=(text, label))]
    full = [(words, name) for words, name in rows if words.strip() and name]
    if not full:
        raise CorpusError(f"{path}: no row has both a {text!r} and a {label!r}")
    texts, labels = zip(*full, strict=True)
    return Corpus(texts, {LABEL: labels}, files=(path.name,), left_out=len(rows) - len(full))


def read_bundled(data: Path) -> Corpus:
    """The corpus of the power hotline: `data/corpus/<topic>.csv` with columns text, demand_type, register.

    The register (how a text came: note, speech, letter, short) is the part that is held out together; `hard` (1: another
    topic's words stand in front) and `voice` (who wrote it) are for the checks of the corpus. Raises `CorpusError` with
    file and row where a topic or a demand type is not in the domain's tables.
    """
    files = sorted((data / "corpus").glob("*.csv"))
    if not files:
        raise CorpusError(f"{data / 'corpus'}: no corpus there, expected <topic>.csv files")
    topics, types = _codes(data / "taxonomy.csv"), _codes(data / "demand_types.csv")
    rows: list[tuple[str, str, str, str]] = []
    for file in files:
        if file.stem not in topics:
            raise CorpusError(f"{file}: {file.stem!r} is no topic of taxonomy.csv; name the file by its topic's code")
        rows.extend(_bundled_rows(file, types))
    texts, topic, demand_type, register = zip(*rows, strict=True)
    names = tuple(file.name for file in files)
    return Corpus(texts, {TOPIC: topic, DEMAND_TYPE: demand_type}, parts=register, files=names)


def lead_departments(data: Path) -> dict[str, str]:
    """Topic code to the code of its lead department, by `taxonomy.csv`."""
    return _column(data / "taxonomy.csv", "lead_department")


def handlings(data: Path) -> dict[str, str]:
    """Demand type to the way in which it is handled (report, fault, or like most), by `demand_types.csv`."""
    return _column(data / "demand_types.csv", "handling")


def costs_when_missed(data: Path) -> dict[str, dict[str, float]]:
    """By head and label what it costs to take it for something else, by `taxonomy.csv` and `demand_types.csv`."""
    files = {TOPIC: "taxonomy.csv", DEMAND_TYPE: "demand_types.csv"}
    return {head: {label: float(cost) for label, cost in _column(data / file, "cost_when_missed").items()} for head, file in files.items()}


def without_rare_labels(corpus: Corpus, *, drop: bool) -> tuple[Corpus, dict[str, str]]:
    """The corpus without labels that have a single row, and these labels by name with their head.

    Unless `drop`, a rare label raises `RareLabel`. A corpus with fewer than two labels left raises `CorpusError`.
    """
    rare = _rare_labels(corpus)
    if rare and not drop:
        names = ", ".join(f"{label!r} ({head})" for label, head in sorted(rare.items()))
        raise RareLabel(f"a label needs two rows or more, these have one: {names}; add rows, or use --drop-rare")
    kept = corpus
    while again := _rare_labels(kept):  # a row that goes takes its labels of the other heads with it
        rare |= again
        kept = _without(kept, again)
    for head, labels in kept.labels.items():
        if len(set(labels)) < 2:
            raise CorpusError(f"{head}: there must be two different labels at least, found {sorted(set(labels))}")
    return kept, rare


def _codes(path: Path) -> set[str]:
    return set(_column(path, "code"))


def _column(path: Path, column: str) -> dict[str, str]:
    return {row.values["code"]: row.values[column] for row in tables.read_rows(path, need=("code", column))}


def _bundled_rows(file: Path, types: set[str]) -> Iterable[tuple[str, str, str, str]]:
    for row in tables.read_rows(file, need=("text", "demand_type", "register")):
        text, kind, register = (row.values[column].strip() for column in ("text", "demand_type", "register"))
        if kind not in types:
            raise CorpusError(f"{file}: row {row.number}: {kind!r} is no demand type of demand_types.csv")
        if not text or not register:
            raise CorpusError(f"{file}: row {row.number}: text and register must not be empty")
        yield text, file.stem, kind, register


def _rare_labels(corpus: Corpus) -> dict[str, str]:
    return {label: head for head, labels in corpus.labels.items() for label, count in Counter(labels).items() if count == 1}


def _without(corpus: Corpus, rare: Mapping[str, str]) -> Corpus:
    heads = corpus.labels.items()
    keep = [row for row in range(len(corpus.texts)) if not any(rare.get(labels[row]) == head for head, labels in heads)]
    return replace(
        corpus,
        texts=tuple(corpus.texts[row] for row in keep),
        labels={head: tuple(labels[row] for row in keep) for head, labels in heads},
        parts=tuple(corpus.parts[row] for row in keep) if corpus.parts else (),
        is_correction=tuple(corpus.is_correction[row] for row in keep) if corpus.is_correction else (),
        left_out=corpus.left_out + len(corpus.texts) - len(keep),
    )
