"""Words spoken into the gap between STARTTLS and TLS (CVE-2011-0411).

Into our sessions, here. Into those that we begin, the other way round: `stories/test_starttls.py`.
"""

from __future__ import annotations

import time

import pytest

from tests.world import World

WORDS = b"EHLO evil.example\r\nMAIL FROM:<evil@sender.example>\r\n"


def test_in_one_segment(world: World) -> None:
    """Commands behind STARTTLS in one go end the connection before TLS begins."""
    with world.call("auth") as client:
        client.say("EHLO c.example")
        assert client.say(b"STARTTLS\r\n" + WORDS).startswith("554 5.5.0 ")
        assert client.rest() == ""


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_after_the_reply(world: World, pause: float) -> None:
    """Commands in the clear after 220 are no handshake: they are never done, in the clear or later, inside TLS."""
    with world.call("auth") as client:
        client.say("EHLO c.example")
        assert client.say("STARTTLS").startswith("220 ")
        time.sleep(pause)
        client.send(WORDS)
        heard = client.rest_of_octets()
        assert b"250" not in heard


def test_what_was_said_before_is_forgotten(world: World) -> None:
    """A login that the clear allowed would not count inside TLS, nor does the EHLO from before."""
    with world.call("auth") as client:
        client.say("EHLO evil.example")
        client.begin_tls()
        assert client.say("MAIL FROM:<a@sender.example>").startswith("503 ")
        assert client.say("EHLO c.example").startswith("250-")
        assert client.say("MAIL FROM:<a@sender.example>").startswith("530 ")
