"""One SMTP listener: it takes connections within the limits, and stops without breaking off what is under way.

Leaves to others: what is said (`ServerSession`), carrying it (`Connection`), who may send what (`Submission`).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import Coroutine
from dataclasses import replace

from postduif import log
from postduif.clock import Clock
from postduif.config.schema import Listener
from postduif.mta import metrics
from postduif.mta.client_network import ClientAddress, ClientCount
from postduif.mta.connection import LINGER, Connection
from postduif.mta.credentials import Credentials
from postduif.mta.message_memory import MessageMemory
from postduif.mta.server_terms import Terms
from postduif.mta.submission import Submission
from postduif.mta.tls import tls_context

__all__ = ["SmtpServer", "tls_context"]

BACKLOG = 1024  # connections the kernel keeps for us
SEND_BUFFER = 65536  # octets of replies the kernel keeps for one client; connections take it over from the socket
HANDSHAKE = 60.0  # seconds for TLS to begin, at most
ACCEPT_PAUSE = 0.5  # seconds, when no connection can be taken
CROWD = 0.8  # of max_connections, above which strangers have only crowded_timeout
LAST_WORDS = 1.0  # seconds for the last 421 to leave


class SmtpServer:
    """Serves one `[[listener]]`. Start it on the event loop that it is to run on."""

    def __init__(
        self,
        listener: Listener,
        *,
        hostname: str,
        submission: Submission,
        credentials: Credentials,
        clock: Clock,
        tls: ssl.SSLContext | None,
        memory: MessageMemory | None = None,
    ) -> None:
        """`memory` is shared with the other listeners."""
        self.label = str(listener.address)
        starttls = listener.tls == "starttls" and tls is not None
        self.terms = Terms(listener, hostname, submission, clock, starttls, memory or MessageMemory(sys.maxsize))
        self.credentials = credentials
        self.tls = tls
        self.loop: asyncio.AbstractEventLoop
        self._socket: socket.socket
        self._listening: asyncio.Server | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._address: tuple[str, int]
        self._pattern: Connection
        self._connections: set[Connection] = set()
        self._clients = ClientCount()
        self._tasks: set[asyncio.Task[None]] = set()
        self._emptied = asyncio.Event()
        self._stopping = False
        self._handshakes: set[asyncio.Task[None]] = set()
        self._clock = clock
        self._open = metrics.CONNECTIONS.labels(self.label)
        self._total = metrics.CONNECTIONS_TOTAL.labels(self.label)

    async def start(self, sock: socket.socket | None = None) -> None:
        """Listen, on `sock` if it is given (bound already, as systemd hands it over). Raises OSError."""
        self.loop = asyncio.get_running_loop()
        address = self.terms.listener.address
        self._socket = sock or listening_socket(address.host, address.port)
        self._socket.settimeout(0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._address = self._socket.getsockname()[:2]
        self._pattern = Connection(self)
        if self.terms.listener.tls == "implicit":
            self._socket.listen(BACKLOG)
            self._accepting = self.loop.create_task(self._accept())
        else:
            self._listening = await self.loop.create_server(self._next_connection, sock=self._socket, backlog=BACKLOG)

    @property
    def listener(self) -> Listener:
        """The settings for new connections."""
        return self.terms.listener

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, with the port that was taken for 0."""
        return self._address

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def reload(self, listener: Listener, tls: ssl.SSLContext | None) -> None:
        """New settings for new connections. The address stays, and whether TLS is implicit: that needs a restart."""
        if "implicit" in {self.listener.tls, listener.tls} and listener.tls != self.listener.tls:
            log.warning("reload_needs_restart", setting="listener.tls", listener=self.label)
            return
        self.tls = tls
        self.terms = replace(self.terms, listener=listener, starttls=listener.tls == "starttls" and tls is not None)
        self._pattern = Connection(self)

    async def close(self, grace: float) -> None:
        """Take no more connections; end the idle ones with 421 4.3.2, the others after their transaction.

        Who has not ended after `grace` seconds is cut off. What is being queued is waited for in any case.
        """
        self._stopping = True
        await self._stop_listening()
        for connection in list(self._connections):
            connection.stop()
        await self._empty(grace)
        for connection in list(self._connections):
            connection.cut()
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._empty(LAST_WORDS)
        for connection in list(self._connections):
            connection.abort()

    async def _empty(self, patience: float) -> None:
        """Wait until no connection is left, `patience` seconds at most."""
        if not self._connections:
            return
        self._emptied = asyncio.Event()
        waiting = [asyncio.ensure_future(self._emptied.wait()), asyncio.ensure_future(self._clock.sleep(patience))]
        _, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in late:
            task.cancel()

    def _next_connection(self) -> Connection:
        return self._pattern.another()

    async def _stop_listening(self) -> None:
        if self._listening is not None:
            self._listening.close()
        if self._accepting is not None:
            unfinished = [self._accepting, *self._handshakes]
            for task in unfinished:
                task.cancel()
            await asyncio.wait(unfinished)
            self._socket.close()

    # --- implicit TLS: a client is counted before its handshake, which costs more than all that comes after it

    async def _accept(self) -> None:
        while True:
            try:
                sock, peername = await self.loop.sock_accept(self._socket)
            except OSError as error:  # no descriptor is left, or the client is gone already
                log.warning("accept_failed", listener=self.label, error=error)
                await asyncio.sleep(ACCEPT_PAUSE)
                continue
            address = ClientAddress.of(peername)
            refusal = self._limit_met(address)
            if refusal:
                self.refuse(address, refusal)
                sock.close()
            else:
                self._clients.add(address)
                handshake = self.loop.create_task(self._shake_hands(sock, address))
                self._handshakes.add(handshake)
                handshake.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, sock: socket.socket, address: ClientAddress) -> None:
        try:
            await self.loop.connect_accepted_socket(
                self._next_connection,
                sock,
                ssl=self.tls,
                ssl_handshake_timeout=self.handshake_timeout,
                ssl_shutdown_timeout=LINGER,
            )
        except OSError as error:  # SSLError and the timeout are among them
            self.handshake_failed(address, error)
        finally:
            self._clients.remove(address)

    # --- for its connections

    @property
    def crowded(self) -> bool:
        """So many connections are open that those who wait for nothing have to go."""
        return len(self._connections) >= CROWD * self.terms.listener.max_connections

    @property
    def handshake_timeout(self) -> float:
        """Seconds for a TLS handshake."""
        return min(HANDSHAKE, self.terms.listener.idle_timeout)

    def handshake_failed(self, address: ClientAddress, error: OSError) -> None:
        """Note that a client could not begin TLS."""
        metrics.REFUSED.labels(self.label, "tls").inc()
        log.info("tls_failed", client=address.text, error=str(error) or type(error).__name__)

    def refuse(self, address: ClientAddress, reason: str) -> None:
        """Note that a client was turned away."""
        metrics.REFUSED.labels(self.label, reason).inc()
        log.info("refused", client=address.text, reason=reason)

    def admit(self, connection: Connection, address: ClientAddress) -> str:
        """Count a new connection and return ""; or return the limit that it met, and do not count it."""
        self._total.inc()
        refusal = "" if self._accepting and not self._stopping else self._limit_met(address)
        if not refusal:
            self._connections.add(connection)
            self._clients.add(address)
            self._open.inc()
        return refusal

    def forget(self, connection: Connection, address: ClientAddress) -> None:
        """A connection that `admit` counted is over."""
        self._connections.discard(connection)
        self._clients.remove(address)
        self._open.dec()
        if not self._connections:
            self._emptied.set()

    def _limit_met(self, address: ClientAddress) -> str:
        listener = self.terms.listener
        if self._stopping:
            return "stopping"
        if len(self._connections) + len(self._handshakes) >= listener.max_connections:
            return "connections"
        if self._clients.of(address) >= listener.max_connections_per_client:
            return "client_connections"
        return ""

    def work(self, task: Coroutine[object, object, None]) -> None:
        """Do this whether or not its connection lasts."""
        running = self.loop.create_task(task)
        self._tasks.add(running)
        running.add_done_callback(self._tasks.discard)


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound TCP socket; port 0 takes a free one. IPv6 takes no IPv4. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
