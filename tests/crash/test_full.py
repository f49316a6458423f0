"""Full disks: mail is refused with 452, deliveries go on, and mail is taken again as soon as there is room."""

from __future__ import annotations

import pytest

from tests.crash.apart import apart, tried
from tests.peers import need


@pytest.mark.parametrize("reserve", ["12M", "0"])
def test_a_full_disk(reserve: str) -> None:
    """Below the reserve, and with nothing left at all, what was accepted goes on."""
    row = tried(apart("full", "tmpfs", reserve))
    assert row.wrong == []
    assert row.acknowledged > 50


def test_no_inodes() -> None:
    """A running daemon needs none; one that starts says what is missing."""
    assert tried(apart("inodes")).wrong == []


def test_a_file_system_that_became_read_only() -> None:
    """Nothing is acknowledged, nothing is sent twice by the daemon that lived through it, nothing is lost."""
    need("mkfs.ext4")
    assert tried(apart("read-only")).wrong == []
