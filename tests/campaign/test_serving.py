"""The end of what is served: at once when nothing is under way, and not before what is."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import time
from contextlib import closing

import pytest
from starlette.types import Receive, Scope, Send

from postduif.campaign.serving import Served
from postduif.config.kinds import HostPort
from postduif.errors import PostduifError

AT_ONCE = 0.08  # seconds


class Slow:
    """An application that answers when it may."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        self.begun.set()
        await asyncio.to_thread(self.may_end.wait)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def slow() -> Slow:
    """The application."""
    return Slow()


def started(slow: Slow) -> Served:
    """It, served."""
    one = Served(slow, HostPort("127.0.0.1:0"))
    one.start("web.address")
    return one


def taken(port: int) -> bool:
    """Somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=60).close()
    except OSError:
        return False
    return True


def test_nobody_waits_for_a_connection_without_a_request(slow: Slow) -> None:
    """A connection that is kept for a next request is closed at the end, and does not hold it up."""
    slow.may_end.set()
    took = []
    while not took or (took[-1] >= AT_ONCE and len(took) < 50):  # a busy machine may hold up some of them
        served = started(slow)
        with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"done"
            began = time.monotonic()
            served.stop()
            took.append(time.monotonic() - began)
            assert connection.sock.recv(1) == b""
    assert min(took) < AT_ONCE, took


def test_what_is_under_way_ends(slow: Slow) -> None:
    """What is being answered gets its answer, though new connections find nobody any more."""
    served = started(slow)
    port = served.port
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", "/")
        assert slow.begun.wait(60)
        stopping = threading.Thread(target=served.stop)
        stopping.start()
        while taken(port):
            time.sleep(0.001)
        assert stopping.is_alive()
        slow.may_end.set()
        assert connection.getresponse().read() == b"done"
        stopping.join(60)
        assert not stopping.is_alive()


def test_an_end_by_itself_is_told(slow: Slow) -> None:
    """Who stops what has ended already hears that it had."""
    served = started(slow)
    served.stop()
    with pytest.raises(PostduifError, match="by themselves"):
        served.stop()
