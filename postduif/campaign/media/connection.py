"""The list of pictures, `data_dir/campaign/media.sqlite`: what `postduif.campaign.database` says holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, opened, run_script

_STEPS = Migrations("postduif.media")
SCHEMA = Schema("media", _STEPS, frozenset({"0001 first"}))


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.media")


def media(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)
