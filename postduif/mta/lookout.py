"""When to look at what is due: each scheduled queue when its time comes, all of them now and then.

Ten thousand scheduled queues may be due at once. So a look goes in slices, between which the event loop does other
work, and between whole looks only what has come due since is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from postduif.clock import Clock
from postduif.queue.scheduled import QueueKey
from postduif.queue.stores import Stores

LONGEST_SLEEP = 5.0
"""Seconds between whole looks: holds are lifted, clocks are set and reads fail without a call."""
SLICE = 50
"""Scheduled queues, or Routes, looked at in one turn of the event loop."""


class Lookout:
    """Tells `due` of every scheduled queue that may have something to lease."""

    def __init__(self, store: Stores, clock: Clock, due: Callable[[QueueKey], None]) -> None:
        self._store = store
        self._clock = clock
        self._due = due
        self._stopping = False
        self._wake = asyncio.Event()
        self._alarm = float("inf")
        """When the next look is, seconds since the epoch."""
        self._whole_at = float("-inf")
        """When all is looked at again, monotonic seconds."""

    async def run(self) -> None:
        """Look until stopped."""
        while not self._stopping:
            for number, key in enumerate(self._keys(), 1):
                self._due(key)
                if number % SLICE == 0:
                    await asyncio.sleep(0)
            await self._until_next_due()

    def stop(self) -> None:
        """Look no more."""
        self._stopping = True
        self._wake.set()

    def look(self) -> None:
        """Look soon at all that is due."""
        self._whole_at = float("-inf")
        self._wake.set()

    def expect(self, due: float | None) -> None:
        """Something is due then, seconds since the epoch: be awake."""
        if due is not None and due < self._alarm:
            self._wake.set()

    def _keys(self) -> list[QueueKey]:
        now = self._clock.monotonic()
        if now < self._whole_at:
            return self._store.came_due(self._clock.time())
        self._whole_at = now + LONGEST_SLEEP
        return self._store.due(self._clock.time())

    async def _until_next_due(self) -> None:
        due = self._store.next_due()
        now = self._clock.time()
        latest = now + max(0.0, self._whole_at - self._clock.monotonic())
        self._alarm = latest if due is None else min(max(due, now + 0.001), latest)
        sleep = asyncio.ensure_future(self._clock.sleep(self._alarm - now))
        changed = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleep, changed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            changed.cancel()
            self._wake.clear()
