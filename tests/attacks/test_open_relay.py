"""Strangers who want mail carried to others, in every form of address that has fooled a mail server."""

from __future__ import annotations

import pytest

from tests.world import Door, World

FORMS = {
    "foreign": "victim@remote.example",
    "percent hack": "victim%remote.example@mta.sender.example",
    "percent hack twice": "victim%a%remote.example@mta.sender.example",
    "source route": "@mta.sender.example:victim@remote.example",
    "source route of two": "@mta.sender.example,@a.example:victim@remote.example",
    "bang path": "remote.example!victim",
    "bang path at us": "remote.example!victim@mta.sender.example",
    "bang path and at": "mta.sender.example!victim@remote.example",
    "quoted address at us": '"victim@remote.example"@mta.sender.example',
    "quoted percent": '"victim%remote.example"@mta.sender.example',
    "quoted address alone": '"victim@remote.example"',
    "two ats": "victim@remote.example@mta.sender.example",
    "address literal": "victim@[127.0.0.1]",
    "literal of IPv6": "victim@[IPv6:::1]",
    "our own literal": "victim@[192.0.2.1]",
    "bare domain literal": "victim@127.0.0.1",
    "trailing dot": "victim@remote.example.",
    "our name with a dot": "postmaster@mta.sender.example.",
    "upper case": "VICTIM@REMOTE.EXAMPLE",
    "below our name": "postmaster@x.mta.sender.example",
    "postmaster elsewhere": "postmaster@remote.example",
    "quoted postmaster elsewhere": '"postmaster"@remote.example',
    "postmaster with more": "postmaster+victim=remote.example@mta.sender.example",
    "localhost": "victim@localhost",
    "no domain": "victim",
    "control characters": "postmaster@mta.sender.example\rvictim@remote.example",
    "angle brackets": "postmaster@mta.sender.example><victim@remote.example",
    "comment": "postmaster(victim@remote.example)@mta.sender.example",
    "list of two": "postmaster@mta.sender.example,victim@remote.example",
    "fullwidth at": "victim\uff20remote.example",
}
SENDERS = ("victim@sender.example", "postmaster@mta.sender.example", "")


@pytest.mark.parametrize("door", ["inbound", "auth", "plain_auth"])
@pytest.mark.parametrize("form", FORMS)
def test_strangers_relay_nothing(world: World, form: str, door: Door) -> None:
    """No form of recipient is taken from a client that has not logged in, whatever sender it claims."""
    for sender in SENDERS:
        with world.call(door) as client:
            client.say("EHLO c.example")
            client.say(f"MAIL FROM:<{sender}>")
            assert client.say(f"RCPT TO:<{FORMS[form]}>")[0] == "5"
            assert client.say("DATA").startswith("503 ")


@pytest.mark.parametrize(
    "line",
    [
        "XCLIENT ADDR=127.0.0.1 LOGIN=alice",
        "XFORWARD ADDR=127.0.0.1",
        "PROXY TCP4 127.0.0.1 127.0.0.1 1 25",
        "MAIL FROM:<a@sender.example> AUTH=alice@sender.example",
    ],
)
def test_nobody_says_who_he_is_without_a_password(world: World, line: str) -> None:
    """Claims of another address or user are not believed: the client relays no more than before."""
    with world.call("plain_auth") as client:
        client.say("EHLO c.example")
        assert client.say(line)[0] == "5"
        assert client.say("MAIL FROM:<a@sender.example>").startswith("530 ")


def test_a_proxy_header_is_not_believed(world: World) -> None:
    """Who begins with a PROXY header, in text or binary, talks early or nonsense, and may send no more than before."""
    for header in (b"PROXY TCP4 127.0.0.1 127.0.0.1 1 25\r\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"):
        with world.call("plain_auth", greeted=False) as client:
            client.send(header + b"EHLO c.example\r\n")
            client.send("MAIL FROM:<a@sender.example>\r\nQUIT")
            heard = client.rest()
            assert "554 5.5.0" in heard or "500 5.5.2" in heard
            assert "250 2.1.0" not in heard


def test_own_addresses_are_taken_and_go_to_one_place(world: World) -> None:
    """An inbound listener takes mail for postmaster and abuse: so the tests above could fail."""
    with world.call("inbound") as client:
        client.open("stranger@elsewhere.example", "abuse@mta.sender.example")
