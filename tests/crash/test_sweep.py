"""KILL at system calls, in its short form: some of them, where `make crash` takes each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.scene import play
from tests.crash.sweep import Aim, starts, sweep
from tests.peers import need


def test_the_road_cut_at_its_system_calls(tmp_path: Path) -> None:
    """Wherever the writer or the daemon dies between MAIL and the last commit, what was acknowledged is served."""
    (strace,) = need("strace")
    aims = (Aim("writer", "fdatasync,fsync"), Aim("daemon", "sendmsg,sendto,write,writev"))
    row = play(sweep(tmp_path, strace, aims, 14))
    assert row.wrong == []
    assert row.cycles > len(aims)


@pytest.mark.parametrize("crashed", [False, True], ids=["first", "after a crash"])
def test_a_start_cut_at_its_system_calls(tmp_path: Path, crashed: bool) -> None:
    """Wherever a start ends, the next one succeeds and finds all."""
    (strace,) = need("strace")
    row = play(starts(tmp_path, strace, (Aim("start", "fdatasync,fsync,rename"),), 14, crashed=crashed))
    assert row.wrong == []
    assert row.cycles > 1
