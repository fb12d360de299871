"""The models of an installation: `<instance>/models/<version>/`, and `models/current`, which names the one in use."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from classifier.errors import ClassifierError, ModelError, ModelMissing
from classifier.manifest import read_manifest
from classifier.model import ModelFiles, read_model, save_model

PROJECT = Path(__file__).resolve().parent.parent
CURRENT = "current"
VERSION = re.compile(r"[\w.-]{1,64}")


def instance_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the installation keeps what it makes: `TRIAGE_INSTANCE` (if relative, from the project), else `instance`."""
    return (PROJECT / (environment.get("TRIAGE_INSTANCE") or "instance")).resolve()


def models_dir(instance: Path) -> Path:
    """The folder that holds all models of an installation."""
    return instance / "models"


def current_version(instance: Path) -> str | None:
    """The version in use, by the pointer file alone; None when there is none."""
    try:
        version = (models_dir(instance) / CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    # The name becomes part of a path, so it must be one plain name.
    return version if VERSION.fullmatch(version) and version not in {".", ".."} else None


def current_model_dir(instance: Path) -> Path:
    """The folder of the model in use. Raises `ModelMissing`."""
    version = current_version(instance)
    if version is None:
        raise ModelMissing(f"{models_dir(instance)}: no model is in use; train one with: flask train")
    folder = models_dir(instance) / version
    if not folder.is_dir():
        raise ModelMissing(f"{folder}: the model in use is gone; train it again with: flask train")
    return folder


def set_current(instance: Path, version: str) -> None:
    """Put a model into use, at one stroke: a running server sees the old one or the new one. Raises `ModelError`."""
    read_model(models_dir(instance) / version)
    pointer = models_dir(instance) / CURRENT
    beside = pointer.with_name(f".{CURRENT}.{secrets.token_hex(4)}")
    beside.write_text(f"{version}\n", encoding="utf-8")
    beside.replace(pointer)


def register(files: ModelFiles, instance: Path) -> Path:
    """Keep a model under its version and give its folder; one that is there unharmed is left, it may be in use."""
    folder = models_dir(instance) / files.manifest.version
    try:
        if read_model(folder).manifest == files.manifest:
            return folder
    except ModelError:
        pass
    save_model(files, folder)
    return folder


def versions(instance: Path) -> list[str]:
    """All versions that are kept and whose manifest can be read, in order of their names."""
    found = []
    for folder in sorted(path for path in models_dir(instance).glob("*") if path.is_dir()):
        try:
            found.append(read_manifest(folder).version)
        except ClassifierError:
            continue
    return found
