"""Clients that send or read too slowly, or send too much, lose their connection; those that are merely slow do not."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from postduif.campaign.punctual import MAX_FIELDS, MAX_HEADER, MAX_WAITING, Patience
from postduif.campaign.serving import Served
from postduif.config.kinds import HostPort

PATIENCE = Patience(header=0.15, window=0.15, rate=1000)
LENIENT = Patience(header=1.0, window=1.0, rate=1000)
"""For those who are not to be cut off: a busy machine may hold them up."""
LARGE = 30_000_000
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
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
    with serving(PATIENCE) as port:
        yield port


@pytest.fixture(scope="module")
def lenient() -> Iterator[int]:
    """Where it is served with more patience."""
    with serving(LENIENT) as port:
        yield port


@contextlib.contextmanager
def serving(patience: Patience) -> Iterator[int]:
    """It, on a port."""
    served = Served(app, HostPort("127.0.0.1:0"), patience=patience)
    served.start("web.address")
    try:
        yield served.port
    finally:
        served.stop()


@contextlib.contextmanager
def client(port: int) -> Iterator[socket.socket]:
    """A connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as one:
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
    one.settimeout(60)
    return one.recv(1000)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["the first", "the second"])
def test_a_header_that_never_ends(port: int, lenient: int, begun: bytes) -> None:
    """It is broken off at its time, however often an octet comes; also that of a later request."""
    began = time.monotonic()  # before the server can have begun
    with client(lenient if begun else port) as one:
        if begun:
            one.sendall(begun)
            assert b"200 OK" in one.recv(1000)
            began = time.monotonic()
        found = trickled(one, b"GET / HTTP/1.1\r\nX: " + b"x" * 1000, 0.02)
        assert found.startswith(b"HTTP/1.1 408 ")
        assert PATIENCE.header <= time.monotonic() - began < 60


def test_nothing_at_all(port: int) -> None:
    """Who connects and says nothing is let go, too."""
    with client(port) as one:
        assert one.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_comes_too_slowly(port: int) -> None:
    """Below the least rate it is broken off; above it, it may take many windows."""
    with client(port) as one:
        one.sendall(FORM)
        assert trickled(one, b"x" * 4000, 0.02).startswith(b"HTTP/1.1 408 ")
    assert any(map(_sent_steadily, (PATIENCE, LENIENT)))


def _sent_steadily(patience: Patience) -> bool:
    """Whether a body is taken that is sent in pieces, faster than it must be, through many windows."""
    with serving(patience) as port, client(port) as one:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            one.sendall(FORM)
            for _ in range(10):
                one.sendall(b"x" * 400)
                time.sleep(patience.window * 4 / 15)
            return b"\r\n\r\n4000" in one.recv(1000) and time.monotonic() - began > 2.5 * patience.window
        return False


def test_an_answer_that_is_not_read(port: int) -> None:
    """The connection ends before the answer does; who reads steadily gets all of it."""
    request = b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert any(_read_after(port, request, pause) < LARGE for pause in (3 * PATIENCE.window, 1.0, 4.0))
    assert any(_read_steadily(patience, request) > LARGE for patience in (PATIENCE, LENIENT))


def _read_steadily(patience: Patience, request: bytes) -> int:
    """Octets of the answer to who reads slowly through some windows."""
    taken, began = 0, time.monotonic()
    with serving(patience) as port, client(port) as one, contextlib.suppress(ConnectionError):
        one.sendall(request)
        while found := one.recv(500_000):
            taken += len(found)
            if time.monotonic() - began < 2.5 * patience.window:
                time.sleep(patience.window * 2 / 15)
    return taken


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


def test_the_time_we_need_is_nobodys_fault(lenient: int) -> None:
    """A connection between two requests is left alone."""
    with client(lenient) as one:
        for pause in (1.5 * LENIENT.header, 0):
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in one.recv(1000)
            time.sleep(pause)


@pytest.mark.parametrize(
    "sent",
    [
        GET + b"X: ".ljust(MAX_HEADER, b"x"),
        GET + b"X: x\r\n" * (MAX_FIELDS + 1),
        b"GET /".ljust(MAX_HEADER + 1, b"x"),
        b"\r\n" * MAX_HEADER,
    ],
    ids=["one long field", "many short ones", "a path", "empty lines"],
)
def test_a_header_that_is_too_large(lenient: int, sent: bytes) -> None:
    """It is broken off when it grows past the limit, in octets or fields, long before its time is over."""
    with client(lenient) as one:
        one.sendall(sent)
        assert one.recv(1000).startswith(b"HTTP/1.1 431 ")


def test_a_field_behind_the_body_that_is_too_large(lenient: int) -> None:
    """It is no body, and has the same limit."""
    with client(lenient) as one:
        one.sendall(GET.replace(b"GET", b"POST") + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert b" 100 " in one.recv(1000)
        one.sendall(b"0\r\nX: ".ljust(MAX_HEADER + 1, b"x"))
        assert one.recv(1000).startswith(b"HTTP/1.1 431 ")


def test_a_crowd(capfd: pytest.CaptureFixture[str]) -> None:
    """One address has a part of all connections, a proxy any; past all there is 503, for who comes last."""
    proxies = (ip_network("127.0.0.9"),)
    served = Served(app, HostPort("127.0.0.1:0"), most=8, proxies=proxies)
    served.start("web.address")

    def ask(host: str) -> bytes:
        one = around.enter_context(socket.create_connection(("127.0.0.1", served.port), 60, (host, 0)))
        with contextlib.suppress(ConnectionResetError):
            one.sendall(GET + b"\r\n")
            return one.recv(1000)[9:12]
        return b""

    with contextlib.ExitStack() as around:
        assert [ask("127.0.0.2") for _ in range(4)] == [b"200", b"200", b"", b""]
        assert [ask("127.0.0.9") for _ in range(7)] == [b"200"] * 6 + [b"503"]
    served.stop()
    said = re.findall(r'http_refused why="(.+)" client=(\S+) others=0', capfd.readouterr().err)
    assert said == [("too many connections", "127.0.0.2"), ("503 Service Unavailable", "127.0.0.9")]


def test_requests_before_the_answer(lenient: int) -> None:
    """A few may wait for their turn; of who sends a hundred at once not one more is made, and the connection ends."""
    some = MAX_WAITING + 1
    with client(lenient) as one:
        one.sendall((GET + b"\r\n") * some)
        found = b""
        while found.count(b"200 OK") < some:
            found += one.recv(1000)
    with client(lenient) as one:
        one.sendall((GET + b"\r\n") * 100)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while more := one.recv(1000):
                found += more
        assert found.count(b"200 OK") <= some
