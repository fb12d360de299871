"""What people said of tickets, as labels to learn from; what identifies a person is taken out of the texts first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from triage.masking import mask_text
from triage.terms import Role

GONE = "****"
# What masking leaves beside its stars (the first and last digits) helps a reader and not a classifier.
SHREDS = re.compile(r"\d*\*{4,}\d*[Xx]?")
LEAST_CHARACTERS = 2  # a name of one character would take that character out of the whole text


@dataclass(frozen=True)
class Label:
    """The last human word on a ticket: what it is about, who said so, when and why, and what the model had said.

    `demand_type` is None where the person named none (转告责任主体 says only that it is not ours), `said_topic` and
    `said_demand_type` where no model spoke. `is_current` is whether topic and demand type still exist.
    """

    number: str
    text: str
    topic: str
    demand_type: str | None
    source: Role
    who: str
    when: datetime
    why: str
    said_topic: str | None
    said_demand_type: str | None
    model_version: str | None
    is_current: bool

    @property
    def agrees(self) -> bool:
        """Whether the person said what the model had said."""
        return self.topic == self.said_topic and self.demand_type in (None, self.said_demand_type)

    @property
    def differs(self) -> bool:
        """Whether the model had said something else."""
        return self.said_topic is not None and not self.agrees

    @property
    def is_weak(self) -> bool:
        """Whether it is no more than an agent's accept of what the model proposed, with the customer on the line."""
        return self.source is Role.AGENT and self.agrees


@dataclass(frozen=True)
class Seen:
    """A text that came in, the topic that the model said, and the last one that a person said, if anybody did."""

    text: str
    said_topic: str | None
    meant_topic: str | None


def for_learning(text: str, known: Iterable[str] = ()) -> str:
    """A text as it may leave the store for training, so that no model holds what identifies a person.

    Phone, identity and customer numbers and introduced names are taken out as `mask_text` finds them, and `known`, the
    contact's own name, numbers and address, wherever they stand, numbers also with blanks or dashes between the digits.
    """
    for value in sorted(known, key=len, reverse=True):
        if len(value) >= LEAST_CHARACTERS:
            text = _anywhere(value).sub(GONE, text)
    return SHREDS.sub(GONE, mask_text(text))


def _anywhere(value: str) -> re.Pattern[str]:
    return re.compile(r"[- ]?".join(value) if value.isdigit() else re.escape(value))
