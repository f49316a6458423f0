"""Return addresses that know whom the mail was for, signed: variable envelope return paths.

A value goes in and a local part comes out, and the other way round. It names the queue entry or the mailing and the
recipient by number, never by address. `docs/verp.md` has the form. Promises: an address made for one purpose is not
taken for another; whatever text comes in, `read` answers with a value; only who has a key can make one that is
believed. Which domain it stands at, and what follows from it, is left to others. Nothing here looks at a clock.
"""

from __future__ import annotations

import base64
import enum
import hmac
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from postduif.bounce import keyring
from postduif.config.schema import Bounce

KEY_FILE = "verp.keys"
"""In data_dir, when no other is configured."""
LENGTH = 34
"""Characters of every local part. RFC 5321 allows 64, and a forwarder's SRS wraps its own text around ours."""
MAC_OCTETS = 10
"""80 bits of the HMAC. Guessing means sending mail to us: with a million guesses a second for two weeks the chance to
hit is one in a million million. Each octet more makes the address longer, and forwarders (SRS) need room too."""

_DAY = 86400
_VERSION = "1"  # not in the alphabet of base32, so that it marks the addresses that are ours
_TOKEN = re.compile(rf"([buf]){_VERSION}([a-z2-7]{{32}})")
_OURS = re.compile(rf"[buf]{_VERSION}", re.IGNORECASE)
_DIGITS = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv")
_BODY = struct.Struct(">QH")  # whom, day of making
_MAILING = 1 << 63


class Purpose(enum.Enum):
    """What an address is for; its first letter."""

    BOUNCE = "b"
    UNSUBSCRIBE = "u"
    FEEDBACK = "f"


class Queued(NamedTuple):
    """A recipient of a message in the queue, by its id there (63 bits)."""

    recipient: int


class Mailed(NamedTuple):
    """A recipient of a mailing: the mailing's number (31 bits) and the recipient's in it (32 bits)."""

    mailing: int
    recipient: int


class Found(NamedTuple):
    """What a signed address of ours says."""

    purpose: Purpose
    whom: Queued | Mailed


class Problem(enum.Enum):
    """Why an address says nothing."""

    NOT_OURS = "not_ours"
    """It does not look like ours at all."""
    ALTERED = "altered"
    """It begins like ours and was cut short, lengthened or rewritten."""
    FORGED = "forged"
    """It has our form, and no key of ours signed it."""
    EXPIRED = "expired"
    """It is ours, from too long ago."""


class Verp:
    """Makes and reads the addresses of one key file."""

    def __init__(self, keys: Sequence[bytes], lifetimes: Mapping[Purpose, float]) -> None:
        """The first key signs, all are believed. Lifetimes are in seconds, for each purpose."""
        self._keys = [hmac.new(key, digestmod="sha256") for key in keys]
        self._lifetimes = dict(lifetimes)

    @classmethod
    def load(cls, settings: Bounce, data_dir: Path) -> Verp:
        """Read the configured key file, or our own, which is made when it is absent. Blocks. Raises ConfigError."""
        own = settings.key_file is None
        keys = keyring.load(settings.key_file or data_dir / KEY_FILE, create=own)
        lifetimes = {
            Purpose.BOUNCE: settings.bounce_lifetime,
            Purpose.UNSUBSCRIBE: settings.unsubscribe_lifetime,
            Purpose.FEEDBACK: settings.feedback_lifetime,
        }
        return cls(keys, lifetimes)

    def make(self, purpose: Purpose, whom: Queued | Mailed, at: float) -> str:
        """The local part, of `LENGTH` letters and digits.

        `at` is when the mail was accepted, seconds since the epoch: the same for every attempt, because hosts that
        greylist look at the return path. Raises ValueError for numbers that do not fit.
        """
        body = _BODY.pack(_number(whom), int(at // _DAY) & 0xFFFF)
        signed = body + _signature(self._keys[0], purpose.value, body)
        return f"{purpose.value}{_VERSION}{base64.b32encode(signed).decode('ascii').lower()}"

    def read(self, localpart: str, now: float, used_for: Purpose | None = None) -> Found | Problem:
        """What a local part says; upper and lower case are the same. Never raises. `now` in seconds since the epoch.

        `used_for`: what it is quoted for, whose lifetime then counts; it stays what it was made for.
        """
        match = _TOKEN.fullmatch(localpart.lower()) if localpart.isascii() else None
        if match is None:
            return Problem.ALTERED if _OURS.match(localpart) else Problem.NOT_OURS
        letter, text = match.groups()
        octets = int(text.translate(_DIGITS), 32).to_bytes(_BODY.size + MAC_OCTETS, "big")
        body, given = octets[: _BODY.size], octets[_BODY.size :]
        if not any(hmac.compare_digest(_signature(key, letter, body), given) for key in self._keys):
            return Problem.FORGED
        number, day = _BODY.unpack(body)
        purpose = Purpose(letter)
        # The day counts whole. One that is still to come is a clock that was set back, not a reason to lose a bounce.
        if now >= (day + 1) * _DAY + self._lifetimes[used_for or purpose]:
            return Problem.EXPIRED
        return Found(purpose, _whom(number))


def _number(whom: Queued | Mailed) -> int:
    if isinstance(whom, Queued):
        if 0 <= whom.recipient < _MAILING:
            return whom.recipient
    elif 0 <= whom.mailing < 1 << 31 and 0 <= whom.recipient < 1 << 32:
        return _MAILING | whom.mailing << 32 | whom.recipient
    raise ValueError(f"{whom} does not fit into a return address")


def _whom(number: int) -> Queued | Mailed:
    if number & _MAILING:
        return Mailed((number ^ _MAILING) >> 32, number & 0xFFFFFFFF)
    return Queued(number)


def _signature(key: hmac.HMAC, letter: str, body: bytes) -> bytes:
    signer = key.copy()
    signer.update(letter.encode("ascii") + _VERSION.encode("ascii") + body)
    return signer.digest()[:MAC_OCTETS]
