"""Submission, TLS and AUTH by section: RFC 6409, 4954, 4616, 3207 and 8314, as the running program keeps them."""

from __future__ import annotations

import base64
import ssl

import pytest

from tests.world import Dialogue, World

MAIL = "MAIL FROM:<alice@sender.example>"


def keywords(client: Dialogue) -> dict[str, str]:
    """What EHLO offers: keywords and what follows them."""
    lines = client.say("EHLO client.example").split("\n")[1:]
    return {word: rest for word, _, rest in (line[4:].partition(" ") for line in lines)}


def encoded(*words: str) -> str:
    """Words with NUL between them, as AUTH PLAIN has them."""
    return base64.b64encode("\0".join(words).encode()).decode()


@pytest.mark.parametrize("name", ["user", "user@host", "user@", "@remote.example"])
def test_rfc6409_4_2_domains_are_qualified(world: World, name: str) -> None:
    """A domain of one word, and an address without one, is refused in MAIL and in RCPT."""
    with world.call() as client:
        client.say("EHLO c.example")
        assert client.say(f"MAIL FROM:<{name}>")[0] == "5"
        client.say("MAIL FROM:<a@sender.example>")
        assert client.say(f"RCPT TO:<{name}>")[0] == "5"


def test_rfc6409_4_3_authentication_is_required(world: World) -> None:
    """Without AUTH MAIL is 530 5.7.0 where passwords are wanted, in the clear and under TLS."""
    with world.call("auth") as client:
        client.say("EHLO c.example")
        assert client.say(MAIL).startswith("530 5.7.0")
        client.begin_tls()
        client.say("EHLO c.example")
        assert client.say(MAIL).startswith("530 5.7.0")


def test_rfc6409_7_extensions(world: World) -> None:
    """What a submission server must or should offer is there; ETRN is not."""
    with world.call("auth") as client:
        client.say("EHLO c.example")
        client.begin_tls()
        offered = keywords(client)
        assert {"PIPELINING", "ENHANCEDSTATUSCODES", "DSN", "8BITMIME", "SIZE", "AUTH", "SMTPUTF8"} <= offered.keys()
        assert client.say("ETRN example.org").startswith("502 ")


def test_rfc6409_8_missing_fields_are_added(world: World) -> None:
    """Date, Message-ID and From are added when they are missing, and nothing else is altered."""
    mail = world.remote.to(world.deliver("body \t\r\n", header="Subject:  two  blanks\r\nX-Odd:\t1\r\n"))
    header = mail.content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    fields = [line.partition(b":")[0] for line in header if line[:1] not in b"\t "]
    assert sorted(fields) == [b"Date", b"From", b"Message-ID", b"Received", b"Subject", b"X-Odd"]
    assert b"Subject:  two  blanks" in header
    assert mail.content.endswith(b"\r\n\r\nbody \t\r\n")


def test_rfc6409_8_present_fields_stay(world: World) -> None:
    """A complete mail gets our trace field and nothing more."""
    mail = world.remote.to(world.deliver("x\r\n"))
    below = mail.content[mail.content.index(b"From: app@") :]
    assert below.startswith(
        b"From: app@sender.example\r\nTo: someone@remote.example\r\nSubject: hello\r\nDate: Fri, 15"
    )
    assert mail.content.count(b"Message-ID:") == mail.content.count(b"Date:") == 1


def test_rfc8314_3_3_implicit_tls(world: World) -> None:
    """TLS from the first octet, 1.2 or later; AUTH is offered, STARTTLS is not."""
    with world.call("implicit", greeted=False) as client:
        client.secure()
        assert client.hear().startswith("220 ")
        offered = keywords(client)
        assert "AUTH" in offered
        assert "STARTTLS" not in offered
        assert isinstance(client.socket, ssl.SSLSocket)
        assert client.socket.version() in ("TLSv1.2", "TLSv1.3")


