"""The file of visits and wishes, `data_dir/campaign/tracking.sqlite`: what `postduif.campaign.database` says holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, opened, run_script

_STEPS = Migrations("postduif.tracking")
SCHEMA = Schema("tracking", _STEPS, frozenset({"0001 first", "0002 origins of requests"}))


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.tracking")


@_STEPS(name="0002 origins of requests")
def _origins(database: Database) -> None:
    """They were kept when a request was done."""
    database.conn.execute("UPDATE wish SET origin = '' WHERE done_at IS NOT NULL AND kind IN ('export', 'erase')")


def tracking(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)
