"""When messages expire, without an index: for each block of ids, a time before which none of its messages does.

An index on `expires_at` would cost one more random page for every message that leaves a long queue. Ids and lifetimes
grow together, so that a block is either all past its time, which is worth reading, or all before it.
"""

from __future__ import annotations

import math

BLOCK_BITS = 14


class Lifetimes:
    """Blocks of 2^14 message ids. Some 60 numbers for a million messages."""

    def __init__(self) -> None:
        self.loaded = False
        """What was on disk before the start is noted too."""
        self._earliest: dict[int, float] = {}

    def note(self, message_id: int, expires_at: float) -> None:
        """A message is in the queue."""
        self.note_block(message_id >> BLOCK_BITS, expires_at)

    def note_block(self, block: int, expires_at: float) -> None:
        """The block has a message that expires then."""
        known = self._earliest.get(block)
        if known is None or expires_at < known:
            self._earliest[block] = expires_at

    def past(self, now: float) -> list[int]:
        """The blocks that may have messages past their time, the oldest first."""
        return sorted(block for block, earliest in self._earliest.items() if earliest <= now)

    def begin(self, block: int) -> float:
        """The block is being read. What is noted from now on counts beside what is found; returns what was known."""
        return self._earliest.pop(block, math.inf)

    def end(self, block: int, earliest: float) -> None:
        """The block was read: this is when the next of its messages expires; infinity: it has none."""
        if earliest < math.inf:
            self.note_block(block, earliest)


def first_of(block: int) -> int:
    """The lowest message id in the block."""
    return block << BLOCK_BITS


def last_of(block: int) -> int:
    """The highest message id in the block."""
    return ((block + 1) << BLOCK_BITS) - 1
