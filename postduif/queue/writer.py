"""The one thread that writes the queue file, with group commit.

Operations handed over while one transaction is being fsynced all go into the next. After its commit one call on the
event loop resolves them all. Promises: an operation whose future has a result is on disk; one that failed changed
nothing; one that cannot be written does not fail its neighbours. After an I/O error the connection is never used
again (a second fsync after a failed one lies): everything of that batch fails and the file is opened anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from postduif import log
from postduif.errors import StoreError, StoreFull
from postduif.queue import change, connection
from postduif.queue.change import Change
from postduif.queue.checkpoint import Checkpointer

MAX_BATCH = 512  # operations in one transaction
MAX_BATCH_OCTETS = 32 * 1024 * 1024  # roughly, of one transaction
REOPEN_WAIT = 1.0  # seconds between tries to open a file that failed
ID_BLOCK = 10_000
"""Message ids are reserved on disk in blocks of so many."""
_BATCH_OCTETS = 10 * 8192  # pages that every transaction touches

Task = Callable[[sqlite3.Connection], Any]


def _nothing(*_: object) -> None:
    """For those who need not be told."""


class Operation:
    """Something to commit: rows, or a task that runs SQL of its own."""

    __slots__ = ("change", "committed", "error", "failed", "future", "result", "task")

    def __init__(
        self,
        future: asyncio.Future[Any],
        committed: Callable[[Any], None],
        failed: Callable[[], None],
        change: Change | None = None,
        task: Task | None = None,
    ) -> None:
        self.future = future
        self.committed = committed
        self.failed = failed
        self.change = change
        self.task = task
        self.result: Any = None
        self.error: Exception | None = None


class Writer:
    """Call `submit` and `close` on the event loop's thread."""

    def __init__(self, path: Path, reserved: int) -> None:
        self.healthy = True
        self.trouble = ""
        """What is wrong when it is not healthy."""
        self.commits = 0
        self.errors = 0
        self.observe_commit: Callable[[float], None] = lambda seconds: None
        """Told the seconds each commit took, on the loop."""
        self._path = path
        self._reserved = reserved
        self._connection: sqlite3.Connection | None = connection.connect_writer(path)
        self._reopen_after = 0.0
        self._pending: deque[Operation] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._checkpointer = Checkpointer(path)
        self._thread = threading.Thread(target=self._run, name="queue-writer", daemon=True)
        self._thread.start()

    def submit(
        self,
        change: Change | None = None,
        task: Task | None = None,
        committed: Callable[[Any], None] = _nothing,
        failed: Callable[[], None] = _nothing,
    ) -> asyncio.Future[Any]:
        """Hand something over to be committed; the future has the task's result, or StoreError or StoreFull.

        `committed(result)` or `failed()` is called on the loop just before, also when nobody waits for the future.
        """
        if self._closing:
            raise StoreError("the queue is closed")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending.append(Operation(future, committed, failed, change, task))
        if not self._wake.is_set():
            self._wake.set()
        return future

    def close(self) -> None:
        """Commit what was handed over and end the thread. Blocks; futures of what is left resolve on the loop."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while batch := self._take():
                started = time.perf_counter()
                self._commit(batch)
                self._report(batch, time.perf_counter() - started)
            if self._closing and not self._pending:
                break
        self._checkpointer.close()
        self._drop_connection()

    def _take(self) -> list[Operation]:
        batch: list[Operation] = []
        octets = 0
        while self._pending and len(batch) < MAX_BATCH and octets < MAX_BATCH_OCTETS:
            operation = self._pending.popleft()
            batch.append(operation)
            if operation.change:
                octets += operation.change.octets
        return batch

    def _commit(self, batch: list[Operation]) -> None:
        error = self._attempt(batch)
        if error is None:
            return
        again = self._connection is not None and not connection.is_busy(error)
        if connection.is_full(error):
            self._recycle_log()
        elif len(batch) == 1:
            again = False
        for operation in batch:
            operation.error = self._attempt([operation]) if again else error

    def _attempt(self, batch: Sequence[Operation]) -> Exception | None:
        """Commit them together, or nothing of them and say why not."""
        opened = self._opened()
        if isinstance(opened, Exception):
            return opened
        try:
            opened.execute("BEGIN IMMEDIATE")
            reserved = self._reserve(opened, batch)
            for tasks, group in itertools.groupby(batch, lambda operation: operation.task is not None):
                if tasks:  # in its place: the memory is told in this order too
                    for operation in group:
                        operation.result = operation.task(opened) if operation.task else None
                else:
                    change.apply(opened, [operation.change for operation in group if operation.change])
            opened.execute("COMMIT")
        except Exception as error:  # whatever one operation does, the thread that all mail waits for must live
            self._after_error(opened, error)
            return error
        self.healthy, self.trouble, self._reserved = True, "", reserved
        self._checkpointer.wrote(
            _BATCH_OCTETS + sum(operation.change.weight if operation.change else 0 for operation in batch), opened
        )
        return None

    def _reserve(self, opened: sqlite3.Connection, batch: Sequence[Operation]) -> int:
        last = max((operation.change.last_id for operation in batch if operation.change), default=0)
        if last < self._reserved:
            return self._reserved
        opened.execute("UPDATE meta SET value = ? WHERE name = 'next_id'", (last + ID_BLOCK,))
        return last + ID_BLOCK

    def _after_error(self, opened: sqlite3.Connection, error: Exception) -> None:
        self.errors += 1
        if connection.is_broken(error):
            self.healthy, self.trouble = False, str(error)
            if connection.is_damage(error):
                connection.mark_suspect(self._path)
            log.error("queue file failed", error=error, remedy="see the disk's own errors; mail is refused meanwhile")
            self._drop_connection()
            return
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
                return StoreError(f"the queue file failed: {self.trouble}")
            self._reopen_after = time.monotonic() + REOPEN_WAIT
            try:
                self._connection = connection.connect_writer(self._path)
            except sqlite3.Error as error:
                self.trouble = str(error)
                return error
        return self._connection

    def _drop_connection(self) -> None:
        opened, self._connection = self._connection, None
        if opened:
            with contextlib.suppress(sqlite3.Error):
                opened.close()

    def _report(self, batch: list[Operation], seconds: float) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            batch[0].future.get_loop().call_soon_threadsafe(self._finish, batch, seconds)

    def _finish(self, batch: list[Operation], seconds: float) -> None:
        self.commits += 1
        self.observe_commit(seconds)
        for operation in batch:
            try:
                operation.committed(operation.result) if operation.error is None else operation.failed()
            except Exception as error:  # a mistake of ours in one must not keep the others from their answers
                log.error("failure", where="queue", error=repr(error))
        for operation in batch:
            future = operation.future
            if future.cancelled():
                continue
            if operation.error is None:
                future.set_result(operation.result)
            else:
                future.set_exception(store_error(operation.error))


def store_error(error: Exception) -> StoreError:
    """The error the caller sees for what SQLite said."""
    if isinstance(error, StoreError):
        return error
    if connection.is_full(error):
        return StoreFull("no space left on the disk of the queue")
    if connection.is_busy(error):
        return StoreError("another program keeps the queue file locked; end it")
    return StoreError(f"the queue file could not be written: {error}")
