"""Which scheduled queues have something due, and when the next one will. It knows no clock and no disk.

A heap of due times whose outdated entries are passed over when they come up, and swept when they are the majority.
"""

from __future__ import annotations

import heapq
import math
from typing import Generic, TypeVar

Key = TypeVar("Key")
_SLACK = 64  # outdated heap entries that are not worth a sweep


class ScheduleIndex(Generic[Key]):
    """Keys by due time. Each operation costs O(log n) at most, spread over many."""

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._ready: dict[Key, None] = {}
        self._news: dict[Key, None] = {}
        """Those of them that nobody was told of yet."""
        self._now = -math.inf
        self._order = 0

    def __len__(self) -> int:
        return len(self._due)

    def set(self, key: Key, due: float | None) -> None:
        """The key is due from now on at `due`; None: not at all."""
        old = self._due.get(key)
        if old == due:
            return
        if due is None:
            del self._due[key]
            self._ready.pop(key, None)
            return
        self._due[key] = due
        if due <= self._now:
            if key not in self._ready:
                self._ready[key] = self._news[key] = None
        else:
            self._ready.pop(key, None)
            self._push(due, key)

    def due(self, now: float) -> list[Key]:
        """The keys due at `now`, those that came up first first."""
        self.came_due(now)
        return list(self._ready)

    def came_due(self, now: float) -> list[Key]:
        """Those that became due since this or `due` was asked last."""
        if now < self._now:
            late = [key for key in self._ready if self._due[key] > now]
            for key in late:
                del self._ready[key]
                self._push(self._due[key], key)
        self._now = now
        heap = self._heap
        while heap and heap[0][0] <= now:
            due, _, key = heapq.heappop(heap)
            if self._due.get(key) == due and key not in self._ready:
                self._ready[key] = self._news[key] = None
        news, self._news = self._news, {}
        return [key for key in news if key in self._ready]

    def next(self) -> float | None:
        """When the answer of `due` next gets longer; None: never, as things are."""
        heap = self._heap
        while heap and (self._due.get(heap[0][2]) != heap[0][0] or heap[0][2] in self._ready):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def _push(self, due: float, key: Key) -> None:
        self._order += 1
        heapq.heappush(self._heap, (due, self._order, key))
        if len(self._heap) > 2 * len(self._due) + _SLACK:
            self._heap = [(due, n, key) for n, (key, due) in enumerate(self._due.items()) if key not in self._ready]
            heapq.heapify(self._heap)
            self._order = len(self._due)
