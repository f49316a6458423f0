"""Takes over from a damaged queue file what can still be read: whole messages with their recipients.

The journal stays in the damaged file, and so do messages of which any part is damaged; docs/queue.md says how to look
for them by hand. The damaged file is only read.
"""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from postduif.queue import columns, connection, rows
from postduif.queue.change import Change, apply
from postduif.queue.columns import Row
from postduif.queue.committer import ID_BLOCK

TABLES = frozenset({"meta", "scheduled_queue", "body", "message", "recipient", "hold", "journal"})
BATCH = 500  # messages in one transaction


def salvage(damaged: Path, fresh: Path, tables: Sequence[str] = ()) -> int:
    """Copy messages from one file to the other, which is empty; returns how many. Raises sqlite3.Error of the other.

    `tables`: what others keep there, made in the other file already; what can be read of it is copied as it is.
    """
    if not damaged.exists():
        return 0
    with contextlib.closing(_open(damaged)) as source, contextlib.closing(connection.connect_writer(fresh)) as target:
        queues: dict[tuple[str, str], int] = {}
        changes = (_read(source, id_, queues) for id_ in sorted(_candidates(source)))
        count, last = _write(target, (found for found in changes if found))
        for hold in _both_ways(source, _HOLD, "hold"):
            with contextlib.suppress(sqlite3.Error):
                target.execute(f"INSERT INTO hold ({_HOLD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", hold)
        for table in tables:
            _copy_table(source, target, table)
        reserved = max(
            [last, *(value for name, value in _both_ways(source, "name, value", "meta") if name == "next_id")]
        )
        target.execute("UPDATE meta SET value = max(value, ?) WHERE name = 'next_id'", (reserved + ID_BLOCK,))
    return count


def salvage_rows(damaged: Path, fresh: Path, tables: Sequence[str]) -> int:
    """Copy every row that can be read, whatever it belongs to; returns how many recipients. Raises sqlite3.Error.

    The journal comes before the recipients: whoever has his end in it has left.
    """
    if not damaged.exists():
        return 0
    with contextlib.closing(_open(damaged)) as source, contextlib.closing(connection.connect_writer(fresh)) as target:
        for table in ("meta", "scheduled_queue", "message", "body", "hold", "journal", "recipient", *tables):
            with contextlib.suppress(sqlite3.Error):  # of the source: the table itself cannot be found
                _copy_table(source, target, table)
        target.execute(_DROP_ENDED)
        (count,) = target.execute("SELECT count(*) FROM recipient").fetchone()
    return int(count)


_DROP_ENDED = f"""
DELETE FROM recipient WHERE (id & {rows.MAX_RECIPIENTS}) IN (
    SELECT number FROM journal WHERE kind IN ('delivered', 'failed', 'expired', 'withdrawn', 'suppressed'))
"""


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    there = _columns(source, table)  # of an earlier version it has fewer
    names = [name for name in _columns(target, table) if name in there]
    insert = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    target.execute("BEGIN IMMEDIATE")
    for row in _both_ways(source, ", ".join(names), table):
        with contextlib.suppress(sqlite3.Error):  # a value that damage has changed does not fit
            target.execute(insert, row)
    target.execute("COMMIT")


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


_HOLD = "id, covers, stream, domain, owner, reason, placed_at, until"


def _open(damaged: Path) -> sqlite3.Connection:
    """For reading only; also a file that is shorter than its header says, which SQLite refuses otherwise."""
    log = damaged.with_name(damaged.name + "-wal")
    alone = "" if log.exists() else "&immutable=1"  # makes no files beside it
    source = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro{alone}", uri=True, isolation_level=None)
    with contextlib.suppress(sqlite3.Error):
        source.execute("PRAGMA writable_schema = ON")
    return source


def _both_ways(source: sqlite3.Connection, columns: str, table: str) -> Iterator[Row]:
    """The rows of a table from its beginning to the damage, and from its end back to the damage."""
    key = columns.partition(",")[0]
    last = None
    try:
        for row in source.execute(f"SELECT {columns} FROM {table} ORDER BY {key}"):
            yield row
            last = row[0]
        return
    except sqlite3.Error:
        pass
    with contextlib.suppress(sqlite3.Error):
        for row in source.execute(f"SELECT {columns} FROM {table} ORDER BY {key} DESC"):
            if row[0] == last:
                return
            yield row


def _candidates(source: sqlite3.Connection) -> set[int]:
    """Ids of messages, also such that damage on both sides hides from a search through their own table."""
    return {
        id_ >> bits
        for table, bits in (("message", 0), ("body", 0), ("recipient", rows.RECIPIENT_BITS))
        for (id_,) in _both_ways(source, "id", table)
    }


def _read(source: sqlite3.Connection, id_: int, queues: dict[tuple[str, str], int]) -> Change | None:
    """One message with body and recipients; None when any of them cannot be read."""
    first = rows.first_recipient(id_)
    try:
        message = source.execute(f"SELECT {columns.MESSAGE_COLUMNS} FROM message WHERE id = ?", (id_,)).fetchone()
        if message is None:
            return None
        recipients = source.execute(
            f"SELECT {columns.RECIPIENT_COLUMNS} FROM recipient WHERE id BETWEEN ? AND ?",
            (first, first + rows.MAX_RECIPIENTS),
        ).fetchall()
        content = source.execute("SELECT content FROM body WHERE id = ?", (message[1],)).fetchone()
        if not recipients or content is None:
            return None
        found = Change()
        found.messages, found.bodies, found.last_id = [message], [(message[1], content[0])], message[0]
        for row in recipients:
            key = (message[3], rows.address(row[2]).domain)
            queue = queues.setdefault(key, len(queues) + 1)
            found.queues.append((queue, *key))
            found.recipients.append((row[0], queue, *row[2:]))
    except (sqlite3.Error, AttributeError):  # AttributeError: an address that is no text any more
        return None
    return found


def _write(target: sqlite3.Connection, changes: Iterator[Change]) -> tuple[int, int]:
    """Returns how many were written, and the last message id."""
    count = last = 0
    while batch := list(itertools.islice(changes, BATCH)):
        written = batch if _commit(target, batch) else [change for change in batch if _commit(target, [change])]
        count += len(written)
        last = max([last, *(change.last_id for change in written)])
    return count, last


def _commit(target: sqlite3.Connection, batch: list[Change]) -> bool:
    """False: what was read does not fit the schema."""
    target.execute("BEGIN IMMEDIATE")
    try:
        apply(target, batch)
    except sqlite3.IntegrityError:
        target.execute("ROLLBACK")
        return False
    target.execute("COMMIT")
    return True
