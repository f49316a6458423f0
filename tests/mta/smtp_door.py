"""A server on a free port with a door that only notes: what the tests of the server talk to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from postduif.address import Address
from postduif.clock import SystemClock
from postduif.config.schema import Auth, Listener
from postduif.envelope import Envelope
from postduif.mta.auth_backoff import Backoff
from postduif.mta.credentials import Credentials
from postduif.mta.server import SmtpServer
from postduif.mta.submission import Client
from postduif.reply import Reply

HOSTNAME = "mx.example.org"


class Door:
    """What the server asks of `Submission`. `gate`, when it is set, holds every commit until it is opened."""

    def __init__(self) -> None:
        self.mails: list[tuple[Client, Envelope, bytes]] = []
        self.gate: asyncio.Event | None = None
        self.waiting = 0
        """Commits that have come to the gate."""
        self.failure: Exception | None = None

    def may_send(self, client: Client, sender: Address) -> Reply | None:
        """Refuses refused@..., and strangers where AUTH is required."""
        if client.listener.auth == "required" and not client.user:
            return Reply(530, "5.7.0", "authentication required")
        return Reply(550, "5.7.1", "not you") if sender.localpart == "refused" else None

    def may_receive(self, client: Client, recipient: Address) -> Reply | None:
        """Refuses nobody@... for good and later@... for now."""
        if recipient.localpart == "nobody":
            return Reply(550, "5.1.1", "no such mailbox here")
        return Reply(450, "4.2.1", "not now") if recipient.localpart == "later" else None

    async def accept(self, client: Client, envelope: Envelope, content: bytes) -> Reply:
        """Notes the mail; its number is the queue id."""
        if self.gate is not None:
            self.waiting += 1
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.mails.append((client, envelope, content))
        return Reply(250, "2.0.0", f"queued as {len(self.mails)}")


@contextlib.asynccontextmanager
async def serving(
    door: Door,
    *,
    data_dir: Path | None = None,
    tls_context: ssl.SSLContext | None = None,
    sock: socket.socket | None = None,
    **settings: Any,
) -> AsyncIterator[SmtpServer]:
    """A running server with these settings of a listener; it is closed afterwards."""
    listener = Listener.model_validate({"address": "127.0.0.1:0", "trusted": ["127.0.0.0/8"], **settings})
    credentials = Credentials(data_dir or Path("/nonexistent"), Backoff(Auth(), SystemClock()))
    server = SmtpServer(
        listener,
        hostname=HOSTNAME,
        submission=door,  # type: ignore[arg-type]
        credentials=credentials,
        clock=SystemClock(),
        tls=tls_context,
    )
    await server.start(sock)
    try:
        yield server
    finally:
        await server.close(0)
        credentials.close()


class Caller:
    """A client that says and hears what the test wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def call(cls, server: SmtpServer, tls: ssl.SSLContext | None = None, *, greeted: bool = True) -> Caller:
        """Connect, and hear the greeting."""
        caller = cls(
            *await asyncio.open_connection(*server.address, ssl=tls, server_hostname=HOSTNAME if tls else None)
        )
        if greeted:
            assert (await caller.hear()).startswith("220 ")
        return caller

    async def say(self, text: str | bytes) -> str:
        """Send a line (octets: as they are) and hear the reply."""
        self.write(text)
        return await self.hear()

    def write(self, text: str | bytes) -> None:
        """Send a line, or octets as they are."""
        self.writer.write(text if isinstance(text, bytes) else text.encode() + b"\r\n")

    async def hear(self) -> str:
        """A whole reply, its lines joined by newlines; "" when the server has hung up."""
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            try:
                line = await asyncio.wait_for(self.reader.readline(), 60)
            except ConnectionError:
                return ""
            if not line:
                return ""
            lines.append(line.decode().removesuffix("\r\n"))
        return "\n".join(lines)

    async def open_mail(self) -> None:
        """EHLO, MAIL, RCPT, DATA, up to 354."""
        await self.say("EHLO client")
        await self.say("MAIL FROM:<one@example.com>")
        await self.say("RCPT TO:<two@example.net>")
        assert (await self.say("DATA")).startswith("354 ")

    async def begin_tls(self, context: ssl.SSLContext) -> None:
        """STARTTLS, and the handshake."""
        assert (await self.say("STARTTLS")).startswith("220 2.0.0 ")
        await self.writer.start_tls(context, server_hostname=HOSTNAME)

    async def gone(self) -> bool:
        """The server hangs up."""
        with contextlib.suppress(ConnectionError):
            while await asyncio.wait_for(self.reader.read(65536), 60):
                pass
        return True

    async def hang_up(self) -> None:
        """Close."""
        self.writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()


async def until(true: Callable[[], bool]) -> None:
    """Return when it is true; a minute is too long."""
    deadline = asyncio.get_running_loop().time() + 60
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "it did not become true"
        await asyncio.sleep(0.005)
