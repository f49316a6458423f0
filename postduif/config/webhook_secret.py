"""The secret that a webhook signs with, as Standard Webhooks writes it: whsec_ and 24 to 64 octets in base64.

What is wrong with one is said without showing it, and neither `repr` nor `postduif check --show` prints it.
"""

from __future__ import annotations

import base64
import binascii

PREFIX = "whsec_"
MIN_OCTETS, MAX_OCTETS = 24, 64
_REMEDY = f"write {PREFIX} and what `openssl rand -base64 32` prints"


class Secret(bytes):
    """The key itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Not the key."""
        return "Secret(...)"

    __str__ = __repr__


def read_secret(value: object) -> Secret:
    """The key that a text stands for. Raises ValueError with the remedy."""
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value.startswith(PREFIX):
        raise ValueError(f"not a webhook secret; {_REMEDY}")
    try:
        key = base64.b64decode(value.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"not base64 after {PREFIX}; {_REMEDY}") from None
    if not MIN_OCTETS <= len(key) <= MAX_OCTETS:
        raise ValueError(f"the key has {len(key)} octets, and {MIN_OCTETS} to {MAX_OCTETS} are right; {_REMEDY}")
    return Secret(key)
