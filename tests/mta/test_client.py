"""The deadlines of a connection, against peers that say nothing, read nothing, or read slowly."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import uvloop

from postduif.config.schema import Delivery
from postduif.mta.client import Connection, Peer, Timeouts, connect
from postduif.mta.client_session import Step
from postduif.mta.transaction import Transaction
from postduif.reply import Reply

SHORT = 0.15  # seconds
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
Answer = Callable[[socket.socket, threading.Event], None]


def timeouts(**steps: float) -> Timeouts:
    """All waits long but those named."""
    long = Timeouts.of(Delivery())
    return replace(long, by_step=long.by_step | {Step[name]: seconds for name, seconds in steps.items()})


@contextlib.contextmanager
def peer(answer: Answer) -> Iterator[int]:
    """A host that greets one client and then does as `answer` says; its port. `answer` ends when its event is set."""
    over = threading.Event()

    def serve() -> None:
        client, _ = listening.accept()
        with client:
            client.sendall(b"220 mx\r\n")
            client.recv(100)
            client.sendall(b"250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n")
            with contextlib.suppress(OSError):
                answer(client, over)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


async def carried(port: int, limits: Timeouts, content: bytes = b"x\r\n") -> tuple[Reply | None, Transaction]:
    """Give a host one mail; why the connection ended (None when it did not), and the transaction."""
    connection = await connect(Peer("mx", "127.0.0.1", port), "me.example", limits)
    assert isinstance(connection, Connection), connection
    over = asyncio.Event()
    connection.on_done = connection.on_lost = lambda _: over.set()
    one = Transaction(b"MAIL FROM:<a@b>\r\n", [b"RCPT TO:<c@d>\r\n"], content)
    connection.offer(one)
    try:
        async with asyncio.timeout(60):
            await over.wait()
        return connection.lost, one
    finally:
        connection.abort(Reply(421, "4.3.2", "closed here"))


@LOOPS
def test_a_silent_peer_is_left_in_time(run: Callable[..., tuple[Reply | None, Transaction]]) -> None:
    """The wait for a reply ends at its own limit, also when a longer wait was set before it."""
    with peer(lambda _, over: over.wait() and None) as port:
        lost, _ = run(carried(port, timeouts(MAIL=SHORT)))
    assert lost is not None
    assert "timed out while waiting for the reply to MAIL" in lost.text


@LOOPS
def test_an_octet_now_and_then_is_no_answer(run: Callable[..., tuple[Reply | None, Transaction]]) -> None:
    """A host that sends its reply octet by octet has no longer than one that says nothing."""

    def drip(client: socket.socket, over: threading.Event) -> None:
        while not over.wait(SHORT / 5):
            client.sendall(b"2")

    with peer(drip) as port:
        lost, _ = run(carried(port, timeouts(MAIL=SHORT)))
    assert lost is not None
    assert "timed out" in lost.text


@LOOPS
def test_a_peer_that_never_reads_is_left(run: Callable[..., tuple[Reply | None, Transaction]]) -> None:
    """A peer that takes nothing of the content for the time of one block is left (RFC 5321 4.5.3.2.5)."""

    def deaf(client: socket.socket, over: threading.Event) -> None:
        client.sendall(b"250 ok\r\n250 ok\r\n")
        over.wait()

    with peer(deaf) as port:
        lost, one = run(carried(port, timeouts(DATA=SHORT), content=b"x" * 8_000_000))
    assert lost is not None
    assert lost.transient
    assert not one.done


@LOOPS
def test_a_slow_reader_is_not(run: Callable[..., tuple[Reply | None, Transaction]]) -> None:
    """A peer that reads slowly but steadily has as long as it needs, and then its time for the reply."""
    size = 24_000_000

    def slowly(client: socket.socket, over: threading.Event) -> None:
        client.sendall(b"250 ok\r\n250 ok\r\n")
        left = size
        while left > 0 and not over.is_set():
            left -= len(client.recv(200_000))
            time.sleep(0.01)  # the peer is slow: that is the story
        client.sendall(b"250 taken\r\n")
        over.wait()

    with peer(slowly) as port:
        lost, one = run(carried(port, timeouts(DATA=4 * SHORT), content=b"x" * size))
    assert lost is None
    assert one.final_reply is not None
    assert one.final_reply.text == "taken"


def test_a_verdict_holds_whatever_comes_behind_it() -> None:
    """A mail that was taken is delivered, though nonsense comes in the same packet: it is not sent to another host."""

    def answer(client: socket.socket, _: threading.Event) -> None:
        client.recv(100_000)
        client.sendall(b"250 ok\r\n250 ok\r\n250 2.0.0 taken\r\n250 and again\r\n")

    async def reported(port: int) -> tuple[list[Transaction], Transaction]:
        connection = await connect(Peer("mx", "127.0.0.1", port), "me.example", timeouts())
        assert isinstance(connection, Connection), connection
        done: list[Transaction] = []
        over = asyncio.Event()
        connection.on_done, connection.on_lost = done.append, lambda _: over.set()
        one = Transaction(b"MAIL FROM:<a@b>\r\n", [b"RCPT TO:<c@d>\r\n"], b"x\r\n")
        connection.offer(one)
        await over.wait()
        return done, one

    with peer(answer) as port:
        done, one = asyncio.run(reported(port))
    assert done == [one]
    assert one.final_reply is not None
    assert one.final_reply.text == "taken"
