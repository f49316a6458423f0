"""Public DKIM keys for verification, from files or from DNS: `selector._domainkey.domain` to the text of its record."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from postduif.errors import ConfigError

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_COMMENT = re.compile(r'^((?:[^";]|"(?:[^"\\]|\\.)*")*);.*$', re.MULTILINE)
_ZONE = re.compile(
    r"^(\S+)\s+(?:\d+\s+)?(?:IN\s+)?(?:\d+\s+)?TXT\s+(\([^)]*\)|.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE
)


def name(text: str) -> str:
    """The name of a record as it is looked up: lower-case, no dot at the end."""
    return text.rstrip(".").lower()


def record(text: str) -> str:
    """The record of a PEM key (public or private) or of a record's text, quoted strings joined. Raises ValueError."""
    if "-----BEGIN" in text:
        return _record_of_pem(text.encode())
    joined = "".join(_QUOTED.findall(text)) or text
    joined = " ".join(joined.split())
    if not re.search(r"(?:^|;)\s*p=", joined):
        raise ValueError("neither a PEM key nor a DKIM record")
    return joined


def read_files(options: Iterable[str]) -> dict[str, str]:
    """Read each `NAME=FILE` (a PEM key or one record) or `FILE` (lines of a zone, `NAME IN TXT "..."`).

    Raises ConfigError.
    """
    found: dict[str, str] = {}
    for option in options:
        owner, equals, file = option.partition("=")
        path = Path(file if equals else option)
        try:
            text = path.read_text("utf-8")
            found |= {name(owner): record(text)} if equals else zone(text)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ConfigError(f"{path}: {error}; write --key-file selector._domainkey.domain=FILE") from None
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from None
    return found


def zone(text: str) -> dict[str, str]:
    """The DKIM records among the TXT records of zone lines. Raises ValueError when there is none."""
    records: Mapping[str, str] = {
        name(match[1]): record(match[2].strip("()")) for match in _ZONE.finditer(_COMMENT.sub(r"\1", text))
    }
    if not records:
        raise ValueError("no TXT record in it")
    return dict(records)


def _record_of_pem(pem: bytes) -> str:
    key = load_pem_private_key(pem, None).public_key() if b"PRIVATE KEY" in pem else load_pem_public_key(pem)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "v=DKIM1; k=ed25519; p=" + base64.b64encode(key.public_bytes_raw()).decode()
    if isinstance(key, rsa.RSAPublicKey):
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()
    raise ValueError("neither an RSA nor an Ed25519 key")
