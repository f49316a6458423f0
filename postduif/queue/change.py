"""What one operation adds to and takes from the queue file, and how many of them become few SQL statements.

Statements are what a group commit must save: one batch takes about eight of them, however many messages it holds.
"""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pickle import PickleBuffer
from typing import Any, NamedTuple, SupportsIndex

from postduif.queue import columns
from postduif.queue.columns import Row

CHUNK = 64
LARGE = 32 * 1024
"""Octets of a content that is worth a buffer of its own."""
EXACT = 32
"""Up to here there is a statement for every number of rows; above, for CHUNK rows."""
STATEMENTS = 5 * EXACT + 40
"""What the statement cache must hold for all of them."""


class Task(NamedTuple):
    """SQL of its own: `function(connection, *arguments)`. It crosses into another process."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Change:
    """Rows that come and go together."""

    __slots__ = (
        "bodies",
        "deferred",
        "journal",
        "last_id",
        "messages",
        "octets",
        "queues",
        "recipients",
        "removed",
        "tasks",
    )

    def __init__(self) -> None:
        self.queues: list[Row] = []
        self.messages: list[Row] = []
        self.bodies: list[Row] = []
        self.recipients: list[Row] = []
        self.journal: list[Row] = []
        self.removed: list[int] = []
        """Recipient ids. The schema removes a message with its last recipient."""
        self.deferred: list[Row] = []
        """(recipient id, due, last_code, last_enhanced, last_text, last_remote)."""
        self.tasks: list[Task] = []
        """SQL of others, after all that, in the same transaction."""
        self.octets = 0
        """Of content."""
        self.last_id = 0
        """The highest message id given out for it."""

    def __reduce_ex__(self, _protocol: SupportsIndex) -> tuple[object, ...]:
        """For another process. Large contents go beside the rest, uncopied (PEP 574)."""
        bodies = self.bodies
        if self.octets > LARGE:
            bodies = [(id_, PickleBuffer(content) if len(content) > LARGE else content) for id_, content in bodies]
        return _change, (bodies, *(getattr(self, part) for part in self.__slots__[1:]))

    @property
    def weight(self) -> int:
        """Roughly the octets it writes."""
        count = len(self.messages) + len(self.recipients) + len(self.journal) + len(self.removed) + len(self.deferred)
        return self.octets + 1024 * count


def _change(*parts: Any) -> Change:
    """One that has come from another process."""
    change = Change.__new__(Change)
    for name, part in zip(Change.__slots__, parts, strict=True):
        setattr(change, name, part)
    return change


def apply(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Write them into the open transaction. Raises sqlite3.Error and what binding a wrong value raises."""

    def all_of(part: Callable[[Change], Iterable[Row]]) -> list[Row]:
        return list(chain.from_iterable(map(part, changes)))

    _insert(connection, _insert_queue, all_of(lambda change: change.queues))
    _insert(connection, _insert_message, all_of(lambda change: change.messages))
    _insert(connection, _insert_body, all_of(lambda change: change.bodies))
    _insert(connection, _insert_recipient, all_of(lambda change: change.recipients))
    _insert(connection, _insert_journal, all_of(lambda change: change.journal))
    _insert(connection, _defer, all_of(lambda change: change.deferred))
    if removed := list(chain.from_iterable(change.removed for change in changes)):
        remove_recipients(connection, removed)


def remove_recipients(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Take recipients out, and messages that have none left."""
    connection.execute("DELETE FROM recipient WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))


def _insert(connection: sqlite3.Connection, statement: Callable[[int], str], values: list[Row]) -> None:
    for chunk in _chunks(values):
        connection.execute(statement(len(chunk)), list(chain.from_iterable(chunk)))


def _chunks(values: list[Row]) -> Iterator[list[Row]]:
    start, left = 0, len(values)
    while left:
        size = CHUNK if left >= CHUNK else min(left, EXACT)
        yield values[start : start + size] if size != len(values) else values
        start += size
        left -= size


def _values(columns: int, count: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return ", ".join([row] * count)


def _insert_rows(table: str, names: str, count: int) -> str:
    return f"INSERT INTO {table} ({names}) VALUES {_values(names.count(',') + 1, count)}"


@lru_cache(maxsize=STATEMENTS)
def _insert_queue(count: int) -> str:
    return f"INSERT INTO scheduled_queue (id, stream, domain) VALUES {_values(3, count)} ON CONFLICT (id) DO NOTHING"


@lru_cache(maxsize=STATEMENTS)
def _insert_message(count: int) -> str:
    return _insert_rows("message", columns.MESSAGE_COLUMNS, count)


@lru_cache(maxsize=STATEMENTS)
def _insert_body(count: int) -> str:
    return f"INSERT INTO body (id, content) VALUES {_values(2, count)}"


@lru_cache(maxsize=STATEMENTS)
def _insert_recipient(count: int) -> str:
    return _insert_rows("recipient", columns.RECIPIENT_COLUMNS, count)


@lru_cache(maxsize=STATEMENTS)
def _insert_journal(count: int) -> str:
    return _insert_rows("journal", columns.JOURNAL_COLUMNS, count)


@lru_cache(maxsize=STATEMENTS)
def _defer(count: int) -> str:
    return (
        "UPDATE recipient SET attempts = attempts + 1, due = new.column2, last_code = new.column3, "
        "last_enhanced = new.column4, last_text = new.column5, last_remote = new.column6 "
        f"FROM (VALUES {_values(6, count)}) AS new WHERE recipient.id = new.column1"
    )
