"""The queue file opened by a command, when no daemon has it. Locked against one until the command ends."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from postduif.clock import SystemClock
from postduif.config.schema import Config
from postduif.errors import StoreError
from postduif.mta.queue_tables import EXTENSIONS
from postduif.queue.connection import connect_writer
from postduif.queue.recovery import open_queue

T = TypeVar("T")


class QueueFile:
    """A connection that is nobody else's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    async def look(self, function: Callable[..., T], *arguments: Any) -> T:
        """`function(connection, *arguments)`."""
        return function(self.connection, *arguments)

    async def change(self, function: Callable[..., T], *arguments: Any) -> T:
        """The same in a transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            changed = function(self.connection, *arguments)
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        return changed


@contextlib.contextmanager
def queue_file(config: Config) -> Iterator[QueueFile]:
    """Open it, with the tables of everybody. Raises StoreError, also for what SQLite says inside."""
    opened = open_queue(config.server.data_dir, SystemClock(), EXTENSIONS)
    try:
        with contextlib.closing(connect_writer(opened.path)) as connection:
            yield QueueFile(connection)
    except sqlite3.Error as error:
        raise StoreError(f"{opened.path} cannot be used: {error}") from None
    finally:
        opened.lock.release()
