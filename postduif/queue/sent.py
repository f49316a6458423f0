"""Mail that has left the queue, found again by the journal, and what is written down about it later."""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from postduif.attempt import Attempt
from postduif.queue import columns
from postduif.queue.mailing import MAX_NUMBER
from postduif.queue.rows import MAX_RECIPIENTS, message_of


class Sent(NamedTuple):
    """A recipient as its last journal row has it."""

    message: int
    recipient: str
    sender: str
    stream: str
    domain: str
    attempt: int
    size: int
    message_id: str
    number: int


def find(connection: sqlite3.Connection, recipient_id: int) -> Sent | None:
    """What is known of a recipient; None: its journal is gone, or it has none yet."""
    message = message_of(recipient_id)
    row = connection.execute(
        f"SELECT {', '.join(Sent._fields)} FROM journal WHERE {_of(message)} AND number = ? ORDER BY id DESC LIMIT 1",
        (message, recipient_id & MAX_RECIPIENTS),
    ).fetchone()
    return None if row is None else Sent(*row)


def write_once(connection: sqlite3.Connection, about: Sent, attempt: Attempt) -> None:
    """The same, unless it says so already: for who may have to write again after a crash."""
    said = connection.execute(
        f"SELECT 1 FROM journal WHERE {_of(about.message)} AND number = ? AND kind = ? AND text = ?",
        (about.message, about.number, attempt.kind.value, attempt.reply.text),
    ).fetchone()
    if said is None:
        write(connection, about, attempt)


def said_before(connection: sqlite3.Connection, about: Sent, kind: str) -> list[tuple[str, int]]:
    """Category and code of what of this kind is written down about that recipient already."""
    rows = connection.execute(
        f"SELECT category, code FROM journal WHERE {_of(about.message)} AND number = ? AND kind = ?",
        (about.message, about.number, kind),
    )
    return rows.fetchall()


def write(connection: sqlite3.Connection, about: Sent, attempt: Attempt) -> None:
    """Add to the journal what happened to that recipient afterwards."""
    values = {
        **about._asdict(),
        "at": attempt.at,
        "kind": attempt.kind.value,
        "code": attempt.reply.code,
        "enhanced": attempt.reply.enhanced,
        "text": attempt.reply.text,
        "remote_mta": attempt.reply.remote_mta,
        "category": attempt.category,
    }
    row = [values.get(name, _UNSAID.get(name, "")) for name in columns.JOURNAL_COLUMNS.split(", ")]
    connection.execute(f"INSERT INTO journal ({columns.JOURNAL_COLUMNS}) VALUES ({', '.join('?' * len(row))})", row)


_UNSAID = {"before_queue": 0.0, "in_queue": 0.0, "connect": 0.0, "transmit": 0.0}


def _of(message: int) -> str:
    """In the file of a mailing every row is of one message, and an index by number finds them (`mailing.sql`)."""
    return "+message = ?" if message <= MAX_NUMBER else "message = ?"
