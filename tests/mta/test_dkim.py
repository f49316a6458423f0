"""Signatures, judged by dkimpy; what is signed, by whom, and what breaks it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import dkim as dkimpy
import pytest
from hypothesis import given, settings
from prometheus_client import REGISTRY

from postduif.config.schema import Dkim
from postduif.errors import ConfigError, KeyUnavailable
from postduif.mta import dkim_keys
from postduif.mta.dkim import LIFETIME, OVERSIGNED, SIGNED, Signer
from tests.fakes import FakeClock
from tests.mta.odd_messages import messages

PLAIN = b"".join(
    [
        b"Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n",
        *[b"%b: one\r\n" % name.encode() for name in OVERSIGNED + SIGNED],
        b"\r\nHello,\r\n\r\nthis is mail.\r\n",
    ]
)


class Keys:
    """Key files of example.com, sub.example.com and other.example, and their public records."""

    def __init__(self, directory: Path) -> None:
        self.records: dict[str, bytes] = {}
        self.rsa = self._make(directory, "example.com", "r1", "rsa")
        self.ed25519 = self._make(directory, "example.com", "e1", "ed25519")
        self.sub = self._make(directory, "sub.example.com", "s1", "ed25519")

    def _make(self, directory: Path, domain: str, selector: str, kind: str) -> Dkim:
        path = directory / f"{selector}.pem"
        path.write_bytes(dkim_keys.generate(kind))
        path.chmod(0o600)
        record = dkim_keys.public_record(dkim_keys.read_key(path))
        self.records[f"{dkim_keys.record_name(domain, selector)}."] = record.encode()
        return Dkim(domain=domain, selector=selector, key=path)

    def good(self, content: bytes) -> list[bool]:
        """What dkimpy says of each signature."""
        message = dkimpy.DKIM(content)
        count = sum(name.lower() == b"dkim-signature" for name, _ in message.headers)
        return [self._holds(message, index) for index in range(count)]

    def _holds(self, message: dkimpy.DKIM, index: int) -> bool:
        try:
            return bool(message.verify(index, dnsfunc=self._record))
        except dkimpy.ValidationError:  # the body hash differs
            return False

    def _record(self, name: bytes, timeout: int = 5) -> bytes:
        return self.records[name.decode()]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def signer(keys: Keys) -> Iterator[Signer]:
    made = Signer.load([keys.rsa, keys.ed25519, keys.sub], FakeClock(time.time()))
    yield made
    made.close()


def tags(field: bytes) -> dict[str, str]:
    text = field.decode().replace("\r\n", "").partition(":")[2]
    return {name.strip(): value.replace(" ", "") for name, _, value in (tag.partition("=") for tag in text.split(";"))}


@settings(max_examples=150, deadline=None)
@given(messages())
def test_dkimpy_verifies_odd_messages(keys: Keys, signer: Signer, content: bytes) -> None:
    """Both signatures, RSA and Ed25519, hold on whatever a message is made of."""
    assert keys.good(signer.sign_now("example.com", content) + content) == [True, True]


@settings(max_examples=60, deadline=None)
@given(messages())
def test_fields_are_well_formed(signer: Signer, content: bytes) -> None:
    """Lines are within 78 octets and end in CRLF; no l=; From is signed, DKIM-Signature is not."""
    fields = signer.sign_now("example.com", content)
    lines = fields.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 78 and line == line.rstrip() for line in lines)
    for field in re.split(rb"\r\n(?=D)", fields):
        found = tags(field)
        assert found.keys() == {"v", "a", "c", "d", "s", "h", "t", "x", "bh", "b"}
        signed = found["h"].lower().split(":")
        assert signed.count("from") == 2
        assert "dkim-signature" not in signed


def test_added_signatures_do_not_sign_each_other(keys: Keys, signer: Signer) -> None:
    """A message that carries our signature already can be signed again, and all hold."""
    once = signer.sign_now("example.com", PLAIN) + PLAIN
    assert keys.good(signer.sign_now("example.com", once) + once) == [True] * 4


def test_times_come_from_the_clock(keys: Keys) -> None:
    """t= is now, x= two weeks later."""
    found = tags(Signer.load([keys.ed25519], FakeClock(1_800_000_000.9)).sign_now("example.com", PLAIN))
    assert (found["t"], found["x"]) == ("1800000000", str(1_800_000_000 + LIFETIME))
    assert LIFETIME == 14 * 86400


def test_fields_are_signed_from_the_bottom_up(keys: Keys, signer: Signer) -> None:
    """Of repeated fields, each is signed; changing any breaks the signatures (RFC 6376 5.4.2)."""
    content = b"Cc: a\r\nFrom: x@example.com\r\nCc: b\r\ncc:c\r\n\r\nbody\r\n"
    fields = signer.sign_now("example.com", content)
    assert tags(re.split(rb"\r\n(?=D)", fields)[0])["h"].split(":").count("Cc") == 4
    assert keys.good(fields + content) == [True, True]
    for one in (b"Cc: a", b"Cc: b", b"cc:c"):
        assert keys.good(fields + content.replace(one, b"Cc: z")) == [False, False]


@pytest.mark.parametrize(
    ("name", "present"),
    [(name, present) for name in OVERSIGNED for present in (True, False) if present or name != "From"],
)
@pytest.mark.parametrize("top", [True, False])
def test_added_field_breaks_the_signature(keys: Keys, signer: Signer, name: str, *, present: bool, top: bool) -> None:
    """No important field can be added, above or below, whether there was one before or not."""
    content = PLAIN if present else re.sub(rb"(?m)^%b: .*\r\n" % name.encode(), b"", PLAIN)
    signed = signer.sign_now("example.com", content) + content
    assert keys.good(signed) == [True, True]
    added = b"%b: added\r\n" % name.encode()
    tampered = added + signed if top else signed.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n", 1)
    assert keys.good(tampered) == [False, False]


@pytest.mark.parametrize("name", OVERSIGNED + SIGNED)
def test_changed_field_breaks_the_signature(keys: Keys, signer: Signer, name: str) -> None:
    """Every field we sign is really signed."""
    tampered = PLAIN.replace(b"\r\n%b: one" % name.encode(), b"\r\n%b: two" % name.encode())
    assert tampered != PLAIN
    assert keys.good(signer.sign_now("example.com", PLAIN) + tampered) == [False, False]


@pytest.mark.parametrize("tail", [b"more\r\n", b"\r\nmore\r\n", b".\r\n"])
def test_appended_body_breaks_the_signature(keys: Keys, signer: Signer, tail: bytes) -> None:
    """Nothing can be added to the body."""
    signed = signer.sign_now("example.com", PLAIN) + PLAIN
    assert keys.good(signed + tail) == [False, False]


def test_trace_fields_may_be_added(keys: Keys, signer: Signer) -> None:
    """Received and Return-Path on the way do no harm."""
    signed = signer.sign_now("example.com", PLAIN) + PLAIN
    assert keys.good(b"Return-Path: <a@b>\r\nReceived: from x by y\r\n" + signed) == [True, True]


@pytest.mark.parametrize(
    ("header_from", "signing"),
    [
        ("example.com", ["example.com", "example.com"]),
        ("EXAMPLE.com", ["example.com", "example.com"]),
        ("a.b.example.com", ["example.com", "example.com"]),
        ("sub.example.com", ["sub.example.com"]),
        ("x.sub.example.com", ["sub.example.com"]),
        ("notexample.com", []),
        ("com", []),
        ("", []),
        ("example.com.", []),
        ("\u00e9.example.com", ["example.com", "example.com"]),
    ],
)
def test_most_specific_domain_signs(signer: Signer, header_from: str, signing: list[str]) -> None:
    """d= is the From domain or its nearest configured parent; other domains are not signed for."""
    assert re.findall(r"d=([\w.]+);", signer.sign_now(header_from, PLAIN).decode()) == signing


def test_many_at_once(keys: Keys, signer: Signer) -> None:
    """Threads give each caller its own signatures, for small and for large messages."""

    async def run() -> None:
        contents = [PLAIN + b"%d\r\n" % number for number in range(60)] + [PLAIN + b"long line \r\n" * 20_000]
        signed = await asyncio.gather(*[signer.sign("example.com", content) for content in contents])
        for fields, content in zip(signed, contents, strict=True):
            assert keys.good(fields + content) == [True, True]
        assert await signer.sign("elsewhere.example", PLAIN) == b""

    asyncio.run(run())
    asyncio.run(run())


@pytest.mark.parametrize("body", [b"", b"a b\r\n", b"a b\r\n\r\n\r\n"])
def test_what_is_vouched_for_is_signed_as_ever(keys: Keys, signer: Signer, body: bytes) -> None:
    """Empty lines at the end are left out of the hash, though nobody looks at the rest of the body."""
    content = b"From: a@example.com\r\n\r\n" + body
    signed = asyncio.run(signer.sign("example.com", content, content.index(b"\r\n\r\n") + 4))
    assert keys.good(signed + content) == [True, True]


def test_signatures_are_counted(signer: Signer) -> None:
    """Each algorithm counts for itself, each message once."""

    def figures() -> list[float]:
        names = ({"algorithm": "rsa-sha256"}, {"algorithm": "ed25519-sha256"})
        counts = [REGISTRY.get_sample_value("postduif_dkim_signatures_total", labels) for labels in names]
        return [count or 0.0 for count in [*counts, REGISTRY.get_sample_value("postduif_dkim_sign_seconds_count")]]

    before = figures()
    signer.sign_now("example.com", PLAIN)
    asyncio.run(signer.sign("sub.example.com", PLAIN))
    assert [now - then for now, then in zip(figures(), before, strict=True)] == [1, 2, 2]


def test_load_refuses_what_it_cannot_use(keys: Keys, tmp_path: Path) -> None:
    """A missing key, or one selector twice, stops the start."""
    with pytest.raises(ConfigError, match="does not exist"):
        Signer.load([Dkim(domain="example.com", selector="x", key=tmp_path / "none.pem")], FakeClock())
    with pytest.raises(ConfigError, match="selector r1 twice"):
        Signer.load([keys.rsa, keys.rsa], FakeClock())


def test_keys_stay_when_files_go(keys: Keys, tmp_path: Path) -> None:
    """A key file that vanishes does no harm until a reload; then mail of that domain waits, until the next."""
    path = tmp_path / "key.pem"
    path.write_bytes(dkim_keys.generate("ed25519"))
    path.chmod(0o600)
    configured = [keys.rsa, Dkim(domain="other.example", selector="o1", key=path)]
    signer = Signer.load(configured, FakeClock())
    path.rename(tmp_path / "away.pem")
    assert signer.sign_now("other.example", PLAIN)
    (problem,) = signer.reload(configured)
    assert "other.example" in problem
    with pytest.raises(KeyUnavailable, match=r"key\.pem"):
        signer.sign_now("www.other.example", PLAIN)
    with pytest.raises(KeyUnavailable):
        asyncio.run(signer.sign("other.example", PLAIN))
    assert signer.sign_now("example.com", PLAIN)
    (tmp_path / "away.pem").rename(path)
    assert signer.reload(configured) == []
    assert signer.sign_now("other.example", PLAIN)


def test_one_missing_key_of_two_makes_mail_wait(keys: Keys, tmp_path: Path) -> None:
    """A domain configured with two keys is not signed for with one."""
    signer = Signer.load([keys.rsa], FakeClock())
    signer.reload([keys.rsa, Dkim(domain="example.com", selector="x", key=tmp_path / "none.pem")])
    with pytest.raises(KeyUnavailable):
        signer.sign_now("example.com", PLAIN)


def test_many_shapes_of_header_are_remembered_within_bounds(keys: Keys, signer: Signer) -> None:
    """Headers of ever new shapes are signed right; what is remembered of them is bounded."""
    for number in range(200):
        content = b"From: a@example.com\r\n" + b"X: y\r\nTo: b\r\n" * number + b"\r\nbody\r\n"
        fields = signer.sign_now("sub.example.com", content)
        if number % 50 == 0:
            assert keys.good(fields + content) == [True]
    assert len(signer._domains["sub.example.com"]._layouts) <= 64


def test_time_is_bounded(signer: Signer) -> None:
    """A header section of a hundred thousand fields is signed in time that grows with its size only."""
    content = b"From: a@example.com\r\n" + b"To: someone\r\n" * 100_000 + b"\r\n"
    began = time.process_time()
    signer.sign_now("sub.example.com", content)
    assert time.process_time() - began < 1
