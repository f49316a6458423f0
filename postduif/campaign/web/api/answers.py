"""Answers to calls with an Idempotency-Key, kept for a day in `data_dir/campaign/calls.sqlite`.

The key is on disk before anything is done, the answer before it is sent. So the same call once more gets the same
answer, and one that was broken off by a crash is not done twice unseen: it is told that nobody knows.
"""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from postduif.campaign.database import transaction
from postduif.campaign.web.api.calls import forget_old
from postduif.campaign.web.api.problem import Problem


class Key(NamedTuple):
    """Names a call."""

    owner: str
    """Id of the token."""
    key: str


class Answer(NamedTuple):
    """What was answered."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes


def begin(
    connection: sqlite3.Connection, key: Key, digest: bytes, now: float, run: str, *, repeatable: bool
) -> Answer | None:
    """The answer that there is; None: it is to be done now, and the key says so. Raises Problem.

    `run`: of this program. `repeatable`: who does it knows the key too, so what was broken off may be done again.
    """
    with transaction(connection):
        forget_old(connection, now)
        query = "SELECT digest, run, status, fields, body FROM call WHERE owner = ? AND key = ?"
        row = connection.execute(query, key).fetchone()
        if row is not None:
            before, whose, status, fields, body = row
            if before != digest:
                raise Problem("key_reused", "This Idempotency-Key was used for another request.")
            if status is not None:
                return Answer(status, [(name, value) for name, value in json.loads(fields)], body)
            if whose == run:
                raise Problem("key_under_way", "A request with this Idempotency-Key is under way.", wait=1)
            if not repeatable:
                raise Problem("outcome_unknown", "The first request with this Idempotency-Key was broken off.")
        row = (*key, digest, now, run)
        connection.execute("INSERT OR REPLACE INTO call (owner, key, digest, at, run) VALUES (?, ?, ?, ?, ?)", row)
    return None


def done(connection: sqlite3.Connection, key: Key, answer: Answer) -> None:
    """What was asked is done. On disk when it returns."""
    values = (answer.status, json.dumps(answer.fields), answer.body, *key)
    connection.execute("UPDATE call SET status = ?, fields = ?, body = ? WHERE owner = ? AND key = ?", values)


def undone(connection: sqlite3.Connection, key: Key) -> None:
    """Nothing was done: the key may be used again."""
    connection.execute("DELETE FROM call WHERE owner = ? AND key = ?", key)


def unknown(connection: sqlite3.Connection, key: Key) -> None:
    """Nobody knows how far it came."""
    connection.execute("UPDATE call SET run = '' WHERE owner = ? AND key = ?", key)
