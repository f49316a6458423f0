"""What a running daemon says of itself at /metrics, and what the system says of its processes while it works."""

from __future__ import annotations

import os
import threading
import urllib.request
from dataclasses import dataclass

from bench.usage import tree, usage

_LAG = "postduif_event_loop_lag_seconds_bucket"
_EVERY = 0.5  # seconds between looks at processes: each costs some milliseconds


@dataclass(frozen=True, slots=True)
class Lag:
    """How late the event loop was, from its own histogram: looks up to each bound, seconds."""

    counts: dict[float, float]

    def since(self, earlier: Lag) -> Lag:
        """What came after an earlier reading."""
        return Lag({bound: count - earlier.counts.get(bound, 0.0) for bound, count in self.counts.items()})

    def plus(self, other: Lag) -> Lag:
        """Both together."""
        return Lag({bound: self.counts.get(bound, 0.0) + count for bound, count in other.counts.items()})

    @property
    def looks(self) -> int:
        """How often was looked."""
        return round(self.counts.get(float("inf"), 0.0))

    def above(self, seconds: float) -> float:
        """The share of looks later than a bound of the histogram."""
        return 1.0 - self.counts[seconds] / self.looks if self.looks else 0.0

    def p99(self) -> float:
        """The bound that 99 of 100 looks do not exceed, seconds; infinity beyond the last."""
        bounds = sorted(self.counts)
        return next((bound for bound in bounds if self.counts[bound] >= 0.99 * self.looks), float("inf"))


def read(port: int) -> dict[str, float]:
    """Every sample of /metrics by name with labels. Raises OSError."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def lag(samples: dict[str, float]) -> Lag:
    """The event loop's, so far."""
    marks = {name: count for name, count in samples.items() if name.startswith(_LAG)}
    return Lag({float(name.partition('le="')[2].rstrip('"}')): count for name, count in marks.items()})


def open_files(pid: int) -> int:
    """Files and sockets that one process has open."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


class Watch:
    """The most memory (PSS, octets) and open files (of one process) that a tree of processes had while it lasted."""

    def __init__(self, root: int) -> None:
        self.memory = 0
        self.files = 0
        self._root = root
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self.look()

    def look(self) -> None:
        """Look once."""
        self.memory = max(self.memory, usage([self._root]).proportional)
        self.files = max([self.files, *map(open_files, tree([self._root]))])

    def _run(self) -> None:
        while not self._end.wait(_EVERY):
            self.look()
