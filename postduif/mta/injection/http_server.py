"""The HTTP listener: takes connections within the limits, in the clear or in TLS, and stops without breaking off.

Leaves to others: what is said (`Conversation`), what is done (`api`).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable

from postduif import log
from postduif.clock import Clock
from postduif.config.schema import Http
from postduif.mta import metrics
from postduif.mta.client_network import ClientAddress, ClientCount
from postduif.mta.injection.body import Body
from postduif.mta.injection.conversation import CHUNK, LINGER, Conversation
from postduif.mta.injection.problem import Answer, Problem
from postduif.mta.injection.request import Request
from postduif.mta.server import listening_socket

BACKLOG = 1024  # connections the kernel keeps for us
HANDSHAKE = 10.0  # seconds for TLS to begin, at most: a connection in it cannot be asked to make room
ACCEPT_PAUSE = 0.5  # seconds, when no connection can be taken
CROWDED = 10.0
"""Seconds a connection may wait without a whole head when its place is wanted."""
_UNREAD = 65536  # octets of responses that a client may leave unread


class HttpServer:
    """Serves `[http]`. Start it on the event loop that it is to run on."""

    def __init__(
        self,
        settings: Http,
        tls: ssl.SSLContext | None,
        respond: Callable[[Request, Body], Awaitable[Answer]],
        clock: Clock,
    ) -> None:
        self.settings = settings
        """For new connections; may be changed, but for the address."""
        self.tls = tls
        """For new connections. None: in the clear."""
        self._respond = respond
        self._clock = clock
        self._clients = ClientCount()
        self._open: set[asyncio.Task[None]] = set()
        """Of connections that are served."""
        self._leaving: set[asyncio.Task[None]] = set()
        """Of those that are told that there is no room. They take nobody's place."""
        self._conversations: set[Conversation] = set()
        self._stopping = False

    async def start(self) -> None:
        """Listen. Raises OSError."""
        assert self.settings.address is not None
        self._socket = listening_socket(self.settings.address.host, self.settings.address.port)
        self._socket.settimeout(0)
        self._socket.listen(BACKLOG)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    async def close(self, grace: float) -> None:
        """Take no more; idle connections end now, the others after their request, `grace` seconds at most."""
        self._stopping = True
        self._accepting.cancel()
        await asyncio.wait([self._accepting])
        self._socket.close()
        for one in list(self._conversations):
            one.stopping = True
            if one.idle:
                one.hang_up()
        if left := self._open | self._leaving:
            late = asyncio.ensure_future(self._clock.sleep(grace))
            all_over = asyncio.ensure_future(asyncio.wait(left))
            await asyncio.wait([late, all_over], return_when=asyncio.FIRST_COMPLETED)
            late.cancel()
            for task in left:
                task.cancel()
            await all_over

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, peername = await loop.sock_accept(self._socket)
            except OSError as error:  # no descriptor is left, or the client is gone already
                log.warning("accept_failed", listener="http", error=error)
                await asyncio.sleep(ACCEPT_PAUSE)
                continue
            self._take(sock, ClientAddress.of(peername))

    def _take(self, sock: socket.socket, client: ClientAddress) -> None:
        """Serve it or turn it away. It counts from now on: more may be accepted before its task begins."""
        refused = self._limit_met(client)
        if refused:
            metrics.HTTP_REQUESTS.labels("connections").inc()
            log.info("refused", client=client.text, reason=refused)
            task, tasks = asyncio.create_task(self._turn_away(sock)), self._leaving
        else:
            task, tasks = asyncio.create_task(self._serve(sock, client)), self._open
            self._clients.add(client)
            task.add_done_callback(lambda _: self._clients.remove(client))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def _limit_met(self, client: ClientAddress) -> str:
        if self._clients.of(client) >= self.settings.max_connections_per_client:
            return "client_connections"  # first: nobody else makes room for somebody who has too many
        if len(self._open) >= self.settings.max_connections and not self._makes_room():
            return "connections"
        return ""

    def _makes_room(self) -> bool:
        """End the connection that has waited longest for a request, if that is long; False: none has."""
        longest, before = None, self._clock.monotonic() - CROWDED
        for one in self._conversations:
            if one.waiting_since is not None and one.waiting_since <= before:
                longest, before = one, one.waiting_since
        if longest is not None:
            longest.waiting_since = None
            longest.hang_up()
        return longest is not None

    async def _turn_away(self, sock: socket.socket) -> None:
        """Words for who speaks in the clear; whoever wants TLS would cost a handshake."""
        with sock:
            if self.tls is None:
                answer = Problem("connections", "too many connections").answer()
                head = f"HTTP/1.1 {answer.status} Service Unavailable\r\nContent-Type: {answer.type}\r\n"
                head += f"Content-Length: {len(answer.body)}\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
                with contextlib.suppress(OSError, TimeoutError):
                    sock.send(head.encode() + answer.body)  # into an empty buffer of the kernel: it does not wait
                    await self._let_read(sock)

    async def _let_read(self, sock: socket.socket) -> None:
        """A client that is still sending is reset by a close, and may never read the answer. Not in a flood."""
        if len(self._leaving) > self.settings.max_connections:
            return
        sock.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(LINGER):
            while await asyncio.get_running_loop().sock_recv(sock, CHUNK):
                pass

    async def _serve(self, sock: socket.socket, client: ClientAddress) -> None:
        metrics.HTTP_CONNECTIONS.inc()
        try:
            reader, writer = await self._opened(sock)
            conversation = Conversation(reader, writer, self.settings, self._respond, self._clock)
            self._conversations.add(conversation)
            try:
                await conversation.serve()
            finally:
                self._conversations.discard(conversation)
        except OSError as error:  # SSLError and the timeout of the handshake are among them
            log.info("tls_failed", client=client.text, error=str(error) or type(error).__name__)
        except Exception as error:  # a mistake of ours costs one connection, and no other anything
            log.error("failure", where="http", client=client.text, error=repr(error))
        finally:
            metrics.HTTP_CONNECTIONS.dec()

    async def _opened(self, sock: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(CHUNK, loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        in_tls = self.tls is not None
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            sock,
            ssl=self.tls,
            ssl_handshake_timeout=min(HANDSHAKE, self.settings.idle_timeout) if in_tls else None,
            ssl_shutdown_timeout=LINGER if in_tls else None,
        )
        transport.set_write_buffer_limits(_UNREAD)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
