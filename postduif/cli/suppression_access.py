"""The suppression list for the command line: the running daemon is asked; without one the queue file is opened.

A file that was opened stays open, and locked against a daemon, until the command ends: an import is many requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from postduif.bounce.address_state import Thresholds
from postduif.bounce.keyring import ERASURE_KEY_FILE, erasure_key
from postduif.bounce.suppression import Change
from postduif.bounce.suppression_file import hashed_otherwise, prepare
from postduif.clock import SystemClock
from postduif.config.load import load
from postduif.config.schema import Config
from postduif.errors import ConfigError, StoreError
from postduif.mta.control import NotRunning, ask
from postduif.mta.suppression_operations import SuppressionOperations
from postduif.queue.connection import connect_writer
from postduif.queue.recovery import open_queue

T = TypeVar("T")


class Answer(Protocol):
    """Says what an action says."""

    def __call__(self, do: str, **request: Any) -> Any:
        """Raises PostduifError."""
        ...


@contextlib.contextmanager
def suppression_list(path: Path) -> Iterator[Answer]:
    """Ask as often as wanted. `path`: the configuration file. Raises PostduifError."""
    config = load(path)
    with contextlib.ExitStack() as stack:
        opened: list[SuppressionOperations] = []

        def answer(do: str, **request: Any) -> Any:
            if not opened:
                try:
                    return ask(config.server.run_dir, do, **request)
                except NotRunning:
                    opened.append(stack.enter_context(_opened(config)))
            said = asyncio.run(_run(opened[0], do, request))
            return json.loads(json.dumps(said))

        yield answer


async def _run(operations: SuppressionOperations, do: str, request: dict[str, Any]) -> object:
    return await operations.actions[do](request)


@contextlib.contextmanager
def _opened(config: Config) -> Iterator[SuppressionOperations]:
    opened = open_queue(config.server.data_dir, SystemClock())
    try:
        secret = erasure_key(config.server.data_dir)
        with contextlib.closing(connect_writer(opened.path)) as connection:
            prepare(connection)
            if count := hashed_otherwise(connection, secret):
                place = config.server.data_dir / ERASURE_KEY_FILE
                raise ConfigError(
                    f"{place} is not the key that {count} erased people were hashed with; put the old one back"
                )
            yield SuppressionOperations(_File(connection), Thresholds.of(config.bounce), secret)
    except sqlite3.Error as error:
        raise StoreError(f"{opened.path} cannot be used: {error}") from None
    finally:
        opened.lock.release()


class _File:
    """A connection that is nobody else's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def look(self, function: Callable[..., T], *arguments: Any) -> T:
        return function(self._connection, *arguments)

    async def change(self, function: Callable[..., list[Change]], *arguments: Any) -> list[Change]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            changes = function(self._connection, *arguments)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return changes
