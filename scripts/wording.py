"""Keeps the catalogue of messages (`triage/wording.py`) in step with the code.

.venv/bin/python -m scripts.wording            add what is new (without its Chinese), drop what nobody says any more, say what lacks its Chinese
.venv/bin/python -m scripts.wording --check    only say what is wrong
"""

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

import routes
import triage
from scripts.environment import ROOT
from triage.terms import Term
from triage.wording import CATALOGUE, context_of

HEADER = "# What people read: the English that the code says (or a term's class and name) and its Chinese; see triage/wording.py."
Key = tuple[str, str]


def messages_of_code() -> set[str]:
    """Give the English of every message that the code says.

    Raises:
        ValueError: somewhere `say` is given what is no literal, so that nobody could look for its Chinese.
    """
    found = set()
    for path in sorted([*(ROOT / "triage").rglob("*.py"), *(ROOT / "routes").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                first = node.args[0]
                if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                    raise ValueError(f"{path.relative_to(ROOT)}:{node.lineno}: say() wants the message itself")
                found.add(first.value)
    return found


def terms_of_code() -> set[Key]:
    """Give (context, name) of every term, of all modules."""
    for package in (triage, routes):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    return {(context_of(kind), member.name) for kind in Term.__subclasses__() for member in kind}


def read_catalogue() -> dict[Key, Message]:
    """Read the messages of the file by context and English."""
    with CATALOGUE.open("rb") as file:
        return {(one.context or "", str(one.id)): one for one in read_po(file, locale="zh_CN") if one.id}


def written(chinese: dict[Key, str]) -> bytes:
    """Write a catalogue, terms first, each in the order of the alphabet; the same words give the same bytes."""
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    catalogue = Catalog(
        "zh_CN", header_comment=HEADER, project="complaint-triage", creation_date=long_ago, revision_date=long_ago, fuzzy=False, charset="utf-8"
    )
    for context, english in sorted(chinese, key=lambda key: (not key[0], key)):
        catalogue.add(english, chinese[context, english], context=context or None)
    file = BytesIO()
    write_po(file, catalogue, width=0, omit_header=False)
    return file.getvalue()


def places(words: str) -> set[str]:
    """Give the places that a message has, with how they are written: `{most:g}`."""
    return {f"{name}{'!' + how if how else ''}:{spec}" for _, name, spec, how in Formatter().parse(words) if name is not None}


def mistakes(wanted: set[Key], kept: dict[Key, Message]) -> Iterator[str]:
    """Say what is wrong with the catalogue."""
    for key in sorted(wanted - kept.keys()):
        yield f"not in the catalogue: {key[1]!r} {key[0]}"
    for key in sorted(kept.keys() - wanted):
        yield f"nobody says it: {key[1]!r} {key[0]}"
    for key in sorted(wanted & kept.keys()):
        chinese = str(kept[key].string)
        if not chinese:
            yield f"lacks its Chinese: {key[1]!r} {key[0]}"
        elif is_filled(key[1]) and places(key[1]) != places(chinese):
            yield f"other places in the Chinese: {key[1]!r}: {chinese!r}"


def is_filled(english: str) -> bool:
    """Say whether a message is one with places; braces that are shown as they are need not be any."""
    try:
        return all(name.isidentifier() for _, name, _, _ in Formatter().parse(english) if name is not None)
    except ValueError:
        return False


def main(arguments: list[str]) -> int:
    """Mend the file, or only look."""
    kept = read_catalogue()
    wanted = {("", english) for english in messages_of_code()} | terms_of_code()
    if arguments != ["--check"]:
        CATALOGUE.write_bytes(written({key: str(kept[key].string) if key in kept else "" for key in wanted}))
        kept = read_catalogue()
    wrong = list(mistakes(wanted, kept))
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(kept)} messages, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
