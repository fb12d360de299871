"""The card of a model: what it knows, what it was made from, how good it is, and what must be there to load it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from classifier.calibration import Gate
from classifier.errors import ModelBroken, ModelMissing, ModelStale
from classifier.recipe import Recipe

FORMAT = 1
MANIFEST = "manifest.json"
ARTEFACT = "model.skops"
WORDS = "words.txt"
LIBRARIES = ("jieba", "numpy", "scikit-learn", "scipy", "skops")


@dataclass(frozen=True)
class HeadCard:
    """One head: its labels in column order, its temperature, its scores on held-out texts and a dummy's beside them."""

    labels: tuple[str, ...]
    temperature: float
    scores: Mapping[str, Any]
    dummy: Mapping[str, Any]
    per_label: Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """All that is known of a model without loading it; `groups` has label to group for the heads that have groups."""

    version: str
    heads: Mapping[str, HeadCard]
    groups: Mapping[str, Mapping[str, str]]
    gate: Gate
    recipe: Recipe
    rows: int
    made_from: Mapping[str, Any]
    artefact_sha256: str
    words_sha256: str
    libraries: Mapping[str, str]
    format: int = FORMAT

    def as_json(self) -> str:
        """The text of `manifest.json`."""
        content = {"format": self.format, **asdict(self), "recipe": self.recipe.as_dict()}
        return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model's folder. Raises `ModelMissing`, `ModelBroken`, or `ModelStale` for another format."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ModelMissing(f"{folder}: no model there ({MANIFEST} is missing); make one with: flask train") from None
    except (OSError, ValueError) as error:
        raise ModelBroken(f"{folder / MANIFEST}: cannot be read ({type(error).__name__}); train the model again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise ModelStale(f"{folder}: its format is {found!r}, this program reads {FORMAT}; train the model again")
    try:
        return _manifest(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelBroken(f"{folder / MANIFEST}: an entry is missing or wrong ({error}); train the model again") from error


def check_files(folder: Path, manifest: Manifest) -> tuple[bytes, bytes]:
    """The bytes of artefact and word list, if they are those of training and can be loaded by what is installed here.

    Raises `ModelBroken` for changed files, `ModelStale` for another scikit-learn.
    """
    artefact = _checked(folder / ARTEFACT, manifest.artefact_sha256)
    words = _checked(folder / WORDS, manifest.words_sha256)
    trained, here = manifest.libraries.get("scikit-learn"), installed("scikit-learn")
    if trained != here:
        raise ModelStale(f"{folder}: trained with scikit-learn {trained}, installed is {here}; train again, or install {trained}")
    return artefact, words


def library_versions() -> dict[str, str]:
    """Versions of all libraries that have a say in what a model answers."""
    return {name: installed(name) for name in LIBRARIES}


def make_version(made_of: Mapping[str, Any]) -> str:
    """A short name of what a model is made of, without a date: the same ingredients give the same version."""
    content = json.dumps(made_of, sort_keys=True, ensure_ascii=False)
    return f"m-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _checked(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelBroken(f"{path}: cannot be read ({error.strerror}); train the model again") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelBroken(f"{path}: changed since training (its SHA-256 is another); train the model again")
    return content


def _manifest(content: dict[str, Any]) -> Manifest:
    recipe = content["recipe"]
    return Manifest(
        version=str(content["version"]),
        heads={name: HeadCard(**{**card, "labels": tuple(card["labels"])}) for name, card in content["heads"].items()},
        groups={head: dict(groups) for head, groups in content["groups"].items()},
        gate=Gate(**content["gate"]),
        recipe=Recipe(**{**recipe, "char_ngrams": tuple(recipe["char_ngrams"])}),
        rows=int(content["rows"]),
        made_from=dict(content["made_from"]),
        artefact_sha256=str(content["artefact_sha256"]),
        words_sha256=str(content["words_sha256"]),
        libraries=dict(content["libraries"]),
    )
