"""How much mail somebody had of late: the mailings of the last days, read from their own files."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from postduif.campaign.checks.filters import History
from postduif.queue.connection import FILE_NAME, connect_reader

_PAGE = 10_000


def history(connection: sqlite3.Connection, sent: Sequence[tuple[Path, float]]) -> History:
    """For contacts, the weights of those mailings (directory, weight) together that they were recipients of.

    The sums are in a temporary table of `connection`. A mailing whose file is gone counts nothing.
    """
    connection.execute("DROP TABLE IF EXISTS temp.pressure")
    connection.execute("CREATE TEMP TABLE pressure (contact INTEGER PRIMARY KEY, weight REAL NOT NULL)")
    for directory, weight in sent:
        if (directory / FILE_NAME).exists():
            _add(connection, directory / FILE_NAME, weight)

    def look(contacts: Sequence[int]) -> Mapping[int, float]:
        query = "SELECT contact, weight FROM temp.pressure WHERE contact IN (SELECT value FROM json_each(?))"
        return dict(connection.execute(query, (json.dumps(list(contacts)),)).fetchall())

    return look


def _add(connection: sqlite3.Connection, path: Path, weight: float) -> None:
    add = (
        "INSERT INTO temp.pressure VALUES (?, ?) ON CONFLICT (contact) DO UPDATE SET weight = weight + excluded.weight"
    )
    with contextlib.closing(connect_reader(path)) as reader:
        cursor = reader.execute("SELECT DISTINCT contact FROM person WHERE NOT seed")
        while page := cursor.fetchmany(_PAGE):
            connection.executemany(add, [(contact, weight) for (contact,) in page])
