"""The card of a model: what it knows, what it was made from, how good it is, and what must be there to load it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from classifier.baseline import Baseline, read_baseline
from classifier.calibration import Gate
from classifier.errors import ModelBroken, ModelMissing, ModelStale
from classifier.recipe import Recipe

FORMAT = 2
MANIFEST = "manifest.json"
ARTEFACT = "model.npz"
WORDS = "words.txt"
# Libraries with which a model is made; the first decides what a loaded model answers, since its dictionary cuts the words.
DICTIONARY = "jieba"
LIBRARIES = (DICTIONARY, "rjieba", "numpy", "scikit-learn", "scipy", "onnxruntime")

FAST, FULL = "fast", "full"


@dataclass(frozen=True)
class HeadCard:
    """One head on held-out texts: the factors of its machines, its scores, and where it errs.

    `confusions` are the pairs of true and answered label that occur, the most frequent first; `curve` the calibration.
    """

    scales: tuple[float, ...]
    scores: Mapping[str, Any]
    per_label: Mapping[str, Any]
    confusions: tuple[tuple[str, str, int], ...]
    curve: tuple[Mapping[str, float], ...]


@dataclass(frozen=True)
class Way:
    """One way to answer (fast: words and sequences alone; full: with the encoder): its gate, a card for each head, and
    what held-out texts and their answers were like (None in models from before there was a drift report)."""

    gate: Gate
    heads: Mapping[str, HeadCard]
    baseline: Baseline | None = None


@dataclass(frozen=True)
class Manifest:
    """All that is known of a model without loading it.

    `labels` are those of each head in column order, `groups` and `costs` what a wrong one decides and costs, `dummy` the
    scores of always saying the same, `guarded` which texts of the guarded part were answered right.
    """

    version: str
    labels: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, Mapping[str, str]]
    costs: Mapping[str, Mapping[str, float]]
    ways: Mapping[str, Way]
    dummy: Mapping[str, Any]
    encoder: Mapping[str, str] | None
    recipe: Recipe
    rows: int
    made_from: Mapping[str, Any]
    artefact_sha256: str
    words_sha256: str
    libraries: Mapping[str, str]
    guarded: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def best(self) -> str:
        """The name of the best way that the model has."""
        return FULL if FULL in self.ways else FAST

    def as_json(self) -> str:
        """The text of `manifest.json`."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


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

    Raises `ModelBroken` for changed files, `ModelStale` for another dictionary of words.
    """
    artefact = _checked(folder / ARTEFACT, manifest.artefact_sha256)
    words = _checked(folder / WORDS, manifest.words_sha256)
    trained, here = manifest.libraries.get(DICTIONARY), installed(DICTIONARY)
    if trained != here:
        raise ModelStale(f"{folder}: trained with {DICTIONARY} {trained}, installed is {here}; train again, or install {trained}")
    return artefact, words


def library_versions() -> dict[str, str]:
    """Versions of all libraries that have a say in what a model learns; those that are not installed are left out."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            continue
    return found


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
    plain = {name: content[name] for name in ("groups", "costs", "dummy", "encoder", "made_from", "libraries", "guarded")}
    return Manifest(
        version=str(content["version"]),
        labels={head: tuple(labels) for head, labels in content["labels"].items()},
        ways={name: _way(way) for name, way in content["ways"].items()},
        recipe=Recipe(**content["recipe"]),
        rows=int(content["rows"]),
        artefact_sha256=str(content["artefact_sha256"]),
        words_sha256=str(content["words_sha256"]),
        **plain,
    )


def _way(content: dict[str, Any]) -> Way:
    heads = {}
    for name, card in content["heads"].items():
        pairs = tuple((str(true), str(answered), int(count)) for true, answered, count in card["confusions"])
        heads[name] = HeadCard(tuple(card["scales"]), card["scores"], card["per_label"], pairs, tuple(card["curve"]))
    baseline = content.get("baseline")
    return Way(Gate(**content["gate"]), heads, read_baseline(baseline) if baseline else None)
