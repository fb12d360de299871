"""What is learnt, as the bytes of an npz file: plain arrays and nothing that could run; the same arrays, the same bytes."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.errors import ModelBroken

Arrays = Mapping[str, NDArray[Any]]

ENDING = ".npy"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can hold; numpy would write the present one


def pack(arrays: Arrays) -> bytes:
    """Arrays by name as an npz file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}{ENDING}", LONG_AGO), member.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=1)
    return target.getvalue()


def unpack(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file; an array of Python objects, which could run code, is refused. Raises `ModelBroken`."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
    except Exception as error:  # whatever a damaged zip or array may raise, it means one thing
        raise ModelBroken(f"the artefact cannot be loaded ({type(error).__name__}); train the model again") from error
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise ModelBroken("the artefact holds something else than arrays; train the model again")
    return arrays


def from_terms(terms: list[str]) -> NDArray[np.uint8]:
    """Words as the bytes of their lines; no word holds a line break, because white space becomes a space before."""
    return np.frombuffer("\n".join(terms).encode("utf-8", "surrogatepass"), dtype=np.uint8)


def to_terms(lines: NDArray[np.uint8]) -> list[str]:
    """Words from the bytes of their lines."""
    return lines.tobytes().decode("utf-8", "surrogatepass").split("\n")
