"""Clocks that jump, under a real daemon. What the rules are is in tests/stories/test_clock_set.py."""

from __future__ import annotations

from pathlib import Path

from tests.crash.clocks import jumps
from tests.crash.scene import play


def test_clocks_that_jump(tmp_path: Path) -> None:
    """Nothing is given up that was not tried, and nothing waits for a time that was never meant."""
    row = play(jumps(tmp_path, back=False))
    assert row.wrong == []
