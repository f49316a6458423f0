"""What went in and out in the last hour, by the minute: kept in memory, from the counters that are there anyway.

The counters are read every few seconds, so nothing is done for each message. A restart begins anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Any, NamedTuple

from prometheus_client import Counter

from postduif.attempt import Kind
from postduif.clock import Clock
from postduif.mta.metrics import ATTEMPTS, RECEIVED_RECIPIENTS

EVERY = 10.0  # seconds between two readings
MINUTE = 60.0
MINUTES = 60
_KEPT = int(MINUTES * MINUTE / EVERY) + 8
_KINDS = {
    Kind.DELIVERED: "delivered",
    Kind.DEFERRED: "deferred",
    Kind.AMBIGUOUS: "deferred",
    Kind.FAILED: "failed",
    Kind.EXPIRED: "failed",
}


class Passed(NamedTuple):
    """Recipients, since the process began. One deferred twice counts twice."""

    received: int = 0
    delivered: int = 0
    deferred: int = 0
    failed: int = 0

    def since(self, before: Passed) -> Passed:
        """What came after `before`."""
        return Passed(*(now - then for now, then in zip(self, before, strict=True)))


class _Reading(NamedTuple):
    at: float
    passed: Passed


class LastHour:
    """Called on the event loop's thread. Times in seconds since the epoch."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readings = deque([_Reading(clock.time(), _passed())], maxlen=_KEPT)

    def look(self) -> None:
        """Read the counters, if it is time."""
        now = self._clock.time()
        if not 0 <= now - self._readings[-1].at < EVERY:  # also when somebody has set the clock back
            if now < self._readings[-1].at:
                self._readings.clear()
            self._readings.append(_Reading(now, _passed()))

    def figures(self) -> dict[str, Any]:
        """`since`: when that begins; `hour`: all of it; `lately`: in the last `seconds`; `minutes`: the whole ones."""
        now, passed = self._clock.time(), _passed()
        begin = now - now % MINUTE
        edges = [begin - MINUTE * back for back in range(MINUTES, -1, -1)]
        counts = [(at, self._until(at + MINUTE).since(self._until(at))) for at in edges[:-1]]
        known = [(at, one) for at, one in counts if at >= self._readings[0].at]
        lately = self._before(now - EVERY)
        return {
            "since": max(self._readings[0].at, now - MINUTES * MINUTE),
            "hour": passed.since(self._until(now - MINUTES * MINUTE))._asdict(),
            "seconds": max(now - lately.at, 1.0),
            "lately": passed.since(lately.passed)._asdict(),
            "minutes": [{"at": at, **one._asdict()} for at, one in known],
        }

    def _until(self, at: float) -> Passed:
        return self._before(at).passed

    def _before(self, at: float) -> _Reading:
        """The last reading by then, or the first of all."""
        place = bisect_right([one.at for one in self._readings], at)
        return self._readings[max(0, place - 1)]


def _passed() -> Passed:
    counts = dict.fromkeys(("delivered", "deferred", "failed"), 0)
    for kind, value in _samples(ATTEMPTS, "kind"):
        if (name := _KINDS.get(Kind(kind))) is not None:
            counts[name] += int(value)
    received = sum(int(value) for _, value in _samples(RECEIVED_RECIPIENTS, "stream"))
    return Passed(received, **counts)


def _samples(counter: Counter, label: str) -> list[tuple[str, float]]:
    return [
        (one.labels[label], one.value)
        for metric in counter.collect()
        for one in metric.samples
        if one.name.endswith("_total")
    ]
