"""Random secrets that are shown once: of sessions, sign-in links and API tokens.

Each has 256 random bits, so a plain SHA-256 keeps it secret and nobody finds one by trying; the file holds only that.
"""

from __future__ import annotations

import hashlib
import secrets

OCTETS = 32
LENGTH = 43
"""Characters of one."""


def make() -> str:
    """A new one: letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(OCTETS)


def hash_of(text: str) -> bytes:
    """As it is stored. What is looked up by it tells nothing by the time that takes."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
