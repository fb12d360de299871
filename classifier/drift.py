"""Drift: how texts and answers of late differ from those of another time, and where people overrule the model more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import chdtri

from classifier.baseline import Baseline, Observed, Tail, beyond, label_shares, length_shares
from classifier.calibration import Array, Bools
from classifier.model import Model
from classifier.progress import Quiet
from classifier.words import normalise

LEAST_TEXTS = 50
TEXTS_AT_ONCE = 512
MOST_MOVED = 8
# The usual bounds of the population stability index: below the first nothing has changed, above the second a lot has
# (Siddiqi 2006, "Credit Risk Scorecards", chapter 10).
PSI_BOUNDS = (0.1, 0.25)
# How much more often than then the most unusual kind of text must surely occur: a new kind of text is seldom a majority.
TAIL_BOUNDS = (1.5, 3.0)
# By how much fewer texts must surely pass the gate.
GATE_BOUNDS = (0.05, 0.15)
SURE = 0.99
Z = 2.5758  # the normal distribution's two-sided 99 %


class Flag(StrEnum):
    """What a finding asks for: nothing, a look, or action."""

    STEADY = "steady"
    WATCH = "watch"
    SHIFTED = "SHIFTED"


@dataclass(frozen=True)
class Seen:
    """A text that came in, the label that the model said then, and the last one that a person said, if anybody did."""

    text: str
    said: str | None
    meant: str | None


@dataclass(frozen=True)
class Finding:
    """One figure, then and now: `low` and `high` are its 99 % interval, for an index 0 and what chance alone may give."""

    name: str
    then: float | None
    now: float
    low: float
    high: float
    flag: Flag


@dataclass(frozen=True)
class Override:
    """Of a label that the model said: how often, how often a person said another, the rate with its 99 % interval, and
    the rate then (None: not known)."""

    label: str
    said: int
    overridden: int
    rate: float
    low: float
    high: float
    then: float | None
    flag: Flag


@dataclass(frozen=True)
class Drift:
    """The whole report: the findings, the labels of the first head whose share has moved most (then, now), what the
    texts with most unknown words were taken for, and the overrides."""

    texts: int
    then_texts: int
    findings: tuple[Finding, ...]
    moved: Mapping[str, tuple[float, float]]
    strange: Mapping[str, float]
    overrides: tuple[Override, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of all that is not steady."""
        found = [finding.name for finding in self.findings if finding.flag is not Flag.STEADY]
        return (*found, *(f"overrides of {one.label}" for one in self.overrides if one.flag is not Flag.STEADY))


def observe(model: Model, texts: Sequence[str], progress: Quiet | None = None) -> Observed:
    """What a model answers to texts, and how they look to it."""
    starts = (progress or Quiet()).each(range(0, len(texts), TEXTS_AT_ONCE), "reading (blocks)")
    answers = [answer for at in starts for answer in model.predict(texts[at : at + TEXTS_AT_ONCE], explain=False)]
    unknown = model.unknown(texts)
    first = next(iter(model.manifest.labels))
    return Observed(
        answers={head: [answer.heads[head][0][0] for answer in answers] for head in model.manifest.labels},
        confidence=np.array([answer.heads[first][0][1] for answer in answers]),
        passed=np.array([answer.passes_gate for answer in answers]),
        lengths=np.array([len(normalise(text)) for text in texts]),
        unknown_words=unknown[:, 0],
        unknown_characters=unknown[:, 1],
    )


def compare(then: Baseline, now: Observed, overrides: Sequence[Override] = ()) -> Drift:
    """What has changed. What has grown surer or better known is no drift: only the worse side of these is flagged."""
    texts, first = len(now.lengths), next(iter(then.answers))
    shares = {head: label_shares(now.answers[head], list(known)) for head, known in then.answers.items()}
    lengths = length_shares(now.lengths, then.length_bounds)
    strange = beyond(now.unknown_words, then.unknown_words.bound)
    findings = (
        *(_index(f"answers: {head}", _references(then, head), list(share.values()), (then.texts, texts)) for head, share in shares.items()),
        _index("text length", [then.lengths], lengths, (then.texts, texts)),
        Finding("mean length", then.mean_length, float(now.lengths.mean()), *_mean(now.lengths, np.inf), Flag.STEADY),
        Finding("mean confidence", 1 - then.doubt.mean, float(now.confidence.mean()), *_mean(now.confidence), Flag.STEADY),
        _tail("doubtful texts", then.doubt, 1 - now.confidence),
        Finding("mean unknown words", then.unknown_words.mean, float(now.unknown_words.mean()), *_mean(now.unknown_words), Flag.STEADY),
        _tail("texts of unknown words", then.unknown_words, now.unknown_words),
        _tail("texts of unknown characters", then.unknown_characters, now.unknown_characters),
        _passing(then.passed, int(now.passed.sum()), texts),
    )
    return Drift(texts, then.texts, findings, _moved(then.answers[first], shares[first]), _taken_for(now.answers[first], strange), tuple(overrides))


