"""A peer that is measured signing has signed: the first message at the sink is verified with the public key."""

from __future__ import annotations

import base64
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.errors import BenchError


def make_key(path: Path) -> None:
    """Writes a new RSA-2048 private key, PEM, readable by its owner only."""
    key = rsa.generate_private_key(65537, 2048)
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )


def record(key: Path) -> bytes:
    """The DNS record (TXT) of the public half of a private key."""
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def check(content: bytes, key: Path, *, signed: bool) -> None:
    """Raises BenchError when a message is not signed and should be, is signed wrongly, or should not be."""
    has_signature = b"\ndkim-signature:" in b"\n" + content.partition(b"\r\n\r\n")[0].lower()
    if has_signature != signed:
        raise BenchError("the peer signed nothing" if signed else "the peer signed what it should not")
    answer = record(key)
    if signed and not dkim.verify(content, dnsfunc=lambda *_args, **_options: answer):
        raise BenchError("the peer's signature does not verify")
