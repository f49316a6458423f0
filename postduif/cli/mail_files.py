"""Mails in files: one in a file, many in an mbox, many in a Maildir; one after the other, however many there are."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

MAX_OCTETS = 64 * 1024 * 1024
"""Of one mail that are looked at; what follows is left out."""
_FROM = re.compile(rb"From [^\r\n]{1,200}\d{4}\r?\n?$")
_BEGINS = b"From "


class Found(NamedTuple):
    """One mail: `name` says where it was, as `file` or `file:3`."""

    name: str
    content: bytes


def mails(path: Path) -> Iterator[Found]:
    """What is in a file or a Maildir; "-" is standard input. Raises OSError."""
    if str(path) == "-":
        yield from _of_stream("standard input", sys.stdin.buffer)
    elif (path / "cur").is_dir() or (path / "new").is_dir():
        for folder in ("new", "cur"):
            for file in sorted(one for one in (path / folder).glob("*") if one.is_file()):
                yield from mails(file)
    else:
        with path.open("rb") as stream:
            yield from _of_stream(str(path), stream)


def _of_stream(name: str, stream: BinaryIO) -> Iterator[Found]:
    first = stream.readline(MAX_OCTETS)
    if not first.startswith(_BEGINS):
        yield Found(name, first + stream.read(MAX_OCTETS - len(first)))
        return
    number, size, after_blank = 1, 0, False
    lines: list[bytes] = []
    while line := stream.readline(MAX_OCTETS):
        if after_blank and line.startswith(_BEGINS) and _FROM.match(line):
            yield Found(f"{name}:{number}", b"".join(lines))
            number, size, lines = number + 1, 0, []
            continue
        after_blank = line in (b"\n", b"\r\n")
        size += len(line)
        if size <= MAX_OCTETS:
            lines.append(line)
    yield Found(f"{name}:{number}", b"".join(lines))
