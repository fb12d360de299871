"""What a text names: numbers, addresses and moments, each with the words that say so. Personal data: show them, never log them."""

from datetime import datetime

from triage.entities.addresses import find_addresses
from triage.entities.areas import find_areas
from triage.entities.kinds import Entity, EntityKind
from triage.entities.numbers import find_numbers
from triage.entities.times import find_moments
from triage.moments import in_shanghai

__all__ = ["Entity", "EntityKind", "find_entities"]


def find_entities(text: str, *, now: datetime) -> tuple[Entity, ...]:
    """Give what a text names, in the order of the text; two of one kind never overlap.

    Args:
        text: the customer's words.
        now: the moment of the call, which 昨晚 or 上周三 is reckoned from.

    Raises:
        InvalidInput: `now` has no zone.
    """
    called = in_shanghai(now).replace(second=0, microsecond=0, tzinfo=None)
    places = [*find_addresses(text), *find_areas(text)]
    moments = (moment for moment in find_moments(text, called) if not any(_inside(moment, place) for place in places))  # 建设路十二号 is no date
    found = [*find_numbers(text), *places, *moments]
    return tuple(sorted(found, key=lambda entity: (entity.span, entity.kind)))


def _inside(moment: Entity, place: Entity) -> bool:
    return place.span[0] <= moment.span[0] and moment.span[1] <= place.span[1]
