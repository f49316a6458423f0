"""Open files of SQLite, kept for who comes next: opening one, with the look at its schema, costs milliseconds.

A connection serves one block at a time, in any thread. One whose block ended with an exception is closed, so that
nothing of it is left to the next.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple

MOST = 8
"""Connections that wait for somebody; more are closed after their block."""


class _Opened(NamedTuple):
    connection: sqlite3.Connection
    around: contextlib.ExitStack


class Kept:
    """The connections of one file. `close` at the end."""

    def __init__(self, opened: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        self._opened = opened
        self._free: list[_Opened] = []

    @contextlib.contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """A connection for a block. Raises what opening raises, and turns SQLite's errors into its."""
        one = self._take()
        try:
            yield one.connection
        except BaseException:
            one.around.__exit__(*sys.exc_info())  # says what is said of the file when SQLite failed
            raise
        if len(self._free) < MOST:
            self._free.append(one)
        else:
            one.around.close()

    def close(self) -> None:
        """Close those that wait."""
        while self._free:
            self._free.pop().around.close()

    def _take(self) -> _Opened:
        with contextlib.suppress(IndexError):  # two may look at once
            return self._free.pop()
        around = contextlib.ExitStack()
        return _Opened(around.enter_context(self._opened()), around)
