"""A scheduled queue: what goes to one domain in one stream, by due time. The unit of holding, fairness and leases.

Only this small object is in memory per scheduled queue, however many recipients wait on disk. It keeps counts and a
lower bound of the next due time; `roster` changes it, nobody else.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from postduif.envelope import Entry


class QueueKey(NamedTuple):
    """The name of a scheduled queue."""

    stream: str
    domain: str


@dataclass(slots=True, eq=False)
class ScheduledQueue:
    """What the memory knows of one scheduled queue."""

    key: QueueKey
    row: int
    """Its id in the queue file."""
    stored: bool = False
    """That row is known to be on disk."""
    arriving: int = 0
    """Recipients handed to the writer and not yet committed."""
    total: int = 0
    """Recipients on disk: waiting, held and leased ones."""
    held: int = 0
    """Those of them that are held one by one, or withdrawn."""
    leased: int = 0
    """Those of them that somebody is delivering."""
    held_whole: bool = False
    """Nothing of it is leased, whatever is due."""
    fresh: deque[Entry] | None = None
    """Due recipients that are in memory, oldest first; None when there are none."""
    next_due: float = math.inf
    """No recipient that is neither held nor in memory is due before this, seconds since the epoch."""
    reading: int = 0
    """Reads for a lease under way; what they may find is not known to the memory yet."""
    gone: set[int] | None = None
    """Recipients that left the memory, or were held, during such a read: its result about them is stale."""

    def leasable_at(self) -> float | None:
        """When something of it can be leased, seconds since the epoch; None: not by waiting."""
        if self.held_whole:
            return None
        if self.fresh:
            return self.fresh[0].recipient.due
        return None if self.next_due == math.inf else self.next_due

    @property
    def empty(self) -> bool:
        """Nothing of it is anywhere, so that it may be forgotten."""
        return not (self.total or self.arriving or self.reading or self.held_whole)

    def __repr__(self) -> str:
        state = "held" if self.held_whole else f"{self.total} recipients, {self.leased} leased, {self.held} held"
        return f"<ScheduledQueue {self.key.stream}/{self.key.domain}, {state}>"
