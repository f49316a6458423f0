"""RFC 5321 as a server keeps it, by section: what a client says to the running program, and what it hears."""

from __future__ import annotations

import re
import time

import pytest

from postduif.config.schema import Listener
from tests.world import POSTMASTER, World

BARE = {"LF": b"one\ntwo\r\n", "CR": b"one\rtwo\r\n", "LF.LF": b"one\n.\ntwo\r\n", "LF.CRLF": b"one\n.\r\ntwo\r\n"}


def test_2_2_1_helo_gets_no_extensions(world: World) -> None:
    """EHLO and HELO are both there; HELO has one line of answer."""
    with world.call() as client:
        assert client.say("HELO client.example") == "250 mta.sender.example"
        assert "\n" in client.say("EHLO client.example")


@pytest.mark.parametrize("kind", BARE)
def test_2_3_8_only_crlf_ends_a_line(world: World, kind: str) -> None:
    """A bare CR or LF in mail data ends no line and no mail: it is refused."""
    recipient = world.address()
    with world.call() as client:
        client.open("app@sender.example", recipient)
        client.say("DATA")
        assert client.say(b"Subject: x\r\n\r\n" + BARE[kind] + b".\r\n").startswith("554 5.6.0")
        assert client.rest() == ""
    assert world.remote.number(recipient) == 0


def test_2_4_commands_in_any_case(world: World) -> None:
    """Verbs, FROM and TO are read in any case."""
    with world.call() as client:
        replies = client.all_of(
            ["eHLo c.example", "mAIL fROM:<a@sender.example>", "RcPt tO:<b@remote.example>", "rSeT"]
        )
        assert [reply[:3] for reply in replies] == ["250"] * 4


def test_2_4_local_parts_keep_their_case(world: World) -> None:
    """The case of a local part is the same at the end of the road; quotes that are not needed change nothing."""
    recipient = world.address(name="MiXed.Case")
    with world.call() as client:
        client.open('"Sen.Der"@sender.example', recipient)
        client.say("DATA")
        client.say(b"From: a@sender.example\r\n\r\nx\r\n.\r\n")
    assert world.remote.to(recipient).sender == "Sen.Der@sender.example"


def test_3_3_order_of_commands(world: World) -> None:
    """RCPT before MAIL, DATA before RCPT and a second MAIL are 503; the open transaction stays."""
    with world.call() as client:
        lines = ["MAIL FROM:<a@sender.example>", "EHLO c.example", "RCPT TO:<b@remote.example>", "DATA"]
        assert [reply[:3] for reply in client.all_of(lines)] == ["503", "250", "503", "503"]
        lines = ["MAIL FROM:<a@sender.example>", "MAIL FROM:<a@sender.example>", "DATA", "RCPT TO:<b@remote.example>"]
        assert [reply[:3] for reply in client.all_of(lines)] == ["250", "503", "503", "250"]


def test_3_5_3_vrfy_verifies_nothing(world: World) -> None:
    """VRFY is 252, whoever is asked about."""
    with world.call("inbound") as client:
        assert len({client.say(f"VRFY {who}") for who in ("postmaster", "nobody", "a@remote.example")}) == 1
        assert client.say("VRFY postmaster").startswith("252 ")


def test_4_1_1_3_source_routes_are_dropped(world: World) -> None:
    """A source route is taken and not passed on."""
    recipient = world.address()
    with world.call() as client:
        client.open("app@sender.example", f"@a.example,@b.example:{recipient}")
        client.say("DATA")
        client.say(b"From: a@sender.example\r\n\r\nx\r\n.\r\n")
    assert world.remote.to(recipient).rcpts == [f"RCPT TO:<{recipient}>".encode()]


def test_4_1_1_4_one_reply_for_all_recipients(world: World) -> None:
    """After the data there is one reply, for three recipients too."""
    with world.call() as client:
        client.open("app@sender.example", *(world.address() for _ in range(3)))
        client.say("DATA")
        assert client.say(b"From: a@sender.example\r\n\r\nx\r\n.\r\n").startswith("250 ")
        assert client.say("NOOP") == "250 2.0.0 Ok"


def test_4_1_1_5_rset_clears_and_stays(world: World) -> None:
    """RSET is 250, drops sender and recipients, and never closes."""
    with world.call() as client:
        client.open("app@sender.example", "b@remote.example")
        assert client.say("RSET").startswith("250 ")
        assert client.all_of(["DATA", "RCPT TO:<b@remote.example>", "NOOP"])[0].startswith("503 ")
        assert [client.say("RSET")[:3] for _ in range(20)] == ["250"] * 20


def test_4_1_1_10_quit_is_221_and_the_end(world: World) -> None:
    """The server closes after QUIT, and not before."""
    with world.call() as client:
        client.say("EHLO c.example")
        time.sleep(0.1)
        assert client.say("QUIT").startswith("221 ")
        assert client.rest() == ""


