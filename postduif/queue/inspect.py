"""Looks into the queue file of a daemon that may be running, or be dead. Never writes, takes no lock.

The questions are those of `survey` and `journal`, over the connection that is given here.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from postduif.errors import StoreError
from postduif.queue.connection import APPLICATION_ID, FILE_NAME, connect_reader
from postduif.queue.upgrade import VERSION


@contextlib.contextmanager
def looking(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection. Raises StoreError with the remedy; what SQLite says inside the block, too."""
    path = data_dir / FILE_NAME
    try:
        if not path.is_file():
            raise StoreError(f"{path} is not there; has the daemon been started with this data_dir?")
        with contextlib.closing(connect_reader(path)) as connection:
            _check(connection, path)
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from None


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError(f"{path} is not a queue file")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StoreError(f"{path} was written by a newer Postduif (schema {version}); ask that one")
    if version < VERSION:
        raise StoreError(f"{path} was written by an earlier Postduif; start the daemon, which upgrades it")
