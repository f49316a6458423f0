"""The file of calls with an Idempotency-Key, `data_dir/campaign/calls.sqlite`, and what goes out of it.

Answers speak of people, so each goes after a day, and those that name somebody who is erased at once.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Collection
from pathlib import Path

from sqlite_utils import Database, Migrations

from postduif.bounce.subject import naming
from postduif.campaign.database import Schema, empty_log, opened, path_of, run_script, transaction

KEPT = 86400.0
"""Seconds."""
_STEPS = Migrations("postduif.calls")
SCHEMA = Schema("calls", _STEPS, frozenset({"0001 first"}))


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.web.api")


def calls(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)


def forget_old(connection: sqlite3.Connection, now: float) -> None:
    """Away with what is older than KEPT."""
    connection.execute("DELETE FROM call WHERE at < ?", (now - KEPT,))


def forget(data_dir: Path, addresses: Collection[str]) -> None:
    """Blank the answers that have one of the addresses: who calls again is told that nobody knows what came of it.

    Raises StoreError; the same again does what is left.
    """
    if not addresses or not path_of(data_dir, SCHEMA).exists():
        return
    named = naming(json.dumps(one, ensure_ascii=False)[1:-1] for one in addresses)
    with calls(data_dir) as connection:
        connection.create_function("named", 1, lambda body: bool(named.search(body.decode("utf-8", "replace").lower())))
        # found by reading, so that calls are kept meanwhile; only these few are written
        found = connection.execute("SELECT owner, key FROM call WHERE status IS NOT NULL AND named(body)").fetchall()
        with transaction(connection):
            connection.executemany(
                "UPDATE call SET status = NULL, fields = '[]', body = x'', run = '' "
                "WHERE owner = ? AND key = ? AND status IS NOT NULL AND named(body)",
                found,
            )
        empty_log(connection)
