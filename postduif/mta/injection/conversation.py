"""One HTTP connection: octets between a stream and h11, in time. What is answered is for `api`.

Promises: a head is whole within `idle_timeout` and `max_header_size`, judged before it is read; a body is read only as
fast as it is used, and not slower than `min_data_rate` while we wait for it; after anything doubtful the connection
ends. HTTP/1.1 with keep-alive, chunked bodies and 100-continue (RFC 9110, 9112).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus

import h11

from postduif import log
from postduif.clock import Clock
from postduif.config.schema import Http
from postduif.mta import metrics
from postduif.mta.client_network import ClientAddress
from postduif.mta.injection import request as heads
from postduif.mta.injection.problem import Answer, Problem
from postduif.mta.injection.request import Request

CHUNK = 65536  # octets read at once
LINGER, MAX_LINGER = 2.0, 1 << 20
"""Seconds and octets that are read and thrown away after a last response, so that it arrives (RFC 9112 9.6)."""


class Gone(Exception):  # noqa: N818  the name says what is the case
    """The client went, or there is nobody to talk to any more."""


class Conversation:
    """`serve` returns when the connection is over."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        settings: Http,
        respond: Callable[[Request, Body], Awaitable[Answer]],
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._settings = settings
        self._respond = respond
        self._clock = clock
        self.client = ClientAddress.of(writer.get_extra_info("peername"))
        cipher = writer.get_extra_info("cipher")
        self._tls = f"{cipher[1]} {cipher[0]}" if cipher else ""
        self.idle = True
        """Between two requests."""
        self.waiting_since: float | None = clock.monotonic()
        """When it began to wait for the head that is not whole yet; None: a request is under way."""
        self.stopping = False
        """The next response is the last."""

    async def serve(self) -> None:
        """Answer requests until one of both has enough."""
        start = b""
        try:
            while True:
                going_on, start = await self._turn(start)
                if not going_on:
                    await self._linger()
                    return
        except (Gone, OSError, TimeoutError):
            pass
        finally:
            self._writer.transport.abort()

    async def _turn(self, start: bytes) -> tuple[bool, bytes]:
        """One request. Whether another may follow, and what is here of it."""
        self.idle = not start
        began = time.monotonic()
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=self._settings.max_header_size)
        head: Request | None = None
        try:
            head = await self._head(http, start)
            self.waiting_since = None
            answer = await self._respond(head, Body(self, http, head))
        except Problem as problem:
            answer = problem.answer()
        self._note(head, answer, time.monotonic() - began)
        going_on = await self._say(http, answer, head)
        self.waiting_since = self._clock.monotonic()
        return going_on, http.trailing_data[0] if going_on else b""

    async def _head(self, http: h11.Connection, start: bytes) -> Request:
        head = bytearray(start)
        try:
            async with asyncio.timeout(self._settings.idle_timeout):
                while (end := self._end_of(head)) < 0:
                    head += await self._receive()
                    self.idle = False
        except TimeoutError:
            if not head:
                raise
            raise Problem("timeout", "the header did not come in time") from None
        heads.judge(bytes(head[:end]))
        http.receive_data(bytes(head))
        event = next_event(http)
        if not isinstance(event, h11.Request):
            raise Problem("bad_request", "this is no HTTP request")
        return heads.read(event, self.client, self._tls)

    def _end_of(self, head: bytearray) -> int:
        """Where the body begins; -1: not here yet. Raises Problem when the head is too long, or none."""
        while head.startswith(b"\r\n"):  # RFC 9112 2.2: an empty line before the request is ignored
            del head[:2]
        end = head.find(heads.END, 0, self._settings.max_header_size)
        if end >= 0:
            return end + len(heads.END)
        if len(head) >= self._settings.max_header_size:
            raise Problem("header_too_large", f"more than {self._settings.max_header_size} octets of header")
        if not heads.BEGINNING.match(head):
            raise Problem("bad_request", "this is no HTTP request")
        return -1

    async def _receive(self) -> bytes:
        if octets := await self._reader.read(CHUNK):
            return octets
        raise Gone

    async def _say(self, http: h11.Connection, answer: Answer, head: Request | None) -> bool:
        """Send a response; True: another request may follow."""
        last = self.stopping or http.their_state not in (h11.DONE, h11.MUST_CLOSE)
        fields = [
            ("Content-Type", answer.type),
            ("Content-Length", str(len(answer.body))),
            ("Date", formatdate(usegmt=True)),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *answer.fields,
            *((("Connection", "close"),) if last else ()),
        ]
        response = h11.Response(status_code=answer.status, headers=fields, reason=HTTPStatus(answer.status).phrase)
        body = b"" if head is not None and head.method == "HEAD" else answer.body
        if http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # h11 gave up: it says nothing more by itself
            http = h11.Connection(h11.SERVER)
        parts = [http.send(response), http.send(h11.Data(body)), http.send(h11.EndOfMessage())]
        await self._write(b"".join(part for part in parts if part))
        return not last and http.our_state is h11.DONE and http.their_state is h11.DONE

    async def _write(self, octets: bytes) -> None:
        self._writer.write(octets)
        async with asyncio.timeout(self._settings.idle_timeout):
            await self._writer.drain()

    async def _linger(self) -> None:
        """A close with octets unread would be a reset, which could take our last words with it."""
        with contextlib.suppress(OSError, RuntimeError, NotImplementedError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
        left = MAX_LINGER
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(LINGER):
                if not self._writer.can_write_eof():
                    self._writer.close()
                    await self._writer.wait_closed()
                    return
                while left > 0 and (octets := await self._reader.read(CHUNK)):
                    left -= len(octets)

    def _note(self, head: Request | None, answer: Answer, seconds: float) -> None:
        metrics.HTTP_REQUESTS.labels(answer.code).inc()
        log.info(
            "http_request",
            client=self.client.text,
            method=head.method if head else "",
            path=head.path if head else "",
            status=answer.status,
            code=answer.code,
            seconds=round(seconds, 3),
        )

    async def more(self, http: h11.Connection) -> bytes:
        """Octets for a body, said 100-continue before if the client waits for that. Raises Gone."""
        if http.they_are_waiting_for_100_continue:
            await self._write(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        return await self._receive()

    def hang_up(self) -> None:
        """End it now."""
        self._writer.transport.abort()

    @property
    def settings(self) -> Http:
        """Those it began with."""
        return self._settings


class Body:
    """The body of one request, read as it is wanted: what is not asked for stays with the client."""

    def __init__(self, connection: Conversation, http: h11.Connection, head: Request) -> None:
        self._connection = connection
        self._http = http
        self._length = head.length
        self._waited = 0.0
        self._came = 0
        self._over = False
        self.octets = 0
        """So many came."""
        self.limit = 0
        """So many may come; to be set before the first `read`."""

    async def read(self) -> bytes:
        """Some more; b"" is the end. Raises Problem: too large, too slow, no proper chunks. Raises Gone."""
        if (self._length or 0) > self.limit:
            raise self._too_large()
        while not self._over:
            event = next_event(self._http)
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._wait())
            elif isinstance(event, h11.Data):
                self.octets += len(event.data)
                if self.octets > self.limit:
                    raise self._too_large()
                if event.data:
                    return bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._over = True
            else:
                raise Problem("bad_request", "the body is not as its header says")
        return b""

    async def _wait(self) -> bytes:
        settings, began = self._connection.settings, time.monotonic()
        try:
            async with asyncio.timeout(settings.idle_timeout):
                octets = await self._connection.more(self._http)
        except TimeoutError:
            raise Problem("timeout", "the body did not come in time") from None
        self._waited += time.monotonic() - began
        self._came += len(octets)
        if self._waited >= settings.idle_timeout:
            if self._came < settings.min_data_rate * self._waited:
                raise Problem("timeout", f"less than {settings.min_data_rate} octets a second")
            self._waited = self._came = 0
        return octets

    def _too_large(self) -> Problem:
        return Problem("too_large", f"more than {self.limit} octets of body")


def next_event(http: h11.Connection) -> object:
    """What h11 reads next. Raises Problem for what is no HTTP."""
    try:
        return http.next_event()
    except h11.RemoteProtocolError as error:
        code = {431: "header_too_large", 501: "not_implemented"}.get(error.error_status_hint, "bad_request")
        raise Problem(code, f"this is no proper HTTP/1.1 (RFC 9112): {str(error)[:200]}") from None
