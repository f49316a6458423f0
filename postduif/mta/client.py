"""One connection to a remote host: connects, speaks TLS, carries the session's bytes, keeps its deadlines.

All trouble leaves here as a Reply. A transaction that is done, or that the connection took with it, is told to the
owner exactly once, through `on_done`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from postduif.config.schema import Delivery
from postduif.mta.client_session import ClientSession, Garbled, Step
from postduif.mta.network_reply import STAGES, reply_for
from postduif.mta.transaction import Transaction
from postduif.mta.unsent import not_acknowledged, not_sent, reset_when_closed
from postduif.reply import Reply

QUIT_TIMEOUT = 5.0  # seconds for the 221; nothing depends on it
IDLE_LOOK = 60.0  # seconds between looks at a connection that waits for nothing
LAST_WORDS = 64 * 1024  # octets that are read from a connection after writing to it failed
SLOWEST = 500.0  # octets a second that a peer must take of what we send
_TLS_MARGIN = 512  # octets that TLS may have put behind or around the end of a content


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom to connect to."""

    name: str
    address: str
    port: int

    def __str__(self) -> str:
        """As journals name it: `mx1.example.net[192.0.2.1]:25`."""
        return f"{self.name}[{self.address}]:{self.port}"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for each wait (RFC 5321 4.5.3.2)."""

    by_step: dict[Step, float]
    connect: float

    @classmethod
    def of(cls, settings: Delivery) -> Timeouts:
        """From the settings of `[delivery]`."""
        steps = dict.fromkeys(Step, settings.command_timeout)
        steps |= dict.fromkeys((Step.GREETING, Step.EHLO, Step.HELO), settings.greeting_timeout)
        steps |= {Step.DATA: settings.data_timeout, Step.FINAL: settings.final_timeout, Step.QUIT: QUIT_TIMEOUT}
        return cls(steps, settings.connect_timeout)


class Connection(asyncio.Protocol):
    """A connection, from the greeting to its end. Make it with `connect`."""

    def __init__(self, ehlo: str, peer: Peer, timeouts: Timeouts) -> None:
        self.peer = peer
        self.session = ClientSession(ehlo, str(peer))
        self.lost: Reply | None = None
        """Why the connection is over; None while it is there."""
        self.tls = ""
        self.transactions = 0
        """How many it has carried to a verdict."""
        self.on_done: Callable[[Transaction], None] = _nothing
        self.on_lost: Callable[[Connection], None] = _nothing
        self.on_room: Callable[[Connection], None] = _nothing
        self._timeouts = timeouts
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._changed = asyncio.Event()
        self._deadline = self._loop.time() + timeouts.by_step[Step.GREETING]
        self._timer: asyncio.TimerHandle | None = None
        self._raw: asyncio.Transport | None = None
        """The transport of the TCP connection, below TLS."""
        self._backlog = False
        """Not everything written has gone to the kernel."""
        self._unsent = 0
        """Octets of that backlog when it was last looked at."""

    def __repr__(self) -> str:
        """For operators: who, and what is awaited."""
        step = self.session.waiting_for
        state = str(self.lost) if self.lost else f"awaiting {step.value}" if step else "idle"
        return f"<Connection {self.peer}, {state}, {self.transactions} done>"

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP connection (or the TLS layer on it) is there."""
        # uvloop's transports are none of asyncio's classes, but do as they do.
        self._transport = self._raw = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # so that a backlog is known
        self._watch()

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self._backlog = True

    def resume_writing(self) -> None:
        """The kernel has taken everything."""
        self._backlog = False
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Bytes of replies."""
        before = self.session.replies
        try:
            done = self.session.receive(data)
        except Garbled as error:
            self._report(error.done)  # what was said before holds, or the mail would go out twice
            # What is said into STARTTLS speaks against TLS at this host, not against the mail.
            tls = Reply(454, "4.7.5", f"STARTTLS: {error}") if self.session.starting_tls else None
            self._end(tls or reply_for(error, self.stage))
            return
        self._report(done)
        self.flush()
        if self.session.replies > before:  # an octet now and then is no answer
            self._await_next()
        self._changed.set()
        if self.session.closing is not None:
            self._end(self.session.closing)
        elif done:
            self.on_room(self)

    def _report(self, done: list[Transaction]) -> None:
        for transaction in done:
            self.transactions += 1
            self.on_done(transaction)

    def eof_received(self) -> None:
        """The peer says no more (FIN). Nothing can be settled with it, so nothing more is sent either."""
        self._end(reply_for(ConnectionError(), self.stage), end_of_file=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, by whomever."""
        reply = reply_for(exc or ConnectionError(), self.stage)
        if exc is not None and self.lost is None and (words := self._last_words()):
            self.session.closing = self.session.closing or reply
            self.data_received(words)
        self._end(reply, socket_open=not self.tls)

    def _last_words(self) -> bytes:
        """What came before a reset and was not read yet when writing failed: a 250 in it is a 250."""
        if self._raw is None or self.tls:
            return b""
        try:
            return os.read(self._raw.get_extra_info("socket").fileno(), LAST_WORDS)
        except OSError:
            return b""

    # --- what the owner does

    @property
    def stage(self) -> str:
        """What is being waited for, in words."""
        step = self.session.waiting_for
        return STAGES[step] if step else "idle"

    @property
    def room(self) -> bool:
        """A transaction may be offered."""
        return self.lost is None and self.session.room

    def offer(self, transaction: Transaction) -> None:
        """Carry it as soon as the protocol allows; `on_done` gets it back."""
        self.session.offer(transaction)
        self.flush()

    def flush(self) -> None:
        """Write what the session has to say, and set the deadline of the reply that comes next."""
        if self._transport is None or self.lost is not None:
            return
        output = self.session.take_output()
        if self.session.content_here:
            for piece in output:
                self._transport.write(piece)
            if not self._backlog:
                self.session.content_left()
                self._transport.write(b"".join(self.session.take_output()))
        elif output:
            self._transport.write(output[0] if len(output) == 1 else b"".join(output))
        else:
            return
        self._unsent = self._octets_here() if self._backlog else 0
        self._await_next()

    def _octets_here(self) -> int:
        assert self._transport is not None
        assert self._raw is not None
        below = self._raw.get_write_buffer_size() if self.tls else 0
        return self._transport.get_write_buffer_size() + below

    async def ready(self) -> Reply | None:
        """Wait for greeting and EHLO; None when transactions can be offered, else why not."""
        while self.lost is None and not self.session.ready:
            self._changed.clear()
            await self._changed.wait()
        return self.lost

    async def start_tls(self, context: ssl.SSLContext) -> Reply | None:
        """STARTTLS and the EHLO after it (RFC 3207). Returns None, or why there is no TLS: then the connection is over.

        Bytes behind the 220 are never taken for replies inside TLS.
        """
        self.session.start_tls()
        self.flush()
        while self.lost is None and self.session.tls_reply is None:
            self._changed.clear()
            await self._changed.wait()
        reply = self.session.tls_reply
        if self.lost is not None or reply is None:
            return self.lost
        if not reply.positive:
            self._end(reply)
            return reply
        if self.session.plaintext_left:
            self._end(Reply(454, "4.7.5", "plaintext behind the reply to STARTTLS"))
            return self.lost
        return await self._shake_hands(context) or await self.ready()

    async def _shake_hands(self, context: ssl.SSLContext) -> Reply | None:
        assert self._transport is not None
        reset_when_closed(self._transport.get_extra_info("socket"))  # whoever closes it when the handshake fails
        try:
            transport = await self._loop.start_tls(
                self._transport,
                self,
                context,
                server_hostname=None if _is_address(self.peer.name) else self.peer.name.rstrip("."),
                ssl_handshake_timeout=self._timeouts.by_step[Step.STARTTLS],
            )
        except (OSError, TimeoutError) as error:
            self._end(Reply(454, "4.7.5", reply_for(error, "TLS handshake").text))
            return self.lost
        if transport is None or self.lost is not None:
            self._end(Reply(454, "4.7.5", "connection lost in the TLS handshake"))
            return self.lost
        self._transport = transport
        transport.set_write_buffer_limits(high=1, low=0)  # 0 would pause an empty one
        reset_when_closed(transport.get_extra_info("socket"), yes=False)
        version, cipher = transport.get_extra_info("ssl_object").version(), transport.get_extra_info("cipher")
        self.tls = f"{version} {cipher[0]}" if cipher else str(version)
        self.session.secured()
        self.flush()
        return None

    def quit(self) -> None:
        """Say goodbye; the connection ends with the reply or soon after."""
        if self.lost is None and self.session.waiting_for is None:
            self.session.quit()
            self.flush()
        else:
            self.abort(Reply(421, "4.3.2", "closed here"))

    def abort(self, reply: Reply) -> None:
        """End it now."""
        self._end(reply)

    def _end(self, reply: Reply, *, end_of_file: bool = False, socket_open: bool = True) -> None:
        if self.lost is not None:
            return
        self.lost = reply
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None and self._raw is not None:
            connection: socket.socket | None = self._raw.get_extra_info("socket") if socket_open else None
            one = self.session.judged
            if one is not None and self._end_is_here(connection, end_of_file=end_of_file):
                one.content_sent = False
            if connection is not None and not self._raw.is_closing():
                orderly = end_of_file or self.session.closing is not None or self.session.waiting_for is None
                if not orderly or self._backlog or not_sent(connection.fileno()):
                    reset_when_closed(connection)
            # close() would wait for a peer that never reads.
            self._transport.abort()
        self._changed.set()
        self.on_lost(self)

    def _end_is_here(self, connection: socket.socket | None, *, end_of_file: bool) -> bool:
        """The end of the content that has no verdict is certainly not with the peer.

        It is in our buffer, or was never sent. Or the peer closed its side and had not confirmed it by then: what
        comes after that nobody reads.
        """
        behind = self.session.behind
        if self._backlog:
            return not behind
        if connection is None:
            return False
        left = not_acknowledged(connection.fileno()) if end_of_file else not_sent(connection.fileno())
        return left > behind + (_TLS_MARGIN if self.tls else 0)

    def _await_next(self) -> None:
        """The deadline of what comes next: the peer taking more of what we say, or its reply."""
        step = self.session.waiting_for
        if step is None or self.lost is not None:
            return
        self._deadline = self._loop.time() + self._timeouts.by_step[Step.DATA if self._unsent else step]
        # Deadlines move with every reply, timers only when they must come earlier.
        if self._timer is not None and self._deadline < self._timer.when():
            self._timer.cancel()
            self._timer = self._loop.call_at(self._deadline, self._watch)

    def _watch(self) -> None:
        """The timer: has anything moved since the deadline was set?"""
        assert self._transport is not None
        if self.session.waiting_for is None:
            self._deadline = self._loop.time() + IDLE_LOOK
        elif self._loop.time() >= self._deadline:
            unsent = self._octets_here() if self._backlog else 0
            taken, enough = self._unsent - unsent, SLOWEST * self._timeouts.by_step[Step.DATA]
            if not self._unsent or taken < min(self._unsent, enough):
                self._end(reply_for(TimeoutError(), self.stage))
                return
            # It reads, slowly: each block has its time, then the reply has (RFC 5321 4.5.3.2.5 and .6).
            self._unsent = unsent
            self._await_next()
        self._timer = self._loop.call_at(self._deadline, self._watch)


def _nothing(_: object) -> None:
    """The owner is not interested yet."""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


async def connect(peer: Peer, ehlo: str, timeouts: Timeouts, *, source_ip: str = "") -> Connection | Reply:
    """Connect and greet. A Connection that is ready for transactions (or for STARTTLS), or why there is none."""
    loop = asyncio.get_running_loop()
    connection = Connection(ehlo, peer, timeouts)
    try:
        async with asyncio.timeout(timeouts.connect):
            await loop.create_connection(
                lambda: connection,
                peer.address,
                peer.port,
                local_addr=(source_ip, 0) if source_ip else None,
            )
    except OSError as error:
        return reply_for(error, "connecting")
    try:
        return await connection.ready() or connection
    except asyncio.CancelledError:
        connection.abort(Reply(421, "4.3.2", "closed here"))
        raise


def opportunistic_context() -> ssl.SSLContext:
    """TLS without certificate fuss: any certificate is better than the clear (RFC 7435)."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
