"""Damaged files under the real daemon; each kind by itself is in tests/queue/test_recovery.py."""

from __future__ import annotations

from pathlib import Path

from tests.crash.damage import DAMAGES, damages
from tests.crash.scene import play


def test_damaged_files(tmp_path: Path) -> None:
    """The daemon starts, says so in one line, goes on with what can be read and keeps the rest as it is."""
    row = play(damages(tmp_path, DAMAGES[::3]))
    assert row.wrong == []
    assert row.cycles == len(DAMAGES[::3])
