"""Which model comes into use: a candidate not worse beyond noise on the guarded texts and better on the metric named, or the one before."""

import getpass
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from classifier.errors import ModelInUse, ModelMissing, PromotionRefused
from classifier.guarded import DECISION
from classifier.manifest import Manifest, read_manifest
from classifier.model import ModelFiles
from classifier.registry import (
    ROLLED_BACK,
    Change,
    changing,
    current_version,
    earlier_versions,
    manifest_in_use,
    model_dir,
    models_dir,
    register,
    set_current,
)

RESAMPLES = 2_000
SEED = 0
TAIL = 0.025  # left out at either end of a 95 % interval
LEAST_TEXTS = 30

FEW_TEXTS, HEAD_MISSING, WORSE, NO_METRIC, NOT_BETTER = "few_texts", "head_missing", "worse", "no_metric", "not_better"


@dataclass(frozen=True)
class Difference:
    """How often two models are right, in percent of the same texts: `before` the one in use, `after` the candidate; from
    `low` to `high` the 95 % interval of the difference in points."""

    name: str
    before: float
    after: float
    low: float
    high: float

    @property
    def points(self) -> float:
        """By how much the candidate is better."""
        return self.after - self.before

    @property
    def is_worse(self) -> bool:
        """Whether the candidate is worse beyond noise: the whole interval lies below zero."""
        return self.high < 0


@dataclass(frozen=True)
class Ground:
    """Why a candidate is refused, as a code, and the head (or the decision) that it is about."""

    code: str
    name: str


