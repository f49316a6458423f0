"""When a connection breaks: is the mail in doubt? Only if the end of its content may have reached the peer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from postduif.config.schema import Delivery
from postduif.mta.client import Connection, Peer, Timeouts, connect, opportunistic_context
from postduif.mta.client_session import Step
from postduif.mta.transaction import Transaction
from postduif.mta.unsent import not_acknowledged
from postduif.reply import Reply
from tests.given_time import GivenTimeLoop
from tests.mta.tls_pair import make

RESET = struct.pack("ii", 1, 0)
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
Run = Callable[..., tuple[Reply, Transaction]]
Conversation = Callable[[socket.socket, threading.Event], None]
EHLO = b"250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
ACCEPT = b"250 ok\r\n250 ok\r\n354 go\r\n"
HUGE = b"x" * 8_000_000 + b"\r\n"
MIDDLE = b"x" * 200_000 + b"\r\n"


@contextlib.contextmanager
def peer(conversation: Conversation, buffer: int = 0) -> Iterator[int]:
    """A host that talks with one client as `conversation` does; its port. `buffer`: octets it receives unread."""
    over = threading.Event()

    def serve() -> None:
        client, _ = listening.accept()
        with client, contextlib.suppress(OSError):
            conversation(client, over)

    with socket.socket() as listening:
        if buffer:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


def greet(client: socket.socket) -> None:
    """The beginning of every conversation."""
    client.sendall(b"220 mx\r\n")
    client.recv(100)
    client.sendall(EHLO)


def reset(client: socket.socket) -> None:
    """End with RST."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()


async def lost(port: int, content: bytes, *, tls: bool = False, **waits: float) -> tuple[Reply, Transaction]:
    """Give a host one mail; why the connection ended, and the transaction."""
    timeouts = Timeouts.of(Delivery())
    timeouts.by_step.update({Step[name]: seconds for name, seconds in waits.items()})
    connection = await connect(Peer("mx", "127.0.0.1", port), "me.example", timeouts)
    assert isinstance(connection, Connection), connection
    if tls:
        assert await connection.start_tls(opportunistic_context()) is None
    over = asyncio.Event()
    connection.on_lost = lambda _: over.set()
    one = Transaction(b"MAIL FROM:<a@b>\r\n", [b"RCPT TO:<c@d>\r\n"], content)
    connection.offer(one)
    async with asyncio.timeout(60):
        await over.wait()
    assert connection.lost is not None
    await asyncio.sleep(0)
    return connection.lost, one


async def until(true: Callable[[], object]) -> None:
    """Return once it is so."""
    while not true():  # noqa: ASYNC110  sockets and peers take their time
        await asyncio.sleep(0.001)


def after(read: int, then: Callable[[socket.socket], None]) -> Conversation:
    """Take the mail, read so many octets of it, and end."""

    def conversation(client: socket.socket, over: threading.Event) -> None:
        greet(client)
        client.recv(1000)
        client.sendall(ACCEPT)
        client.recv(read, socket.MSG_WAITALL)
        then(client)
        over.wait()

    return conversation


@LOOPS
@pytest.mark.parametrize("content", [HUGE, MIDDLE], ids=["in our buffer", "in the kernel's"])
@pytest.mark.parametrize("end", ["reset", "fin", "deaf"])
def test_half_a_mail_is_not_in_doubt(run: Run, content: bytes, end: str) -> None:
    """Its end never left this machine, so nobody can have taken it: it may go to another host at once."""
    ends = {"reset": reset, "fin": lambda client: client.shutdown(socket.SHUT_WR), "deaf": lambda client: None}
    with peer(after(1000, ends[end]), buffer=8192) as port:
        reply, one = run(lost(port, content, FINAL=0.2, DATA=0.2) if end == "deaf" else lost(port, content))
    assert reply.transient
    assert not one.in_doubt


@LOOPS
@pytest.mark.parametrize("content", [b"short\r\n", MIDDLE], ids=["short", "large"])
def test_a_whole_mail_is(run: Run, content: bytes) -> None:
    """The peer read all of it and went away without a word."""
    with peer(after(len(content) + 3, reset)) as port:
        _, one = run(lost(port, content))
    assert one.in_doubt


@LOOPS
def test_a_never_reading_peer_is_reset(run: Run) -> None:
    """What is unsent goes with the connection: the peer finds RST, and never the rest of a mail we have given up."""
    found: list[object] = []

    def deaf(client: socket.socket, over: threading.Event) -> None:
        greet(client)
        client.recv(1000)
        client.sendall(ACCEPT)
        over.wait(10)
        total = 0
        try:
            while octets := client.recv(100_000):
                total += len(octets)
            found.append("closed")
        except ConnectionResetError:
            found.append(total)

    with peer(deaf, buffer=8192) as port:
        reply, _ = run(lost(port, MIDDLE, FINAL=0.2, DATA=0.2))
    assert "timed out" in reply.text
    (total,) = found
    assert isinstance(total, int)
    assert total < len(MIDDLE)


@LOOPS
def test_half_a_mail_inside_tls_is_not_in_doubt(run: Run, tmp_path: Path) -> None:
    """Its end was not even encrypted."""
    context = make(tmp_path).server

    def conversation(client: socket.socket, over: threading.Event) -> None:
        greet(client)
        client.recv(100)
        client.sendall(b"220 go\r\n")
        with contextlib.closing(context.wrap_socket(client, server_side=True)) as inside:
            inside.recv(100)
            inside.sendall(EHLO)
            inside.recv(1000)
            inside.sendall(ACCEPT)
            inside.recv(1000)
            reset(socket.socket(fileno=inside.detach()))
            over.wait()

    with peer(conversation, buffer=8192) as port:
        _, one = run(lost(port, HUGE, tls=True))
    assert not one.in_doubt


