"""The only fakes there are: a clock that tests move by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Coroutine


class FakeClock:
    """Time stands still until `advance`; sleepers wake when their time has come."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start
        self._jumped = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._now + self._jumped

    def monotonic(self) -> float:
        """The same time, but for jumps."""
        return self._now

    def sleep(self, seconds: float) -> Coroutine[object, object, None]:
        """Return once the clock was moved on by `seconds`, counted from the call as real time would be."""
        return self._until(self._now + seconds)

    async def _until(self, moment: float) -> None:
        if moment <= self._now:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (moment, next(self._order), future))
        await future

    def awaited(self, seconds: float) -> bool:
        """Somebody sleeps until then, so many seconds from now."""
        return any(moment == self._now + seconds and not one.done() for moment, _, one in self._sleepers)

    @property
    def sleepers(self) -> int:
        """How many sleep now."""
        return sum(not one.done() for _, _, one in self._sleepers)

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock on the wall."""
        self._jumped += seconds

    def advance(self, seconds: float) -> None:
        """Move the time on and wake who slept until then. Call it on the event loop's thread."""
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)