@dataclass(frozen=True)
class Verdict:
    """A candidate held against the model in use on the guarded texts that both know; without grounds it may take its place.

    `guarded` says how many guarded texts each model has; `differences` has the heads of both and the decision.
    """

    candidate: str
    in_use: str
    metric: str | None
    texts: int
    guarded: Mapping[str, int]
    differences: tuple[Difference, ...]
    grounds: tuple[Ground, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for history, commands and pages."""
        differences = [asdict(each) | {"points": each.points} for each in self.differences]
        return asdict(self) | {"differences": differences, "grounds": [asdict(each) for each in self.grounds]}


def assess(candidate: Manifest, in_use: Manifest, metric: str | None = None) -> Verdict:
    """Judge a candidate by what both models answered to their guarded texts, which neither had learnt from.

    Without `metric` it is not asked what the candidate is better at. A malformed record counts as no texts.
    """
    ours, theirs = _outcomes(candidate), _outcomes(in_use)
    common = sorted(ours[DECISION].keys() & theirs[DECISION].keys())
    names = [name for name in ours if name in theirs] if common else []
    differences = tuple(difference(name, [theirs[name][text] for text in common], [ours[name][text] for text in common]) for name in names)
    grounds = [Ground(FEW_TEXTS, DECISION)] if len(common) < LEAST_TEXTS else []
    grounds += [Ground(HEAD_MISSING, name) for name in theirs if name not in ours]
    grounds += [Ground(WORSE, each.name) for each in differences if each.is_worse]
    if metric is not None and common:
        grounds += _grounds_of_metric(metric, differences)
    guarded = {candidate.version: len(ours[DECISION]), in_use.version: len(theirs[DECISION])}
    return Verdict(candidate.version, in_use.version, metric, len(common), guarded, differences, tuple(grounds))


def difference(name: str, before: list[bool], after: list[bool]) -> Difference:
    """The difference of two models on the same texts in the same order, with its paired bootstrap interval.

    Percentile interval of 2,000 resamples (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13;
    paired as in Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation"). A resample draws as many
    texts with replacement; how many of them only the one or only the other model has right is a multinomial draw.
    """
    texts = len(before)
    gained = sum(now and not then for then, now in zip(before, after, strict=True))
    lost = sum(then and not now for then, now in zip(before, after, strict=True))
    shares = [gained / texts, lost / texts, (texts - gained - lost) / texts]
    draws = np.random.default_rng(SEED).multinomial(texts, shares, RESAMPLES)
    points = (draws[:, 0] - draws[:, 1]) * 100 / texts
    # Values that a resample had, and of the two beside each end the outer one: for a few texts they are far apart.
    low, high = np.quantile(points, TAIL, method="lower"), np.quantile(points, 1 - TAIL, method="higher")
    return Difference(name, 100 * sum(before) / texts, 100 * sum(after) / texts, float(low), float(high))


def introduce(files: ModelFiles, instance: Path, *, by: str, now: datetime | None = None) -> bool:
    """Keep a new model, and put it into use if none is that can be loaded; say whether that was done."""
    with changing(instance):
        in_use = manifest_in_use(instance)
        register(files, instance)
        if in_use is None:
            set_current(instance, files.manifest.version, by=by, now=now)
        return in_use is None


def promote(instance: Path, version: str, *, by: str, metric: str = DECISION, force: str = "", now: datetime | None = None) -> Change | None:
    """Put a candidate into use; None when it is in use already.

    `force` is a reason to do so against the figures, which the history keeps. Where no model is in use that can be loaded,
    there is nothing to hold the candidate against. Raises `PromotionRefused` and `ModelError`.
    """
    with changing(instance):
        in_use = manifest_in_use(instance)
        if in_use is not None and in_use.version == version:
            return None
        verdict = assess(read_manifest(model_dir(instance, version)), in_use, metric) if in_use else None
        if verdict and verdict.grounds and not force:
            raise PromotionRefused(refusal(verdict), verdict.as_dict())
        better_at = metric if verdict and Ground(NO_METRIC, metric) not in verdict.grounds else None
        figures = verdict.as_dict() if verdict else {}
        return set_current(instance, version, by=by, reason=force, metric=better_at, figures=figures, now=now)


def rollback(instance: Path, *, by: str, seen: str | None = None, reason: str = "", now: datetime | None = None) -> Change:
    """Put the model that was in use before into use again; done twice, the one before that.

    A model that has been removed is passed over. `seen` is the version that is to be left: if another one is in use by
    now, `ModelInUse` is raised. Raises `ModelMissing` when there is none before, and `ModelError` when it cannot be loaded.
    """
    with changing(instance):
        in_use = current_version(instance)
        if seen is not None and seen != in_use:
            raise ModelInUse(f"{models_dir(instance)}: {in_use} is in use by now, not {seen}; look again with: flask models list")
        earlier = earlier_versions(instance)
        if not earlier:
            raise ModelMissing(f"{models_dir(instance)}: no model was in use before {in_use}, or none of them is kept; see: flask models list")
        return set_current(instance, earlier[0], by=by, action=ROLLED_BACK, reason=reason, now=now)


def refusal(verdict: Verdict) -> str:
    """Why a candidate is refused, with the figures and what can be done, in one line."""
    figures = {each.name: each for each in verdict.differences}
    said = "; ".join(_said(ground, verdict, figures.get(ground.name)) for ground in verdict.grounds)
    ways = "train a better one, name another --metric, or overrule this with --force REASON, which the history keeps"
    return f"{verdict.candidate} does not take the place of {verdict.in_use} (on {verdict.texts} guarded texts of both): {said}; {ways}"


def who() -> str:
    """Who runs a command, for the history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return "command"


def shown(each: Difference) -> str:
    """A difference in words."""
    return f"{each.before:.1f} -> {each.after:.1f} %, {each.points:+.1f} points, 95 % interval {each.low:+.1f} to {each.high:+.1f}"


def _said(ground: Ground, verdict: Verdict, figures: Difference | None) -> str:
    if ground.code == FEW_TEXTS:
        return f"{verdict.texts} guarded texts are too few to judge by, {LEAST_TEXTS} are needed"
    if ground.code == HEAD_MISSING:
        return f"it has no head {ground.name!r}"
    if ground.code == NO_METRIC or figures is None:
        return f"there is no metric {ground.name!r} (there are: {', '.join(each.name for each in verdict.differences)})"
    what = "is worse beyond noise" if ground.code == WORSE else "is not better, though it is the metric named"
    return f"{ground.name} {what} ({shown(figures)})"


def _grounds_of_metric(metric: str, differences: tuple[Difference, ...]) -> list[Ground]:
    named = [each for each in differences if each.name == metric]
    if not named:
        return [Ground(NO_METRIC, metric)]
    return [Ground(NOT_BETTER, metric)] if named[0].points <= 0 else []


def _outcomes(manifest: Manifest) -> dict[str, dict[str, bool]]:
    """By head, and for the decision, whether the model had each of its guarded texts right; one that stands twice counts once."""
    names = [*manifest.labels, DECISION]
    try:
        texts, right = manifest.guarded["texts"], manifest.guarded["right"]
        return {name: dict(zip(texts, (digit == "1" for digit in right[name]), strict=True)) for name in names}
    except (KeyError, ValueError, TypeError):
        return {name: {} for name in names}
