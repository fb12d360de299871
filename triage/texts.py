"""Texts as they may be kept: what no database or page can hold is taken out."""

import re
from typing import Any

UNKEEPABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(value: Any) -> Any:
    """Take control characters and half surrogates out of a text, or of all texts in lists and mappings; anything else stays as it is."""
    if isinstance(value, str):
        return UNKEEPABLE.sub("", value)
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value