def test_4_1_1_10_lost_connection_drops_the_open_mail_alone(world: World) -> None:
    """A mail that was not finished is forgotten; the one before it is delivered."""
    first, second = world.address(), world.address()
    with world.call() as client:
        client.open("app@sender.example", first)
        client.say("DATA")
        client.say(b"From: a@sender.example\r\n\r\nx\r\n.\r\n")
        client.all_of(["MAIL FROM:<app@sender.example>", f"RCPT TO:<{second}>", "DATA"])
        client.send(b"From: a@sender.example\r\n\r\nhalf\r\n.")
    world.remote.to(first)
    world.remote.to(world.deliver())
    assert world.remote.number(second) == 0


@pytest.mark.parametrize("word", ["XYZZY=1", "AUTH=<>", "HOLDFOR=10"])
def test_4_1_1_11_unknown_parameters_are_555(world: World, word: str) -> None:
    """A parameter of an extension that is not offered is 555; a bad value of one that is, 501."""
    with world.call() as client:
        client.say("EHLO c.example")
        assert client.say(f"MAIL FROM:<a@sender.example> {word}").startswith("555 5.5.4")
        assert client.say("MAIL FROM:<a@sender.example> BODY=9BIT").startswith("501 5.5.4")
        client.say("MAIL FROM:<a@sender.example>")
        assert client.say(f"RCPT TO:<b@remote.example> {word}").startswith("555 5.5.4")


@pytest.mark.parametrize("octets", ["é".encode(), b"\x80", b"\x01", b"\x7f", b"\t", b"\0"])
def test_4_1_2_eight_bit_and_control_octets(world: World, octets: bytes) -> None:
    """They are refused in MAIL and RCPT (501; 500 where they make it no command line), and nothing is taken."""
    with world.call() as client:
        client.say("EHLO c.example")
        assert client.say(b"MAIL FROM:<a" + octets + b"@sender.example>\r\n")[:3] in ("500", "501")
        client.say("MAIL FROM:<a@sender.example>")
        assert client.say(b"RCPT TO:<b" + octets + b"@remote.example>\r\n")[:3] in ("500", "501")
        assert client.say("DATA").startswith("503 ")


def test_4_1_4_ehlo_in_mid_session(world: World) -> None:
    """EHLO resets as RSET does; one that is wrong changes nothing."""
    with world.call() as client:
        client.open("app@sender.example", "b@remote.example")
        assert client.say("EHLO a b").startswith("501 ")
        assert client.say("RCPT TO:<c@remote.example>").startswith("250 ")
        assert client.say("EHLO c.example").startswith("250-")
        assert client.say("DATA").startswith("503 ")


@pytest.mark.parametrize(
    "name", ["does-not-exist.invalid", "localhost", "[127.0.0.1]", "[IPv6:::1]", "under_score", "x"]
)
def test_4_1_4_no_refusal_for_the_name(world: World, name: str) -> None:
    """Mail is taken whatever DNS thinks of the EHLO name."""
    with world.call() as client:
        assert client.say(f"EHLO {name}").startswith("250-")
        assert client.say("MAIL FROM:<a@sender.example>").startswith("250 ")


def test_4_2_4_what_is_refused_is_not_advertised(world: World) -> None:
    """No command that is 500 or 502 stands in the EHLO reply, and every keyword there that is a command works."""
    with world.call() as client:
        offered = {line.split()[0] for line in client.say("EHLO c.example").replace("250-", "250 ").split("250 ")[1:]}
        for verb in ("EXPN", "ETRN", "TURN", "SEND", "SOML", "SAML", "XYZZY", "XCLIENT", "XFORWARD", "BURL"):
            assert client.say(f"{verb} x")[:3] in ("500", "502")
            assert verb not in offered


def test_4_2_5_no_delivery_after_a_refusal(world: World) -> None:
    """What was answered 554 after the dot goes to nobody, though the mail after it does."""
    recipient = world.address()
    with world.call() as client:
        client.open("app@sender.example", recipient)
        client.say("DATA")
        assert client.say(b"From: a@b.example\r\nFrom: c@d.example\r\n\r\nx\r\n.\r\n").startswith("554 ")
    world.remote.to(world.deliver())
    assert world.remote.number(recipient) == 0


def test_4_4_received(world: World) -> None:
    """The trace field says from, by, with, id, date; those below it are as they were; no Return-Path is added."""
    older = "Received: from a.example\r\n\tby b.example; Fri, 15 Jan 2027 08:00:00 +0000\r\n"
    mail = world.remote.to(world.deliver(header=older + older.replace("b.ex", "c.ex") + "From: a@sender.example\r\n"))
    ours, _, below = mail.content.decode().partition("\r\nReceived: from a.example")
    words = r"Received: from client.example \(\[127.0.0.1\]\)\s+by mta.sender.example with ESMTP id \d+\s+for <\S+>;"
    date = r"\s+(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"
    assert re.fullmatch(words + date, ours)
    assert below.startswith("\r\n\tby b.example;")
    assert below.index("b.example") < below.index("c.example")
    assert b"Return-Path" not in mail.content


