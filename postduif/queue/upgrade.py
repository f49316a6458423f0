"""A file of an earlier version becomes one of this version when it is opened for writing; the files of mailings that
nobody opens any more do when the daemon starts.

Steps only add: the version before reads nothing of what they add, and says that the file is newer.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

VERSION = 2
"""Of the queue file, in SQLite's user_version."""

_STEPS = {1: "ALTER TABLE journal ADD COLUMN command TEXT NOT NULL DEFAULT ''"}
"""By the version that it makes a newer one of."""
_AT = slice(60, 64)  # of user_version in the header of a file


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring the open file up to VERSION, all of it or nothing. A new file, which has no version yet, is left alone."""
    if not 0 < _version(connection) < VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for version in range(_version(connection), VERSION):  # somebody else may have been at it
            connection.execute(_STEPS[version])
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_older(path: Path) -> bool:
    """What its header says; no for what is no file of ours, or is not there."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return 0 < int.from_bytes(file.read(100)[_AT], "big") < VERSION
    return False


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
