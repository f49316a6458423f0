"""Free space is looked at now and then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from postduif.queue.disk import DiskWatch
from tests.fakes import FakeClock


def test_it_is_looked_at_once_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a second the answer is the same; then it is looked at again."""
    looks: list[Path] = []
    real = os.statvfs
    monkeypatch.setattr(os, "statvfs", lambda path: looks.append(path) or real(path))
    clock = FakeClock()
    disk = DiskWatch(tmp_path, 1, clock)
    assert disk.free > 0
    assert not disk.full
    assert len(looks) == 1
    clock.advance(1.0)
    assert not disk.full
    assert len(looks) == 2


def test_full_is_less_than_the_reserve(tmp_path: Path) -> None:
    """A reserve beyond the disk is always reached."""
    assert DiskWatch(tmp_path, 2**62, FakeClock()).full
