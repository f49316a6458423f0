"""How much one person does at once: requests past AT_ONCE wait, and hold no thread while they do.

All pages and calls share some forty threads. A few of them are slow (DNS, a large file, a condition over everybody),
and nobody is to have all threads with these.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

AT_ONCE = 8


class Turns:
    """Of everybody; for one event loop."""

    def __init__(self) -> None:
        self._of: dict[str, asyncio.Semaphore] = {}

    @contextlib.asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[Callable[[], None]]:
        """Wait for a turn of that person. What comes gives it back sooner than the end."""
        turn = self._of.setdefault(name, asyncio.Semaphore(AT_ONCE))
        await turn.acquire()
        with contextlib.ExitStack() as held:
            held.callback(turn.release)
            yield held.close
