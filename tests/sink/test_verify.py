"""Signatures are checked with dkimpy, with keys from files or DNS."""

from __future__ import annotations

import asyncio
import signal
import smtplib
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from postduif.config.kinds import HostPort
from postduif.errors import ConfigError
from postduif.sink import Sink
from postduif.sink.keys import read_files, record
from postduif.sink.verify import Verifier, pool, verdict
from tests.dns_server import DnsServer

LETTER = b"From: a@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: x\r\n\r\nHello\r\n"
NAME = "2026a._domainkey.example.org"
KEY = rsa.generate_private_key(65537, 2048)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed(letter: bytes = LETTER) -> bytes:
    """With one good signature on top."""
    signature: bytes = dkim.sign(letter, b"2026a", b"example.org", PRIVATE, canonicalize=(b"relaxed", b"relaxed"))
    return signature + letter


def test_tells_good_from_bad() -> None:
    """A good signature is good; a changed body, a missing key, junk and a second bad one are not."""
    verifier = Verifier({NAME: PUBLIC})
    [good] = verifier.verify(signed())
    assert (good.domain, good.selector, good.algorithm, good.good) == ("example.org", "2026a", "rsa-sha256", True)
    [changed] = verifier.verify(signed() + b"more\r\n")
    assert not changed.good
    assert "body hash" in changed.reason
    [unknown] = Verifier({}).verify(signed())
    assert not unknown.good
    two = verifier.verify(b"DKIM-Signature: v=1; junk\r\n" + signed())
    assert [signature.good for signature in two] == [False, True]
    assert [verdict(()), verdict((good,)), verdict(two)] == ["none", "good", "bad"]


@pytest.mark.parametrize("content", [b"", b"\r\n", b"no header", b"\xff\xfe: \x00\r\n\r\n", b"DKIM-Signature", b"a\nb"])
def test_survives_anything(content: bytes) -> None:
    """No message, however odd, makes verification fail."""
    verifier = Verifier({})
    assert verifier.verify(content) == ()
    assert not any(signature.good for signature in verifier.verify(b"DKIM-Signature: \xff\r\n" + content))


def test_asks_dns_for_keys() -> None:
    """A key that no file has is asked of the name server; one that is not there is asked again."""
    with DnsServer() as server:
        verifier = Verifier({}, HostPort(server.endpoint))
        assert not verifier.verify(signed())[0].good
        text = record(PUBLIC)
        server.add(f'{NAME} TXT "{text[:200]}" "{text[200:]}"')
        assert verifier.verify(signed())[0].good


def test_reads_keys(tmp_path: Path) -> None:
    """PEM keys of both kinds and halves, records in one or several strings, and zone lines give the same record."""
    text = record(PUBLIC)
    assert record(PRIVATE.decode()) == text
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert record(pem).startswith("v=DKIM1; k=ed25519; p=")
    quoted = f'"{text[:200]}"\n\t"{text[200:]}"'
    assert record(quoted) == text
    for file, content in {
        "pem": PUBLIC,
        "txt": text,
        "zone": f"; a comment\n{NAME}. 300 IN TXT ( {quoted} ) ; end\n",
    }.items():
        (tmp_path / file).write_text(content)
    assert read_files([f"{NAME.upper()}={tmp_path}/pem"]) == {NAME: text}
    assert read_files([f"x.y={tmp_path}/txt", f"{tmp_path}/zone"]) == {"x.y": text, NAME: text}
    with pytest.raises(ConfigError, match="no TXT record"):
        read_files([f"{tmp_path}/pem"])
    with pytest.raises(ConfigError, match="No such file"):
        read_files([f"{NAME}={tmp_path}/absent"])
    (tmp_path / "txt").write_text("hello")
    with pytest.raises(ConfigError, match="neither a PEM key nor"):
        read_files([f"{NAME}={tmp_path}/txt"])


@pytest.mark.parametrize("processes", [0, 1])
def test_verifies_what_comes(processes: int) -> None:
    """A verifying sink counts signatures, tells each message's verdict, and counts messages once they are verified."""

    async def play() -> None:
        async with Sink(verify_keys={NAME: PUBLIC}, verify_processes=processes) as sink:

            def send() -> None:
                with smtplib.SMTP(sink.host, sink.port, "client.test", timeout=60) as client:
                    for letter in (signed(), LETTER, signed() + b"more\r\n"):
                        client.sendmail("a@example.org", ["b@example.com"], letter)

            await asyncio.to_thread(send)
            await sink.wait_for(3)
            assert sorted(message.dkim for message in sink.messages) == ["bad", "good", "none"]
            figures = sink.figures
            assert (figures.signatures_good, figures.signatures_bad, figures.signatures_none) == (1, 1, 1)

    asyncio.run(play())


def test_stops_reading_when_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """With verification behind, reading halts and goes on, and nothing is lost."""
    monkeypatch.setattr("postduif.sink.intake.MAX_VERIFYING", 4)

    async def play() -> None:
        async with Sink(verify_keys={NAME: PUBLIC}) as sink:
            _, writer = await asyncio.open_connection(sink.host, sink.port)
            letter = signed()
            one = b"MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nBDAT %d LAST\r\n" % len(letter) + letter
            writer.write(b"EHLO x\r\n")
            for _ in range(50):
                writer.write(one)
                await asyncio.sleep(0)
            await sink.wait_for(50)
            writer.close()
            assert sink.figures.signatures_good == 50

    asyncio.run(play())


def test_ctrl_c_is_for_the_sink_and_not_for_those_who_verify() -> None:
    """A process that verifies ignores SIGINT, so Ctrl-C in a terminal shows no traceback of it."""
    with pool(1) as verifiers:
        assert verifiers.submit(signal.getsignal, signal.SIGINT).result(60) is signal.SIG_IGN
