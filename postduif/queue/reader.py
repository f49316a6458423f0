"""A thread with a read-only connection of its own. Reads never wait for the writer, nor it for them (WAL).

A query answers with one JSON text where it can: each row that is fetched gives the interpreter lock away once, and
getting it back from a busy event loop takes longer than reading the row.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from postduif import log
from postduif.errors import StoreError
from postduif.queue import connection

P = ParamSpec("P")
T = TypeVar("T")

TOGETHER = 16
"""Urgent answers that wake the event loop once. They take some 20 microseconds each, waking it takes as long."""


class _Call(NamedTuple):
    query: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]


class Reader:
    """Call `call` and `close` on the event loop's thread."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = connection.connect_reader(path)
        self._pending: deque[_Call] = deque()
        self._urgent: deque[_Call] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def call(
        self, query: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run the query in the thread. Raises StoreError. Its transaction ends with it."""
        return await self._ask(self._pending, lambda opened: query(opened, *args, **kwargs))

    async def call_first(
        self, query: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same, before all that waits for `call`: for reads that take microseconds."""
        return await self._ask(self._urgent, lambda opened: query(opened, *args, **kwargs))

    async def _ask(self, row: deque[_Call], query: Callable[[sqlite3.Connection], T]) -> T:
        if self._closing:
            raise StoreError("the queue is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        row.append(_Call(query, future))
        if not self._wake.is_set():
            self._wake.set()
        return await future

    def close(self) -> None:
        """Answer what was asked and end the thread. Blocks."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not (self._closing and not (self._pending or self._urgent)):
            self._wake.wait()
            self._wake.clear()
            while row := self._urgent or self._pending:
                calls = [row.popleft() for _ in range(min(len(row), TOGETHER if row is self._urgent else 1))]
                answers = [(call.future, *self._answer(call)) for call in calls]
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    calls[0].future.get_loop().call_soon_threadsafe(_resolve, answers)
        self._drop_connection()

    def _answer(self, call: _Call) -> tuple[Any, Exception | None]:
        try:
            if self._connection is None:
                self._connection = connection.connect_reader(self._path)
            return call.query(self._connection), None
        except Exception as error:  # whatever one query does, the thread that all leases wait for must live
            if connection.is_broken(error):
                if connection.is_damage(error):
                    connection.mark_suspect(self._path)
                log.error("queue file could not be read", error=error)
                self._drop_connection()
            return None, error

    def _drop_connection(self) -> None:
        opened, self._connection = self._connection, None
        if opened:
            with contextlib.suppress(sqlite3.Error):
                opened.close()


def _resolve(answers: list[tuple[asyncio.Future[Any], Any, Exception | None]]) -> None:
    for future, result, error in answers:
        if future.cancelled():
            continue
        if error is None:
            future.set_result(result)
        elif isinstance(error, StoreError):
            future.set_exception(error)
        else:
            future.set_exception(StoreError(f"the queue file could not be read: {error}"))
