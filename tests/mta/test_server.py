"""The server over real sockets: life and end of connections, on both event loops."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from tests.mta.smtp_door import HOSTNAME, Caller, Door, serving, until

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Both event loops."""
    return request.param


def test_mail_comes_in(run: Run) -> None:
    """A mail said over a socket reaches the door with who said it, whole."""

    async def story() -> None:
        door = Door()
        async with serving(door) as server:
            caller = await Caller.call(server)
            await caller.open_mail()
            assert await caller.say(b"Subject: x\r\n\r\n..\r\n.\r\n") == "250 2.0.0 queued as 1"
            assert await caller.say("QUIT") == "221 2.0.0 Bye"
            assert await caller.gone()
            await caller.hang_up()
        ((client, envelope, content),) = door.mails
        assert (client.address, client.ehlo, client.user, client.tls) == ("127.0.0.1", "client", "", "")
        assert client.trusted
        assert client.esmtp
        assert (str(envelope.sender), str(envelope.recipients[0].address)) == ("one@example.com", "two@example.net")
        assert content == b"Subject: x\r\n\r\n.\r\n"
        assert envelope.size == len(content)
        assert 0 <= envelope.before_queue < 10

    run(story())


def test_early_talk_is_refused(run: Run) -> None:
    """Who talks before the greeting hears 554 5.5.0 and nothing else, and nothing is done."""

    async def story() -> None:
        door = Door()
        listening = socket.create_server(("127.0.0.1", 0))
        early = socket.create_connection(listening.getsockname())
        early.sendall(b"EHLO spam\r\n")
        async with serving(door, sock=listening):
            caller = Caller(*await asyncio.open_connection(sock=early))
            assert (await caller.hear()).startswith("554 5.5.0 ")
            assert await caller.hear() == ""
            await caller.hang_up()

    run(story())


def test_commit_goes_on_when_the_client_goes(run: Run) -> None:
    """A mail that was handed over is queued though the client resets the connection before 250."""

    async def story() -> None:
        door = Door()
        door.gate = asyncio.Event()
        async with serving(door) as server:
            caller = await Caller.call(server)
            await caller.open_mail()
            caller.write(b"x\r\n.\r\n")
            await caller.writer.drain()
            await until(lambda: door.waiting == 1)
            sock = caller.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            caller.writer.transport.abort()
            await until(lambda: server.open_connections == 0)
            door.gate.set()
            await until(lambda: len(door.mails) == 1)

    run(story())


def test_half_closed_client_hears_the_end(run: Run) -> None:
    """A client that sends everything and shuts its side down still hears 250 and the answer to QUIT."""

    async def story() -> None:
        door = Door()
        door.gate = asyncio.Event()
        async with serving(door) as server:
            caller = await Caller.call(server)
            await caller.open_mail()
            caller.write(b"x\r\n.\r\nQUIT\r\n")
            caller.writer.write_eof()
            await until(lambda: door.waiting == 1)
            await asyncio.sleep(0.02)
            door.gate.set()
            assert await caller.hear() == "250 2.0.0 queued as 1"
            assert await caller.hear() == "221 2.0.0 Bye"
            assert await caller.gone()
            await caller.hang_up()

    run(story())


def test_failure_inside_is_451_without_details(run: Run) -> None:
    """Whatever breaks while a mail is queued, the client hears 451 4.3.0, keeps its mail, and may go on."""

    async def story() -> None:
        door = Door()
        door.failure = OSError(28, "No space left on device", "/var/spool/secret")
        async with serving(door) as server:
            caller = await Caller.call(server)
            await caller.open_mail()
            reply = await caller.say(b"x\r\n.\r\n")
            assert reply.startswith("451 4.3.0 ")
            assert "space" not in reply
            assert "secret" not in reply
            door.failure = None
            await caller.open_mail()
            assert (await caller.say(b"x\r\n.\r\n")).startswith("250 2.0.0 ")
            await caller.hang_up()

    run(story())


def test_input_waits_while_a_mail_is_queued(run: Run) -> None:
    """What is pipelined behind a mail waits for its commit, in bounded memory, and is answered in order."""

    async def story() -> None:
        door = Door()
        door.gate = asyncio.Event()
        async with serving(door, max_message_size="9M") as server:
            caller = await Caller.call(server)
            await caller.open_mail()
            more = b"x" * 5_000_000 + b"\r\n"
            caller.write(
                b"x\r\n.\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nBDAT %d LAST\r\n" % len(more)
            )
            caller.write(more)
            await until(lambda: door.waiting == 1)
            await asyncio.sleep(0.05)
            (connection,) = server._connections
            assert connection._smtp.waiting < 2_000_000
            door.gate.set()
            assert (await caller.hear()).startswith("250 2.0.0 queued as 1")
            assert (await caller.hear()).startswith("250 2.1.0 ")
            assert (await caller.hear()).startswith("250 2.1.5 ")
            assert (await caller.hear()).startswith("554 5.6.0 A line")
            await caller.hang_up()

    run(story())


