"""The sink itself: sockets, figures and the messages taken, inside the event loop that starts it.

    async with Sink(rules='[[rule]]\\ndomain = "busy.example"\\nrcpt = {reply = "450 4.2.1 busy"}') as sink:
        ...deliver to 127.0.0.1, port sink.port...
        await sink.wait_for(1)
        assert sink.messages[0].sender == "a@example.org"

Several can live in one loop. A message counts when it was verified, if that was asked for.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from postduif.clock import Clock, SystemClock
from postduif.config.kinds import HostPort
from postduif.sink.certificate import self_made
from postduif.sink.connection import Connection
from postduif.sink.extensions import Terms, offered
from postduif.sink.figures import Figures
from postduif.sink.intake import Intake, Memory
from postduif.sink.keeping import Keeper
from postduif.sink.received import Received
from postduif.sink.referee import Referee
from postduif.sink.rules import Rule, Rules
from postduif.sink.seen import Seen
from postduif.sink.session import Session
from postduif.sink.verify import Verifier

_BACKLOG = 4096  # connections that wait for accept
_HANDSHAKE = 30.0  # seconds for TLS
_FAREWELL = 5.0  # seconds for aborted connections to be gone
_TOO_MANY = b"421 4.3.2 too many connections, try again later\r\n"


class Sink:
    """A test MX on one address, and on those that rules name.

    `rules`: TOML text, a file, or the rules. `verify_keys` (record name to PEM key or record) or `nameserver` turns
    verification on, in one thread or in `verify_processes`. `tls`: True makes a certificate. `without`: extensions not
    offered. `keep`: how many messages stay in memory. `remember`: how many recipients' Message-IDs, to find duplicates.
    `timeout`: seconds of silence; after that, and before twice that, a connection is ended. Sizes are octets.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rules: Rules | Path | str = "",
        verify_keys: Mapping[str, str] | None = None,
        nameserver: HostPort | None = None,
        verify_processes: int = 0,
        tls: bool | ssl.SSLContext = False,
        without: Iterable[str] = (),
        keep: int = 10_000,
        keepers: Sequence[Keeper] = (),
        hostname: str = "sink.test",
        id_header: str = "Message-ID",
        remember: int = 1_000_000,
        seed: int = 0,
        max_size: int = 100 * 1024 * 1024,
        max_recipients: int = 1000,
        max_connections: int = 10_000,
        timeout: float = 300.0,
        clock: Clock | None = None,
    ) -> None:
        """Nothing is opened yet. Raises ConfigError (rules, `without`) and ValueError (keys)."""
        self.host, self.port = host, port
        self.addresses: dict[str, int] = {}
        """The port of each rule that has an address of its own, by its domain."""
        self.figures = Figures()
        self._clock = clock or SystemClock()
        self._context = self_made(hostname) if tls is True else tls or None
        offer = offered(without, tls=self._context is not None)
        self._terms = Terms(hostname, offer, max_size, max_recipients, id_header.lower().encode())
        self._rules = _read(rules)
        self._referee = Referee(self._rules, seed, self._clock.monotonic)
        self._max_connections = max_connections
        self._timeout = timeout
        verifier = Verifier(verify_keys or {}, nameserver) if verify_keys is not None or nameserver else None
        memory = Memory(keep, Seen(remember), tuple(keepers))
        self._intake = Intake(self.figures, self._clock, memory, self._read_on, verifier, verify_processes)
        self._connections: set[Connection] = set()
        self._halted: set[Connection] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._empty: asyncio.Future[None] | None = None

    @property
    def messages(self) -> deque[Received]:
        """The last `keep` messages, oldest first."""
        return self._intake.messages

    async def wait_for(self, count: int, timeout: float = 30.0) -> None:
        """Return once `count` messages were taken since the start. Raises TimeoutError, which says how many were."""
        try:
            async with asyncio.timeout(timeout):
                await self._intake.wait_for(count)
        except TimeoutError:
            raise TimeoutError(f"{self.figures.messages} of {count} messages after {timeout:g} s") from None

    async def start(self) -> None:
        """Listen. Raises OSError when an address cannot be had; then nothing is left open."""
        self._intake.start()
        try:
            self.port = await self._listen(self.host, self.port, None)
            for rule in self._rules.rule:
                if rule.listen:
                    self.addresses[rule.domain] = await self._listen(rule.listen.host, rule.listen.port, rule)
        except OSError:
            await self.stop()
            raise
        self._sweep = asyncio.get_running_loop().call_later(self._timeout, self._expire)

    async def stop(self) -> None:
        """End every connection, finish verification, write what is kept."""
        if self._sweep:
            self._sweep.cancel()
        for task in self._handshakes:
            task.cancel()
        for connection in list(self._connections):
            connection.transport.abort()
        await self.drain(_FAREWELL)
        await self._intake.stop()

    async def drain(self, seconds: float) -> None:
        """Take no new connections and wait so long for those that are open to end."""
        for server in self._servers:
            server.close()
        if self._connections:
            self._empty = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._empty], timeout=seconds)

    async def __aenter__(self) -> Self:
        """Started."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stopped."""
        await self.stop()

    # What connections ask (`connection.Desk`)

    def opened(self, connection: Connection) -> Session:
        """A session for a new connection."""
        self.figures.connections += 1
        self.figures.open += 1
        self._connections.add(connection)
        peer = connection.transport.get_extra_info("peername")
        session = Session(
            self._terms,
            self._referee,
            self.figures,
            self._intake.take,
            rule=connection.rule,
            client=peer[0] if peer else "",
            ordinal=self.figures.connections,
        )
        if self.figures.open > self._max_connections:
            session.refuse(_TOO_MANY)
        return session

    def closed(self, connection: Connection) -> None:
        """The connection is gone."""
        self.figures.open -= 1
        self._connections.discard(connection)
        self._halted.discard(connection)
        if self._empty and not self._connections and not self._empty.done():
            self._empty.set_result(None)

    def full(self, connection: Connection) -> bool:
        """Too many messages wait for verification; `read_on` is called when that has changed."""
        if self._intake.full:
            self._halted.add(connection)
        return self._intake.full

    def secure(self, connection: Connection) -> None:
        """Do the TLS handshake, then call `secured`."""
        task = asyncio.get_running_loop().create_task(self._secure(connection))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _secure(self, connection: Connection) -> None:
        assert self._context
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(
                connection.transport, connection, self._context, server_side=True, ssl_handshake_timeout=_HANDSHAKE
            )
        except OSError:  # ssl.SSLError and ConnectionError among them; the transport is closed
            return
        if transport:
            connection.secured(transport)

    async def _listen(self, host: str, port: int, rule: Rule | None) -> int:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self, rule), host, port, backlog=_BACKLOG)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _read_on(self) -> None:
        halted, self._halted = self._halted, set()
        for connection in halted:
            connection.read_on()

    def _expire(self) -> None:
        for connection in list(self._connections):
            if connection.silent:
                connection.expire()
            connection.silent = True
        self._sweep = asyncio.get_running_loop().call_later(self._timeout, self._expire)


def _read(rules: Rules | Path | str) -> Rules:
    if isinstance(rules, Path):
        return Rules.load(rules)
    return Rules.parse(rules) if isinstance(rules, str) else rules
