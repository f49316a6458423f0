"""Which of our processes the kernel ends first when the memory is used up: never the one that has the mail."""

from __future__ import annotations

import contextlib
from pathlib import Path

BESIDE = 500
"""Of a process beside the daemon, which is started again."""
FIRST = 1000
"""Of a process whose work can simply be asked for again."""


def go_before_others(score: int) -> None:
    """The higher the `score`, up to 1,000, the sooner (`oom_score_adj`); our children have the same."""
    with contextlib.suppress(OSError):  # it is lower than what somebody set for us, or there is no /proc
        Path("/proc/self/oom_score_adj").write_text(str(score), encoding="ascii")
