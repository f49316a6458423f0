"""Carries bytes between a socket and a session: an asyncio protocol without a coroutine per command.

A peer that does not read its replies is not read from either; so is one that waits for a delay, and all while too many
messages wait for verification.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Protocol, cast

from postduif.sink.conversation import Ending, Pause
from postduif.sink.rules import Rule
from postduif.sink.session import Session

_ENDLESS = b"250-and another line\r\n" * 1000


class Desk(Protocol):
    """What a connection needs of the sink."""

    def opened(self, connection: Connection) -> Session:
        """A session for a new connection."""
        ...

    def closed(self, connection: Connection) -> None:
        """The connection is gone."""
        ...

    def full(self, connection: Connection) -> bool:
        """Too much waits; the sink calls `read_on` when that has changed."""
        ...

    def secure(self, connection: Connection) -> None:
        """Do the TLS handshake, then call `secured`."""
        ...


class Connection(asyncio.Protocol):
    """One socket."""

    def __init__(self, desk: Desk, rule: Rule | None) -> None:
        """`rule`: whose address it came to; None when that belongs to no rule."""
        self.rule = rule
        self.silent = False
        """Nothing was heard since it was last set."""
        self.transport: asyncio.Transport
        self.session: Session
        self._desk = desk
        self._timer: asyncio.TimerHandle | None = None
        self._blocked = False
        self._early: bytes | None = None
        """What came through TLS before `secured` was called; None when no handshake is under way."""
        self._receive: Callable[[bytes], bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or after STARTTLS go on."""
        self.transport = cast("asyncio.Transport", transport)
        if hasattr(self, "session"):
            return
        self.session = self._desk.opened(self)
        self._receive = self.session.receive
        self._send(self.session.greet())

    def data_received(self, data: bytes) -> None:
        """Feed the session."""
        self.silent = False
        if self._early is None:
            self._send(self._receive(data))
        else:
            self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell those who count."""
        if self._timer:
            self._timer.cancel()
        self.session.closed()
        self._desk.closed(self)

    def pause_writing(self) -> None:
        """The peer does not read."""
        self._blocked = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._blocked = False
        if self.session.after is Ending.ENDLESS:
            self._flood()
        else:
            self.read_on()

    def read_on(self) -> None:
        """Read again, unless something else still forbids it."""
        if not self._blocked and not isinstance(self.session.after, Pause) and not self.transport.is_closing():
            self.transport.resume_reading()

    def secured(self, transport: asyncio.Transport) -> None:
        """The handshake is done; everything goes through `transport` from here."""
        self.transport = transport
        cipher = transport.get_extra_info("cipher")
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        self.session.secured(f"{tls.version() if tls else ''} {cipher[0] if cipher else ''}".strip())
        early, self._early = self._early, None
        if early:
            self._send(self._receive(early))

    def expire(self) -> None:
        """The peer was silent too long, unless it is we who let it wait."""
        if not isinstance(self.session.after, Pause) and self.session.after is not Ending.HANG:
            self.transport.write(self.session.expire())
            self.transport.abort()

    def _send(self, octets: bytes) -> None:
        if octets:
            self.transport.write(octets)
        after = self.session.after
        if after is not None:
            self._turn(after)
        elif self._desk.full(self):
            self.transport.pause_reading()

    def _turn(self, after: Pause | Ending) -> None:
        if isinstance(after, Pause):
            self.transport.pause_reading()
            self._timer = asyncio.get_running_loop().call_later(after.seconds, self._resume)
        elif after is Ending.CLOSE:
            self.transport.close()
        elif after is Ending.RESET:
            self._reset()
        elif after is Ending.ENDLESS:
            self._flood()
        elif after is Ending.TLS:
            self.transport.pause_reading()
            self._early = b""
            self._desk.secure(self)

    def _resume(self) -> None:
        self._timer = None
        self._send(self.session.resume())
        self.read_on()

    def _reset(self) -> None:
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _flood(self) -> None:
        while not self._blocked and not self.transport.is_closing():
            self.transport.write(_ENDLESS)
