"""Fields of a form, as browsers and mail services post them: urlencoded, or multipart/form-data (RFC 7578). Pure.

Few and short ones; files are none of them. What is larger, or not well formed, is a ValueError.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

MAX_BODY = 32 * 1024
"""Octets."""
MAX_FIELDS = 200

Fields = dict[str, list[str]]
_BOUNDARY = re.compile(r'boundary=(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(
    rb'^content-disposition:[ \t]*form-data[ \t]*;[^\r\n]*?\bname="([^"\r\n]*)"', re.IGNORECASE | re.MULTILINE
)


def read(content_type: str, body: bytes) -> Fields:
    """The fields, each with its values in order. Raises ValueError."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=MAX_FIELDS
        )
    elif kind == "multipart/form-data":
        pairs = _parts(content_type, body)
    else:
        raise ValueError(f"{kind or 'nothing'} is no form")
    found: Fields = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _parts(content_type: str, body: bytes) -> list[tuple[str, str]]:
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise ValueError("no boundary")
    line = b"--" + (match[1] or match[2]).encode("latin-1")
    pieces = (b"\r\n" + body).split(b"\r\n" + line)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--") or len(pieces) > MAX_FIELDS:
        raise ValueError("not whole")
    return [_field(piece) for piece in pieces[1:-1]]


def _field(piece: bytes) -> tuple[str, str]:
    header, blank, value = piece.partition(b"\r\n\r\n")
    name = _NAME.search(header.strip(b" \t\r\n"))
    if not blank or name is None:
        raise ValueError("a part without a name")
    return name[1].decode("utf-8"), value.decode("utf-8")
