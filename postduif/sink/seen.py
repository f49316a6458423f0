"""Two sets with a short memory: which message a recipient already had, and who was told to come back."""

from __future__ import annotations

from collections import OrderedDict


class Seen:
    """Remembers at least the last `limit // 2` and at most the last `limit` keys, some 70 octets each."""

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._young: set[int] = set()
        self._old: set[int] = set()

    def again(self, *key: object) -> bool:
        """The key was here before; from now on it was. Kept as 64-bit hash: 3 in 10^8 for a mistake in a million."""
        if not self._half:
            return False
        mark = hash(key)
        if mark in self._young or mark in self._old:
            return True
        self._young.add(mark)
        if len(self._young) >= self._half:
            self._old, self._young = self._young, set()
        return False


class Greylist:
    """When each (client, sender, recipient) was first seen; the oldest of more than `limit` are forgotten."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self._limit = limit
        self._first: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def passes(self, triplet: tuple[str, str, str], wait: float, now: float) -> bool:
        """It was first seen `wait` seconds or more before `now`."""
        first = self._first.setdefault(triplet, now)
        if len(self._first) > self._limit:
            self._first.popitem(last=False)
        return now - first >= wait
