"""How often somebody may do something: counted in fixed spans of time, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable


class Rates:
    """Of one kind of thing. Methods are called on the event loop's thread."""

    def __init__(
        self, limit: int, seconds: float, now: Callable[[], float], *, most: int = 100_000, refusing: bool = False
    ) -> None:
        """`most`: different askers that are told apart within a span. Those after them are not counted, or refused."""
        self._limit = limit
        self._seconds = seconds
        self._now = now
        self._most = most
        self._refusing = refusing
        self._counts: dict[Hashable, int] = {}
        self._span = -1

    def allows(self, who: Hashable) -> bool:
        """Count one more; False: that is too often."""
        span = int(self._now() // self._seconds)
        if span != self._span:
            self._span = span
            self._counts = {}
        count = self._counts.get(who, 0)
        if count >= self._limit:
            return False
        if not count and len(self._counts) >= self._most:
            return not self._refusing
        self._counts[who] = count + 1
        return True
