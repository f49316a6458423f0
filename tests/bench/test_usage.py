"""CPU and memory of process trees."""

from __future__ import annotations

import subprocess
import sys

from bench.usage import cpu, tree, usage

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
CHILD = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURN!r}], check=True)
print("done", flush=True)
input()
"""


def test_grandchildren_count() -> None:
    """What a child's ended child has used counts; what runs elsewhere does not."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdin
        assert child.stdout.readline() == "done\n"
        used = usage([child.pid])
        assert set(tree([child.pid])) == {child.pid}
        child.stdin.write("\n")
    assert 0.25 < used.cpu < 5.0
    assert 1 << 20 < used.proportional <= used.peak_resident


def test_who_is_gone_uses_nothing() -> None:
    """A root that has ended is no error."""
    assert cpu([2**22 + 1]) == 0.0