def test_4_4_for_names_one_recipient_or_none(world: World) -> None:
    """With two recipients there is no FOR clause: neither may learn of the other."""
    one, two = world.address(), world.address()
    with world.call() as client:
        client.open("app@sender.example", one, two)
        client.say("DATA")
        client.say(b"From: a@sender.example\r\n\r\nx\r\n.\r\n")
    for recipient in (one, two):
        content = world.remote.to(recipient).content
        assert b"for <" not in content
        assert one.encode() not in content


@pytest.mark.parametrize("verb", ["EHLO c", "HELO c", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY a"])
def test_4_5_1_minimum_implementation(world: World, verb: str) -> None:
    """Each command that every server has is known here."""
    with world.call() as client:
        assert client.say(verb)[:3] not in ("500", "502")


@pytest.mark.parametrize("name", ["postmaster", "PostMaster", "POSTMASTER@mta.sender.example"])
def test_4_5_1_postmaster(world: World, name: str) -> None:
    """Mail to postmaster is taken in any case and without a domain, and goes where it is to go."""
    with world.call("inbound") as client:
        client.open("stranger@elsewhere.example", name)
        client.say("DATA")
        marker = f"marker {world.address()}"
        assert client.say(f"Subject: {marker}\r\n\r\nx\r\n.").startswith("250 ")
    for _ in range(500):
        if any(marker.encode() in one.content and POSTMASTER in one.recipients for one in world.remote.taken):
            return
        time.sleep(0.02)
    pytest.fail("the postmaster got nothing")


def test_4_5_2_dot_stuffing(world: World) -> None:
    """Dots that were doubled on the way in are single in the mail, and doubled again on the way out."""
    body = ".\r\n..\r\n...\r\n.x\r\nx.\r\n\r\n.\r\n"
    mail = world.remote.to(world.deliver(body))
    assert mail.content.endswith(("\r\n\r\n" + body).encode())
    assert mail.stuffed.endswith(b"\r\n\r\n..\r\n...\r\n....\r\n..x\r\nx.\r\n\r\n..\r\n")


def test_4_5_3_1_sizes(world: World) -> None:
    """A local part of 64 octets, a path of 256, a command of 512, a line of 1000 and 64 KB of mail are taken."""
    local = world.address().partition("@")[0]
    local = local + "l" * (64 - len(local))
    domain = ".".join(["d" * 63, "d" * 63, "d" * 53, "example"])
    recipient = f"{local}@{domain}"
    assert len(f"<{recipient}>") == 256
    with world.call() as client:
        client.say("EHLO c.example")
        assert client.say("NOOP " + "x" * 505).startswith("250 ")
        client.say("MAIL FROM:<app@sender.example>")
        assert client.say(f"RCPT TO:<{recipient}>").startswith("250 ")
        client.say("DATA")
        line = b"y" * 998 + b"\r\n"
        assert client.say(b"From: a@sender.example\r\n\r\n" + line * 70 + b".\r\n").startswith("250 ")
    assert world.remote.to(recipient).content.endswith(line * 70)


def test_4_5_3_1_8_recipients(world: World) -> None:
    """A hundred recipients are taken, and a thousand; those over the limit are 452, and the thousand stay."""
    names = [world.address("nowhere.invalid") for _ in range(1002)]
    with world.call() as client:
        client.say("EHLO c.example")
        client.say("MAIL FROM:<app@sender.example>")
        client.send("".join(f"RCPT TO:<{name}>\r\n" for name in names).encode())
        replies = [client.hear() for _ in names]
        assert [reply[:9] for reply in replies] == ["250 2.1.5"] * 1000 + ["452 4.5.3"] * 2
        assert client.say("DATA").startswith("354 ")


def test_4_5_3_2_7_the_server_waits_five_minutes() -> None:
    """By default it does, for the next command and for the next block of data."""
    assert Listener(address="127.0.0.1:25").idle_timeout >= 300


@pytest.mark.parametrize("hops", [99, 100])
def test_6_3_loops_end_at_a_hundred_hops(world: World, hops: int) -> None:
    """A mail that has been received ninety-nine times is taken, one more is 554 5.4.6."""
    received = "Received: from a.example by b.example; Fri, 15 Jan 2027 08:00:00 +0000\r\n"
    with world.call() as client:
        client.open("app@sender.example", world.address())
        client.say("DATA")
        reply = client.say((received * hops + "From: a@sender.example\r\n\r\nx\r\n.\r\n").encode())
        assert reply.startswith("250 " if hops < 100 else "554 5.4.6")
