"""Killed in the middle of a change, a process leaves the state before it or the one after it, with its history."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from postduif.campaign.mailings.connection import mailings
from tests.campaign.mailings.replay import check

ROOT = Path(__file__).parents[3]


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """What was said to be on disk is there, what is there is a whole life, and the next process goes on."""
    tmp_path.chmod(0o700)
    for seed, changes in enumerate([1, 8, 21, 55]):
        command = [sys.executable, "-m", "tests.campaign.mailings.mover", str(tmp_path), str(seed)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as mover:
            assert mover.stdout
            said = [int(mover.stdout.readline()) for _ in range(changes)]
            mover.kill()
            said += [int(line) for line in mover.stdout.read().split("\n")[:-1]]
        with mailings(tmp_path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT max(id) FROM history").fetchone()[0] >= said[-1]
            check(connection)
