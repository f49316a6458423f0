"""Clients that send or read too slowly lose their connection; those that are merely slow do not."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from postduif.campaign.punctual import Patience
from postduif.campaign.serving import Served
from postduif.config.kinds import HostPort

PATIENCE = Patience(header=0.15, window=0.15, rate=1000)
LARGE = 30_000_000
FORM = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a GET with a lot, and a POST with what it took."""
    request = Request(scope, receive)
    if request.method == "GET":
        answer = PlainTextResponse("x" * (LARGE if scope["path"] == "/large" else 2))
    else:
        answer = PlainTextResponse(str(len(await request.body())))
    await answer(scope, receive, send)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where it is served."""
    served = Served(app, HostPort("127.0.0.1:0"), patience=PATIENCE)
    served.start("web.address")
    yield served.port
    served.stop()


@contextlib.contextmanager
def client(port: int) -> Iterator[socket.socket]:
    """A connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        yield one


def trickled(one: socket.socket, octets: bytes, pause: float) -> bytes:
    """Send it octet by octet until it is all sent or answered; the answer."""
    one.settimeout(pause)
    for place in range(len(octets)):
        try:
            one.sendall(octets[place : place + 1])
            if found := one.recv(1000):
                return found
            return b"closed"
        except TimeoutError:
            pass
        except OSError:
            return b"closed"
    one.settimeout(10)
    return one.recv(1000)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["the first", "the second"])
def test_a_header_that_never_ends(port: int, begun: bytes) -> None:
    """It is broken off at its time, however often an octet comes; also that of a later request."""
    with client(port) as one:
        if begun:
            one.sendall(begun)
            assert b"200 OK" in one.recv(1000)
        began = time.monotonic()
        found = trickled(one, b"GET / HTTP/1.1\r\nX: " + b"x" * 1000, 0.02)
        assert found.startswith(b"HTTP/1.1 408 ")
        assert PATIENCE.header <= time.monotonic() - began < 2


def test_nothing_at_all(port: int) -> None:
    """Who connects and says nothing is let go, too."""
    with client(port) as one:
        assert one.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_comes_too_slowly(port: int) -> None:
    """Below the least rate it is broken off; above it, it may take many windows."""
    with client(port) as one:
        one.sendall(FORM)
        assert trickled(one, b"x" * 4000, 0.02).startswith(b"HTTP/1.1 408 ")
    with client(port) as one:
        one.sendall(FORM)
        began = time.monotonic()
        for _ in range(10):
            one.sendall(b"x" * 400)
            time.sleep(0.04)
        assert b"\r\n\r\n4000" in one.recv(1000)
        assert time.monotonic() - began > 2.5 * PATIENCE.window


def test_an_answer_that_is_not_read(port: int) -> None:
    """The connection ends before the answer does; who reads steadily gets all of it."""
    request = b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert any(_read_after(port, request, pause) < LARGE for pause in (3 * PATIENCE.window, 1.0, 4.0))
    with client(port) as one:
        one.sendall(request)
        taken, began = 0, time.monotonic()
        while found := one.recv(500_000):
            taken += len(found)
            if time.monotonic() - began < 2.5 * PATIENCE.window:
                time.sleep(0.02)
        assert taken > LARGE


def _read_after(port: int, request: bytes, pause: float) -> int:
    """Octets of the answer to who sleeps first; a busy machine may look late whether he does."""
    with client(port) as one:
        one.sendall(request)
        time.sleep(pause)
        taken = 0
        with contextlib.suppress(ConnectionResetError):
            while found := one.recv(1_000_000):
                taken += len(found)
        return taken


def test_the_time_we_need_is_nobodys_fault(port: int) -> None:
    """A connection between two requests is left alone."""
    with client(port) as one:
        for pause in (1.5 * PATIENCE.header, 0):
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in one.recv(1000)
            time.sleep(pause)
