"""The file of people, `data_dir/campaign/accounts.sqlite`: what `postduif.campaign.database` says of it holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, opened, run_script

_STEPS = Migrations("postduif.accounts")
SCHEMA = Schema("accounts", _STEPS, frozenset({"0001 first", "0002 shares"}))

_SHARE = """
CREATE TABLE share (                -- an address that shows the figures of a mailing
  id TEXT PRIMARY KEY,
  hashed BLOB NOT NULL UNIQUE,      -- SHA-256 of what the address holds
  mailing INTEGER NOT NULL,
  person TEXT NOT NULL,             -- who made it
  title TEXT NOT NULL,              -- for whom, in words of who made it
  made REAL NOT NULL,
  until REAL NOT NULL
) STRICT, WITHOUT ROWID
"""


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.accounts")


@_STEPS(name="0002 shares")
def _shares(database: Database) -> None:
    database.conn.execute(_SHARE)


def accounts(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)
