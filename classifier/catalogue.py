"""The kept models as plain values, for commands and pages: which there are, what is known of one, what may be done with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from classifier.errors import ClassifierError, ModelError, PromotionRefused
from classifier.guarded import DECISION
from classifier.manifest import HeadCard, Manifest, read_manifest
from classifier.model import read_model
from classifier.promotion import assess, promote, rollback
from classifier.registry import Kept, current_version, earlier_versions, history, kept_models, model_dir

Values = Mapping[str, Any]


class Catalogue:
    """The models of an installation. Nothing is kept in memory, so that every process sees what is there now.

    `promote` and `rollback` raise nothing that belongs to the matter: they give `done`, and if not, the error's `code`,
    `message`, and of a refused candidate its `figures` (see `promotion.Verdict`).
    """

    def __init__(self, instance: Path) -> None:
        """Keep where the installation is."""
        self.instance = instance

    def list(self) -> Sequence[Values]:
        """All models, the latest first: version, whether in use or next on the way back, rows, scores of the best way, gate; or
        the trouble with it."""
        in_use, earlier = current_version(self.instance), earlier_versions(self.instance)
        return [_row(kept, in_use) | {"is_way_back": kept.version in earlier[:1]} for kept in kept_models(self.instance)]

    def history(self) -> Sequence[Values]:
        """The changes of what is in use, the latest first."""
        return [asdict(change) for change in reversed(history(self.instance))]

    def show(self, version: str) -> Values | None:
        """All that is known of a model, its files checked; None when there is none of this name."""
        found = next((kept for kept in kept_models(self.instance) if kept.version == version), None)
        if found is None:
            return None
        row = _row(found, current_version(self.instance))
        if found.manifest is None:
            return row
        return {**row, **_details(found.manifest), "trouble": _trouble(model_dir(self.instance, version))}

    def compare(self, before: str, after: str, metric: str | None = None) -> Values:
        """What speaks for and against one model in the place of another. Raises `ModelError`."""
        first, second = (read_manifest(model_dir(self.instance, version)) for version in (before, after))
        return assess(second, first, metric).as_dict()

    def promote(self, version: str, *, by: str, metric: str = DECISION, force: str = "") -> Values:
        """Put a candidate into use, or say why not."""
        return _outcome(lambda: promote(self.instance, version, by=by, metric=metric, force=force))

    def rollback(self, *, by: str, seen: str, reason: str = "") -> Values:
        """Put the model before the one that was `seen` into use again, or say why not."""
        return _outcome(lambda: rollback(self.instance, by=by, seen=seen, reason=reason))


def _outcome(do: Callable[[], object]) -> Values:
    try:
        do()
    except ClassifierError as error:
        figures = error.figures if isinstance(error, PromotionRefused) else {}
        return {"done": False, "code": error.code, "message": str(error), "figures": figures}
    return {"done": True, "code": "", "message": "", "figures": {}}


def _row(kept: Kept, in_use: str | None) -> dict[str, Any]:
    row = {"version": kept.version, "in_use": kept.version == in_use, "written_at": kept.written_at, "trouble": kept.trouble}
    manifest = kept.manifest
    if manifest is None:
        return row
    best = manifest.ways[manifest.best]
    scores = {head: card.scores for head, card in best.heads.items()}
    return row | {"rows": manifest.rows, "way": manifest.best, "gate": asdict(best.gate), "scores": scores, "guarded": _guarded(manifest)}


def _guarded(manifest: Manifest) -> dict[str, Any]:
    """How many guarded texts there are, and which share of them each head and the decision had right."""
    texts, right = len(manifest.guarded.get("texts", ())), manifest.guarded.get("right", {})
    return {"texts": texts, "right": {name: digits.count("1") / texts for name, digits in right.items() if texts}}


def _trouble(folder: Path) -> str:
    """Why a model cannot be loaded, by its files; empty when it can."""
    try:
        read_model(folder)
    except ModelError as error:
        return str(error)
    return ""


def _details(manifest: Manifest) -> dict[str, Any]:
    ways = {name: {"gate": asdict(way.gate), "heads": {head: _card(card) for head, card in way.heads.items()}} for name, way in manifest.ways.items()}
    made = {name: getattr(manifest, name) for name in ("made_from", "libraries", "encoder", "dummy")}
    return {**made, "recipe": manifest.recipe.as_dict(), "ways": ways}


def _card(card: HeadCard) -> dict[str, Any]:
    return {part: getattr(card, part) for part in ("scores", "per_label", "confusions", "curve")}
