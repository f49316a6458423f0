"""Addresses that were erased and are still to be taken out of the results of mailings, in the queue file.

Plain SQL over a connection; the queue's writer calls it in transactions of its own. An address leaves the file with the
work that it stands for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from postduif.queue.connection import overwriting

TABLES = ("erasure",)
_TABLE = """
CREATE TABLE IF NOT EXISTS erasure (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      REAL NOT NULL,      -- when it was asked, seconds since the epoch
    address TEXT NOT NULL
)
"""


class Row(NamedTuple):
    """One of them."""

    number: int
    at: float
    address: str


def prepare(connection: sqlite3.Connection) -> None:
    """Make the table."""
    connection.execute(_TABLE)


def note(connection: sqlite3.Connection, addresses: Sequence[str], at: float) -> int:
    """They are to be taken out; returns the number of the last."""
    connection.executemany("INSERT INTO erasure (at, address) VALUES (?, ?)", [(at, one) for one in addresses])
    return int(connection.execute("SELECT max(number) FROM erasure").fetchone()[0])


def waiting(connection: sqlite3.Connection) -> list[Row]:
    """All that are not done, the oldest first."""
    return [Row(*row) for row in connection.execute("SELECT number, at, address FROM erasure ORDER BY number")]


def done(connection: sqlite3.Connection, last: int) -> None:
    """Those up to that number are in no result any more."""
    with overwriting(connection):
        connection.execute("DELETE FROM erasure WHERE number <= ?", (last,))
