"""Pictures, as small as they can be: a PNG that is whole, and headers of the others with an end behind them."""

from __future__ import annotations

import struct
import zlib

EVIL = b"<html><script>alert(1)</script>"


def png(width: int = 3, height: int = 2, colour: bytes = b"\x1c\x5b\xb8") -> bytes:
    """One colour; any browser shows it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = zlib.compress((b"\0" + colour * width) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, ((b"IHDR", header), (b"IDAT", lines), (b"IEND", b""))))


def gif(width: int = 3, height: int = 2, comment: bytes = b"") -> bytes:
    """With a comment, which may be anything."""
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b"!\xfe" + comment + b"\0;"


def jpeg(width: int = 3, height: int = 2, comment: bytes = b"") -> bytes:
    """As a camera has it: what comes first is not the size, and something stands behind the end."""
    segments = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9
    segments += b"\xff\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + segments + frame + b"\xff\xda\0\2" + b"\x55" * 8 + b"\xff\xd9" + b"trailer"


def webp(form: str, width: int = 3, height: int = 2) -> bytes:
    """Of that form: "VP8 ", "VP8L" or "VP8X"."""
    if form == "VP8 ":
        body = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
    elif form == "VP8L":
        body = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)
    else:
        body = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = form.encode() + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def _chunk(one: tuple[bytes, bytes]) -> bytes:
    named = b"".join(one)
    return struct.pack(">I", len(one[1])) + named + struct.pack(">I", zlib.crc32(named))
