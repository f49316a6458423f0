"""Whether a user's password is right. Hashes come from the file of users; argon2 runs in threads of its own.

An unknown user costs the same time as a wrong password. A password once found right is remembered, keyed with a
secret of this process, so that a client that logs in for each message costs no hash each time; a new hash ends that.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import secrets
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from argon2.exceptions import InvalidHashError, VerificationError

from postduif import log
from postduif.errors import ConfigError
from postduif.mta import users

THREADS = 2
REMEMBERED = 1024  # passwords


class Credentials:
    """The users of one data directory. The file is read again when it changes."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._users: dict[str, str] = {}
        self._version: tuple[int, ...] | None = None
        self._right: OrderedDict[bytes, str] = OrderedDict()  # digest of user and password -> the hash it was right for
        self._secret = secrets.token_bytes(32)
        self._nobody = users.HASHER.hash(secrets.token_hex(16))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="auth")

    async def verify(self, user: str, password: str) -> bool:
        """Raises OSError when the users cannot be read."""
        self._read()
        hashed = self._users.get(user)
        digest = self._digest(user, password)
        if hashed is not None and self._right.get(digest) == hashed:
            self._right.move_to_end(digest)
            return True
        right = await asyncio.get_running_loop().run_in_executor(
            self._threads, _matches, hashed or self._nobody, password
        )
        if hashed is None or not right:
            return False
        self._right[digest] = hashed
        if len(self._right) > REMEMBERED:
            self._right.popitem(last=False)
        return True

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _read(self) -> None:
        version: tuple[int, ...] = ()
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(self._data_dir / users.FILE)
            version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if version == self._version:
            return
        try:
            self._users = users.read(self._data_dir)
        except ConfigError as error:  # the users of before go on
            log.error("users_unreadable", problem=error)
        self._version = version

    def _digest(self, user: str, password: str) -> bytes:
        return hmac.digest(self._secret, f"{user}\0{password}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def _matches(hashed: str, password: str) -> bool:
    try:
        return users.HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
