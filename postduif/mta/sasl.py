"""The server's half of AUTH PLAIN (RFC 4616) and LOGIN, without sockets and without knowing who may.

An exchange reads the client's lines and ends with a user and a password, or with `Refused`. Neither logs anything.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Protocol

from postduif.errors import Refused
from postduif.reply import Reply

MAX_LINE = 12288  # octets of one line, CRLF included (RFC 4954 4)
MAX_USER = 255  # octets
MAX_PASSWORD = 1024  # octets

_BAD_BASE64 = Reply(501, "5.5.2", "Cannot decode that")
_CANCELLED = Reply(501, "5.5.2", "Authentication cancelled")
_MALFORMED = Reply(501, "5.5.2", "Malformed credentials")


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a client says it is. The password is not in the repr."""

    user: str
    password: str = field(repr=False)


class Exchange(Protocol):
    """One AUTH command under way."""

    def challenge(self) -> bytes:
        """What to ask next, before base64."""
        ...

    def answer(self, line: bytes) -> Claim | None:
        """Take the client's answer, as sent. None: ask on. Raises Refused."""
        ...


class Plain:
    """One answer: authorization identity, NUL, user, NUL, password."""

    def challenge(self) -> bytes:
        """Nothing is asked."""
        return b""

    def answer(self, line: bytes) -> Claim | None:
        """Raises Refused."""
        parts = _decoded(line).split(b"\0")
        if len(parts) != 3:
            raise Refused(_MALFORMED)
        if parts[0] and parts[0] != parts[1]:  # nobody may act for another here: fails as a wrong password does
            return Claim("", "")
        return Claim(_text(parts[1], MAX_USER), _text(parts[2], MAX_PASSWORD))


class Login:
    """Two answers: user, password (draft-murchison-sasl-login)."""

    def __init__(self) -> None:
        self._user: str | None = None

    def challenge(self) -> bytes:
        """The words that clients look for."""
        return b"Username:" if self._user is None else b"Password:"

    def answer(self, line: bytes) -> Claim | None:
        """Raises Refused."""
        if self._user is None:
            self._user = _text(_decoded(line), MAX_USER)
            return None
        return Claim(self._user, _text(_decoded(line), MAX_PASSWORD))


MECHANISMS: dict[bytes, type[Plain] | type[Login]] = {b"PLAIN": Plain, b"LOGIN": Login}


def _decoded(line: bytes) -> bytes:
    if line == b"*":
        raise Refused(_CANCELLED)
    if line == b"=":  # an empty initial response (RFC 4954 4)
        return b""
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        raise Refused(_BAD_BASE64) from None


def _text(octets: bytes, limit: int) -> str:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(_MALFORMED) from None
    if len(octets) > limit or "\0" in text:
        raise Refused(_MALFORMED)
    return text
