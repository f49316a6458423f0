"""Wishes of readers that have not had their effect, and visits that were not kept: for whoever watches over them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.database import path_of
from postduif.campaign.tracking.connection import SCHEMA, tracking

_QUERY = "SELECT count(*), min(at) FROM wish WHERE done_at IS NULL AND kind NOT IN ('export', 'erase')"


class Waiting(NamedTuple):
    """Those that are to be carried out; an export and an erasure take a person."""

    number: int
    oldest: float
    """When it was said, seconds since the epoch; 0: there is none."""


def waiting_in(connection: sqlite3.Connection) -> Waiting:
    """At this moment."""
    number, oldest = connection.execute(_QUERY).fetchone()
    return Waiting(number, oldest or 0.0)


def waiting_wishes(data_dir: Path) -> Waiting:
    """The same, where nothing is open; no file is made. Raises StoreError."""
    if not path_of(data_dir, SCHEMA).exists():
        return Waiting(0, 0.0)
    with tracking(data_dir) as connection:
        return waiting_in(connection)


def lost_visits(data_dir: Path, since: float) -> int:
    """Opens and clicks that could not be kept, from the hour of `since` on; no file is made. Raises StoreError."""
    if not path_of(data_dir, SCHEMA).exists():
        return 0
    with tracking(data_dir) as connection:
        query = "SELECT coalesce(sum(count), 0) FROM lost WHERE hour >= ?"
        return int(connection.execute(query, (int(since // 3600),)).fetchone()[0])
