"""Models whose guarded answers are made up, so that a test can say what a candidate is better or worse at."""

from dataclasses import replace
from pathlib import Path

from classifier.model import ModelFiles
from classifier.registry import changing, register, set_current

TEXTS = 100


def answers(right: int, texts: int = TEXTS) -> str:
    """So many right answers, then the wrong ones."""
    return "1" * right + "0" * (texts - right)


def model(files: ModelFiles, version: str, first: int = 0, **right: str) -> ModelFiles:
    """A model of this version with these answers to its guarded texts, named from `first` on; without answers, 80 of 100 right."""
    said = {name: answers(80) for name in (*files.manifest.labels, "decision")} | right
    texts = [f"text {number}" for number in range(first, first + len(said["decision"]))]
    return replace(files, manifest=replace(files.manifest, version=version, guarded={"texts": texts, "right": said}))


def keep(instance: Path, *models: ModelFiles, in_use: str | None = None) -> None:
    """Keep models, and put one into use."""
    with changing(instance):
        for each in models:
            register(each, instance)
        if in_use:
            set_current(instance, in_use)
