"""One HTTP connection: octets between a stream and h11, in time. What is answered is for `api`.

Promises: a head is whole within `idle_timeout` and `max_header_size`, judged before it is read; after anything doubtful
the connection ends. HTTP/1.1 with keep-alive, chunked bodies and 100-continue (RFC 9110, 9112). h11 reads heads and
writes responses; bodies are read by `Body`.
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
from postduif.mta.injection.body import Body
from postduif.mta.injection.problem import Answer, Problem
from postduif.mta.injection.request import Request

CHUNK = 65536  # octets read at once
LINGER, MAX_LINGER = 2.0, 1 << 20
"""Seconds and octets that are read and thrown away after a last response, so that it arrives (RFC 9112 9.6)."""
_SHOWN = 200  # characters of what a client sent, in the log


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
        self._head_only = False
        """The request under way is a HEAD, perhaps with something wrong: its response has no body."""
        self._body_over = False
        """The client has nothing more to send of its last request."""
        self.stopping = False
        """The next response is the last."""

    async def serve(self, start: bytes = b"") -> None:
        """Answer requests until one of both has enough. `start` came already."""
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
        self._head_only = False
        began = time.monotonic()
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=self._settings.max_header_size)
        head: Request | None = None
        body: Body | None = None
        try:
            head, begun = await self._head(http, start)
            self.waiting_since = None
            body = Body(head, begun, self._settings, lambda: self._more(http))
            answer = await self._respond(head, body)
        except Problem as problem:
            answer = problem.answer()
        self._note(head, answer, time.monotonic() - began)
        self._body_over = body is not None and body.over
        going_on = await self._say(http, answer, last=self.stopping or not self._body_over)
        self.waiting_since = self._clock.monotonic()
        return going_on, body.rest if body is not None else b""

    async def _head(self, http: h11.Connection, start: bytes) -> tuple[Request, bytes]:
        """The head, and what is here of its body."""
        head = bytearray(start)
        empty_line = False
        try:
            async with asyncio.timeout(self._settings.idle_timeout):
                while True:
                    if head.startswith(b"\r\n") and not empty_line:  # RFC 9112 2.2: one before the request is ignored
                        del head[:2]
                        empty_line = True
                    if (end := self._end_of(head)) >= 0:
                        break
                    head += await self._receive()
                    self.idle = False
        except TimeoutError:
            if not head:
                raise
            raise Problem("timeout", "the header did not come in time") from None
        heads.judge(bytes(head[:end]))
        http.receive_data(bytes(head[:end]))
        event = next_event(http)
        if not isinstance(event, h11.Request):
            raise Problem("bad_request", "this is no HTTP request")
        self._head_only = event.method == b"HEAD"
        return heads.read(event, self.client, self._tls), bytes(head[end:])

    def _end_of(self, head: bytearray) -> int:
        """Where the body begins; -1: not here yet. Raises Problem when the head is too long, or none."""
        if not heads.BEGINNING.match(head):
            raise Problem("bad_request", "this is no HTTP request")
        end = head.find(heads.END, 0, self._settings.max_header_size)
        if end >= 0:
            return end + len(heads.END)
        if len(head) >= self._settings.max_header_size:
            raise Problem("header_too_large", f"more than {self._settings.max_header_size} octets of header")
        return -1

    async def _receive(self) -> bytes:
        if octets := await self._reader.read(CHUNK):
            return octets
        raise Gone

    async def _say(self, http: h11.Connection, answer: Answer, *, last: bool) -> bool:
        """Send a response; True: another request may follow."""
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
        body = b"" if self._head_only else answer.body
        if http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # h11 gave up: it says nothing more by itself
            http = h11.Connection(h11.SERVER)
        parts = [http.send(response), http.send(h11.Data(body)), http.send(h11.EndOfMessage())]
        await self._write(b"".join(part for part in parts if part))
        return not last and http.our_state is h11.DONE

    async def _write(self, octets: bytes) -> None:
        self._writer.write(octets)
        async with asyncio.timeout(self._settings.idle_timeout):
            await self._writer.drain()

    async def _linger(self) -> None:
        """A close with octets unread would be a reset, which could take our last words with it."""
        left = MAX_LINGER
        with contextlib.suppress(TimeoutError, OSError, RuntimeError, NotImplementedError):
            async with asyncio.timeout(LINGER):
                if self._writer.can_write_eof():  # in TLS there is no half of an end: whoever is sending is read first
                    self._writer.write_eof()
                elif self._body_over:
                    left = 0
                while left > 0 and (octets := await self._reader.read(CHUNK)):
                    left -= len(octets)
                if not self._writer.can_write_eof():
                    self._writer.close()
                    await self._writer.wait_closed()

    def _note(self, head: Request | None, answer: Answer, seconds: float) -> None:
        metrics.HTTP_REQUESTS.labels(answer.code).inc()
        log.info(
            "http_request",
            client=self.client.text,
            method=head.method[:_SHOWN] if head else "",
            path=head.path[:_SHOWN] if head else "",
            status=answer.status,
            code=answer.code,
            seconds=round(seconds, 3),
        )

    async def _more(self, http: h11.Connection) -> bytes:
        """Octets for a body, said 100-continue before if the client waits for that. Raises Gone."""
        if http.they_are_waiting_for_100_continue:
            await self._write(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        return await self._receive()

    def hang_up(self) -> None:
        """End it now."""
        self._writer.transport.abort()


def next_event(http: h11.Connection) -> object:
    """What h11 reads next. Raises Problem for what is no HTTP."""
    try:
        return http.next_event()
    except h11.RemoteProtocolError as error:
        code = {431: "header_too_large", 501: "not_implemented"}.get(error.error_status_hint, "bad_request")
        raise Problem(code, f"this is no proper HTTP/1.1 (RFC 9112): {str(error)[:200]}") from None
