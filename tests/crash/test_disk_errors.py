"""A disk that fails, in its short form."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.disk_errors import sync_fails
from tests.crash.scene import play
from tests.peers import need


@pytest.mark.parametrize("ever", [False, True], ids=["once", "for ever"])
def test_a_failed_fsync_is_believed(tmp_path: Path, ever: bool) -> None:
    """That client hears 451, the descriptor is not used again, and mail is taken as soon as the disk works."""
    (strace,) = need("strace")
    row = play(sync_fails(tmp_path, strace, ever=ever))
    assert row.wrong == []
    assert row.acknowledged > 20
