"""Watches the free space of the disk the queue is on."""

from __future__ import annotations

import os
from pathlib import Path

from postduif.clock import Clock

INTERVAL = 1.0  # seconds between two looks


class DiskWatch:
    """Free space, looked at once a second at most."""

    def __init__(self, directory: Path, reserve: int, clock: Clock) -> None:
        self._directory = directory
        self._reserve = reserve
        self._clock = clock
        self._free = 0
        self._look_at = -1.0

    @property
    def free(self) -> int:
        """Octets that we may still write."""
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + INTERVAL
            figures = os.statvfs(self._directory)
            self._free = figures.f_bavail * figures.f_frsize
        return self._free

    @property
    def full(self) -> bool:
        """Less is free than the reserve."""
        return self.free < self._reserve
