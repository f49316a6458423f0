"""The real daemon with a clock that a test can set: `python -m tests.crash.set_clock FILE ... serve --config PATH`.

FILE says how many seconds the clock on the wall is ahead; it is read ten times a second.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from postduif import app
from postduif.cli import main
from postduif.clock import SystemClock

EVERY = 0.1  # seconds


class WrongClock(SystemClock):
    """Its monotonic time is right, as the kernel's is."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = 0.0
        self._read_at = 0.0

    def time(self) -> float:
        """Seconds since the epoch, as somebody has set it."""
        if time.monotonic() >= self._read_at:
            self._ahead = float(self._file.read_text())
            self._read_at = time.monotonic() + EVERY
        return time.time() + self._ahead


if __name__ == "__main__":
    file = Path(sys.argv[1])
    app.SystemClock = lambda: WrongClock(file)  # type: ignore[assignment, misc]
    sys.argv[1:] = sys.argv[sys.argv.index("serve") :]
    main()
