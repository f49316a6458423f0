"""The audience's file: where it is, how it is opened, what a transaction is.

`data_dir/campaign/audience.sqlite`, private to our user. Every commit is on disk when it returns (WAL,
synchronous=FULL), and what is deleted is overwritten with zeros. Any number of processes may read it; one at a time
writes, and the others wait for it up to BUSY_TIMEOUT.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from postduif.campaign.audience.migration import migrate
from postduif.errors import StoreError
from postduif.queue import directory

BUSY_TIMEOUT = 20.0
"""Seconds to wait for another writer. Nobody writes longer than a chunk of an import takes."""
PAGE_SIZE = 8192


def path_of(data_dir: Path) -> Path:
    """Where the file is."""
    return data_dir / "campaign" / "audience.sqlite"


@contextlib.contextmanager
def audience(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy.

    What SQLite says inside the block comes out as StoreError too.
    """
    path = path_of(data_dir)
    directory.prepare(data_dir)
    directory.prepare(path.parent)
    _create(path)
    try:
        with contextlib.closing(_connect(path)) as connection:
            migrate(connection)
            yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be used: {error}") from error


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is changed inside is on disk afterwards, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _create(path: Path) -> None:
    """An empty file of ours; SQLite gives its own files beside it the same mode."""
    if not directory.check_file(path):
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT,
        cached_statements=256,
    )
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA cache_size = -32768")
    except BaseException:
        connection.close()
        raise
    return connection
