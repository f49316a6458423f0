"""An ASGI application on an address of ours: uvicorn in a thread, so that the process itself can work or wait.

The address is taken before the thread begins, so whoever starts it hears at once when it is taken. Signals are the
process's own. A request that is under way at the end has GRACE seconds. Who sends or reads too slowly is let go
(`punctual`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from postduif import log
from postduif.campaign.crowd import Crowd
from postduif.campaign.punctual import Patience, punctual
from postduif.config.kinds import HostPort, Network
from postduif.errors import ConfigError, PostduifError

GRACE = 5.0  # seconds
KEEP_ALIVE = 30  # seconds that a connection waits for its next request
BACKLOG = 1024


class Served:
    """One of them. `start`, and later `stop`."""

    def __init__(
        self,
        app: ASGIApp,
        address: HostPort,
        *,
        tls: ssl.SSLContext | None = None,
        proxies: Sequence[Network] = (),
        renames: bool = True,
        most: int = 1000,
        ended: Callable[[], None] = lambda: None,
        patience: Patience = Patience(),  # noqa: B008  frozen
    ) -> None:
        """`proxies` have as many connections as they like, and are believed when they name the client: here, or, when
        not `renames`, by the application. `most`: connections, and requests under way; then 503.

        `ended` is called when it ends, from its thread.
        """
        _speak_our_way()
        config = uvicorn.Config(
            app,
            http=punctual(patience, Crowd(most, proxies)),
            loop="uvloop",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=renames and bool(proxies),
            forwarded_allow_ips=[str(network) for network in proxies],
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=int(GRACE),
        )
        config.load()
        config.ssl = tls
        self._address = address
        self._server = _Server(config)
        self._ended = ended
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self, setting: str) -> None:
        """Listen. Raises ConfigError with the `setting` that names the address when it cannot be had."""
        family = socket.AF_INET6 if ":" in self._address.host else socket.AF_INET
        try:
            self._socket = socket.create_server(
                (self._address.host, self._address.port), family=family, backlog=BACKLOG
            )
        except OSError as error:
            raise ConfigError(f"{setting} {self._address}: {error.strerror}; is another one running?") from None
        self._thread.start()
        tls = self._server.config.ssl is not None
        log.info("http_listening", address=f"{self._address.host}:{self.port}", tls=tls, setting=setting)

    @property
    def port(self) -> int:
        """The one that it listens on."""
        port: int = self._socket.getsockname()[1]
        return port

    def stop(self) -> None:
        """Take no more, let what is under way end, and return when it did, within GRACE seconds or a little more.

        Raises PostduifError when it had ended by itself.
        """
        fell = not self._thread.is_alive()
        self._server.end()
        self._thread.join(GRACE + 1)
        self._socket.close()
        if fell:
            raise PostduifError("the pages ended by themselves; the lines above say why")

    def _run(self) -> None:
        try:
            self._server.run([self._socket])
        finally:
            self._ended()


class _Server(uvicorn.Server):
    """Ends at once when nothing is under way. uvicorn alone looks every tenth of a second, and then waits another."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._wake: Callable[[], object] = lambda: None

    def end(self) -> None:
        """From any thread, at any time."""
        self.should_exit = True
        with contextlib.suppress(RuntimeError):  # its loop is closed: it has ended by itself
            self._wake()

    async def main_loop(self) -> None:
        """Return when it is told to end; meanwhile it is asked for the date of its answers."""
        over = asyncio.Event()
        self._wake = partial(asyncio.get_running_loop().call_soon_threadsafe, over.set)
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """What is under way has its time; what waits for a request has none."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


class _Lines(logging.Handler):
    """What uvicorn says of our own mistakes, as lines of our log. Of clients, `Crowd` speaks."""

    def emit(self, record: logging.LogRecord) -> None:
        fault = record.exc_info[1] if record.exc_info else None
        log.warning("http_server", said=record.getMessage(), error=repr(fault) if fault else "")


def _speak_our_way() -> None:
    logger = logging.getLogger("uvicorn.error")
    if not logger.handlers:
        logger.addHandler(_Lines())
        logger.setLevel(logging.ERROR)
        logger.propagate = False
