"""Clients that talk when they should listen: before the greeting, and behind commands that end a group."""

from __future__ import annotations

import pytest

from tests.world import Door, World

TRANSACTION = b"MAIL FROM:<a@sender.example>\r\nRCPT TO:<victim@remote.example>\r\n"


def test_before_the_greeting(world: World) -> None:
    """A client whose commands are here before the greeting hears 554 5.5.0 and the end; most of twenty do."""
    refused = 0
    for _ in range(20):
        with world.call(greeted=False) as client:
            client.send(b"EHLO c.example\r\n" + TRANSACTION)
            heard = client.hear()
            refused += heard.startswith("554 5.5.0")
            if heard.startswith("554"):
                assert client.rest() == ""
    assert world.remote.number("victim@remote.example") == 0
    assert refused > 0


@pytest.mark.parametrize(
    ("door", "line"),
    [
        ("trusted", b"EHLO c.example\r\n"),
        ("trusted", b"HELO c.example\r\n"),
        ("auth", b"STARTTLS\r\n"),
        ("plain_auth", b"AUTH PLAIN\r\n"),
        ("plain_auth", b"AUTH LOGIN\r\n"),
        ("plain_auth", b"AUTH PLAIN AGEAYg==\r\n"),
    ],
)
def test_behind_a_command_that_ends_a_group(world: World, door: Door, line: bytes) -> None:
    """What comes in one go behind EHLO, STARTTLS or AUTH is not done: 554 5.5.0, and the end."""
    with world.call(door) as client:
        client.say("EHLO c.example")
        heard = client.say(line + TRANSACTION)
        assert heard.startswith("554 5.5.0 ")
        assert client.rest() == ""


def test_behind_data(world: World) -> None:
    """Content sent before 354 is neither content nor commands."""
    with world.call() as client:
        client.open("a@sender.example", "victim@remote.example")
        assert client.say(b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n").startswith("554 5.5.0 ")
        assert client.rest() == ""


def test_behind_quit(world: World) -> None:
    """After QUIT nothing is done."""
    with world.call() as client:
        client.send(b"QUIT\r\nEHLO c.example\r\n" + TRANSACTION)
        assert client.rest().startswith("221 2.0.0 Bye\r\n")
    with world.call() as client:
        client.open("a@sender.example", "victim@remote.example")
        client.send(b"QUIT\r\nDATA\r\nx\r\n.\r\n")
        assert "354" not in client.rest()
