"""The short forms of the proofs of `campaigns`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.campaigns import killed
from tests.crash.scene import play


@pytest.mark.parametrize("stops", [False, True])
def test_nobody_skipped_nobody_doubled(tmp_path: Path, *, stops: bool) -> None:
    """Everybody got the mailing or was withdrawn, whenever all of it was killed."""
    row = play(killed(tmp_path, people=1200, kills=4, longest=1.5, stops=stops))
    print(row)
    assert not row.wrong, row
