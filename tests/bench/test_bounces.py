"""What the measurement of reading measures."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.bounces import LETTERS, measure
from bench.errors import BenchError


def test_measure() -> None:
    """One round over the letters gives a rate, and names the slowest."""
    speed = measure(LETTERS, seconds=0)
    assert speed.mails == len(list(LETTERS.iterdir()))
    assert speed.per_second > 0
    assert (LETTERS / speed.slowest).exists()
    assert speed.slowest_ms >= speed.median_ms


def test_an_empty_folder(tmp_path: Path) -> None:
    """A folder without mails is said to be one."""
    with pytest.raises(BenchError, match="no mails there"):
        measure(tmp_path, seconds=0)
