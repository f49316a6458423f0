"""What a picture is by its own first octets: kind and size. Nothing is decoded, and no name is believed.

A file that merely begins as a picture is taken for one: it is served as that kind and no other. Raises ValueError with
the problem and the remedy.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from typing import NamedTuple

MAX_SIDE = 8_000
"""Pixels."""
MAX_PIXELS = 25_000_000
_MAX_SEGMENTS = 2_000  # before the frame of a JPEG
_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\0\0\0\0IEND\xaeB`\x82"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15 of ITU-T T.81, without DHT, JPG and DAC
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length


class Kind(StrEnum):
    """What mail programs show, as the ending of a file's name. SVG can hold scripts, and is none of these."""

    PNG = "png"
    JPEG = "jpg"
    GIF = "gif"
    WEBP = "webp"


TYPES = {Kind.PNG: "image/png", Kind.JPEG: "image/jpeg", Kind.GIF: "image/gif", Kind.WEBP: "image/webp"}
"""Media types."""


class Look(NamedTuple):
    """What was seen. Sizes in pixels."""

    kind: Kind
    width: int
    height: int


def look(octets: bytes) -> Look:
    """Look at the header of a picture, and whether its end is there."""
    found = _kind(octets)
    if found is None:
        raise ValueError("it is no PNG, JPEG, GIF or WebP; save the picture as one of these")
    try:
        width, height = _SIZES[found](octets)
    except (struct.error, IndexError):
        raise ValueError("it breaks off in its header; upload the whole file") from None
    if not width or not height:
        raise ValueError("it does not say how large it is; save it anew with another program")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise ValueError(
            f"it has {width:,} x {height:,} pixels; make it smaller: {MAX_SIDE:,} a side and "
            f"{MAX_PIXELS // 1_000_000} million together are the most"
        )
    if not _ends(found, octets):
        raise ValueError("it breaks off; upload the whole file")
    return Look(found, width, height)


def _kind(octets: bytes) -> Kind | None:
    if octets.startswith(_PNG):
        return Kind.PNG
    if octets.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if octets.startswith((b"GIF87a", b"GIF89a")):
        return Kind.GIF
    return Kind.WEBP if octets[:4] == b"RIFF" and octets[8:12] == b"WEBP" else None


def _png(octets: bytes) -> tuple[int, int]:
    return _two(">II", octets, 16)


def _gif(octets: bytes) -> tuple[int, int]:
    return _two("<HH", octets, 6)


def _jpeg(octets: bytes) -> tuple[int, int]:
    at = _frame(octets)
    height, width = _two(">HH", octets, at + 5) if at else (0, 0)
    return width, height


def _frame(octets: bytes) -> int:
    """Where the header of the first frame begins; 0: nowhere."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        marker = octets[at + 1]
        if octets[at] != 0xFF or marker in (0xD9, 0xDA):
            return 0
        if marker in _FRAMES:
            return at
        if marker == 0xFF:  # it fills up
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(octets[at + 2 : at + 4])
    return 0


def _webp(octets: bytes) -> tuple[int, int]:
    """RFC 9649 2.4 to 2.7: the plain, the lossless and the extended form."""
    chunk = octets[12:16]
    if chunk == b"VP8 " and octets[23:26] == b"\x9d\x01\x2a":
        width, height = _two("<HH", octets, 26)
        return width & 0x3FFF, height & 0x3FFF
    if chunk == b"VP8L" and octets[20:21] == b"\x2f":
        (bits,) = struct.unpack_from("<I", octets, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8X" and len(octets) >= 30:
        return int.from_bytes(octets[24:27], "little") + 1, int.from_bytes(octets[27:30], "little") + 1
    return 0, 0


_SIZES = {Kind.PNG: _png, Kind.JPEG: _jpeg, Kind.GIF: _gif, Kind.WEBP: _webp}


def _ends(kind: Kind, octets: bytes) -> bool:
    """The end is there. Cameras write more behind that of a JPEG."""
    if kind is Kind.PNG:
        return octets.endswith(_PNG_END)
    if kind is Kind.JPEG:
        return octets.rfind(b"\xff\xd9") > _frame(octets)
    if kind is Kind.GIF:
        return octets.rstrip(b"\0").endswith(b";")
    return int.from_bytes(octets[4:8], "little") + 8 <= len(octets)


def _two(form: str, octets: bytes, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, octets, at)
    return first, second
