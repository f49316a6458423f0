"""The header section of a message, read as bytes (RFC 5322 2.2). Nothing here changes or decodes a field.

The standard library's email package is not used on mail under way: it is slow, and it injects header fields from
encoded newlines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\r\n]++|\r\n[ \t])*+)(?:\r\n|\Z)")
_FOLD = re.compile(rb"\r\n(?=[ \t])")


class Field(NamedTuple):
    """One header field as it stands in the message."""

    name: bytes
    """Lower-case."""
    value: bytes
    """What follows the colon, folded as it is, without the last CRLF."""
    raw: bytes
    """The whole field, CRLF included."""


def split(content: bytes) -> tuple[bytes, bytes]:
    """Cut into header section (its last CRLF included) and body (after the empty line; b"" when there is none)."""
    if content.startswith(b"\r\n"):
        return b"", content[2:]
    end = content.find(b"\r\n\r\n")
    if end < 0:
        return content, b""
    return content[: end + 2], content[end + 4 :]


def fields(section: bytes) -> Iterator[Field]:
    """The fields in order. Ends at the first line that is no field (RFC 5322 2.2 leaves nothing else there)."""
    position = 0
    while match := _FIELD.match(section, position):
        yield Field(match[1].lower(), match[2], match[0])
        position = match.end()


def first(section: bytes, name: bytes) -> str:
    """The first field of that lower-case name, unfolded and stripped, as text; "" when there is none."""
    for field in fields(section):
        if field.name == name:
            return unfold(field.value)
    return ""


def unfold(value: bytes) -> str:
    """A field's value on one line (RFC 5322 2.2.3), stripped; what is not UTF-8 becomes U+FFFD."""
    return _FOLD.sub(b"", value).decode("utf-8", "replace").strip()
