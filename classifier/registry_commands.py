"""The commands `flask models …`: which models there are, what is known of them, and which is in use."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from classifier.catalogue import Catalogue
from classifier.commands import one_line
from classifier.errors import ModelMissing
from classifier.guarded import DECISION
from classifier.promotion import promote, rollback, who
from classifier.registry import current_version, instance_dir, model_dir, remove

LATEST_CHANGES = 5
MOST_PAIRS = 20


@click.group
def models() -> None:
    """Look after the trained models: compare, put into use, roll back, remove."""


@models.command("list")
@one_line
def list_models() -> None:
    """List the models that are kept, the latest first, and what was last put into use."""
    catalogue = Catalogue(instance_dir())
    for line in (*_overview(catalogue.list()), *_changes(catalogue.history()[:LATEST_CHANGES])):
        click.echo(line)


@models.command
@click.argument("version")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@one_line
def show(version: str, as_json: bool) -> None:
    """Show what a model was made from, its scores by label, its confusions, its calibration and its gate."""
    found = Catalogue(instance_dir()).show(version)
    if found is None:
        raise ModelMissing(f"there is no model {version!r}; see which there are with: flask models list")
    click.echo(json.dumps(found, ensure_ascii=False, default=datetime.isoformat) if as_json else "\n".join(_card(found)))


@models.command
@click.argument("before")
@click.argument("after")
@one_line
def compare(before: str, after: str) -> None:
    """Hold model AFTER against model BEFORE on the guarded texts that both know."""
    for line in _comparison(Catalogue(instance_dir()).compare(before, after)):
        click.echo(line)


@models.command("promote")
@click.argument("version")
@click.option("--metric", default=DECISION, show_default=True, help="What it must be better at: a head (topic, demand_type), or the decision.")
@click.option("--force", metavar="REASON", default="", help="Put it into use against the figures; the history keeps the reason.")
@one_line
def promote_model(version: str, metric: str, force: str) -> None:
    """Put a model into use if it is not worse beyond noise anywhere and better on the metric."""
    instance = instance_dir()
    was = current_version(instance)
    change = promote(instance, version, by=who(), metric=metric, force=force.strip())
    click.echo(f"model {version} is now in use, before {was or 'none'} was" if change else f"model {version} is in use already; nothing has changed")


@models.command("rollback")
@click.option("--reason", default="", help="Why; the history keeps it.")
@one_line
def roll_back(reason: str) -> None:
    """Put the model that was in use before into use again; done twice, the one before that."""
    change = rollback(instance_dir(), by=who(), reason=reason)
    click.echo(f"model {change.version} is in use again, in place of {change.before or 'none'}")


@models.command("remove")
@click.argument("version")
@one_line
def remove_model(version: str) -> None:
    """Delete a model; never the one in use."""
    instance = instance_dir()
    folder = model_dir(instance, version)
    remove(instance, version)
    click.echo(f"{folder} removed")


def _overview(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not rows:
        yield "no models yet; make one with: flask train"
        return
    heads = list(dict.fromkeys(head for row in rows for head in row.get("scores", {})))
    columns = "".join(f"{head:>14}" for head in heads)
    yield f"  {'version':<12}{'written':<18}{'rows':>8}  {'way':<6}{columns}{'gate passes':>14}{'precision':>12}"
    for row in rows:
        start = f"{'*' if row['in_use'] else ' '} {row['version']:<12}{row['written_at'].astimezone():%Y-%m-%d %H:%M}  "
        if row["trouble"]:
            yield f"{start}{row['trouble']}"
            continue
        scores = "".join(f"{_percent(row['scores'].get(head, {}).get('accuracy')):>14}" for head in heads)
        gate = row["gate"]
        yield f"{start}{row['rows']:>8}  {row['way']:<6}{scores}{_percent(gate['coverage']):>14}{_percent(gate['precision']):>12}"
    yield "* in use; accuracy on held-out texts, of the best way to answer that the model has"


def _changes(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for change in changes:
        why = f": {change['reason']}" if change["reason"] else f", better at {change['metric']}" if change["metric"] else ""
        instead = f" in place of {change['before']}" if change["before"] else ""
        yield f"{change['at'].astimezone():%Y-%m-%d %H:%M} {change['action']} {change['version']}{instead} by {change['by'] or 'unknown'}{why}"


def _comparison(verdict: Mapping[str, Any]) -> Iterator[str]:
    known = ", ".join(f"{version} has {count}" for version, count in verdict["guarded"].items())
    yield f"{verdict['candidate']} in the place of {verdict['in_use']}, on {verdict['texts']} guarded texts of both ({known})"
    yield f"{'':<14}{'before':>10}{'after':>10}{'points':>9}   95 % interval"
    for each in verdict["differences"]:
        interval = f"{each['low']:+.1f} to {each['high']:+.1f}"
        yield f"{each['name']:<14}{each['before']:>8.1f} %{each['after']:>8.1f} %{each['points']:>+9.1f}   {interval}"
    better = [each["name"] for each in verdict["differences"] if each["points"] > 0]
    if verdict["grounds"]:
        yield "refused, whatever the metric: " + ", ".join(f"{ground['code']} ({ground['name']})" for ground in verdict["grounds"])
    else:
        yield f"may be promoted by: {', '.join(better)}" if better else "better at nothing"


def _card(model: Mapping[str, Any]) -> Iterator[str]:
    yield f"{model['version']}{', in use' if model['in_use'] else ''}, written {model['written_at'].astimezone():%Y-%m-%d %H:%M}"
    if model["trouble"]:
        yield f"cannot be loaded: {model['trouble']}"
    if "ways" not in model:
        return
    made = model["made_from"]
    yield f"rows {model['rows']} ({made['corrections']} of them corrections)"
    yield f"SHA-256 of the rows {made['corpus_sha256']}, of the word list {made['words_sha256']}"
    yield "libraries " + ", ".join(f"{name} {version}" for name, version in model["libraries"].items())
    right = ", ".join(f"{name} {_percent(share)}" for name, share in model["guarded"]["right"].items())
    yield f"guarded texts {model['guarded']['texts']}: {right or 'none'}"
    for name, way in model["ways"].items():
        yield from ("", f"== {name}", _gate(way["gate"]))
        for head, card in way["heads"].items():
            yield from _head(head, card, model["dummy"][head])


def _gate(gate: Mapping[str, Any]) -> str:
    return f"gate {gate['threshold']:.4f}: {_percent(gate['coverage'])} of held-out texts pass, {_percent(gate['precision'])} of these are right"


def _head(head: str, card: Mapping[str, Any], dummy: Mapping[str, Any]) -> Iterator[str]:
    scores = card["scores"]
    figures = ", ".join(f"{name} {scores[name]:.3f}" for name in ("accuracy", "macro_f1", "top3_accuracy", "ece"))
    yield from ("", f"{head}: {figures} (dummy: accuracy {dummy['accuracy']:.3f})")
    yield f"  {'label':<30}{'precision':>10}{'recall':>10}{'F1':>8}{'rows':>8}"
    for label, of_label in card["per_label"].items():
        yield f"  {label:<30}{of_label['precision']:>10.3f}{of_label['recall']:>10.3f}{of_label['f1']:>8.3f}{of_label['rows']:>8}"
    yield "  taken for another (true -> answered, the most frequent first)"
    yield from (f"  {count:>6}  {true} -> {answered}" for true, answered, count in card["confusions"][:MOST_PAIRS])
    yield f"  calibration{'texts':>9}{'confidence':>12}{'right':>8}"
    yield from (f"  {'':<11}{point['texts']:>9}{point['confidence']:>12.3f}{point['accuracy']:>8.3f}" for point in card["curve"])


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


COMMANDS = (models,)
