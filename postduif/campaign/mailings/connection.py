"""The file of the mailings, `data_dir/campaign/mailings.sqlite`: what `postduif.campaign.database` says of it holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, opened, run_script

_STEPS = Migrations("postduif.mailings")
SCHEMA = Schema("mailings", _STEPS, frozenset({"0001 first", "0002 archived"}))


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.mailings")


@_STEPS(name="0002 archived")
def _archived(database: Database) -> None:
    database.conn.execute("ALTER TABLE mailing ADD COLUMN archived INTEGER NOT NULL DEFAULT 0")


def mailings(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)
