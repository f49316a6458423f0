"""The journal for those who follow it: every attempt of some kinds, in the order it was written, none left out unsaid.

Whoever follows keeps the id of the last row he is done with. A reader sees whole transactions, and ids are given in
the order of the commits, so no row turns up later below one that was seen.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from postduif.queue import columns
from postduif.queue.journal import Line

WINDOW = 50_000
"""Rows that one question looks at, at most: some 20 ms."""

_LAST = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'journal'"
_LINES = f"""
SELECT id, {columns.JOURNAL_COLUMNS} FROM journal
WHERE id > ? AND id <= ? AND kind IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?
"""  # noqa: S608  made of constants


class Page(NamedTuple):
    """What came after a row."""

    lines: list[Line]
    """Of the kinds that were asked for, in order."""
    seen: int
    """Everything up to this id has been looked at: ask again from here."""
    lost: int
    """Rows after the one that was asked from that the journal no longer has, of whatever kind."""
    more: bool
    """It was not all that there is."""


def last_id(connection: sqlite3.Connection) -> int:
    """The highest id that was ever written; 0 in a new file."""
    return int(connection.execute(_LAST).fetchone()[0])


def first_since(connection: sqlite3.Connection, moment: float) -> int | None:
    """The lowest id of what was written from then on (seconds since the epoch); None: there is nothing."""
    (found,) = connection.execute("SELECT min(id) FROM journal WHERE at >= ?", (moment,)).fetchone()
    return None if found is None else int(found)


def follow(connection: sqlite3.Connection, after: int, kinds: Sequence[str], limit: int) -> Page:
    """At most `limit` attempts of these kinds (`attempt.Kind` values) with a higher id than `after`."""
    connection.execute("BEGIN")  # what is pruned meanwhile is still seen
    try:
        last = last_id(connection)
        (first,) = connection.execute("SELECT min(id) FROM journal").fetchone()
        start = max(after, (last + 1 if first is None else first) - 1)
        end = min(start + WINDOW, last)
        rows = connection.execute(_LINES, (start, end, json.dumps(kinds), limit)).fetchall()
    finally:
        connection.execute("COMMIT")
    lines = [Line(*row) for row in rows]
    full = len(lines) == limit
    return Page(lines, lines[-1].id if full else max(after, end), start - after, full or end < last)
