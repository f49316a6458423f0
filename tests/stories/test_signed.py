"""Mail leaves signed, or it does not leave."""

from __future__ import annotations

import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import to

SIGNED_AT = time.time()  # verifiers look at the real clock


def keys(directory: Path) -> tuple[str, dict[str, str]]:
    """An RSA and an Ed25519 key: their settings, and what a verifier must know."""
    made = {"rsa": rsa.generate_private_key(65537, 2048), "ed": ed25519.Ed25519PrivateKey.generate()}
    settings, public = "", {}
    for selector, key in made.items():
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = directory / f"{selector}.pem"
        path.touch(0o600)
        path.write_bytes(pem)
        settings += f'[[dkim]]\ndomain = "sender.example"\nselector = "{selector}"\nkey = "{path}"\n'
        public[f"{selector}._domainkey.sender.example"] = pem.decode()
    return settings, public


async def test_both_signatures_verify(tmp_path: Path) -> None:
    """A message is signed with every key of its author's domain; both signatures are good where it arrives."""
    settings, public = keys(tmp_path)
    clock = FakeClock(SIGNED_AT)
    async with Sink(verify_keys=public) as sink, Daemon(tmp_path, to(sink) + settings, clock) as daemon:
        await daemon.submit(["a@one.example"])
        await sink.wait_for(1)
        assert [(one.algorithm, one.good) for one in sink.messages[0].signatures] == [
            ("rsa-sha256", True),
            ("ed25519-sha256", True),
        ]


async def test_key_gone_at_reload(tmp_path: Path) -> None:
    """Settings whose key cannot be read are refused: mail goes on being signed with the key in memory."""
    settings, public = keys(tmp_path)
    clock = FakeClock(SIGNED_AT)
    async with Sink(verify_keys=public) as sink, Daemon(tmp_path, to(sink) + settings, clock) as daemon:
        (tmp_path / "rsa.pem").unlink()
        daemon.app.reload()
        await daemon.submit(["a@one.example"])
        await sink.wait_for(1)
        assert (sink.messages[0].dkim, len(sink.messages[0].signatures)) == ("good", 2)


async def test_key_gone(tmp_path: Path) -> None:
    """Mail whose key is not to be had waits; it is signed and sent once the key is back, and never goes unsigned."""
    settings, public = keys(tmp_path)
    clock = FakeClock(SIGNED_AT)
    async with Sink(verify_keys=public) as sink, Daemon(tmp_path, to(sink) + settings, clock) as daemon:
        (tmp_path / "rsa.pem").rename(tmp_path / "away.pem")
        daemon.app._signer.reload(daemon.app._config.dkim)
        id = await daemon.submit(["a@one.example"])
        (line,) = await daemon.journal(id)
        assert (line.kind, line.code, line.enhanced[:3]) == ("deferred", 451, "4.7")
        assert sink.figures.messages == 0
        (tmp_path / "away.pem").rename(tmp_path / "rsa.pem")
        daemon.app.reload()
        clock.advance(60)
        await sink.wait_for(1)
        assert sink.messages[0].dkim == "good"
