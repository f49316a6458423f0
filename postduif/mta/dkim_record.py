"""The DNS record that publishes a DKIM key, compared with the key (RFC 6376 3.6.1, RFC 8463).

Receivers that find anything but `ok` here take the signature for none, or for a test.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from postduif.mta.dkim_keys import PrivateKey, public_record

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


class Verdict(NamedTuple):
    """What the record is worth. `remedy` is empty when it is ok."""

    level: Literal["ok", "warning", "error"]
    text: str
    remedy: str = ""


def judge(name: str, texts: Sequence[str], key: PrivateKey) -> Verdict:
    """The TXT records `texts` at `name` (strings joined), as those of `key`."""
    publish = f"publish this TXT record: {public_record(key)}"
    found = [text for text in texts if "p" in tags_of(text)]
    if not found:
        return Verdict("error", f"{name} has no DKIM record", publish)
    if len(found) > 1:
        return Verdict(
            "error", f"{name} has {len(found)} DKIM records, and receivers take any one", "remove all but one"
        )
    tags = tags_of(found[0])
    try:
        published = _public_key(tags)
    except ValueError as error:
        return Verdict("error", f"{name}: {error}", publish)
    if published != key.public_key():
        return Verdict("error", f"{name} is the record of another key", publish)
    return _flags(name, tags)


def tags_of(record: str) -> dict[str, str]:
    """The tags of a record, in their order (RFC 6376 3.2); DMARC has the same form (RFC 9989 4.8)."""
    pairs = (tag.partition("=") for tag in record.split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _flags(name: str, tags: dict[str, str]) -> Verdict:
    """Tags that keep a right key from being used."""
    if "h" in tags and "sha256" not in _words(tags["h"]):
        return Verdict("error", f"{name}: h={tags['h']} leaves out sha256", "remove h= from the record")
    if "s" in tags and not {"*", "email"} & _words(tags["s"]):
        return Verdict("error", f"{name}: s={tags['s']} is not for mail", "remove s= from the record")
    if "y" in _words(tags.get("t", "")):
        return Verdict("warning", f"{name}: t=y says that signatures are only a test", "remove t=y from the record")
    return Verdict("ok", f"{name} is the public half of the key")


def _words(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(":")}


def _public_key(tags: dict[str, str]) -> PublicKey:
    """The key of a record. Raises ValueError, which says what is wrong with the record."""
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        raise ValueError("the record does not begin with v=DKIM1")
    text = re.sub(r"\s", "", tags.get("p", ""))
    if not text:
        raise ValueError("p= is empty: the key is revoked")
    try:
        octets = base64.b64decode(text, validate=True)
        if tags.get("k", "rsa") == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(octets)
        key = serialization.load_der_public_key(octets)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise ValueError("p= is not a public key; it was perhaps cut or changed when it was published") from None
    if tags.get("k", "rsa") != "rsa" or not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("k= does not say what p= is")
    return key
