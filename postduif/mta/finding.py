"""Finds the Destinations of scheduled queues: in the order they were asked for, so many at a time.

After a start ten thousand domains may want DNS at once. What has its Destination is delivered while others wait.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from postduif.mta.sites import Destination
from postduif.queue.scheduled import QueueKey
from postduif.reply import Reply

TOGETHER = 50
"""Domains that are looked up at once. One that DNS is silent about keeps its place for `dns.timeout` at most."""


class Finding:
    """Methods are called on the event loop's thread."""

    def __init__(
        self,
        road: Callable[[str], Coroutine[object, object, Destination | Reply]],
        found: Callable[[QueueKey, Destination | Reply], Coroutine[object, object, None]],
        spawn: Callable[[Coroutine[object, object, None]], None],
    ) -> None:
        """`found` is told the result for each key, once for each time it was wanted."""
        self._road = road
        self._found = found
        self._spawn = spawn
        self._waiting: dict[QueueKey, None] = {}
        self._under_way: set[QueueKey] = set()

    def want(self, key: QueueKey) -> None:
        """Find it, unless it is being found already."""
        if key in self._under_way or key in self._waiting:
            return
        self._waiting[key] = None
        if len(self._under_way) < TOGETHER:
            self._next()

    def stop(self) -> None:
        """Begin no other."""
        self._waiting.clear()

    def _next(self) -> None:
        if self._waiting:
            key = next(iter(self._waiting))
            del self._waiting[key]
            self._under_way.add(key)
            self._spawn(self._find(key))

    async def _find(self, key: QueueKey) -> None:
        try:
            result = await self._road(key.domain)
        finally:
            self._under_way.discard(key)
            self._next()
        await self._found(key, result)
