"""Which of our processes waits for a core when there are too few: never the one that has the mail."""

from __future__ import annotations

import contextlib
import os

BEHIND = 5
"""Steps of niceness of a process beside the daemon, of pages or of signatures: a third of its weight (nice(2))."""
LAST = 10
"""Of a process whose work nobody's mail waits for."""


def stand_back(steps: int) -> None:
    """Let processes of the same session, and of the same unit, have a core before this one.

    The steps are added to those of who started it.
    """
    with contextlib.suppress(OSError):  # a unit of an older version forbids it, or a container: then it is only slower
        os.nice(steps)
