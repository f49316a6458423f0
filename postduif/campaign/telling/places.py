"""How far each webhook has been told of what the campaign knows, in `data_dir/campaign/telling.sqlite`."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, opened, run_script, transaction

_STEPS = Migrations("postduif.telling")
SCHEMA = Schema("telling", _STEPS, frozenset({"0001 first"}))


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.telling")


class Places(NamedTuple):
    """Where a webhook is."""

    last: dict[str, int]
    """By stream: everything up to that number was taken."""
    failing_since: float
    """Seconds since the epoch; 0: the last request went well."""


def telling(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)


def forget_others(connection: sqlite3.Connection, names: Collection[str]) -> None:
    """Webhooks that are not among these."""
    gone = "DELETE FROM place WHERE webhook NOT IN (SELECT value FROM json_each(?))"
    connection.execute(gone, (json.dumps(list(names)),))


def knows(connection: sqlite3.Connection, name: str, stream: str) -> bool:
    """Whether that webhook has a place there."""
    query = "SELECT 1 FROM place WHERE webhook = ? AND stream = ?"
    return connection.execute(query, (name, stream)).fetchone() is not None


def take(connection: sqlite3.Connection, name: str, begin: Mapping[str, int]) -> Places:
    """The places of a webhook in these streams; where it has none yet it begins there. Others are forgotten."""
    wanted = json.dumps(begin)
    with transaction(connection):
        insert = "INSERT OR IGNORE INTO place (stream, webhook, last) SELECT key, ?, value FROM json_each(?)"
        connection.execute(insert, (name, wanted))
        gone = "DELETE FROM place WHERE webhook = ? AND stream NOT IN (SELECT key FROM json_each(?))"
        connection.execute(gone, (name, wanted))
    rows = connection.execute("SELECT stream, last, failing_since FROM place WHERE webhook = ?", (name,)).fetchall()
    return Places({stream: last for stream, last, _ in rows}, max((since for *_, since in rows), default=0.0))


def move(connection: sqlite3.Connection, name: str, last: Mapping[str, int]) -> None:
    """What is up to these need not be looked at again."""
    connection.executemany(
        "INSERT INTO place (stream, webhook, last) VALUES (?, ?, ?) "
        "ON CONFLICT (stream, webhook) DO UPDATE SET last = excluded.last",
        [(stream, name, number) for stream, number in last.items()],
    )


def failing(connection: sqlite3.Connection, name: str, since: float) -> None:
    """Nothing has been taken since then (seconds since the epoch); 0: something was."""
    connection.execute("UPDATE place SET failing_since = ?1 WHERE webhook = ?2 AND failing_since <> ?1", (since, name))
