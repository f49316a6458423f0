"""Passwords of people: argon2, as for SMTP users, a few at a time so that a flood of guesses takes no memory."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2.exceptions import InvalidHashError, VerificationError

from postduif.campaign.accounts.fault import AccountFault
from postduif.mta.users import HASHER, MAX_PASSWORD

SHORTEST = 10  # characters
AT_ONCE = 2
PATIENCE = 5.0
"""Seconds to wait for a turn."""

_TURNS = threading.BoundedSemaphore(AT_ONCE)


def hashed(password: str, name: str = "") -> str:
    """What is stored. Raises AccountFault for a password that is too short, too long, or the name itself."""
    if len(password) < SHORTEST or len(password.encode("utf-8", "replace")) > MAX_PASSWORD or "\0" in password:
        raise AccountFault(f"A password has {SHORTEST} characters or more, and at most {MAX_PASSWORD} octets.")
    if name and name.casefold() in password.casefold() and len(password) < 2 * len(name) + SHORTEST:
        raise AccountFault("The password holds the name. Choose another.")
    return HASHER.hash(password)


def right(stored: str, password: str) -> bool:
    """Whether it is the one. Nobody's password (`stored` empty) takes as long. Raises AccountFault when too busy."""
    if not _TURNS.acquire(timeout=PATIENCE):
        raise AccountFault("Too many people sign in at once. Try again in a moment.")
    try:
        return HASHER.verify(stored or _nobody(), password[: MAX_PASSWORD + 1]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _TURNS.release()


@cache
def _nobody() -> str:
    return HASHER.hash(secrets.token_hex(16))
