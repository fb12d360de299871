"""What a classifier says of a text, as the domain sees it; who makes it is no concern of the domain."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Prediction:
    """Calibrated probabilities of every label, best first, the words that counted, and the model that said so."""

    topics: tuple[tuple[str, float], ...]
    demand_types: tuple[tuple[str, float], ...]
    words: Mapping[str, tuple[tuple[str, float], ...]]
    model_version: str
    threshold: float


class Predict(Protocol):
    """Whatever can say what a text is about; None means that there is no model that could."""

    def __call__(self, text: str) -> Prediction | None:
        """Predict one text."""
        ...
