"""Work on files for pages: in threads, a few at a time, and no endless row of those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from postduif import log
from postduif.clock import Clock
from postduif.errors import StoreError

T = TypeVar("T")
AT_A_TIME = 4
"""Pages that use files at the same time."""
MOST_WAITING = 100
"""Such pages that wait; more get 503."""
TELL_EVERY = 10.0
"""Seconds between lines of the log that say how many were refused."""


class Busy(StoreError):  # noqa: N818  the name says what is the case
    """Too many wait already; it is in the log."""


class Threads:
    """Methods are called on the event loop's thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused = 0
        self._told = float("-inf")
        self._free = asyncio.Semaphore(AT_A_TIME)
        self._waiting = 0

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """In a thread. Raises Busy when too many wait, and what it raises."""
        if self._waiting >= MOST_WAITING:
            self._refuse()
            raise Busy("too many pages are being read at once")
        self._waiting += 1
        try:
            async with self._free:
                return await asyncio.to_thread(function, *arguments)
        finally:
            self._waiting -= 1

    def _refuse(self) -> None:
        self._refused += 1
        if (now := self._clock.monotonic()) >= self._told + TELL_EVERY:
            log.warning("public_pages_busy", refused=self._refused, waiting=self._waiting)
            self._told, self._refused = now, 0
