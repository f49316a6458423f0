"""Mail data as it comes from a client: where it ends, how large it may be, what is not a line (RFC 5321 4.1.1.4,
4.5.2, 2.3.8; RFC 3030). Pure; keeps at most what the limits allow, whatever is sent.

CRLF.CRLF ends the data of DATA and nothing else does. Everything is searched once, however it is cut.
"""

from __future__ import annotations

import io
import re
from typing import NewType

from postduif.mta.quick_look import looks_for

Lines = NewType("Lines", bytes)
"""Mail data that `fault_of` found nothing wrong with: every line ends in CRLF, the last one too, and there is no NUL.
Whoever hands mail to the door has it looked at once; the type says that it was."""

END = b"\r\n.\r\n"
has_dot_line = looks_for("\r\n\\.")
"""A line begins with a dot: it may be the end, or stuffed."""
_NEWLINE = re.compile(rb"\r\n|\r|\n")
_SHORTEST_SLACK = 65536


class DataReader:
    """The octets between 354 and CRLF.CRLF.

    Past `max_size` octets (RFC 1870: without the dots that were doubled), or in a line longer than `max_line`, nothing
    is kept any more; the end is still looked for, so that the client can be told.
    """

    __slots__ = (
        "_buffer",
        "_dots",
        "_dots_to",
        "_line",
        "_max_line",
        "_max_size",
        "_searched",
        "_stuffed",
        "fault",
        "octets",
    )

    def __init__(self, max_size: int, max_line: int) -> None:
        self.octets = 0
        """All that came, kept or not."""
        self.fault = ""
        """"size", "line" or "memory" when the message can not be taken."""
        self._max_size = max_size
        self._max_line = max_line
        self._buffer = bytearray(b"\r\n")  # as if the 354 line were before it: a first line "." ends the data too
        self._searched = 0
        self._stuffed = False  # a line that begins with a dot was seen
        self._line = 2  # the start of a line, and every line before it is short enough
        self._dots = 0
        self._dots_to = 0

    @property
    def held(self) -> int:
        """Octets in memory."""
        return len(self._buffer)

    @property
    def hopeless(self) -> bool:
        """So much was sent past the limit that there is no use in waiting for the end."""
        return self.octets > self._max_size + max(self._max_size, _SHORTEST_SLACK)

    def feed(self, received: bytes) -> bytes | None:
        """Take what came. None: the end is not here yet; else what follows the end."""
        self.octets += len(received)
        buffer = self._buffer
        buffer += received
        end = self._find_end()
        if end < 0:
            if not self.fault:
                self._check(len(buffer) - buffer.endswith(END[:-1]))  # that CR may be one of the end
            if self.fault:
                self._forget()
            return None
        rest = bytes(memoryview(buffer)[end + len(END) :])
        del buffer[end + 2 :]
        if not self.fault:
            self._check(len(buffer))
        return rest

    def drop(self) -> None:
        """There is no memory for it: keep nothing of it."""
        self.fault = self.fault or "memory"
        self._forget()

    def _forget(self) -> None:
        del self._buffer[: -len(END) + 1]
        self._searched = 0

    def content(self) -> bytes:
        """The mail data, unstuffed (RFC 5321 4.5.2), its last CRLF included. Once the end was found without fault."""
        if self._stuffed:
            return bytes(memoryview(self._buffer.replace(b"\r\n.", b"\r\n"))[2:])
        return bytes(memoryview(self._buffer)[2:])

    def _find_end(self) -> int:
        buffer = self._buffer
        if not self._stuffed:
            ended = buffer.endswith(END, self._searched)
            until = len(buffer) - ended * (len(END) - 2)  # as far as no dot of the end itself is in it
            if not has_dot_line(str(memoryview(buffer)[self._searched : until], "latin-1")):
                self._searched = max(0, len(buffer) - 2)
                return len(buffer) - len(END) if ended else -1
            dot = buffer.find(b"\r\n.", self._searched)
            if dot < 0:
                self._searched = max(0, len(buffer) - 2)
                return -1
            if buffer.startswith(END, dot):
                return dot
            self._searched = dot
            if len(buffer) < dot + len(END):  # cut in what may be the end
                return -1
            self._stuffed = True
        end = buffer.find(END, self._searched)
        self._searched = max(0, len(buffer) - len(END) + 1)
        return end

    def _check(self, length: int) -> None:
        if length - 2 > self._max_size + self._dots and self._size_without_dots(length) > self._max_size:
            self.fault = "size"
        elif length - self._line > self._max_line:
            self._check_lines(length)

    def _size_without_dots(self, length: int) -> int:
        self._dots += self._buffer.count(b"\r\n.", self._dots_to)
        self._dots_to = max(0, length - 2)
        return length - 2 - self._dots

    def _check_lines(self, length: int) -> None:
        line, fault = next_line(self._buffer, self._line, length, self._max_line)
        self._line = line
        if fault:
            self.fault = "line"


def next_line(octets: bytes | bytearray, line: int, length: int, limit: int) -> tuple[int, bool]:
    """From the start of a line, skip lines of up to `limit` octets, CRLF included, until less than that is left.

    Returns the start of the last line reached, and whether that line is too long.
    """
    while length - line > limit:
        end = octets.rfind(b"\r\n", line, line + limit)
        if end < 0:
            return line, True
        line = end + 2
    return line, False


def fault_of(content: bytes, max_line: int) -> str:
    """Why `content`, which ends in CRLF, is no mail data: "newline" (a bare CR or LF), "nul", "line", or ""."""
    if b"\0" in content:
        return "nul"
    if newlines_of(content) not in ("\r\n", None):
        return "newline"
    return "line" if next_line(content, 0, len(content), max_line)[1] else ""


def newlines_of(content: bytes) -> str | tuple[str, ...] | None:
    """The kinds of line ends in `content`. The newline decoder of `io` finds them in one pass, faster than a search."""
    decoder = io.IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(content.decode("latin-1"))
    newlines: str | tuple[str, ...] | None = decoder.newlines
    return newlines


def normalize(content: bytes) -> bytes:
    """Turn every bare CR and bare LF into CRLF."""
    return _NEWLINE.sub(b"\r\n", content)


class ChunkReader:
    """The octets of one BDAT chunk, added to `into`; into nothing when the chunk is refused (RFC 3030 section 2)."""

    __slots__ = ("_into", "left", "octets")

    def __init__(self, size: int, into: bytearray | None) -> None:
        self.left = size
        """Octets still to come."""
        self.octets = 0
        self._into = into

    @property
    def held(self) -> int:
        """Octets in memory, of this chunk and those before it."""
        return len(self._into) if self._into is not None else 0

    def drop(self) -> None:
        """There is no memory for it: keep nothing of it."""
        self._into = None

    def feed(self, received: bytes) -> bytes | None:
        """Take what came. None: the chunk is not whole yet; else what follows it."""
        taken = min(self.left, len(received))
        self.left -= taken
        self.octets += taken
        if self._into is not None:
            self._into += memoryview(received)[:taken]
        return None if self.left else received[taken:]
