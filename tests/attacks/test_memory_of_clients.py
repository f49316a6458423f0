"""What hostile connections cost in memory, measured at the real daemon: under a megabyte each, in every phase.

What a client may send as mail is bounded for all, by `server.max_message_memory`: `mta/test_message_memory.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.world import Dialogue, Door, World

MOST = 1_000_000  # octets of one connection
LONG_RCPT = "RCPT TO:<{}@{}> ORCPT=rfc822;{}\r\n".format("a" * 64, ".".join(["b" * 60] * 3), "c" * 480).encode()


def nothing(_: Dialogue) -> None:
    """Connect, and be silent."""


def half_a_command(client: Dialogue) -> None:
    """As much of a command as may be."""
    client.send(b"NOOP " + b"x" * 2040)


def long_password(client: Dialogue) -> None:
    """An answer to AUTH that does not end."""
    client.say("EHLO c.example")
    client.say("AUTH PLAIN")
    client.send(b"A" * 12_000)


def recipients(client: Dialogue) -> None:
    """As many and as long recipients as are taken."""
    client.open("a@sender.example")
    for _ in range(12):
        client.send(LONG_RCPT * 100)
        for _ in range(100):
            client.hear()


def endless_line(client: Dialogue) -> None:
    """A line of mail of some megabytes."""
    client.open("a@sender.example", "b@remote.example")
    client.say("DATA")
    client.send(b"x" * 3_000_000)


def refused_chunk(client: Dialogue) -> None:
    """Some megabytes of a chunk that is over the limit."""
    client.open("a@sender.example", "b@remote.example")
    client.send(b"BDAT 30000000\r\n" + b"x" * 3_000_000)


def reads_nothing(client: Dialogue) -> None:
    """As many commands as are answered; nobody reads the replies."""
    client.open("a@sender.example")
    client.send(b"RCPT TO:<a@remote.example>\r\n" * 2000)


def tls(client: Dialogue) -> None:
    """TLS, and silence."""
    client.say("EHLO c.example")
    client.begin_tls()


def half_a_handshake(client: Dialogue) -> None:
    """The beginning of one."""
    client.say("EHLO c.example")
    client.say("STARTTLS")
    client.send(b"\x16\x03\x01\x40\x00" + b"\x01\x00\x3f\xfc" + b"x" * 10_000)


PHASES: list[tuple[Callable[[Dialogue], None], Door, int]] = [
    (nothing, "normalize", 200),
    (half_a_command, "normalize", 200),
    (long_password, "plain_auth", 90),
    (recipients, "normalize", 15),
    (endless_line, "normalize", 30),
    (refused_chunk, "normalize", 30),
    (reads_nothing, "normalize", 50),
    (tls, "auth", 40),
    (half_a_handshake, "auth", 90),
]


@pytest.mark.parametrize(("phase", "door", "number"), PHASES, ids=[phase.__name__ for phase, _, _ in PHASES])
def test_one_connection_costs_less_than_a_megabyte(
    world: World, phase: Callable[[Dialogue], None], door: Door, number: int
) -> None:
    """The daemon's memory grows by less than a megabyte for each of many connections that stay in this phase."""
    with ExitStack() as stack:
        with world.call(door) as first:  # what the first of its kind needs for ever is not the price of one
            phase(first)
        before = world.memory()
        for _ in range(number):
            phase(stack.enter_context(world.call(door)))
        time.sleep(0.1)
        each = (world.memory() - before) / number
    print(f"{phase.__name__}: {each / 1000:.0f} KB a connection")
    assert each < MOST
