"""The token of one recipient of one mailing, which stands in every link of a mail.

It says which mailing and which of its recipients by number, never by address, signed with 128 bits: only who has a key
can make one. It has no end of life, because people open old mail. Pure; whose number that is, others know.
"""

from __future__ import annotations

import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

LENGTH = 32
"""Characters of every token: letters, digits, `-` and `_`."""
SAMPLE = "A" * LENGTH
"""Stands in proofs and previews: it is nobody's."""
KEY_FILE = "links.key"
"""In data_dir. The first key signs, all are believed."""
MAX_NUMBER = (1 << 32) - 1
"""Of a mailing, and of a recipient in it."""

_MAC_OCTETS = 16
_USE = b"postduif link 1"  # so that no other use of the same key makes a token
_BODY = struct.Struct("<II")  # high octets of the mailing last: a token ends in a letter, which is never cut off
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}")


class Whom(NamedTuple):
    """A recipient of a mailing."""

    mailing: int
    number: int
    """In the mailing."""


def make(key: bytes, mailing: int, number: int) -> str:
    """The token; `key` has 64 octets at most. Raises ValueError for a number past MAX_NUMBER."""
    try:
        body = _BODY.pack(number, mailing)
    except struct.error:
        raise ValueError(f"recipient {number} of mailing {mailing} does not fit into a token") from None
    return urlsafe_b64encode(_mac(key, body) + body).decode("ascii")


def read(keys: Sequence[bytes], text: str) -> Whom | None:
    """Whom a token is of; None, after the same work, for every text that was not made with one of the keys."""
    formed = bool(_TOKEN.fullmatch(text))
    octets = urlsafe_b64decode(text if formed else SAMPLE)
    mac, body = octets[:_MAC_OCTETS], octets[_MAC_OCTETS:]
    signed = False
    for key in keys:  # all of them: how long it takes does not say which
        signed |= hmac.compare_digest(_mac(key, body), mac)
    number, mailing = _BODY.unpack(body)
    return Whom(mailing, number) if formed and signed else None


def _mac(key: bytes, body: bytes) -> bytes:
    return blake2b(body, digest_size=_MAC_OCTETS, key=key, person=_USE).digest()
