"""The link in the mail that asks to confirm: signed, with an end, and for one answer with its address and types alone.

Pure. A link that was not made with a key of ours, or whose time is over, is known without a look at any file.
"""

from __future__ import annotations

import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

LASTS = 7 * 86400.0
"""Seconds from the answer until its link is over."""
SOONEST, LATEST = 2.0, 86400.0
"""Seconds between showing a form and sending it: sooner is no person, later the page is shown anew."""

_BODY = struct.Struct("<QI8s")
_SIGN_UP, _SHOWN = b"postduif signup1", b"postduif shown 1"  # so that no other use of the same keys makes one
_MAC = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{48}")


class Link(NamedTuple):
    """What a link says."""

    answer: int
    """Its id."""
    until: int
    """Seconds since the epoch."""
    digest: bytes
    """Of address and types: those of the answer must give the same."""


def digest(subject: str, types: str) -> bytes:
    """Of an address and the types of mail that it asks for, as the answer has them."""
    return blake2b(f"{subject}\0{types}".encode(), digest_size=8).digest()


def make(key: bytes, link: Link) -> str:
    """The token."""
    body = _BODY.pack(*link)
    return urlsafe_b64encode(_mac(key, body, _SIGN_UP) + body).decode("ascii")


def read(keys: Sequence[bytes], text: str) -> Link | None:
    """What a token of ours says; None for every other text. Whether it is over, the caller sees."""
    if not _TOKEN.fullmatch(text):
        return None
    octets = urlsafe_b64decode(text)
    mac, body = octets[:_MAC], octets[_MAC:]
    if not _signed(keys, body, mac, _SIGN_UP):
        return None
    return Link(*_BODY.unpack(body))


def shown(key: bytes, form: str, now: float) -> str:
    """Stands in a form: when it was shown."""
    body = struct.pack("<I", int(now))
    return (_mac(key, body + form.encode(), _SHOWN)[:8] + body).hex()


def in_time(keys: Sequence[bytes], form: str, text: str, now: float) -> bool:
    """Whether a form was shown by us, not too short and not too long ago."""
    try:
        octets = bytes.fromhex(text)
        (at,) = struct.unpack("<I", octets[8:])
    except (ValueError, struct.error):
        return False
    signed = any(hmac.compare_digest(_mac(key, octets[8:] + form.encode(), _SHOWN)[:8], octets[:8]) for key in keys)
    return signed and at + SOONEST <= now <= at + LATEST


def _signed(keys: Sequence[bytes], body: bytes, mac: bytes, use: bytes) -> bool:
    found = False
    for key in keys:  # all of them: how long it takes does not say which
        found |= hmac.compare_digest(_mac(key, body, use), mac)
    return found


def _mac(key: bytes, body: bytes, use: bytes) -> bytes:
    return blake2b(body, digest_size=_MAC, key=key, person=use).digest()
