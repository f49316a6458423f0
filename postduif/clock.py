"""The only place that asks the time.

Everything that decides by time takes a `Clock`; tests give one that they move by hand.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What Postduif asks of time."""

    def time(self) -> float:
        """Seconds since the epoch, for what is written down: queue rows, journal, headers."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, for what is measured or limited inside one process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once `monotonic()` has moved on by `seconds`."""
        ...


class SystemClock:
    """The real one."""

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` on the event loop."""
        await asyncio.sleep(seconds)