def test_limits_of_connections(run: Run) -> None:
    """One connection more than a client, or all together, may have is 421 4.7.0; when one ends, one may come."""

    async def story() -> None:
        async with serving(Door(), max_connections_per_client=2) as server:
            first, second = await Caller.call(server), await Caller.call(server)
            third = await Caller.call(server, greeted=False)
            assert (await third.hear()).startswith("421 4.7.0 ")
            assert await third.gone()
            await first.hang_up()
            await until(lambda: server.open_connections == 1)
            fourth = await Caller.call(server)
            for caller in (second, third, fourth):
                await caller.hang_up()
        async with serving(Door(), max_connections=1) as server:
            first = await Caller.call(server)
            second = await Caller.call(server, greeted=False)
            assert (await second.hear()).startswith("421 4.7.0 ")
            for caller in (first, second):
                await caller.hang_up()

    run(story())


def test_reload_holds_for_new_connections(run: Run) -> None:
    """A session keeps the limits it began with; the next has the new ones."""

    async def story() -> None:
        async with serving(Door()) as server:
            before = await Caller.call(server)
            server.reload(server.listener.model_copy(update={"max_message_size": 1000}), None)
            after = await Caller.call(server)
            assert "SIZE 26214400" in await before.say("EHLO client")
            assert "SIZE 1000\n" in await after.say("EHLO client")
            for caller in (before, after):
                await caller.hang_up()

    run(story())


def test_stop_is_polite(run: Run) -> None:
    """When the server stops, the idle hear 421 4.3.2, a transaction may be finished, and nobody new comes in."""

    async def story() -> None:
        door = Door()
        async with serving(door) as server:
            idle, working = await Caller.call(server), await Caller.call(server)
            await working.open_mail()
            closing = asyncio.create_task(server.close(600))
            assert (await idle.hear()).startswith("421 4.3.2 ")
            assert await idle.gone()
            with pytest.raises(ConnectionRefusedError):
                await Caller.call(server)
            assert not closing.done()
            assert (await working.say(b"x\r\n.\r\n")).startswith("250 2.0.0 ")
            assert (await working.hear()).startswith("421 4.3.2 ")
            await asyncio.wait_for(closing, 60)
            for caller in (idle, working):
                await caller.hang_up()
        assert len(door.mails) == 1

    run(story())


def test_stop_does_not_wait_for_ever(run: Run) -> None:
    """After the grace an open transaction is cut with 421; a mail that is being queued is queued and answered."""

    async def story() -> None:
        door = Door()
        door.gate = asyncio.Event()
        async with serving(door) as server:
            slow, committing = await Caller.call(server), await Caller.call(server)
            await slow.open_mail()
            await committing.open_mail()
            committing.write(b"x\r\n.\r\n")
            await until(lambda: door.waiting == 1)
            closing = asyncio.create_task(server.close(0.05))
            assert (await slow.hear()).startswith("421 4.3.2 ")
            assert not closing.done()
            door.gate.set()
            assert (await committing.hear()).startswith("250 2.0.0 ")
            await asyncio.wait_for(closing, 60)
            for caller in (slow, committing):
                await caller.hang_up()

    run(story())


def test_given_socket_is_used(run: Run) -> None:
    """A socket that is bound already, as systemd hands it over, is the one it listens on."""

    async def story() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        address = listening.getsockname()
        async with serving(Door(), sock=listening) as server:
            assert server.address == address
            caller = await Caller.call(server)
            assert (await caller.say("HELO client")) == f"250 {HOSTNAME}"
            await caller.hang_up()

    run(story())


def test_ipv6_client(run: Run) -> None:
    """An IPv6 client is known by its address."""

    async def story() -> None:
        door = Door()
        async with serving(door, address="[::1]:0", trusted=["::1/128"]) as server:
            caller = await Caller.call(server)
            await caller.open_mail()
            await caller.say(b"x\r\n.\r\n")
            await caller.hang_up()
        assert door.mails[0][0].address == "::1"
        assert door.mails[0][0].trusted

    run(story())
