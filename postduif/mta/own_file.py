"""Files in data_dir that several writers change by whole lines: users, tokens.

Promises: a change is whole or not there, also after a power cut; it is on disk when the function returns; two writers
do not lose each other's change. The files are readable by us alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from postduif.errors import ConfigError


def lines(path: Path) -> list[str]:
    """Its lines; LF alone ends one, as a name may hold other characters that end lines. No file: none.

    Raises OSError; ConfigError for what is no text.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text; it was damaged, or another program wrote it") from None
    return text.removesuffix("\n").split("\n") if text else []


@contextlib.contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Other writers wait. The lock is on the directory, which outlives every version of a file. Raises OSError."""
    descriptor = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace(data_dir: Path, name: str, lines: Iterable[str]) -> None:
    """A new file takes the place of the old: written, fsynced, renamed, directory fsynced. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(dir=data_dir, prefix=f".{name}-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if os.geteuid() == 0:  # the daemon is to read it, whoever runs us
                owner = os.stat(data_dir)
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, data_dir / name)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    directory = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def version_of(path: Path) -> tuple[int, ...]:
    """Changes when the file does; () when it is not there."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size
