"""Programs are ended whole, and their last words are told."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.program import Program, find, wait_for_greeting
from bench.usage import tree
from tests.stories.roads import free_port

PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


def test_children_end_too(tmp_path: Path) -> None:
    """After `stop` nothing of the group runs."""
    program = Program([sys.executable, "-c", PARENT], tmp_path / "log")
    while len(members := tree([program.pid])) < 2:
        time.sleep(0.01)
    program.stop()
    deadline = time.monotonic() + 60
    while any(_runs(pid) for pid in members):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """Whether a process is there and no zombie that waits for somebody else."""
    try:
        os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return False
    return True


def test_early_end_is_told(tmp_path: Path) -> None:
    """Who waits for a program that has ended hears its last words."""
    program = Program([sys.executable, "-c", "raise SystemExit('no queue here')"], tmp_path / "log")
    with pytest.raises(BenchError, match="ended with 1: no queue here"):
        wait_for_greeting(free_port(), program)
    program.stop()


def test_missing_program_names_the_remedy() -> None:
    """What is not installed is told with how to install it."""
    with pytest.raises(BenchError, match="make peers"):
        find("no-such-program-anywhere")
