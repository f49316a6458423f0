"""Browsers and others made to talk to the port of a mail server (ALPACA, cross-protocol scripting)."""

from __future__ import annotations

import ssl

import pytest

from tests.world import World

HTTP = (
    b"POST / HTTP/1.1\r\nHost: mta.sender.example:25\r\nContent-Length: 99\r\n\r\n"
    b"EHLO c.example\r\nMAIL FROM:<a@sender.example>\r\nRCPT TO:<victim@remote.example>\r\nDATA\r\n"
)


@pytest.mark.parametrize(
    "octets",
    [
        HTTP,
        b"GET / HTTP/1.1\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\n\r\n",
        b"CONNECT remote.example:25 HTTP/1.1\r\n\r\n",
        b"PUT /x HTTP/1.0\r\n\r\n",
        b"Host: mta.sender.example\r\nEHLO c.example\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
    ],
)
def test_the_connection_ends_without_a_word(world: World, octets: bytes) -> None:
    """HTTP, SIP and TLS where SMTP is spoken end the connection; not an octet of theirs, or of ours, comes back."""
    with world.call() as client:
        client.send(octets)
        assert client.rest() == ""
    assert world.remote.number("victim@remote.example") == 0


def test_smtp_on_a_port_of_tls(world: World) -> None:
    """Commands in the clear where TLS is spoken do nothing, and others are served."""
    with world.call("implicit", greeted=False) as client:
        client.send("EHLO c.example\r\nQUIT")
        assert b"250" not in client.rest_of_octets()
    with world.call("implicit", greeted=False) as client:
        client.secure()
        assert isinstance(client.socket, ssl.SSLSocket)
        assert client.hear().startswith("220 ")
