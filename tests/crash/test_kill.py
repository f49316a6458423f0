"""kill -9 at random moments under load, in its short form: everything acknowledged is delivered, bounced or queued."""

from __future__ import annotations

from pathlib import Path

from tests.crash.kills import kills
from tests.crash.scene import play

CYCLES = 3
LEAST = 100


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Whichever of its processes is killed, the daemon starts by itself and accounts for all that was acknowledged."""
    row = play(kills(tmp_path, CYCLES, LEAST))
    assert row.wrong == []
    assert row.cycles >= CYCLES
    assert row.acknowledged >= LEAST
