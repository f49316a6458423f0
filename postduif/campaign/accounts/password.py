"""Passwords of people: argon2, as for SMTP users, a few at a time so that a flood of guesses takes no memory."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator
from functools import cache

from argon2.exceptions import InvalidHashError, VerificationError

from postduif.campaign.accounts.fault import AccountFault
from postduif.mta.users import HASHER, MAX_PASSWORD

_BUSY = "Too many people sign in at once. Try again in a moment."
SHORTEST = 10  # characters
AT_ONCE = 2
PATIENCE = 5.0
"""Seconds to wait for a turn."""
WAITING = 8
"""Who may, with those whose turn it is. Each waits in a thread that other pages need."""

_TURNS = threading.BoundedSemaphore(AT_ONCE)
_PLACES = threading.BoundedSemaphore(WAITING)


def hashed(password: str, name: str = "") -> str:
    """What is stored. Raises AccountFault for a password that is too short, too long, or the name itself."""
    if len(password) < SHORTEST or len(password.encode("utf-8", "replace")) > MAX_PASSWORD or "\0" in password:
        raise AccountFault(f"A password has {SHORTEST} characters or more, and at most {MAX_PASSWORD} octets.")
    if name and name.casefold() in password.casefold() and len(password) < 2 * len(name) + SHORTEST:
        raise AccountFault("The password holds the name. Choose another.")
    return HASHER.hash(password)


def right(stored: str, password: str) -> bool:
    """Whether it is the one. Nobody's password (`stored` empty) takes as long. Raises AccountFault when too busy."""
    with _turn():
        try:
            return HASHER.verify(stored or _nobody(), password[: MAX_PASSWORD + 1]) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    if not _PLACES.acquire(blocking=False):
        raise AccountFault(_BUSY)
    try:
        if not _TURNS.acquire(timeout=PATIENCE):
            raise AccountFault(_BUSY)
        try:
            yield
        finally:
            _TURNS.release()
    finally:
        _PLACES.release()


@cache
def _nobody() -> str:
    return HASHER.hash(secrets.token_hex(16))
