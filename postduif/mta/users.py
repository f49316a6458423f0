"""The file of users and their argon2 hashes: `<data_dir>/users`, one `name:hash` a line, readable by us alone.

Promises: a change is whole or not there, also after a power cut; it is on disk when the function returns; two writers
do not lose each other's change.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from argon2 import PasswordHasher

from postduif.errors import ConfigError

FILE = "users"
MAX_PASSWORD = 1024  # octets
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""Argon2id, 19 MiB, two passes: some 20 ms, so that a flood of guesses takes neither the memory nor the processor."""

_NAME = re.compile(r"[^\s:\x00-\x1f\x7f](?:[^:\x00-\x1f\x7f]{0,253}[^\s:\x00-\x1f\x7f])?")


def read(data_dir: Path) -> dict[str, str]:
    """Names with hashes. No file: nobody. Raises OSError; ConfigError for a line that is not one of ours."""
    path = data_dir / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    users: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, hashed = line.partition(":")
        if not colon or not name or not hashed.startswith("$argon2"):
            raise ConfigError(f"{path}:{number}: not a user; remove the line and run `postduif user add NAME`")
        users[name] = hashed
    return users


def add(data_dir: Path, name: str, password: str) -> bool:
    """Store a user, or a new password of one. True when it was there before. Raises ConfigError, OSError."""
    if not _NAME.fullmatch(name) or len(name.encode()) > 255:
        raise ConfigError("a user name is 1 to 255 octets without colons, control characters or blanks at its ends")
    if not password or len(password.encode()) > MAX_PASSWORD or "\0" in password:
        raise ConfigError(f"a password is 1 to {MAX_PASSWORD} octets without NUL")
    with _alone(data_dir):
        users = read(data_dir)
        known = name in users
        users[name] = HASHER.hash(password)
        _write(data_dir, users)
    return known


def remove(data_dir: Path, name: str) -> bool:
    """Remove a user. False when there was none of that name. Raises ConfigError, OSError."""
    with _alone(data_dir):
        users = read(data_dir)
        if users.pop(name, None) is None:
            return False
        _write(data_dir, users)
    return True


@contextlib.contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Other writers wait. The lock is on the directory, which outlives every version of the file."""
    descriptor = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(data_dir: Path, users: dict[str, str]) -> None:
    """A new file takes the place of the old: written, fsynced, renamed, directory fsynced."""
    descriptor, temporary = tempfile.mkstemp(dir=data_dir, prefix=".users-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if os.geteuid() == 0:  # the daemon is to read it, whoever runs us
                owner = os.stat(data_dir)
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.writelines(f"{name}:{users[name]}\n" for name in sorted(users))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, data_dir / FILE)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    directory = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
