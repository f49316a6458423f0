"""The file of tokens: `<data_dir>/tokens`, readable by us alone. A line is `id:user:hash:made:rate:senders`.

A token is 32 random octets, so nobody can find it by trying, and a plain SHA-256 of it keeps it secret: the slow hash
that a password needs would only make each request slow. What `own_file` promises of changes holds.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from postduif import sender_pattern
from postduif.config.units import Rate, parse_rate
from postduif.errors import AddressError, ConfigError
from postduif.mta import own_file

FILE = "tokens"
OCTETS = 32
MAX_TOKENS = 10_000
_FORM = re.compile(r"pd_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_USER = re.compile(r"[^\s:\x00-\x1f\x7f](?:[^:\x00-\x1f\x7f]{0,253}[^\s:\x00-\x1f\x7f])?")


class Token(NamedTuple):
    """What is known of one; not the token itself."""

    id: str
    """Names it: in the token, in lists, to revoke it. No secret."""
    user: str
    """Whose it is: in the log, in Received, and for whom idempotency keys are kept."""
    hashed: str
    """SHA-256 of the secret part, in hexadecimal."""
    made: int
    """Seconds since the epoch."""
    rate: Rate | None
    """Recipients; None is no limit."""
    senders: tuple[str, ...]
    """Patterns. None: those of the user of that name, or any where there is no such user."""


def parts_of(token: str) -> tuple[str, str] | None:
    """Id and secret of what looks like a token."""
    match = _FORM.fullmatch(token)
    return (match[1], match[2]) if match else None


def hash_of(secret: str) -> str:
    """As it is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read(data_dir: Path) -> dict[str, Token]:
    """The tokens by id. No file: none. Raises OSError; ConfigError for a line that is not one of ours."""
    path = data_dir / FILE
    found = {}
    for number, line in enumerate(own_file.lines(path), 1):
        try:
            token = _read(line)
        except (ValueError, AddressError):
            raise ConfigError(f"{path}:{number}: not a token; remove the line and make a new one") from None
        found[token.id] = token
    return found


def make(data_dir: Path, user: str, senders: Sequence[str], rate: str, now: float) -> str:
    """Store a new token and return it, which nobody can do again. Raises ConfigError, OSError."""
    if not _USER.fullmatch(user) or len(user.encode()) > 255:
        raise ConfigError("a user name is 1 to 255 octets without colons, control characters or blanks at its ends")
    try:
        patterns = tuple(map(sender_pattern.read, senders))
        limit = parse_rate(rate)
    except (AddressError, ValueError) as error:
        raise ConfigError(str(error)) from None
    with own_file.alone(data_dir):
        known = read(data_dir)
        if len(known) >= MAX_TOKENS:
            raise ConfigError(f"there are {MAX_TOKENS} tokens; revoke some")
        while (id_ := secrets.token_hex(4)) in known:
            pass
        secret = secrets.token_urlsafe(OCTETS)
        known[id_] = Token(id_, user, hash_of(secret), int(now), limit, patterns)
        _write(data_dir, known)
    return f"pd_{id_}_{secret}"


def revoke(data_dir: Path, *, id: str = "", user: str = "") -> int:
    """Take one token back, or all of a user; returns how many. Raises ConfigError, OSError."""
    with own_file.alone(data_dir):
        known = read(data_dir)
        kept = {token.id: token for token in known.values() if token.id != id and token.user != user}
        if len(kept) < len(known):
            _write(data_dir, kept)
    return len(known) - len(kept)


def _read(line: str) -> Token:
    id_, user, hashed, made, rate, senders = line.split(":", 5)
    if not re.fullmatch("[0-9a-f]{8}", id_) or not user or not re.fullmatch("[0-9a-f]{64}", hashed):
        raise ValueError(line)
    patterns = tuple(map(sender_pattern.read, senders.split()))
    return Token(id_, user, hashed, int(made), parse_rate(rate), patterns)


def _write(data_dir: Path, tokens: dict[str, Token]) -> None:
    own_file.replace(data_dir, FILE, map(_line, tokens.values()))


def _line(token: Token) -> str:
    rate = str(token.rate) if token.rate else ""
    return ":".join((token.id, token.user, token.hashed, str(token.made), rate, " ".join(token.senders))) + "\n"
