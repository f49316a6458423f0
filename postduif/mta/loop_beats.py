"""How late the event loop is: beats at fixed times, and how long after its time each was heard.

A loop that stands still for a second is late for every beat of that second, not for one: each is counted, so that the
share of late beats is the share of all timers that would have been late. Pure: the time is given.
"""

from __future__ import annotations

EVERY = 0.05
"""Seconds between beats: twenty a second tell the 99th percentile of half a minute, and cost a thousandth of a core."""
_MOST = 200  # beats counted at once: a process that was stopped for an hour is not busy for an hour afterwards


class LoopBeats:
    """The beats of one event loop. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._next = now + EVERY

    def wait(self, now: float) -> float:
        """Seconds until the next beat; 0 when it is overdue."""
        return max(0.0, self._next - now)

    def heard(self, now: float) -> list[float]:
        """How late each beat is that was due by now, in seconds, the earliest first. It has been heard then."""
        late: list[float] = []
        while self._next <= now and len(late) < _MOST:
            late.append(now - self._next)
            self._next += EVERY
        if self._next <= now:
            self._next = now + EVERY
        return late
