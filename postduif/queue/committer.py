"""Commits batches of operations to the queue file: one transaction and one fsync for all of them.

Promises: an operation that is answered with a result is on disk; one that failed changed nothing; one that cannot be
written does not fail its neighbours. After an I/O error the connection is never used again (a second fsync after a
failed one lies): everything of that batch fails and the file is opened anew. It knows no event loop and no log.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from postduif.errors import StoreError, StoreFull
from postduif.queue import change, connection
from postduif.queue.blocks import Blocks
from postduif.queue.change import Change, Task
from postduif.queue.checkpoint import Checkpointer

REOPEN_WAIT = 1.0  # seconds between tries to open a file that failed
NOTE_EVERY = 60.0  # seconds between two complaints about a full disk
LAST_WAIT = 1000  # milliseconds for a reader who keeps the log from being emptied at the end
ID_BLOCK = 10_000
"""Message ids are reserved on disk in blocks of so many."""
_BATCH_OCTETS = 10 * 8192  # pages that every transaction touches


Operation = Change | Task


class Answer(NamedTuple):
    """What became of a batch."""

    results: list[Any]
    """For each operation its result (of a Change: those of its tasks), or a StoreError."""
    seconds: float
    """Of the transaction, fsync included."""
    trouble: str
    """What is wrong with the file or its disk; "" when it is healthy."""
    errors: int
    """Transactions that failed, since the start."""
    notes: list[str]
    """Troubles since the last answer, for the log."""


class Committer:
    """One connection that writes."""

    def __init__(self, path: Path, reserved: int) -> None:
        """`reserved`: the first message id that is not reserved on disk."""
        self._path = path
        self._reserved = reserved
        self._trouble = ""
        self._errors = 0
        self._notes: list[str] = []
        self._blocks = Blocks(path)
        self._has_log = False
        self._connection: sqlite3.Connection | None = connection.connect_writer(path)
        self._reopen_after = 0.0
        self._complain_after = 0.0
        self._checkpointer = Checkpointer(path, self._note)

    def commit(self, batch: Sequence[Operation]) -> Answer:
        """Write the operations in order, together if they let us."""
        started = time.perf_counter()
        results = self._commit(batch)
        answered = [store_error(one) if isinstance(one, Exception) else one for one in results]
        notes, self._notes = self._notes, []
        return Answer(answered, time.perf_counter() - started, self._trouble, self._errors, notes)

    def close(self) -> None:
        """End the checkpoints, empty the log, close the file."""
        self._checkpointer.close()
        if self._connection is not None:  # SQLite does it only if no program is looking into the file just then
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute(f"PRAGMA busy_timeout = {LAST_WAIT}")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._drop_connection()
        self._blocks.close()

    def _note(self, text: str) -> None:
        self._notes.append(text)

    def _commit(self, batch: Sequence[Operation]) -> list[Any]:
        results = self._attempt(batch)
        if not isinstance(results, Exception):
            return results
        again = self._connection is not None and not connection.is_busy(results)
        if connection.is_full(results):
            self._recycle_log()
        elif len(batch) == 1:
            again = False
        return [self._alone(operation) if again else results for operation in batch]

    def _alone(self, operation: Operation) -> Any:
        results = self._attempt([operation])
        return results if isinstance(results, Exception) else results[0]

    def _attempt(self, batch: Sequence[Operation]) -> list[Any] | Exception:
        """Commit them together, or nothing of them and say why not."""
        opened = self._opened()
        if isinstance(opened, Exception):
            return opened
        results: list[Any] = []
        changes = [operation for operation in batch if isinstance(operation, Change)]
        try:
            opened.execute("BEGIN IMMEDIATE")
            reserved = self._reserve(opened, changes)
            for kind, group in itertools.groupby(batch, type):
                if kind is Change:  # in its place: the memory is told in this order too
                    together = list(group)
                    change.apply(opened, together)  # type: ignore[arg-type]
                    results += [[_run(opened, task) for task in one.tasks] for one in together]  # type: ignore[union-attr]
                else:
                    results += [_run(opened, task) for task in group]  # type: ignore[arg-type]
            self._blocks.prepare(opened, new_mail=any(one.messages and not one.journal for one in changes))
            opened.execute("COMMIT")
        except Exception as error:  # whatever one operation does, the process that all mail waits for must live
            self._after_error(opened, error)
            return error
        self._trouble, self._reserved = "", reserved
        if not self._has_log:
            self._has_log = True
            with contextlib.suppress(OSError):  # it is only for a full disk, and the commit is done
                self._blocks.prepare_log()
        self._checkpointer.wrote(_BATCH_OCTETS + sum(one.weight for one in changes), opened)
        return results

    def _reserve(self, opened: sqlite3.Connection, changes: Sequence[Change]) -> int:
        last = max((one.last_id for one in changes), default=0)
        if last < self._reserved:
            return self._reserved
        opened.execute("UPDATE meta SET value = ? WHERE name = 'next_id'", (last + ID_BLOCK,))
        return last + ID_BLOCK

    def _after_error(self, opened: sqlite3.Connection, error: Exception) -> None:
        self._errors += 1
        if connection.is_broken(error):
            self._trouble = str(error)
            if connection.is_damage(error):
                connection.mark_suspect(self._path)
            self._note(f"queue file failed: {error}")
            self._drop_connection()
            return
        if connection.is_full(error) and time.monotonic() >= self._complain_after:
            self._complain_after = time.monotonic() + NOTE_EVERY
            self._note(f"queue file failed: {error}")
        with contextlib.suppress(sqlite3.Error):
            if opened.in_transaction:
                opened.execute("ROLLBACK")

    def _recycle_log(self) -> None:
        """Make the blocks the log has already free for it to use again: removals need room too."""
        if self._connection:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _opened(self) -> sqlite3.Connection | Exception:
        if self._connection is None:
            if time.monotonic() < self._reopen_after:
                return StoreError(f"the queue file failed: {self._trouble}")
            self._reopen_after = time.monotonic() + REOPEN_WAIT
            try:
                self._connection = connection.connect_writer(self._path)
            except sqlite3.Error as error:
                self._trouble = str(error)
                return error
        return self._connection

    def _drop_connection(self) -> None:
        opened, self._connection = self._connection, None
        if opened:
            with contextlib.suppress(sqlite3.Error):
                opened.close()


def _run(opened: sqlite3.Connection, task: Task) -> Any:
    return task.function(opened, *task.arguments)


def store_error(error: Exception) -> StoreError:
    """The error the caller sees for what SQLite said."""
    if isinstance(error, StoreError):
        return error
    if connection.is_full(error):
        return StoreFull("no space left on the disk of the queue")
    if connection.is_busy(error):
        return StoreError("another program keeps the queue file locked; end it")
    return StoreError(f"the queue file could not be written: {error}")
