"""How far each webhook has been told of what the campaign knows, in `data_dir/campaign/telling.sqlite`."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, opened, run_script, transaction
from postduif.mta.webhook_cursor import Place

_STEPS = Migrations("postduif.telling")
SCHEMA = Schema("telling", _STEPS, frozenset({"0001 first"}))


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.telling")


def telling(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)


def take(connection: sqlite3.Connection, stream: str, names: Sequence[str], last: int) -> dict[str, Place]:
    """The places of these webhooks in a stream that goes up to `last`; others are forgotten.

    One that is new begins with what comes from now on. A place beyond the end was of a file that was replaced.
    """
    wanted = json.dumps(list(names))
    with transaction(connection):
        insert = "INSERT OR IGNORE INTO place (stream, webhook, last) SELECT ?, value, ? FROM json_each(?)"
        connection.execute(insert, (stream, last, wanted))
        gone = "DELETE FROM place WHERE stream = ? AND webhook NOT IN (SELECT value FROM json_each(?))"
        connection.execute(gone, (stream, wanted))
        connection.execute("UPDATE place SET last = 0 WHERE stream = ? AND last > ?", (stream, last))
    rows = connection.execute("SELECT webhook, last, failing_since FROM place WHERE stream = ?", (stream,))
    return {name: Place(last, since) for name, last, since in rows}


def move(connection: sqlite3.Connection, stream: str, name: str, last: int) -> None:
    """What is up to that one need not be looked at again."""
    connection.execute("UPDATE place SET last = ? WHERE stream = ? AND webhook = ?", (last, stream, name))


def failing(connection: sqlite3.Connection, stream: str, name: str, since: float) -> None:
    """Nothing has been taken since then (seconds since the epoch); 0: something was."""
    connection.execute("UPDATE place SET failing_since = ? WHERE stream = ? AND webhook = ?", (since, stream, name))
