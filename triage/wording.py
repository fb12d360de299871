"""What people read: code says it in English, `data/locale/zh_CN/LC_MESSAGES/messages.po` says it in Chinese; templates hold their own Chinese.

A message that stands in the code is found by its English words, with named places; a term (`triage/terms.py`) by its class and its member's name.
`tests/triage/test_wording.py` holds that nothing lacks its Chinese, that the places are the same and that nothing stands there for nobody.
"""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

CATALOGUE = Path(__file__).resolve().parent.parent / "data" / "locale" / "zh_CN" / "LC_MESSAGES" / "messages.po"


def say(message: str, /, **values: object) -> str:
    """Give a message in Chinese with its places filled in; one that the catalogue does not know stays English.

    Raises:
        KeyError: a place of the Chinese has no value.
    """
    words = messages().get(("", message)) or message
    return words.format(**values) if values else words


def name_of(kind: type, member: str) -> str:
    """Give the Chinese name of a term: of the class `kind`, the member so named."""
    return messages().get((context_of(kind), member)) or member


def context_of(kind: type) -> str:
    """Give the context in which the names of a class of terms stand: module and class, `terms.Level`."""
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"


@cache
def messages() -> dict[tuple[str, str], str]:
    """Read the catalogue, once a process: (context, English) to Chinese."""
    with CATALOGUE.open("rb") as file:
        return {(one.context or "", str(one.id)): str(one.string) for one in read_po(file) if one.id}
