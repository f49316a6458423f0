"""Clients that send too much of something. Each is told, or cut off, and the next one is served."""

from __future__ import annotations

import pytest

from tests.world import Dialogue, World

MEGABYTE = 1_000_000


def flood(client: Dialogue, block: bytes, most: int) -> int:
    """Send blocks until the peer is gone, `most` octets at most; how many went out."""
    sent = 0
    try:
        while sent < most:
            client.socket.sendall(block)
            sent += len(block)
    except (ConnectionError, TimeoutError):
        pass
    return sent


@pytest.mark.parametrize("start", [b"NOOP ", b"MAIL FROM:<", b"", b"\r\n" * 10])
def test_command_without_end(world: World, start: bytes) -> None:
    """A command line that does not end costs the connection; no part of it is a command."""
    with world.call() as client:
        client.send(start)
        assert flood(client, b"a" * 4096, 100 * MEGABYTE) < 20 * MEGABYTE  # the kernel takes some
        assert "250" not in client.rest()


def test_line_of_mail_without_end(world: World) -> None:
    """A line of mail that does not end costs the connection at twice the size limit, and no memory."""
    before = world.memory()
    with world.call("small") as client:
        client.open("a@sender.example", "b@remote.example")
        client.say("DATA")
        flood(client, b"x" * 65536, 100 * MEGABYTE)
        assert "250" not in client.rest()
    assert world.memory() - before < 3 * MEGABYTE


def test_message_over_the_limit(world: World) -> None:
    """A mail over the limit, whatever it declared, is 552 at its end and leaves nothing; the session goes on."""
    recipient = world.address()
    with world.call("small") as client:
        client.say("EHLO c.example")
        for _ in range(2):
            client.all_of(["MAIL FROM:<a@sender.example> SIZE=10", f"RCPT TO:<{recipient}>", "DATA"])
            assert client.say(b"x" * 98 + b"\r\n" + (b"y" * 98 + b"\r\n") * 1100 + b".\r\n").startswith("552 5.3.4 ")
    world.remote.to(world.deliver())
    assert world.remote.number(recipient) == 0


@pytest.mark.parametrize("size", ["26214401", "1" * 20, "-1", "1e9", "0x10"])
def test_declared_sizes(world: World, size: str) -> None:
    """A declared size over the limit is 552, one that is no number 501."""
    with world.call() as client:
        client.say("EHLO c.example")
        assert client.say(f"MAIL FROM:<a@sender.example> SIZE={size}")[:3] == ("552" if size.isdigit() else "501")


@pytest.mark.parametrize("size", ["999999999999999999", "0" * 19 + "9", "-5", "5 5", "5 LAST LAST", ""])
def test_odd_chunks(world: World, size: str) -> None:
    """A chunk that is far too large, or whose size cannot be read, ends the connection: what follows is anything."""
    with world.call() as client:
        client.open("a@sender.example", "b@remote.example")
        assert client.say(f"BDAT {size}").startswith(("552 5.3.4 ", "501 5.5.4 "))
        assert client.rest() == ""


@pytest.mark.parametrize("line", ["NOOP", "RSET", "VRFY a", "HELP", "EHLO c.example", "AUTH", "BDAT 0"])
def test_endless_commands_that_move_no_mail(world: World, line: str) -> None:
    """After a hundred of them in a row, or twenty errors, it is 421 4.7.0 and the end."""
    with world.call() as client:
        client.open("a@sender.example", "b@remote.example")
        replies = 0
        while (heard := client.say(line)) and not heard.startswith("421"):
            replies += 1
        assert heard.startswith("421 4.7.0 ")
        assert replies <= 101
        assert client.rest() == ""


def test_endless_transactions_without_a_mail(world: World) -> None:
    """MAIL and RSET in turn, for ever, end as well."""
    with world.call() as client:
        client.say("EHLO c.example")
        for _ in range(101):
            if client.all_of(["MAIL FROM:<a@sender.example>", "RSET"])[1].startswith("421"):
                return
    pytest.fail("they went on")


def test_endless_errors(world: World) -> None:
    """Twenty commands that are wrong end the session."""
    with world.call() as client:
        client.say("EHLO c.example")
        replies = [client.say("XYZZY") for _ in range(20)]
        assert replies[-1].startswith("500 ")
        assert client.hear().startswith("421 4.7.0 ")


def test_endless_recipients(world: World) -> None:
    """A thousand are taken, some more are 452, and then it ends: nobody names a million."""
    with world.call() as client:
        client.open("a@sender.example")
        client.socket.settimeout(60)
        line = b"RCPT TO:<victim@remote.example>\r\n"
        for _ in range(22):
            client.send(line * 100)
        heard = client.rest()
    assert heard.count("250 2.1.5 ") == 1000
    assert 1000 <= heard.count("452 4.5.3 ") <= 1101
    assert heard.splitlines()[-1].startswith("421 4.7.0 ")


def test_many_connections_of_one_client(world: World) -> None:
    """A client over its number of connections hears 421 4.7.0; others are served; it is served again when some end."""
    open_ones = [world.call("small") for _ in range(20)]
    with world.call("small", greeted=False) as client:
        assert client.hear().startswith("421 4.7.0 ")
        assert client.rest() == ""
    with world.call("small", "127.0.0.99") as other:
        assert other.say("NOOP").startswith("250 ")
    open_ones.pop().__exit__()
    for _ in range(100):
        with world.call("small", greeted=False) as client:
            if client.hear().startswith("220 "):
                break
    else:
        pytest.fail("it was not served again")
    for one in open_ones:
        one.__exit__()
