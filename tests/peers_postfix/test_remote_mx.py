"""Postfix as the remote MX: what Postduif sends lies in Postfix's mailboxes as it should.

One private instance serves the whole file. What Postfix stores has LF for CRLF, so that bodies are compared with LF.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.dns_server import DnsServer
from tests.peers_postfix.postfix import Postfix, running
from tests.stories.daemon import Daemon, statuses
from tests.stories.roads import by_mx

ZONE = """
    remote.example MX 10 mx.remote.example
    mx.remote.example A 127.0.0.1
"""
BODIES = {
    "lines": b".\r\n..\r\n...\r\n.dot\r\n\r\nFrom here\r\n. \r\n" + b"." * 998 + b"\r\n.\r\n\r\n\r\n",
    "octets": bytes(octet for octet in range(1, 256) if octet not in b"\r\n") + b"\r\n" + b"\xff" * 998 + b"\r\n",
    "large": b"".join(b"%06d.%s\r\n" % (number, b"\xe2\x82\xac" * 20) for number in range(3000)),
}
VERBS = ("data", "bdat")
USERS = ("tess", *(f"{verb}-{user}" for verb in VERBS for user in ("alice", "bob", "app", *BODIES)))


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """The one instance of this file."""
    with running(USERS) as instance:
        yield instance


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """Knows Postfix as the MX of remote.example."""
    with DnsServer(ZONE) as server:
        yield server


def mail(body: bytes) -> bytes:
    """A mail to which nothing needs to be added."""
    return (
        b"From: app@remote.example\r\nTo: someone@remote.example\r\nSubject: hello\r\n"
        b"Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <1@remote.example>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    ) + body


def stored(content: bytes) -> bytes:
    """As Postfix writes it."""
    return content.replace(b"\r\n", b"\n")


def trace(content: bytes) -> list[str]:
    """The Received fields, the latest first, each on one line."""
    fields = message_from_bytes(content).get_all("Received", [])
    return [" ".join(field.split()) for field in fields]


@pytest.mark.parametrize("verb", VERBS)
def test_it_arrives_whole(tmp_path: Path, postfix: Postfix, dns: DnsServer, verb: str) -> None:
    """Two users get the mail with our trace field in one transaction; a third is unknown, and we pass on the reply."""
    content = mail(b"Hello.\r\n")
    alice, bob, nobody, app = (f"{verb}-{user}" for user in ("alice", "bob", "nobody", "app"))

    async def story() -> None:
        async with Daemon(tmp_path, by_mx(dns, postfix.ports[verb])) as daemon:
            recipients = [f"{user}@remote.example" for user in (alice, nobody, bob)]
            id = await daemon.submit(recipients, sender=f"{app}@remote.example", content=content)
            lines = {line.recipient.partition("@")[0]: line for line in await daemon.journal(id, 3)}
            await daemon.until(lambda: all(postfix.mails(user) for user in (alice, bob, app)))
            await daemon.until(lambda: daemon.app.store.stats.queued == 0)
        assert lines.keys() == {alice, nobody, bob}

        words = f"<{nobody}@remote.example>: Recipient address rejected: User unknown in virtual mailbox table"
        refused = lines.pop(nobody)
        assert (refused.kind, refused.code, refused.enhanced, refused.text) == ("failed", 550, "5.1.1", words)
        (notice,) = postfix.mails(app)
        (status,) = statuses(notice)
        assert " ".join(status["Diagnostic-Code"].split()) == f"smtp; 550 5.1.1 {words}"
        assert message_from_bytes(notice)["Return-Path"] == "<>"

        for user, line in lines.items():
            (copy,) = postfix.mails(user)
            assert copy.startswith(f"Return-Path: <{app}@remote.example>\n".encode())
            assert copy.endswith(stored(content))
            theirs, ours = trace(copy)
            assert theirs.startswith("from mta.sender.example (unknown [127.0.0.1]) by mx.remote.example (Postfix)")
            assert ours.startswith("from app.sender.example ([127.0.0.1]) by mta.sender.example")
            assert (line.kind, line.code, line.tls) == ("delivered", 250, "")
            assert line.host == f"mx.remote.example[127.0.0.1]:{postfix.ports[verb]}"
            assert f"with ESMTP id {line.text.split()[-1]};" in theirs
        assert lines[alice].text == lines[bob].text, "one transaction is one queue id at Postfix"

    asyncio.run(story())


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", BODIES)
def test_no_octet_is_changed(tmp_path: Path, postfix: Postfix, dns: DnsServer, kind: str, verb: str) -> None:
    """Lines of dots, every octet that a line may hold and two hundred kilobytes arrive as sent, by DATA and BDAT."""
    content, user = mail(BODIES[kind]), f"{verb}-{kind}"

    async def story() -> None:
        async with Daemon(tmp_path, by_mx(dns, postfix.ports[verb])) as daemon:
            id = await daemon.submit([f"{user}@remote.example"], content=content, mail=["BODY=8BITMIME"])
            (line,) = await daemon.journal(id)
            await daemon.until(lambda: postfix.mails(user))
        assert re.match(r"Ok: \d+ bytes queued as" if verb == "bdat" else "Ok: queued as", line.text)
        (copy,) = postfix.mails(user)
        assert copy.partition(b"\n\n")[2] == stored(BODIES[kind])
        assert copy.endswith(stored(content))

    asyncio.run(story())


def test_tls_is_used(tmp_path: Path, postfix: Postfix, dns: DnsServer) -> None:
    """STARTTLS is taken up though nobody vouches for the certificate; the journal and Postfix name the same cipher."""

    async def story() -> None:
        async with Daemon(tmp_path, by_mx(dns, postfix.ports["tls"])) as daemon:
            (line,) = await daemon.journal(await daemon.submit(["tess@remote.example"], content=mail(b"Secret.\r\n")))
            await daemon.until(lambda: postfix.mails("tess"))
        assert line.kind == "delivered"
        version, cipher = line.tls.split()[:2]
        assert version == "TLSv1.3"
        (copy,) = postfix.mails("tess")
        theirs = trace(copy)[0]
        assert f"using {version} with cipher {cipher} " in theirs
        assert "with ESMTPS id" in theirs

    asyncio.run(story())