def test_a_slow_reader_inside_tls_has_its_time(tmp_path: Path) -> None:
    """Each block has its time, though all of them need longer than the wait for the reply; a last one never read has
    no more."""
    context, rounds = make(tmp_path).server, 5
    wanted = threading.Semaphore(0)

    def conversation(client: socket.socket, over: threading.Event) -> None:
        greet(client)
        client.recv(100)
        client.sendall(b"220 go\r\n")
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(client, server_side=True) as inside:
            inside.recv(100)
            inside.sendall(EHLO)
            inside.recv(1000)
            inside.sendall(ACCEPT)
            for _ in range(rounds):
                wanted.acquire(timeout=60)
                left = 2_500_000
                while left > 0 and (octets := inside.recv(16_384)):
                    left -= len(octets)
            over.wait()

    async def story(port: int) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, GivenTimeLoop)
        timeouts = Timeouts.of(Delivery())
        connection = await connect(Peer("mx", "127.0.0.1", port), "me.example", timeouts)
        assert isinstance(connection, Connection)
        assert await connection.start_tls(opportunistic_context()) is None
        one = Transaction(b"MAIL FROM:<a@b>\r\n", [b"RCPT TO:<c@d>\r\n"], HUGE * 2)
        connection.offer(one)
        await until(lambda: connection._backlog)
        for _ in range(rounds):
            enough = connection._octets_here() - 100_000
            wanted.release()
            await until(lambda enough=enough: connection._octets_here() < enough)
            loop.advance(timeouts.by_step[Step.DATA] - 5)
            await asyncio.sleep(0.01)
            assert connection.lost is None
        for _ in range(5):  # the last octets read may count for a time or two
            loop.advance(timeouts.by_step[Step.DATA] + 1)
            await asyncio.sleep(0.05)
        assert connection.lost is not None
        assert "timed out" in connection.lost.text
        assert not one.in_doubt

    with peer(conversation, buffer=65_536) as port, asyncio.Runner(loop_factory=GivenTimeLoop) as runner:
        runner.run(story(port))


@LOOPS
def test_a_dripping_reader_is_left(run: Run) -> None:
    """A peer that takes less than 500 octets a second would hold a mail for weeks."""

    def conversation(client: socket.socket, over: threading.Event) -> None:
        greet(client)
        client.recv(1000)
        client.sendall(ACCEPT)
        while client.recv(1) and not over.wait(0.01):
            pass

    with peer(conversation, buffer=8192) as port:
        reply, one = run(lost(port, HUGE, DATA=0.2))
    assert "timed out" in reply.text
    assert not one.in_doubt


@LOOPS
def test_a_verdict_before_a_reset_is_heard_though_we_write_first(run: Callable[..., Transaction]) -> None:
    """A peer says 250 and resets; we say something before we read: that fails, and the 250 counts all the same."""
    gone = threading.Event()

    def conversation(client: socket.socket, over: threading.Event) -> None:
        greet(client)
        client.recv(1000)
        client.sendall(ACCEPT)
        client.recv(1000)
        client.sendall(b"250 2.0.0 taken\r\n")
        reset(client)
        gone.set()

    async def story(port: int) -> Transaction:
        connection = await connect(Peer("mx", "127.0.0.1", port), "me.example", Timeouts.of(Delivery()))
        assert isinstance(connection, Connection)
        over = asyncio.Event()
        connection.on_lost = lambda _: over.set()
        one, two = (Transaction(b"MAIL FROM:<a@b>\r\n", [b"RCPT TO:<c@d>\r\n"], b"x\r\n") for _ in range(2))
        connection.offer(one)
        await until(lambda: one.content_sent)
        gone.wait()  # the event loop stands still: nothing is read meanwhile
        connection.offer(two)
        async with asyncio.timeout(60):
            await over.wait()
        assert not two.in_doubt
        return one

    with peer(conversation) as port:
        one = run(story(port))
    assert one.final_reply is not None
    assert one.final_reply.text == "taken"


@LOOPS
def test_what_comes_after_a_peer_closed_it_has_not_taken(run: Callable[..., Transaction]) -> None:
    """A mail that crosses the FIN of an idle connection goes over another at once: nobody read it."""
    gone = threading.Event()

    def conversation(client: socket.socket, over: threading.Event) -> None:
        client.sendall(b"220 mx\r\n")
        client.recv(100)
        client.sendall(b"250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n")
        over.wait(0.05)
        client.close()
        gone.set()

    async def story(port: int) -> Transaction:
        connection = await connect(Peer("mx", "127.0.0.1", port), "me.example", Timeouts.of(Delivery()))
        assert isinstance(connection, Connection)
        over = asyncio.Event()
        connection.on_lost = lambda _: over.set()
        one = Transaction(b"MAIL FROM:<a@b>\r\n", [b"RCPT TO:<c@d>\r\n"], b"x\r\n")
        gone.wait()  # the event loop stands still: the FIN is not read before we write
        connection.offer(one)
        async with asyncio.timeout(60):
            await over.wait()
        return one

    with peer(conversation) as port:
        assert not run(story(port)).in_doubt


def test_what_a_closed_socket_holds_is_not_known() -> None:
    """Asking it is no error."""
    with socket.socket() as one:
        number = one.fileno()
    assert not_acknowledged(number) == 0
