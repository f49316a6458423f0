"""The HTTP door of a daemon: made of its parts, opened, told of new settings, closed."""

from __future__ import annotations

import asyncio
import ssl

from postduif import log
from postduif.config.schema import Http
from postduif.mta.auth_backoff import Backoff
from postduif.mta.injection.api import Api
from postduif.mta.injection.bearer import Bearers, owner
from postduif.mta.injection.conversation import Conversation
from postduif.mta.injection.door import Door
from postduif.mta.injection.http_server import HttpServer
from postduif.mta.tls import tls_context


def http_tls(settings: Http) -> ssl.SSLContext | None:
    """What it speaks TLS with; None: in the clear, on loopback. Raises ConfigError."""
    if settings.address is None or settings.certificate is None:
        return None
    return tls_context(settings.certificate, settings.private_key)


class HttpDoor:
    """Listens nowhere where `http.address` is not set; the control socket leads here all the same."""

    def __init__(self, door: Door, backoff: Backoff, tls: ssl.SSLContext | None) -> None:
        config = door.config()
        api = Api(door, Bearers(config.server.data_dir, backoff, door.clock).grant)
        self._door = door
        self._owners = Api(door, owner)
        self._server = HttpServer(config.http, tls, api.respond, door.clock) if config.http.address else None

    async def open(self) -> None:
        """Listen. Raises OSError."""
        if self._server is not None:
            await self._server.start()
            place = ":".join(map(str, self._server.address))
            log.info("http_listening", address=place, tls=self._server.tls is not None)

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: bytes) -> None:
        """Serve the owner, on the control socket, without a token. `begun` came already. A stop breaks it off."""
        settings, clock = self._door.config().http, self._door.clock
        await Conversation(reader, writer, settings, self._owners.respond, clock).serve(begun)

    @property
    def port(self) -> int:
        """The port that it listens on; 0: none."""
        return self._server.address[1] if self._server else 0

    def reload(self, settings: Http, tls: ssl.SSLContext | None) -> None:
        """New settings for new connections. The address stays, and whether TLS is spoken: that needs a restart."""
        server = self._server
        if server is not None and settings.address == server.settings.address and (tls is None) is (server.tls is None):
            server.settings, server.tls = settings, tls

    async def close(self, grace: float) -> None:
        """Stop without breaking off what is under way, for `grace` seconds."""
        if self._server is not None:
            await self._server.close(grace)
