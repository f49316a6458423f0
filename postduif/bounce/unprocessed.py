"""Mail that came back and that nobody could read, kept in the queue file until a person has looked at it.

Plain functions over a connection, with plain values, so that they run in the process that writes the file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

TABLES = ("unprocessed",)
_TABLE = """
CREATE TABLE IF NOT EXISTS unprocessed (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        REAL NOT NULL,
    recipient TEXT NOT NULL,
    why       TEXT NOT NULL,
    content   BLOB NOT NULL
)
"""


class Row(NamedTuple):
    """One mail. `at`: when it came, seconds since the epoch. `size`: octets."""

    id: int
    at: float
    recipient: str
    why: str
    size: int


def prepare(connection: sqlite3.Connection) -> None:
    """Make the table if it is not there."""
    connection.execute(_TABLE)


def keep(connection: sqlite3.Connection, at: float, recipient: str, why: str, content: bytes) -> int:
    """Keep a mail; its number."""
    query = "INSERT INTO unprocessed (at, recipient, why, content) VALUES (?, ?, ?, ?)"
    return connection.execute(query, (at, recipient, why, content)).lastrowid or 0


def listing(connection: sqlite3.Connection, limit: int, before: int = 0) -> list[Row]:
    """The latest first, from before the mail `before` on; 0: from the last one."""
    query = (
        "SELECT id, at, recipient, why, length(content) FROM unprocessed WHERE id < ? OR ? = 0 ORDER BY id DESC LIMIT ?"
    )
    return [Row(*row) for row in connection.execute(query, (before, before, limit)).fetchall()]


def content(connection: sqlite3.Connection, number: int) -> bytes | None:
    """The mail as it came; None: there is none of that number (any more)."""
    row = connection.execute("SELECT content FROM unprocessed WHERE id = ?", (number,)).fetchone()
    return None if row is None else bytes(row[0])


def drop(connection: sqlite3.Connection, numbers: Sequence[int]) -> int:
    """Forget these; returns how many there were."""
    query = "DELETE FROM unprocessed WHERE id IN (SELECT value FROM json_each(?))"
    return connection.execute(query, (json.dumps(list(numbers)),)).rowcount


def tidy(connection: sqlite3.Connection, before: float, most: int) -> int:
    """Forget what came before then, and all but the latest `most`; returns how many."""
    query = (
        "DELETE FROM unprocessed WHERE at < ? OR id <= (SELECT id FROM unprocessed ORDER BY id DESC LIMIT 1 OFFSET ?)"
    )
    return connection.execute(query, (before, most)).rowcount