def override_rates(seen: Sequence[Seen], then: Mapping[str, float]) -> list[Override]:
    """For each label that the model said how often a person said another, the most often overruled first.

    All its texts count, also those on which nobody said anything: they were taken as they came.
    """
    said = Counter(one.said for one in seen if one.said)
    overruled = Counter(one.said for one in seen if one.said and one.meant not in (None, one.said))
    rows = [_override(label, count, overruled[label], then.get(label)) for label, count in said.items()]
    return sorted(rows, key=lambda row: (-row.low, row.label))


def stability_index(then: Sequence[float], now: Sequence[float], texts: tuple[int, int]) -> float:
    """The population stability index of two distributions over the same bins, seen on so many texts then and now.

    The sum of (now - then) ln(now / then) over all bins (Siddiqi 2006); half a text more in each bin keeps empty ones finite.
    """
    p, q = (_smoothed(shares, count) for shares, count in zip((then, now), texts, strict=True))
    return float(((q - p) * np.log(q / p)).sum())


def by_chance(bins: int, texts: tuple[int, int]) -> float:
    """What the index stays below in 99 of 100 cases if nothing has changed.

    Then it is (1/n + 1/m) times a chi-square of as many degrees as there are bins less one (Yurdakul and Naranjo 2020,
    "Statistical properties of the population stability index"): few texts in many bins look changed and are not.
    """
    return float((1 / texts[0] + 1 / texts[1]) * chdtri(max(1, bins - 1), 1 - SURE))


def wilson(hits: int, texts: int) -> tuple[float, float]:
    """The 99 % interval of a share (Wilson 1927, "Probable inference, the law of succession, and statistical inference")."""
    share, square = hits / texts, Z * Z
    middle = (share + square / (2 * texts)) / (1 + square / texts)
    spread = Z * np.sqrt(share * (1 - share) / texts + square / (4 * texts * texts)) / (1 + square / texts)
    return max(0.0, float(middle - spread)), min(1.0, float(middle + spread))


def _smoothed(shares: Sequence[float], texts: int) -> Array:
    counts = np.asarray(shares, dtype=np.float64) * texts + 0.5
    return np.asarray(counts / counts.sum())


def _level(value: float, bounds: tuple[float, float]) -> Flag:
    return Flag.SHIFTED if value >= bounds[1] else Flag.WATCH if value >= bounds[0] else Flag.STEADY


def _references(then: Baseline, head: str) -> list[list[float]]:
    """What the answers to unchanged texts lie between: those to texts that were held out, and the true labels."""
    return [list(shares[head].values()) for shares in (then.answers, then.labels) if head in shares]


def _index(name: str, references: Sequence[Sequence[float]], now: Sequence[float], texts: tuple[int, int]) -> Finding:
    """The index against the nearest of the references: that a model errs towards some labels is no drift."""
    index, then = min((stability_index(reference, now, texts), reference) for reference in references)
    chance = by_chance(sum(1 for p, q in zip(then, now, strict=True) if p or q), texts)
    return Finding(name, None, index, 0.0, chance, _level(index, PSI_BOUNDS) if index > chance else Flag.STEADY)


def _tail(name: str, then: Tail, now: Array) -> Finding:
    hits = int(beyond(now, then.bound).sum())
    low, high = wilson(hits, len(now))
    # A share of nothing would make any one text a sign; of a hundred texts one is taken as seen then.
    return Finding(name, then.beyond, hits / len(now), low, high, _level(low / max(then.beyond, 0.01), TAIL_BOUNDS))


def _passing(then: float, passed: int, texts: int) -> Finding:
    low, high = wilson(passed, texts)
    return Finding("passing the gate", then, passed / texts, low, high, _level(then - high, GATE_BOUNDS))


def _mean(values: Array, most: float = 1.0) -> tuple[float, float]:
    middle, spread = float(values.mean()), Z * float(values.std() / np.sqrt(len(values)))
    return max(0.0, middle - spread), min(most, middle + spread)


def _moved(then: Mapping[str, float], now: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    order = sorted(then, key=lambda label: (-abs(now[label] - then[label]), label))
    return {label: (then[label], now[label]) for label in order[:MOST_MOVED]}


def _taken_for(answers: Sequence[str], strange: Bools) -> dict[str, float]:
    counts = Counter(answer for answer, is_strange in zip(answers, strange, strict=True) if is_strange)
    return {label: count / counts.total() for label, count in counts.most_common(MOST_MOVED)}


def _override(label: str, said: int, overruled: int, then: float | None) -> Override:
    low, high = wilson(overruled, said)
    return Override(label, said, overruled, overruled / said, low, high, then, Flag.WATCH if then is not None and low > then else Flag.STEADY)
