"""The reads the delivery road needs: what is due, what is past its lifetime, what a message contains."""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Container
from typing import NamedTuple

from postduif.envelope import Entry, Envelope, Message
from postduif.errors import StoreError
from postduif.queue import columns, rows
from postduif.queue.lifetimes import BLOCK_BITS, first_of, last_of

_MARGIN = 0.001
"""Seconds. A row that somebody else wrote with more digits than `rows.moment` keeps must not be passed over."""

_DUE_IDS = """
SELECT json_group_array(json_array(id, due)) FROM (
    SELECT id, due FROM recipient WHERE queue = ? AND hold = 0 AND due >= ? ORDER BY due, id LIMIT ?)
"""
_EXPIRED_IDS = """
SELECT json_group_array(id) FROM (
    SELECT r.id FROM message m CROSS JOIN recipient r ON r.id BETWEEN m.id << 24 AND (m.id << 24) + 16777215
    WHERE m.id BETWEEN ? AND ? AND m.expires_at <= ? AND r.hold <> -1 ORDER BY r.id LIMIT ?)
"""
_OF_ADDRESSES = """
SELECT json_group_array(id) FROM (
    SELECT id FROM recipient WHERE address COLLATE NOCASE IN (SELECT value FROM json_each(?)) AND hold <> -1
    ORDER BY id LIMIT ?)
"""
_EARLIEST = "SELECT min(expires_at) FROM message WHERE id BETWEEN ? AND ?"
_LIFETIMES = f"""
SELECT json_group_object(block, at) FROM (
    SELECT id >> {BLOCK_BITS} AS block, min(expires_at) AS at FROM message GROUP BY 1)
"""
_RECIPIENTS = f"""
SELECT json_group_array(json_array({columns.RECIPIENT_COLUMNS}))
FROM recipient WHERE id IN (SELECT value FROM json_each(?))
"""
_MESSAGES = f"""
SELECT json_group_array(json_array({columns.MESSAGE_COLUMNS}))
FROM message WHERE id IN (SELECT value FROM json_each(?))
"""
_CONTENT = """
SELECT b.content, m.eight_bit, m.smtputf8 FROM message m JOIN body b ON b.id = m.body WHERE m.id = ?
"""


class Found(NamedTuple):
    """What a read for a lease brings."""

    entries: list[Entry]
    held: frozenset[int]
    """The recipients among them that are held one by one."""
    next_due: float
    """No recipient that is neither found nor in memory is due before this; infinity: there is none."""


def read_due(
    connection: sqlite3.Connection, queue: int, since: float, now: float, limit: int, taken: Container[int], known: int
) -> Found:
    """The `limit` oldest free recipients of the queue that are due and not in `taken`.

    None that is due before `since` is wanted. `known` is how many of the queue are in `taken`.
    """
    scan = limit + known + 1
    (text,) = connection.execute(_DUE_IDS, (queue, since - _MARGIN, scan)).fetchone()
    wanted: list[int] = []
    seen = json.loads(text)
    next_due = seen[-1][1] if len(seen) == scan else math.inf
    for id_, due in seen:
        if id_ in taken:
            continue
        if due > now or len(wanted) == limit:
            next_due = due
            break
        wanted.append(id_)
    entries, held = _read_entries(connection, wanted)
    return Found(entries, held, next_due)


def read_expired(
    connection: sqlite3.Connection, block: int, now: float, limit: int, taken: Container[int], known: int
) -> Found:
    """The `limit` oldest recipients in the block, held or not, not in `taken`, of messages past their lifetime.

    `next_due` is when the next message of the block expires. `known` is how many are in `taken`.
    """
    ids = (first_of(block), last_of(block))
    (text,) = connection.execute(_EXPIRED_IDS, (*ids, now, limit + known)).fetchone()
    wanted = [id_ for id_ in json.loads(text) if id_ not in taken][:limit]
    entries, held = _read_entries(connection, wanted)
    (earliest,) = connection.execute(_EARLIEST, ids).fetchone()
    return Found(entries, held, math.inf if earliest is None else earliest)


def read_of(
    connection: sqlite3.Connection, addresses: list[str], limit: int, taken: Container[int], known: int
) -> Found:
    """The `limit` oldest recipients with one of these addresses (in any case), held or not, not in `taken`.

    Reads through all recipients: 0.2 s for a million. `known` is how many are in `taken`.
    """
    (text,) = connection.execute(_OF_ADDRESSES, (json.dumps(addresses), limit + known)).fetchone()
    wanted = [id_ for id_ in json.loads(text) if id_ not in taken][:limit]
    entries, held = _read_entries(connection, wanted)
    return Found(entries, held, math.inf)


def read_lifetimes(connection: sqlite3.Connection) -> dict[int, float]:
    """The earliest expiry in each block. Reads all messages: a second for some millions."""
    (text,) = connection.execute(_LIFETIMES).fetchone()
    return {int(block): earliest for block, earliest in json.loads(text).items()}


def read_content(connection: sqlite3.Connection, message_id: int) -> Message:
    """Raises StoreError when the message is not in the queue."""
    row = connection.execute(_CONTENT, (message_id,)).fetchone()
    if row is None:
        raise StoreError(f"message {message_id} is not in the queue")
    return Message(row[0], bool(row[1]), bool(row[2]))


def _read_entries(connection: sqlite3.Connection, ids: list[int]) -> tuple[list[Entry], frozenset[int]]:
    """In the order of `ids`; what is gone meanwhile is left out."""
    if not ids:
        return [], frozenset()
    (text,) = connection.execute(_RECIPIENTS, (json.dumps(ids),)).fetchone()
    recipients = {row[0]: row for row in json.loads(text)}
    messages = json.dumps(list({rows.message_of(id_) for id_ in recipients}))
    (text,) = connection.execute(_MESSAGES, (messages,)).fetchone()
    envelopes: dict[int, Envelope] = {row[0]: rows.envelope(row) for row in json.loads(text)}
    entries = [
        Entry(envelopes[rows.message_of(id_)], rows.recipient(recipients[id_]))
        for id_ in ids
        if id_ in recipients and rows.message_of(id_) in envelopes
    ]
    return entries, frozenset(id_ for id_, row in recipients.items() if row[7] != 0)
