"""Cut a stream of bytes into SMTP replies (RFC 5321 4.2). Pure; bounded in lines and octets.

Accepts what real servers say: a bare LF as line end, a code without text. Refuses what no server may say: codes
outside 2yz to 5yz, a code that changes between lines, replies without end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from postduif.errors import RemoteProtocolError
from postduif.reply import MAX_LINE, Reply

MAX_LINES = 100
MAX_OCTETS = 64 * 1024
MAX_KNOWN = 16  # replies of one line that are remembered, if they are no longer than lines should be
_LINE = re.compile(rb"([2-5][0-9]{2})([ -]?)([^\n]*)")


class ReplyReader:
    """Feed it bytes, take replies. `remote_mta` is written into each."""

    def __init__(self, remote_mta: str = "") -> None:
        self._remote_mta = remote_mta
        self._buffer = b""
        self._code = b""
        self._lines: list[bytes] = []
        self._octets = 0
        self._known: dict[bytes, Reply] = {}

    @property
    def pending(self) -> bool:
        """Some bytes belong to no complete reply yet."""
        return bool(self._buffer or self._lines)

    def feed(self, received: bytes) -> Iterator[Reply]:
        """The replies that are complete now, those before a fault too. Raises RemoteProtocolError. Take them all."""
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        for line in lines:
            if (reply := self._line(line)) is not None:
                yield reply
        if self._octets + len(self._buffer) > MAX_OCTETS:
            raise RemoteProtocolError(f"a reply of more than {MAX_OCTETS} octets")

    def _line(self, line: bytes) -> Reply | None:
        # Peers say the same few lines again and again.
        if not self._lines and (known := self._known.get(line)) is not None:
            return known
        self._octets += len(line) + 1
        match = _LINE.fullmatch(line.removesuffix(b"\r"))
        if match is None:
            raise RemoteProtocolError("a line that is no SMTP reply")
        code, separator, text = match.groups()
        if self._lines and code != self._code:
            raise RemoteProtocolError("the code changes within one reply")
        if len(self._lines) >= MAX_LINES or self._octets > MAX_OCTETS:
            raise RemoteProtocolError(f"a reply of more than {MAX_LINES} lines or {MAX_OCTETS} octets")
        self._code = code
        self._lines.append(text)
        if separator == b"-":
            return None
        reply = Reply.decode(int(code), self._lines, self._remote_mta)
        if len(self._lines) == 1 and len(self._known) < MAX_KNOWN and len(line) < MAX_LINE:
            self._known[line] = reply
        self._lines, self._octets = [], 0
        return reply
