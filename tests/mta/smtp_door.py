"""A server on a free port with a door that only notes: what the tests of the server talk to."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from postduif.address import Address
from postduif.clock import SystemClock
from postduif.config.schema import Listener
from postduif.envelope import Envelope
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
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.mails.append((client, envelope, content))
        return Reply(250, "2.0.0", f"queued as {len(self.mails)}")


@contextlib.asynccontextmanager
async def serving(
    door: Door, *, data_dir: Path | None = None, tls: ssl.SSLContext | None = None, **settings: Any
) -> AsyncIterator[SmtpServer]:
    """A running server with these settings of a listener; it is closed afterwards."""
    listener = Listener.model_validate({"address": "127.0.0.1:0", "trusted": ["127.0.0.0/8"], **settings})
    credentials = Credentials(data_dir or Path("/nonexistent"))
    server = SmtpServer(
        listener,
        hostname=HOSTNAME,
        submission=door,  # type: ignore[arg-type]
        credentials=credentials,
        clock=SystemClock(),
        tls=tls,
    )
    await server.start()
    try:
        yield server
    finally:
        await server.close(0)
        credentials.close()
