"""Who stopped what: the holds in force. A hold is placed by an owner for a reason, for ever or until a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from postduif.queue.scheduled import QueueKey


@dataclass(frozen=True, slots=True)
class Hold:
    """One row of the table `hold`."""

    id: int
    covers: Literal["queues", "recipients"]
    stream: str
    """"" is any. Of a hold of recipients: as its condition said, for the reader only."""
    domain: str
    owner: str
    reason: str
    placed_at: float
    until: float | None

    def covers_queue(self, key: QueueKey) -> bool:
        """That scheduled queue is held as a whole, with what comes later."""
        return self.covers == "queues" and self.stream in ("", key.stream) and self.domain in ("", key.domain)


class Holds:
    """Those in force, by id."""

    def __init__(self, holds: list[Hold]) -> None:
        self._holds = {hold.id: hold for hold in holds}

    def __len__(self) -> int:
        return len(self._holds)

    def __iter__(self) -> Iterator[Hold]:
        return iter(list(self._holds.values()))

    def add(self, hold: Hold) -> None:
        """It is in force."""
        self._holds[hold.id] = hold

    def remove(self, id_: int) -> None:
        """It is not any more."""
        self._holds.pop(id_, None)

    def cover(self, key: QueueKey) -> bool:
        """That scheduled queue is held as a whole."""
        return any(hold.covers_queue(key) for hold in self._holds.values())

    def within(self, stream: str, domain: str) -> list[Hold]:
        """Holds of scheduled queues that reach no further than this stream and domain ("" is any)."""
        return [
            hold
            for hold in self._holds.values()
            if hold.covers == "queues" and stream in ("", hold.stream) and domain in ("", hold.domain)
        ]

    def lapsed(self, now: float) -> list[Hold]:
        """Those whose time is over."""
        return [hold for hold in self._holds.values() if hold.until is not None and hold.until <= now]
