"""Power cuts, in their short form, and the proof that they would be seen to lose something."""

from __future__ import annotations

import pytest

from tests.crash.apart import apart, tried
from tests.crash.report import Row
from tests.peers import need


def cut(kind: str, cycles: int, lies: str = "") -> Row:
    """The proof, or a skip where nothing can be mounted."""
    need(f"mkfs.{kind}")
    return tried(apart("power", kind, cycles, 0.5, lies))


@pytest.mark.parametrize(("kind", "cycles"), [("ext4", 1), ("xfs", 1)])
def test_a_power_cut_loses_nothing(kind: str, cycles: int) -> None:
    """What was acknowledged was on disk, and what the disk did not take was not acknowledged."""
    row = cut(kind, cycles)
    assert row.wrong == []
    assert row.cycles == cycles
    assert row.acknowledged >= 20 * cycles


def test_a_loss_would_be_seen() -> None:
    """With an fsync that does nothing the same test finds mail that is gone."""
    need("eatmydata")
    row = cut("ext4", 1, lies="libeatmydata.so")
    assert row.wrong == []
    assert row.lost > 0
