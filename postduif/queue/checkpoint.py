"""Empties the write-ahead log without making commits wait.

SQLite's own checkpoint runs inside a commit and stops it for some 100 ms. Here a thread of its own copies the log into
the file while commits go on, and the writer then copies what has been added meanwhile, which is little, so that the
log starts again from its beginning. Nothing here decides durability: a checkpoint that fails is made again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from postduif.queue.connection import connect_writer

LOG_TARGET = 64 * 1024 * 1024
"""Octets of log, roughly, at which a checkpoint begins."""

FEW_PAGES = 256
PASSES = 5


class Checkpointer:
    """One thread. `wrote` and `close` are called by the writer only."""

    def __init__(self, path: Path, failed: Callable[[str], None], target: int = LOG_TARGET) -> None:
        """`failed` is told what went wrong, in either thread."""
        self._failed = failed
        self._path = path
        self._target = target
        self._written = 0
        self._running = False
        self._go = threading.Event()
        self._copied = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="queue-checkpoint", daemon=True)
        self._thread.start()

    def wrote(self, octets: int, connection: sqlite3.Connection) -> None:
        """The writer has committed about so much, through `connection`."""
        self._written += octets
        if self._running:
            if self._copied.is_set():
                self._copied.clear()
                self._running = False
                self._written = 0
                self._finish(connection)
        elif self._written >= self._target:
            self._running = True
            self._go.set()

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._go.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._go.wait()
            self._go.clear()
            if self._closing:
                return
            try:
                with contextlib.closing(connect_writer(self._path)) as connection:
                    _follow(connection)
            except sqlite3.Error as error:
                self._failed(f"queue checkpoint failed: {error}")
            self._copied.set()

    def _finish(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self._failed(f"queue checkpoint failed: {error}")


def _follow(connection: sqlite3.Connection) -> None:
    """Copy the log, then what came meanwhile, and so on, until little is left for the writer to copy."""
    before = 0
    for _ in range(PASSES):
        _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages - before < FEW_PAGES:
            return
        before = pages
