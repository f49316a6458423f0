"""A long body cut into its JSON values, whatever the pieces it comes in: lines, or the elements of an array.

Pure; holds one value at most. Each item is given with all octets since the one before, so that the items together are
the body: that is what is hashed. What stands in a value is for others to read.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

_BLANKS = b" \t\r\n"
_OUTSIDE = re.compile(rb'["\[\]{},]')
_INSIDE = re.compile(rb'["\\]')


class Item(NamedTuple):
    """One JSON value."""

    raw: bytes
    """Every octet since the end of the item before."""
    text: bytes
    """The value itself, without blanks around it."""


class Malformed(ValueError):  # noqa: N818  the name says what is the case
    """The body is no sequence of values."""


class TooLong(ValueError):  # noqa: N818
    """One value is longer than it may be."""


class Items(Protocol):
    """A splitter."""

    longest: int
    """Octets of one item; may be changed between items."""

    def feed(self, octets: bytes) -> None:
        """Take some more of the body."""
        ...

    def next(self) -> Item | None:
        """The next whole item; None: feed first. Raises Malformed, TooLong."""
        ...

    def end(self) -> Item | None:
        """The body is whole, and `next` gave None: the last item, if it has no end of its own. Raises Malformed."""
        ...

    @property
    def rest(self) -> bytes:
        """What came after the last item."""
        ...

    @property
    def held(self) -> int:
        """Octets in memory."""
        ...


class Lines:
    """A value a line, lines ending in LF or CRLF. Blank lines are nothing."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self._buffer = bytearray()
        self._start = 0  # of the line that is looked at; blank lines are before it
        self._searched = 0

    def feed(self, octets: bytes) -> None:
        """See `Items`."""
        self._buffer += octets

    def next(self) -> Item | None:
        """See `Items`."""
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            self._searched = end + 1
            if self._searched > self.longest:
                raise TooLong
            if text := bytes(self._buffer[self._start : end]).strip(_BLANKS):
                return Item(self._take(end + 1), text)
            self._start = end + 1
        self._searched = len(self._buffer)
        if self._searched > self.longest:
            raise TooLong
        return None

    def end(self) -> Item | None:
        """See `Items`."""
        text = bytes(self._buffer[self._start :]).strip(_BLANKS)
        return Item(self._take(len(self._buffer)), text) if text else None

    @property
    def rest(self) -> bytes:
        """See `Items`."""
        return bytes(self._buffer)

    @property
    def held(self) -> int:
        """See `Items`."""
        return len(self._buffer)

    def _take(self, end: int) -> bytes:
        raw = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._start = self._searched = 0
        return raw


class Elements:
    """The elements of one JSON array."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self._buffer = bytearray()
        self._searched = 0
        self._start = 0  # of the element that is looked at
        self._depth = 0
        self._quoted = False
        self._over = False

    def feed(self, octets: bytes) -> None:
        """See `Items`."""
        self._buffer += octets

    def next(self) -> Item | None:
        """See `Items`."""
        while not self._over and (end := self._find_end()) >= 0:
            text = bytes(self._buffer[self._start : end]).strip(_BLANKS)
            last = self._buffer[end] == ord("]")
            self._over = last
            if text:
                return Item(self._take(end + 1), text)
            if not last or self._start == 0:  # `[1,]` and `[,`; `[]` has its start behind the bracket
                raise Malformed("an element of the array is missing")
        if self._over and bytes(self._buffer[self._searched :]).strip(_BLANKS):
            raise Malformed("something follows the array")
        if len(self._buffer) > self.longest:
            raise TooLong
        return None

    def end(self) -> Item | None:
        """See `Items`."""
        if not self._over:
            raise Malformed("the array has no end")
        return None

    @property
    def rest(self) -> bytes:
        """See `Items`."""
        return bytes(self._buffer)

    @property
    def held(self) -> int:
        """See `Items`."""
        return len(self._buffer)

    def _find_end(self) -> int:
        """Where the comma or bracket behind the element is; -1: not here yet. Each octet is looked at once."""
        while True:
            found = (_INSIDE if self._quoted else _OUTSIDE).search(self._buffer, self._searched)
            if found is None:
                self._look_at_blanks(len(self._buffer))
                self._searched = len(self._buffer)
                return -1
            at, octet = found.start(), found[0]
            if octet == b"\\":
                if at + 1 == len(self._buffer):  # what it escapes is not here yet
                    self._searched = at
                    return -1
                self._searched = at + 2
                continue
            self._look_at_blanks(at)
            self._searched = at + 1
            if self._searched > self.longest:
                raise TooLong
            if octet == b'"':
                self._quoted = not self._quoted
                if not self._depth:
                    raise Malformed("the body is no array")
            elif octet in b"[{":
                self._open(octet)
            elif octet == b",":
                if self._depth == 1:
                    return at
            elif self._close():
                return at

    def _look_at_blanks(self, end: int) -> None:
        """Before the array there is nothing else."""
        if not self._depth and bytes(self._buffer[self._searched : end]).strip(_BLANKS):
            raise Malformed("the body is no array")

    def _open(self, octet: bytes) -> None:
        if not self._depth:
            if octet != b"[":
                raise Malformed("the body is no array")
            self._start = self._searched
        self._depth += 1

    def _close(self) -> bool:
        if not self._depth:
            raise Malformed("the body is no array")
        self._depth -= 1
        return not self._depth

    def _take(self, end: int) -> bytes:
        raw = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._start = self._searched = 0
        return raw
