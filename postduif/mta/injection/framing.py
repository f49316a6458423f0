"""Where the body of a request ends, and what of its octets is content (RFC 9112 6 and 7.1), to the letter. Pure.

One way to read it, or none: a program between the client and us that reads a chunk otherwise would make two requests
of one. So lines end in CRLF, sizes are up to 16 hexadecimal digits with nothing around them. Extensions of chunks and
trailer fields are read over, and may not be many times the content.
"""

from __future__ import annotations

import re
from typing import Protocol

MAX_LINE = 4096  # octets of a chunk's first line, or of a trailer field
FREE_AROUND = 16384
"""Octets of lines around chunks that a body may have, whatever its content."""
AROUND = 8
"""Octets more for each octet of content: a chunk of one octet has five."""

_SIZE = re.compile(rb"([0-9A-Fa-f]{0,16})(?:(?<=[0-9A-Fa-f]);[\t\x20-\x7e\x80-\xff]*)?")
_FIELD = re.compile(rb"(?:[-!#$%&'*+.^_`|~0-9A-Za-z]+(:[\t\x20-\x7e\x80-\xff]*)?)?")
_NOTHING = re.compile(rb"")


class Unframed(ValueError):  # noqa: N818  the name says what is the case
    """The octets are not as the header says."""


class Framing(Protocol):
    """What is still to come of a body."""

    over: bool
    """All of it was fed."""
    rest: bytes
    """What came behind it."""

    def feed(self, octets: bytes) -> bytes:
        """The content of the next octets. Raises Unframed."""
        ...


class Sized:
    """As many octets as Content-Length says."""

    def __init__(self, length: int) -> None:
        self.over = not length
        self.rest = b""
        self._left = length

    def feed(self, octets: bytes) -> bytes:
        """See `Framing`."""
        content = octets[: self._left]
        self._left -= len(content)
        self.over = not self._left
        self.rest += octets[len(content) :]
        return content


class Chunks:
    """Chunks, the last of them empty, and trailer fields."""

    def __init__(self) -> None:
        self.over = False
        self.rest = b""
        self._buffer = bytearray()
        self._left = 0  # of the content of this chunk
        self._line = _SIZE  # what is expected, when no content is
        self._spare = FREE_AROUND

    def feed(self, octets: bytes) -> bytes:
        """See `Framing`."""
        self._buffer += octets
        content = bytearray()
        at = 0
        while not self.over:
            if self._left:
                piece = self._buffer[at : at + self._left]
                if not piece:
                    break
                content += piece
                self._left -= len(piece)
                at += len(piece)
                self._spare += AROUND * len(piece)
            elif (end := self._buffer.find(b"\r\n", at)) >= 0:
                self._read(bytes(self._buffer[at:end]))
                at = end + 2
            else:
                self._match(bytes(self._buffer[at:]).removesuffix(b"\r"))
                break
        del self._buffer[:at]
        if self.over:
            self.rest = bytes(self._buffer)
        return bytes(content)

    def _read(self, line: bytes) -> None:
        """One whole line, without its CRLF."""
        match = self._match(line)
        self._spare -= len(line) + 2
        if self._spare < 0:
            raise Unframed("more around the chunks than in them")
        if self._line is _NOTHING:
            self._line = _SIZE
        elif self._line is _FIELD:
            self.over = not line
            if line and not match[1]:
                raise Unframed("a trailer field without a colon")
        elif not line:
            raise Unframed("a chunk without a size")
        else:
            self._left = int(match[1], 16)
            self._line = _NOTHING if self._left else _FIELD

    def _match(self, line: bytes) -> re.Match[bytes]:
        """What is here of a line. Raises Unframed when it cannot become what is expected."""
        match = self._line.fullmatch(line)
        if match is None:
            raise Unframed("a chunk, or its end, is not as RFC 9112 has it")
        if len(line) > MAX_LINE:
            raise Unframed(f"a line of more than {MAX_LINE} octets around a chunk")
        return match
