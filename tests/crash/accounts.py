"""What was promised, and what became of it: the two lists that every fault is judged by, kept outside the daemon.

The injector says what was acknowledged; the sink says what arrived (`Accounts` is one of its keepers). A recipient is
served by the mail, or by a notification to the sender that names it as failed.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from postduif.sink.received import Received
from tests.crash.injector import whole

TOGETHER = 0.5
"""Seconds. What the sink took so long before a fault may have been on its way into the last two commits.

Where commits take longer, clients wait longer for their own 250: then it is as long as the longest wait just then.
"""
BEFORE = 2.0
"""Seconds. No second copy of what the sink took longer before a fault than this, or than such a wait."""
BEHIND = 0.5
"""Seconds. The sink, which may wait 0.2 before its 250, counts so late what it took from a daemon that is dead."""
_ABOUT = re.compile(rb"\r\nIn-Reply-To: (<\S+>)\r\n")
_FAILED = re.compile(rb"\r\nFinal-Recipient: rfc822; (\S+)\r\nAction: failed\r\n")


class Key(NamedTuple):
    """One recipient of one mail."""

    identity: str
    recipient: str


class Accounts:
    """Grows by some 300 octets a recipient; contents are looked at and not kept. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, Sequence[str]] = {}
        """Message-ID to recipients, of what was answered with 250 after the dot."""
        self.refused: set[str] = set()
        """Message-IDs of what was answered with 4yz or 5yz after the dot."""
        self.waits: list[tuple[float, float]] = []
        """When a client was answered after the dot, or saw that it would not be, and how long it had waited."""
        self.partial: list[str] = []
        """Mails that arrived with something missing."""
        self.again: list[tuple[float, float]] = []
        """Second copies: when the first copy came, and when they came."""
        self.served: dict[Key, float] = {}
        """When each recipient was served first."""
        self._arrivals: list[float] = []
        self._faults: list[tuple[float, float]] = []

    # --- what the sink tells

    def keep(self, message: Received) -> None:
        """It said 250 for this."""
        now = time.monotonic()
        self._arrivals.append(now)
        if message.sender and not whole(message.content):
            self.partial.append(message.message_id)
        keys = [Key(message.message_id, one) for one in message.recipients]
        if before := [self.served[key] for key in keys if key in self.served]:
            self.again.append((min(before), now))
        for key in [*keys, *_reported(message)]:
            self.served.setdefault(key, now)

    def flush(self) -> None:
        """Nothing is written."""

    def close(self) -> None:
        """Nothing is open."""

    # --- what the test tells

    def fault(self, began: float, ended: float) -> None:
        """Something died then; `ended`: it had been started again."""
        self._faults.append((began, ended + BEHIND))

    # --- the verdict

    def missing(self) -> set[Key]:
        """Recipients that were acknowledged and not served yet."""
        keys = {Key(identity, one) for identity, to in self.acknowledged.items() for one in to}
        return keys - self.served.keys()

    def bound(self, connections: int) -> int:
        """How many second copies the faults explain: what was answered just before them, and one a connection."""
        near = (self._between(began - max(TOGETHER, self._wait(began, ended)), ended) for began, ended in self._faults)
        return sum(near) + connections * len(self._faults)

    def unexplained(self) -> int:
        """Second copies whose first was not answered just before a fault."""
        windows = [(began - max(BEFORE, self._wait(began, ended)), ended) for began, ended in self._faults]
        return sum(not any(since <= first <= until for since, until in windows) for first, _ in self.again)

    def oldest(self) -> float:
        """Seconds: how long before its fault the first copy was answered, at most, of what came again."""
        ages = [
            min((began - first for began, ended in self._faults if first <= ended), key=abs, default=0.0)
            for first, _ in self.again
        ]
        return max(ages, default=0.0)

    def _wait(self, began: float, ended: float) -> float:
        """The longest that a client had waited when it was answered just before a fault, or was cut off by it."""
        near = slice(bisect_left(self.waits, (began - TOGETHER,)), bisect_right(self.waits, (ended,)))
        return max((seconds for _, seconds in self.waits[near]), default=0.0)

    def _between(self, since: float, until: float) -> int:
        return bisect_right(self._arrivals, until) - bisect_left(self._arrivals, since)


def _reported(message: Received) -> Iterator[Key]:
    """What a notification accounts for."""
    if not message.sender and (about := _ABOUT.search(message.content)):
        yield from (Key(about[1].decode(), one.decode()) for one in _FAILED.findall(message.content))
