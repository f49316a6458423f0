"""How many connections to remote hosts there may be, all sites together, and who waits for one.

More connections make mail go faster as long as the event loop has time for them. When it runs late they only wait for
each other, and everything else waits with them. So their number is a window: it grows while it is full and the loop is
in time, and shrinks while the loop is late. Hosts that keep us waiting take no time of the loop: they fill the window,
and it grows. Pure: lateness is told by who hears the beats of the loop.
"""

from __future__ import annotations

from typing import Protocol

LEAST = 50
"""The window is never smaller."""
FIRST = 200
"""Its size at the start."""
IN_TIME = 0.010
"""Seconds late up to which the loop has time for more."""
LATE = 0.020
"""Seconds late from which it has too many."""
GROWTH, SHRINKING = 1.03, 0.8  # a beat


class Idle(Protocol):
    """A connection that has nothing to carry."""

    def finish(self) -> None:
        """End it."""


class Crowd:
    """Connections that are open or opening. Who waits is known by the name of a site."""

    def __init__(self, most: int = FIRST) -> None:
        self.most = most
        """The window is never larger."""
        self.open = 0
        self.idle: dict[Idle, None] = {}
        """Those with nothing to carry, the longest idle first: they make room for others."""
        self._window = float(FIRST)
        self._waiting: dict[str, None] = {}

    @property
    def window(self) -> int:
        """How many there may be now."""
        return min(self.most, max(LEAST, round(self._window)))

    @property
    def pressing(self) -> bool:
        """Somebody waits, and there is no room: who has nothing to carry had better go."""
        return bool(self._waiting) and self.open >= self.window

    def enter(self, name: str) -> bool:
        """Count one more for a site. False: there is no room; `admitted` will name it."""
        if self.open >= self.window:
            self._waiting[name] = None
            if self.idle:
                longest = next(iter(self.idle))
                del self.idle[longest]
                longest.finish()
            return False
        self.open += 1
        return True

    def leave(self) -> None:
        """One is over."""
        self.open -= 1

    def beat(self, late: float) -> None:
        """The event loop was so late, in seconds."""
        if late > LATE:
            self._window = max(LEAST, min(self._window, self.open) * SHRINKING)
        elif late < IN_TIME and self._waiting:
            self._window = min(self.most, self._window * GROWTH)

    def admitted(self) -> list[str]:
        """The sites that may try again, in the order in which they found no room. They are forgotten here."""
        names = [name for _, name in zip(range(self.window - self.open), self._waiting, strict=False)]
        for name in names:
            del self._waiting[name]
        return names
