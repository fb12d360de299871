"""What an entity is: a value that stands in a text, of one of seven kinds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from triage.terms import Term


class EntityKind(Term):
    """What kind of value was found."""

    CUSTOMER_NUMBER = "customer_number", "户号"
    PHONE = "phone", "电话"
    METER_NUMBER = "meter_number", "表号"
    OUTAGE_EVENT = "outage_event", "停电事件编号"
    ADDRESS = "address", "地址"
    TRANSFORMER_AREA = "transformer_area", "台区"
    MOMENT = "moment", "时间"


@dataclass(frozen=True)
class Entity:
    """A value, and the very words that say it: `text` is what stands at `span`. An address also gives its parts (`city`, `road`, `room` …)."""

    kind: EntityKind
    value: str
    span: tuple[int, int]
    text: str
    parts: Mapping[str, str] = field(default_factory=dict)
