"""Whether a user's password is right. Hashes come from the file of users; argon2 runs in threads of its own.

An unknown user costs the same time as a wrong password. A password once found right or wrong is remembered, keyed with
a secret of this process: a client that logs in for each message costs no hash each time, and one that repeats an old
password for ever is no guesser. A new hash ends that. Guessers wait (`auth_backoff`).
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
from postduif.mta.auth_backoff import Backoff
from postduif.mta.client_network import ClientAddress
from postduif.mta.login import Login
from postduif.mta.sasl import Claim

THREADS = 2
REMEMBERED = 1024  # right passwords, and as many wrong ones

_LATER = Login("later")
_FAILED = Login("failed")


class Credentials:
    """The users of one data directory. The file is read again when it changes."""

    def __init__(self, data_dir: Path, backoff: Backoff) -> None:
        self.backoff = backoff
        self._data_dir = data_dir
        self._users: dict[str, users.User] = {}
        self._version: tuple[int, ...] | None = None
        self._right = _Memory()
        self._wrong = _Memory()
        self._secret = secrets.token_bytes(32)
        self._nobody = users.HASHER.hash(secrets.token_hex(16))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="auth")
        self._under_way: dict[tuple[object, bytes], asyncio.Task[Login]] = {}

    async def login(self, claim: Claim, address: ClientAddress) -> Login:
        """Whether the claim of a client at `address` is true. Raises OSError when the users cannot be read."""
        self._read()
        digest = self._digest(claim.user, claim.password)
        if self._wrong.has(digest, self._hash_of(claim.user)):
            return _FAILED
        attempt = (address.holder, digest)
        under_way = self._under_way.get(attempt)
        if under_way is None:
            if self.backoff.begin(address, claim.user):
                return _LATER
            under_way = asyncio.get_running_loop().create_task(self._attempt(claim, address, digest))
            self._under_way[attempt] = under_way
            under_way.add_done_callback(lambda _: self._under_way.pop(attempt))
        return await asyncio.shield(under_way)

    async def _attempt(self, claim: Claim, address: ClientAddress, digest: bytes) -> Login:
        right = failed = False
        try:
            right = await self._verify(claim, digest)
            failed = not right
        finally:
            self.backoff.end(address, claim.user, right=right, failed=failed)
        user = self._users.get(claim.user)
        return Login("ok", user.senders) if right and user else _FAILED

    async def _verify(self, claim: Claim, digest: bytes) -> bool:
        hashed = self._hash_of(claim.user)
        if self._right.has(digest, hashed):
            return True
        loop = asyncio.get_running_loop()
        right = await loop.run_in_executor(self._threads, _matches, hashed, claim.password)
        right = right and claim.user in self._users
        (self._right if right else self._wrong).keep(digest, hashed)
        return right

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

    def _hash_of(self, name: str) -> str:
        user = self._users.get(name)
        return user.hashed if user else self._nobody

    def _digest(self, user: str, password: str) -> bytes:
        return hmac.digest(self._secret, f"{user}\0{password}".encode("utf-8", "surrogatepass"), hashlib.sha256)


class _Memory:
    """Which passwords met which hash, by digest of user and password; those met longest ago are forgotten first."""

    def __init__(self) -> None:
        self._met: OrderedDict[bytes, str] = OrderedDict()

    def has(self, digest: bytes, hashed: str) -> bool:
        """This password met this very hash."""
        if self._met.get(digest) != hashed:
            return False
        self._met.move_to_end(digest)
        return True

    def keep(self, digest: bytes, hashed: str) -> None:
        """It did, just now."""
        self._met[digest] = hashed
        if len(self._met) > REMEMBERED:
            self._met.popitem(last=False)


def _matches(hashed: str, password: str) -> bool:
    try:
        return users.HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
