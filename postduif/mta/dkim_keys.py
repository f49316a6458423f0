"""DKIM keys: read and judged, made, and written as the DNS record that publishes them (RFC 6376 3.6, 8301, 8463).

A key is parsed once and stays in memory, so that a file that vanishes does no harm to mail under way.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from postduif.config.private_files import read_private
from postduif.config.schema import Dkim
from postduif.errors import ConfigError
from postduif.mta.signing_worker import signer

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

MIN_BITS = 1024  # RFC 8301 3.2: signers MUST NOT use less
MAX_BITS = 4096  # RFC 8301 3.2: verifiers need not take more
GOOD_BITS = 2048  # RFC 8301 3.2: signers SHOULD use as much
MAX_STRING = 255  # octets of one character-string of a TXT record (RFC 1035 3.3)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One private key with the name under which its public half is found."""

    domain: str
    """d=, lower-case ASCII."""
    selector: str
    """s=."""
    algorithm: str
    """a=: "rsa-sha256" or "ed25519-sha256"."""
    sign: Callable[[bytes], bytes]
    """From a SHA-256 digest to the signature (RFC 8463 section 3 signs the digest too). Releases the GIL."""
    der: bytes = field(repr=False)
    """The private key, for processes that sign (PKCS#8)."""


def load_key(settings: Dkim) -> SigningKey:
    """Read one configured key. Raises ConfigError: unreadable, open to others, no RSA or Ed25519 key, or weak."""
    try:
        private = read_key(settings.key)
    except ConfigError as error:
        raise ConfigError(f"dkim.key of {settings.domain}, selector {settings.selector}: {error}") from None
    algorithm = "rsa-sha256" if isinstance(private, rsa.RSAPrivateKey) else "ed25519-sha256"
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(settings.domain, settings.selector, algorithm, signer(der), der)


def read_key(path: Path) -> PrivateKey:
    """Read and judge a private key file. Raises ConfigError."""
    return parse_key(read_private(path), str(path))


def parse_key(pem: bytes, name: str) -> PrivateKey:
    """Parse and judge a PEM private key; `name` stands for it in the text of a ConfigError."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise ConfigError(f"{name}: the key is encrypted; store it without a passphrase, mode 0600") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{name}: no PEM private key; make one with `postduif dkim generate`") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError(f"{name}: neither RSA nor Ed25519; make a key with `postduif dkim generate`")
    if not MIN_BITS <= key.key_size <= MAX_BITS:
        raise ConfigError(
            f"{name}: RSA of {key.key_size} bits, receivers take {MIN_BITS} to {MAX_BITS} (RFC 8301); "
            f"make one of {GOOD_BITS} with `postduif dkim generate`"
        )
    return key


def generate(kind: str, bits: int = GOOD_BITS) -> bytes:
    """A new private key, PEM (PKCS#8). `kind` is "rsa" or "ed25519"; `bits` is for RSA."""
    key: PrivateKey = (
        ed25519.Ed25519PrivateKey.generate()
        if kind == "ed25519"
        else rsa.generate_private_key(public_exponent=65537, key_size=bits)
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_record(key: PrivateKey) -> str:
    """The text that publishes the key's public half (RFC 6376 3.6.1; Ed25519: bare octets, RFC 8463 section 4)."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        octets = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(octets).decode()}"
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(public.public_bytes_raw()).decode()}"


def record_name(domain: str, selector: str) -> str:
    """Where the record stands (RFC 6376 3.6.2.1), without the last dot."""
    return f"{selector}._domainkey.{domain}"


def strings(record: str) -> list[str]:
    """The record cut into strings of at most 255 octets; readers join them without a space (RFC 6376 3.6.2.2)."""
    return [record[start : start + MAX_STRING] for start in range(0, len(record), MAX_STRING)]


def zone_line(domain: str, selector: str, record: str) -> str:
    """The record in the form of a zone file (RFC 1035 5.1). A `;` between quotes is no comment."""
    quoted = " ".join(f'"{string}"' for string in strings(record))
    return f"{record_name(domain, selector)}. IN TXT ( {quoted} )"
