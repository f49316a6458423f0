"""How the queue file is opened: the settings of SQLite that durability and speed rest on. See docs/queue.md."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from postduif.queue import change
from postduif.queue.upgrade import upgrade

FILE_NAME = "queue.sqlite"
APPLICATION_ID = 0x50444651  # "PDFQ"
PAGE_SIZE = 8192  # measured best for 10 KB messages: see docs/queue.md

BUSY_TIMEOUT = 10.0
"""Seconds to wait for a foreign program that has locked the file."""
WAL_LIMIT = 256 * 1024 * 1024
"""Octets of write-ahead log at which the writer itself empties it; `checkpoint` does it long before."""

SUSPECT_SUFFIX = ".suspect"
"""A file of this name asks for a check of the whole file at the next start."""

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BROKEN = (*_DAMAGE, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOLFS)


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes. Every commit is on disk when it returns (WAL, synchronous=FULL).

    A file of an earlier version is upgraded.
    """
    connection = _connect(f"{path.absolute().as_uri()}?mode=rw", change.STATEMENTS)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_LIMIT // PAGE_SIZE}")
    connection.execute("PRAGMA cache_size = -32768")
    upgrade(connection)
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = _connect(f"{path.absolute().as_uri()}?mode=ro", 64)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -8192")
    return connection


@contextlib.contextmanager
def overwriting(connection: sqlite3.Connection) -> Iterator[None]:
    """What is deleted or changed inside is overwritten in the file, as people are erased. Also in a transaction."""
    connection.execute("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        connection.execute("PRAGMA secure_delete = OFF")


def primary_code(error: BaseException) -> int:
    """The SQLite result code without its extension; 0 for other errors."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_damage(error: BaseException) -> bool:
    """The file itself is not what SQLite wrote."""
    return primary_code(error) in _DAMAGE


def mark_suspect(path: Path) -> None:
    """Have the whole file checked at the next start, however big it is."""
    with contextlib.suppress(OSError):
        path.with_name(path.name + SUSPECT_SUFFIX).touch(mode=0o600)


def is_broken(error: BaseException) -> bool:
    """The connection or the disk under it cannot be trusted any more."""
    return primary_code(error) in _BROKEN


def is_full(error: BaseException) -> bool:
    """There is no room on the disk."""
    return primary_code(error) == sqlite3.SQLITE_FULL


def is_busy(error: BaseException) -> bool:
    """A foreign program keeps the file locked."""
    return primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _connect(uri: str, statements: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT,
        cached_statements=statements,
    )
    connection.execute("PRAGMA journal_mode").fetchone()  # reads the header: a file that is no database fails here
    return connection