def test_rfc3207_4_starttls(world: World) -> None:
    """STARTTLS with an argument is 501; it is offered before TLS and not after, when a second one is 503."""
    with world.call("auth") as client:
        assert "STARTTLS" in keywords(client)
        assert client.say("STARTTLS now").startswith("501 ")
        client.begin_tls()
        assert "STARTTLS" not in keywords(client)
        assert client.say("STARTTLS").startswith("503 ")


def test_rfc3207_4_2_everything_is_forgotten(world: World) -> None:
    """After the handshake the client has to say EHLO again, and what it said before is gone."""
    with world.call("auth") as client:
        client.say("EHLO before.example")
        client.begin_tls()
        assert client.say(MAIL).startswith("503 ")
        client.say("EHLO c.example")
        assert client.log_in("alice", "open sesame").startswith("235 ")
        assert client.say(MAIL).startswith("250 ")


def test_rfc4954_4_auth_only_under_tls(world: World) -> None:
    """In the clear AUTH is not offered, and 538 (or 454) when it is tried."""
    with world.call("auth") as client:
        assert "AUTH" not in keywords(client)
        assert client.log_in("alice", "open sesame").startswith("538 5.7.11")


def test_rfc4954_4_once_and_not_in_a_transaction(world: World) -> None:
    """After success a second AUTH is 503, and so is one in a transaction; a mail says that it came with AUTH."""
    recipient = world.address()
    with world.call("plain_auth") as client:
        assert keywords(client)["AUTH"].split() == ["PLAIN", "LOGIN"]
        assert client.log_in("alice", "open sesame").startswith("235 2.7.0")
        assert client.log_in("alice", "open sesame").startswith("503 5.5.1")
        client.say(MAIL)
        assert client.log_in("alice", "open sesame").startswith("503 5.5.1")
        client.say(f"RCPT TO:<{recipient}>")
        client.say("DATA")
        assert client.say(b"From: alice@sender.example\r\n\r\nx\r\n.\r\n").startswith("250 ")
    assert b"with ESMTPA id" in world.remote.to(recipient).content


@pytest.mark.parametrize(
    ("line", "answers", "code"),
    [
        ("AUTH PLAIN", ["*"], "501 5.5.2"),
        ("AUTH LOGIN", ["YQ==", "*"], "501 5.5.2"),
        ("AUTH PLAIN", ["not base64!"], "501 5.5.2"),
        ("AUTH PLAIN ====", [], "501 5.5.2"),
        (f"AUTH PLAIN {encoded('', 'alice', 'wrong')}", [], "535 5.7.8"),
        (f"AUTH PLAIN {encoded('', 'nobody', 'open sesame')}", [], "535 5.7.8"),
        (f"AUTH PLAIN {encoded('root', 'alice', 'open sesame')}", [], "535 5.7.8"),
        ("AUTH CRAM-MD5", [], "504 5.5.4"),
        (f"aUTH pLAIN {encoded('', 'alice', 'open sesame')}", [], "235 2.7.0"),
        ("AUTH PLAIN", [encoded("", "alice", "open sesame")], "235 2.7.0"),
        ("AUTH LOGIN", [encoded("alice"), encoded("open sesame")], "235 2.7.0"),
    ],
)
def test_rfc4954_4_outcomes(world: World, line: str, answers: list[str], code: str) -> None:
    """`*` and bad base64 are 501, wrong passwords 535; mechanisms in any case, with or without an initial response."""
    with world.call("plain_auth", "127.0.3.1") as client:
        client.say("EHLO c.example")
        reply = client.say(line)
        for answer in answers:
            assert reply.startswith("334 ")
            reply = client.say(answer)
        assert reply.startswith(code)


def test_rfc4954_4_long_lines(world: World) -> None:
    """An AUTH line may have 12,288 octets."""
    with world.call("plain_auth") as client:
        client.say("EHLO c.example")
        client.say("AUTH PLAIN")
        assert client.say("A" * 12284).startswith("501 ")
        assert client.say("NOOP").startswith("250 ")
