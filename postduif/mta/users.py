"""The file of users: `<data_dir>/users`, readable by us alone. A line is `name:hash` or `name:hash:senders`.

The hash is argon2's; senders are the addresses that a user may send from, patterns between blanks; none are all.
What `own_file` promises of changes holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from argon2 import PasswordHasher

from postduif import sender_pattern
from postduif.errors import AddressError, ConfigError
from postduif.mta import own_file

FILE = "users"
MAX_PASSWORD = 1024  # octets
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""Argon2id, 19 MiB, two passes: some 20 ms, so that a flood of guesses takes neither the memory nor the processor."""

_NAME = re.compile(r"[^\s:\x00-\x1f\x7f](?:[^:\x00-\x1f\x7f]{0,253}[^\s:\x00-\x1f\x7f])?")


class User(NamedTuple):
    """Who may log in."""

    hashed: str
    """What argon2 made of the password."""
    senders: tuple[str, ...] = ()
    """Addresses to send from, as `sender_pattern.read` gives them. None: any."""


def read(data_dir: Path) -> dict[str, User]:
    """The users by name. No file: nobody. Raises OSError; ConfigError for a line that is not one of ours."""
    path = data_dir / FILE
    users: dict[str, User] = {}
    for number, line in enumerate(own_file.lines(path), 1):
        name, _, rest = line.partition(":")
        hashed, _, senders = rest.partition(":")
        try:
            patterns = _patterns(senders.split())
        except ConfigError:
            hashed = ""
        if not name or not hashed.startswith("$argon2"):
            raise ConfigError(f"{path}:{number}: not a user; remove the line and run `postduif user add NAME`")
        users[name] = User(hashed, patterns)
    return users


def add(data_dir: Path, name: str, password: str, senders: Sequence[str] | None = None) -> bool:
    """Store a user, or a new password of one. True when it was there before. Raises ConfigError, OSError.

    `senders` are the addresses it may send from; () is any, None leaves them as they were (any for a new user).
    """
    if not _NAME.fullmatch(name) or len(name.encode()) > 255:
        raise ConfigError("a user name is 1 to 255 octets without colons, control characters or blanks at its ends")
    if not password or len(password.encode()) > MAX_PASSWORD or "\0" in password:
        raise ConfigError(f"a password is 1 to {MAX_PASSWORD} octets without NUL")
    patterns = None if senders is None else _patterns(senders)
    with own_file.alone(data_dir):
        users = read(data_dir)
        known = users.get(name)
        kept = known.senders if known else ()
        users[name] = User(HASHER.hash(password), kept if patterns is None else patterns)
        _write(data_dir, users)
    return known is not None


def remove(data_dir: Path, name: str) -> bool:
    """Remove a user. False when there was none of that name. Raises ConfigError, OSError."""
    with own_file.alone(data_dir):
        users = read(data_dir)
        if users.pop(name, None) is None:
            return False
        _write(data_dir, users)
    return True


def _patterns(senders: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(sender_pattern.read(sender) for sender in senders)
    except AddressError as error:
        raise ConfigError(f"a sender that a user may be: {error}") from None


def _write(data_dir: Path, users: dict[str, User]) -> None:
    own_file.replace(data_dir, FILE, (_line(name, users[name]) for name in sorted(users)))


def _line(name: str, user: User) -> str:
    senders = f":{' '.join(user.senders)}" if user.senders else ""
    return f"{name}:{user.hashed}{senders}\n"
