"""The end of the road in every measurement: an SMTP server that counts messages and forgets them.

Leaner than Postfix's smtp-sink, which looks at every octet (100 us for 10 KB, 800 us for 100 KB on the machine of
docs/performance.md): here the end of data is one search. The bench prints what both can take before it measures.
It offers what smtp-sink offers, PIPELINING and 8BITMIME, and CHUNKING only when asked to.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import cast

import click
import uvloop

from bench.counter import Count, Counter

_END = b"\r\n.\r\n"
_REPLIES = {
    b"HELO": b"250 sink.example\r\n",
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
_EHLO = b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"


class Tally:
    """Counts for all connections, and keeps the first message when told where."""

    def __init__(self, counter: Counter, keep: Path | None) -> None:
        self._counter = counter
        self._keep = keep
        self._messages = 0
        self._first = self._last = self._begun = 0.0

    @property
    def wants_content(self) -> bool:
        """Whether the next message is to be kept."""
        return self._keep is not None

    def kept(self, content: bytes) -> None:
        """The first message, as it came (dots still doubled)."""
        if self._keep:
            self._keep.write_bytes(content)
            self._keep = None

    def begins(self) -> None:
        """One message begins now."""
        self._begun = time.monotonic()
        self._write()

    def message(self) -> None:
        """One message was complete now."""
        self._last = time.monotonic()
        self._first = self._first or self._last
        self._messages += 1
        self._write()

    def _write(self) -> None:
        self._counter.write(Count(self._messages, self._first, self._last, self._begun))


class Session(asyncio.Protocol):
    """One connection. Everything is accepted; what is unknown gets a 502."""

    def __init__(self, tally: Tally, *, chunking: bool) -> None:
        self._tally = tally
        self._ehlo = _EHLO + (b"250-CHUNKING\r\n" if chunking else b"") + b"250 SIZE\r\n"
        self._pending = b""
        self._in_data = False
        self._kept: list[bytes] = []
        self._chunk_left = 0
        self._last_chunk = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent
        self._transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, octets: bytes) -> None:
        """Takes commands, data and chunks as they come; answers what is complete in one write."""
        buffer = self._pending + octets if self._pending else octets
        replies: list[bytes] = []
        while buffer:
            if self._in_data:
                rest = self._data(buffer, replies)
            elif self._chunk_left:
                rest = self._chunk(buffer, replies)
            else:
                rest = self._command(buffer, replies)
            if rest is None:
                break
            buffer = rest
        else:
            self._pending = b""
        if replies:
            self._transport.write(b"".join(replies))

    def _data(self, buffer: bytes, replies: list[bytes]) -> bytes | None:
        end = buffer.find(_END)
        if self._tally.wants_content:
            self._kept.append(buffer[:end] if end >= 0 else buffer[:-4])
        if end < 0:
            self._pending = buffer[-4:]
            return None
        if self._tally.wants_content:
            self._tally.kept(b"".join(self._kept)[2:] + b"\r\n")
        self._in_data = False
        self._tally.message()
        replies.append(b"250 2.0.0 Ok\r\n")
        return buffer[end + 5 :]

    def _chunk(self, buffer: bytes, replies: list[bytes]) -> bytes:
        taken = min(self._chunk_left, len(buffer))
        if self._tally.wants_content:
            self._kept.append(buffer[:taken])
        self._chunk_left -= taken
        if not self._chunk_left:
            self._end_of_chunk(replies)
        return buffer[taken:]

    def _end_of_chunk(self, replies: list[bytes]) -> None:
        replies.append(b"250 2.0.0 Ok\r\n")
        if self._last_chunk:
            if self._tally.wants_content:
                self._tally.kept(b"".join(self._kept))
            self._tally.message()

    def _command(self, buffer: bytes, replies: list[bytes]) -> bytes | None:
        end = buffer.find(b"\r\n")
        if end < 0:
            self._pending = buffer
            return None
        verb = buffer[:4].upper()
        rest = buffer[end + 2 :]
        if verb == b"EHLO":
            replies.append(self._ehlo)
        elif verb == b"BDAT":
            words = buffer[:end].split()
            self._chunk_left = int(words[1])
            self._last_chunk = len(words) > 2
            if not self._chunk_left:
                self._end_of_chunk(replies)
        else:
            replies.append(_REPLIES.get(verb, b"502 5.5.1 Not here\r\n"))
        if verb == b"DATA":
            self._in_data = True
            return b"\r\n" + rest  # so that a lone dot on the first line ends the data too
        if verb == b"MAIL":
            self._kept = []
            self._tally.begins()
        if verb == b"QUIT":
            self._transport.write(b"".join(replies))
            replies.clear()
            self._transport.close()
        return rest


async def serve(address: str, port: int, tally: Tally, *, chunking: bool) -> None:
    """Listens until cancelled."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(tally, chunking=chunking), address, port, backlog=1000)
    await server.serve_forever()


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=int, required=True, help="Port there.")
@click.option("--counter", type=click.Path(path_type=Path), required=True, help="File the figures go to.")
@click.option("--keep", type=click.Path(path_type=Path), help="File the first message goes to.")
@click.option("--chunking", is_flag=True, help="Offer CHUNKING (BDAT).")
def main(address: str, port: int, counter: Path, keep: Path | None, chunking: bool) -> None:  # noqa: FBT001 -- click
    """Counts messages and forgets them."""
    with Counter(counter) as figures:
        uvloop.run(serve(address, port, Tally(figures, keep), chunking=chunking))


if __name__ == "__main__":
    main()
