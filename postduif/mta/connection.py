"""One client connection: it carries octets between a transport and a `ServerSession`, begins TLS, and keeps time.

On aiosmtpd's `SMTP`, from which come the life of a connection, its task and its timer. The loop that reads and answers
is ours: it runs where the octets arrive, without a task. Only what takes time gets one, which goes on when the client
goes: what was handed over is not undone (RFC 5321 4.1.1.10).
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import socket
import struct
from typing import TYPE_CHECKING, cast

from aiosmtpd.smtp import SMTP

from postduif import log
from postduif.mta import sasl, server_reply
from postduif.mta.client_network import ClientAddress
from postduif.mta.login import Login
from postduif.mta.server_dialog import BeginTls, Commit
from postduif.mta.server_session import ServerSession
from postduif.mta.submission import Client
from postduif.reply import Reply

if TYPE_CHECKING:
    from postduif.mta.server import SmtpServer

MAX_UNREAD = 65536  # octets of replies that a client leaves unread before nothing more is done for it
MAX_WAITING = 65536  # octets that wait for the session before no more are read
LINGER = 5.0  # seconds for the last words to leave
TICK = 5.0  # seconds between looks at the deadlines, at most

_AT_ONCE = struct.pack("ii", 1, 0)  # what is unsent is dropped, and the client hears RST
_NO_HOOKS = object()
_FAILED = Reply(451, "4.3.0", "Something went wrong here; try again later")


class Connection(SMTP):
    """One client, from accept to the last octet."""

    def __init__(self, server: SmtpServer) -> None:
        terms = server.terms
        tick = min(TICK, terms.listener.idle_timeout / 4, terms.listener.crowded_timeout / 2)
        super().__init__(_NO_HOOKS, hostname=terms.hostname, timeout=tick, loop=server.loop)
        self._server = server
        self._clock = terms.clock
        self._terms = terms
        self._wire: asyncio.Transport
        self._smtp: ServerSession
        self._address: ClientAddress
        self._in_handshake = False
        self._held = b""
        self._refusal = ""  # the limit that keeps it out
        self._ended = False  # the client sent its last octet
        self._reading = True
        self._unread = False  # replies wait for the client to read
        self._gone = False
        self._stopping = False
        self._busy = False  # a task works for the session

    def another(self) -> Connection:
        """A new connection of the same settings. This one, which never had a client, is the pattern.

        The parent looks through all its attributes when it is made, which costs more than taking a mail.
        """
        new = copy.copy(self)
        reader = asyncio.StreamReader(loop=self.loop)
        asyncio.StreamReaderProtocol.__init__(new, reader, new._cb_client_connected, self.loop)  # noqa: SLF001
        return new

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here. The rest is in `_handle_client`, which the parent starts as a task."""
        self._wire = cast(asyncio.Transport, transport)
        self._wire.set_write_buffer_limits(MAX_UNREAD)
        self._address = ClientAddress.of(transport.get_extra_info("peername"))
        self._smtp = self._session()
        self._refusal = self._server.admit(self, self._address)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """The loop of the session."""
        if self._in_handshake:
            self._hold(data)
            return
        smtp = self._smtp
        out = smtp.receive(data, self._clock.monotonic())
        if out:
            self._wire.write(out)
        if smtp.closing or smtp.stalled or smtp.want is not None:
            self._see_to(smtp)

    def eof_received(self) -> bool:
        """The client sends no more. It may still want to hear what became of its mail."""
        self._ended = True
        return isinstance(self._smtp.want, Commit) and not self._wire.get_extra_info("ssl_object")

    def connection_lost(self, error: Exception | None) -> None:
        """It is over; what is being queued is queued."""
        if self._gone:
            return
        self._gone = True
        self._smtp.release()
        super().connection_lost(error)
        if not self._refusal:
            self._server.forget(self, self._address)

    def pause_writing(self) -> None:
        """The client leaves replies unread."""
        super().pause_writing()
        self._unread = True
        self._throttle()

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._unread = False
        self._go_on()

    # --- called by the server

    def stop(self) -> None:
        """End politely once no transaction is open."""
        self._stopping = True
        self._smtp.stop()
        if self._smtp.idle and not self._in_handshake:
            self._go_on()

    def cut(self) -> None:
        """End now, or as soon as a mail that is being queued is."""
        if self._in_handshake:
            self._wire.abort()
        elif not isinstance(self._smtp.want, Commit):
            if not self._smtp.closing:
                self._wire.write(self._smtp.cut())
            self._close()

    def abort(self) -> None:
        """End without a word, and without waiting for the client to read (unlike close), not in the kernel either."""
        if (sock := self._wire.get_extra_info("socket")) is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._wire.abort()

    # --- the session

    async def _handle_client(self) -> None:
        if self._refusal:
            self._turn_away(self._refusal)
            return
        for _ in range(2):  # two turns of the event loop: who talked before the greeting is heard before it
            await asyncio.sleep(0)
        if not self._gone:
            self._wire.write(self._smtp.greet())

    def _turn_away(self, reason: str) -> None:
        self._server.refuse(self._address, reason)
        self._smtp.closing = True
        self._wire.write(server_reply.STOPPING if reason == "stopping" else server_reply.TOO_MANY_CONNECTIONS)
        self._close()

    def _session(self, *, greeted: bool = False) -> ServerSession:
        listener = self._terms.listener
        cipher = self._wire.get_extra_info("cipher")
        tls = f"{cipher[1]} {cipher[0]}" if cipher else ""
        trusted = self._address.within(listener.trusted)
        senders = listener.allowed_senders if trusted else ()
        client = Client(self._address.text, "", "", tls, trusted, listener, senders=senders)
        return ServerSession(self._terms, client, greeted=greeted)

    def _go_on(self) -> None:
        """Let the session look at what waits, now that it may."""
        if self._gone or self._wire.is_closing():
            return
        smtp = self._smtp
        if not self._unread and smtp.want is None and not smtp.closing:
            self._wire.write(smtp.receive(b"", self._clock.monotonic()))
        self._see_to(smtp)

    def _see_to(self, smtp: ServerSession) -> None:
        """Do what the session needs next."""
        want = smtp.want
        if smtp.closing:
            self._close()
        elif want is not None:
            if not self._busy:
                self._busy = True
                self._begin(want)
        elif self._ended:
            self._close()
        elif smtp.stalled and not self._unread:
            self.loop.call_soon(self._go_on)
        self._throttle()

    def _begin(self, want: Commit | sasl.Claim | BeginTls) -> None:
        if isinstance(want, Commit):
            self._server.work(self._commit(want))
        elif isinstance(want, BeginTls):
            self._in_handshake = True
            self._wire.pause_reading()
            self._server.work(self._begin_tls())
        else:
            self._server.work(self._verify(want))

    def _throttle(self) -> None:
        reading = not self._unread and self._smtp.waiting <= MAX_WAITING
        if reading != self._reading and not self._wire.is_closing():
            self._reading = reading
            (self._wire.resume_reading if reading else self._wire.pause_reading)()

    async def _commit(self, mail: Commit) -> None:
        try:
            reply = await self._terms.submission.accept(mail.client, mail.envelope, mail.content)
        except Exception as error:  # whatever it is, the client keeps its copy and the daemon goes on
            log.error("failure", where="accept", client=self._address.text, error=repr(error))
            reply = _FAILED
        self._done(self._smtp.committed(reply))

    async def _verify(self, claim: sasl.Claim) -> None:
        try:
            login = await self._server.credentials.login(claim, self._address)
        except Exception as error:  # nobody gets in because something broke
            log.error("failure", where="auth", client=self._address.text, error=repr(error))
            login = Login("error")
        self._done(self._smtp.verified(claim, login))

    def _done(self, out: bytes) -> None:
        """What took time is done; `out` is the reply to it."""
        self._busy = False
        if self._gone or self._wire.is_closing():
            return
        self._wire.write(out)
        smtp = self._smtp
        if smtp.waiting or smtp.closing or self._ended or self._stopping:
            self._go_on()

    def _hold(self, octets: bytes) -> None:
        """Octets that come before the session after STARTTLS is there.

        In TLS they may: the client has finished its handshake and goes on. In the clear they may not (RFC 3207 4).
        """
        if self._wire.get_protocol() is not self:
            self._held += octets
            return
        self._server.refuse(self._address, "starttls_injection")
        self._wire.abort()

    async def _begin_tls(self) -> None:
        """Take over the connection with TLS, and forget everything that was said (RFC 3207 4.2)."""
        assert self._server.tls is not None
        wire = None
        try:
            wire = await self.loop.start_tls(
                self._wire,
                self,
                self._server.tls,
                server_side=True,
                ssl_handshake_timeout=self._server.handshake_timeout,
                ssl_shutdown_timeout=LINGER,
            )
        except OSError as error:  # SSLError and the timeout are among them
            self._server.handshake_failed(self._address, error)
        if wire is None or self._gone:
            self._wire.abort()
            self.connection_lost(None)
            return
        wire.set_write_buffer_limits(MAX_UNREAD)
        self.transport = self._wire = wire
        self._smtp = self._session(greeted=True)
        self._in_handshake = self._busy = False
        if self._stopping:
            self._smtp.stop()
        if self._held or self._stopping:
            self.data_received(self._held)

    # --- time

    def _close(self) -> None:
        if not self._wire.is_closing():
            self._wire.close()
            self._reset_timeout(LINGER)

    def _timeout_cb(self) -> None:
        """Look at the deadlines; the parent's timer calls this."""
        if self._gone:
            return
        if self._smtp.closing or self._wire.is_closing():
            self.abort()
            return
        words = b"" if self._in_handshake else self._smtp.overdue(self._clock.monotonic(), crowded=self._server.crowded)
        if not self._smtp.closing:
            self._reset_timeout()
        elif self._unread:  # it would never read them
            self.abort()
        else:
            self._wire.write(words)
            self._close()
