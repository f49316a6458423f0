"""HTTP connections that wait for nobody: a client that sends or reads too slowly, or too much, loses its connection.

uvicorn alone waits for ever for a header, for a body, and for a client to read its answer; so a few thousand
connections that send an octet now and then would shut everybody else out. Here a header has a time to be complete in,
and bodies and answers a least rate. Time that we need ourselves counts against nobody. And uvicorn keeps all that
comes: here a header has a size, and so has what is sent before the answer to what was sent before. Bodies are bounded
by who reads them.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, NamedTuple

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from postduif.campaign.crowd import Crowd
from postduif.mta.client_network import ClientAddress

LOOKS = 4
"""Times that a connection is looked at within the shortest of its limits."""
MAX_HEADER = 64 * 1024
"""Octets of a header, or of anything else that is no body; one read of the socket may pass it."""
MAX_FIELDS = 100
"""Fields of a header, with those behind a body in chunks."""
MAX_WAITING = 4
"""Requests that wait until the one before is answered. Browsers and proxies send none."""
_ANSWER = "HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_MALFORMED, _TOO_SLOW, _TOO_LARGE = "400 Bad Request", "408 Request Timeout", "431 Request Header Fields Too Large"
_CROWDED, _TOO_MANY = "503 Service Unavailable", "too many connections"


class Patience(NamedTuple):
    """What a client gets. Times in seconds."""

    header: float = 10.0
    """From the connection, or from the first octet of a request, to the end of its header."""
    window: float = 10.0
    """In which a body, or an answer, has to come on by `rate` octets a second."""
    rate: float = 500.0


class _TooMuch(Exception):  # noqa: N818  said to the parser alone
    """Stop here."""


class Punctual(HttpToolsProtocol):
    """One connection."""

    patience: ClassVar[Patience]
    crowd: ClassVar[Crowd]

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._every = min(self.patience.header, self.patience.window) / LOOKS
        self._begun: float | None = 0.0
        """When the header that is under way began; None: none is."""
        self._taken = 0
        """Octets, in all."""
        self._idle = 0
        """Octets since the last header that was complete, or the last piece of a body."""
        self._refusal = _MALFORMED
        """What is said to who cannot be understood."""
        self._body = (0.0, 0)
        """When the window of the body began, and what was taken by then."""
        self._answer = (0.0, 0)
        """The same of the answer: what was unread then."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch."""
        super().connection_made(transport)
        self._address = ClientAddress.of(transport.get_extra_info("peername"))
        if not self.crowd.enter(self._address):
            self.crowd.let_go(_TOO_MANY, self._address, self.loop.time())
            transport.abort()
        self._is_late = self.crowd.is_full
        self._begun = self.loop.time()
        self._look_again = self.loop.call_later(self._every, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """No more to watch."""
        self._look_again.cancel()
        self.crowd.leave(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """The first octets of a request begin its time."""
        self._taken += len(data)
        self._idle += len(data)
        if self._begun is None and (self.cycle is None or self.cycle.response_complete):
            self._begun = self.loop.time()
        super().data_received(data)
        if self._idle > MAX_HEADER and not self.transport.is_closing():
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """One more request, perhaps before the one before is answered."""
        if len(self.pipeline) >= MAX_WAITING:
            raise _TooMuch
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field, before the body or behind it."""
        if len(self.headers) >= MAX_FIELDS:
            self._refusal = _TOO_LARGE
            raise _TooMuch
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Now comes the body."""
        self._begun = None
        self._idle = 0
        self._body = (self.loop.time(), self._taken)
        if self._is_late or len(self.tasks) >= self.crowd.most:
            self._refusal = _CROWDED
            raise _TooMuch
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of it."""
        self._idle = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Nothing behind this can be read."""
        self._refuse(self._refusal)

    def resume_writing(self) -> None:
        """The client has read a good deal."""
        self._answer = (self.loop.time(), 0)
        super().resume_writing()

    def _refuse(self, status: str) -> None:
        """Say so, unless that would stand in the midst of another answer, and let go."""
        cycle = self.cycle
        if not self.pipeline and (cycle is None or not cycle.response_started or cycle.response_complete):
            self.transport.write(_ANSWER.format(status).encode())
        self.transport.close()
        if status != _TOO_SLOW:  # browsers connect ahead, and often for nothing
            self.crowd.let_go(status, self._address, self.loop.time())

    def _look(self) -> None:
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            return
        now = self.loop.time()
        if self._reads_too_slowly(now):
            self.transport.abort()
            return
        if not self.transport.is_closing() and self._sends_too_slowly(now):
            self._refuse(_TOO_SLOW)
        self._look_again = self.loop.call_later(self._every, self._look)

    def _sends_too_slowly(self, now: float) -> bool:
        if self._begun is not None:
            return now - self._begun >= self.patience.header
        cycle = self.cycle
        waits = not (
            cycle is None or cycle.response_complete or self.flow.read_paused or cycle.waiting_for_100_continue
        )
        if not waits or not cycle.more_body:
            self._body = (now, self._taken)
            return False
        since, taken = self._body
        if now - since < self.patience.window:
            return False
        self._body = (now, self._taken)
        return self._taken - taken < self.patience.rate * (now - since)

    def _reads_too_slowly(self, now: float) -> bool:
        unread = self.transport.get_write_buffer_size()
        since, before = self._answer
        if not before or not unread or unread > before:  # we cannot add without end: uvicorn stops us at 64 KB
            self._answer = (now, unread)
            return False
        if now - since < self.patience.window:
            return False
        self._answer = (now, unread)
        return before - unread < self.patience.rate * (now - since)


def punctual(patience: Patience, crowd: Crowd) -> type[Punctual]:
    """For connections that have so much patience, in this crowd."""
    return type("Patient", (Punctual,), {"patience": patience, "crowd": crowd})
