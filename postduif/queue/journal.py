"""The journal of attempts, read back. `change` writes its rows in the transaction that settles the recipient."""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from postduif.queue import columns

PRUNE_CHUNK = 1000
RECENT = 100_000
"""Attempts that are looked through for what has no index."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which attempts. Every part that is given must be true; without any, all."""

    message: int = 0
    """The message's id."""
    recipient: str = ""
    """Whole address, without regard to case."""
    domain: str = ""
    """Of the recipient; among the last RECENT attempts."""
    message_id: str = ""
    """The header field's value; among the last RECENT attempts."""
    since: float = 0.0
    """Ended then or later, seconds since the epoch."""
    after: int | None = None
    """Rows with a higher id, in the order they were written: for those who follow the journal."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row. Times are seconds (since the epoch), sizes octets."""

    id: int
    at: float
    message: int
    recipient: str
    sender: str
    stream: str
    domain: str
    kind: str
    attempt: int
    code: int
    enhanced: str
    text: str
    remote_mta: str
    site: str
    source: str
    host: str
    tls: str
    before_queue: float
    in_queue: float
    connect: float
    transmit: float
    size: int
    message_id: str
    number: int
    category: str
    command: str


_BLOCKS = """
WITH RECURSIVE block (row) AS (
    SELECT max(id) >> 10 FROM journal
    UNION ALL SELECT row - 1 FROM block WHERE row > (SELECT min(id) >> 10 FROM journal))
"""
_OF_RECIPIENT = "block CROSS JOIN journal ON journal.id >> 10 = block.row AND recipient = ? COLLATE NOCASE"


def lines(connection: sqlite3.Connection, question: Question, limit: int) -> list[Line]:
    """Attempts, the latest first; with `after`, in the order they were written."""
    start, source, values = "", "journal", list[Any]()
    if question.recipient:
        start, source, values = _BLOCKS, _OF_RECIPIENT, [question.recipient]
    parts: list[tuple[str, Any]] = [("id > ?", question.after or 0)]
    if question.message:
        parts.append(("message = ?", question.message))
    if question.domain or question.message_id:
        parts.append(("id > (SELECT max(id) FROM journal) - ?", RECENT))
    if question.domain:
        parts.append(("domain = ?", question.domain.lower()))
    if question.message_id:
        parts.append(("message_id = ?", question.message_id))
    if question.since:
        parts.append(("at >= ?", question.since))
    where = " AND ".join(sql for sql, _ in parts)
    order = " DESC" if question.after is None else ""
    cursor = connection.execute(
        f"{start} SELECT id, {columns.JOURNAL_COLUMNS} FROM {source} WHERE {where} ORDER BY id{order} LIMIT ?",
        (*values, *(value for _, value in parts), limit),
    )
    return [Line(*row) for row in cursor.fetchall()]


def prune(connection: sqlite3.Connection, before: float) -> int:
    """Remove a chunk of the attempts that ended before then; returns how many, 0 when there are none left."""
    query = "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE at < ? ORDER BY at LIMIT ?)"
    return connection.execute(query, (before, PRUNE_CHUNK)).rowcount
