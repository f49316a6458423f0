"""How far each webhook has been told, and what the campaign's process is to tell again, in the queue file: what
survives a kill.

Plain SQL over a connection; the queue's writer calls it in transactions of its own. The row of a webhook moves on only
after its receiver has said that it took what came before, so events may be told twice, and none is left out.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from postduif.queue.following import last_id

TABLES = ("webhook", "webhook_replay")
_TABLE = """
CREATE TABLE IF NOT EXISTS webhook (
    name          TEXT PRIMARY KEY,
    last          INTEGER NOT NULL,  -- the journal row up to which everything was taken
    failing_since REAL NOT NULL      -- seconds since the epoch; 0: the last request went well
) WITHOUT ROWID
"""
_ORDERS = """
CREATE TABLE IF NOT EXISTS webhook_replay (
    name          TEXT PRIMARY KEY,
    since         REAL NOT NULL,     -- seconds since the epoch
    at            REAL NOT NULL      -- when it was ordered, seconds since the epoch
) WITHOUT ROWID
"""


class Place(NamedTuple):
    """Where a webhook is."""

    last: int
    failing_since: float


class Order(NamedTuple):
    """To tell a webhook again what happened from `since` on; given `at`. Seconds since the epoch."""

    since: float
    at: float


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables. A place beyond the end was of a journal that was damaged and is gone: begin with the new one."""
    for statement in (_TABLE, _ORDERS):
        connection.execute(statement)
    connection.execute("UPDATE webhook SET last = 0 WHERE last > ?", (last_id(connection),))


def take(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, Place]:
    """The places of these webhooks. One that is new begins with what is written from now on; others are forgotten."""
    connection.execute(
        "INSERT OR IGNORE INTO webhook SELECT value, ?, 0 FROM json_each(?)", (last_id(connection), json.dumps(names))
    )
    for table in TABLES:
        gone = f"DELETE FROM {table} WHERE name NOT IN (SELECT value FROM json_each(?))"  # noqa: S608  constants
        connection.execute(gone, (json.dumps(names),))
    return {name: Place(last, since) for name, last, since in connection.execute("SELECT * FROM webhook")}


def taken(connection: sqlite3.Connection, name: str, last: int) -> None:
    """The receiver has taken everything up to that row."""
    connection.execute("UPDATE webhook SET last = ?, failing_since = 0 WHERE name = ?", (last, name))


def passed(connection: sqlite3.Connection, name: str, last: int) -> None:
    """What is left up to that row is no news for the receiver, or is not there any more."""
    connection.execute("UPDATE webhook SET last = ? WHERE name = ?", (last, name))


def back(connection: sqlite3.Connection, name: str, row: int) -> None:
    """That row of the journal, and what came after it, is told again; never is anything left out."""
    connection.execute("UPDATE webhook SET last = min(last, ?) WHERE name = ?", (row - 1, name))


def failing(connection: sqlite3.Connection, name: str, since: float) -> None:
    """Nothing has been taken since then (seconds since the epoch)."""
    connection.execute("UPDATE webhook SET failing_since = ? WHERE name = ?", (since, name))


def order(connection: sqlite3.Connection, name: str, one: Order) -> None:
    """The campaign's process is to do that, in the place of what it was told before."""
    connection.execute("INSERT OR REPLACE INTO webhook_replay VALUES (?, ?, ?)", (name, *one))


def over(connection: sqlite3.Connection, those: Mapping[str, Order]) -> None:
    """They are done, or too old; an order that came later stays."""
    rows = [(name, *one) for name, one in those.items()]
    connection.executemany("DELETE FROM webhook_replay WHERE name = ? AND since = ? AND at = ?", rows)


def orders(connection: sqlite3.Connection) -> dict[str, Order]:
    """Those that are not over, by the name of the webhook."""
    return {name: Order(*row) for name, *row in connection.execute("SELECT name, since, at FROM webhook_replay")}
