"""What is known of requests with an Idempotency-Key, in the queue file: what survives a kill.

Plain SQL over a connection; the queue's writer calls `note` in the very transaction that stores mail, so that neither
is there without the other. A request is a row; each transaction of it is a part, and its answer is made of the parts.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from postduif.bounce.subject import naming
from postduif.queue.connection import overwriting

TABLES = ("injection", "injection_part")
_TABLE = """
CREATE TABLE IF NOT EXISTS injection (
    owner  TEXT NOT NULL,     -- the user of the token
    key    TEXT NOT NULL,
    digest BLOB NOT NULL,     -- SHA-256 of the body, up to and with the last item that is settled
    items  INTEGER NOT NULL,  -- so many items of it are settled
    done   INTEGER NOT NULL,  -- 1: the whole body is
    at     REAL NOT NULL,     -- of the last change, seconds since the epoch
    PRIMARY KEY (owner, key)
) WITHOUT ROWID
"""
_PARTS = """
CREATE TABLE IF NOT EXISTS injection_part (
    owner    TEXT NOT NULL,
    key      TEXT NOT NULL,
    number   INTEGER NOT NULL,
    message  INTEGER NOT NULL,  -- its queue id; 0: nothing was queued
    accepted INTEGER NOT NULL,  -- its recipients
    refusals TEXT NOT NULL,     -- those since the part before, JSON
    PRIMARY KEY (owner, key, number)
) WITHOUT ROWID
"""
_INDEX = "CREATE INDEX IF NOT EXISTS injection_at ON injection (at)"
_REFUSED = "CREATE INDEX IF NOT EXISTS injection_refused ON injection_part (number) WHERE refusals <> '[]'"
"""Few have refusals: who is erased is looked for in these alone, while the writer of the queue waits."""
FORGOTTEN_AT_ONCE = 100
"""Old rows that go with each new one, at most."""


class Part(NamedTuple):
    """What one transaction settled."""

    message: int
    accepted: int
    refusals: list[dict[str, Any]]


class Kept(NamedTuple):
    """How far a request came."""

    digest: bytes
    items: int
    done: bool
    parts: list[Part]


class Key(NamedTuple):
    """Names a request."""

    owner: str
    key: str


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables."""
    for statement in (_TABLE, _PARTS, _INDEX, _REFUSED):
        connection.execute(statement)


def read(connection: sqlite3.Connection, key: Key, since: float) -> Kept | None:
    """What is kept of it; None: nothing that is so young."""
    asked = "SELECT digest, items, done FROM injection WHERE owner = ? AND key = ? AND at >= ?"
    row = connection.execute(asked, (*key, since)).fetchone()
    if row is None:
        return None
    asked = "SELECT message, accepted, refusals FROM injection_part WHERE owner = ? AND key = ? ORDER BY number"
    parts = [Part(message, accepted, json.loads(text)) for message, accepted, text in connection.execute(asked, key)]
    return Kept(bytes(row[0]), row[1], bool(row[2]), parts)


def note(
    connection: sqlite3.Connection, key: Key, digest: bytes, items: int, done: int, at: float, number: int, part: Part
) -> None:
    """A part is settled; part 0 begins anew. `number` counts from 0."""
    if number == 0:
        connection.execute("DELETE FROM injection_part WHERE owner = ? AND key = ?", key)
    connection.execute("INSERT OR REPLACE INTO injection VALUES (?, ?, ?, ?, ?, ?)", (*key, digest, items, done, at))
    row = (*key, number, part.message, part.accepted, json.dumps(part.refusals))
    connection.execute("INSERT INTO injection_part VALUES (?, ?, ?, ?, ?, ?)", row)


def blank(connection: sqlite3.Connection, addresses: Sequence[str]) -> None:
    """Take people who are erased out of refusals: that there was one stays, with its code."""
    pattern = naming(addresses)
    asked = (
        "SELECT owner, key, number, refusals FROM injection_part WHERE refusals <> '[]' AND instr(lower(refusals), ?)"
    )
    blanked = "UPDATE injection_part SET refusals = ? WHERE owner = ? AND key = ? AND number = ?"
    with overwriting(connection):
        for one in addresses:
            for *place, refusals in connection.execute(asked, (json.dumps(one)[1:-1].lower(),)).fetchall():
                kept = [_without(pattern, refusal) for refusal in json.loads(refusals)]
                connection.execute(blanked, (json.dumps(kept), *place))


def _without(pattern: re.Pattern[str], refusal: dict[str, Any]) -> dict[str, Any]:
    named = pattern.search(f"{refusal['address']} {refusal['detail']}".lower())
    return refusal | {"address": "", "detail": "erased"} if named else refusal


def forget(connection: sqlite3.Connection, before: float) -> None:
    """Let some of those go that are older."""
    asked = "SELECT owner, key FROM injection WHERE at < ? ORDER BY at LIMIT ?"
    old = connection.execute(asked, (before, FORGOTTEN_AT_ONCE)).fetchall()
    for table in TABLES:
        connection.executemany(f"DELETE FROM {table} WHERE owner = ? AND key = ?", old)  # noqa: S608  a name of ours
