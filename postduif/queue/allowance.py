"""How many recipients a mailing may still send at its rate: what it did not use of the last second, no more. Pure."""

from __future__ import annotations

import sys

_MINUTE = 60.0
_HOARD = 1.0  # seconds of the rate that may be sent at once


class Allowance:
    """So many a minute, evenly. Times are monotonic seconds."""

    def __init__(self, a_minute: float) -> None:
        """0 is no limit."""
        self._a_second = a_minute / _MINUTE
        self._most = max(1.0, self._a_second * _HOARD)
        self._left = 0.0
        self._at = float("-inf")

    def take(self, now: float, wanted: int) -> int:
        """How many of these may go now."""
        if not self._a_second:
            return wanted
        self._fill(now)
        taken = min(wanted, int(self._left))
        self._left -= taken
        return taken

    def give_back(self, count: int) -> None:
        """So many were taken and did not go."""
        self._left = min(self._most, self._left + count)

    def left(self, now: float) -> int:
        """How many may go now; without a limit, more than there are."""
        if not self._a_second:
            return sys.maxsize
        self._fill(now)
        return int(self._left)

    def wait(self, now: float) -> float:
        """Seconds until one may go; 0.0 when it may now."""
        if not self._a_second:
            return 0.0
        self._fill(now)
        return max(0.0, (1.0 - self._left) / self._a_second)

    def _fill(self, now: float) -> None:
        if now > self._at:
            self._left = min(self._most, self._left + (now - self._at) * self._a_second)
            self._at = now
