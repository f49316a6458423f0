"""What was taken in before: runs, and the log of the lines that were not taken."""

# ruff: noqa: S608  statements are made of constants; values are parameters

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from postduif.errors import PostduifError

MAX_REJECTED = 100_000
"""Lines of one run that are logged one by one; all are counted."""
_COLUMNS = "id, file, digest, state, line, added, updated, skipped, rejected, started, ended"


class RunState(StrEnum):
    """How far an import is."""

    RUNNING = "running"
    """At work, or broken off: the same file taken in again goes on."""
    DONE = "done"


class ImportFault(PostduifError):  # noqa: N818  the name says what is the case
    """A run that is not there, or that another goes on with."""


class NoSuchImport(ImportFault):
    """None has that number."""


class Run(NamedTuple):
    """An import. Times in seconds since the epoch."""

    id: int
    file: str
    digest: str
    state: RunState
    line: int
    """The last line that is on file."""
    added: int
    updated: int
    """Rows about people who were known."""
    skipped: int
    rejected: int
    started: float
    ended: float | None


class Rejected(NamedTuple):
    """A line that was not taken."""

    line: int
    address: str
    """The key of the address, "" when there was none."""
    reason: str


def begin(connection: sqlite3.Connection, file: str, digest: str, now: float) -> Run:
    """The run of this content that was broken off, or a new one. Inside a transaction."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM import_run WHERE digest = ? AND state = 'running' ORDER BY id DESC", (digest,)
    ).fetchone()
    if row:
        return _run(row)
    query = "INSERT INTO import_run (file, digest, state, started) VALUES (?, ?, 'running', ?)"
    id_ = connection.execute(query, (file, digest, now)).lastrowid
    return _run(connection.execute(f"SELECT {_COLUMNS} FROM import_run WHERE id = ?", (id_,)).fetchone())


def see_alone(connection: sqlite3.Connection, run: Run) -> None:
    """Return if it stands as we left it. Inside a transaction. Raises ImportFault when another went on with it."""
    if found(connection, run.id) != run:
        why = "the same file is being taken in elsewhere at the same time"
        raise ImportFault(f"{why}; this one stops: see what becomes of import {run.id}")


def save(connection: sqlite3.Connection, run: Run, rejected: Iterable[Rejected]) -> None:
    """How far it is, in the transaction of what it did."""
    connection.execute(
        "UPDATE import_run SET state = ?, line = ?, added = ?, updated = ?, skipped = ?, rejected = ?, ended = ? "
        "WHERE id = ?",
        (run.state.value, run.line, run.added, run.updated, run.skipped, run.rejected, run.ended, run.id),
    )
    if run.rejected <= MAX_REJECTED:
        connection.executemany(
            "INSERT INTO import_rejected (run, line, address, reason) VALUES (?, ?, ?, ?)",
            [(run.id, one.line, one.address, one.reason) for one in rejected],
        )


def runs(connection: sqlite3.Connection, limit: int, before: int = 0) -> list[Run]:
    """The last ones, the latest first; `before`: only those with a smaller number."""
    query = f"SELECT {_COLUMNS} FROM import_run WHERE id < ? ORDER BY id DESC LIMIT ?"
    rows = connection.execute(query, (before or 2**63 - 1, limit)).fetchall()
    return [_run(row) for row in rows]


def ended_since(connection: sqlite3.Connection, after: int, limit: int) -> list[tuple[int, Run]]:
    """Those that are done in the order in which they ended, each with its number in that, from behind a number."""
    query = f"SELECT number, {_COLUMNS} FROM import_end JOIN import_run ON id = run WHERE number > ? ORDER BY number"
    rows = connection.execute(f"{query} LIMIT ?", (after, limit)).fetchall()
    return [(number, _run(row)) for number, *row in rows]


def found(connection: sqlite3.Connection, number: int) -> Run:
    """The run of that number. Raises ImportFault."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM import_run WHERE id = ?", (number,)).fetchone()
    if not row:
        raise NoSuchImport(f"there is no import {number}; postduif contact imports has them all")
    return _run(row)


def rejected(connection: sqlite3.Connection, run: int, limit: int, after: int = 0) -> list[Rejected]:
    """The lines that a run did not take, in their order, from behind the line `after`."""
    query = "SELECT line, address, reason FROM import_rejected WHERE run = ? AND line > ? ORDER BY line LIMIT ?"
    return [Rejected(*row) for row in connection.execute(query, (run, after, limit)).fetchall()]


def _run(row: Sequence[Any]) -> Run:
    run = Run(*row)
    return run._replace(state=RunState(run.state))
