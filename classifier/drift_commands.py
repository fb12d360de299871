"""The command `drift`: how what came in of late differs from the time of training, in figures alone."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from classifier.baseline import Baseline, baseline_of
from classifier.commands import FOLDER, one_line
from classifier.drift import LEAST_TEXTS, Drift, Finding, Flag, Override, Seen, compare, observe, override_rates
from classifier.errors import CorpusError, ModelStale
from classifier.model import Model, load_model
from classifier.progress import Spoken
from classifier.registry import current_model_dir, instance_dir
from classifier.sources import sources

FORM = "{:<30}{:>9}{:>9}   {:<17}{}"


@click.command
@click.option("--days", type=click.IntRange(1), default=30, show_default=True, help="The days to look at, up to now.")
@click.option("--before", type=click.IntRange(1), help="Compare with so many days before them instead of the time of training.")
@click.option("--most", type=click.IntRange(LEAST_TEXTS), default=5_000, show_default=True, help="Texts to read, taken evenly over the days.")
@click.option("--model", type=FOLDER, help="Folder of the model; without it, the one in use.")
@click.option("--fast", is_flag=True, help="Leave the sentence encoder out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@one_line
def drift(days: int, before: int | None, most: int, model: Path | None, fast: bool, as_json: bool) -> None:
    """Compare recent texts, answers and overrides with the time of training."""
    loaded = load_model(model or current_model_dir(instance_dir()), fast=fast)
    until = datetime.now(UTC)
    since = until - timedelta(days=days)
    now = _seen(since, until, most)
    if before:
        earlier = _seen(since - timedelta(days=before), since, most)
        then, rates = _baseline(loaded, earlier), {one.label: one.rate for one in override_rates(earlier, {})}
    else:
        then, rates = _at_training(loaded), _errors_at_training(loaded)
    found = compare(then, observe(loaded, [one.text for one in now], Spoken()), override_rates(now, rates))
    against = f"the {before} days before" if before else "the held-out texts of its training"
    if as_json:
        about = {"model_version": loaded.version, "way": loaded.way, "since": since.isoformat(), "until": until.isoformat(), "against": against}
        click.echo(json.dumps({**about, **asdict(found), "flags": found.flags}, ensure_ascii=False, allow_nan=False))
        return
    click.echo(f"model {loaded.version} ({loaded.way}): {found.texts} texts of {days} days against {found.then_texts}, {against}")
    click.echo("\n".join(line.rstrip() for line in _lines(found)))


def _seen(since: datetime, until: datetime, most: int) -> Sequence[Seen]:
    found = sources().seen(since, until, most)
    if len(found) < LEAST_TEXTS:
        period = f"{since:%Y-%m-%d} – {until:%Y-%m-%d}"
        raise CorpusError(f"{period}: {len(found)} texts are too few to compare, there must be {LEAST_TEXTS}; take more days")
    return found


def _baseline(model: Model, seen: Sequence[Seen]) -> Baseline:
    return baseline_of(observe(model, [one.text for one in seen], Spoken()), model.manifest.labels)


def _at_training(model: Model) -> Baseline:
    baseline = model.manifest.ways[model.way].baseline
    if baseline is None:
        raise ModelStale(f"model {model.version} does not say what its texts were like; train it again, or use --before DAYS")
    return baseline


def _errors_at_training(model: Model) -> dict[str, float]:
    """Of each label of the first head how often it was wrong on held-out texts, where it was answered at all."""
    card = next(iter(model.manifest.ways[model.way].heads.values()))
    return {label: 1.0 - scores["precision"] for label, scores in card.per_label.items() if scores["precision"]}


def _lines(found: Drift) -> Iterator[str]:
    yield FORM.format("", "then", "now", "99 % interval", "")
    yield from (_finding(one) for one in found.findings)
    yield "moved most: " + ", ".join(f"{label} {then:.1%} -> {now:.1%}" for label, (then, now) in found.moved.items())
    if found.strange:
        yield "texts of unknown words were taken for: " + ", ".join(f"{label} {share:.0%}" for label, share in found.strange.items())
    shown = [one for one in found.overrides if one.overridden]
    if shown:
        yield FORM.format("overruled by people", "then", "now", "99 % interval", "")
        yield from (_override(one) for one in shown)
    yield f"look at: {', '.join(found.flags)}" if found.flags else "nothing has changed that is more than chance"


def _finding(one: Finding) -> str:
    flag = "" if one.flag is Flag.STEADY else one.flag.value
    if one.then is None:
        return FORM.format(one.name, "PSI", f"{one.now:.3f}", f"chance < {one.high:.3f}", flag)
    return FORM.format(one.name, _number(one.then), _number(one.now), f"{_number(one.low)} – {_number(one.high)}", flag)


def _number(value: float) -> str:
    return f"{value:.1%}" if value <= 1 else f"{value:.1f}"


def _override(one: Override) -> str:
    flag = "" if one.flag is Flag.STEADY else one.flag.value
    then = "–" if one.then is None else f"{one.then:.1%}"
    return FORM.format(
        f"  {one.label}", then, f"{one.rate:.1%}", f"{one.low:.1%} – {one.high:.1%}", f"{one.overridden} of {one.said} {flag}".rstrip()
    )


COMMANDS = (drift,)
