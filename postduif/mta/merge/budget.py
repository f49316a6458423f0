"""What rendering one message may cost, so that no template and no list can hold up the rest.

Octets and steps are counted, CPU time is looked at now and then: an ordinary message has few steps and never asks.
What may take long for one step is counted as more before it is done, so that no look comes too late.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from postduif.errors import MergeError

MAX_OCTETS = 2_000_000  # of headers, HTML and text, as encoded; attachments are not counted
MAX_STEPS = 50_000  # turns of loops, conditions, stretches of text, and the parts of their expressions
MAX_SECONDS = 0.1  # of this thread's CPU
LOOKS = 64  # steps from one look at the clock to the next


class Budget:
    """The account of one message."""

    __slots__ = ("_began", "_clock", "_look_at", "_octets", "_steps")

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._began = -1.0
        self._look_at = LOOKS
        self._octets = 0
        self._steps = 0

    def spend(self, octets: int, parts: int = 0) -> None:
        """One step more, which wrote so much and has expressions of so many parts. Raises MergeError past a limit."""
        self._octets += octets
        self._steps += 1 + parts
        if self._octets > MAX_OCTETS:
            raise MergeError(f"the message is larger than {MAX_OCTETS:,} octets")
        if self._steps >= self._look_at:
            self._look()

    def _look(self) -> None:
        self._look_at = self._steps + LOOKS
        now = self._clock()
        if self._began < 0:
            self._began = now
        if self._steps > MAX_STEPS:
            raise MergeError(f"the message takes more than {MAX_STEPS:,} steps; a list is too long")
        if now - self._began > MAX_SECONDS:
            raise MergeError(f"the message takes more than {MAX_SECONDS} seconds")
