"""What is learnt, as the bytes of a skops file that holds arrays only and is the same for the same arrays."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import skops.io
from numpy.typing import NDArray

from classifier.errors import ModelBroken

Arrays = Mapping[str, NDArray[Any]]

SCHEMA = "schema.json"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can hold


def pack(arrays: Arrays) -> bytes:
    """Arrays by name as a skops file. The same arrays give the same bytes.

    skops names members by memory addresses and stamps them with the time; both are replaced here.
    """
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(dict(arrays)))) as source:
        numbers: dict[int, int] = {}
        schema = _renumber(json.loads(source.read(SCHEMA)), numbers)
        members = {SCHEMA: json.dumps(schema, indent=1).encode()}
        for name in source.namelist():
            if name != SCHEMA:
                members[_renamed(name, numbers)] = source.read(name)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), members[name], zipfile.ZIP_DEFLATED, compresslevel=1)
    return target.getvalue()


def unpack(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a skops file; no type beyond skops' own trusted ones is let in. Raises `ModelBroken`."""
    try:
        content = skops.io.loads(data, trusted=[])
    except Exception as error:  # whatever a damaged zip, schema or array may raise, it means one thing
        raise ModelBroken(f"the artefact cannot be loaded ({type(error).__name__}); train the model again") from error
    if not isinstance(content, dict) or not all(isinstance(value, np.ndarray) for value in content.values()):
        raise ModelBroken("the artefact holds something else than arrays; train the model again")
    return content


def from_terms(terms: list[str]) -> NDArray[np.uint8]:
    """Features as the bytes of their lines; no term holds a line break, because white space becomes a space before."""
    return np.frombuffer("\n".join(terms).encode("utf-8", "surrogatepass"), dtype=np.uint8)


def to_terms(lines: NDArray[np.uint8]) -> list[str]:
    """Features from the bytes of their lines."""
    return lines.tobytes().decode("utf-8", "surrogatepass").split("\n")


def _renumber(node: Any, numbers: dict[int, int]) -> Any:
    """A schema in which every address is replaced by the place at which it first occurs."""
    if isinstance(node, list):
        return [_renumber(item, numbers) for item in node]
    if not isinstance(node, dict):
        return node
    if "__id__" in node:
        numbers.setdefault(node["__id__"], len(numbers))
    changed = {key: _renumber(value, numbers) for key, value in node.items()}
    if "__id__" in node:
        changed["__id__"] = numbers[node["__id__"]]
    if "file" in node:
        changed["file"] = _renamed(node["file"], numbers)
    return changed


def _renamed(file: str, numbers: Mapping[int, int]) -> str:
    address, ending = file.split(".", 1)
    return f"{numbers[int(address)]}.{ending}"
