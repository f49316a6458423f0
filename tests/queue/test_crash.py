"""kill -9 at any moment: nothing that was promised is lost, nothing that was settled comes back."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from tests.queue.mail import sql

CYCLES = 6


def test_nothing_promised_is_lost_by_kill_9(tmp_path: Path) -> None:
    """After each kill every acknowledged message is on disk or settled, and every settled one is gone."""
    promised: set[int] = set()
    settled: set[int] = set()
    for cycle in range(CYCLES):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.queue.crashing", str(tmp_path)], stdout=subprocess.PIPE, bufsize=0
        ) as child:
            assert child.stdout is not None
            lines = [child.stdout.readline() for _ in range(random.Random(cycle).randrange(20, 400))]
            child.kill()
            lines += child.stdout.readlines()
        for line in lines:
            if line.endswith(b"\n"):
                word, _, id_ = line.partition(b" ")
                (promised if word == b"put" else settled).add(int(id_))
        here = {id_ for (id_,) in sql(tmp_path, "SELECT id FROM message")}
        journal = {id_ for (id_,) in sql(tmp_path, "SELECT message FROM journal WHERE kind = 'delivered'")}
        assert promised <= here | journal
        assert not settled & here
        assert settled <= journal
        assert not here & journal
        assert sql(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert len(promised) > CYCLES * 10
    assert settled
