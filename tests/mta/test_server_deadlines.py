"""Slow clients: every wait of the server ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from postduif.config.schema import Listener
from postduif.mta import metrics
from postduif.mta.server import SmtpServer
from tests.dialogs.transcript import Peer
from tests.mta.smtp_door import Caller, Door, serving, until

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Both event loops."""
    return request.param


def _refused(server: SmtpServer, reason: str) -> float:
    return metrics.REFUSED.labels(server.label, reason)._value.get()


def test_idle_client_is_told_and_left(run: Run) -> None:
    """A client that says nothing hears 421 4.4.2 after idle_timeout."""

    async def story() -> None:
        async with serving(Door(), idle_timeout=0.1) as server:
            before = _refused(server, "timeout")
            caller = await Caller.call(server)
            assert (await caller.hear()).startswith("421 4.4.2 ")
            assert await caller.gone()
            await caller.hang_up()
            assert _refused(server, "timeout") == before + 1

    run(story())


def test_crowd_makes_room(run: Run) -> None:
    """While four fifths of all connections are taken, strangers who say nothing are left after crowded_timeout."""

    async def story() -> None:
        async with serving(Door(), max_connections=10, idle_timeout=30, crowded_timeout=0.1, trusted=[]) as server:
            callers = [await Caller.call(server) for _ in range(7)]
            await asyncio.sleep(0.3)
            assert server.open_connections == 7
            callers.append(await Caller.call(server))
            heard = [asyncio.ensure_future(caller.hear()) for caller in callers]
            told, _ = await asyncio.wait(heard, return_when=asyncio.FIRST_COMPLETED)
            assert all(one.result().startswith("421 4.4.2 ") for one in told)
            await until(lambda: not server.crowded)
            for caller in callers:
                await caller.hang_up()
            await asyncio.gather(*heard)

    run(story())


@pytest.mark.parametrize(("role", "left"), [("inbound", True), ("submission", False)])
def test_who_may_relay_has_time_in_a_crowd(role: str, left: bool) -> None:
    """A crowd of strangers makes no client that may relay hurry."""
    peer = _peer(role=role, trusted=["127.0.0.0/8"])
    peer.clock.advance(11)
    assert bool(peer.session.overdue(peer.clock.monotonic(), crowded=True)) is left


def test_never_reading_client_is_aborted(run: Run) -> None:
    """A client that reads no replies does not keep its connection, nor does it make memory grow."""

    async def story() -> None:
        async with serving(Door(), idle_timeout=0.2, max_recipients=65535) as server:
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, server.address)
            assert (await loop.sock_recv(client, 4)) == b"220 "
            await loop.sock_sendall(client, b"HELO client\r\n")
            await asyncio.sleep(0.02)
            await loop.sock_sendall(client, b"MAIL FROM:<a@example.com>\r\n")
            sending = asyncio.create_task(_flood(client, b"RCPT TO:<a@example.com>\r\n" * 4000))
            await until(lambda: any(one._unread for one in server._connections))
            (connection,) = server._connections
            assert connection._wire.get_write_buffer_size() < 200_000
            await until(lambda: server.open_connections == 0)
            await sending
            client.close()

    run(story())


async def _flood(client: socket.socket, flood: bytes) -> None:
    try:
        while True:
            await asyncio.get_running_loop().sock_sendall(client, flood)
    except ConnectionError:
        pass


def _peer(**settings: Any) -> Peer:
    peer = Peer(settings)
    peer.say(b"EHLO client\r\n")
    return peer


def test_deadline_is_for_the_whole_command() -> None:
    """An octet now and then does not keep a session open: the deadline is for the whole line."""
    peer = _peer()
    for octet in b"NOOP abc":
        peer.clock.advance(50)
        peer.say(bytes([octet]))
        if peer.session.overdue(peer.clock.monotonic()):
            break
    assert peer.session.closing
    assert octet == ord("b")  # the seventh, 350 seconds after EHLO


def _in_data(**settings: Any) -> Peer:
    peer = _peer(**settings)
    peer.say(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")
    return peer


def test_data_may_take_long_at_a_fair_rate() -> None:
    """An upload of ten minutes at more than the minimum rate is not cut off, whatever idle_timeout is."""
    peer = _in_data()
    for _ in range(60):
        peer.clock.advance(10)
        peer.say(b"x" * 6000 + b"\r\n")
        assert peer.session.overdue(peer.clock.monotonic()) == b""
    assert peer.say(b".\r\n").startswith(b"250 ")


@pytest.mark.parametrize("opening", [b"DATA\r\n", b"BDAT 100000 LAST\r\n"])
def test_data_below_the_rate_is_cut_off(opening: bytes) -> None:
    """A client that drips is cut off after one idle_timeout: 421 4.4.2, in DATA and in a BDAT chunk."""
    peer = _peer()
    peer.say(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n" + opening)
    for second in range(0, 300, 10):
        assert peer.session.overdue(peer.clock.monotonic()) == b"", second
        peer.clock.advance(10)
        peer.say(b"x\r\n" * 1000)
    peer.clock.advance(1)
    assert peer.session.overdue(peer.clock.monotonic()).startswith(b"421 4.4.2 ")
    assert peer.session.closing


def test_what_came_fast_is_no_credit() -> None:
    """A client that sends much at once and then drips is cut off all the same: the rate is looked at time and again."""
    peer = _in_data()
    peer.say(b"x" * 60 + b"\r\n")
    peer.say((b"x" * 998 + b"\r\n") * 1000)
    for _ in range(2):
        assert peer.session.overdue(peer.clock.monotonic()) == b""
        peer.clock.advance(290)
        peer.say(b"x")
    peer.clock.advance(30)
    assert peer.session.overdue(peer.clock.monotonic()) == b"", "the first 610 seconds had a megabyte"
    peer.clock.advance(280)
    peer.say(b"x")
    peer.clock.advance(30)
    assert peer.session.overdue(peer.clock.monotonic()).startswith(b"421 4.4.2 ")


@pytest.mark.parametrize("drip", [b"BDAT 1\r\nx", b"BDAT 3\r\nx\r\n"])
def test_small_chunks_are_no_way_around_the_rate(drip: bytes) -> None:
    """A client that sends a mail in chunks of an octet, one in a while, is cut off as one that drips in DATA."""
    peer = _peer()
    peer.say(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n")
    for _ in range(30):
        assert peer.say(drip).startswith(b"250 ")
        peer.clock.advance(10)
        assert peer.session.overdue(peer.clock.monotonic()) == b""
    peer.clock.advance(1)
    assert peer.session.overdue(peer.clock.monotonic()).startswith(b"421 4.4.2 ")


def test_rate_of_zero_is_no_limit() -> None:
    """min_data_rate 0 leaves only the wait for the next block."""
    peer = _in_data(min_data_rate=0)
    for _ in range(100):
        peer.clock.advance(100)
        peer.say(b"x")
        assert peer.session.overdue(peer.clock.monotonic()) == b""
    peer.clock.advance(301)
    assert peer.session.overdue(peer.clock.monotonic()).startswith(b"421 4.4.2 ")


def test_commit_is_not_timed() -> None:
    """While we queue a mail the client waits for us; it is not overdue."""
    peer = _in_data()
    session = peer.session
    assert session.receive(b"x\r\n.\r\n", peer.clock.monotonic()) == b""
    peer.clock.advance(1000)
    assert session.overdue(peer.clock.monotonic()) == b""


def test_defaults_are_those_of_the_rfc() -> None:
    """A server waits at least five minutes for a command (RFC 5321 4.5.3.2.7)."""
    assert Listener(address="127.0.0.1:0").idle_timeout >= 300
