"""Photos without what tells where and on what they were taken: what stands beside the picture is left out, the picture is not touched."""

import re
import struct
from collections.abc import Iterator

from triage.errors import InvalidInput, Problem
from triage.wording import say

# Between two segments of a JPEG stand the picture's own bytes: in them 0xFF is followed by 0x00, a restart mark or another 0xFF.
MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
START, END, SCAN, EXIF, ICC, ADOBE, COMMENT = 0xD8, 0xD9, 0xDA, 0xE1, 0xE2, 0xEE, 0xFE
NO_LENGTH = (0x01, *range(0xD0, 0xD8))
ORIENTATION = 0x0112
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_ASIDE = (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME")
WEBP_ASIDE = (b"EXIF", b"XMP ")
WEBP_FLAGS = 0x08 | 0x04  # VP8X says that EXIF and XMP follow


def plain_jpeg(data: bytes) -> bytes:
    """Give a JPEG without Exif (position, device, preview), XMP, IPTC, comments and whatever follows the picture; which way is up is kept.

    Raises:
        InvalidInput: the file ends before its picture does, or is no JPEG inside.
    """
    kept, orientation = [b"\xff\xd8"], 1
    body: list[bytes] = []
    for marker, segment in _segments(data):
        payload = segment[4:]
        if marker == EXIF and payload.startswith(b"Exif\x00\x00"):
            orientation = _orientation(payload[6:])
        if not _is_aside(marker, payload):
            body.append(segment)
    if orientation != 1:
        kept.append(_exif_of(orientation))
    return b"".join([*kept, *body])


def _is_aside(marker: int, payload: bytes) -> bool:
    """Whether a segment is beside the picture: kept of these are JFIF, the colour profile and Adobe's colour mark, without which colours change."""
    if marker == ICC:
        return not payload.startswith(b"ICC_PROFILE\x00")
    return marker == COMMENT or (0xE1 <= marker <= 0xEF and marker != ADOBE)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the segments up to the end of the first picture, each with its marker; the picture's bytes belong to their scan."""
    at = 2
    while True:
        while data[at + 1 : at + 2] == b"\xff":  # fill bytes
            at += 1
        if data[at : at + 1] != b"\xff" or at + 2 > len(data):
            raise _broken()
        marker = data[at + 1]
        if marker == END:
            yield marker, data[at : at + 2]
            return
        end = at + 2 if marker in NO_LENGTH else at + 2 + _length(data, at + 2)
        if marker == SCAN:
            found = MARKER.search(data, end)
            if found is None:
                raise _broken()
            end = found.start()
        if marker == START or end > len(data):
            raise _broken()
        yield marker, data[at:end]
        at = end


def _length(data: bytes, at: int) -> int:
    """Read a segment's length, which counts itself."""
    if at + 2 > len(data) or (length := int.from_bytes(data[at : at + 2], "big")) < 2:
        raise _broken()
    return length


def _orientation(tiff: bytes) -> int:
    """Read which way is up from the first directory of Exif; 1 (as it is) where that cannot be read."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    try:
        at = struct.unpack_from(f"{order}I", tiff, 4)[0] if order else len(tiff)
        for n in range(struct.unpack_from(f"{order}H", tiff, at)[0] if order else 0):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * n)
            if (tag, kind, count) == (ORIENTATION, 3, 1) and 1 <= value <= 8:
                return int(value)
    except struct.error:
        pass
    return 1


def _exif_of(orientation: int) -> bytes:
    """Make an Exif segment that says which way is up, and nothing else."""
    payload = b"Exif\x00\x00MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, ORIENTATION, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload


def plain_png(data: bytes) -> bytes:
    """Give a PNG without its Exif, texts and times, and without whatever follows the picture.

    Raises:
        InvalidInput: the file ends before its picture does.
    """
    kept, at = [PNG_START], len(PNG_START)
    while True:
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if len(kind) < 4 or end > len(data):
            raise _broken()
        if kind not in PNG_ASIDE:
            kept.append(data[at:end])
        if kind == b"IEND":
            return b"".join(kept)
        at = end


def plain_webp(data: bytes) -> bytes:
    """Give a WebP without its Exif and XMP, and without whatever follows the picture.

    Raises:
        InvalidInput: the file ends before its picture does.
    """
    stop, at, kept = 8 + int.from_bytes(data[4:8], "little"), 12, [b"WEBP"]
    if stop > len(data) or stop < 20:
        raise _broken()
    while at < stop:
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        if at + 8 > stop or end > stop + 1:
            raise _broken()
        chunk = data[at:end]
        if kind == b"VP8X" and length:
            chunk = chunk[:8] + bytes([chunk[8] & ~WEBP_FLAGS]) + chunk[9:]
        if kind not in WEBP_ASIDE:
            kept.append(chunk)
        at = end
    body = b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _broken() -> InvalidInput:
    return InvalidInput(Problem("files", say("The image is incomplete or damaged; take or export it again and upload it anew")))
