"""Photos without what tells where they were taken: the picture itself stays byte for byte."""

import struct
import zlib

import pytest

from triage.errors import InvalidInput
from triage.images import plain_jpeg, plain_png, plain_webp

GPS = b"30.27415N 120.15515E"
SCAN = b"\x00\x11\xff\x00\x22\xff\xd0\x33"  # a stuffed 0xFF and a restart mark, as in real scans


def segment(marker, payload):
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def exif(orientation=1, order=">"):
    head = (b"MM\x00*" if order == ">" else b"II*\x00") + struct.pack(f"{order}I", 8)
    entries = struct.pack(f"{order}HHHIHH", 2, 0x0112, 3, 1, orientation, 0) + struct.pack(f"{order}HHII", 0x8825, 4, 1, 38)
    return segment(0xE1, b"Exif\x00\x00" + head + entries + b"\x00" * 4 + GPS)


JFIF = segment(0xE0, b"JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")
COLOURS = segment(0xE2, b"ICC_PROFILE\x00\x01\x01colours")
ADOBE = segment(0xEE, b"Adobe\x00d\x00\x00\x00\x00\x01")
TABLES = segment(0xDB, b"\x00" + bytes(64)) + segment(0xC0, b"\x08\x00\x01\x00\x01\x01\x01\x11\x00")
PICTURE = TABLES + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + SCAN + b"\xff\xd9"


def jpeg(*beside, after=b""):
    return b"\xff\xd8" + b"".join(beside) + PICTURE + after


@pytest.mark.parametrize(
    "beside",
    [
        exif(),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>" + GPS),
        segment(0xE2, b"MPF\x00" + GPS),
        segment(0xED, b"Photoshop 3.0\x00" + GPS),
        segment(0xFE, GPS),
    ],
    ids=["exif", "xmp", "further pictures", "iptc", "comment"],
)
def test_a_photo_keeps_its_picture_and_loses_where_it_was_taken(beside):
    plain = plain_jpeg(jpeg(JFIF, beside, COLOURS, ADOBE))
    assert GPS not in plain
    assert plain == jpeg(JFIF, COLOURS, ADOBE)


@pytest.mark.parametrize("order", ["<", ">"], ids=["little-endian", "big-endian"])
def test_which_way_is_up_is_kept(order):
    plain = plain_jpeg(jpeg(exif(6, order)))
    assert GPS not in plain
    assert plain == jpeg(
        segment(0xE1, b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
    )
    assert plain_jpeg(plain) == plain


def test_what_a_phone_hangs_behind_the_picture_is_cut_off():
    assert plain_jpeg(jpeg(JFIF, after=b"\xff\xd8" + exif() + b"film" + GPS)) == jpeg(JFIF)


def test_a_picture_that_comes_in_several_scans_stays_whole():
    several = b"\xff\xd8" + TABLES + (segment(0xDA, b"\x01\x01\x00\x00\x00\x00") + SCAN + segment(0xC4, b"\x00" * 17)) * 3 + b"\xff\xd9"
    assert plain_jpeg(several) == several


@pytest.mark.parametrize("length", range(2, len(jpeg(JFIF, exif())) - 1, 3))
def test_a_photo_that_ends_too_early_is_refused(length):
    with pytest.raises(InvalidInput, match="不完整或已损坏"):
        plain_jpeg(jpeg(JFIF, exif())[:length])


@pytest.mark.parametrize("tiff", [b"", b"II*\x00", b"MM\x00*\xff\xff\xff\xff", b"MM\x00*\x00\x00\x00\x08\xff\xff"])
def test_exif_that_cannot_be_read_is_left_out_all_the_same(tiff):
    assert plain_jpeg(jpeg(segment(0xE1, b"Exif\x00\x00" + tiff))) == jpeg()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*beside, after=b""):
    size = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + size + b"".join(beside) + chunk(b"IDAT", zlib.compress(b"\x00\x00")) + chunk(b"IEND", b"") + after


@pytest.mark.parametrize("kind", [b"eXIf", b"tEXt", b"iTXt", b"zTXt", b"tIME"])
def test_a_png_keeps_its_picture_and_loses_what_stands_beside_it(kind):
    assert plain_png(png(chunk(kind, GPS), chunk(b"gAMA", b"\x00\x00\xb1\x8f"), after=GPS)) == png(chunk(b"gAMA", b"\x00\x00\xb1\x8f"))


def riff(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2)


def webp(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_a_webp_keeps_its_picture_and_loses_what_stands_beside_it():
    flags, picture = b"\x00\x00\x00" + bytes(6), riff(b"VP8 ", b"picture")
    full = webp(riff(b"VP8X", bytes([0x2C]) + flags), picture, riff(b"EXIF", GPS), riff(b"XMP ", GPS + b"x"))
    assert plain_webp(full + GPS) == webp(riff(b"VP8X", bytes([0x20]) + flags), picture)


@pytest.mark.parametrize(("plain", "whole"), [(plain_png, png()), (plain_webp, webp(riff(b"VP8 ", b"picture!")))], ids=["png", "webp"])
def test_a_picture_that_ends_too_early_is_refused(plain, whole):
    assert plain(whole) == whole
    for length in range(9, len(whole) - 1):
        with pytest.raises(InvalidInput, match="不完整或已损坏"):
            plain(whole[:length])
