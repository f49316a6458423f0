"""What the queue file of a mailing that was handed over says: how many wait, and behind what. Reads only."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from postduif.attempt import Kind
from postduif.queue.inspect import looking
from postduif.queue.mailing import PAUSED, STOPPED, WAVE


class Standing(NamedTuple):
    """At one moment."""

    waiting: bool
    """Somebody is still in the queue."""
    paused: bool
    stopped: bool
    waves: tuple[int, ...]
    """The later waves that still wait for a word of ours."""


def standing(directory: Path) -> Standing:
    """Raises StoreError."""
    with looking(directory) as connection:
        waiting = connection.execute("SELECT 1 FROM recipient LIMIT 1").fetchone() is not None
        holds = connection.execute("SELECT id, owner, until FROM hold ORDER BY id").fetchall()
    owners = {owner for _, owner, _ in holds}
    waves = tuple(id_ for id_, owner, until in holds if owner == WAVE and until is None)
    return Standing(waiting, PAUSED in owners, STOPPED in owners, waves)


def withdrawn(directory: Path) -> int:
    """How many were taken out because it was stopped. Raises StoreError."""
    with looking(directory) as connection:
        return _count(connection, Kind.WITHDRAWN)


def _count(connection: sqlite3.Connection, kind: Kind) -> int:
    (count,) = connection.execute("SELECT count(*) FROM journal WHERE kind = ?", (kind.value,)).fetchone()
    return int(count)
