"""How a mailing that was handed over stands, by its queue file: whether anybody waits, and behind what. Reads only."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from postduif.queue.mailing import PAUSED, STOPPED, WAVE


class Standing(NamedTuple):
    """At one moment."""

    waiting: bool
    """Somebody is still in the queue."""
    paused: bool
    stopped: bool
    waves: tuple[int, ...]
    """The later waves that still wait for a word."""


def standing_of(connection: sqlite3.Connection) -> Standing:
    """By the file of that connection."""
    waiting = connection.execute("SELECT 1 FROM recipient LIMIT 1").fetchone() is not None
    holds = connection.execute("SELECT id, owner, until FROM hold ORDER BY id").fetchall()
    owners = {owner for _, owner, _ in holds}
    waves = tuple(id_ for id_, owner, until in holds if owner == WAVE and until is None)
    return Standing(waiting, PAUSED in owners, STOPPED in owners, waves)
