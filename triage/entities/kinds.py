"""What an entity is: a value that stands in a text, of one of seven kinds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from triage.terms import Term


class EntityKind(Term):
    """What kind of value was found."""

    CUSTOMER_NUMBER = "customer_number"
    PHONE = "phone"
    METER_NUMBER = "meter_number"
    OUTAGE_EVENT = "outage_event"
    ADDRESS = "address"
    TRANSFORMER_AREA = "transformer_area"
    MOMENT = "moment"


@dataclass(frozen=True)
class Entity:
    """A value, and the very words that say it: `text` is what stands at `span`. An address also gives its parts (`city`, `road`, `room` …)."""

    kind: EntityKind
    value: str
    span: tuple[int, int]
    text: str
    parts: Mapping[str, str] = field(default_factory=dict)
