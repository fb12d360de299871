"""Corrections by people as rows to learn from, beside a corpus that was written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from classifier.corpus import Corpus
from classifier.words import normalise

PART = "correction"


@dataclass(frozen=True)
class Correction:
    """What a person said of a text: its label for each head (none, or an empty one: not said).

    `is_weak` says that it is no more than an accept of what the model proposed, `is_gone` that a label is no longer one.
    """

    text: str
    labels: Mapping[str, str]
    is_weak: bool = False
    is_gone: bool = False


def with_corrections(corpus: Corpus, corrections: Sequence[Correction], *, accepted: bool = False) -> tuple[Corpus, Counter[str]]:
    """A corpus that has parts with corrections as one more part, and how many were left out by the reason why.

    Mere accepts are left out unless `accepted`; so are labels that are gone, labels that have a single row even so, and
    texts that the corpus holds already, since a held-out text must not be learnt beside. Of the same text the last
    correction counts.
    """
    left: Counter[str] = Counter()
    known = {normalise(text) for text in corpus.texts}
    fresh: dict[str, Correction] = {}
    for one in corrections:
        key = normalise(one.text)
        if why := _unfit(one, key in known, accepted, next(iter(corpus.labels))):
            left[why] += 1
        else:
            left["the same text was corrected again"] += key in fresh
            fresh[key] = one
    rows = _without_single(list(fresh.values()), corpus)
    left["a label with a single row"] += len(fresh) - len(rows)
    return _appended(corpus, rows), +left


def _unfit(one: Correction, is_known: bool, accepted: bool, first_head: str) -> str:
    """Why a correction cannot be learnt from, or nothing."""
    if one.is_weak and not accepted:
        return "accepted as the model proposed"
    if one.is_gone:
        return f"a label that is gone ({', '.join(label for label in one.labels.values() if label)})"
    if not one.labels.get(first_head):
        return f"no {first_head}"
    return "the corpus holds the same text" if is_known else ""


def _without_single(rows: list[Correction], corpus: Corpus) -> list[Correction]:
    known = {(head, label) for head, labels in corpus.labels.items() for label in labels}
    while True:
        counts = Counter(pair for one in rows for pair in one.labels.items())
        kept = [one for one in rows if all(pair in known or counts[pair] > 1 for pair in one.labels.items() if pair[1])]
        if len(kept) == len(rows):
            return rows
        rows = kept  # a row that goes may leave its other label with a single one


def _appended(corpus: Corpus, rows: Sequence[Correction]) -> Corpus:
    return replace(
        corpus,
        texts=(*corpus.texts, *(one.text for one in rows)),
        labels={head: (*labels, *(one.labels.get(head, "") for one in rows)) for head, labels in corpus.labels.items()},
        parts=(*corpus.parts, *[PART] * len(rows)),
        is_correction=(*[False] * len(corpus.texts), *[True] * len(rows)),
    )
