"""The models of an installation: `<instance>/models/<version>/`, `current`, which names the one in use, and the history of that."""

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from classifier.errors import ModelBroken, ModelError, ModelInUse, ModelMissing
from classifier.manifest import MANIFEST, Manifest, read_manifest
from classifier.model import ModelFiles, read_model, save_model

PROJECT = Path(__file__).resolve().parent.parent
CURRENT = "current"
HISTORY = "history.jsonl"
LOCK = ".lock"
VERSION = re.compile(r"[\w-][\w.-]{0,63}")

PROMOTED, ROLLED_BACK = "promoted", "rolled back"


@dataclass(frozen=True)
class Change:
    """A line of the history: what came into use, `before` it what was, when, by whom and why.

    `metric` is what a candidate was better at, `figures` what it was judged by (empty when there was nothing to judge).
    """

    version: str
    before: str | None
    by: str
    at: datetime
    action: str = PROMOTED
    reason: str = ""
    metric: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> str:
        """The line, without its end."""
        moment = self.at.astimezone(UTC).isoformat(timespec="seconds")
        said = {"action": self.action, "version": self.version, "from": self.before, "by": self.by}
        why = {"reason": self.reason, "metric": self.metric, "figures": self.figures}
        return json.dumps({"at": moment, **said, **why}, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Kept:
    """A folder among the models: its version, when it was written, and its manifest, or why that cannot be read."""

    version: str
    written_at: datetime
    manifest: Manifest | None
    trouble: str = ""


def instance_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the installation keeps what it makes: `TRIAGE_INSTANCE` (if relative, from the project), else `instance`."""
    return (PROJECT / (environment.get("TRIAGE_INSTANCE") or "instance")).resolve()


def models_dir(instance: Path) -> Path:
    """The folder that holds all models of an installation."""
    return instance / "models"


def model_dir(instance: Path, version: str) -> Path:
    """The folder of a version. Raises `ModelMissing`, also for what is no plain name: it becomes part of a path."""
    folder = models_dir(instance) / version
    if not VERSION.fullmatch(version) or not (folder / MANIFEST).is_file():
        raise ModelMissing(f"{models_dir(instance)}: there is no model {version!r}; see which there are with: flask models list")
    return folder


def current_version(instance: Path) -> str | None:
    """The version in use, by the pointer file alone; None when there is none."""
    try:
        version = (models_dir(instance) / CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return version if VERSION.fullmatch(version) else None


def current_model_dir(instance: Path) -> Path:
    """The folder of the model in use. Raises `ModelMissing`."""
    version = current_version(instance)
    if version is None:
        raise ModelMissing(f"{models_dir(instance)}: no model is in use; train one with: flask train")
    folder = models_dir(instance) / version
    if not folder.is_dir():
        raise ModelMissing(f"{folder}: the model in use is gone; train it again with: flask train")
    return folder


def manifest_in_use(instance: Path) -> Manifest | None:
    """The manifest of the model in use; None when there is none, or none that can be loaded."""
    try:
        return read_model(current_model_dir(instance)).manifest
    except ModelError:
        return None


def register(files: ModelFiles, instance: Path) -> Path:
    """Keep a model under its version and give its folder. To be called within `changing`.

    One that is there unharmed is left; so is the one in use, even if this one has other figures: nothing comes into use unseen.
    """
    version = files.manifest.version
    folder = models_dir(instance) / version
    try:
        if read_model(folder).manifest == files.manifest or version == current_version(instance):
            return folder
    except ModelError:
        pass
    save_model(files, folder)
    return folder


def kept_models(instance: Path) -> list[Kept]:
    """All models that are kept, the latest first, broken ones too."""
    folders = [path.parent for path in models_dir(instance).glob(f"*/{MANIFEST}") if VERSION.fullmatch(path.parent.name)]
    return sorted((_kept(folder) for folder in folders), key=lambda kept: (kept.written_at, kept.version), reverse=True)


def versions(instance: Path) -> list[str]:
    """All versions that are kept and whose manifest can be read, in order of their names."""
    return sorted(kept.version for kept in kept_models(instance) if kept.manifest)


def remove(instance: Path, version: str) -> None:
    """Delete a model. Raises `ModelMissing`, and `ModelInUse` for the one in use."""
    with changing(instance):
        folder = model_dir(instance, version)
        if version == current_version(instance):
            raise ModelInUse(f"{folder}: this model is in use and stays; put another one into use before: flask models promote, or rollback")
        # Renamed first, so that a removal that is interrupted leaves no half of a model under its name.
        gone = folder.rename(folder.with_name(f".{version}.{secrets.token_hex(4)}"))
        shutil.rmtree(gone)


@contextmanager
def changing(instance: Path) -> Iterator[None]:
    """Keep everybody else from changing what is in use; whoever holds it has seen the latest state. Not to be nested."""
    models_dir(instance).mkdir(parents=True, exist_ok=True)
    # The lock ends with the process that holds it, however that ends, so the file may stay.
    with (models_dir(instance) / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Closing would not be enough: a process that was forked meanwhile has the file open too.
            fcntl.flock(lock, fcntl.LOCK_UN)


def set_current(
    instance: Path,
    version: str,
    *,
    by: str = "",
    action: str = PROMOTED,
    reason: str = "",
    metric: str | None = None,
    figures: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Change:
    """Put a model into use, at one stroke: a running server sees the old one or the new one.

    To be called within `changing`. The model is opened before, so that none comes into use that cannot answer. Raises `ModelError`.
    """
    files = read_model(model_dir(instance, version))
    if files.manifest.version != version:
        raise ModelBroken(f"{model_dir(instance, version)}: holds {files.manifest.version}; a model's folder must have its version's name")
    files.open()
    change = Change(version, current_version(instance), by, now or datetime.now(UTC), action, reason, metric, figures or {})
    # The history first: should the power fail in between, `earlier_versions` knows that the change has not happened.
    _append(models_dir(instance) / HISTORY, change.as_json())
    _replace(models_dir(instance) / CURRENT, f"{version}\n")
    return change


def history(instance: Path) -> list[Change]:
    """All changes of what is in use, the earliest first; a line that was cut off by a failure is left out."""
    try:
        lines = (models_dir(instance) / HISTORY).read_bytes().splitlines()
    except OSError:
        return []
    return [change for line in lines if (change := _read_change(line))]


def earlier_versions(instance: Path) -> list[str]:
    """What was in use before the present model and is still kept, the latest first: a way back, on which nothing stands that
    was rolled back."""
    way: list[str] = []
    for change in history(instance):
        # What is on the way beyond the version that was in use never came into use.
        _go_back(way, change.before)
        if change.action == ROLLED_BACK:
            _go_back(way, change.version)
        elif way[-1:] != [change.version]:
            way.append(change.version)
    in_use = current_version(instance)
    _go_back(way, in_use)
    back = way[::-1] if in_use is None else way[-2::-1]
    return [version for version in back if (models_dir(instance) / version).is_dir()]


def _go_back(way: list[str], version: str | None) -> None:
    """Shorten the way so that it ends with a version; one that is not on it is added."""
    if version in way:
        del way[len(way) - way[::-1].index(version) :]
    elif version is not None:
        way.append(version)


def _kept(folder: Path) -> Kept:
    written_at = datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime, UTC)
    try:
        return Kept(folder.name, written_at, read_manifest(folder))
    except ModelError as error:
        return Kept(folder.name, written_at, None, str(error))


def _read_change(line: bytes) -> Change | None:
    try:
        content = json.loads(line)
        return Change(
            version=str(content["version"]),
            before=content["from"],
            by=str(content["by"]),
            at=datetime.fromisoformat(content["at"]).astimezone(UTC),
            action=str(content["action"]),
            reason=str(content["reason"]),
            metric=content["metric"],
            figures=content["figures"],
        )
    except (ValueError, KeyError, TypeError):
        return None


def _append(path: Path, line: str) -> None:
    """Add a line in one write and wait until it is on the disk; a line that a failure cut off is ended before."""
    with path.open("ab+") as file:
        if size := file.seek(0, os.SEEK_END):
            file.seek(size - 1)
            line = line if file.read(1) == b"\n" else f"\n{line}"
        file.write(f"{line}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, content: str) -> None:
    """Exchange a small file at one stroke and wait until it is on the disk."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
