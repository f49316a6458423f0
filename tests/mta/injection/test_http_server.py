"""The HTTP listener: who gets a place, and what is heard before the end."""

from __future__ import annotations

import asyncio
import functools
import re
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from postduif.config.schema import Http
from postduif.mta.injection.body import Body
from postduif.mta.injection.http_server import CROWDED, HttpServer
from postduif.mta.injection.problem import Answer, Problem
from postduif.mta.injection.request import Request
from tests.fakes import FakeClock
from tests.mta import tls_pair

HEAD = b"POST /api/v1/inject HTTP/1.1\r\nHost: x\r\n"
PATIENCE = 60.0  # real seconds


def in_loop(story: Callable[..., Coroutine[object, object, None]]) -> Callable[..., None]:
    """The test, with an event loop around it."""

    @functools.wraps(story)
    def test(*arguments: object, **named: object) -> None:
        asyncio.run(story(*arguments, **named))

    return test


async def respond(request: Request, body: Body) -> Answer:
    """Take a hundred octets of body and say the path."""
    body.limit = 100
    while await body.read():
        pass
    if request.path == "/none":
        raise Problem("not_found", "nothing here")
    return Answer(202, request.path.encode())


@asynccontextmanager
async def serving(
    tls: tls_pair.TlsPair | None = None, clock: FakeClock | None = None, **settings: int
) -> AsyncIterator[HttpServer]:
    """A server on a free port."""
    http = Http.model_validate({"address": "127.0.0.1:0", **settings})
    server = HttpServer(http, tls.server if tls else None, respond, clock or FakeClock())
    await server.start()
    try:
        async with asyncio.timeout(PATIENCE):
            yield server
    finally:
        await server.close(0)


def call(server: HttpServer, source: str = "127.0.0.1") -> socket.socket:
    """A connection that does not wait for anything."""
    made = socket.socket()
    made.bind((source, 0))
    made.connect(server.address)
    made.setblocking(False)
    return made


async def say(server: HttpServer, octets: bytes, source: str = "127.0.0.1") -> bytes:
    """All that is answered until the end."""
    reader, writer = await asyncio.open_connection(*server.address, local_addr=(source, 0))
    try:
        writer.write(octets)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def statuses(said: bytes) -> list[int]:
    """Of each response."""
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)]


@in_loop
async def test_who_is_turned_away_takes_no_place() -> None:
    """A client that opens far more connections than it may has no more places for it: others are served at once."""
    async with serving(max_connections=10, max_connections_per_client=3) as server:
        with ExitStack() as stack:
            for _ in range(40):
                stack.enter_context(call(server, "127.0.0.2"))
            said = await say(server, HEAD + b"Connection: close\r\n\r\n")
            assert statuses(said) == [202]


@in_loop
async def test_connections_that_come_at_once_are_counted() -> None:
    """Of connections that wait to be accepted together, one address gets no more than it may have."""
    async with serving(max_connections=100, max_connections_per_client=3) as server:
        loop = asyncio.get_running_loop()
        with ExitStack() as stack:
            calls = [stack.enter_context(call(server, "127.0.0.2")) for _ in range(20)]
            answers = [asyncio.create_task(loop.sock_recv(one, 100)) for one in calls]
            for turned_away in asyncio.as_completed(answers):
                await turned_away
                if sum(one.done() for one in answers) >= 17:
                    break
            assert statuses(await say(server, HEAD + b"Connection: close\r\n\r\n")) == [202]
            assert sum(one.done() for one in answers) == 17
            for one in answers:
                one.cancel()


@in_loop
async def test_nobody_makes_room_for_whoever_has_too_many() -> None:
    """In a full house a client over its own limit is turned away, and the one that waits longest keeps its place."""
    clock = FakeClock()
    async with serving(clock=clock, max_connections=3, max_connections_per_client=2) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(HEAD + b"\r\n")
        assert b" 202 " in await reader.readline()
        with ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(call(server, "127.0.0.2"))
            clock.advance(CROWDED + 1)
            assert statuses(await say(server, HEAD + b"\r\n", "127.0.0.2")) in ([503], [])
        writer.write(HEAD + b"Connection: close\r\n\r\n")
        assert statuses(await reader.read()) == [202]
        writer.close()


@in_loop
async def test_requests_one_behind_the_other() -> None:
    """Bodies of every kind, none at all, a problem, an absolute target and an empty line: each is answered in turn."""
    octets = HEAD + b"Content-Length: 5\r\n\r\nhello"
    octets += HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nX: y\r\n\r\n"
    octets += b"\r\nGET /none HTTP/1.1\r\nHost: x\r\n\r\n"
    octets += b"POST HTTP://x:80/abs?q=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with serving() as server:
        said = await say(server, octets)
        assert statuses(said) == [202, 202, 404, 202]
        assert said.endswith(b"\r\n\r\n/abs")


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\r\n\r\n" + HEAD + b"\r\n", 400),
        (b"\r\n" * 1000, 400),
        (b"pOST / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (HEAD + b"Content-Length: 101\r\n\r\n" + b"x" * 101 + HEAD + b"\r\n", 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;\r \r\nhello\r\n0\r\n\r\n" + HEAD + b"\r\n", 400),
    ],
)
@in_loop
async def test_the_end_of_a_connection(octets: bytes, status: int) -> None:
    """Empty lines without end, a body too large, chunks that are none: one answer, and nothing behind it is read."""
    async with serving() as server:
        said = await say(server, octets)
        assert statuses(said) == [status]
        assert b"\r\nConnection: close\r\n" in said


@pytest.mark.parametrize("field", [b"Expect: the moon", b"Authorization: a\r\nAuthorization: b", b"Connection: close"])
@in_loop
async def test_head_has_no_body(field: bytes) -> None:
    """A HEAD is answered without a body, also when something is wrong with it."""
    async with serving() as server:
        said = await say(server, b"HEAD /none HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % field)
        assert statuses(said) in ([404], [400], [417])
        assert said.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("in_tls", [False, True])
@in_loop
async def test_last_words_arrive(tmp_path: Path, in_tls: bool) -> None:
    """A client that is still sending when its request is refused hears why, in the clear and in TLS."""
    pair = tls_pair.make(tmp_path)
    async with serving(tls=pair if in_tls else None) as server:
        place = ("localhost", server.address[1])
        reader, writer = await asyncio.open_connection(
            *place, ssl=pair.client if in_tls else None, server_hostname="localhost" if in_tls else None
        )
        writer.write(HEAD + b"Content-Length: 500000\r\n\r\n")
        for _ in range(5):
            writer.write(b"x" * 100_000)
            await writer.drain()
            await asyncio.sleep(0.01)
        assert b" 413 " in await reader.readline()
        writer.transport.abort()
