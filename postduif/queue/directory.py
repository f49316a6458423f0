"""The directory of the queue: private, and one daemon's at a time."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from pathlib import Path

from postduif.errors import StoreError

LOCK_NAME = "lock"
PATIENCE = 10.0
"""Seconds to wait for what a killed daemon has left."""
POLL = 0.01  # seconds


class Lock:
    """The right to use a directory, until `release` or the end of the process, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        """A process that has a copy of it has the right too."""

    def release(self) -> None:
        """Give it back."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def prepare(directory: Path) -> None:
    """Make the directory, or see that it is ours and private. Raises StoreError."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
    except OSError as error:
        raise StoreError(f"{directory}: {error.strerror}; create it, owned by this user, mode 0700") from None
    if status.st_uid != os.geteuid():
        raise StoreError(f"{directory} belongs to user {status.st_uid}; run: chown -R {os.geteuid()} {directory}")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise StoreError(f"{directory} is open to other users; run: chmod 700 {directory}")


def lock(directory: Path) -> Lock:
    """Take the directory for this process. Raises StoreError when another one has it."""
    path = directory / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; remove it if no daemon is running") from None
    try:
        _take(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError:
        owner = _owner(descriptor) or "unknown"
        lives = _lives(descriptor)
        os.close(descriptor)
        if lives:
            raise StoreError(f"{directory} is in use by process {owner}; stop it first") from None
        raise StoreError(
            f"{directory} is in use by what the daemon {owner}, which is dead, has left; `fuser {path}` says by which "
            "process, end that"
        ) from None
    except OSError as error:
        os.close(descriptor)
        raise StoreError(f"{path}: {error.strerror}") from None
    return Lock(descriptor)


def _take(descriptor: int) -> None:
    """Raises BlockingIOError. A daemon that was killed has left a process that commits what it has; it ends soon."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until or _lives(descriptor):
                raise
            time.sleep(POLL)
        else:
            return


def _lives(descriptor: int) -> bool:
    """The process that took it last has not ended."""
    return Path("/proc", _owner(descriptor)).is_dir()


def _owner(descriptor: int) -> str:
    """The process that took it last."""
    return os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()


def check_file(path: Path) -> bool:
    """False when there is none. Raises StoreError when it is not a plain file of ours."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(status.st_mode):
        raise StoreError(f"{path} is not a plain file; move it away, it is none of ours")
    if status.st_uid != os.geteuid():
        raise StoreError(f"{path} belongs to user {status.st_uid}; run: chown {os.geteuid()} {path}")
    if stat.S_IMODE(status.st_mode) & 0o077:
        path.chmod(0o600)
    return True


def sync(directory: Path) -> None:
    """Put the directory's names on disk: a rename is not durable before."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
