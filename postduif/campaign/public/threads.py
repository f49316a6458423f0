"""Work on files for pages: in threads, a few at a time, and no endless row of those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from postduif.errors import StoreError

T = TypeVar("T")
AT_A_TIME = 4
"""Pages that use files at the same time."""
MOST_WAITING = 100
"""Such pages that wait; more get 503."""


class Threads:
    """Methods are called on the event loop's thread."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_A_TIME)
        self._waiting = 0

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """In a thread. Raises StoreError when too many wait, and what it raises."""
        if self._waiting >= MOST_WAITING:
            raise StoreError("too many pages are being read at once")
        self._waiting += 1
        try:
            async with self._free:
                return await asyncio.to_thread(function, *arguments)
        finally:
            self._waiting -= 1
