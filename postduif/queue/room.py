"""Room in memory for leases: who takes how much, and who waits for some.

What a read may bring is counted before it comes, so that many reads together bring no more than fits. When there is
room again, as many are told as can use it, in the order in which they found none: thousands may wait.
"""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
SHARE = 20  # entries that one who waits is thought to take


class Room(Generic[Key]):
    """Counts entries. `size` is how many fit."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.taken = 0
        """By leases."""
        self.promised = 0
        """To reads under way."""
        self._waiting: dict[Key, None] = {}

    def left(self) -> int:
        """How many more may be promised or taken."""
        return max(0, self.size - self.taken - self.promised)

    def wanted(self, key: Key) -> int:
        """The same; when it is 0, the key is told once there is some."""
        left = self.left()
        if not left:
            self._waiting[key] = None
        return left

    def to_tell(self) -> list[Key]:
        """Those to be told now. Who finds too little then comes at the end of the row."""
        if not self._waiting or not (left := self.left()):
            return []
        count = max(1, left // SHARE)
        first = [key for _, key in zip(range(count), self._waiting, strict=False)]
        for key in first:
            del self._waiting[key]
        return first
